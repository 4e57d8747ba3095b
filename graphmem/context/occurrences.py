"""Finding what a phrase of a question means among the entries of a memory: which, and when.

A phrase is met by the share of its words that an entry has words like, the rarer ones counting
more; names have to stand there. Words are alike by stem, or by their vectors where there are any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from graphmem.extract.fields import stem
from graphmem.extract.lexicon import STOP
from graphmem.extract.time import find_times
from graphmem.kernels.arrays import Doubles, Floats, Ints
from graphmem.kernels.text import tokenise, words
from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.time import Interval, Precision
from graphmem.model.timeline import Entry

EmbedWords = Callable[[Sequence[str]], Floats]
MET: Final = 0.7
"""The share of a phrase's words from which an entry is what it means."""
_ALIKE: Final = 0.42
"""Cosine of two words from which on the one stands for the other, in part."""
_LEAST_WEIGHT: Final = 0.3
_PRONOUN: Final = re.compile(r"\b(?:s?he|they|it|his|hers?|him|them|their|its)\b", re.IGNORECASE)
_SUBJECTLESS: Final = re.compile(r"\s*(?:then\s+)?[a-z]+ing\b")
_NAME: Final = re.compile(r"\b[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*")
_FILLING: Final = frozenset(
    """happen happened happening take took taken place get got gotten go event thing time times ever
    actually finally first date year month day""".split()
)
"""Words that a phrase is filled with, and that say nothing of what it means where others do."""


@dataclass(frozen=True)
class Phrase:
    """Words of a question: what it means without its times, those times, and its names."""

    words: tuple[str, ...]
    names: frozenset[str]
    span: Interval | None

    @classmethod
    def of(cls, text: str, *, beside: str = "") -> Phrase:
        """Take a phrase apart; a capital marks a name, as the phrase stands inside a question.

        A phrase whose subject is a pronoun, or left out ("after moving"), has that of what stands
        `beside` it.
        """
        if _SUBJECTLESS.match(text) or _PRONOUN.search(text):
            text = f"{text} {subject_in(beside)}"
        times = [span for span in find_times(text) if span.interval.start or span.interval.end]
        rest = text
        for span in times:
            rest = rest[: span.start] + " " * (span.end - span.start) + rest[span.end :]
        tokens = [token for token in tokenise(rest) if token.text not in STOP]
        telling = [token for token in tokens if token.text not in _FILLING] or tokens
        return cls(
            words=tuple(dict.fromkeys(token.text for token in telling)),
            names=frozenset(stem(token.text) for token in telling if token.is_capital),
            span=times[-1].interval if times else None,
        )


class Dated(NamedTuple):
    """When something came about, and the entries that tell it, the one with the time first."""

    moment: Interval
    entries: tuple[Entry, ...]


class Occurrences:
    """The entries that are known to a question, and how well each meets a phrase."""

    def __init__(self, entries: Sequence[Entry], embed_words: EmbedWords) -> None:
        self.entries = list(entries)
        self._embed = embed_words
        self._shares: dict[tuple[tuple[str, ...], frozenset[str]], Doubles] = {}

    def meeting(self, phrase: Phrase, *, least: float = MET, actual: bool = True) -> list[Entry]:
        """Entries that the phrase means, in order: those that are met nearly as well as the best.

        Of what was planned or denied none is an event that came about, unless `actual` is not set.
        """
        if not phrase.words:
            return []
        shares = self.shares(phrase)
        fit = [
            (float(share), entry)
            for share, entry in zip(shares, self.entries, strict=True)
            if share >= least
            and (not actual or is_actual(entry))
            and (phrase.span is None or within_span(entry, phrase.span))
        ]
        best = max((share for share, _ in fit), default=0.0)
        return [entry for share, entry in fit if share >= 0.9 * best]

    def first(self, phrase: Phrase) -> Dated | None:
        """The first occurrence of what the phrase means."""
        for entry in apart(self.meeting(phrase)):
            moment = moment_of(entry)
            if moment is not None:
                return Dated(moment, (entry,))
        return None

    def naming(self, names: frozenset[str]) -> list[Entry]:
        """Entries in which all of these stems stand."""
        return [
            entry
            for entry, said in zip(self.entries, self._said, strict=True)
            if names and names <= said
        ]

    def shares(self, phrase: Phrase) -> Doubles:
        """What share of the phrase each entry has, in [0, 1], 0 where a name of it is missing."""
        if not phrase.words or not self.entries:
            return np.zeros(len(self.entries))
        key = phrase.words, phrase.names
        if key not in self._shares:  # each thing that is compared asks for the same of all entries
            near = self._likeness(phrase.words)
            rarity = np.log1p(len(self.entries) / (1.0 + (near >= 1.0).sum(axis=1)))
            weights = np.maximum(rarity, _LEAST_WEIGHT)
            shares = np.asarray(weights @ near / weights.sum())
            if phrase.names:
                shares[[not phrase.names <= said for said in self._said]] = 0.0
            self._shares[key] = shares
        return self._shares[key]

    @cached_property
    def _words(self) -> list[list[str]]:
        return [words(f"{entry.text} {entry.predicate}") for entry in self.entries]

    @cached_property
    def _said(self) -> list[frozenset[str]]:
        stems = {word: stem(word) for word in {word for told in self._words for word in told}}
        return [frozenset(stems[word] for word in told) for told in self._words]

    @cached_property
    def _vocabulary(self) -> tuple[Floats, Ints, Ints]:
        """Vectors of the content words, and each entry's words: its place and the word's row."""
        known = sorted({word for told in self._words for word in told if word not in STOP})
        place = {word: row for row, word in enumerate(known)}
        rows = [[place[word] for word in set(told) if word in place] for told in self._words]
        owners = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
        return self._embed(known), owners, np.array([row for own in rows for row in own], np.int64)

    def _likeness(self, asked: Sequence[str]) -> Doubles:
        """For each word its likest in each entry, shape (n_words, n_entries)."""
        stems = [stem(word) for word in asked]
        near = np.array([[one in said for said in self._said] for one in stems], np.float64)
        vectors, owners, rows = self._vocabulary
        own = self._embed(asked)
        if not len(rows) or not own.shape[1]:
            return near
        cosine = own @ vectors.T
        cosine = np.where(cosine < _ALIKE, 0.0, np.sqrt(np.clip(cosine, 0.0, 1.0)))
        starts = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
        told = owners[starts]
        best = np.maximum.reduceat(cosine[:, rows], starts, axis=1)
        near[:, told] = np.maximum(near[:, told], best)
        return near


def subject_in(text: str) -> str:
    """The name that opens a clause, function words aside; empty where none does."""
    first = _NAME.match(" ".join(word for word in text.split() if word.lower() not in STOP))
    return first[0] if first else ""


def is_actual(entry: Entry) -> bool:
    """Whether an entry is of what came about, as far as it is told."""
    return entry.modality is Modality.ACTUAL and entry.polarity is Polarity.POSITIVE


def within_span(entry: Entry, span: Interval) -> bool:
    """Whether an entry began, or if that is not known was told, in a span."""
    return entry.at is not None and span.contains(entry.at)


def apart(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that stand for one occurrence each: of those that may be one, the first.

    Two are one where they share a moment, or where one has no date and was told in the session of
    the other.
    """
    found: list[tuple[Interval, Entry]] = []
    for entry in sorted(entries, key=lambda entry: not entry.is_dated):
        moment = moment_of(entry)
        told = {place.episode_id for place in entry.places}
        if moment is not None and not any(
            moment.overlaps(held)
            or (not entry.is_dated and not told.isdisjoint(p.episode_id for p in other.places))
            for held, other in found
        ):
            found.append((moment, entry))
    kept = [entry for _, entry in found]
    return [entry for entry in entries if entry in kept]


def moment_of(entry: Entry) -> Interval | None:
    """When it came about, as exactly as it is known; the day on which it was told, if it is not."""
    if entry.valid_from is not None:
        end = entry.valid_to
        # A move holds until the next one, and came about on its day.
        began_only = entry.kind is FactKind.EVENT and entry.superseded_by is not None
        if end is None or began_only:
            width = _WIDTHS.get(entry.precision or Precision.DAY, timedelta(days=1))
            end = min(entry.valid_from, _LATEST - width) + width
        return Interval(entry.valid_from, end, entry.precision or Precision.DAY)
    at: datetime | None = entry.said_at or entry.valid_to
    if at is None:
        return None
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Interval(start, start + timedelta(days=1), Precision.DAY)


_LATEST: Final = datetime.max.replace(tzinfo=UTC)
_WIDTHS: Final = {
    Precision.CENTURY: timedelta(days=36525),
    Precision.DECADE: timedelta(days=3652),
    Precision.YEAR: timedelta(days=365),
    Precision.MONTH: timedelta(days=30),
}
"""How wide the moment is at which something with an open end began, by how exactly it is known."""
