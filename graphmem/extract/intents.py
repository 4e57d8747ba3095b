"""Intents: what a turn of a chat does, told from how its sentences begin and end.

A fact of a turn has the intent of its own sentence, or tells a plan or a preference.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from graphmem.extract.lexicon import GREETINGS
from graphmem.kernels.text import words
from graphmem.model.extraction import FactDraft
from graphmem.model.knowledge import Modality

_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]*")


class Intent(StrEnum):
    """What a turn of a chat does, its most binding act first; plans and preferences are facts'."""

    QUESTION = "question"
    REQUEST = "request"
    PROMISE = "promise"
    SUGGESTION = "suggestion"
    APOLOGY = "apology"
    THANKS = "thanks"
    PLAN = "plan"
    PREFERENCE = "preference"
    OPINION = "opinion"
    STATEMENT = "statement"
    GREETING = "greeting"


_ACTS: Final[tuple[tuple[Intent, re.Pattern[str]], ...]] = tuple(
    (intent, re.compile(pattern, re.IGNORECASE))
    for intent, pattern in (
        (Intent.REQUEST, r"^(?:please\b|(?:can|could|would|will) you\b(?!.*\bthink\b)"
         r"|i need you to\b|i(?:'d| would) like you to\b"
         r"|(?:remind|send|tell|show|give|help|call|let) (?:me|us)\b"
         r"|(?:remember|don't forget|make sure|book|schedule|remind)\b)|\bplease\b"),
        (Intent.QUESTION, r"\?\s*$|^(?:who|what|when|where|why|how|which|whose)\b(?!.*[.!]$)"),
        (Intent.PROMISE, r"\bi(?:'ll| will| won't| promise|'m going to| am going to)\b"
         r"(?! (?:be|have|always remember|never forget)\b)|\bi swear\b|\byou can count on me\b"),
        (Intent.SUGGESTION, r"^(?:let's|how about|why don't (?:we|you)|maybe (?:we|you) should"
         r"|(?:we|you) (?:should|could)|(?:just )?(?:don't|keep|try|go for)"
         r"|just make sure)\b|\byou should\b|\bi(?:'d)? (?:suggest|recommend)\b"),
        (Intent.APOLOGY, r"\b(?:i'm (?:so |really |very )?sorry|sorry (?:for|about|that)"
         r"|i apologi[sz]e|my apologies|my bad)\b|^sorry\b"),
        (Intent.THANKS, r"\b(?:thanks|thank you|thx|appreciate it|much appreciated)\b"),
        (Intent.OPINION, r"\bi (?:really |also |just |do |don't |honestly )?(?:think|believe|feel"
         r"|love|like|hate|prefer|enjoy|guess|doubt|agree|disagree)\b|\bin my opinion\b|\bimo\b"
         r"|^(?:that|it|this)(?:'s| is| was| sounds| looks) (?:\w+ ){0,2}(?:great|good|nice|awesome"
         r"|amazing|wonderful|beautiful|terrible|bad|awful|cool|fun|lovely|fantastic|interesting)"),
    )
)  # fmt: skip
_BINDING: Final = frozenset((Intent.QUESTION, Intent.REQUEST, Intent.SUGGESTION))
_TO_YOU: Final = re.compile(r"\b(?:you|your|promise|swear)\b", re.IGNORECASE)
_LIKING: Final = frozenset("like love prefer hate enjoy dislike adore favor favour".split())
_LIKES: Final = re.compile(
    r"\S+(?: \w+ly| just| also| always| still| does(?: not)?)*"
    r" (?:(?:like|love|hate|enjoy|dislike|adore)[sd]?|prefer(?:s|red)?) "
)
"""How a fact begins that tells what somebody likes to do, by another verb than its own."""
_WISH: Final = re.compile(r"(?:\bwould|'d)(?: \w+)? (?:like|love|prefer)\b", re.IGNORECASE)
_GREETING: Final = re.compile(
    r"^(?:hi|hey|hello|howdy|good (?:morning|afternoon|evening|night)|bye|goodbye|see you"
    r"|take care)\b",
    re.IGNORECASE,
)


class _Sentence(NamedTuple):
    start: int
    text: str
    act: Intent | None


def intent_of(text: str) -> Intent:
    """What a turn does: of its sentences' acts the one that comes first in :class:`Intent`."""
    acts = {sentence.act for sentence in _sentences(text)}
    for intent in Intent:
        if intent in acts:
            return intent
    return Intent.STATEMENT


def intent_of_fact(fact: FactDraft, text: str) -> Intent:
    """What the sentence of a fact does in the turn `text`.

    What its speaker means to do is a plan, unless it is promised to who listens; what is liked or
    disliked is a preference.
    """
    sentences = _sentences(text)
    at = bisect_right(sentences, fact.start, key=lambda sentence: sentence.start) - 1
    _, sentence, act = sentences[max(at, 0)] if sentences else _Sentence(0, "", None)
    if not _is_of(act, fact):
        act = None
    if act in _BINDING or (act is Intent.PROMISE and _TO_YOU.search(sentence)):
        return act
    is_liking = not _LIKING.isdisjoint(fact.predicate.split()) or _LIKES.match(fact.text)
    if is_liking and not _WISH.search(sentence):
        return Intent.PREFERENCE
    if fact.modality is Modality.INTENDED:
        return Intent.PLAN
    return act or Intent.STATEMENT


def _is_of(act: Intent | None, fact: FactDraft) -> bool:
    """Whether a fact is what its sentence does, not what it says beside: "Ann is ill, I'll come".

    What is asked is possible, what is promised is meant to be done.
    """
    if act is Intent.PROMISE:
        return fact.modality is Modality.INTENDED
    return act not in _BINDING or fact.modality is not Modality.ACTUAL


@lru_cache(maxsize=64)
def _sentences(text: str) -> tuple[_Sentence, ...]:
    """The sentences of a turn, in order; its facts ask for the same ones."""
    return tuple(
        _Sentence(match.start(), match[0].strip(), _act_of(match[0].strip()))
        for match in _SENTENCE.finditer(text.replace("’", "'"))
    )


def _act_of(sentence: str) -> Intent | None:
    bare = sentence
    while (greeted := _GREETING.match(bare)) is not None or _is_interjection(bare):
        rest = bare[greeted.end() :] if greeted else bare.partition(" ")[2]
        # "Hey Ann, ..." greets by name.
        rest = re.sub(r"^[\s,!.]*(?:[A-Z]\w+[,!]\s*)?", "", rest)
        if len(words(rest)) < 2:
            return Intent.GREETING if greeted else None
        bare = rest
    for intent, pattern in _ACTS:
        if pattern.search(bare):
            return intent
    return Intent.STATEMENT if len(words(bare)) > 2 else None


def _is_interjection(text: str) -> bool:
    first = text.partition(" ")[0].strip(",.!").lower()
    return first in GREETINGS and first not in ("please", "sorry", "thanks", "thank")
