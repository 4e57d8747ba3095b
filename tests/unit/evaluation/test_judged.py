"""Scoring facts against verdicts, with extractions written by hand; and the verdicts that ship."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.errors import InvalidInputError
from graphmem.evaluation.judged import (
    Excerpt,
    JudgedFact,
    Verdict,
    digest_of,
    passages_of,
    read_excerpts,
    report,
    stated,
    write_unjudged,
)
from graphmem.evaluation.labelled import Split
from graphmem.model.extraction import Extraction, FactDraft, MemberDraft, PassageContext
from graphmem.model.source import EpisodeKind

SHIPPED = Path(__file__).parents[3] / "benchmarks" / "labelled" / "facts.jsonl"
TEXT = "Ann left Acme. She went to Aldmoor."
PASSAGE = PassageContext(passage_id="p", text=TEXT)


def excerpt(*facts: tuple[str, Verdict], start: int = 15, end: int = len(TEXT)) -> Excerpt:
    judged = tuple(JudgedFact(text=text, verdict=verdict) for text, verdict in facts)
    return Excerpt(source="own", passage="p", start=start, end=end, facts=judged)


def extraction(*facts: tuple[str, int]) -> Extraction:
    """Facts with where each ends."""
    member = MemberDraft(role="subject", text="Ann", name="Ann")
    return Extraction(
        passage_id="p",
        facts=tuple(
            FactDraft(text=text, predicate="go", members=(member,), start=0, end=end)
            for text, end in facts
        ),
    )


def test_the_facts_of_an_excerpt_are_those_that_end_in_it() -> None:
    judged = excerpt(("Ann went to Aldmoor.", Verdict.RIGHT), ("Ann left Acme.", Verdict.WRONG))
    read = extraction(("Ann left Acme.", 13), ("Ann went to Aldmoor.", 34), ("Ann went.", 22))
    found = list(stated([judged], [PASSAGE], [read]))
    assert [(f.text, f.verdict) for f in found] == [
        ("Ann went to Aldmoor.", Verdict.RIGHT),
        ("Ann went.", None),
    ]


def test_a_wording_may_be_known_by_its_digest() -> None:
    judged = excerpt((digest_of("Ann went."), Verdict.FRAGMENT))
    [found] = stated([judged], [PASSAGE], [extraction(("Ann went.", 22))])
    assert found.verdict is Verdict.FRAGMENT
    assert digest_of("Ann went") != digest_of("Ann went.")


def test_precision_is_over_the_judged_and_the_unjudged_are_told() -> None:
    judged = excerpt(
        ("a", Verdict.RIGHT), ("b", Verdict.WRONG), ("c", Verdict.FRAGMENT), ("d", Verdict.RIGHT)
    )
    read = extraction(*((text, 30) for text in "abcde"))
    kinds = report(stated([judged], [PASSAGE], [read]))
    assert kinds["document"]["all"] == {
        "facts": 5,
        "right": 2,
        "wrong": 1,
        "fragment": 1,
        "precision": 0.5,
        "unjudged": 0.2,
    }
    assert kinds["document"][judged.half.value] == kinds["document"]["all"]


def test_documents_and_talk_are_reported_apart_and_nothing_judged_is_no_precision() -> None:
    talk = PASSAGE.model_copy(update={"kind": EpisodeKind.CHAT, "speaker": "Ann"})
    both = [excerpt(("a", Verdict.RIGHT)), excerpt()]
    read = extraction(("a", 30))
    kinds = report(stated(both, [PASSAGE, talk], [read, read]))
    assert kinds["document"]["all"]["precision"] == 1.0
    assert kinds["chat"]["all"]["precision"] is None


def test_an_excerpt_of_a_passage_that_is_not_there_is_refused() -> None:
    for corpus in ({}, {"p": PassageContext(passage_id="p", text="Ann left.")}):
        with pytest.raises(InvalidInputError, match="own has no passage 'p'"):
            passages_of([excerpt()], {"own": corpus})


def test_a_missing_or_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="There is no"):
        read_excerpts(tmp_path / "none.jsonl")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="no judged fact"):
        read_excerpts(empty)


def test_the_unjudged_are_written_to_be_judged(tmp_path: Path) -> None:
    file = tmp_path / "unjudged.jsonl"
    judged = excerpt(("a", Verdict.RIGHT))
    write_unjudged(file, stated([judged], [PASSAGE], [extraction(("a", 30), ("b", 30))]))
    [line] = file.read_text("utf-8").splitlines()
    assert json.loads(line) == {"source": "own", "passage": "p", "start": 15, "text": "b"}


def test_the_verdicts_that_ship_are_of_both_halves_and_pass_no_talk_on() -> None:
    excerpts = read_excerpts(SHIPPED)
    for sources in ({"musique", "2wiki"}, {"locomo"}):
        for half in Split:
            own = [e for e in excerpts if e.source in sources and e.half is half]
            assert sum(len(e.facts) for e in own) >= 40
    texts = [fact.text for e in excerpts if e.source == "locomo" for fact in e.facts]
    assert all(text.startswith("sha256:") for text in texts)
    for e in excerpts:
        assert len({fact.text for fact in e.facts}) == len(e.facts)
