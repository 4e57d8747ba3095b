"""Judging labelled pairs of mentions by the write path itself: read both, then resolve the two.

The right one is resolved after the left, as if it had been ingested later; only the store is left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from graphmem.evaluation.entities import Named, Pair, Verdict
from graphmem.kernels.text import normalise_name
from graphmem.model.change import ChangeSet, Neighbourhood
from graphmem.model.extraction import Extraction, MentionDraft, PassageContext
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Fact, SameAs
from graphmem.model.source import DEFAULT_NAMESPACE, Episode, EpisodeKind, Passage
from graphmem.ports.models import Embedder, Extractor
from graphmem.ports.store import Vectors
from graphmem.resolve.book import NameBook
from graphmem.resolve.entities import entity_id
from graphmem.resolve.likeness import Described
from graphmem.resolve.linking import Around, decide, propose
from graphmem.resolve.resolve import resolve

_NOW: Final = datetime(2024, 1, 1, tzinfo=UTC)


class _Side(NamedTuple):
    """A mention, and what is read of its context."""

    named: Named
    context: PassageContext
    extraction: Extraction
    vector: Vectors


def judged(pairs: Sequence[Pair], *, extractor: Extractor, embedder: Embedder) -> list[Verdict]:
    """One verdict per pair: whether both mentions end up at one entity, and by which rule."""
    named = [side for pair in pairs for side in (pair.left, pair.right)]
    contexts = [_context(side, at) for at, side in enumerate(named)]
    vectors = embedder.embed([context.text for context in contexts])
    sides = [
        _Side(*row)
        for row in zip(named, contexts, extractor.extract(contexts), vectors, strict=True)
    ]
    return [_judged(*sides[at : at + 2]) for at in range(0, len(sides), 2)]


def _judged(left: _Side, right: _Side) -> Verdict:
    if left.named.document == right.named.document:
        batches = [_resolved([left, right])]
    else:
        batches = [_resolved([left]), _resolved([right])]
    one, other = _meant(left, batches[0]), _meant(right, batches[-1])
    if one == other:
        return Verdict(same=True, score=1.0, by="name")
    book = NameBook()
    around = _around(batches, [left, right])
    links: list[SameAs] = []
    for batch in batches:
        links += decide(propose(book, batch.entities), book, around)
    if other not in book.one(one):
        return Verdict(same=False)
    direct = [link for link in links if {link.left_id, link.right_id} == {one, other}]
    link = direct[0] if direct else min(links, key=lambda link: link.score)
    return Verdict(same=True, score=link.score, by=link.by)


def _around(batches: Sequence[ChangeSet], sides: Sequence[_Side]) -> Around:
    entities = {entity.id: entity for batch in batches for entity in batch.entities}
    vectors = {side.context.passage_id: side.vector for side in sides}
    texts = {side.context.passage_id: side.context.text for side in sides}
    described: dict[str, Described] = {}
    facts: dict[str, list[Fact]] = {}
    for id, entity in entities.items():
        mentions = [m for batch in batches for m in batch.mentions if m.entity_id == id]
        where = list(dict.fromkeys(mention.passage_id for mention in mentions))
        if where:
            described[id] = Described(
                entity, [texts[at] for at in where], np.stack([vectors[at] for at in where])
            )
        facts[id] = [
            fact
            for batch in batches
            for fact in batch.facts
            if any(member.entity_id == id for member in fact.members)
        ]
    return Around(described, facts)


def _resolved(sides: Sequence[_Side]) -> ChangeSet:
    """What is read of contexts that are of one document."""
    named, context = sides[0].named, sides[0].context
    episode = Episode(
        id=content_id(Kind.EPISODE, DEFAULT_NAMESPACE, named.document),
        namespace=DEFAULT_NAMESPACE,
        source=named.document,
        title=named.title,
        kind=context.kind,
        occurred_at=None,
        recorded_at=_NOW,
        digest=context.passage_id,
    )
    passages = [
        Passage(
            id=side.context.passage_id,
            episode_id=episode.id,
            text=side.context.text,
            start=0,
            end=len(side.context.text),
            ordinal=side.context.ordinal,
            vector_key=Passage.key_of(side.context.text),
            speaker=side.named.speaker,
        )
        for side in sides
    ]
    return resolve(
        [episode],
        passages,
        [_with_mention(side) for side in sides],
        namespace=DEFAULT_NAMESPACE,
        recorded_at=_NOW,
        known=Neighbourhood(),
    )


def _with_mention(side: _Side) -> Extraction:
    """What was read, and the mention that is judged where it was not found."""
    named, read = side.named, side.extraction
    if _is_found(named, read):
        return read
    missing = MentionDraft(surface=named.name, name=named.name, type=named.type)
    return read.model_copy(update={"mentions": (*read.mentions, missing)})


def _is_found(named: Named, read: Extraction) -> bool:
    wanted = normalise_name(named.name)
    return any(
        wanted in (normalise_name(draft.surface), normalise_name(draft.name))
        for draft in read.mentions
    )


def _meant(side: _Side, batch: ChangeSet) -> str:
    """The id of the entity that the mention is of: by its surface, or else by its name."""
    wanted = normalise_name(side.named.name)
    here = [m for m in batch.mentions if m.passage_id == side.context.passage_id]
    for mention in here:
        if normalise_name(mention.surface) == wanted:
            return mention.entity_id
    named = entity_id(side.named.name, namespace=DEFAULT_NAMESPACE)
    return next(mention.entity_id for mention in here if mention.entity_id == named)


def _context(named: Named, at: int) -> PassageContext:
    return PassageContext(
        passage_id=content_id(Kind.PASSAGE, named.document, str(at), named.context),
        text=named.context,
        title=named.title,
        ordinal=0 if named.opens else 1,
        kind=EpisodeKind.CHAT if named.speaker else EpisodeKind.DOCUMENT,
        speaker=named.speaker,
    )
