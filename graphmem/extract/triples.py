"""Ready-made triples: open information extraction from elsewhere, as far as the text bears it out.

They pass the checks that a model's claims pass (:mod:`graphmem.extract.claims`), but that nobody
told who made them to copy: a phrase may be put together from words of the passage.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

from graphmem.extract.attributes import mine
from graphmem.extract.fields import stem
from graphmem.extract.lexicon import STOP
from graphmem.extract.locate import NO_MEMBER, SAYS_MORE, Locator, Span, beyond, cover
from graphmem.extract.read import mentions_in
from graphmem.kernels.text import normalise_name, words
from graphmem.model.extraction import (
    Extraction,
    FactDraft,
    MemberDraft,
    MentionDraft,
    PassageContext,
)
from graphmem.model.knowledge import EntityType, FactKind
from graphmem.model.source import OpenTriples

_MOST_PLACES = 12
"""Occurrences of a phrase that are looked at for the pair that stands closest."""
_DATE: Final = re.compile(
    r"(?:(?:early|mid|late|c\.?) )?(?:\d{1,2} )?(?:(?:January|February|March|April|May|June|July|"
    r"August|September|October|November|December),? ?)?(?:\d{1,2},? )?(?:\d{4}s?)?(?: ?BCE?| ?AD)?"
)
_PRESENT: Final = re.compile(r"(?!was\b|\w*(?:ss|us)\b)\w+s\b|(?:are|have)\b")
_NUMBER: Final = re.compile(r"[$€£]?\d[\d.,]*%?")


class Placed(NamedTuple):
    """The facts that the triples are; how many the text does not bear out, and how many do not
    stand in it word for word, by the reason."""

    extraction: Extraction
    rejected: Counter[str]
    not_found: Counter[str]


def placed(context: PassageContext, triples: OpenTriples) -> Placed:
    """The triples that the text bears out as facts, and the names of the passage with theirs.

    Subject and object are placed where they stand closest together. A phrase whose words stand in
    the passage, in its title or just before, but not one behind the other, has no offsets, and a
    fact without any is evidenced by the whole passage. One that has other words is rejected, as is
    a name or a number that does not stand there.

    Parameters
    ----------
    context
        The passage, unwrapped.
    """
    locator = Locator(context.text)
    read = mentions_in(context)
    known = {normalise_name(m.surface): (m.name, m.type) for m in reversed(read)}
    entities = {normalise_name(name) for name in triples.entities}
    rejected: Counter[str] = Counter()
    not_found: Counter[str] = Counter()
    facts = []
    around = _Around(context)
    for subject, predicate, object_ in triples.triples:
        reason = around.rejects(subject, predicate, object_)
        if reason:
            rejected[reason] += 1
            continue
        spans = _closest(locator.spans(subject), locator.spans(object_))
        members = []
        for role, phrase, span in zip(
            ("subject", "object"), (subject, object_), spans, strict=True
        ):
            key = normalise_name(phrase)
            name, type = known.get(key, (phrase, _type_of(phrase, is_named=key in entities)))
            not_found[f"{role} not in the text"] += span is None
            members.append(
                MemberDraft(
                    role=role,
                    text=context.text[span.start : span.end] if span else phrase,
                    name=name,
                    type=type,
                    start=span.start if span else None,
                    end=span.end if span else None,
                )
            )
        there = [span for span in spans if span is not None]
        place = cover(there) if there else Span(0, len(context.text))
        facts.append(
            FactDraft(
                text=_sentence(subject, predicate, object_),
                predicate=" ".join(predicate.lower().split()),
                members=tuple(members),
                start=place.start,
                end=place.end,
                kind=FactKind.STATE if _PRESENT.match(predicate.lower()) else FactKind.EVENT,
            )
        )
    mentions = (*read, *_mentions(context, triples.entities, locator, read, known))
    mined = mine(context, mentions, facts)
    extraction = Extraction(
        passage_id=context.passage_id,
        mentions=mentions,
        facts=mined.facts,
        attributes=mined.attributes,
    )
    return Placed(extraction, rejected, not_found)


class _Around:
    """The words that a triple of a passage may be made of."""

    def __init__(self, context: PassageContext) -> None:
        said = (context.text, context.title, context.speaker, context.addressee, context.previous)
        self._words = frozenset(words(" ".join(part for part in said if part)))
        self._stems = frozenset(map(stem, self._words))

    def rejects(self, subject: str, predicate: str, object_: str) -> str:
        """Why the text does not bear out a triple, empty where it does."""
        said = [word for phrase in (subject, object_) for word in words(phrase)]
        if any(word not in STOP and stem(word) not in self._stems for word in said):
            return NO_MEMBER
        if beyond(_sentence(subject, predicate, object_), self._words):
            return SAYS_MORE
        return ""


def _mentions(
    context: PassageContext,
    entities: Sequence[str],
    locator: Locator,
    read: Sequence[MentionDraft],
    known: dict[str, tuple[str, EntityType]],
) -> list[MentionDraft]:
    """Every place of an entity that was not read as a name by itself."""
    taken = {(mention.start, mention.end) for mention in read}
    found = []
    for entity in entities:
        name, type = known.get(normalise_name(entity), (entity, _type_of(entity, is_named=True)))
        for span in locator.spans(entity):
            if (span.start, span.end) not in taken:
                taken.add((span.start, span.end))
                found.append(
                    MentionDraft(
                        surface=context.text[span.start : span.end],
                        name=name,
                        type=type,
                        start=span.start,
                        end=span.end,
                    )
                )
    return found


def _closest(subjects: Sequence[Span], objects: Sequence[Span]) -> tuple[Span | None, Span | None]:
    """The places of both that lie closest together; of one alone, its first."""
    if not subjects or not objects:
        return next(iter(subjects), None), next(iter(objects), None)
    pairs = product(subjects[:_MOST_PLACES], objects[:_MOST_PLACES])
    return min(pairs, key=lambda pair: cover(pair).end - cover(pair).start)


def _type_of(phrase: str, *, is_named: bool) -> EntityType:
    bare = phrase.strip()
    if _NUMBER.fullmatch(bare) and not re.fullmatch(r"\d{4}", bare):
        return EntityType.NUMBER
    if any(character.isdigit() for character in bare) and _DATE.fullmatch(bare):
        return EntityType.DATE
    is_capital = any(word[:1].isupper() for word in bare.split())
    return EntityType.OTHER if is_named and is_capital else EntityType.CONCEPT


def _sentence(*parts: str) -> str:
    text = " ".join(" ".join(parts).split()).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def shared_out(triples: OpenTriples, texts: Sequence[str]) -> list[OpenTriples]:
    """The triples of a document by its passages: each with the one that has most of its words."""
    if len(texts) == 1:
        return [triples]
    held = [frozenset(words(text)) for text in texts]

    def best(phrase: str) -> int:
        wanted = set(words(phrase))
        return max(range(len(texts)), key=lambda n: (len(wanted & held[n]), -n))

    entities: list[list[str]] = [[] for _ in texts]
    for entity in triples.entities:
        for n in [n for n, text in enumerate(held) if text.issuperset(words(entity))]:
            entities[n].append(entity)
    own: list[list[tuple[str, str, str]]] = [[] for _ in texts]
    for triple in triples.triples:
        own[best(" ".join(triple))].append(triple)
    return [
        OpenTriples(entities=tuple(named), triples=tuple(stated))
        for named, stated in zip(entities, own, strict=True)
    ]
