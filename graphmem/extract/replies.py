"""Replies: how the first words of a turn tie it to the turn before: "Yes, but ...", "Because ...".

An answering word is the connective of an answer, any other says what what follows is to what was
said before. Words that open a turn out of habit ("so", "and", "then") say nothing and are left out.
"""

from __future__ import annotations

import re
from typing import Final

from graphmem.extract.connectives import ADVERBS, SUBORDINATE, Reading
from graphmem.model.extraction import OpeningDraft, PassageContext
from graphmem.model.knowledge import Sense
from graphmem.model.source import EpisodeKind

_ANSWERS: Final = (
    *("yes", "yeah", "yep", "yup", "sure", "of course", "certainly", "definitely", "absolutely"),
    *("no", "nope", "nah", "not yet", "not really", "maybe", "perhaps", "probably", "because"),
)
_HABITS: Final = frozenset(
    """so and too also then still yet rather otherwise finally later indeed next soon since likewise
    similarly eventually subsequently""".split()
)
_CONNECTIVES: Final = {
    " ".join(phrase): reading for phrase, reading in ADVERBS.items() if set(phrase) - _HABITS
} | {"because": SUBORDINATE["because",]}
_FILLER: Final = re.compile(
    r"(?:(?:oh|ah|well|hmm+|um+|uh|haha|hey|hi|wow|ok|okay|thanks|thank you|right|exactly)\b"
    r"(?:,? [A-Z]\w+(?=[,.!]))?[\s,.!—–-]*)+",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"[\s,.!—–-]*")


def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)


_ANSWER: Final = _any_of(_ANSWERS)
_CONNECTIVE: Final = _any_of(tuple(_CONNECTIVES))


def openings(context: PassageContext) -> tuple[OpeningDraft, ...]:
    """What a turn of a chat opens with: an answering word, a connective, or one after the other."""
    if context.kind is not EpisodeKind.CHAT:
        return ()
    text = context.text.replace("’", "'")
    found = []
    at = _after(_FILLER, text, _after(_BETWEEN, text, 0))
    answer = _ANSWER.match(text, at)
    if answer:
        found.append(_opening(answer, Reading(Sense.ANSWER)))
        at = _after(_BETWEEN, text, answer.end())
    connective = _CONNECTIVE.match(text, at) or (answer and _CONNECTIVE.match(text, answer.start()))
    if connective:
        found.append(_opening(connective, _CONNECTIVES[connective[0].lower()]))
    return tuple(found)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _opening(match: re.Match[str], reading: Reading) -> OpeningDraft:
    return OpeningDraft(
        sense=reading.sense,
        connective=match[0].lower(),
        start=match.start(),
        end=match.end(),
        is_source=reading.is_source,
    )
