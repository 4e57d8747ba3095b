"""The write path: segment, then embed and extract side by side, then resolve, then commit."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from graphmem.errors import ExtractionError, InvalidInputError
from graphmem.model.change import AddReport, Checkpoint, Counts, FailedItem, Neighbourhood
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth, Episode, OpenTriples, Passage, SourceItem
from graphmem.model.usage import Tally
from graphmem.ports.store import Vectors
from graphmem.resolve.resolve import referred_entities, resolve
from graphmem.segment.segment import contexts_of, embedded_text, segment
from graphmem.stages.known_names import KnownNames
from graphmem.stages.learning import states_in
from graphmem.stages.parts import Parts
from graphmem.stages.revising import Revised, revise

_READ_AHEAD = 2
"""Batches that are extracted ahead of the one that is being embedded."""


@dataclass
class _Batch:
    """A batch on its way: what was segmented, and what came of its items."""

    checkpoint: Checkpoint | None
    started: float
    recorded_at: datetime
    items: int = 0
    episodes: list[Episode] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    triples: dict[str, OpenTriples] = field(default_factory=dict)
    extractions: Future[list[Extraction]] | None = None
    retired: dict[str, datetime] = field(default_factory=dict)
    replaced: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unchanged: int = 0
    failed: list[FailedItem] = field(default_factory=list)


def write_batches(
    parts: Parts,
    namespace: str,
    batches: Iterable[tuple[Sequence[SourceItem], Checkpoint | None]],
    *,
    names: KnownNames,
) -> Iterator[AddReport]:
    """Write batches in order, one commit each; yields a report after each commit.

    Extraction of the next batches runs in a thread (and in the extractor's own processes) while
    this one embeds and commits.
    """
    pending: deque[_Batch] = deque()
    ahead: set[str] = set()
    with ThreadPoolExecutor(1, thread_name_prefix="graphmem-extract") as reader:
        try:
            for items, checkpoint in batches:
                batch = _prepare(parts, namespace, items, checkpoint, ahead)
                contexts = _contexts(batch)
                batch.extractions = reader.submit(parts.extractor.extract, contexts)
                pending.append(batch)
                if len(pending) > _READ_AHEAD:
                    yield _commit(parts, names, pending.popleft(), ahead)
            while pending:
                yield _commit(parts, names, pending.popleft(), ahead)
        finally:
            for batch in pending:
                assert batch.extractions is not None
                batch.extractions.cancel()


def _prepare(
    parts: Parts,
    namespace: str,
    items: Sequence[SourceItem],
    checkpoint: Checkpoint | None,
    ahead: set[str],
) -> _Batch:
    """Segment the items and leave out what the memory holds already."""
    batch = _Batch(checkpoint, time.monotonic(), parts.clock(), items=len(items))
    segmented: list[tuple[SourceItem, Episode, list[Passage]]] = []
    for item in items:
        try:
            episode, passages = segment(
                item,
                namespace=namespace,
                recorded_at=batch.recorded_at,
                depth=parts.extractor.depth,
            )
        except InvalidInputError as error:
            batch.failed.append(
                FailedItem(item=item.source, error=error.message, remedy=error.remedy)
            )
        else:
            segmented.append((item, episode, passages))
    known = parts.store.episodes([episode.id for _, episode, _ in segmented])
    for item, episode, passages in segmented:
        held = known.get(episode.id)
        if held is not None and held.retired_at is not None:
            episode, passages, held = _stated_again(parts, item, episode)  # noqa: PLW2901
        if episode.id in ahead or _is_held(held, episode):
            batch.unchanged += 1
            continue
        ahead.add(episode.id)
        batch.episodes.append(episode)
        batch.passages.extend(passages)
        batch.titles[episode.id] = episode.title
        if item.triples is not None:
            batch.triples[episode.id] = item.triples
        if item.replaces:
            outdated = _outdated(parts, namespace, episode, batch)
            batch.retired.update(outdated)
            batch.replaced[episode.id] = tuple(outdated)
    return batch


def _stated_again(
    parts: Parts, item: SourceItem, episode: Episode
) -> tuple[Episode, list[Passage], Episode | None]:
    """An episode that is ingested again after it was retired, and the living one of it, if any.

    It is another episode: the first stays retired, so that what was believed in between can still
    be asked for.
    """
    living = next(
        (
            old
            for old in parts.store.episodes_of(episode.namespace, episode.source)
            if old.digest == episode.digest and old.kind == episode.kind and old.retired_at is None
        ),
        None,
    )
    again, passages = segment(
        item,
        namespace=episode.namespace,
        recorded_at=living.recorded_at if living else episode.recorded_at,
        depth=episode.depth,
        is_again=True,
    )
    return again, passages, living


def _contexts(batch: _Batch) -> list[PassageContext]:
    held = {episode.id for episode in batch.episodes}
    triples = {id: stated for id, stated in batch.triples.items() if id in held}
    return contexts_of(batch.episodes, batch.passages, triples=triples)


def _is_held(known: Episode | None, episode: Episode) -> bool:
    return (
        known is not None
        and known.retired_at is None
        and (known.depth == Depth.FULL or episode.depth == Depth.FAST)
    )


def _outdated(
    parts: Parts, namespace: str, episode: Episode, batch: _Batch
) -> Mapping[str, datetime]:
    return {
        old.id: batch.recorded_at
        for old in parts.store.episodes_of(namespace, episode.source)
        if old.id != episode.id and old.retired_at is None
    }


def _commit(parts: Parts, names: KnownNames, batch: _Batch, ahead: set[str]) -> AddReport:
    begun = [episode.id for episode in batch.episodes]
    vectors = _embed(parts, batch)
    extractions = _extracted(parts, batch)
    keys = {passage.vector_key for passage in batch.passages}
    known = parts.store.entities(referred_entities(extractions, namespace=names.namespace))
    changes = resolve(
        batch.episodes,
        batch.passages,
        extractions,
        namespace=names.namespace,
        recorded_at=batch.recorded_at,
        known=Neighbourhood(entities=known),
        states=parts.states,
    ).model_copy(update={"retired_episodes": batch.retired, "checkpoint": batch.checkpoint})
    is_due = batch.episodes or batch.checkpoint
    kept = {key: vector for key, vector in vectors.items() if key in keys}
    added = Counts()
    revised: Revised | None = None
    if is_due:
        made_by = parts.embedder.name if kept else None
        with names.linked(changes, kept) as linked:
            revised = revise(
                parts.store,
                linked,
                states=states_in(parts, names.namespace),
                same=names.same,
                now=batch.recorded_at,
                reviser=parts.reviser,
            )
            added = parts.store.apply(revised.changes, vectors=kept, embedder=made_by)
    ahead.difference_update(begun)
    return AddReport(
        items=batch.items,
        unchanged=batch.unchanged,
        replaced=len(batch.retired),
        added=added,
        episode_ids=tuple(episode.id for episode in batch.episodes),
        failed=tuple(batch.failed),
        reading=sum((e.tally for e in extractions if e.tally is not None), Tally()),
        revisions=revised.revisions if revised else (),
        operations=revised.operations if revised else {},
        seconds=time.monotonic() - batch.started,
    )


def _extracted(parts: Parts, batch: _Batch) -> list[Extraction]:
    """What was read in the batch's passages; an item that cannot be read leaves the batch."""
    assert batch.extractions is not None
    try:
        return batch.extractions.result()
    except ExtractionError as error:
        _drop(batch, error)
    while batch.episodes:
        try:
            return parts.extractor.extract(_contexts(batch))
        except ExtractionError as error:
            _drop(batch, error)
    return []


def _drop(batch: _Batch, error: ExtractionError) -> None:
    """Take the episodes of the passages that failed out of the batch, each as a failed item."""
    bad = {p.episode_id for p in batch.passages if p.id in set(error.passage_ids)}
    if not bad:
        raise error
    for episode in batch.episodes:
        if episode.id in bad:
            batch.failed.append(
                FailedItem(item=episode.source, error=error.message, remedy=error.remedy)
            )
            # What it was to replace stays, as there is nothing in its place.
            for old in batch.replaced.pop(episode.id, ()):
                batch.retired.pop(old, None)
    batch.episodes = [episode for episode in batch.episodes if episode.id not in bad]
    batch.passages = [passage for passage in batch.passages if passage.episode_id not in bad]


def _embed(parts: Parts, batch: _Batch) -> dict[str, Vectors]:
    """Vectors of the batch's passages that the store does not have yet, by content."""
    texts = {
        passage.vector_key: embedded_text(passage, batch.titles[passage.episode_id])
        for passage in batch.passages
    }
    if not texts:
        return {}
    embedder = parts.embedder
    known = parts.store.known_vectors(list(texts))
    missing = {key: text for key, text in texts.items() if key not in known}
    return dict(zip(missing, embedder.embed(list(missing.values())), strict=True))
