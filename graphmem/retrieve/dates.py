"""Times in a question, as intervals that a passage's own time or its facts' can fall into.

A date may stand for itself ("in 1998"), with another for a range ("between 1990 and 1995"), or for
all before or after it. Decades and centuries are ranges, and so is what is told from now ("last
year").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from dateutil.relativedelta import relativedelta

from graphmem.graph.snapshot import OPEN_END, OPEN_START, Facts
from graphmem.index.years import Years
from graphmem.kernels.arrays import Doubles, Ints, Mask
from graphmem.model.time import (
    as_utc,
    day_interval,
    from_micros,
    month_interval,
    to_micros,
    year_interval,
)

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
_NAMES = "|".join(f"{name}|{name[:3]}\\.?" for name in _MONTHS)
_MONTH = re.compile(
    rf"(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+)?\b(?P<month>{_NAMES})(?!\w)"
    rf"(?:\s+(?P<after>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*:))?(?:,?\s+(?P<year>\d{{4}})\b)?",
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b")
_YEAR = re.compile(r"\b(1\d{3}|20\d{2})\b")
_DECADE = re.compile(r"\b(1\d{2}0|20\d0)['’]?s\b")
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
    " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first"
).split()
_CENTURY = re.compile(
    rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)|({'|'.join(reversed(_ORDINALS))}))[\s-]+century\b",
    re.IGNORECASE,
)
_NUMBERS: Final = "one two three four five six seven eight nine ten".split()
_COUNT = rf"(?P<count>\d{{1,3}}|an?|{'|'.join(_NUMBERS)})"
_UNIT = r"(?P<unit>day|week|month|year|decade)"
_FROM_NOW: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_COUNT}\s+{_UNIT}s?\s+ago\b",
        rf"\b(?P<past>last|past)\s+{_COUNT}\s+{_UNIT}s?\b",
        rf"\b(?P<which>last|this|next)\s+{_UNIT}\b",
        r"\b(?P<day>yesterday|today|tomorrow)\b",
    )
)
_BETWEEN = re.compile(r"\bbetween(?: the)?(?: years)?\s*$", re.IGNORECASE)
_AND = re.compile(r"\s*and(?: the)?\s*", re.IGNORECASE)
_TO = re.compile(r"\s*(?:[-–—]|to|till|until|through)(?: the)?\s*", re.IGNORECASE)
_GAP = r"(?P<gap>[^,;:?]{0,40})$"
_BEFORE = re.compile(rf"\b(?:before|until|till|up to|prior to)\b{_GAP}", re.IGNORECASE)
_BY = re.compile(r"\bby(?: the)?(?: year)?\s*$", re.IGNORECASE)
_AFTER = re.compile(rf"\bafter\b{_GAP}", re.IGNORECASE)
_SINCE = re.compile(r"\bsince(?: the)?\s*$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom(?: the)?\s*$", re.IGNORECASE)
_ON = re.compile(r"\s+(?:on|onwards?)\b", re.IGNORECASE)
_FILLING = re.compile(r"\s*(?:the\s*)?(?:year\s*)?", re.IGNORECASE)
_ABOUT_YEAR = 0.5
"""What it counts that a passage writes the year of a day or month that is asked for."""


@dataclass(frozen=True, slots=True)
class AskedDate:
    """A date as far as it is given; a month without a year means that month of any year."""

    year: int | None
    month: int | None = None
    day: int | None = None

    def intervals(self, years: range) -> list[tuple[int, int]]:
        """Half-open intervals in UTC microseconds, one for each year it may be in."""
        found = []
        for year in [self.year] if self.year is not None else years:
            interval = _interval(self, year)
            if interval is not None:
                found.append(interval)
        return found


@dataclass(frozen=True, slots=True)
class AskedSpan:
    """A range of time in UTC microseconds, ``[start, end)``; either end may be open."""

    start: int
    end: int


Asked = AskedDate | AskedSpan


def written(asked: Asked) -> str:
    """ISO 8601 as far as it is given, a month of any year as ``--05``; a range as its first and
    last day, or year where it is of whole years."""
    if isinstance(asked, AskedSpan):
        first = "" if asked.start == OPEN_START else f"{from_micros(asked.start):%Y-%m-%d}"
        last = "" if asked.end == OPEN_END else f"{from_micros(asked.end - 1):%Y-%m-%d}"
        if first[4:] in ("", "-01-01") and last[4:] in ("", "-12-31"):
            first, last = first[:4], last[:4]
        return first if first == last else f"{first}..{last}"
    year = "-" if asked.year is None else f"{asked.year:04}"
    parts = [year, *(f"{part:02}" for part in (asked.month, asked.day) if part is not None)]
    return "-".join(parts)


# ---------------------------------------------------------------------- reading a question


def dates_in(question: str, *, now: datetime | None = None) -> list[Asked]:
    """The times that a question names; "May" alone, in lower case, is a verb.

    What is told from now ("last year") is left out where `now` is not known.
    """
    points = _points(question, now)
    found: list[Asked] = []
    at = read_to = 0
    while at < len(points):
        start, end, asked = points[at]
        before = question[read_to:start]
        following = points[at + 1] if at + 1 < len(points) else None
        span = None
        if following is not None and _is_joined(before, question[end : following[0]]):
            span = _joined(asked, following[2])
        if span is not None and following is not None:
            end, at = following[1], at + 1
        else:
            span = _open_ended(asked, before, question[end:])
        found.append(span or asked)
        at, read_to = at + 1, end
    return found


def _points(question: str, now: datetime | None) -> list[tuple[int, int, Asked]]:
    """The times in a question, each by itself and with the characters it stands on, in order."""
    readers: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Asked | None]]] = [
        (_ISO, lambda match: AskedDate(*(int(part) if part else None for part in match.groups()))),
        (_CENTURY, _century),
        (_DECADE, lambda match: _years_from(int(match[1]), 10)),
        (_MONTH, _month),
        (_YEAR, lambda match: AskedDate(int(match[1]))),
    ]
    if now is not None:
        day = as_utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
        readers += [(pattern, lambda match: _from_now(match, day)) for pattern in _FROM_NOW]
    points = []
    for pattern, read in readers:
        for match in pattern.finditer(question):
            asked = read(match)
            # What is a part of a longer date is no date by itself, nor is a verb's "may".
            if asked is not None or pattern is _MONTH:
                question = _blanked(question, *match.span())
            if asked is not None:
                points.append((*match.span(), asked))
    return sorted(points, key=lambda point: point[:2])


def _blanked(text: str, start: int, end: int) -> str:
    return f"{text[:start]}{' ' * (end - start)}{text[end:]}"


def _month(match: re.Match[str]) -> AskedDate | None:
    day = match["before"] or match["after"]
    is_bare = day is None and match["year"] is None
    if is_bare and (match["month"].islower() or len(match["month"].rstrip(".")) == 3):
        return None
    month = [name[:3] for name in _MONTHS].index(match["month"][:3].lower()) + 1
    year = int(match["year"]) if match["year"] else None
    return AskedDate(year, month, int(day) if day else None)


def _century(match: re.Match[str]) -> AskedSpan | None:
    number = int(match[1]) if match[1] else _ORDINALS.index(match[2].lower()) + 1
    return _years_from((number - 1) * 100, 100) if 1 < number < 99 else None


def _years_from(first: int, n: int) -> AskedSpan:
    return _span(datetime(first, 1, 1, tzinfo=UTC), datetime(first + n, 1, 1, tzinfo=UTC))


def _from_now(match: re.Match[str], today: datetime) -> AskedSpan | None:
    """What is told from `today`, a midnight: a unit of the calendar, or all days since then."""
    told = match.groupdict()
    if told.get("day"):
        away = ("yesterday", "today", "tomorrow").index(told["day"].lower()) - 1
        return _span(today + timedelta(days=away), today + timedelta(days=away + 1))
    unit = told["unit"].lower()
    if told.get("which"):
        away = ("last", "this", "next").index(told["which"].lower()) - 1
    else:
        away = -_counted(told["count"].lower())
    try:
        if told.get("past"):
            return _span(today + _step(unit, away), today + timedelta(days=1))
        begun = _begun(today, unit) + _step(unit, away)
        return _span(begun, begun + _step(unit, 1))
    except (ValueError, OverflowError):  # before the year 1
        return None


def _counted(word: str) -> int:
    if word.isdigit():
        return int(word)
    return 1 if word in ("a", "an") else _NUMBERS.index(word) + 1


def _begun(day: datetime, unit: str) -> datetime:
    """When the unit began that the day is in; a week begins on Monday."""
    match unit:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case "decade":
            return day.replace(year=day.year // 10 * 10, month=1, day=1)
        case _:
            return day


def _step(unit: str, n: int) -> relativedelta:
    days = {"day": 1, "week": 7}.get(unit, 0) * n
    months = {"month": 1, "year": 12, "decade": 120}.get(unit, 0) * n
    return relativedelta(days=days, months=months)


def _span(start: datetime, end: datetime) -> AskedSpan:
    first, last = to_micros(start), to_micros(end)
    assert first is not None
    assert last is not None
    return AskedSpan(first, last)


def _is_joined(before: str, between: str) -> bool:
    """Whether two times are the ends of one range, by the words before and between them."""
    if _BETWEEN.search(before):
        return _AND.fullmatch(between) is not None
    return _TO.fullmatch(between) is not None


def _joined(first: Asked, last: Asked) -> AskedSpan | None:
    """From the first to the last, both included; a month is of the other's year."""
    if isinstance(first, AskedDate) and isinstance(last, AskedDate) and first.year is None:
        first = replace(first, year=last.year)
    starts, ends = _bounds(first), _bounds(last)
    if starts is None or ends is None or starts[0] >= ends[1]:
        return None
    return AskedSpan(starts[0], ends[1])


def _open_ended(asked: Asked, before: str, after: str) -> AskedSpan | None:
    """All before, after or since a time, as the words before it say.

    Where they name something of that year ("before the war ended in 1945"), the year is within; a
    day of something is looked for itself.
    """
    bounds = _bounds(asked)
    if bounds is None:
        return None
    start, end = bounds
    is_rough = isinstance(asked, AskedSpan) or asked.month is None
    if (found := _BEFORE.search(before)) and (is_rough or _is_bare(found)):
        return AskedSpan(OPEN_START, start if _is_bare(found) else end)
    if _BY.search(before):
        return AskedSpan(OPEN_START, end)
    if (found := _AFTER.search(before)) and (is_rough or _is_bare(found)):
        return AskedSpan(end if _is_bare(found) else start, OPEN_END)
    if _SINCE.search(before) or (_FROM.search(before) and _ON.match(after)):
        return AskedSpan(start, OPEN_END)
    return None


def _is_bare(found: re.Match[str]) -> bool:
    """Whether nothing but filling stands between the word and the time."""
    return _FILLING.fullmatch(found["gap"]) is not None


def _bounds(asked: Asked) -> tuple[int, int] | None:
    if isinstance(asked, AskedSpan):
        return asked.start, asked.end
    return None if asked.year is None else _interval(asked, asked.year)


# ---------------------------------------------------------------------- what is of that time


def near_dates(dates: Sequence[Asked], occurred_at: Ints, facts: Facts, *, n: int) -> Doubles:
    """How well the time of each of `n` passages fits the dates, shape (n,).

    1 where a passage was said or written in the time asked for or states a fact of it, and 1 more
    where that is so to the day.
    """
    score = np.zeros(n)
    if not dates:
        return score
    years = _years(occurred_at)
    dated = (facts.valid_from != OPEN_START) & (facts.valid_to != OPEN_END)
    known = occurred_at != OPEN_START
    for date in dates:
        here = np.zeros(n, np.bool_)
        is_day = isinstance(date, AskedDate) and date.day is not None
        for start, end in _intervals(date, years):
            here |= known & (occurred_at >= start) & (occurred_at < end)
            here |= _stated(facts, dated & (facts.valid_from < end) & (facts.valid_to > start), n)
        np.maximum(score, here * (2.0 if is_day else 1.0), out=score)
        if isinstance(date, AskedDate) and is_day:  # the month is right at least
            month = AskedDate(date.year, date.month)
            for start, end in month.intervals(years):
                near = (occurred_at >= start) & (occurred_at < end)
                np.maximum(score, near * 1.0, out=score)
    return score


def near_years(dates: Sequence[Asked], years: Years, *, n: int) -> Doubles:
    """1 for each of `n` passages that writes a year asked for, or half that where a day or a month
    of it is; shape (n,)."""
    score = np.zeros(n)
    for date in dates:
        bounds = _bounds(date)
        if bounds is not None:
            is_part = isinstance(date, AskedDate) and date.month is not None
            here = years.written(_year_of(bounds[0]), _year_of(bounds[1] - 1), n=n)
            np.maximum(score, here * (_ABOUT_YEAR if is_part else 1.0), out=score)
    return score


def _year_of(micros: int) -> int:
    """The year of a moment; one before all for an open start, one after all for an open end."""
    if micros == OPEN_START:
        return 0
    return 1970 + int(np.datetime64(micros, "us").astype("datetime64[Y]").astype(np.int64))


def _intervals(asked: Asked, years: range) -> list[tuple[int, int]]:
    if isinstance(asked, AskedSpan):
        return [(asked.start, asked.end)]
    return asked.intervals(years)


def _stated(facts: Facts, wanted: Mask, n: int) -> Mask:
    stated = np.zeros(n, np.bool_)
    stated[facts.evidence_passages[wanted[facts.evidence_facts]]] = True
    return stated


def _years(times: Ints) -> range:
    """The years that something was said in."""
    known = times[times != OPEN_START].astype("datetime64[us]")
    if not len(known):
        return range(0)
    first, last = (
        int(end.astype("datetime64[Y]").astype(int)) for end in (known.min(), known.max())
    )
    return range(1970 + first, 1971 + last)


def _interval(date: AskedDate, year: int) -> tuple[int, int] | None:
    try:
        if date.month is None:
            interval = year_interval(year)
        elif date.day is None:
            interval = month_interval(year, date.month)
        else:
            interval = day_interval(year, date.month, date.day)
    except ValueError:  # no such day
        return None
    start, end = to_micros(interval.start), to_micros(interval.end)
    return None if start is None or end is None else (start, end)
