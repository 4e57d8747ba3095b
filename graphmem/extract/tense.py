"""Tense: whether a sentence speaks of what was or of what will be, and what that says of when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from graphmem.extract.parse import Parse
from graphmem.model.time import Interval, Precision

_FUTURE = re.compile(
    r"\b(?:will|shall|won['’]t|going to|gonna|let['’]s|need|must|should|can|could you|plan"
    r"|planning|hope|expect\w*|leav\w+|is|are|am|starts?|begins?|ends?|opens?|goes|go|deadline|due"
    r"|free)\b|['’](?:ll|re|m)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|didn['’]t|went|saw|got|came|met|took|made|told|said|gave|found|felt|left"
    r"|began|bought|ran|won|lost|spent|heard|(?!need)[a-z]{2,}(?:[^e]ed|[^aeiou]ed))\b",
    re.IGNORECASE,
)
_WILL = re.compile(r"\b(?:will|going to)\b|['’]ll\b", re.IGNORECASE)
_HABIT = re.compile(r"\b(?:every|each|annual(?:ly)?|usually|always|yearly)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;\n](?:\s|$)")

_WILL_WORDS: Final = frozenset(("will", "'ll", "’ll", "wo", "shall"))


def direction_at(text: str, start: int, end: int) -> int | None:
    """Whether the sentence around a span speaks of the future (1) or the past (-1), by its verbs.

    0 where they say neither; ``None`` for what recurs ("every April").
    """
    sentence = _sentence(text, start, end)
    if _HABIT.search(sentence):
        return None
    if _PAST.search(sentence):
        return 1 if _WILL.search(sentence) else -1
    return 1 if _FUTURE.search(sentence) else 0


def interval_by_tense(
    parse: Parse, group: Sequence[int], *, said_at: datetime, is_state: bool
) -> Interval | None:
    """When a clause without a time holds, from its tense and when it was said.

    A state in the past tense is over by then; what will be is not so before. Nothing is known of
    other clauses: an event that happened stays one, and a state that is told of may have begun at
    any time.

    Parameters
    ----------
    group
        Tokens of the verb with its auxiliaries, in order.
    """
    words = [parse.words[token].lower() for token in group]
    if words[0] in _WILL_WORDS:
        return Interval(said_at, None, Precision.INSTANT)
    if is_state and parse.tags[group[0]] == "VBD":
        return Interval(None, said_at, Precision.INSTANT)
    return None


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a span."""
    before = [m.end() for m in _SENTENCE_END.finditer(text, 0, start)]
    after = _SENTENCE_END.search(text, end)
    return text[before[-1] if before else 0 : after.start() + 1 if after else len(text)]
