"""Dates as they are written out: days, months, years, decades and centuries, each by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from graphmem.extract.lexicon import STOP
from graphmem.extract.spans import month_of, name_of, years
from graphmem.model.time import Interval, Precision, day_interval, month_interval, year_interval

MONTH: Final = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
ORDINALS: Final = (
    """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first"""
).split()
_TENS: Final = {
    name: 10 * number
    for number, name in enumerate(
        "twenties thirties forties fifties sixties seventies eighties nineties".split(), 2
    )
}
_TH = r"(?:st|nd|rd|th)?"
_TO = r"\s?(?:[-–/]|to|and|until)\s?"
_ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|(?:{'|'.join(reversed(ORDINALS))}))"
_POINT = re.compile(
    rf"""\b(?=[\dJFMASOND])(?:
      (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})(?!\d)
    | (?P<days_d>\d{{1,2}}){_TH}{_TO}(?P<days_to>\d{{1,2}}){_TH}(?:\ of)?\ (?P<days_m>{MONTH})\b
        (?:,?\ (?P<days_y>\d{{3,4}})\b)?
    | (?P<mdays_m>{MONTH})\ (?P<mdays_d>\d{{1,2}}){_TH}{_TO}(?P<mdays_to>\d{{1,2}}){_TH}\b(?!\d|:)
        (?:,?\ (?P<mdays_y>\d{{4}})\b)?
    | (?P<dmy_d>\d{{1,2}}){_TH}(?:\ of)?\ (?P<dmy_m>{MONTH})\b(?:,?\ (?P<dmy_y>\d{{3,4}})\b)?
    | (?P<mdy_m>{MONTH})\ (?P<mdy_d>\d{{1,2}}){_TH}\b(?!\d|:)(?:,?\ (?P<mdy_y>\d{{4}})\b)?
    | (?P<my_m>{MONTH}),?\ (?:of\ )?(?P<my_y>\d{{3,4}})\b
    | (?P<month>{MONTH})\b
    | (?P<decade>\d{{3}}0)['’]?s\b
    | (?<=AD\ )(?P<ad>\d{{1,2}})\b
    | (?<!\d)(?P<short>\d0)s\b
    | (?<!\d-)(?P<from>\d{{4}})\ ?[-–/]\ ?(?P<to>\d{{1,2}})(?![\w-])
    | (?P<year>\d{{3,4}})(?![.,]\d|-\d{{1,2}}\b|\w|\ ?%)
    )""",
    re.VERBOSE,
)
_CENTURY = re.compile(
    rf"""\b(?:(?P<first>{_ORDINAL})(?=\s*(?:,|and|to|or|–|-)\s*(?:the\s+)?
            (?:(?:early|mid|late)[\s-]+)?{_ORDINAL}[\s-]+centur)
        | (?P<century>{_ORDINAL})[\s-]+centur(?:y|ies)\b)""",
    re.VERBOSE | re.IGNORECASE,
)
_DECADE = re.compile(rf"(?<=\bthe )(?P<tens>{'|'.join(_TENS)})\b", re.IGNORECASE)
_BC = re.compile(r"[\s-]?(?:BCE?\b|B\.\s?C\.)|\s?[–-]\s?\d+\s?BCE?\b")
_AD_BEFORE = re.compile(r"\bA\.?D\.?\s?$")
_AD_AFTER = re.compile(r"\s?(?:AD|CE)\b")
_SHORT_BEFORE = re.compile(r"(?:['’]|\bthe )$")
_BEFORE_YEARS: Final = frozenset(
    "in since until after before between from died born c. ca. circa d. b. around about".split()
)
_COUNTED = re.compile(r"\s+(?:(?:and|or|to)\s+\d+\s+)?([a-z]+)")
_UNITS: Final = frozenset(
    """people men women metres meters feet kilometres kilometers km miles m ft mi dollars euros
    pounds tons tonnes seats students soldiers copies acres hectares points votes years days hours
    species members inhabitants residents yards""".split()
)
_NUMBERED = re.compile(
    r"(?:\b(?:Room|Flight|Route|Highway|Boeing|Model|Unit|Apartment|Channel|No\.|Number|number|Area"
    r"|Building|Suite|Line|Class|Type)|[#$£€])\s?$"
)
_IN_YEAR = re.compile(
    r"\b(?:in|since|by|until|from|before|after|year|the|early|mid|late)[ -]$", re.IGNORECASE
)


_LAST_CENTURY = 99


class Point(NamedTuple):
    """A single time. Without a year, `interval` is ``None``, and month and day are what is known.

    `until` is the last day of a range of days in one month.
    """

    start: int
    end: int
    interval: Interval | None
    name: str
    month: int = 0
    day: int = 0
    until: int = 0
    is_bare_year: bool = False
    is_relative: bool = False


def points(text: str) -> Iterator[Point]:
    """All dates in a text; a bare number is one that may be a year."""
    for match in _POINT.finditer(text):
        if _BC.match(text, match.end()):
            continue
        try:
            point = _point(match)
        except (OverflowError, ValueError):  # 31 June, the year 0, 1985-04, 31 December 9999
            continue
        if point:
            yield point
    if "entur" in text:
        for match in _CENTURY.finditer(text):
            number = _ordinal(match["first"] or match["century"])
            if 0 < number < _LAST_CENTURY and not _BC.match(text, match.end()):
                yield Point(*match.span(), _century(number), match[0])
    if "ties" in text:
        for match in _DECADE.finditer(text):
            first = 1900 + _TENS[match["tens"].lower()]
            yield Point(*match.span(), years(first, 10, Precision.DECADE), match[0])


def _ordinal(written: str) -> int:
    digits = re.match(r"\d+", written)
    return int(digits[0]) if digits else ORDINALS.index(written.lower()) + 1


def _century(number: int) -> Interval:
    first = (number - 1) * 100
    return years(first or 1, 100 if first else 99, Precision.CENTURY)


def is_year(text: str, point: Point, before: str) -> bool:
    """Whether a bare number is a year: it looks like one, or what stands around it says so.

    `before` is the preposition before it.
    """
    written = text[point.start : point.end]
    lead = text[max(0, point.start - 12) : point.start]
    if _AD_BEFORE.search(lead) or _AD_AFTER.match(text, point.end):
        return True
    counted = _COUNTED.match(text, point.end)
    word = counted[1] if counted else ""
    if len(written) == 4:
        is_count = word in _UNITS or (
            re.search(r"[^isu]s$", word) is not None
            and word not in STOP
            and not _IN_YEAR.search(lead)
        )
        return "1000" <= written < "2100" and not is_count and not _NUMBERED.search(lead)
    return before in _BEFORE_YEARS and (not word or word in STOP)


def in_year(point: Point, year: int) -> Interval | None:
    """A day or month without its year, in a year; ``None`` for 29 February of most."""
    try:
        return _days(year, point.month, point.day, point.until)
    except (OverflowError, ValueError):
        return None


def _days(year: int, month: int, day: int, until: int) -> Interval:
    if not day:
        return month_interval(year, month)
    first = day_interval(year, month, day)
    if not until:
        return first
    if until <= day:
        raise ValueError(f"days {day} to {until}")
    return first._replace(end=day_interval(year, month, until).end)


def _point(match: re.Match[str]) -> Point | None:
    start, end, written = match.start(), match.end(), match.group()
    if match["short"] and not _SHORT_BEFORE.search(match.string[max(0, start - 4) : start]):
        return None
    order = next((o for o in ("days", "mdays", "dmy", "mdy") if match[f"{o}_d"]), "")
    if order:
        return _day_point(match, order)
    if match["month"]:
        return Point(start, end, None, written, month_of(written))
    if match["year"] or match["ad"]:
        return Point(start, end, year_interval(int(written)), written, is_bare_year=True)
    interval = _part_of_calendar(match)
    return Point(start, end, interval, name_of(interval) if match["my_m"] else written)


def _part_of_calendar(match: re.Match[str]) -> Interval:
    if match["iso"]:
        return day_interval(*map(int, match["iso"].split("-")))
    if match["my_m"]:
        return month_interval(int(match["my_y"]), month_of(match["my_m"]))
    if match["decade"]:
        return years(int(match["decade"]), 10, Precision.DECADE)
    if match["short"]:
        return years(1900 + int(match["short"]), 10, Precision.DECADE)
    first, last = int(match["from"]), match["to"]
    base = 10 ** len(last)
    return years(first, first - first % base + int(last) - first + 1, Precision.YEAR)


def _day_point(match: re.Match[str], order: str) -> Point | None:
    day, year = int(match[f"{order}_d"]), match[f"{order}_y"]
    until = int(match[f"{order}_to"]) if order in ("days", "mdays") else 0
    if not 1 <= day <= 31:
        return None
    month = month_of(match[f"{order}_m"])
    interval = _days(int(year), month, day, until) if year else None
    name = name_of(interval) if interval and not until else match.group()
    return Point(match.start(), match.end(), interval, name, month, day, until)
