"""Judging labelled pairs of mentions by the write path itself: read both, then resolve the two.

The right one is resolved after the left, as if it had been ingested later; only the store is left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from graphmem.evaluation.entities import Named, Pair, Verdict
from graphmem.kernels.text import normalise_name
from graphmem.model.change import ChangeSet, Neighbourhood
from graphmem.model.extraction import Extraction, MentionDraft, PassageContext
from graphmem.model.ids import Kind, content_id
from graphmem.model.source import DEFAULT_NAMESPACE, Episode, EpisodeKind, Passage
from graphmem.ports.models import Extractor
from graphmem.resolve.entities import entity_id
from graphmem.resolve.resolve import resolve

_NOW: Final = datetime(2024, 1, 1, tzinfo=UTC)


def judged(pairs: Sequence[Pair], *, extractor: Extractor) -> list[Verdict]:
    """One verdict per pair: whether both mentions end up at one entity."""
    sides = [side for pair in pairs for side in (pair.left, pair.right)]
    contexts = [_context(side, at) for at, side in enumerate(sides)]
    read = extractor.extract(contexts)
    verdicts = []
    for at in range(0, len(sides), 2):
        left, right = sides[at : at + 2]
        verdicts.append(
            _judged((left, contexts[at], read[at]), (right, contexts[at + 1], read[at + 1]))
        )
    return verdicts


_Read = tuple[Named, PassageContext, Extraction]


def _judged(left: _Read, right: _Read) -> Verdict:
    one, other = _resolved(left)[1], _resolved(right)[1]
    if one == other:
        return Verdict(same=True, score=1.0, by="name")
    return Verdict(same=False)


def _resolved(read: _Read) -> tuple[ChangeSet, str]:
    """What is read of a mention's context, and the id of the entity that the mention is of."""
    named, context, extraction = read
    passage = Passage(
        id=context.passage_id,
        episode_id=content_id(Kind.EPISODE, DEFAULT_NAMESPACE, named.document),
        text=context.text,
        start=0,
        end=len(context.text),
        ordinal=context.ordinal,
        vector_key=Passage.key_of(context.text),
        speaker=named.speaker,
    )
    episode = Episode(
        id=passage.episode_id,
        namespace=DEFAULT_NAMESPACE,
        source=named.document,
        title=named.title,
        kind=context.kind,
        occurred_at=None,
        recorded_at=_NOW,
        digest=passage.id,
    )
    draft = _draft_of(named, extraction)
    if draft is None:
        draft = MentionDraft(surface=named.name, name=named.name, type=named.type)
        extraction = extraction.model_copy(update={"mentions": (*extraction.mentions, draft)})
    changes = resolve(
        [episode],
        [passage],
        [extraction],
        namespace=DEFAULT_NAMESPACE,
        recorded_at=_NOW,
        known=Neighbourhood(),
    )
    return changes, entity_id(draft.name, namespace=DEFAULT_NAMESPACE)


def _draft_of(named: Named, extraction: Extraction) -> MentionDraft | None:
    """The mention of that name in the context, as it was read today."""
    wanted = normalise_name(named.name)
    for draft in extraction.mentions:
        if wanted in (normalise_name(draft.surface), normalise_name(draft.name)):
            return draft
    return None


def _context(named: Named, at: int) -> PassageContext:
    return PassageContext(
        passage_id=content_id(Kind.PASSAGE, named.document, str(at), named.context),
        text=named.context,
        title=named.title,
        ordinal=0 if named.opens else 1,
        kind=EpisodeKind.CHAT if named.speaker else EpisodeKind.DOCUMENT,
        speaker=named.speaker,
    )
