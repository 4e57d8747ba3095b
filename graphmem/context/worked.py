"""Answers worked out from when things were: what no passage says, but the facts together do.

Each takes the question apart (:mod:`graphmem.context.shapes`), finds the entries that it means, and
reckons. What is found is an answer with the entries as its evidence, or nothing: where an event is
not surely found, or two are not surely apart, passages answer better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from graphmem.context.hops import came_about
from graphmem.context.occurrences import (
    EmbedWords,
    Occurrences,
    Phrase,
    apart,
    is_actual,
    moment_of,
    subject_in,
)
from graphmem.context.reckoning import counted, distance, lasting, said_over, said_when, written
from graphmem.context.shapes import Asked, Shape
from graphmem.model.knowledge import FactKind
from graphmem.model.time import Interval
from graphmem.model.timeline import Entry, Way

_MOST: Final = 6
"""Entries that an answer lists."""
_HALF: Final = 0.5
"""The share of what is asked of a moment that an entry has to have."""


class Worked(NamedTuple):
    """What was worked out, in words, from which entries."""

    text: str
    entries: tuple[Entry, ...]
    shape: Shape


def work_out(asked: Asked, entries: Sequence[Entry], embed_words: EmbedWords) -> Worked | None:
    """The answer to a question taken apart, ``None`` where the entries do not surely tell it."""
    found = _BY_SHAPE[asked.shape](asked, Occurrences(entries, embed_words))
    if found is None:
        return None
    text, used = found
    return Worked(text, tuple(dict.fromkeys(used)), asked.shape)


_Found = tuple[str, Sequence[Entry]] | None


def _count(asked: Asked, known: Occurrences) -> _Found:
    times = apart(known.meeting(Phrase.of(asked.what)))
    if not times:
        return None
    listed = "; ".join(said_when(entry) for entry in times)
    return f"{counted(len(times), 'time')}: {listed}", times


def _nth(asked: Asked, known: Occurrences) -> _Found:
    times = apart(known.meeting(Phrase.of(asked.what)))
    if not times:
        return None
    if asked.nth > len(times):
        return f"Only {counted(len(times), 'such time')} known: {said_when(times[-1])}", times
    one = times[asked.nth - 1 if asked.nth > 0 else -1]
    return f"{_first_upper(said_when(one))}: {one.text}", (one, *times)


def _changes(asked: Asked, known: Occurrences) -> _Found:
    since, cause = _moment(asked.other, known, beside=asked.what)
    if since is None or since.start is None:
        return None
    start = since.start if cause is None or since.end is None else since.end
    names = Phrase.of(asked.what if asked.what or not cause else subject_in(asked.other)).names
    shares = known.shares(Phrase(tuple(sorted(names)), names, None))
    about = set(cause.entity_ids) if cause and not names else set()
    later = [
        entry
        for row, entry in enumerate(known.entries)
        if (not names or shares[row] > 0)
        and (not about or about & set(entry.entity_ids))
        and is_actual(entry)
        and entry.at is not None
        and entry is not cause
        and (entry.at >= start or (entry.valid_to is not None and entry.valid_to > start))
    ]
    ranked = sorted(later, key=lambda entry: (-_change(entry), entry.at))
    chosen = [entry for entry in later if entry in ranked[:_MOST]]
    if not chosen:
        return None
    listed = "; ".join(f"{e.text.rstrip('.')} ({_changed_when(e, start)})" for e in chosen)
    return f"Since {written(Interval(start, None, since.precision), bare=True)}: {listed}", chosen


def _changed_when(entry: Entry, start: datetime) -> str:
    """When it came about; of what had come about by `start`, when it was until it ended."""
    has_ended = entry.at is not None and entry.at < start
    return said_over(entry) if has_ended else said_when(entry)


def _change(entry: Entry) -> int:
    """How surely an entry is a change: it ends or turns something, it happened, or it is so."""
    if entry.superseded_by or any(tie.way is Way.CHANGES for tie in entry.ties):
        return 3
    if entry.kind is FactKind.EVENT:
        return 2 if entry.is_dated else 1
    return 0


def _state(asked: Asked, known: Occurrences) -> _Found:
    moment, cause = _moment(asked.other, known, beside=asked.what)
    if moment is None or moment.start is None:
        return None
    phrase = Phrase.of(asked.what, beside=asked.other)
    meant = known.meeting(phrase, least=_HALF) if phrase.words else []
    meant = [entry for entry in meant if entry is not cause]
    if not _tells(phrase):
        shares = known.shares(phrase)
        meant = [
            entry
            for row, entry in enumerate(known.entries)
            if is_actual(entry) and entry is not cause and (shares[row] > 0 or not phrase.words)
        ]
    held = [entry for entry in meant if _held(entry, moment)]
    if not held and _tells(phrase):
        nearest = min(meant, key=lambda e: _distance(e, moment), default=None)
        held = [nearest] if nearest is not None and not nearest.is_dated else []
    if not held:
        return None
    at = f"At that time ({said_when(cause)})" if cause else f"In {written(moment, bare=True)}"
    listed = "; ".join(f"{e.text.rstrip('.')} ({said_when(e)})" for e in held[:_MOST])
    return f"{at}: {listed}", (*held[:_MOST], *((cause,) if cause else ()))


def _beside(asked: Asked, known: Occurrences) -> _Found:
    moment, cause = _moment(asked.other, known, beside=asked.what)
    if moment is None:
        return None
    is_after = asked.way.endswith("after")
    phrase = Phrase.of(asked.what, beside=asked.other)
    told = [tie.fact_id for tie in cause.ties] if cause else []
    meant = known.meeting(phrase, least=_HALF) if _tells(phrase) else known.entries
    beside = [
        entry
        for entry in meant
        if entry is not cause
        and is_actual(entry)
        and _stands(entry, moment, is_after)
        and (not phrase.names or phrase.names <= Phrase.of(entry.text).names or _tells(phrase))
        and (cause is None or _share(entry, cause, by_subject=bool(phrase.names)))
    ]
    beside.sort(key=lambda e: (e.fact_id not in told, _distance(e, moment), not e.is_dated))
    most = 1 if asked.way.startswith("just") or _tells(phrase) else 3
    if not beside:
        return None
    chosen = [entry for entry in beside if not _repeats(entry, beside)][:most]
    listed = "; ".join(f"{entry.text.rstrip('.')} ({said_when(entry)})" for entry in chosen)
    at = said_when(cause) if cause else written(moment, bare=True)
    way = "After" if is_after else "Before"
    return f"{way} that ({at}): {listed}", (*chosen, *((cause,) if cause else ()))


def _tells(phrase: Phrase) -> bool:
    """Whether a phrase says more of what is asked for than of whom."""
    return len(phrase.words) > len(phrase.names)


def _order(asked: Asked, known: Occurrences) -> _Found:
    if asked.way:
        sides = [
            known.first(Phrase.of(side, beside=beside))
            for side, beside in ((asked.what, asked.other), (asked.other, asked.what))
        ]
    else:
        sides = [came_about(side, asked.verb, known) for side in (asked.what, asked.other)]
    one, other = sides
    if one is None or other is None:
        return None
    first, second = one.moment, other.moment
    if first.overlaps(second) or first.start is None or second.start is None:
        return None
    is_before = first.start < second.start
    if asked.way:
        answer = "Yes" if is_before == asked.way.endswith("before") else "No"
    else:
        answer = asked.what if is_before == (asked.nth == 1) else asked.other
    when = f"{written(first)} and {written(second)}"
    return f"{answer}: {when}", (*one.entries, *other.entries)


def _lasting(asked: Asked, known: Occurrences) -> _Found:
    for entry in known.meeting(Phrase.of(asked.what)):
        told = lasting(entry, unit=asked.unit)
        if told:
            return f"{told}: {entry.text}", (entry,)
    return None


def _between(asked: Asked, known: Occurrences) -> _Found:
    one = known.first(Phrase.of(asked.other, beside=asked.what))
    other = known.first(Phrase.of(asked.what, beside=asked.other))
    if one is None or other is None or one.moment.overlaps(other.moment):
        return None
    gap = distance(one.moment, other.moment, unit=asked.unit)
    when = f"{written(one.moment)} and {written(other.moment)}"
    return f"{gap}: {when}", (*one.entries, *other.entries)


def _moment(text: str, known: Occurrences, *, beside: str) -> tuple[Interval | None, Entry | None]:
    """The time that words name, or when the event was that they tell of, with the event."""
    phrase = Phrase.of(text, beside=beside)
    if phrase.span is not None and not phrase.words:
        return phrase.span, None
    found = known.first(phrase)
    return (found.moment, found.entries[0]) if found else (None, None)


def _share(entry: Entry, other: Entry, *, by_subject: bool) -> bool:
    """Whether two entries are about the same: the same one does both, or any is in both."""
    if by_subject:
        return entry.entity_ids[:1] == other.entity_ids[:1]
    return not set(entry.entity_ids).isdisjoint(other.entity_ids)


def _repeats(entry: Entry, among: Sequence[Entry]) -> bool:
    """Whether one before it says the same, on the day on which this was only told."""
    before = among[: among.index(entry)]
    same = [other for other in before if other.text == entry.text]
    return len(apart([*same, entry])) < len(apart(same)) + 1


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _held(entry: Entry, moment: Interval) -> bool:
    return entry.is_dated and entry.valid.overlaps(moment)


def _distance(entry: Entry, moment: Interval) -> timedelta:
    at: datetime | None = entry.at
    assert moment.start is not None or moment.end is not None
    origin = moment.start or moment.end
    return abs(at - origin) if at and origin else timedelta.max


def _stands(entry: Entry, moment: Interval, is_after: bool) -> bool:
    when = moment_of(entry)
    if when is None or when.start is None or moment.start is None:
        return False
    if is_after:
        return when.start >= (moment.end or moment.start)
    return when.start < moment.start


_BY_SHAPE: Final[Mapping[Shape, Callable[[Asked, Occurrences], _Found]]] = {
    Shape.COUNT: _count,
    Shape.NTH: _nth,
    Shape.CHANGES: _changes,
    Shape.STATE: _state,
    Shape.BESIDE: _beside,
    Shape.ORDER: _order,
    Shape.LASTING: _lasting,
    Shape.BETWEEN: _between,
}
