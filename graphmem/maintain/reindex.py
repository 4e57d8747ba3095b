"""Giving a memory the vectors of another embedder, while it goes on answering with those it has."""

from __future__ import annotations

from collections.abc import Callable

from graphmem.maintain.records import Progress
from graphmem.model.source import Passage
from graphmem.model.transfer import ReindexReport
from graphmem.ports.models import Embedder
from graphmem.ports.store import GraphStore


def reindex_memory(
    store: GraphStore,
    embedder: Embedder,
    *,
    text_of: Callable[[Passage, str], str],
    batch: int,
    progress: Progress,
) -> ReindexReport:
    """Embed all passages of all namespaces, `batch` to a commit, then put the vectors in use.

    A run that was killed goes on where it was. `text_of` makes what is embedded of a passage and
    its episode's title. What others add meanwhile is embedded too, before the switch.

    Raises
    ------
    StoreBusyError
        Another run for another embedder has taken over.
    """
    kept = store.start_reindex(embedder.name, embedder.dimension)
    total = sum(store.counts(namespace).passages for namespace in store.namespaces())
    done = kept
    while True:
        after = ""
        while ids := store.unindexed(after, batch):
            passages = store.passages(ids)
            episodes = store.episodes([passage.episode_id for passage in passages.values()])
            texts = {
                passage.vector_key: text_of(passage, episodes[passage.episode_id].title)
                for passage in passages.values()
                if passage.episode_id in episodes
            }
            vectors = embedder.embed(list(texts.values()))
            store.keep_vectors(embedder.name, dict(zip(texts, vectors, strict=True)))
            after = ids[-1]
            done += len(ids)
            progress("reindex", done, max(total, done))
        if store.finish_reindex(embedder.name):
            return ReindexReport(
                embedder=embedder.name,
                dimension=embedder.dimension,
                passages=done,
                kept=kept,
            )
