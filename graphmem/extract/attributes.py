"""Mined attributes: what a passage is about and what it does, told from its words alone.

| attribute | value |
|---|---|
| ``keywords`` | up to eight phrases, lower case, the weightiest first |
| ``topics`` | up to two broad fields of :data:`graphmem.extract.fields.TOPICS` |
| ``tags`` | what it writes as ``#tag`` |
| ``intent`` | of a turn of a chat: an :class:`graphmem.extract.intents.Intent` |
| ``event_types`` | what happens in its facts, by the class of their verbs |
| ``memory`` | of its facts: ``episodic``, ``semantic``, ``procedural``, ``profile`` |

Keywords are runs of content words, as in RAKE (Rose et al. 2010), weighted by how often their words
occur, by how early, and by whether they are named or in the title. Same passage, same attributes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from graphmem.extract.fields import event_types, events_by_stem, fields_by_stem, stem
from graphmem.extract.intents import intent_of
from graphmem.extract.lexicon import CALENDAR, GREETINGS, STOP
from graphmem.kernels.text import Token, normalise_name, tokenise, words
from graphmem.model.extraction import FactDraft, MentionDraft, PassageContext
from graphmem.model.knowledge import EntityType, FactKind, Modality
from graphmem.model.source import AttributeValue, EpisodeKind

NAMES: Final = ("keywords", "topics", "tags", "intent", "event_types", "memory")
MOST_KEYWORDS = 8
_MOST_TOPICS = 2
_MOST_WORDS = 3
_ENOUGH_FOR_A_TOPIC = 2
_TAG: Final = re.compile(r"(?<![\w&#])#([^\W\d_][\w-]{1,40})")
_BREAK: Final = re.compile(r"[^\s-]|\n| - ")
_FILLERS: Final = frozenset(
    """got get getting go going gonna really lot lots thing things stuff way kind bit know think
    want need like make made see say said tell told let good great nice something anything
    everything someone maybe actually pretty much many new first also time times day days
    year years people used using use include includes including included called known
    become became part name""".split()
)


def mine(
    context: PassageContext, mentions: Sequence[MentionDraft], facts: Sequence[FactDraft]
) -> dict[str, AttributeValue]:
    """The attributes of a passage; one without a value is left out."""
    tokens = tokenise(context.text)
    found: dict[str, AttributeValue] = {}
    lists = {
        "keywords": _keywords(context, tokens, mentions),
        "topics": _topics(tokens),
        "tags": tuple(dict.fromkeys(tag.lower() for tag in _TAG.findall(context.text))),
        "event_types": event_types(fact.predicate for fact in facts),
        "memory": tuple(name for name, tells in _MEMORY.items() if any(map(tells, facts))),
    }
    found.update({name: values for name, values in lists.items() if values})
    if context.kind is EpisodeKind.CHAT and tokens:
        found["intent"] = intent_of(context.text).value
    return found


def _is_episodic(fact: FactDraft) -> bool:
    """Whether it happened."""
    return fact.kind is FactKind.EVENT and fact.modality is Modality.ACTUAL


def _is_semantic(fact: FactDraft) -> bool:
    """Whether it is so."""
    return fact.kind is not FactKind.EVENT and fact.modality is Modality.ACTUAL


def _is_procedural(fact: FactDraft) -> bool:
    """Whether it is to be done."""
    return fact.modality in (Modality.INTENDED, Modality.NECESSARY)


def _is_profile(fact: FactDraft) -> bool:
    """Whether it is so of a person."""
    subjects = (member.type for member in fact.members if member.role == "subject")
    return _is_semantic(fact) and EntityType.PERSON in subjects


_MEMORY: Final = {
    "episodic": _is_episodic,
    "semantic": _is_semantic,
    "procedural": _is_procedural,
    "profile": _is_profile,
}


def _topics(tokens: Sequence[Token]) -> tuple[str, ...]:
    fields = fields_by_stem()
    heard: dict[str, set[str]] = {}
    for token in tokens:
        if len(token.text) > 2:
            stemmed = stem(token.text)
            for name in fields.get(stemmed, ()):
                heard.setdefault(name, set()).add(stemmed)
    sure = [name for name, stems in heard.items() if len(stems) >= _ENOUGH_FOR_A_TOPIC]
    return tuple(sorted(sure, key=lambda name: (-len(heard[name]), name))[:_MOST_TOPICS])


def _keywords(
    context: PassageContext, tokens: Sequence[Token], mentions: Sequence[MentionDraft]
) -> tuple[str, ...]:
    if not tokens:
        return ()
    counts = Counter(stem(token.text) for token in tokens)
    named = {normalise_name(m.surface) for m in mentions if m.start is not None}
    title = set(words(context.title))
    weights: dict[str, float] = {}
    for run in _runs(context.text, tokens):
        phrase = " ".join(token.text for token in run)
        weight = sum(counts[stem(token.text)] for token in run) * (1.0 + 0.2 * len(run))
        weight *= 1.0 + 0.5 * (1.0 - run[0].start / max(len(context.text), 1))
        if phrase in named or any(token.text in title for token in run):
            weight *= 1.5
        weights[phrase] = max(weights.get(phrase, 0.0), weight)
    ordered = sorted(weights, key=lambda phrase: (-weights[phrase], phrase))
    kept: list[str] = []
    for phrase in ordered:
        if not any(_is_inside(phrase, other) or _is_inside(other, phrase) for other in kept):
            kept.append(phrase)
        if len(kept) == MOST_KEYWORDS:
            break
    return tuple(kept)


def _is_inside(phrase: str, other: str) -> bool:
    return f" {phrase} " in f" {other} "


def _runs(text: str, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Runs of up to three content words with nothing but blanks and hyphens between them."""
    run: list[Token] = []
    for token, following in pairwise([*tokens, None]):
        assert token is not None
        if _is_content(token):
            run.append(token)
        ends = (
            following is None
            or not _is_content(token)
            or len(run) == _MOST_WORDS
            or _BREAK.search(text[token.end : following.start]) is not None
        )
        if ends and run:
            yield run
            run = []


def _is_content(token: Token) -> bool:
    word = token.text
    return (
        len(word) > 2
        and not word.isdigit()
        and word not in STOP
        and word not in GREETINGS
        and word not in CALENDAR
        and word not in _FILLERS
        # What happens is no part of a phrase.
        and not (word.endswith("ed") and stem(word) in events_by_stem())
    )
