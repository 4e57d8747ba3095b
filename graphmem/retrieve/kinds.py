"""Expected answer kinds: what sort of thing a question asks for, and which texts hold one.

Rules over words, for candidates only: a question asks for none, one or several kinds, and a text
that shows one of that kind is likelier to answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of answer: when a question asks for it, and when a text shows one."""

    name: str
    asked: re.Pattern[str]
    shown: re.Pattern[str]


def _kind(name: str, asked: str, shown: str, *, cased: bool = False) -> Kind:
    return Kind(
        name,
        re.compile(asked, re.IGNORECASE),
        re.compile(shown, re.NOFLAG if cased else re.IGNORECASE),
    )


_UNITS = r"years?|months?|weeks?|days?|hours?|minutes?"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_WORKS = r"books?|novels?|movies?|films?|songs?|albums?|games?|shows?|series|poems?|paintings?"
_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"

KINDS: Final = (
    _kind(
        "time",
        r"^\s*when\b|\b(?:what|which) (?:date|day|month|year|time|decade|century)\b|\bhow long\b",
        rf"\b(?:yesterday|today|tomorrow|tonight|last|next|ago|week|weekend|month|year|since"
        rf"|recently|morning|night|{_DAYS}|{_MONTHS}|\d{{4}})\b",
    ),
    _kind(
        "number",
        r"\bhow (?:many|much|long|old|often|far|tall)\b|\bwhat (?:age|number|percentage)\b",
        rf"\d|\b(?:{_NUMBERS}|once|twice|first|second|third|couple|few|several)\b",
    ),
    _kind(
        "duration",
        r"\bhow (?:long|old|often)\b|\bsince when\b",
        rf"\b(?:for|since|past|last|over)\s+(?:about |almost |the |around )?"
        rf"(?:\w+\s+)?(?:{_UNITS}|\d{{4}})\b|\b(?:{_UNITS}) ago\b",
    ),
    _kind(
        "place",
        r"^\s*where\b|\b(?:cit(?:y|ies)|countr(?:y|ies)|states?|places?|towns?|locations?)\b",
        r"\b(?:in|at|to|from|near|around|visit(?:ed|ing)?) (?:the )?[A-Z]",
        cased=True,
    ),
    _kind("person", r"^\s*(?:who|whose|whom)\b", r"[a-z,;:] (?!I\b)[A-Z][a-z]", cased=True),
    _kind(
        "name",
        rf"^\s*(?:who|which|what)\b.*\b(?:{_WORKS}|called|names?|titles?|teams?|compan(?:y|ies)"
        r"|artists?|bands?|brands?|organi[sz]ations?|schools?|shops?|restaurants?)\b",
        r"[a-z,;:] (?!I\b)[A-Z][a-z]",
        cased=True,
    ),
    _kind("work", rf"\b(?:{_WORKS}|called|names?|titles?)\b", r"[\"“][^\"”]+[\"”]"),
    _kind(
        "reason",
        r"^\s*why\b|\breasons?\b|\bmotivat|\binspire|\bcause[sd]?\b",
        r"\b(?:because|since|so that|reasons?|inspir\w+|motivat\w+|thanks to|due to|wanted to"
        r"|helps? me|so I)\b",
    ),
)

_LIST = re.compile(
    r"\bhow many\b|\b(?:what|which) are\b|\bboth\b|\ball\b"
    r"|^\s*(?:what|which)\s+(?:[\w'-]+\s+){0,3}?(?!does\b|is\b|was\b|has\b)[\w'-]*[a-rt-z]s\b",
    re.IGNORECASE,
)


def kinds_asked(question: str) -> list[Kind]:
    """The kinds that the question asks for."""
    return [kind for kind in KINDS if kind.asked.search(question)]


def asks_for_several(question: str) -> bool:
    """Whether the answer is a list or a count, so that its parts stand in several places."""
    return _LIST.search(question) is not None
