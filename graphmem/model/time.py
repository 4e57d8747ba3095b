"""Instants and half-open intervals, in UTC.

Everything outside a store is an aware ``datetime``; a store keeps whole microseconds since 1970
(:func:`to_micros`), so that order and equality survive any back end.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from dateutil import parser as dateutil_parser

from graphmem.errors import InvalidInputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FILL_A = datetime(1904, 1, 1, tzinfo=UTC)
_FILL_B = datetime(1908, 2, 2, 1, 1, tzinfo=UTC)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


class Precision(StrEnum):
    """How exactly an interval's ends are known."""

    CENTURY = "century"
    DECADE = "decade"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    INSTANT = "instant"


WIDTHS: Final = {
    Precision.CENTURY: timedelta(days=36_525),
    Precision.DECADE: timedelta(days=3_653),
    Precision.YEAR: timedelta(days=366),
    Precision.MONTH: timedelta(days=31),
    Precision.DAY: timedelta(days=1),
    Precision.INSTANT: timedelta(0),
}
"""How far from its beginning a time may lie that is known to that precision."""


class Interval(NamedTuple):
    """A half-open span of time ``[start, end)``; an open end is ``None``."""

    start: datetime | None
    end: datetime | None
    precision: Precision = Precision.INSTANT

    def contains(self, moment: datetime) -> bool:
        """Whether `moment` lies in the interval."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share a moment."""
        return (self.start is None or other.end is None or self.start < other.end) and (
            other.start is None or self.end is None or other.start < self.end
        )


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken to be UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def to_micros(moment: datetime | None) -> int | None:
    """Microseconds since 1970-01-01 UTC, or ``None``."""
    return None if moment is None else (as_utc(moment) - _EPOCH) // _MICROSECOND


def from_micros(micros: int | None) -> datetime | None:
    """Inverse of :func:`to_micros`."""
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def year_interval(year: int) -> Interval:
    """The whole of a year, 1 to 9998."""
    return Interval(
        datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), Precision.YEAR
    )


def month_interval(year: int, month: int) -> Interval:
    """The whole of a month."""
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return Interval(
        datetime(year, month, 1, tzinfo=UTC),
        datetime(*following, 1, tzinfo=UTC),
        Precision.MONTH,
    )


def day_interval(year: int, month: int, day: int) -> Interval:
    """The whole of a day."""
    start = datetime(year, month, day, tzinfo=UTC)
    return Interval(start, start + timedelta(days=1), Precision.DAY)


def parse_interval(value: str | date | datetime) -> Interval:
    """Read a time as the interval that it names.

    ``"2021"`` is the year, ``"2021-05"`` the month, ``"2021-05-03"`` the day; anything with a clock
    time is an instant (an interval of one microsecond). Other written forms
    ("1:56 pm on 8 May, 2023") are read by dateutil and must name at least a year.

    Raises
    ------
    InvalidInputError
        Nothing in `value` reads as a time.
    """
    if isinstance(value, datetime):
        start = as_utc(value)
        return Interval(start, start + _MICROSECOND)
    if isinstance(value, date):
        return day_interval(value.year, value.month, value.day)
    text = value.strip()
    partial = _PARTIAL.fullmatch(text)
    try:
        if partial:
            year, month, day = (int(part) if part else None for part in partial.groups())
            assert year is not None
            if month is None:
                return year_interval(year)
            return month_interval(year, month) if day is None else day_interval(year, month, day)
        return _parse_written(text)
    except (ValueError, OverflowError) as cause:
        raise InvalidInputError(
            f"{value!r} is not a time", remedy="Write it as 2024-05-01 or 2024-05-01T12:30:00Z"
        ) from cause


def parse_time(value: str | date | datetime) -> datetime:
    """Read a time as the moment at which it begins; errors as :func:`parse_interval`."""
    start = parse_interval(value).start
    assert start is not None
    return start


def _parse_written(text: str) -> Interval:
    # dateutil fills what is missing from a default: two defaults that differ in every field tell
    # which fields the text itself gave.
    first = as_utc(dateutil_parser.parse(text, default=_FILL_A, fuzzy=True))
    other = as_utc(dateutil_parser.parse(text, default=_FILL_B, fuzzy=True))
    if first.year != other.year:
        raise ValueError("no year")
    if first == other:
        return Interval(first, first + _MICROSECOND)
    if first.month != other.month:
        return year_interval(first.year)
    if first.day != other.day:
        return month_interval(first.year, first.month)
    return day_interval(first.year, first.month, first.day)
