"""Precision of facts: what an extractor states of excerpts whose facts a reader has judged.

An excerpt is a span of a passage, known by its data set and id; its facts are those that end in it.
A verdict is of a wording: a fact that is worded otherwise than any judged one is unjudged, and
reported as such. Half of the excerpts are for tuning and half for test, by their place alone.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ConfigDict

from graphmem.errors import InvalidInputError
from graphmem.evaluation.datasets import read_rows
from graphmem.evaluation.labelled import Split, split_of
from graphmem.model.base import Value
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import EpisodeKind


class Verdict(StrEnum):
    """What a reader of the passage says of a fact.

    `WRONG` states what the text does not; `FRAGMENT` says too little alone, as with a pronoun that
    hangs in the air.
    """

    RIGHT = "right"
    WRONG = "wrong"
    FRAGMENT = "fragment"


class JudgedFact(Value):
    """A fact as it was worded, and what was said of it.

    `text` is the wording, or :func:`digest_of` it where its words are not ours to pass on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    verdict: Verdict


class Excerpt(Value):
    """Characters ``[start, end)`` of a passage of the data set `source`, with its judged facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    passage: str
    start: int
    end: int
    facts: tuple[JudgedFact, ...]

    @property
    def half(self) -> Split:
        """The half that it is in, for good."""
        return split_of(f"{self.passage}:{self.start}")


class Stated(NamedTuple):
    """One fact that an extractor states of an excerpt; the verdict is ``None`` for an unjudged."""

    excerpt: Excerpt
    kind: EpisodeKind
    text: str
    verdict: Verdict | None


def digest_of(text: str) -> str:
    """What a wording is known by where it is not written out: ``sha256:`` and 16 digits."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def read_excerpts(path: Path) -> tuple[Excerpt, ...]:
    """The excerpts of a file, one JSON object a line.

    Raises
    ------
    InvalidInputError
        No such file, or none in it.
    ReaderError
        A line that is no excerpt; names it and the field.
    """
    if not path.is_file():
        raise InvalidInputError(f"There is no {path}", remedy="Name the file of judged facts")
    excerpts = tuple(row for _, row in read_rows(path, Excerpt))
    if not excerpts:
        raise InvalidInputError(f"{path} holds no judged fact")
    return excerpts


def passages_of(
    excerpts: Sequence[Excerpt], corpora: Mapping[str, Mapping[str, PassageContext]]
) -> list[PassageContext]:
    """The passage of each excerpt, from `corpora` by data set and id.

    Raises
    ------
    InvalidInputError
        A data set lacks a passage, or it is shorter than the excerpt; names both.
    """
    found = []
    for excerpt in excerpts:
        passage = corpora[excerpt.source].get(excerpt.passage)
        if passage is None or len(passage.text) < excerpt.end:
            raise InvalidInputError(
                f"{excerpt.source} has no passage {excerpt.passage!r} of {excerpt.end} characters",
                remedy="Use the data sets that the facts were judged on",
            )
        found.append(passage)
    return found


def stated(
    excerpts: Sequence[Excerpt],
    passages: Sequence[PassageContext],
    extractions: Sequence[Extraction],
) -> Iterator[Stated]:
    """What was extracted of each excerpt, fact by fact."""
    for excerpt, passage, extraction in zip(excerpts, passages, extractions, strict=True):
        verdicts = {fact.text: fact.verdict for fact in excerpt.facts}
        for fact in extraction.facts:
            if excerpt.start < fact.end <= excerpt.end:
                verdict = verdicts.get(fact.text, verdicts.get(digest_of(fact.text)))
                yield Stated(excerpt, passage.kind, fact.text, verdict)


def report(facts: Iterable[Stated]) -> dict[str, Any]:
    """Counts, precision over judged facts and the share unjudged, by kind of passage and half."""
    counts: dict[tuple[str, str], Counter[Verdict | None]] = {}
    for fact in facts:
        for half in (fact.excerpt.half.value, "all"):
            counts.setdefault((fact.kind.value, half), Counter())[fact.verdict] += 1
    result: dict[str, Any] = {}
    for (kind, half), found in sorted(counts.items()):
        judged = found.total() - found[None]
        result.setdefault(kind, {})[half] = {
            "facts": found.total(),
            **{verdict.value: found[verdict] for verdict in Verdict},
            "precision": round(found[Verdict.RIGHT] / judged, 4) if judged else None,
            "unjudged": round(found[None] / found.total(), 4),
        }
    return result


def write_unjudged(path: Path, facts: Iterable[Stated]) -> None:
    """One line per fact that nobody has judged, ``{"source", "passage", "start", "text"}``."""
    with path.open("w", encoding="utf-8") as file:
        for fact in facts:
            if fact.verdict is None:
                place = fact.excerpt.model_dump(include={"source", "passage", "start"})
                file.write(json.dumps({**place, "text": fact.text}, ensure_ascii=False) + "\n")
