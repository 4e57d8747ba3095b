"""Scans: whole tables of one namespace, as of one moment, for snapshots."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from graphmem.adapters.stores.sqlite.failures import explained
from graphmem.adapters.stores.sqlite.rows import NO_OFFSET, Row
from graphmem.errors import InvalidInputError, StoreError
from graphmem.model.change import COUNTED, Counts
from graphmem.ports.store import SCANNABLE, SEVERAL, Vectors


class _Scan(NamedTuple):
    """Where a table's rows come from: the tables from the namespace's nodes on, and their order.

    CROSS JOIN keeps SQLite's planner to the order written, which is the order of the rows.
    """

    tables: str
    order: str


_SCANS: Final[Mapping[str, _Scan]] = {
    "episodes": _Scan("episodes n", "n.nid"),
    "passages": _Scan("passages n CROSS JOIN episodes e ON e.nid = n.episode_nid", "n.nid"),
    "entities": _Scan("entities n", "n.nid"),
    "mentions": _Scan(
        "passages n CROSS JOIN mentions r ON r.passage_nid = n.nid",
        'n.nid, r.start, r."end", r.entity_nid, r.surface',
    ),
    "facts": _Scan("facts n", "n.nid"),
    "roles": _Scan("facts n CROSS JOIN roles r ON r.fact_nid = n.nid", "n.nid, r.position"),
    "evidence": _Scan(
        "facts n CROSS JOIN evidence r ON r.fact_nid = n.nid",
        'n.nid, r.passage_nid, r.start, r."end"',
    ),
    "discourse": _Scan(
        "facts n CROSS JOIN discourse r ON r.source_nid = n.nid",
        "n.nid, r.target_nid, r.sense, r.connective, r.nid",
    ),
    "supersessions": _Scan(
        "facts n CROSS JOIN supersessions r ON r.newer_nid = n.nid", "n.nid, r.older_nid"
    ),
    "same_as": _Scan(
        "entities n CROSS JOIN same_as r ON r.left_nid = n.nid", 'n.nid, r.right_nid, r."by"'
    ),
}
_OF_EPISODE: Final = {"source", "title", "trust", "recorded_at", "retired_at"}
_RELATIONS: Final = {"mentions", "roles", "evidence", "discourse", "supersessions", "same_as"}


class SqliteReader:
    """A consistent view of one namespace; `connection` is inside a read transaction."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, namespace: str, *, since: int = 0
    ) -> None:
        self._connection = connection
        self._path = path
        self._cursors: list[sqlite3.Cursor] = []
        self._open = True
        # This first statement is what pins the view.
        row = connection.execute(
            "SELECT nid, version, removed_in FROM namespaces WHERE name = ?", (namespace,)
        ).fetchone()
        self._namespace: int | None = row[0] if row else None
        self._version: int = row[1] if row else 0
        self._removed_in: int = row[2] if row else 0
        self._since = since

    @property
    def version(self) -> int:
        """The namespace's change counter."""
        return self._version

    @property
    def removed(self) -> bool:
        """Whether something was removed after the version that the view begins at."""
        return self._removed_in > self._since

    def scan(
        self, table: str, columns: Sequence[str], *, batch: int = 10_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of a table of ``SCANNABLE``; relations in the order of the nodes they start at.

        Raises
        ------
        InvalidInputError
            No such table or column, or a `batch` below 1.
        StoreError
            The view was closed.
        """
        allowed = SCANNABLE.get(table, ())
        unknown = [column for column in columns if column not in allowed]
        if not allowed or unknown or not columns:
            raise InvalidInputError(
                f"there is no {table!r} with columns {unknown or list(columns)!r} to scan",
                remedy=f"There is {', '.join(allowed or SCANNABLE)}",
            )
        tables, order = self._tables(table), _SCANS[table].order
        expressions = ", ".join(_expression(table, column) for column in columns)
        return self._batches(
            f"SELECT {expressions} FROM {tables} WHERE {self._chosen} ORDER BY {order}", batch
        )

    def vectors(self, *, batch: int = 10_000) -> Iterator[tuple[list[int], Vectors]]:
        """Passages' ``nid`` values and vectors, shape (n, dimension), in the order of ``nid``."""
        batches = self._batches(
            f"""SELECT n.nid, v.vector FROM {self._changed("passages n")}
            CROSS JOIN vectors v ON v.key = n.vector_key WHERE {self._chosen} ORDER BY n.nid""",
            batch,
        )
        for rows in batches:
            matrix = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f4")
            yield (
                [nid for nid, _ in rows],
                matrix.reshape(len(rows), -1).astype(np.float32, copy=False),
            )

    def close(self) -> None:
        """End all scans; a scan that goes on raises."""
        self._open = False
        for cursor in self._cursors:
            cursor.close()

    def _tables(self, table: str) -> str:
        nodes, joined, more = _SCANS[table].tables.partition(" CROSS JOIN ")
        return f"{self._changed(nodes)}{joined}{more}"

    def _changed(self, nodes: str) -> str:
        """`nodes`, such as ``facts n``; by the index of changes, where that is what is wanted."""
        # For the sake of the order, the planner would rather look at every node.
        return f"{nodes} INDEXED BY {nodes.partition(' ')[0]}_by_change" if self._since else nodes

    @property
    def _chosen(self) -> str:
        changed = " AND n.changed_in > :since" if self._since else ""
        return f"n.namespace_nid = :namespace{changed}"

    def _batches(self, statement: str, batch: int) -> Iterator[list[Row]]:
        if batch < 1:
            raise InvalidInputError(f"batch is {batch}, at least 1 is needed")
        self._refuse_closed()
        with explained(self._path):
            cursor = self._connection.execute(
                statement, {"namespace": self._namespace, "since": self._since}
            )
        self._cursors.append(cursor)
        return self._fetch(cursor, batch)

    def _fetch(self, cursor: sqlite3.Cursor, batch: int) -> Iterator[list[Row]]:
        while True:
            self._refuse_closed()
            with explained(self._path):
                rows = cursor.fetchmany(batch)
            if not rows:
                return
            yield rows

    def _refuse_closed(self) -> None:
        if not self._open:
            raise StoreError(f"a view of {self._path} was used after it was closed")


def counts(connection: sqlite3.Connection, namespace: str) -> Counts:
    """How much of each kind the namespace holds."""
    found = connection.execute("SELECT nid FROM namespaces WHERE name = ?", (namespace,)).fetchone()
    if found is None:
        return Counts()
    held = {}
    for kind in COUNTED:
        tables = "episodes n" if kind == "episodes" else _SCANS[kind].tables
        (held[kind],) = connection.execute(
            f"SELECT count(*) FROM {tables} WHERE n.namespace_nid = ?", found
        ).fetchone()
    return Counts(**held)


def _expression(table: str, column: str) -> str:
    """What a scanned column is in its table's join; the name is one of ``SCANNABLE``."""
    if table == "passages" and column == "episode_id":
        return "e.id"
    if table == "passages" and column == "retired_at":
        return "min(ifnull(n.forgotten_at, e.retired_at), ifnull(e.retired_at, n.forgotten_at))"
    if table == "passages" and column in _OF_EPISODE:
        return f'e."{column}"'
    if table == "mentions" and column in {"start", "end"}:
        return f'nullif(r."{column}", {NO_OFFSET})'
    if table == "facts" and column in SEVERAL:
        return f"ifnull(n.{column}, '[]')"
    return f'{"r" if table in _RELATIONS else "n"}."{column}"'
