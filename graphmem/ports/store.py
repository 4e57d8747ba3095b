"""The storage port: one transactional writer, many consistent readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from graphmem.model.change import ChangeSet, Counts, EditSet, Problem, StoreInfo
from graphmem.model.knowledge import DiscourseLink, Entity, Evidence, Fact, Supersession
from graphmem.model.retrieval import Query
from graphmem.model.source import Episode, Passage
from graphmem.model.summary import Hierarchy, HierarchyChange

Vectors = npt.NDArray[np.float32]
Found = tuple[str, float]
"""A passage's id and its score."""

SCANNABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "episodes": (
        *("nid", "id", "source", "title", "kind", "occurred_at", "recorded_at", "retired_at"),
        *("digest", "trust", "depth"),
    ),
    "passages": (
        *("nid", "id", "episode_nid", "episode_id", "source", "title", "text", "start", "end"),
        "ordinal",
        *("speaker", "session", "occurred_at", "external_id", "attributes", "vector_key", "trust"),
        *("recorded_at", "retired_at", "forgotten_at", "recalls", "last_recalled_at"),
    ),
    "entities": ("nid", "id", "name", "type", "aliases", "profile"),
    "mentions": ("passage_nid", "entity_nid", "surface", "start", "end", "about"),
    "facts": (
        *("nid", "id", "text", "predicate", "polarity", "modality", "kind", "confidence", "trust"),
        *("valid_from", "valid_to", "recorded_at", "retired_at", "strength"),
        *("attribution", "precision", "recalls", "last_recalled_at"),
        *("keywords", "topics", "tags", "event_types", "intent"),
    ),
    "roles": ("fact_nid", "entity_nid", "role", "ordinal", "text", "start", "end"),
    "evidence": ("fact_nid", "passage_nid", "start", "end"),
    "discourse": (
        *("source_nid", "target_nid", "sense", "connective", "passage_nid", "start", "end"),
    ),
    "supersessions": ("newer_nid", "older_nid", "reason"),
    "same_as": ("left_nid", "right_nid", "score", "by"),
}
"""Tables that a reader scans, and their columns. Times are UTC microseconds; `attributes`,
`aliases` and what a fact has several of are JSON. A passage's `source`, `title`, `trust`,
`recorded_at` and `retired_at` are those of its episode, but that one which was forgotten is retired
from then on at the latest."""
SEVERAL: Final = ("keywords", "topics", "tags", "event_types")
"""What a fact has several of."""


class StoreReader(Protocol):
    """A consistent view of one namespace, as of the moment it was opened.

    A view `since` a version shows what later commits added or changed: nodes (passages also when
    their episode or their vector changed) and, of those nodes, all relations that start there. A
    node may come again unchanged. What was removed is not shown, see :attr:`removed`.
    """

    @property
    def version(self) -> int:
        """The namespace's change counter; rises with every commit that changed something."""

    @property
    def removed(self) -> bool:
        """Whether anything was removed after `since`; then only a view of all of it tells."""

    def scan(
        self, table: str, columns: Sequence[str], *, batch: int = 10_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a table of :data:`SCANNABLE`, in the order of ``nid``, in lists of `batch`.

        Relations come in the order of the ``nid`` in their first column, a fact's roles in the
        order of its members. Several scans of one view may be under way at once.
        """

    def vectors(self, *, batch: int = 10_000) -> Iterator[tuple[list[int], Vectors]]:
        """Passage ``nid`` values and their vectors, float32, shape (n, dimension); those that have
        one, retired episodes included."""


class GraphStore(Protocol):
    """A store of temporal hypergraphs, one per namespace, that never cross.

    Errors: `StoreBusyError` when another process holds the writer, `StoreFullError` when the disk
    is full (nothing of the batch kept), `ReadOnlyError` for a write to a store opened for reading,
    `StoreError` for anything else that the back end reports. Methods that read a namespace the
    store does not hold answer as for an empty one.
    """

    def info(self) -> StoreInfo:
        """What the store says of itself."""

    def set_embedder(self, name: str, dimension: int) -> None:
        """Remember the embedder; raises `EmbedderMismatchError` if another one is remembered."""

    def namespaces(self) -> list[str]:
        """All that hold something, sorted."""

    def version(self, namespace: str) -> int:
        """The namespace's change counter, 0 when it was never written."""

    def apply(
        self,
        changes: ChangeSet,
        *,
        vectors: Mapping[str, Vectors] | None = None,
        embedder: str | None = None,
    ) -> Counts:
        """Commit a batch whole or not at all; durable when it returns. Returns what was new.

        `vectors` maps a passage's `vector_key` to its vector; `embedder` says what made them, and
        `EmbedderMismatchError` that the memory has another one by now. Facts left with no evidence
        in a living episode by `retired_episodes` are retired at the same moment.
        """

    def edit(self, edits: EditSet) -> Counts:
        """Commit changes made by hand whole or not at all. Returns what was added.

        Raises `NotFoundError` for an id that the namespace does not hold, and `StoreBusyError` when
        it is no longer at the version that the edits were worked out against.
        """

    def delete_source(self, namespace: str, source: str) -> Counts:
        """Remove a source's episodes and all that nothing else supports: no orphans remain.

        Facts and entities that other episodes still state stay, with their remaining evidence.
        Vectors that no passage uses any more are dropped. Returns what was removed, all zero for a
        source that the namespace does not hold.
        """

    def forget(self, namespace: str, passage_ids: Sequence[str], moment: datetime) -> Counts:
        """Drop passages, recoverably, with the facts that no other living passage states.

        Returns how many were dropped; those that are dropped already stay as they are.
        """

    def recall(self, namespace: str, recalls: Mapping[str, int], moment: datetime) -> None:
        """Count that passages were found, and the facts that they state with them.

        The namespace stays at its version: what is found does not depend on it.
        """

    def erase(self, namespace: str, passage_ids: Sequence[str]) -> Counts:
        """Remove passages for good, as :meth:`delete_source` does those of a source; an episode
        without a passage left goes too."""

    def compact(self) -> str:
        """Leave nothing of what was removed in the files that the store has of its own.

        Returns where it stands still, out of the store's reach, and what to do about that; empty
        where there is no such place. Raises `StoreBusyError` while others hold an earlier view
        open.
        """

    def read(
        self, namespace: str, tables: Sequence[str] | None = None, *, since: int = 0
    ) -> AbstractContextManager[StoreReader]:
        """Open a consistent view; of what changed after the version `since`, if one is given.

        `tables` are those that will be scanned, ``"vectors"`` among them, all by default: a store
        that has to copy what it shows copies no more.
        """

    def episodes(self, ids: Sequence[str]) -> dict[str, Episode]:
        """Those that exist, by id."""

    def episodes_of(self, namespace: str, source: str) -> list[Episode]:
        """All of a source's episodes, oldest first."""

    def sources(self, namespace: str) -> list[tuple[str, int]]:
        """Sources with living episodes and how many of their passages are not forgotten, sorted."""

    def passages_of(self, episode_ids: Sequence[str]) -> list[str]:
        """Ids of the passages of these episodes, in the order of the episodes and of the text."""

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those that exist, by id."""

    def entities(self, ids: Sequence[str]) -> dict[str, Entity]:
        """Those that exist, by id."""

    def facts(self, ids: Sequence[str], *, members: bool = True) -> dict[str, Fact]:
        """Those that exist, by id, with their members in order."""

    def evidence_in(self, passage_ids: Sequence[str]) -> list[Evidence]:
        """What the passages state, ordered by passage and start."""

    def evidence_of(self, fact_ids: Sequence[str]) -> list[Evidence]:
        """Where the facts are stated, ordered by fact, passage and start."""

    def passages_naming(self, entity_ids: Sequence[str], *, limit: int) -> dict[str, list[str]]:
        """Ids of the passages that mention each entity, the first `limit` of them by ``nid``.

        Entities that no passage mentions are left out.
        """

    def facts_with(
        self, entity_ids: Sequence[str], *, predicates: Sequence[str] | None = None
    ) -> dict[str, list[str]]:
        """Ids of the facts with one of these predicates that each entity is a member of, by
        ``nid``; entities without any are left out. Without `predicates`, facts of any."""

    def discourse_of(self, fact_ids: Sequence[str]) -> list[DiscourseLink]:
        """Links that start or end at the facts, ordered by source, target, sense and
        connective."""

    def supersessions_of(self, fact_ids: Sequence[str]) -> list[Supersession]:
        """Where one of the facts is the newer or the older one, ordered by newer and older."""

    def vectors_of(self, keys: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that the store has, by key, float32, shape (dimension,)."""

    def nearest(self, query: Query, vector: Vectors) -> list[Found]:
        """The passages that the query allows with the vectors nearest to `vector`, best first.

        ``query.k`` at most, with their cosine; ties in the order of the passages. All filters of
        the query hold before that cut; `type` and `entity` are asked of recorded mentions. Neo4j
        looks in its approximate index first, as long as that leaves enough.
        """

    def find_text(self, query: Query, words: Sequence[str]) -> list[Found]:
        """The passages that the query allows and that hold some of `words`, best first.

        As :meth:`nearest`, with the store's own BM25. Whatever is in the words is text, no syntax.
        """

    def hierarchy(self, namespace: str) -> Hierarchy:
        """The summaries and communities that are kept, each in the order of their ids.

        A deletion takes passages and entities out of them in the same commit, with every text that
        was made of what is gone; they are stale then.
        """

    def hierarchy_revision(self, namespace: str) -> int:
        """How often :meth:`keep_hierarchy` was called; a deletion raises the version instead."""

    def keep_hierarchy(
        self, change: HierarchyChange, vectors: Mapping[str, Vectors] | None = None
    ) -> None:
        """Commit a change of the summaries whole or not at all; durable when it returns.

        `vectors` are of summaries, by id. The namespace's version stays: what was ingested is the
        same. Passages, facts and members that are gone by now are left out, with the texts that
        were made of them. Raises `StoreBusyError` if the hierarchy is at another revision.
        """

    def summary_vectors(self, namespace: str) -> dict[str, Vectors]:
        """The vectors of the tree's nodes, by id, float32, shape (dimension,)."""

    def known_vectors(self, keys: Sequence[str]) -> set[str]:
        """Those keys that the store has a vector for."""

    def start_reindex(self, name: str, dimension: int) -> int:
        """Be on the way to another embedder, whose vectors are kept beside those in use.

        Goes on where a run for the same one was interrupted; what one for another has kept is
        dropped. Returns how many passages have their vector to come.
        """

    def unindexed(self, after: str, limit: int) -> list[str]:
        """Ids of passages of any namespace without a vector to come: the `limit` first of those
        above `after`, rising."""

    def keep_vectors(self, name: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors to come, by vector key; durable when it returns.

        Raises `StoreBusyError` if the memory is not on its way to the embedder `name` any more.
        """

    def finish_reindex(self, name: str) -> bool:
        """Have the embedder to come be the memory's, with its vectors, at once for all readers.

        Returns False, with nothing done, while a passage lacks its vector. Errors as
        :meth:`keep_vectors`.
        """

    def checkpoint(self, job: str) -> str | None:
        """The position that the job last committed."""

    def clear_checkpoint(self, job: str) -> None:
        """Forget the job's position."""

    def counts(self, namespace: str) -> Counts:
        """How much the namespace holds, retired included."""

    def size_bytes(self) -> int:
        """Room that the store takes, in bytes; 0 where it cannot be told."""

    def check(self) -> list[Problem]:
        """Look for damage: the back end's own check, dangling references, unstated facts."""

    def close(self) -> None:
        """Let go of the store; a second call does nothing."""


class Clock(Protocol):
    """Where transaction time comes from."""

    def __call__(self) -> datetime:
        """Now, in UTC."""


def scanned(reader: StoreReader, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a table one by one, as :meth:`StoreReader.scan` has them in lists."""
    return (row for rows in reader.scan(table, columns) for row in rows)
