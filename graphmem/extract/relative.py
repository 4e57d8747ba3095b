"""Times that are told from another one: from when it is said ("yesterday"), or from the last date
of the text ("the following year", "two weeks later", "until then").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

from dateutil.relativedelta import relativedelta

from graphmem.extract.dates import MONTH, ORDINALS, Point, in_year
from graphmem.extract.spans import (
    DAY,
    MONTHS,
    SEASONS,
    bounds,
    day_of,
    month_of,
    months,
    name_of,
    part,
    season,
    shifted,
    weekday,
    weekend_of,
)
from graphmem.extract.tense import direction_at
from graphmem.model.time import Interval, Precision, day_interval, month_interval

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
            "ten",
            "eleven",
            "twelve",
        )
    )
    for word in words.split()
} | {"fifteen": 15, "twenty": 20, "thirty": 30}
_N = (
    r"(?:\d{1,3}|an?|one|a\ couple(?:\ of)?|two|a\ few|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve|fifteen|twenty|thirty)"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_UNIT = r"(?:day|week(?:end)?|fortnight|month|year|decade|century)"
_SEASON = r"(?:spring|summer|autumn|fall|winter)"
_ENDS = r"(?=\s*(?:[,.;:!?)]|$|and\b|but\b))"
_FROM_NOW = re.compile(
    rf"""(?<![\w'’])(?=[\dabcdefhilmnopstuwy])(?:
      (?:the\ )?(?P<by_two>day|week(?:end)?|month|year)\ (?P<two>before\ (?:last|yesterday)
        |after\ (?:next|tomorrow))
    | (?P<today>today|tonight|yesterday|tomorrow|this\ (?:morning|afternoon|evening)|last\ night)
    | (?:(?P<which>last|next|this\ past|this\ coming|this|past))\ (?P<what>week(?:end)?|month|year
        |decade|century|{_SEASON}|{_WEEKDAY}|Christmas|{MONTH})
    | (?:the\ )?(?:last|past)\ (?P<span>{_N})\ (?P<span_unit>day|week|month|year|decade)s
    | (?P<count>{_N}|half\ an?)\ (?P<unit>{_UNIT})s?\ (?P<way>ago|from\ now)
    | in\ (?!a\ few)(?P<ahead>{_N})\ (?P<ahead_unit>{_UNIT})s?(?!['’]|\ (?:of|with|and)\b)
    | (?P<weekday>{_WEEKDAY})(?!s|\ (?:before|after)\ (?:the\ )?(?:\d|{MONTH}))
    | the\ (?P<nth>[12]?\d|3[01])(?:st|nd|rd|th)(?=\s*[,.;!?]|\ (?:we|I|he|she|they|it|the|my)\b|$)
    | (?P<feast>Christmas\ Eve|Christmas(?:\ Day)?|New\ Year['’]s\ (?:Eve|Day))
    | (?:the\ )?end\ of\ the\ (?P<end_of>week|month|year)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_FROM_ANCHOR = re.compile(
    rf"""(?<![\w'’])(?=[\dabefilnopstuw])(?:
      (?P<then>until|till|since|by|before|from)\ then(?:\ on)?|(?P<ever>ever\ since)
    | the\ (?P<step>following|next|previous|preceding)\ (?P<step_unit>{_UNIT}|{_SEASON}|{MONTH})
    | (?:later\ |earlier\ )?(?:th(?:at|is)\ same|that|the\ same)
        \ (?P<same>day|week(?:end)?|month|year|decade|century|summer|autumn|winter)
    | (?P<moved>{_N})\ (?P<moved_unit>{_UNIT})s?\ (?P<sense>later|earlier|afterwards?
        |previously|(?:after|before){_ENDS})
    | the\ (?P<beside_unit>day|week(?:end)?|month|year)\ (?P<beside>before|after){_ENDS}
    | the\ (?P<nth_quarter>first|second|third|fourth)\ quarter(?!\ of)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_STEPS: Final = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "year": relativedelta(years=1),
    "decade": relativedelta(years=10),
}
_PRECISIONS: Final = {
    "day": Precision.DAY,
    "week": Precision.DAY,
    "month": Precision.MONTH,
    "year": Precision.YEAR,
    "decade": Precision.DECADE,
}
_MONTH_NAMES: Final = frozenset(month.lower() for month in MONTHS)
_MONTH_STARTS: Final = frozenset(month[:3].lower() for month in MONTHS)
_UNITS: Final = ("month", "decade")
_From = TypeVar("_From", Interval, datetime)
_LAST_YEAR = 9998
_NOT_DONE = re.compile(r"(?:n['’]t|\b(?:not|never|first|ha[sd]|have))\b[^.!?;]*$", re.IGNORECASE)
_CLAUSE = 60


class Moment(NamedTuple):
    """What times are told from: when it is said, and the text's last date so far."""

    now: datetime | None
    anchor: Interval | None


def relatives(text: str, *, is_dated: bool) -> Iterator[re.Match[str]]:
    """Where a text tells times from its own dates, or if it `is_dated` from when it was said."""
    yield from _FROM_ANCHOR.finditer(text)
    if is_dated:
        yield from _FROM_NOW.finditer(text)


def read_relative(match: re.Match[str], moment: Moment) -> Point | None:
    """The time that a match tells, if what it is told from is known."""
    is_anaphoric = match.re is _FROM_ANCHOR
    month = match["step_unit"] if is_anaphoric else match["what"]
    if month and month[:3] in _MONTH_STARTS and month not in _UNITS:
        return None  # "this may be"
    named: Interval | None = None
    try:
        if is_anaphoric and moment.anchor:
            interval = _read(_ANAPHORIC, match, moment.anchor)
            named = moment.anchor if match["then"] or match["ever"] else interval
        elif moment.now and not is_anaphoric:
            today = datetime(moment.now.year, moment.now.month, moment.now.day, tzinfo=UTC)
            named = interval = _read(_DEICTIC, match, today)
    except (OverflowError, ValueError):  # before year 1, after 9999
        return None
    if named is None or named.start is None or interval is None:
        return None
    return Point(match.start(), match.end(), interval, name_of(named), is_relative=True)


def _read(
    kinds: Mapping[str, Callable[[re.Match[str], _From], Interval | None]],
    match: re.Match[str],
    origin: _From,
) -> Interval | None:
    kind = next(kind for kind in kinds if match[kind])
    return kinds[kind](match, origin)


def undated(text: str, point: Point, moment: Moment) -> Interval | None:
    """A day or month without its year: of the text's last date, or nearest to when it is said."""
    direction = direction_at(text, point.start, point.end)
    if direction is None:
        return None
    if moment.anchor is not None and moment.anchor.start is not None:
        return in_year(point, moment.anchor.start.year)
    if moment.now is None:
        return None
    years = (moment.now.year, moment.now.year + (direction or -1))
    found = (in_year(point, year) for year in years if 1 <= year <= _LAST_YEAR)
    return _first(found, moment.now, direction)


def _first(found: Iterable[Interval | None], now: datetime, direction: int) -> Interval | None:
    """The first of some spans that has begun by now, or for the future has not ended."""
    for interval in found:
        if interval is not None:
            start, end = bounds(interval)
            if (end > now) if direction > 0 else (start <= now):
                return interval
    return None


def next_to(interval: Interval, unit: str, count: int, way: str) -> Interval | None:
    """So many units before or after a date: "the week before 9 June", "the Friday before"."""
    start, end = bounds(interval)
    is_before = way in ("before", "preceding")
    if unit.endswith("day") and unit != "day":
        return weekday(start if is_before else end - DAY, unit, -1 if is_before else 1)
    if unit == "weekend":
        weekend = weekend_of(start)
        if is_before and bounds(weekend)[1] > start:
            weekend = weekend_of(start - 7 * DAY)
        return weekend if is_before else weekend_of(start + 7 * DAY * (start.weekday() > 4))
    if unit == "week" and count == 1 and interval.precision is Precision.DAY:
        week = 7 * DAY
        return Interval(*((start - week, start) if is_before else (end, end + week)), Precision.DAY)
    return shifted(start, unit, -count if is_before else count)


def number(written: str) -> int:
    """A number from its digits or its word; "a couple of" is two."""
    word = written.lower().removesuffix(" of").removeprefix("a ") or "a"
    return int(word) if word.isdigit() else _NUMBERS[word]


def _then(match: re.Match[str], anchor: Interval) -> Interval:
    """ "Until then", "since then", "ever since"."""
    word = (match["then"] or "since").lower()
    if word in ("since", "from"):
        return anchor._replace(end=None)
    return anchor._replace(start=None, end=anchor.start if word == "before" else anchor.end)


def _following(match: re.Match[str], anchor: Interval) -> Interval | None:
    count = -1 if match["step"].lower() in ("previous", "preceding") else 1
    return _step(match["step_unit"].lower(), anchor, count)


def _later(match: re.Match[str], anchor: Interval) -> Interval | None:
    is_back = match["sense"].lower() in ("earlier", "before", "previously")
    count = number(match["moved"])
    return _step(match["moved_unit"].lower(), anchor, -count if is_back else count)


def _beside(match: re.Match[str], anchor: Interval) -> Interval | None:
    count = -1 if match["beside"].lower() == "before" else 1
    return _step(match["beside_unit"].lower(), anchor, count)


def _quarter(match: re.Match[str], anchor: Interval) -> Interval | None:
    nth = ORDINALS.index(match["nth_quarter"].lower())
    year = (anchor.start or bounds(anchor)[1]).year
    return months(year, 3 * nth + 1, 3 * nth + 3)


def _step(unit: str, anchor: Interval, count: int) -> Interval | None:
    """So many units from a date on; ``None`` where the date is not known that exactly."""
    fineness = {"day": 0, "week": 0, "weekend": 0, "fortnight": 0, "month": 1}.get(unit, 2)
    known = {Precision.DAY: 0, Precision.INSTANT: 0, Precision.MONTH: 1}.get(anchor.precision, 2)
    start = anchor.start or anchor.end
    if start is None or known > fineness:
        return None
    last = (anchor.end - DAY) if anchor.end and count > 0 else start
    if unit in SEASONS:
        return season(unit, start.year + count)
    if unit in _MONTH_NAMES:
        month = month_of(unit)
        return month_interval(start.year + (count > 0 and month <= start.month), month)
    return shifted(last, unit, count)


def _today(match: re.Match[str], today: datetime) -> Interval:
    shift = {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(match["today"].lower(), 0)
    return day_of(today + shift * DAY)


def _which(match: re.Match[str], today: datetime) -> Interval:
    which = match["which"].lower()
    step = -1 if "past" in which or which == "last" else int(which == "next")
    return _named(match["what"].lower(), today, step)


def _span(match: re.Match[str], today: datetime) -> Interval:
    """ "The past three years", up to today."""
    unit, count = match["span_unit"].lower(), number(match["span"])
    return Interval(today - _STEPS[unit] * count, today + DAY, _PRECISIONS[unit])


def _ahead(match: re.Match[str], today: datetime) -> Interval | None:
    """ "In two weeks", but not what has not been done in two weeks."""
    if _NOT_DONE.search(match.string[max(0, match.start() - _CLAUSE) : match.start()]):
        return None
    return shifted(today, match["ahead_unit"].lower(), number(match["ahead"]))


def _end_of(match: re.Match[str], today: datetime) -> Interval:
    whole = shifted(today, match["end_of"].lower(), 0)
    if whole.precision is Precision.DAY:
        return whole._replace(start=bounds(whole)[0] + 4 * DAY)
    return part(whole, "late")


def _by_two(match: re.Match[str], today: datetime) -> Interval:
    """ "The week before last", "the day after tomorrow"."""
    unit, words = match["by_two"].lower(), match["two"].lower().split()
    step = -1 if words[0] == "before" else 1
    if words[1] in ("yesterday", "tomorrow"):
        return shifted(today + step * DAY, unit, step)
    return shifted(today, unit, 2 * step)


def _counted(match: re.Match[str], today: datetime) -> Interval:
    unit, written = match["unit"].lower(), match["count"].lower()
    sign = 1 if match["way"].lower() == "from now" else -1
    if written.startswith("half "):
        finer, count = {"year": ("month", 6), "month": ("week", 2), "decade": ("year", 5)}.get(
            unit, ("day", 1)
        )
        return shifted(today, finer, sign * count)
    return shifted(today, unit, sign * number(written))


def _bare_weekday(match: re.Match[str], today: datetime) -> Interval | None:
    direction = direction_at(match.string, match.start(), match.end())
    return None if direction is None else weekday(today, match["weekday"], direction or -1)


def _bare_day(match: re.Match[str], today: datetime) -> Interval | None:
    """ "On the 12th"."""
    direction = direction_at(match.string, match.start(), match.end())
    if direction is None:
        return None
    point = Point(match.start(), match.end(), None, "", 0, int(match["nth"]))
    moved = [today + relativedelta(months=n * (direction or -1)) for n in range(3)]
    found = (in_year(point._replace(month=m.month), m.year) for m in moved)
    return _first(found, today, direction)


def _bare_feast(match: re.Match[str], today: datetime) -> Interval | None:
    direction = direction_at(match.string, match.start(), match.end())
    if direction is None:
        return None
    point = Point(match.start(), match.end(), None, "", *_feast(match["feast"]))
    years = (today.year, today.year + (direction or -1))
    return _first((in_year(point, year) for year in years), today, direction)


def _feast(name: str) -> tuple[int, int]:
    words = name.lower().replace("’", "'").split()
    if words[0] == "christmas":
        return 12, 24 if words[-1] == "eve" else 25
    return (12, 31) if words[-1] == "eve" else (1, 1)


def _named(what: str, today: datetime, step: int) -> Interval:
    """Last, this or next week, month, season, weekday, feast or month by name."""
    if what in ("week", "weekend", "month", "year", "decade", "century"):
        return shifted(today, what, step)
    if what.endswith("day"):
        return weekday(today, what, step)
    if what in SEASONS:
        this = season(what, today.year)
        start, end = bounds(this)
        begun = start <= today
        if step < 0:
            return this if end <= today else season(what, today.year - 1)
        return season(what, today.year + 1) if step > 0 and begun else this
    if what == "christmas":
        year = today.year + (step if (today.month, today.day) < (12, 25) and step < 0 else 0)
        return day_interval(year, 12, 25)
    month, year = month_of(what), today.year
    if step < 0 and month >= today.month:
        year -= 1
    elif step > 0 and month <= today.month:
        year += 1
    return month_interval(year, month)


_ANAPHORIC: Final[dict[str, Callable[[re.Match[str], Interval], Interval | None]]] = {
    "then": _then,
    "ever": _then,
    "step": _following,
    "same": lambda match, anchor: _step(match["same"].lower(), anchor, 0),
    "moved": _later,
    "beside": _beside,
    "nth_quarter": _quarter,
}
_DEICTIC: Final[dict[str, Callable[[re.Match[str], datetime], Interval | None]]] = {
    "by_two": _by_two,
    "today": _today,
    "which": _which,
    "span": _span,
    "count": _counted,
    "ahead": _ahead,
    "end_of": _end_of,
    "weekday": _bare_weekday,
    "nth": _bare_day,
    "feast": _bare_feast,
}
