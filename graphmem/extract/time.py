"""Times in a text: dates, parts of dates, ranges, and words like "yesterday", as intervals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from graphmem.extract.dates import ORDINALS, Point, in_year, is_year, points
from graphmem.extract.relative import (
    Moment,
    next_to,
    number,
    read_relative,
    relatives,
    undated,
)
from graphmem.extract.spans import (
    MONTHS,
    coarser,
    fraction,
    month_of,
    name_of,
    part,
    season,
)
from graphmem.model.time import Interval, Precision

_BEFORE = re.compile(
    r"\b(from|between|since|until|till|up to|by|before|prior to|after|through|through to|in|on|at"
    r"|of|during|around|about|approximately|circa|c\.|ca\.|born|died|d\.|b\.)[\s-]*(the\s+)?"
    r"(?:(?:year|night of|morning of|evening of)\s+(?:the\s+)?)?(c\.|ca\.|circa|about|around)?\s*$",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"\s*,?\s*(to|until|till|through|and|or|[-–—]|/)\s*(?:the\s+)?"
    r"(by|before|after|c\.|ca\.|circa|about|around)?\s*",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\s*(?:to|until|till|through|[-–—])\s*(?:the\s+)?(?:present(?:\s+day)?|now|date|today)\b",
    re.IGNORECASE,
)
_CIRCA: Final = frozenset("c. ca. circa about around approximately".split())
_WHICH: Final = {
    **dict.fromkeys(("early", "beginning", "start"), "early"),
    **dict.fromkeys(("mid", "middle"), "mid"),
    **dict.fromkeys(("late", "end", "close"), "late"),
}
_W = r"early|beginning|start|mid(?:dle)?|late|end|close"
_PART = re.compile(
    rf"""\b(?:
      (?P<which>{_W})(?:[\s-]*(?:to|and|or|–|/)[\s-]*(?P<until>{_W}))?(?:[\s-]+|$)
        (?:(?:part|years?|months|days|weeks)\s+)?(?:of\s+)?(?:the\s+)?(?:year\s+)?
    | (?P<nth>first|second|third|fourth|last|1st|2nd|3rd|4th)\s+(?P<of>half|quarter)
        \s+of\s+(?:the\s+)?
    | Q(?P<quarter>[1-4])\s+(?:of\s+)?
    | (?P<season>spring|summer|autumn|fall|winter)(?:\s+of)?\s+(?:the\s+)?
    | (?:(?P<day>\d{{1,2}})\s+)?(?P<month>{"|".join(MONTHS)})\s+of\s+
    | (?:the\s+)?(?P<count>an?|one|two|three|four|five|six|\d{{1,3}})?\s*
        (?P<unit>day|week|weekend|month|year|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)s?
        \s+(?P<way>before|after|following|preceding)\s+(?:the\s+)?
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_NTH: Final = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4} | {
    word: number for number, word in enumerate(ORDINALS, start=1)
}
_LONG: Final = (Precision.DECADE, Precision.CENTURY)
_SHORT: Final = (Precision.YEAR, Precision.MONTH)
_CLAUSE_START = re.compile(r"(?:^|[.;!?]\s+|\n)(?:In|By|On|Since|Until|During)\s+$")
_ONWARDS = re.compile(r"\s*,?\s*(?:until|till|to|through|onwards?|on)\b")
_LAST_WORD = re.compile(r"[^\s(\[,;-]+$")
_PART_ENDS: Final = frozenset(
    """early beginning start mid middle late end close part year years month months days weeks of
    the q1 q2 q3 q4 spring summer autumn fall winter before after following preceding""".split()
)
_BEFORE_ENDS: Final = frozenset(
    """from between since until till to by before after through in on at of during around about
    approximately circa c. ca. born died d. b. the year""".split()
)
_LOOK_BACK, _LONGEST_WORD = 48, 16
_FAR = 400


class TimeSpan(NamedTuple):
    """A time in a text: characters ``[start, end)``, what it names, and the interval it gives.

    `name` is the time itself, resolved ("7 May 2023" for "yesterday"); `interval` takes the words
    around it into account: after "since" it has no end. `is_relative` says that `name` had to be
    worked out from when the text was written, or from another date in it.
    """

    start: int
    end: int
    name: str
    interval: Interval
    is_relative: bool = False


def find_times(text: str, *, now: datetime | None = None) -> list[TimeSpan]:
    """Times in a text, in order.

    Parameters
    ----------
    now
        When the text was written or said: what "yesterday", or a month without its year, refers
        to. Without it, those stay unread, unless a date before them says when it is.
    """
    return _Reader(text, now).read()


class _Known(NamedTuple):
    """A point read so far, from the words that tell which part of it is meant on."""

    start: int
    end: int
    interval: Interval | None
    point: Point
    which: re.Match[str] | None


class _Reader:
    """One pass over a text; the last date read so far is what "the following year" is told from."""

    def __init__(self, text: str, now: datetime | None) -> None:
        self._text = text
        self._now = now
        self._found: list[TimeSpan] = []
        self._anchor: Interval | None = None
        self._anchored_at = 0

    def read(self) -> list[TimeSpan]:
        """All times, in order."""
        places: list[tuple[int, int, Point | re.Match[str]]] = [
            *((point.start, -point.end, point) for point in points(self._text)),
            *(
                (match.start(), -match.end(), match)
                for match in relatives(self._text, is_dated=self._now is not None)
            ),
        ]
        places.sort(key=lambda place: place[:2])
        waiting = [item for _, _, item in places]
        position = 0
        while position < len(waiting):
            position += self._read_one(waiting, position)
        return self._found

    def _read_one(self, waiting: Sequence[Point | re.Match[str]], position: int) -> int:
        """Read a time or a range; how many of those waiting this takes."""
        first = self._known(waiting[position], self._anchor)
        if first is None:
            return 1
        seconds: list[tuple[int, _Known]] = []
        for taken, item in enumerate(waiting[position + 1 : position + 4], start=2):
            begin = item.start() if isinstance(item, re.Match) else item.start
            if begin - first.end > _LOOK_BACK:
                break
            second = self._known(item, first.interval or self._anchor, before=first)
            if second is not None:
                seconds.append((taken, second))
        seconds.sort(key=lambda pair: pair[1].interval is None)  # "July of that year", not "July"
        for taken, second in seconds:
            if self._range(first, second):
                return taken
        self._single(first)
        return 1

    def _known(
        self, item: Point | re.Match[str], anchor: Interval | None, *, before: _Known | None = None
    ) -> _Known | None:
        text = self._text
        last = before.end if before else self._found[-1].end if self._found else 0
        if isinstance(item, re.Match):
            far = item.start() - self._anchored_at > _FAR
            told = read_relative(item, Moment(self._now, None if far else anchor))
            if told is None:
                return None
            item = told
        if item.start < last:
            return None
        which = None
        if _last_word(text, item.start) in _PART_ENDS:
            which = _PART.search(text, max(last, item.start - _LOOK_BACK), item.start)
            which = which if which and _applies(which, item) else None
        start = which.start() if which else item.start
        word = _word_before(text, start)[0] or (
            _word_before(text, before.start)[0] if before else ""
        )
        if item.is_bare_year and not is_year(text, item, word):
            return None
        interval = item.interval
        if which is not None and interval is not None:
            interval = _part_told(interval, which)
            if interval is None:
                return None
        return _Known(start, item.end, interval, item, which)

    def _range(self, first: _Known, second: _Known) -> bool:
        joint = _JOINT.fullmatch(self._text, first.end, second.start)
        if joint is None or not self._joins(joint[1].lower(), first, second):
            return False
        begin, end = self._dated(first, second)
        if begin is None or end is None or begin.start is None or end.end is None:
            return False
        last = end.start if (joint[2] or "").lower() == "before" else end.end
        if last is None or begin.start >= last:
            return False
        is_circa = (joint[2] or "").lower() in _CIRCA or self._is_circa(first)
        precision = coarser(begin.precision, end.precision)
        if is_circa and precision is not Precision.CENTURY:
            precision = Precision.DECADE
        interval = Interval(begin.start, last, precision)
        is_relative = first.point.is_relative or second.point.is_relative
        name = name_of(interval) if is_relative else _written(self._text, first.start, second.end)
        self._found.append(TimeSpan(first.start, second.end, name, interval, is_relative))
        if self._text[max(0, first.start - 12) : first.start].rfind("(") < 0:
            self._anchor, self._anchored_at = end, second.end
        return True

    def _joins(self, joint: str, first: _Known, second: _Known) -> bool:
        before = _word_before(self._text, first.start)[0]
        if joint in ("and", "or", "/"):
            ends = first.interval and first.interval.end
            adjoins = ends is not None and second.interval and ends == second.interval.start
            is_long = first.interval and first.interval.precision in _LONG
            is_choice = joint == "or" and (before or adjoins) and first.interval is not None
            return bool(before == "between" or is_choice or (adjoins and is_long))
        return True

    def _dated(self, first: _Known, second: _Known) -> tuple[Interval | None, Interval | None]:
        """Both ends of a range; one without a year borrows the other's, or has the nearest."""
        begin, end = first.interval, second.interval
        if begin is None and end is None:
            end = self._undated(second, is_range=True)
        if begin is None and end is not None and end.start is not None:
            begin = in_year(first.point, end.start.year)
            if begin is not None and end.end is not None and (begin.start or end.end) >= end.end:
                begin = in_year(first.point, end.start.year - 1)
        if end is None and begin is not None and begin.start is not None:
            end = in_year(second.point, begin.start.year)
        return begin, end

    def _single(self, known: _Known) -> None:
        interval, point = known.interval, known.point
        is_relative = point.is_relative
        if interval is None:
            interval = self._undated(known)
            if interval is not None and known.which is not None:
                interval = _part_told(interval, known.which)
            if interval is None:
                return
            is_relative = True
        self._anchor, self._anchored_at = interval, known.end
        if interval.start is None or (interval.end is None and is_relative):
            name = point.name  # "until then" is open by itself
        elif is_relative:
            name = name_of(interval)
        else:
            name = (
                point.name if known.which is None else _written(self._text, known.start, known.end)
            )
        if self._is_circa(known) and interval.precision is Precision.YEAR:
            interval = interval._replace(precision=Precision.DECADE)
        present = _PRESENT.match(self._text, known.end)
        end = present.end() if present else known.end
        interval = interval._replace(end=None) if present else self._opened(known, interval)
        self._found.append(TimeSpan(known.start, end, name, interval, is_relative))

    def _undated(self, known: _Known, *, is_range: bool = False) -> Interval | None:
        """A day or month without its year, where something says which."""
        point, text = known.point, self._text
        lead = text[max(0, known.start - _LOOK_BACK) : known.start]
        is_alone = not point.day and not is_range
        if is_alone and not _word_before(text, known.start)[0] and known.which is None:
            return None
        is_near = self._anchor is not None and known.start - self._anchored_at < _FAR
        if is_alone and self._now is None and not _CLAUSE_START.search(lead):
            return None
        use = (
            self._anchor if is_near and (self._now is None or _CLAUSE_START.search(lead)) else None
        )
        return undated(text, point, Moment(self._now, use))

    def _is_circa(self, known: _Known) -> bool:
        word, _, circa = _word_before(self._text, known.start)
        return word in _CIRCA or circa in _CIRCA

    def _opened(self, known: _Known, interval: Interval) -> Interval:
        """The interval, opened by the word before it."""
        word, article, _ = _word_before(self._text, known.start)
        is_named = article and known.point.is_bare_year and known.which is None
        if is_named or (word == "from" and not self._goes_on(known, interval)):
            return interval  # "inspired by the 1964 film"
        match word:
            case "since" | "from":
                return interval._replace(end=None)
            case "after" if interval.end is not None:
                return interval._replace(start=interval.end, end=None)
            case "until" | "till" | "up to" | "through" | "through to" | "by":
                return interval._replace(start=None)
            case "before" | "prior to" if interval.start is not None:
                return interval._replace(start=None, end=interval.start)
            case _:
                return interval

    def _goes_on(self, known: _Known, interval: Interval) -> bool:
        """Whether "from 1968" says that it went on: it opens its clause, or an end follows."""
        lead = self._text[max(0, known.start - _LOOK_BACK) : known.start]
        is_first = re.search(r"(?:^|[.,;(]\s*|\band\s+)[Ff]rom\s+(?:the\s+)?$", lead) is not None
        is_open = _ONWARDS.match(self._text, known.end) is not None
        return is_open or (is_first and interval.precision not in _LONG)


def _word_before(text: str, start: int) -> tuple[str, bool, str]:
    """The preposition before a time, whether an article follows it, and a "circa" after both."""
    if _last_word(text, start) not in _BEFORE_ENDS:
        return "", False, ""
    match = _BEFORE.search(text[max(0, start - _LOOK_BACK) : start])
    if match is None:
        return "", False, ""
    return match[1].lower(), match[2] is not None, (match[3] or "").lower()


def _last_word(text: str, start: int) -> str:
    """The word right before a place, folded; the longer patterns are tried where one may end."""
    lead = text[max(0, start - _LONGEST_WORD) : start].rstrip(" -\n")
    match = _LAST_WORD.search(lead)
    return match[0].lower() if match else ""


def _written(text: str, start: int, end: int) -> str:
    return " ".join(text[start:end].split())


def _applies(which: re.Match[str], point: Point) -> bool:
    """Whether words before a point tell a part of it: "late" of a decade, "summer" of a year."""
    precision = point.interval.precision if point.interval else None
    if which["which"]:
        is_whole = which["which"].lower() in ("early", "late", "mid")
        has_of = re.search(r"\bof\b", which[0], re.IGNORECASE) is not None
        is_month = point.interval is None and not point.day
        return (is_whole or has_of) and (is_month or precision in (*_LONG, *_SHORT))
    if which["nth"] or which["quarter"]:
        return precision in (*_LONG, Precision.YEAR)
    if which["season"]:
        return precision is Precision.YEAR
    if which["month"]:
        return precision is Precision.YEAR and point.is_relative and which["month"][0].isupper()
    return precision in (Precision.DAY, Precision.MONTH, Precision.YEAR) and not point.is_bare_year


def _part_told(interval: Interval, which: re.Match[str]) -> Interval | None:
    try:
        return _narrowed(interval, which)
    except (OverflowError, ValueError):  # before year 1, after 9999
        return None


def _narrowed(interval: Interval, which: re.Match[str]) -> Interval | None:
    """The part of an interval that the words before it tell."""
    start = interval.start
    assert start is not None
    found: Interval | None = interval
    if which["which"]:
        until = _WHICH[which["until"].lower()] if which["until"] else ""
        found = part(interval, _WHICH[which["which"].lower()], until)
    elif which["nth"]:
        of = 2 if which["of"].lower() == "half" else 4
        nth = of if which["nth"].lower() == "last" else _NTH[which["nth"].lower()]
        found = fraction(interval, nth, of)
    elif which["quarter"]:
        found = fraction(interval, int(which["quarter"]), 4)
    elif which["season"]:
        found = season(which["season"].lower(), start.year)
    elif which["month"]:
        day = int(which["day"] or 0)
        known = Point(0, 0, None, "", month_of(which["month"]), day)
        found = in_year(known, start.year)
    else:
        count = number(which["count"]) if which["count"] else 1
        found = next_to(interval, which["unit"].lower(), count, which["way"].lower())
    return found
