"""Shapes of questions that are answered from times and counts, rather than from one passage.

"What changed since", "what was so when", "the third time that", "before" and "after", "how long"
and "how often", told by their function words alone.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple


class Shape(StrEnum):
    """What a question wants worked out."""

    CHANGES = "what changed since"
    STATE = "what was so when"
    NTH = "the n-th time that"
    BESIDE = "what came before or after"
    ORDER = "which came first"
    LASTING = "how long it lasted"
    BETWEEN = "how long between"
    COUNT = "how often"


class Asked(NamedTuple):
    """A question taken apart.

    `what` is the event, or what is asked of the moment that `other` names: a time or another event.
    Where two things are told apart by what became of each, `verb` is that ("was released").
    `way` is ``before`` or ``after`` where that is asked, ``just`` before where nearest is meant.
    `nth` counts from 1, or from the end with -1. `unit` is what is to be counted in.
    """

    shape: Shape
    what: str
    other: str = ""
    way: str = ""
    nth: int = 0
    unit: str = ""
    verb: str = ""


_NTH: Final = {
    word: number
    for number, words in {
        1: "first 1st earlier older",
        2: "second 2nd",
        3: "third 3rd",
        4: "fourth 4th",
        5: "fifth 5th",
        6: "sixth 6th",
        7: "seventh 7th",
        8: "eighth 8th",
        9: "ninth 9th",
        10: "tenth 10th",
        -1: "last latest later younger",
    }.items()
    for word in words.split()
}
_YEAR: Final = r"(?:1\d{3}|20\d{2})\Z"
_BORN: Final = "was born"
_UNITS: Final = "days?|weeks?|months?|years?"
_DO: Final = "did|does|do|has|have|had|was|were|is|are"
_NEAR: Final = r"(?P<near>right|just|shortly|immediately|directly)?\s*"
_PATTERNS: Final = tuple(
    (shape, re.compile(pattern, re.IGNORECASE))
    for shape, pattern in (
        (
            Shape.BETWEEN,
            rf"how (?:long|much time|many (?P<unit>{_UNITS}))\b.*?\bbetween (?P<other>.+?)"
            r" and (?P<what>.+)",
        ),
        (
            Shape.BETWEEN,
            rf"how (?:long|much later|much time|many (?P<unit>{_UNITS}))\s*(?:\w+\s+)?"
            rf"(?P<way>after|before) (?P<other>.+?),? (?:{_DO}) (?P<what>.+)",
        ),
        (Shape.COUNT, rf"how (?:many times|often) (?:{_DO}) (?P<what>.+)"),
        (
            Shape.LASTING,
            rf"(?:for )?how (?:long|many (?P<unit>{_UNITS})) (?:{_DO}) (?P<what>.+)",
        ),
        (
            Shape.NTH,
            rf"(?:when|where|what|who|which)\b.*?\bthe (?P<nth>{'|'.join(_NTH)})"
            r"(?: and \w+)? time,? (?:that |when )?(?P<what>.+)",
        ),
        (
            Shape.CHANGES,
            r"what(?:'s| is| has| have| had)?\s*(?:been )?(?:changed?|new|different|happened)\b"
            r"(?P<what>.*?)\b(?P<way>since|after) (?P<other>.+)",
        ),
        (
            Shape.ORDER,
            r"(?:which|what|who)\b(?P<verb>.*?)\b(?P<nth>first|earlier|last|later|younger|older)\b"
            r"[^,:]*[,:]\s*(?P<what>.+?),? or (?P<other>.+)",
        ),
        (
            Shape.ORDER,
            rf"(?:{_DO}) (?P<what>.+?) (?:happen |come |take place )?(?-i:(?P<way>before|after))"
            r" (?P<other>.+)",
        ),
        (
            Shape.STATE,
            r"(?P<what>(?:where|what|who|which|was|were)\b.+?)\s+"
            r"(?-i:when|at the time (?:that|when|of)|by the time) (?P<other>.+)",
        ),
        (
            Shape.STATE,
            rf"(?P<what>(?:where|what|who|which)\b.+?)\s+"
            rf"(?-i:in|on|at|during|around) (?P<other>(?:[\w,]+ ){{0,3}}{_YEAR})",
        ),
        (
            Shape.BESIDE,
            rf"(?P<what>(?:where|what|who|which)\b.+?)(?<! named)\s+{_NEAR}"
            r"(?-i:(?P<way>before|after)) (?P<other>.+)",
        ),
    )
)


def shape_of(question: str) -> Asked | None:
    """What a question wants worked out, ``None`` where it asks for nothing of the kind."""
    text = " ".join(question.split()).rstrip(" ?!.")
    for shape, pattern in _PATTERNS:
        match = pattern.match(text)
        if match is None:
            continue
        found = {name: (value or "").strip(" ,") for name, value in match.groupdict().items()}
        nth = found.get("nth", "").lower()
        return Asked(
            shape=shape,
            what=found["what"],
            other=found.get("other", ""),
            way=" ".join(
                filter(None, (found.get("near") and "just", found.get("way", "").lower()))
            ),
            nth=_NTH.get(nth, 0),
            verb=f"{found.get('verb', '')} {_BORN if nth in ('younger', 'older') else ''}".strip(),
            unit=found.get("unit", "").lower().rstrip("s"),
        )
    return None
