"""Dates in a question, as intervals that a passage's own time or its facts' can fall into."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from graphmem.graph.snapshot import OPEN_END, OPEN_START, Facts
from graphmem.kernels.arrays import Doubles, Ints, Mask
from graphmem.model.time import (
    day_interval,
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


def dates_in(question: str) -> list[AskedDate]:
    """The dates that a question names; "May" alone, in lower case, is a verb."""
    found = [
        AskedDate(int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
        for match in _ISO.finditer(question)
    ]
    rest = _ISO.sub(" ", question)
    for match in _MONTH.finditer(rest):
        day = match["before"] or match["after"]
        is_bare = day is None and match["year"] is None
        if is_bare and (match["month"].islower() or len(match["month"].rstrip(".")) == 3):
            continue
        month = [name[:3] for name in _MONTHS].index(match["month"][:3].lower()) + 1
        year = int(match["year"]) if match["year"] else None
        found.append(AskedDate(year, month, int(day) if day else None))
    found += [AskedDate(int(match[1])) for match in _YEAR.finditer(_MONTH.sub(" ", rest))]
    return found


def near_dates(dates: list[AskedDate], occurred_at: Ints, facts: Facts, *, n: int) -> Doubles:
    """How well the time of each of `n` passages fits the dates, shape (n,).

    1 where a passage was said or written in the time asked for or states a fact of it, and 1 more
    where that is so to the day.
    """
    score = np.zeros(n)
    if not dates:
        return score
    years = _years(occurred_at)
    dated = (facts.valid_from != OPEN_START) & (facts.valid_to != OPEN_END)
    for date in dates:
        here = np.zeros(n, np.bool_)
        for start, end in date.intervals(years):
            here |= (occurred_at >= start) & (occurred_at < end)
            here |= _stated(facts, dated & (facts.valid_from < end) & (facts.valid_to > start), n)
        np.maximum(score, here * (1.0 if date.day is None else 2.0), out=score)
        if date.day is not None:  # the month is right at least
            month = AskedDate(date.year, date.month)
            for start, end in month.intervals(years):
                near = (occurred_at >= start) & (occurred_at < end)
                np.maximum(score, near * 1.0, out=score)
    return score


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
