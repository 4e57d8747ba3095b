"""Extraction against labels: times, what words refer to, and discourse links, case by case.

A folder holds ``time.jsonl``, ``coreference.jsonl`` and ``discourse.jsonl``; its README says how
the cases were labelled. Half of the cases are for tuning and half for test: which half a case is
in depends on its text alone. A case that is found with another value counts against precision and
recall both.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from graphmem.errors import InvalidInputError
from graphmem.evaluation.datasets import read_rows
from graphmem.kernels.text import words
from graphmem.model.extraction import Extraction, LinkDraft, PassageContext
from graphmem.model.knowledge import Sense
from graphmem.model.source import EpisodeKind
from graphmem.model.time import Precision, as_utc

_UNDIRECTED: Final = frozenset((Sense.CONTRAST, Sense.CONJUNCTION, Sense.SYNCHRONOUS))
_DETERMINERS: Final = frozenset("a an the this that these those his her its their".split())


class Split(StrEnum):
    """Which half of the cases: those that rules may be tuned on, or those kept back."""

    DEV = "dev"
    TEST = "test"


class Outcome(NamedTuple):
    """One thing to find, or not to find, of some kind: whether it was found, and rightly."""

    kind: str
    is_there: bool
    is_found: bool
    is_right: bool


class Tally(NamedTuple):
    """How a set of outcomes came out; ratios are 0 where nothing was there or found."""

    there: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found rightly."""
        return self.right / self.there if self.there else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.there + self.found
        return 2 * self.right / total if total else 0.0


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    source: str
    text: str
    title: str = ""
    ordinal: int = 0
    speaker: str | None = None
    addressee: str | None = None
    at: datetime | None = None
    previous: str = ""


class _Span(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int
    end: int
    text: str


class _Time(_Span):
    valid_from: datetime | None = Field(validation_alias=AliasChoices("from", "valid_from"))
    valid_to: datetime | None = Field(validation_alias=AliasChoices("to", "valid_to"))
    precision: Precision


class _TimeRow(_Row):
    times: tuple[_Time, ...]


class _Reference(_Span):
    referents: tuple[tuple[str, ...], ...]


class _CoreferenceRow(_Row):
    references: tuple[_Reference, ...]


class _Link(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int | None
    end: int | None
    connective: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    senses: tuple[Sense, ...]


class _DiscourseRow(_Row):
    links: tuple[_Link, ...]


_RowT = TypeVar("_RowT", bound=_Row)
_Reader = Callable[[Sequence[PassageContext]], Sequence[Extraction]]


def split_of(text: str) -> Split:
    """The half that a case of this text is in, for good."""
    is_even = hashlib.sha256(text.encode()).digest()[0] % 2 == 0
    return Split.DEV if is_even else Split.TEST


def evaluate(folder: Path, extract: _Reader) -> dict[str, dict[Split, list[Outcome]]]:
    """What an extractor makes of each labelled case, by set and half.

    Raises
    ------
    InvalidInputError
        The folder lacks one of the sets.
    ReaderError
        A line that is not what it should be.
    """
    return {
        "time": _judged(folder / "time.jsonl", _TimeRow, extract, _times),
        "coreference": _judged(folder / "coreference.jsonl", _CoreferenceRow, extract, _references),
        "discourse": _judged(folder / "discourse.jsonl", _DiscourseRow, extract, _links),
    }


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count outcomes."""
    counted = list(outcomes)
    return Tally(
        sum(outcome.is_there for outcome in counted),
        sum(outcome.is_found for outcome in counted),
        sum(outcome.is_right for outcome in counted),
    )


def as_json(outcomes: Mapping[str, Mapping[Split, Sequence[Outcome]]]) -> dict[str, Any]:
    """Precision, recall and F1 by set and half; by kind, how many there are and how many right."""
    return {
        name: {
            split.value: {
                **_figures(tally(found)),
                "by_kind": {
                    kind: {"n": n, "right": _right(found, kind)}
                    for kind, n in sorted(Counter(outcome.kind for outcome in found).items())
                },
            }
            for split, found in halves.items()
        }
        for name, halves in outcomes.items()
    }


def _figures(counts: Tally) -> dict[str, Any]:
    return {
        **counts._asdict(),
        "precision": round(counts.precision, 4),
        "recall": round(counts.recall, 4),
        "f1": round(counts.f1, 4),
    }


def _right(outcomes: Sequence[Outcome], kind: str) -> int:
    """How many of a kind are as they should be: found rightly, or not there and not found."""
    return sum(
        outcome.is_right or not (outcome.is_there or outcome.is_found)
        for outcome in outcomes
        if outcome.kind == kind
    )


def _judged(
    path: Path,
    kind: type[_RowT],
    extract: _Reader,
    judge: Callable[[_RowT, Extraction], Iterator[Outcome]],
) -> dict[Split, list[Outcome]]:
    if not path.is_file():
        raise InvalidInputError(f"There is no {path}", remedy="Name the folder of the labels")
    rows = [row for _, row in read_rows(path, kind)]
    found: dict[Split, list[Outcome]] = {split: [] for split in Split}
    for row, extraction in zip(rows, extract([_context(row) for row in rows]), strict=True):
        found[split_of(row.text)] += judge(row, extraction)
    return found


def _context(row: _Row) -> PassageContext:
    return PassageContext(
        passage_id="labelled",
        text=row.text,
        title=row.title,
        ordinal=row.ordinal,
        kind=EpisodeKind.CHAT if row.speaker else EpisodeKind.DOCUMENT,
        speaker=row.speaker,
        addressee=row.addressee,
        occurred_at=row.at,
        previous=row.previous,
    )


def _times(row: _TimeRow, extraction: Extraction) -> Iterator[Outcome]:
    """A time is right when it overlaps the label and has its ends and precision."""
    left = list(extraction.times)
    for label in row.times:
        found = [time for time in left if _overlaps(label, time.start, time.end)]
        left = [time for time in left if time not in found]
        wanted = (_utc(label.valid_from), _utc(label.valid_to), label.precision)
        is_right = any((t.valid_from, t.valid_to, t.precision) == wanted for t in found)
        yield Outcome(label.precision.value, True, bool(found), is_right)
    yield from (Outcome("none", False, True, False) for _ in left)
    if not row.times and not left:
        yield Outcome("none", False, False, False)


def _references(row: _CoreferenceRow, extraction: Extraction) -> Iterator[Outcome]:
    """A reference is right when it names all that is meant, and nothing else."""
    for label in row.references:
        names = [
            reference.name
            for reference in extraction.references
            if _overlaps(label, reference.start, reference.end)
        ]
        is_right = bool(label.referents) and len(names) == len(label.referents)
        is_right = is_right and all(
            any(_same_name(name, other) for name in names for other in alternatives)
            for alternatives in label.referents
        )
        yield Outcome(_kind_of(row, label), bool(label.referents), bool(names), is_right)


def _kind_of(row: _CoreferenceRow, label: _Reference) -> str:
    if len(label.referents) != 1:
        return "several" if label.referents else "none"
    names = label.referents[0]
    if row.title and row.title in names:
        return "title"
    return "speaker" if {row.speaker, row.addressee} & set(names) else "other"


def _same_name(found: str, label: str) -> bool:
    return _bare(found) == _bare(label)


def _bare(name: str) -> list[str]:
    found = words(name)
    return found[1:] if found and found[0] in _DETERMINERS else found


def _links(row: _DiscourseRow, extraction: Extraction) -> Iterator[Outcome]:
    """A link is right when sense, direction and, if there is one, connective are."""
    for label in row.links:
        found = [link for link in extraction.links if _is_about(label, link, extraction)]
        is_right = any(_is_right(label, link, extraction) for link in found)
        kind = label.senses[0].value if label.senses else "none"
        yield Outcome(kind, bool(label.senses), bool(found), is_right)


def _is_about(label: _Link, link: LinkDraft, extraction: Extraction) -> bool:
    if label.start is None or label.end is None:
        return _joins(label, link, extraction) or _joins(label, _turned(link), extraction)
    is_placed = link.start is not None and link.end is not None
    return is_placed and label.start < (link.end or 0) and (link.start or 0) < label.end


def _is_right(label: _Link, link: LinkDraft, extraction: Extraction) -> bool:
    if link.sense not in label.senses:
        return False
    is_turned = link.sense in _UNDIRECTED and _joins(label, _turned(link), extraction)
    return is_turned or _joins(label, link, extraction)


def _turned(link: LinkDraft) -> LinkDraft:
    return link.model_copy(update={"source": link.target, "target": link.source})


def _joins(label: _Link, link: LinkDraft, extraction: Extraction) -> bool:
    """Whether the link's facts are those of the two clauses, each known by a word of it."""
    source, target = extraction.facts[link.source].text, extraction.facts[link.target].text
    return _says(source, label.source) and _says(target, label.target)


def _says(text: str, any_of: Sequence[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}", text) for word in any_of)


def _overlaps(label: _Span, start: int, end: int) -> bool:
    return label.start < end and start < label.end


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else as_utc(moment)
