"""Spans of the calendar: parts of a year or century, seasons, weeks, and steps from one to another.

Seasons are northern and whole months; weeks begin on Monday. Early, mid and late are four, three
and three tenths of a decade or a century, and thirds of a year or a month; as their borders are
not sharp, they keep the precision of the whole. Halves and quarters are exact.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta

from graphmem.model.time import (
    Interval,
    Precision,
    day_interval,
    month_interval,
    year_interval,
)

MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
DAY: Final = timedelta(days=1)

_PARTS: Final = ("early", "mid", "late")
_TENTHS: Final = {"early": (0, 4), "mid": (4, 7), "late": (7, 10)}
_MONTHS_OF: Final = {"early": (1, 4), "mid": (5, 8), "late": (9, 12)}
_FINER: Final = {
    Precision.CENTURY: Precision.DECADE,
    Precision.DECADE: Precision.YEAR,
    Precision.YEAR: Precision.MONTH,
}
_COARSE_FIRST: Final = tuple(Precision)


def month_of(name: str) -> int:
    """The number of a month by its name, or the first three letters of it."""
    return next(n for n, month in enumerate(MONTHS, 1) if month[:3].lower() == name[:3].lower())


def years(first: int, count: int, precision: Precision) -> Interval:
    """So many whole years.

    Raises
    ------
    ValueError
        Fewer than one, or beyond the calendar's years, 1 to 9999.
    """
    if count < 1:
        raise ValueError(f"{count} years")
    return Interval(
        datetime(first, 1, 1, tzinfo=UTC), datetime(first + count, 1, 1, tzinfo=UTC), precision
    )


def months(year: int, first: int, last: int, precision: Precision = Precision.MONTH) -> Interval:
    """From one month of a year to another of it; the last may go on into the next year."""
    start = datetime(year, first, 1, tzinfo=UTC)
    return Interval(start, start + relativedelta(months=last - first + 1), precision)


def season(name: str, year: int) -> Interval:
    """A season that begins in a year."""
    first = SEASONS[name]
    return months(year, first, first + 2)


def day_of(moment: datetime) -> Interval:
    """The day of a moment."""
    return day_interval(moment.year, moment.month, moment.day)


def week_of(moment: datetime) -> Interval:
    """The week of a moment, from Monday."""
    today = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    monday = today - today.weekday() * DAY
    return Interval(monday, monday + 7 * DAY, Precision.DAY)


def weekend_of(moment: datetime) -> Interval:
    """Saturday and Sunday of a moment's week."""
    week = week_of(moment)
    return week._replace(start=bounds(week)[0] + 5 * DAY)


def bounds(interval: Interval) -> tuple[datetime, datetime]:
    """Both ends of a span that has both."""
    assert interval.start is not None
    assert interval.end is not None
    return interval.start, interval.end


def part(interval: Interval, which: str, until: str = "") -> Interval:
    """Early, mid or late in a span, or from one of these to another, in whatever order."""
    low, high = sorted((which, until or which), key=_PARTS.index)
    start, end = bounds(interval)
    match interval.precision:
        case Precision.CENTURY | Precision.DECADE:
            tenth = (end.year - start.year) // 10
            first, last = _TENTHS[low][0], _TENTHS[high][1]
            return years(start.year + first * tenth, (last - first) * tenth, interval.precision)
        case Precision.YEAR:
            return months(start.year, _MONTHS_OF[low][0], _MONTHS_OF[high][1], Precision.YEAR)
        case Precision.MONTH:
            cuts = {"early": (start, start + 10 * DAY), "mid": (start + 10 * DAY, start + 20 * DAY)}
            cuts["late"] = (start + 20 * DAY, end)
            return Interval(cuts[low][0], cuts[high][1], Precision.MONTH)
        case _:
            return interval


def fraction(interval: Interval, nth: int, of: int) -> Interval | None:
    """The first, second... half or quarter of a century, a decade or a year."""
    start, end = bounds(interval)
    if interval.precision is Precision.YEAR and end.year - start.year == 1:
        size = 12 // of
        return months(start.year, (nth - 1) * size + 1, nth * size)
    size, rest = divmod(end.year - start.year, of)
    if rest or interval.precision not in _FINER:
        return None
    return years(start.year + (nth - 1) * size, size, _FINER[interval.precision])


def shifted(origin: datetime, unit: str, count: int) -> Interval:
    """The day, week, weekend, month, year, decade or century so many of them from a moment on.

    Raises
    ------
    ValueError, OverflowError
        It would lie beyond the calendar.
    """
    if unit == "fortnight":
        unit, count = "week", 2 * count
    if unit == "day":
        return day_of(origin + count * DAY)
    if unit in ("week", "weekend"):
        moved = origin + 7 * count * DAY
        return week_of(moved) if unit == "week" else weekend_of(moved)
    if unit == "month":
        moved = origin + relativedelta(months=count)
        return month_interval(moved.year, moved.month)
    if unit == "year":
        return year_interval(origin.year + count)
    size, precision = (10, Precision.DECADE) if unit == "decade" else (100, Precision.CENTURY)
    return years((origin.year // size + count) * size, size, precision)


def weekday(origin: datetime, name: str, step: int) -> Interval:
    """The weekday before a moment (-1), after it (1), or the first from it on (0)."""
    today = datetime(origin.year, origin.month, origin.day, tzinfo=UTC)
    ahead = (WEEKDAYS.index(name[:3].lower()) - today.weekday()) % 7
    if step < 0:
        ahead -= 7
    elif step > 0 and ahead == 0:
        ahead = 7
    return day_of(today + ahead * DAY)


def coarser(first: Precision, second: Precision) -> Precision:
    """The less exact of two."""
    return min(first, second, key=_COARSE_FIRST.index)


def name_of(interval: Interval) -> str:
    """The written form of an interval that starts: "7 May 2023", "May 2023", "2019 – 2021"."""
    start = interval.start
    assert start is not None
    if interval.end is not None:
        if start.weekday() == 0 and interval.end - start == 7 * DAY:
            return f"week of {_name_of(start, Precision.DAY)}"
        last = interval.end - DAY
        begin, end = _name_of(start, interval.precision), _name_of(last, interval.precision)
        return begin if begin == end else f"{begin} – {end}"
    return _name_of(start, interval.precision)


def _name_of(moment: datetime, precision: Precision) -> str:
    match precision:
        case Precision.DAY | Precision.INSTANT:
            return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
        case Precision.MONTH:
            return f"{MONTHS[moment.month - 1]} {moment.year}"
        case Precision.YEAR:
            return str(moment.year)
        case Precision.DECADE:
            return f"{moment.year // 10 * 10}s"
        case Precision.CENTURY:
            return f"{moment.year // 100 + 1}th century"
