"""The storage port on SQLite: one file, one writer at a time, readers that never wait."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from graphmem.adapters.stores.sqlite import (
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
from graphmem.adapters.stores.sqlite import vectors as vector_table
from graphmem.adapters.stores.sqlite.check import check
from graphmem.adapters.stores.sqlite.connections import (
    Connections,
    connect,
    connect_for_reading,
    tune_for_writing,
)
from graphmem.adapters.stores.sqlite.failures import explained
from graphmem.errors import (
    EmbedderMismatchError,
    InvalidInputError,
    NotFoundError,
    StoreBusyError,
    StoreError,
    StoreFormatError,
    StoreFullError,
)
from graphmem.model.change import ChangeSet, Counts, EditSet, Problem, StoreInfo
from graphmem.model.knowledge import DiscourseLink, Entity, Evidence, Fact, Supersession
from graphmem.model.retrieval import Query
from graphmem.model.source import Episode, Passage
from graphmem.model.summary import Hierarchy, HierarchyChange
from graphmem.model.time import from_micros, to_micros
from graphmem.ports.store import Clock, Found, Vectors

FILE_NAME: Final = "graphmem.sqlite3"
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}


class SqliteStore:
    """A :class:`graphmem.ports.store.GraphStore` in one file of a folder.

    Safe to use from several threads; several processes may have it open at once. Use :meth:`open`.
    """

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Clock,
        create: bool,
        read_only: bool = False,
        busy_timeout: float = 30.0,
        migrations: Sequence[schema.Migration] = schema.MIGRATIONS,
    ) -> SqliteStore:
        """Open the memory in `folder`, making it first with `create`, unless `read_only`.

        Parameters
        ----------
        clock
            Where the time of making the memory, and of retiring facts by deletion, comes from.
        busy_timeout
            Seconds to wait for another writer before `StoreBusyError`.
        migrations
            What brings a file of an older schema up to date, once it is opened for writing.

        Raises
        ------
        NotFoundError
            No memory is there, and none is to be made.
        StoreFormatError
            What is there is not a memory, is damaged, or is of a schema that cannot be used.
        """
        path = folder / FILE_NAME
        if not _is_there(path):
            if read_only or not create:
                raise NotFoundError(
                    f"there is no memory in {folder}",
                    remedy="Check the folder's name, or make a memory by ingesting into it",
                )
            _make(path, clock, migrations)
        with explained(path):
            first = _admitted(path, read_only, busy_timeout, migrations)
        return cls(Connections(path, first, read_only=read_only, busy_timeout=busy_timeout), clock)

    def info(self) -> StoreInfo:
        """What the store says of itself."""
        with self._connections.reading() as connection:
            meta = dict(connection.execute("SELECT key, value FROM meta"))
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        created_at = from_micros(meta["created_at"])
        assert created_at is not None
        return StoreInfo(
            backend="sqlite",
            location=str(self._connections.path.parent),
            schema_version=version,
            memory_id=meta["memory_id"],
            created_at=created_at,
            embedder=meta.get("embedder"),
            dimension=meta.get("dimension"),
        )

    def set_embedder(self, name: str, dimension: int) -> None:
        """Remember the embedder; raises `EmbedderMismatchError` if another one is remembered."""
        if dimension < 1:
            raise InvalidInputError(f"an embedder of dimension {dimension} cannot be")
        info = self.info()
        if (info.embedder, info.dimension) == (name, dimension):
            return
        # Told first, as whoever only reads is to hear of it too.
        _refuse_other(info.embedder, info.dimension, name, dimension)
        with self._connections.writing() as connection:
            held = dict(connection.execute("SELECT key, value FROM meta"))
            length = vector_table.dimension(connection)
            _refuse_other(held.get("embedder"), length, name, dimension)
            connection.executemany(
                "INSERT OR IGNORE INTO meta VALUES (?, ?)",
                [("embedder", name), ("dimension", dimension)],
            )

    def namespaces(self) -> list[str]:
        """All that hold something, sorted."""
        with self._connections.reading() as connection:
            return lookup.namespaces(connection)

    def version(self, namespace: str) -> int:
        """The namespace's change counter, 0 when it was never written."""
        with self.read(namespace) as reader:
            return reader.version

    def apply(
        self,
        changes: ChangeSet,
        *,
        vectors: Mapping[str, Vectors] | None = None,
        embedder: str | None = None,
    ) -> Counts:
        """Commit a batch whole or not at all; see :func:`write.write` for what is refused."""
        with self._connections.writing() as connection:
            return write.write(connection, changes, vectors or {}, embedder=embedder)

    def edit(self, edits: EditSet) -> Counts:
        """Commit changes made by hand; what is removed leaves the file too."""
        with self._connections.writing() as connection:
            added = edit.edit(connection, edits)
        if edits.removed_facts:
            self._connections.erase_from_log()
        return added

    def delete_source(self, namespace: str, source: str) -> Counts:
        """Remove a source with all that nothing else supports; its text leaves the file too."""
        moment = _micros(self._clock())
        with self._connections.writing() as connection:
            removed = delete.delete_source(connection, namespace, source, moment=moment)
        if removed != Counts():
            self._connections.erase_from_log()
        return removed

    def forget(self, namespace: str, passage_ids: Sequence[str], moment: datetime) -> Counts:
        """Drop passages, recoverably, with the facts that no other living passage states."""
        with self._connections.writing() as connection:
            return forget.forget(connection, namespace, passage_ids, moment=_micros(moment))

    def recall(self, namespace: str, recalls: Mapping[str, int], moment: datetime) -> None:
        """Count that passages were found, and the facts that they state with them."""
        with self._connections.writing() as connection:
            forget.recall(connection, namespace, recalls, moment=_micros(moment))

    def erase(self, namespace: str, passage_ids: Sequence[str]) -> Counts:
        """Remove passages for good, with all that nothing else supports."""
        moment = _micros(self._clock())
        with self._connections.writing() as connection:
            removed = delete.erase(connection, namespace, passage_ids, moment=moment)
        if removed != Counts():
            self._connections.erase_from_log()
        return removed

    def compact(self) -> str:
        """Leave nothing of what was removed in the file's log; what is in the file is wiped
        already, as it is removed."""
        if not self._connections.erase_from_log():
            raise StoreBusyError(
                f"{self._connections.path} is being read as it was before, by this process or"
                " another, so its log still holds what was erased",
                remedy="Close what reads it and erase again",
            )
        return ""

    @contextmanager
    def read(
        self,
        namespace: str,
        tables: Sequence[str] | None = None,  # noqa: ARG002 - a view costs nothing here
        *,
        since: int = 0,
    ) -> Iterator[scan.SqliteReader]:
        """Open a consistent view; it keeps a connection of its own until the block ends."""
        with self._connections.lent() as connection:
            with explained(self._connections.path):
                reader = scan.SqliteReader(
                    connection, self._connections.path, namespace, since=since
                )
            with closing(reader):
                yield reader

    def episodes(self, ids: Sequence[str]) -> dict[str, Episode]:
        """Those that exist, by id, in the order asked for."""
        with self._connections.reading() as connection:
            return lookup.episodes(connection, ids)

    def episodes_of(self, namespace: str, source: str) -> list[Episode]:
        """All of a source's episodes, oldest first."""
        with self._connections.reading() as connection:
            return lookup.episodes_of(connection, namespace, source)

    def sources(self, namespace: str) -> list[tuple[str, int]]:
        """Sources with living episodes and their number of passages, sorted by source."""
        with self._connections.reading() as connection:
            return lookup.sources(connection, namespace)

    def passages_of(self, episode_ids: Sequence[str]) -> list[str]:
        """Ids of the passages of these episodes, in the order of the episodes and of the text."""
        with self._connections.reading() as connection:
            return lookup.passages_of(connection, episode_ids)

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those that exist, by id, in the order asked for."""
        with self._connections.reading() as connection:
            return lookup.passages(connection, ids)

    def entities(self, ids: Sequence[str]) -> dict[str, Entity]:
        """Those that exist, by id, in the order asked for."""
        with self._connections.reading() as connection:
            return lookup.entities(connection, ids)

    def facts(self, ids: Sequence[str], *, members: bool = True) -> dict[str, Fact]:
        """Those that exist, by id, in the order asked for, with their members in order or none."""
        with self._connections.reading() as connection:
            return lookup.facts(connection, ids, members=members)

    def evidence_in(self, passage_ids: Sequence[str]) -> list[Evidence]:
        """What the passages state, ordered by passage id, start, end and fact id."""
        with self._connections.reading() as connection:
            found = lookup.evidence(connection, "p.id", passage_ids)
        return sorted(found, key=lambda e: (e.passage_id, e.start, e.end, e.fact_id))

    def evidence_of(self, fact_ids: Sequence[str]) -> list[Evidence]:
        """Where the facts are stated, ordered by fact id, passage id, start and end."""
        with self._connections.reading() as connection:
            found = lookup.evidence(connection, "f.id", fact_ids)
        return sorted(found, key=lambda e: (e.fact_id, e.passage_id, e.start, e.end))

    def passages_naming(self, entity_ids: Sequence[str], *, limit: int) -> dict[str, list[str]]:
        """The first `limit` passages that mention each entity."""
        with self._connections.reading() as connection:
            return lookup.passages_naming(connection, entity_ids, limit)

    def facts_with(
        self, entity_ids: Sequence[str], *, predicates: Sequence[str] | None = None
    ) -> dict[str, list[str]]:
        """Facts with one of these predicates, or any, that each entity is a member of."""
        with self._connections.reading() as connection:
            return lookup.facts_with(connection, entity_ids, predicates)

    def discourse_of(self, fact_ids: Sequence[str]) -> list[DiscourseLink]:
        """Links that start or end at the facts, in order."""
        with self._connections.reading() as connection:
            found = lookup.discourse_of(connection, fact_ids)
        return sorted(found, key=lambda d: (d.source_id, d.target_id, d.sense, d.connective))

    def supersessions_of(self, fact_ids: Sequence[str]) -> list[Supersession]:
        """Where one of the facts is the newer or the older one, in order."""
        with self._connections.reading() as connection:
            found = lookup.supersessions_of(connection, fact_ids)
        return sorted(found, key=lambda s: (s.newer_id, s.older_id, s.reason))

    def vectors_of(self, keys: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that the store has, by key."""
        with self._connections.reading() as connection:
            return vector_table.vectors_of(connection, keys)

    def nearest(self, query: Query, vector: Vectors) -> list[Found]:
        """The nearest passages that the query allows, by comparing all of these."""
        with self._connections.reading() as connection:
            return search.nearest(connection, query, vector)

    def find_text(self, query: Query, words: Sequence[str]) -> list[Found]:
        """The passages that the query allows and that hold some of the words, by BM25."""
        with self._connections.reading() as connection:
            return search.find_text(connection, query, words)

    def hierarchy(self, namespace: str) -> Hierarchy:
        """The summaries and communities that are kept."""
        with self._connections.lent() as connection, explained(self._connections.path):
            return summaries.hierarchy(connection, namespace)

    def hierarchy_revision(self, namespace: str) -> int:
        """How often the hierarchy was written."""
        with self._connections.reading() as connection:
            return summaries.revision(connection, namespace)

    def keep_hierarchy(
        self, change: HierarchyChange, vectors: Mapping[str, Vectors] | None = None
    ) -> None:
        """Commit a change of the summaries whole or not at all."""
        with self._connections.writing() as connection:
            summaries.keep(connection, change, vectors or {})

    def summary_vectors(self, namespace: str) -> dict[str, Vectors]:
        """The vectors of the tree's nodes, by id."""
        with self._connections.reading() as connection:
            return summaries.vectors(connection, namespace)

    def known_vectors(self, keys: Sequence[str]) -> set[str]:
        """Those keys that the store has a vector for."""
        with self._connections.reading() as connection:
            return vector_table.known_keys(connection, keys)

    def start_reindex(self, name: str, dimension: int) -> int:
        """Be on the way to another embedder; how many passages have its vector already."""
        with self._connections.writing() as connection:
            return reindex.start(connection, name, dimension)

    def unindexed(self, after: str, limit: int) -> list[str]:
        """Ids, after one, of passages without a vector of the embedder to come; rising."""
        with self._connections.reading() as connection:
            return reindex.without(connection, after, limit)

    def keep_vectors(self, name: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors of the embedder to come, by vector key; durable when it returns."""
        with self._connections.writing() as connection:
            reindex.keep(connection, name, vectors)

    def finish_reindex(self, name: str) -> bool:
        """Have the embedder to come be the memory's, at once; False if a passage lacks a vector."""
        with self._connections.writing() as connection:
            return reindex.finish(connection, name)

    def checkpoint(self, job: str) -> str | None:
        """The position that the job last committed."""
        with self._connections.reading() as connection:
            row = connection.execute(
                "SELECT position FROM checkpoints WHERE job = ?", (job,)
            ).fetchone()
        return None if row is None else str(row[0])

    def clear_checkpoint(self, job: str) -> None:
        """Forget the job's position."""
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM checkpoints WHERE job = ?", (job,))

    def counts(self, namespace: str) -> Counts:
        """How much the namespace holds, retired included."""
        with self._connections.reading() as connection:
            return scan.counts(connection, namespace)

    def size_bytes(self) -> int:
        """Bytes of the database file, its log and its shared index."""
        path = self._connections.path
        size = 0
        for suffix in ("", "-wal", "-shm"):
            # The log goes and comes with the last and the first connection.
            with suppress(FileNotFoundError):
                size += path.with_name(path.name + suffix).stat().st_size
        return size

    def check(self) -> list[Problem]:
        """Look for damage; a damaged file is a problem here and no error."""
        try:
            with self._connections.reading() as connection:
                return check(connection)
        except StoreFormatError as damage:
            return [Problem(check="damage", detail=damage.message, remedy=damage.remedy)]

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        self._connections.close()


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


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as cause:
        raise StoreError(
            f"{path} cannot be looked for ({cause.strerror})",
            remedy="Check the name and the permissions of the folder",
        ) from cause


def _make(path: Path, clock: Clock, migrations: Sequence[schema.Migration]) -> None:
    """Make a memory at `path`, whole or not at all, whoever else does so at the same moment."""
    created_at = to_micros(clock())
    assert created_at is not None
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Looked for first: while the database is missing, a log can only be of one that was lost.
        if path.with_name(f"{path.name}-wal").exists() and not path.exists():
            raise StoreFormatError(
                f"{folder} holds the log of a memory whose {FILE_NAME} is missing",
                remedy="Restore the folder from a copy, or remove what is left of it",
            )
        with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as workshop:
            made = Path(workshop) / FILE_NAME
            with explained(path):
                schema.make(made, created_at=created_at, migrations=migrations)
            try:
                # Unlike a rename, this never replaces a memory that another process made meanwhile.
                path.hardlink_to(made)
            except FileExistsError:
                if not path.is_file():
                    raise
    except OSError as cause:
        kind = StoreFullError if cause.errno in _NO_ROOM else StoreError
        raise kind(
            f"no memory can be made in {folder} ({cause.strerror})",
            remedy="Name a folder that may be written, with room for it",
        ) from cause


def _admitted(
    path: Path, read_only: bool, busy_timeout: float, migrations: Sequence[schema.Migration]
) -> sqlite3.Connection:
    """Connect to a memory; an older one is brought up to date if it is opened for writing."""
    with ExitStack() as on_error:
        connection = on_error.enter_context(
            closing(
                connect_for_reading(path, busy_timeout=busy_timeout)
                if read_only
                else connect(path, "rw", busy_timeout=busy_timeout)
            )
        )
        version = schema.verify(connection, path, migrations)
        if version < len(migrations):
            if read_only:
                raise StoreFormatError(
                    f"{path} is of the older schema {version}; this graphmem reads"
                    f" {len(migrations)}",
                    remedy="Open it for writing once, as `graphmem ingest` does: that updates it",
                )
            schema.migrate(connection, path, migrations)
        _require_meta(connection, path)
        if not read_only:
            tune_for_writing(connection)
        on_error.pop_all()
    return connection


def _require_meta(connection: sqlite3.Connection, path: Path) -> None:
    held = {key for (key,) in connection.execute("SELECT key FROM meta")}
    if not {"memory_id", "created_at"} <= held:
        raise StoreFormatError(
            f"{path} does not say which memory it is",
            remedy="Restore the memory's folder from a copy",
        )
