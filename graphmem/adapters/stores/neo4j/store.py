"""The storage port on Neo4j: one database, one writer at a time per namespace, many readers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime

from neo4j import ManagedTransaction

from graphmem.adapters.bolt import Bolt, listed, rows
from graphmem.adapters.stores.neo4j import (
    delete,
    edit,
    forget,
    lookup,
    reindex,
    scan,
    schema,
    search,
    summaries,
    write,
)
from graphmem.adapters.stores.neo4j import vectors as embeddings
from graphmem.adapters.stores.neo4j.check import check
from graphmem.adapters.stores.neo4j.compact import compact
from graphmem.adapters.stores.neo4j.namespaces import Namespace, write_once
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.errors import (
    EmbedderMismatchError,
    InvalidInputError,
    NotFoundError,
    StoreFormatError,
)
from graphmem.model.change import ChangeSet, Counts, EditSet, Problem, StoreInfo
from graphmem.model.ids import digest
from graphmem.model.knowledge import DiscourseLink, Entity, Evidence, Fact, Supersession
from graphmem.model.retrieval import Query
from graphmem.model.source import Episode, Passage
from graphmem.model.summary import Hierarchy, HierarchyChange
from graphmem.model.time import from_micros, to_micros
from graphmem.ports.store import Clock, Found, Vectors


class Neo4jStore:
    """A :class:`graphmem.ports.store.GraphStore` in a Neo4j database.

    Safe to use from several threads; several processes may have it open at once. Use :meth:`open`.
    """

    def __init__(self, bolt: Bolt, clock: Clock) -> None:
        self.bolt = bolt
        self._clock = clock

    @classmethod
    def open(
        cls,
        bolt: Bolt,
        *,
        clock: Clock,
        create: bool,
        migrations: Sequence[str] = schema.MIGRATIONS,
    ) -> Neo4jStore:
        """Open the memory in the database of `bolt`, making it first with `create`.

        Parameters
        ----------
        clock
            Where the time of making the memory, and of retiring facts by deletion, comes from.
        migrations
            What brings a memory of an older schema up to date, once it is opened for writing.

        Raises
        ------
        NotFoundError
            No memory is there, and none is to be made.
        StoreFormatError
            What is there is of a schema that cannot be used.
        """
        bolt.admit()
        found = bolt.read(schema.meta)
        if found is None:
            if bolt.read_only or not create:
                raise NotFoundError(
                    f"there is no memory in {bolt.where}",
                    remedy="Check the URL and the database, or make a memory by ingesting into it",
                )
            created_at = to_micros(clock())
            assert created_at is not None
            schema.make(bolt, created_at=created_at)
            found = bolt.read(schema.meta)
            assert found is not None
        schema.verify(bolt, found, migrations)
        if found.schema_version < len(migrations):
            if bolt.read_only:
                raise StoreFormatError(
                    f"{bolt.where} is of the older schema {found.schema_version}; this graphmem"
                    f" reads {len(migrations)}",
                    remedy="Open it for writing once, as `graphmem ingest` does: that updates it",
                )
            schema.migrate(bolt, found.schema_version, migrations)
        return cls(bolt, clock)

    def info(self) -> StoreInfo:
        """What the store says of itself."""
        found = self._meta()
        created_at = from_micros(found.created_at)
        assert created_at is not None
        return StoreInfo(
            backend="neo4j",
            location=self.bolt.where,
            schema_version=found.schema_version,
            memory_id=found.memory_id,
            created_at=created_at,
            embedder=found.embedder,
            dimension=found.dimension,
        )

    def set_embedder(self, name: str, dimension: int) -> None:
        """Remember the embedder, and make the native vector index for it.

        Raises `EmbedderMismatchError` if another one is remembered, or the index has another
        dimension.
        """
        if dimension < 1:
            raise InvalidInputError(f"an embedder of dimension {dimension} cannot be")
        found = self._meta()
        if (found.embedder, found.dimension) != (name, dimension):
            # Told first, as whoever only reads is to hear of it too.
            _refuse_other(found.embedder, found.dimension, name, dimension)

            def remember(tx: ManagedTransaction) -> None:
                rows(tx, statements("schema")["lock_memory"], token=secrets.token_hex(8))
                held = schema.meta(tx)
                assert held is not None
                length = embeddings.dimension(tx)
                _refuse_other(held.embedder, length, name, dimension)
                rows(tx, statements("schema")["set_embedder"], name=name, dimension=dimension)

            self.bolt.write(remember)
        if not self.bolt.read_only:
            schema.make_vector_index(self.bolt, dimension, found.generation)

    def namespaces(self) -> list[str]:
        """All that hold something, sorted."""
        return lookup.namespaces(self.bolt)

    def version(self, namespace: str) -> int:
        """The namespace's change counter, 0 when it was never written."""
        return lookup.version(self.bolt, namespace)

    def apply(
        self,
        changes: ChangeSet,
        *,
        vectors: Mapping[str, Vectors] | None = None,
        embedder: str | None = None,
    ) -> Counts:
        """Commit a batch whole or not at all; see :func:`write.write` for what is refused."""
        return write_once(
            self.bolt,
            changes.namespace,
            secrets.token_hex(16),
            lambda namespace: write.write(namespace, changes, vectors or {}, embedder=embedder),
        )

    def edit(self, edits: EditSet) -> Counts:
        """Commit changes made by hand."""
        return write_once(
            self.bolt,
            edits.namespace,
            secrets.token_hex(16),
            lambda namespace: edit.edit(namespace, edits),
        )

    def delete_source(self, namespace: str, source: str) -> Counts:
        """Remove a source with all that nothing else supports.

        The server may keep the room, and what stood in it, until it writes there again.
        """
        moment = _micros(self._clock())
        return self._write_once(
            namespace, lambda held: delete.delete_source(held, source, moment=moment)
        )

    def forget(self, namespace: str, passage_ids: Sequence[str], moment: datetime) -> Counts:
        """Drop passages, recoverably, with the facts that no other living passage states."""
        at = _micros(moment)
        return self._write_once(namespace, lambda held: forget.forget(held, passage_ids, moment=at))

    def recall(self, namespace: str, recalls: Mapping[str, int], moment: datetime) -> None:
        """Count that passages were found, and the facts that they state with them."""
        at = _micros(moment)
        self._write_once(namespace, lambda held: forget.recall(held, recalls, moment=at))

    def erase(self, namespace: str, passage_ids: Sequence[str]) -> Counts:
        """Remove passages for good, with all that nothing else supports."""
        moment = _micros(self._clock())
        return self._write_once(
            namespace, lambda held: delete.erase(held, passage_ids, moment=moment)
        )

    def compact(self) -> str:
        """Has the server close the log that holds what was erased; see :mod:`.compact`."""
        return compact(self.bolt)

    def _write_once(self, namespace: str, work: Callable[[Namespace], Counts]) -> Counts:
        return write_once(self.bolt, namespace, secrets.token_hex(16), work)

    @contextmanager
    def read(
        self, namespace: str, tables: Sequence[str] | None = None, *, since: int = 0
    ) -> Iterator[scan.Neo4jReader]:
        """Open a consistent view, which is a copy on this machine; see :mod:`.scan`.

        `tables` are those that will be scanned, ``"vectors"`` among them; by default all.
        """
        with closing(scan.view(self.bolt, namespace, tables, since=since)) as reader:
            yield reader

    def episodes(self, ids: Sequence[str]) -> dict[str, Episode]:
        """Those that exist, by id, in the order asked for."""
        return lookup.episodes(self.bolt, ids)

    def episodes_of(self, namespace: str, source: str) -> list[Episode]:
        """All of a source's episodes, oldest first."""
        return lookup.episodes_of(self.bolt, namespace, source)

    def sources(self, namespace: str) -> list[tuple[str, int]]:
        """Sources with living episodes and their number of passages, sorted by source."""
        return lookup.sources(self.bolt, namespace)

    def passages_of(self, episode_ids: Sequence[str]) -> list[str]:
        """Ids of the passages of these episodes, in the order of the episodes and of the text."""
        return lookup.passages_of(self.bolt, episode_ids)

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those that exist, by id, in the order asked for."""
        return lookup.passages(self.bolt, ids)

    def entities(self, ids: Sequence[str]) -> dict[str, Entity]:
        """Those that exist, by id, in the order asked for."""
        return lookup.entities(self.bolt, ids)

    def facts(self, ids: Sequence[str], *, members: bool = True) -> dict[str, Fact]:
        """Those that exist, by id, in the order asked for, with their members in order or none."""
        return lookup.facts(self.bolt, ids, members=members)

    def evidence_in(self, passage_ids: Sequence[str]) -> list[Evidence]:
        """What the passages state, ordered by passage id, start, end and fact id."""
        found = lookup.evidence(self.bolt, "evidence_in", passage_ids)
        return sorted(found, key=lambda e: (e.passage_id, e.start, e.end, e.fact_id))

    def evidence_of(self, fact_ids: Sequence[str]) -> list[Evidence]:
        """Where the facts are stated, ordered by fact id, passage id, start and end."""
        found = lookup.evidence(self.bolt, "evidence_of", fact_ids)
        return sorted(found, key=lambda e: (e.fact_id, e.passage_id, e.start, e.end))

    def passages_naming(self, entity_ids: Sequence[str], *, limit: int) -> dict[str, list[str]]:
        """The first `limit` passages that mention each entity."""
        return lookup.passages_naming(self.bolt, entity_ids, limit)

    def facts_with(
        self, entity_ids: Sequence[str], *, predicates: Sequence[str] | None = None
    ) -> dict[str, list[str]]:
        """Facts with one of these predicates, or any, that each entity is a member of."""
        return lookup.facts_with(self.bolt, entity_ids, predicates)

    def discourse_of(self, fact_ids: Sequence[str]) -> list[DiscourseLink]:
        """Links that start or end at the facts, in order."""
        found = lookup.discourse_of(self.bolt, fact_ids)
        return sorted(found, key=lambda d: (d.source_id, d.target_id, d.sense, d.connective))

    def supersessions_of(self, fact_ids: Sequence[str]) -> list[Supersession]:
        """Where one of the facts is the newer or the older one, in order."""
        found = lookup.supersessions_of(self.bolt, fact_ids)
        return sorted(found, key=lambda s: (s.newer_id, s.older_id, s.reason))

    def vectors_of(self, keys: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that the store has, by key."""
        return lookup.vectors_of(self.bolt, keys)

    def nearest(self, query: Query, vector: Vectors) -> list[Found]:
        """The nearest passages that the query allows, as the server finds them."""
        return search.nearest(self.bolt, query, vector)

    def find_text(self, query: Query, words: Sequence[str]) -> list[Found]:
        """The passages that the query allows and that hold some of the words, by BM25."""
        return search.find_text(self.bolt, query, words)

    def hierarchy(self, namespace: str) -> Hierarchy:
        """The summaries and communities that are kept."""
        return summaries.hierarchy(self.bolt, namespace)

    def hierarchy_revision(self, namespace: str) -> int:
        """How often the hierarchy was written."""
        return summaries.revision(self.bolt, namespace)

    def keep_hierarchy(
        self, change: HierarchyChange, vectors: Mapping[str, Vectors] | None = None
    ) -> None:
        """Commit a change of the summaries whole or not at all."""
        write_once(
            self.bolt,
            change.namespace,
            secrets.token_hex(16),
            lambda namespace: summaries.keep(namespace, change, vectors or {}),
        )

    def summary_vectors(self, namespace: str) -> dict[str, Vectors]:
        """The vectors of the tree's nodes, by id."""
        return summaries.vectors(self.bolt, namespace)

    def known_vectors(self, keys: Sequence[str]) -> set[str]:
        """Those keys that the store has a vector for."""
        wanted = list(keys)

        def find(tx: ManagedTransaction) -> list[str]:
            found = schema.meta(tx)
            generation = 0 if found is None else found.generation
            statement = of_generation(statements("write")["known_vectors"], generation)
            return listed(tx, statement, keys=wanted)

        return set(self.bolt.read(find))

    def start_reindex(self, name: str, dimension: int) -> int:
        """Be on the way to another embedder; how many passages have its vector already."""
        return reindex.start(self.bolt, name, dimension)

    def unindexed(self, after: str, limit: int) -> list[str]:
        """Ids, after one, of passages without a vector of the embedder to come; rising."""
        return reindex.without(self.bolt, after, limit)

    def keep_vectors(self, name: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors of the embedder to come, by vector key; durable when it returns."""
        reindex.keep(self.bolt, name, vectors)

    def finish_reindex(self, name: str) -> bool:
        """Have the embedder to come be the memory's, at once; False if a passage lacks a vector."""
        return reindex.finish(self.bolt, name)

    def checkpoint(self, job: str) -> str | None:
        """The position that the job last committed."""
        return lookup.checkpoint(self.bolt, job)

    def clear_checkpoint(self, job: str) -> None:
        """Forget the job's position."""
        self.bolt.write(
            lambda tx: rows(tx, statements("lookup")["clear_checkpoint"], key=digest(job))
        )

    def counts(self, namespace: str) -> Counts:
        """How much the namespace holds, retired included."""
        return lookup.counts(self.bolt, namespace)

    def size_bytes(self) -> int:
        """0: the server does not tell, and its disk is not ours to look at."""
        return 0

    def check(self) -> list[Problem]:
        """Look for damage: what the schema and the model promise, asked of the server."""
        return check(self.bolt)

    def close(self) -> None:
        """Let go of the server; a second call does nothing."""
        self.bolt.close()

    def _meta(self) -> schema.Meta:
        found = self.bolt.read(schema.meta)
        if found is None:
            raise StoreFormatError(
                f"{self.bolt.where} is no memory any more", remedy="Open it again to make one"
            )
        return found


def _micros(moment: datetime) -> int:
    micros = to_micros(moment)
    assert micros is not None
    return micros


def _refuse_other(held: str | None, length: int | None, name: str, dimension: int) -> None:
    if held not in (None, name) or length not in (None, dimension):
        raise EmbedderMismatchError(
            f"the memory holds vectors of {held or 'another embedder'}"
            f" ({length} dimensions), not of {name} ({dimension})"
        )
