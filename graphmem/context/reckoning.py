"""Times and lengths of time in words: how exactly they are known is how exactly they are said."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from graphmem.context.occurrences import moment_of
from graphmem.extract.spans import coarser, name_of
from graphmem.model.knowledge import FactKind
from graphmem.model.time import Interval, Precision
from graphmem.model.timeline import Entry

_DAYS: Final = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
_FOR: Final = re.compile(
    r"\b(?:for|over|lasted|took|taking)\s+((?:about|around|almost|nearly|over|more than|the past"
    r"|the last|some)?\s*(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|several|a few|many|half a|a couple of)\s+(?:minutes?|hours?|days?|weeks?|months?|years?"
    r"|decades?|centur(?:y|ies)))\b",
    re.IGNORECASE,
)
_SHARPEST: Final = {
    Precision.INSTANT: "day",
    Precision.DAY: "day",
    Precision.MONTH: "month",
    Precision.YEAR: "year",
    Precision.DECADE: "year",
    Precision.CENTURY: "year",
}


def counted(count: int, noun: str) -> str:
    """``1 time``, ``3 times``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def written(valid: Interval, *, bare: bool = False) -> str:
    """An interval as people write it: ``7 May 2023``, ``since 2019``, ``until March 2020``.

    A `bare` one leaves out "since" and "until".
    """
    if valid.start is None:
        assert valid.end is not None
        last = Interval(valid.end - timedelta(microseconds=1), None, valid.precision)
        return name_of(last) if bare else f"until {name_of(last)}"
    if valid.end is None:
        return name_of(valid) if bare else f"since {name_of(valid)}"
    return name_of(valid)


def said_when(entry: Entry) -> str:
    """When it was; "told" where only that is known."""
    moment = moment_of(entry) if entry.kind is FactKind.EVENT else entry.valid
    if entry.is_dated and moment is not None:
        return written(moment)
    return f"told on {entry.said_at:%-d %B %Y}" if entry.said_at else "without a date"


def said_over(entry: Entry) -> str:
    """From when to when something was that has ended; until when, if something else ended it."""
    if entry.superseded_by and entry.valid_to is not None:
        return f"until {name_of(Interval(entry.valid_to, None, entry.valid.precision))}"
    return written(entry.valid)


def distance(first: Interval, second: Interval, *, unit: str = "") -> str:
    """How long from the start of one to that of the other, as exactly as both are known."""
    assert first.start is not None
    assert second.start is not None
    return _length(
        abs(second.start - first.start), coarser(first.precision, second.precision), unit=unit
    )


def lasting(entry: Entry, *, unit: str = "") -> str:
    """How long something was so: as it is told, or from its ends; empty if neither is known."""
    told = _FOR.search(entry.text)
    if told:
        return told[1].strip().capitalize()
    valid, precision = entry.valid, entry.precision or Precision.DAY
    if valid.start is None:
        return ""
    if valid.end is None:
        return f"Since {written(valid, bare=True)}, as far as is known"
    length, unit_days = valid.end - valid.start, _DAYS[_SHARPEST[precision]]
    if length.total_seconds() <= 1.5 * unit_days * 86_400:
        return ""  # when it was, not how long
    if unit_days > 1 and not entry.superseded_by:
        # From some time in the first to some time in the last; what ended it began after the last.
        length -= timedelta(days=unit_days)
    return _length(length, precision, unit=unit)


def _length(length: timedelta, precision: Precision, *, unit: str) -> str:
    """A length of time in `unit`, or in the unit that says it best; "about" if it is not exact."""
    days = length.total_seconds() / 86_400
    sharpest = _SHARPEST[precision]
    if not unit:
        unit = next(
            (name for name in ("year", "month", "week", "day") if days >= 2 * _DAYS[name]), "day"
        )
        if unit == "week" and days % 7:
            unit = "day"
    if _DAYS[unit] < _DAYS[sharpest]:
        unit = sharpest
    count = round(days / _DAYS[unit])
    is_exact = unit == sharpest == "day" or (unit == "week" and sharpest == "day" and not days % 7)
    return counted(count, unit) if is_exact else f"About {counted(count, unit)}"
