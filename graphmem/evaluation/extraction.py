"""How good extraction is: what the facts hold of another's triples, and what they look like.

A triple is covered when one fact of its passage has a member for its subject and another, or the
same, for its object; with its predicate, when such a fact's text shares a content word with that
too. As a whole sentence with every phrase for a member covers nearly all, the size of facts is
reported beside it: judge the two together.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from graphmem.errors import InvalidInputError
from graphmem.evaluation.datasets import read_openie, read_passages
from graphmem.model.base import Value
from graphmem.model.extraction import Extraction, FactDraft, PassageContext
from graphmem.model.knowledge import EntityType

LARGE = 6
"""A fact with more members than this is large."""
_STOP = frozenset(
    """the a an of in on at to and or is was were are be by for with as its his her their this that
    it he she they""".split()
)
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"\S.*?(?:[.!?]+[\"'”’)]*(?=\s+[\"'“‘(]?[^\W_a-z])|\n|\Z)", re.DOTALL)
_SHORTEST_SENTENCE = 4
_PRONOUN = re.compile(
    r"\b(?:i|me|my|mine|myself|we|us|our|ours|you|your|yours|he|him|his|himself|she|her|hers"
    r"|herself|it|its|itself|they|them|their|theirs|themselves)\b",
    re.IGNORECASE,
)

Triple = tuple[str, str, str]


class Coverage(Value):
    """How many of `triples` are covered, as a pair of members and with their predicate."""

    passages: int
    triples: int
    pairs: int
    with_predicate: int


class FactFigures(Value):
    """Counts over the facts of some passages; sentences of fewer than four words do not count."""

    passages: int
    sentences: int
    silent_sentences: int
    facts: int
    members: int
    large: int
    duplicates: int
    with_pronoun: int
    names_and_values: int


class _Bag(NamedTuple):
    words: Counter[str]
    size: int


def load(
    corpus: Path, openie: Path | None
) -> tuple[tuple[PassageContext, ...], dict[str, tuple[Triple, ...]]]:
    """The passages of a corpus, and another's triples by passage id, in the order of their file.

    Raises
    ------
    InvalidInputError
        A file is missing, or no passage of the corpus has triples.
    ReaderError
        A line that is not what it should be.
    """
    passages = read_passages(corpus)
    if openie is None:
        return passages, {}
    triples = read_openie(openie)
    if not triples.keys() & {passage.passage_id for passage in passages}:
        raise InvalidInputError(
            f"{openie} has triples of no passage of {corpus}", remedy="Their ids must agree"
        )
    return passages, triples


def coverage(
    facts: Mapping[str, Sequence[FactDraft]], triples: Mapping[str, Sequence[Triple]]
) -> Coverage:
    """How much of `triples` the facts of the same passages hold; both by passage id."""
    total = pairs = with_predicate = 0
    for passage, wanted in triples.items():
        held = [_members_and_words(fact) for fact in facts.get(passage, ())]
        for triple in wanted:
            is_pair, is_whole = _is_covered(triple, held)
            total += 1
            pairs += is_pair
            with_predicate += is_whole
    return Coverage(
        passages=len(triples), triples=total, pairs=pairs, with_predicate=with_predicate
    )


def is_covered(triple: Triple, facts: Iterable[FactDraft]) -> tuple[bool, bool]:
    """Whether one of the facts holds a triple as a pair of members, and with its predicate."""
    return _is_covered(triple, [_members_and_words(fact) for fact in facts])


def figures(
    passages: Sequence[PassageContext], facts: Mapping[str, Sequence[FactDraft]]
) -> FactFigures:
    """What the facts of `passages` look like."""
    counts: Counter[str] = Counter()
    for passage in passages:
        mine = facts.get(passage.passage_id, ())
        counts["facts"] += len(mine)
        counts["duplicates"] += len(mine) - len({_content(fact) for fact in mine})
        for match in _SENTENCE.finditer(passage.text):
            if len(_WORD.findall(match[0])) >= _SHORTEST_SENTENCE:
                counts["sentences"] += 1
                is_heard = any(f.start < match.end() and f.end > match.start() for f in mine)
                counts["silent"] += not is_heard
        for fact in mine:
            counts["members"] += len(fact.members)
            counts["large"] += len(fact.members) > LARGE
            counts["pronouns"] += _has_pronoun(fact)
            counts["named"] += sum(m.type is not EntityType.CONCEPT for m in fact.members)
    return FactFigures(
        passages=len(passages),
        sentences=counts["sentences"],
        silent_sentences=counts["silent"],
        facts=counts["facts"],
        members=counts["members"],
        large=counts["large"],
        duplicates=counts["duplicates"],
        with_pronoun=counts["pronouns"],
        names_and_values=counts["named"],
    )


def report(
    passages: Sequence[PassageContext],
    extractions: Sequence[Extraction],
    triples: Mapping[str, Sequence[Triple]],
    *,
    seconds: float,
    cpu: float | None,
) -> dict[str, Any]:
    """All figures as plain data; coverage over all triples and over each half of their passages.

    `seconds` and `cpu` seconds, of all processes together, are what reading took.

    Even and odd rows of the file of triples are scored apart, so that whoever writes rules with the
    misses of one half in sight sees what they do to the other.
    """
    facts = {found.passage_id: found.facts for found in extractions}
    looks = _looks_json(figures(passages, facts))
    result: dict[str, Any] = {"passages_per_s": round(len(passages) / seconds, 1)}
    if cpu is not None:
        result["cpu_ms_per_passage"] = round(1000 * cpu / len(passages), 2)
    result["facts"] = looks
    if not triples:
        return result
    by_id = {passage.passage_id: passage for passage in passages}
    rows = list(triples.items())
    parts = {"all": rows, "even_rows": rows[::2], "odd_rows": rows[1::2]}
    result["coverage"] = {
        name: {
            **_coverage_json(coverage(facts, dict(part))),
            **_size_json(figures([by_id[id] for id, _ in part if id in by_id], facts)),
        }
        for name, part in parts.items()
        if part
    }
    return result


def write_facts(path: Path, extractions: Iterable[Extraction]) -> None:
    """One line per fact, ``{"passage", "text", "members"}``: members as they read in it."""
    with path.open("w", encoding="utf-8") as file:
        for found in extractions:
            for fact in found.facts:
                row = {
                    "passage": found.passage_id,
                    "text": fact.text,
                    "members": [member.text for member in fact.members],
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _content_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP]


def _bag(text: str) -> _Bag:
    found = _content_words(text)
    return _Bag(Counter(found), len(found))


def _members_and_words(fact: FactDraft) -> tuple[list[_Bag], frozenset[str]]:
    return [_bag(member.text) for member in fact.members], frozenset(_content_words(fact.text))


def _is_covered(
    triple: Triple, held: Iterable[tuple[list[_Bag], frozenset[str]]]
) -> tuple[bool, bool]:
    subject, object_ = _bag(triple[0]), _bag(triple[2])
    words = frozenset(_content_words(triple[1]))
    holding = [
        said
        for members, said in held
        if any(_stands_for(m, subject) for m in members)
        and any(_stands_for(m, object_) for m in members)
    ]
    return bool(holding), any(words & said for said in holding) if words else bool(holding)


def _stands_for(member: _Bag, phrase: _Bag) -> bool:
    """Whether a member means a phrase: F1 of 0.5, or all its words and at most six more."""
    both = sum((member.words & phrase.words).values())
    if not both:
        return False
    is_alike = 4 * both >= member.size + phrase.size
    is_held = phrase.words.keys() <= member.words.keys() and member.size <= phrase.size + 6
    return is_alike or is_held


def _content(fact: FactDraft) -> tuple[str, str, frozenset[str]]:
    members = frozenset(member.name.casefold() for member in fact.members)
    return fact.predicate, fact.polarity.value, members


def _has_pronoun(fact: FactDraft) -> bool:
    """Whether its text has a pronoun outside of names ("I Love Lucy" has none)."""
    text = fact.text
    for member in fact.members:
        if member.type.is_name:
            text = text.replace(member.text, "")
    return _PRONOUN.search(text) is not None


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _coverage_json(found: Coverage) -> dict[str, Any]:
    return {
        "passages": found.passages,
        "triples": found.triples,
        "pair_coverage": _share(found.pairs, found.triples),
        "pair_and_predicate_coverage": _share(found.with_predicate, found.triples),
    }


def _size_json(found: FactFigures) -> dict[str, Any]:
    return {
        "facts_per_passage": round(found.facts / found.passages, 2) if found.passages else 0.0,
        "members_per_fact": round(found.members / found.facts, 2) if found.facts else 0.0,
        "facts_with_over_6_members": _share(found.large, found.facts),
    }


def _looks_json(found: FactFigures) -> dict[str, Any]:
    return {
        "passages": found.passages,
        "facts": found.facts,
        **_size_json(found),
        "duplicates": _share(found.duplicates, found.facts),
        "facts_with_unresolved_pronoun": _share(found.with_pronoun, found.facts),
        "members_that_are_names_or_values": _share(found.names_and_values, found.members),
        "sentences": found.sentences,
        "sentences_without_fact": _share(found.silent_sentences, found.sentences),
    }
