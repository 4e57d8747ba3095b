"""What facts are scored by: coverage of another's triples, and how the facts look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.evaluation.extraction import (
    coverage,
    figures,
    is_covered,
    load,
    report,
    write_facts,
)
from graphmem.model.extraction import Extraction, FactDraft, MemberDraft, PassageContext
from graphmem.model.knowledge import EntityType


def fact(text: str, *members: str, start: int = 0, end: int = 1) -> FactDraft:
    return FactDraft(
        text=text,
        predicate="be",
        members=tuple(
            MemberDraft(
                role="subject",
                text=member,
                name=member,
                type=EntityType.PERSON if member[0].isupper() else EntityType.CONCEPT,
            )
            for member in members
        ),
        start=start,
        end=end,
    )


BIRTH = fact("Ann Lee was born in the old town of Ely.", "Ann Lee", "old town of Ely")


@pytest.mark.parametrize(
    ("triple", "expected"),
    [
        (("Ann Lee", "born in", "Ely"), (True, True)),
        (("Ann", "was born", "town"), (True, True)),  # half of a member's words, in either way
        (("Ann Lee", "lived in", "Ely"), (True, False)),
        (("Ann Lee", "is of", "Ely"), (True, True)),  # a predicate of stop words asks for nothing
        (("Bob Lee Ray Fox", "born in", "Ely"), (False, False)),
        (("Ann Lee", "born in", "York"), (False, False)),
        (("the", "born in", "Ely"), (False, False)),
    ],
)
def test_a_triple_is_covered_by_members_that_mean_its_ends(
    triple: tuple[str, str, str], expected: tuple[bool, bool]
) -> None:
    assert is_covered(triple, [BIRTH]) == expected


def test_a_member_stands_for_what_it_holds_within_six_more_words() -> None:
    long = "one two three four five six"
    assert is_covered(("Ann Lee", "", "Ely"), [fact("x", "Ann Lee", f"{long} Ely")])[0]
    assert not is_covered(("Ann Lee", "", "Ely"), [fact("x", "Ann Lee", f"{long} seven Ely")])[0]


def test_ends_in_different_facts_cover_nothing() -> None:
    apart = [fact("Ann Lee ran.", "Ann Lee", "race"), fact("Ely is old.", "Ely", "town")]
    assert is_covered(("Ann Lee", "ran", "Ely"), apart) == (False, False)


def test_figures_count_what_readers_stumble_over() -> None:
    text = "Ann Lee was born in Ely. Nobody knows when this was. No?"
    passage = PassageContext(passage_id="1", text=text)
    facts = [
        fact("Ann Lee was born.", "Ann Lee", "the town"),
        fact("Ann Lee was born again.", "Ann Lee", "the town"),
        fact("It Happened One Night pleased her.", "It Happened One Night", *"abcdef"),
    ]
    found = figures([passage], {"1": facts})
    assert (found.sentences, found.silent_sentences) == (2, 1)
    assert (found.facts, found.duplicates, found.large, found.with_pronoun) == (3, 1, 1, 1)
    assert (found.members, found.names_and_values) == (11, 3)


def test_halves_are_the_even_and_odd_rows_of_the_triples() -> None:
    passages = [PassageContext(passage_id=id, text="Ann Lee was born in Ely.") for id in "abc"]
    triples = dict.fromkeys("abc", (("Ann Lee", "born in", "Ely"),))
    found = [Extraction(passage_id="b", facts=(BIRTH,))]
    result = report(passages, found, triples, seconds=1.5, cpu=0.6)
    assert (result["passages_per_s"], result["cpu_ms_per_passage"]) == (2.0, 200.0)
    assert [part["pair_coverage"] for part in result["coverage"].values()] == [0.3333, 0.0, 1.0]


def test_without_triples_only_the_looks_are_reported() -> None:
    passages = [PassageContext(passage_id="a", text="Ann Lee was born in Ely.")]
    assert "coverage" not in report(passages, [Extraction(passage_id="a")], {}, seconds=1, cpu=1)


def test_what_cannot_be_scored_is_refused(tmp_path: Path) -> None:
    corpus, openie = tmp_path / "corpus.jsonl", tmp_path / "openie.jsonl"
    with pytest.raises(InvalidInputError, match="not a file"):
        load(corpus, None)
    corpus.write_text("\n")
    with pytest.raises(InvalidInputError, match="no passage"):
        load(corpus, None)
    corpus.write_text('{"id": 1, "text": "Ann ran."}\n')
    openie.write_text('{"id": 2, "triples": [["Ann", "ran", "far"]]}\n')
    with pytest.raises(InvalidInputError, match="no passage"):
        load(corpus, openie)
    openie.write_text('{"id": 1, "triples": "none"}\n')
    with pytest.raises(ReaderError, match="line 1: triples"):
        load(corpus, openie)


def test_the_bench_gives_the_same_figures(tmp_path: Path) -> None:
    """Its own script is the oracle, on facts that are whole clauses and windows of words."""
    bench = os.environ.get("GRAPHMEM_BENCH")
    if not bench or not (Path(bench) / "coverage.py").is_file():
        pytest.skip("GRAPHMEM_BENCH names no folder with coverage.py")
    openie = Path(bench) / "musique" / "openie_llm.jsonl"
    passages, triples = load(openie.with_name("corpus.jsonl"), openie)
    found = [
        Extraction(passage_id=passage.passage_id, facts=tuple(_windows(passage.text)))
        for passage in passages
    ]
    write_facts(tmp_path / "facts.jsonl", found)
    done = subprocess.run(
        [sys.executable, Path(bench) / "coverage.py", tmp_path / "facts.jsonl"],
        capture_output=True,
        check=True,
        timeout=120,
    )
    theirs = json.loads(done.stdout)
    mine = report(passages, found, triples, seconds=1, cpu=None)["coverage"]["all"]
    assert 0.1 < theirs["pair_and_predicate_coverage"] < theirs["pair_coverage"] < 0.9
    assert {name: mine[name] for name in theirs} == theirs
    facts = {extraction.passage_id: extraction.facts for extraction in found}
    assert coverage(facts, triples).triples == theirs["triples"]


def _windows(text: str) -> list[FactDraft]:
    made = []
    for sentence in text.split(". "):
        words = sentence.split()
        members = [" ".join(words[i : i + 3]) for i in range(0, min(len(words), 24), 3)]
        if members:
            made.append(fact(" ".join(words[::2]), *members))
    return made
