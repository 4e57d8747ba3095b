"""Times in a text: dates, parts of dates, ranges, and words like "yesterday", as intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from dateutil.relativedelta import relativedelta

from graphmem.extract.lexicon import STOP
from graphmem.model.time import (
    Interval,
    Precision,
    day_interval,
    month_interval,
    year_interval,
)

_MONTH_NAMES: Final = (
    "January February March April May June July August September October November December".split()
)
_MONTHS: Final = {name[:3].lower(): number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS: Final = {
    name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
}
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        (
            "",
            "a an one",
            "two couple",
            "three few",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
        ),
    )
    for word in words.split()
} | {"ten": 10, "eleven": 11, "twelve": 12}
_M = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_POINT = re.compile(
    rf"""\b(?:
      (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})(?!\d)
    | (?P<dmy_d>\d{{1,2}})(?:st|nd|rd|th)?(?:\ of)?\ (?P<dmy_m>{_M})\b
        (?:,?\ (?P<dmy_y>\d{{3,4}})\b)?
    | (?P<mdy_m>{_M})\ (?P<mdy_d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d|:)(?:,?\ (?P<mdy_y>\d{{4}})\b)?
    | (?P<my_m>{_M}),?\ (?:of\ )?(?P<my_y>\d{{3,4}})\b
    | (?P<month>{_M})\b
    | (?P<decade>\d{{3}}0)['’]?s\b
    | (?P<century>\d{{1,2}})(?:st|nd|rd|th)[\ -][cC]entury\b
    | (?<!\d-)(?P<from>\d{{4}})\ ?[-–]\ ?(?P<to>\d{{2}})(?![\w-])
    | (?P<year>\d{{3,4}})(?![.,]\d|-\d{{1,2}}\b|\w|\ ?%)
    )""",
    re.VERBOSE,
)
_RELATIVE = re.compile(
    rf"""\b(?:
      (?P<day>today|tonight|yesterday|tomorrow|this\ (?:morning|afternoon|evening)|last\ night)
    | (?P<which>last|next|this|past)\ (?P<what>week(?:end)?|month|year|spring|summer|autumn|fall
        |winter|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|{_M})
    | (?P<count>\d{{1,3}}|an?|one|two|a\ couple\ of|a\ few|three|four|five|six|seven|eight|nine
        |ten|eleven|twelve)\ (?P<unit>day|week|weekend|month|year)s?\ ago
    | in\ (?P<ahead>\d{{1,3}}|an?|one|two|a\ couple\ of|three|four|five|six)
        \ (?P<ahead_unit>day|week|month|year)s?
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(from|between|since|until|till|up to|by|before|prior to|after|through|through to|in|on|at"
    r"|of|during|around|about|circa|c\.|ca\.|late|early|mid|born|died|d\.|b\.)[\s-]*(?:the\s+)?"
    r"(?:(?:late|early|mid|end of|beginning of|year|circa|c\.|about|around)[\s-]*)?$",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s*,?\s*(to|until|till|through|and|or|[-–—])\s*(?:the\s+)?", re.IGNORECASE)
_BEFORE_YEARS: Final = frozenset(
    "in since until after before between from died born c. ca. circa d. b. around about".split()
)
_COUNTED = re.compile(r"\s+(?:(?:and|or|to)\s+\d+\s+)?([a-z]+)")
_LOOK_BACK = 30
_DAY = timedelta(days=1)


class TimeSpan(NamedTuple):
    """A time in a text: characters ``[start, end)``, what it names, and the interval it gives.

    `name` is the time itself, resolved ("7 May 2023" for "yesterday"); `interval` takes the words
    around it into account: after "since" it has no end. `is_relative` says that `name` had to be
    worked out from when the text was written.
    """

    start: int
    end: int
    name: str
    interval: Interval
    is_relative: bool = False


class _Point(NamedTuple):
    """A single time. Without a year, `interval` is ``None`` and month and day are what is known."""

    start: int
    end: int
    interval: Interval | None
    name: str
    month: int = 0
    day: int = 0
    is_bare_year: bool = False
    is_relative: bool = False


def find_times(text: str, *, now: datetime | None = None) -> list[TimeSpan]:
    """Times in a text, in order.

    Parameters
    ----------
    now
        When the text was written or said: what "yesterday", or a month without its year, refers
        to. Without it, those stay unread.
    """
    points = [*_points(text), *(_relatives(text, now) if now else ())]
    points.sort()
    found: list[TimeSpan] = []
    position = 0
    while position < len(points):
        point = points[position]
        following = points[position + 1] if position + 1 < len(points) else None
        before = _word_before(text, point.start)
        joint = _JOINT.fullmatch(text, point.end, following.start) if following else None
        span = None
        if following and joint and _makes_range(text, joint[1].lower(), before, point, following):
            span = _range(point, following)
        if span:
            found.append(span)
            position += 2
            continue
        span = _single(text, point, before, now)
        if span and not (found and span.start < found[-1].end):
            found.append(span)
        position += 1
    return found


def name_of(interval: Interval) -> str:
    """The written form of an interval that starts: "7 May 2023", "May 2023", "2023"."""
    start = interval.start
    assert start is not None
    match interval.precision:
        case Precision.DAY | Precision.INSTANT:
            return f"{start.day} {_MONTH_NAMES[start.month - 1]} {start.year}"
        case Precision.MONTH:
            return f"{_MONTH_NAMES[start.month - 1]} {start.year}"
        case Precision.YEAR:
            return str(start.year)
        case Precision.DECADE:
            return f"{start.year}s"
        case Precision.CENTURY:
            return f"{start.year // 100 + 1}th century"


def _points(text: str) -> Iterator[_Point]:
    for match in _POINT.finditer(text):
        try:
            point = _point(match)
        except ValueError:  # 31 June, the year 0, 1985-04
            continue
        if point:
            yield point


def _point(match: re.Match[str]) -> _Point | None:
    start, end, written = match.start(), match.end(), match.group()
    if match["dmy_d"] or match["mdy_d"]:
        return _day_point(match)
    if match["month"]:
        return _Point(start, end, None, written, _month_of(written))
    if match["year"]:
        interval = year_interval(int(written))
        return _Point(start, end, interval, written, is_bare_year=True)
    interval = _part_of_calendar(match)
    name = name_of(interval) if match["my_m"] else written
    return _Point(start, end, interval, name) if interval else None


def _part_of_calendar(match: re.Match[str]) -> Interval:
    if match["iso"]:
        return day_interval(*map(int, match["iso"].split("-")))
    if match["my_m"]:
        return month_interval(int(match["my_y"]), _month_of(match["my_m"]))
    if match["decade"]:
        return _years(int(match["decade"]), 10, Precision.DECADE)
    if match["century"]:
        return _years((int(match["century"]) - 1) * 100 or 1, 100, Precision.CENTURY)
    first = int(match["from"])
    last = first - first % 100 + int(match["to"])
    return _years(first, last - first + 1, Precision.YEAR)


def _day_point(match: re.Match[str]) -> _Point | None:
    order = "dmy" if match["dmy_d"] else "mdy"
    month, day = _month_of(match[f"{order}_m"]), int(match[f"{order}_d"])
    year = match[f"{order}_y"]
    interval = day_interval(int(year), month, day) if year else None
    name = name_of(interval) if interval else match.group()
    if not 1 <= day <= 31:
        return None
    return _Point(match.start(), match.end(), interval, name, month, day)


def _years(first: int, count: int, precision: Precision) -> Interval:
    if count < 1:
        raise ValueError(f"{count} years")
    return Interval(
        datetime(first, 1, 1, tzinfo=UTC), datetime(first + count, 1, 1, tzinfo=UTC), precision
    )


def _month_of(name: str) -> int:
    return _MONTHS[name[:3].lower()]


def _word_before(text: str, start: int) -> str:
    match = _BEFORE.search(text[max(0, start - _LOOK_BACK) : start])
    return match[1].lower() if match else ""


def _makes_range(text: str, joint: str, before: str, first: _Point, second: _Point) -> bool:
    if joint == "and":
        is_range = before == "between"
    elif joint == "or":
        is_range = before != "" and first.interval is not None
    else:
        is_range = True
    return is_range and all(
        not point.is_bare_year or _is_year(text, point, before) for point in (first, second)
    )


def _range(first: _Point, second: _Point) -> TimeSpan | None:
    """From the start of one to the end of the other; the first borrows the other's year."""
    if second.interval is None or second.interval.start is None:
        return None
    begin = first.interval or _in_year(first, second.interval.start.year)
    if begin is None or begin.start is None or second.interval.end is None:
        return None
    if begin.start >= second.interval.end:
        return None
    precision = begin.precision
    interval = Interval(begin.start, second.interval.end, precision)
    return TimeSpan(first.start, second.end, f"{first.name} – {second.name}", interval)


def _in_year(point: _Point, year: int) -> Interval | None:
    try:
        if point.day:
            return day_interval(year, point.month, point.day)
        return month_interval(year, point.month)
    except ValueError:
        return None


def _single(text: str, point: _Point, before: str, now: datetime | None) -> TimeSpan | None:
    interval = point.interval
    if interval is None:
        is_word = point.day == 0 and not before
        interval = _nearest_past(point, now) if now and not is_word else None
        if interval is None:
            return None
        point = point._replace(name=name_of(interval), is_relative=True)
    elif point.is_bare_year and not _is_year(text, point, before):
        return None
    interval = _opened(interval, before)
    return TimeSpan(point.start, point.end, point.name, interval, point.is_relative)


def _is_year(text: str, point: _Point, before: str) -> bool:
    """Whether a bare number is a year: it looks like one, or what stands around it says so."""
    written = text[point.start : point.end]
    if len(written) == 4:
        return "1000" <= written < "2100"
    counted = _COUNTED.match(text, point.end)
    return before in _BEFORE_YEARS and (counted is None or counted[1] in STOP)


def _opened(interval: Interval, before: str) -> Interval:
    """The interval, opened by the word before it."""
    match before:
        case "since" | "from":
            return interval._replace(end=None)
        case "after":
            return interval._replace(start=interval.end, end=None)
        case "until" | "till" | "up to" | "through" | "through to" | "by":
            return interval._replace(start=None)
        case "before" | "prior to":
            return interval._replace(start=None, end=interval.start)
        case _:
            return interval


def _nearest_past(point: _Point, now: datetime) -> Interval | None:
    """The last such month or day that has begun by `now`."""
    for year in (now.year, now.year - 1):
        interval = _in_year(point, year) if year >= 1 else None
        if interval and interval.start and interval.start <= now:
            return interval
    return None


def _relatives(text: str, now: datetime) -> Iterator[_Point]:
    for match in _RELATIVE.finditer(text):
        try:
            interval = _relative(match, now)
        except (OverflowError, ValueError):  # before year 1, after 9999
            continue
        if interval:
            is_week = interval.precision is Precision.DAY and (
                interval.end is not None
                and interval.start is not None
                and interval.end - interval.start > _DAY
            )
            name = ("week of " if is_week else "") + name_of(interval)
            yield _Point(match.start(), match.end(), interval, name, is_relative=True)


def _relative(match: re.Match[str], now: datetime) -> Interval | None:
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    if match["day"]:
        word = match["day"].lower()
        shift = {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(word, 0)
        return _day(today + shift * _DAY)
    if match["which"]:
        step = {"last": -1, "past": -1, "next": 1}.get(match["which"].lower(), 0)
        return _named(match["what"].lower(), today, step)
    if match["count"]:
        return _shifted(today, match["unit"].lower(), -_number(match["count"]))
    return _shifted(today, match["ahead_unit"].lower(), _number(match["ahead"]))


def _number(written: str) -> int:
    word = written.lower().removeprefix("a ").removesuffix(" of") or "a"
    return int(word) if word.isdigit() else _NUMBERS[word]


def _day(start: datetime) -> Interval:
    return day_interval(start.year, start.month, start.day)


def _named(what: str, today: datetime, step: int) -> Interval | None:
    """Last, this or next week, month, season, weekday or month by name."""
    monday = today - today.weekday() * _DAY + step * 7 * _DAY
    if what == "week":
        return Interval(monday, monday + 7 * _DAY, Precision.DAY)
    if what == "weekend":
        return Interval(monday + 5 * _DAY, monday + 7 * _DAY, Precision.DAY)
    if what == "month":
        moved = today + relativedelta(months=step)
        return month_interval(moved.year, moved.month)
    if what[:3] in _WEEKDAYS and what.endswith("day"):
        ahead = (_WEEKDAYS[what[:3]] - today.weekday()) % 7
        if step < 0:
            ahead -= 7
        elif step > 0 and ahead == 0:
            ahead = 7
        return _day(today + ahead * _DAY)
    if what[:3] in _MONTHS:
        return _named_month(_MONTHS[what[:3]], today, step)
    return year_interval(today.year + step) if what == "year" else None


def _named_month(month: int, today: datetime, step: int) -> Interval:
    year = today.year
    if step < 0 and month >= today.month:
        year -= 1
    elif step > 0 and month <= today.month:
        year += 1
    return month_interval(year, month)


def _shifted(today: datetime, unit: str, count: int) -> Interval:
    if unit in ("week", "weekend"):
        monday = today - today.weekday() * _DAY + 7 * count * _DAY
        start = monday + 5 * _DAY if unit == "weekend" else monday
        return Interval(start, monday + 7 * _DAY, Precision.DAY)
    if unit == "day":
        return _day(today + count * _DAY)
    if unit == "month":
        moved = today + relativedelta(months=count)
        return month_interval(moved.year, moved.month)
    return year_interval(today.year + count)
