"""Mined attributes: what a passage or a fact is about and what it does, told from its words alone.

| attribute | value of a passage |
|---|---|
| ``keywords`` | up to eight phrases, lower case, the weightiest first |
| ``topics`` | up to two broad fields of :data:`graphmem.extract.fields.TOPICS` |
| ``tags`` | what it writes as ``#tag`` |
| ``intent`` | of a turn of a chat: an :class:`graphmem.extract.intents.Intent` |
| ``event_types`` | what happens in its facts, by the class of their verbs |
| ``memory`` | of its facts: ``episodic``, ``semantic``, ``procedural``, ``profile`` |

| attribute | value of a fact |
|---|---|
| ``keywords`` | up to two phrases of its sentence, its verb and its members' names left aside |
| ``topics`` | up to two fields that it has two words of, or one and its passage more |
| ``tags`` | those of the line that it stands in |
| ``intent`` | that of its sentence in a chat, or that it tells a plan or a preference |
| ``event_types`` | what happens in it, by the class of its verb |

Keywords are runs of content words, as in RAKE (Rose et al. 2010), weighted by how often their words
occur, by how early, and by whether they are named or in the title. Same passage, same attributes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from graphmem.extract.fields import event_types, events_by_stem, fields_by_stem, stem
from graphmem.extract.intents import intent_of, intent_of_fact
from graphmem.extract.lexicon import CALENDAR, GREETINGS, STOP
from graphmem.kernels.text import Token, normalise_name, tokenise, words
from graphmem.model.extraction import FactDraft, MentionDraft, PassageContext
from graphmem.model.knowledge import EntityType, FactKind, Modality
from graphmem.model.source import AttributeValue, EpisodeKind

NAMES: Final = ("keywords", "topics", "tags", "intent", "event_types", "memory")
MOST_KEYWORDS = 8
_MOST_OF_FACT = 2
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


class Mined(NamedTuple):
    """The attributes of a passage, and its facts with theirs."""

    attributes: dict[str, AttributeValue]
    facts: tuple[FactDraft, ...]


def mine(
    context: PassageContext, mentions: Sequence[MentionDraft], facts: Sequence[FactDraft]
) -> Mined:
    """What a passage and its facts are about; an attribute without a value is left out."""
    tokens = tokenise(context.text)
    counts = Counter(stem(token.text) for token in tokens)
    heard = _heard(token.text for token in tokens)
    found: dict[str, AttributeValue] = {}
    lists = {
        "keywords": _keywords(context, tokens, counts, mentions),
        "topics": _most(heard),
        "tags": _tags(context.text),
        "event_types": event_types(fact.predicate for fact in facts),
        "memory": tuple(name for name, tells in _MEMORY.items() if any(map(tells, facts))),
    }
    found.update({name: values for name, values in lists.items() if values})
    if context.kind is EpisodeKind.CHAT and tokens:
        found["intent"] = intent_of(context.text).value
    of_facts = _Facts(context, counts, heard)
    return Mined(found, tuple(map(of_facts.mined, facts)))


class _Facts:
    """Mines the facts of one passage; `heard` are the stems that speak for a field in it."""

    def __init__(
        self, context: PassageContext, counts: Counter[str], heard: dict[str, set[str]]
    ) -> None:
        self._context = context
        self._counts = counts
        self._sure = {name for name, stems in heard.items() if len(stems) >= _ENOUGH_FOR_A_TOPIC}
        self._has_tags = "#" in context.text
        self._is_chat = context.kind is EpisodeKind.CHAT

    def mined(self, fact: FactDraft) -> FactDraft:
        """The fact with its own attributes."""
        written = fact.text.split()
        heard: dict[str, set[str]] = {}
        for chunk in written:
            for name, stemmed in _fields_in(chunk):
                heard.setdefault(name, set()).add(stemmed)
        found: dict[str, object] = {
            "keywords": self._keywords(fact, written),
            "topics": _most(heard, sure=self._sure) if heard else (),
            "event_types": _event_types_of(fact.predicate),
        }
        if self._has_tags:
            found["tags"] = _tags(_line_at(self._context.text, fact.start))
        if self._is_chat:
            found["intent"] = intent_of_fact(fact, self._context.text).value
        return fact.model_copy(update=found)

    def _keywords(self, fact: FactDraft, written: Sequence[str]) -> tuple[str, ...]:
        """The phrases of its sentence that the passage speaks of most."""
        aside = set(_stems_of(fact.predicate))
        for member in fact.members:
            if member.type in _NAMED:
                aside.update(_stems_of(member.name))
        weights: dict[str, float] = {}
        run: list[str] = []
        counted = 0
        for piece in (*(piece for chunk in written for piece in _pieces(chunk)), _END):
            if piece.stem and piece.stem not in aside:
                run.append(piece.word)
                counted += max(self._counts[piece.stem], 1)
                if len(run) < _MOST_WORDS:
                    continue
            if run:
                weights.setdefault(" ".join(run), counted + len(run))
                run, counted = [], 0
        # What weighs the same stands in the order of the sentence.
        return tuple(sorted(weights, key=weights.__getitem__, reverse=True)[:_MOST_OF_FACT])


class _Piece(NamedTuple):
    """A content word and its stem, or without these whatever ends a phrase."""

    word: str
    stem: str


_END: Final = _Piece("", "")
_NAMED: Final = frozenset(kind for kind in EntityType if kind.is_name or kind is EntityType.DATE)
_EMPTY: Final = frozenset(map(stem, ("regarding", *_FILLERS)))
"""Words that say nothing of their own in any form, and how sentences without a subject begin."""


# Words come again and again, so that most of what follows is looked up.
@lru_cache(maxsize=1 << 15)
def _pieces(chunk: str) -> tuple[_Piece, ...]:
    """The content words of what stands between blanks, and what ends a phrase there."""
    pieces: list[_Piece] = []
    end = 0
    for token in tokenise(chunk):
        if _BREAK.search(chunk[end : token.start]):
            pieces.append(_END)
        piece = _Piece(token.text, stem(token.text))
        pieces.append(piece if _is_content(token) and piece.stem not in _EMPTY else _END)
        end = token.end
    if _BREAK.search(chunk[end:]):
        pieces.append(_END)
    return tuple(pieces)


@lru_cache(maxsize=1 << 15)
def _fields_in(chunk: str) -> tuple[tuple[str, str], ...]:
    """Fields that what stands between blanks speaks for, each with the stem that does."""
    return tuple((name, one) for name, stems in _heard(words(chunk)).items() for one in stems)


@lru_cache(maxsize=1 << 13)
def _stems_of(text: str) -> tuple[str, ...]:
    return tuple(map(stem, words(text)))


@lru_cache(maxsize=1 << 13)
def _event_types_of(predicate: str) -> tuple[str, ...]:
    return event_types((predicate,))


def _line_at(text: str, position: int) -> str:
    end = text.find("\n", position)
    return text[text.rfind("\n", 0, position) + 1 : len(text) if end < 0 else end]


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.lower() for tag in _TAG.findall(text)))


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
KINDS_OF_MEMORY: Final = tuple(_MEMORY)


def _heard(texts: Iterable[str]) -> dict[str, set[str]]:
    """The stems that speak for a field, by field."""
    fields = fields_by_stem()
    heard: dict[str, set[str]] = {}
    for text in texts:
        if len(text) > 2:
            stemmed = stem(text)
            for name in fields.get(stemmed, ()):
                heard.setdefault(name, set()).add(stemmed)
    return heard


def _most(heard: dict[str, set[str]], *, sure: Collection[str] = ()) -> tuple[str, ...]:
    """The fields that enough different words speak for, or one where that is `sure` already."""
    enough = [
        name for name, stems in heard.items() if len(stems) >= _ENOUGH_FOR_A_TOPIC or name in sure
    ]
    return tuple(sorted(enough, key=lambda name: (-len(heard[name]), name))[:_MOST_TOPICS])


def _keywords(
    context: PassageContext,
    tokens: Sequence[Token],
    counts: Counter[str],
    mentions: Sequence[MentionDraft],
) -> tuple[str, ...]:
    if not tokens:
        return ()
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
