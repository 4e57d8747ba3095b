"""Moving to another embedder: its vectors are kept beside those in use until they are complete."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from graphmem.adapters.stores.sqlite.schema import NEXT_VECTORS
from graphmem.adapters.stores.sqlite.vectors import blobs
from graphmem.adapters.stores.sqlite.versions import raise_version
from graphmem.errors import StoreBusyError
from graphmem.ports.store import Vectors

_WITHOUT: Final = "NOT EXISTS (SELECT 1 FROM next_vectors v WHERE v.key = p.vector_key)"


def start(connection: sqlite3.Connection, name: str, dimension: int) -> int:
    """Go on with moving to this embedder, from the start if it is another; how many are done."""
    if target(connection) != (name, dimension):
        connection.execute("DELETE FROM next_vectors")
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [("next_embedder", name), ("next_dimension", dimension)],
        )
    (done,) = connection.execute("SELECT count(*) FROM passages p WHERE NOT " + _WITHOUT).fetchone()
    return int(done)


def target(connection: sqlite3.Connection) -> tuple[str, int] | None:
    """The embedder that the memory is on its way to, and its dimension."""
    held = dict(connection.execute("SELECT key, value FROM meta WHERE key LIKE 'next_%'"))
    return (held["next_embedder"], held["next_dimension"]) if held else None


def without(connection: sqlite3.Connection, after: str, limit: int) -> list[str]:
    """Ids of passages that have no vector of the embedder to come."""
    rows = connection.execute(
        f"SELECT id FROM passages p WHERE id > ? AND {_WITHOUT} ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [id_ for (id_,) in rows]


def keep(connection: sqlite3.Connection, name: str, vectors: Mapping[str, Vectors]) -> None:
    """Keep vectors of the embedder to come."""
    wanted = target(connection)
    if wanted is None or wanted[0] != name:
        raise superseded(name)
    connection.executemany(
        "INSERT OR IGNORE INTO next_vectors (key, vector) VALUES (?, ?)",
        blobs(vectors, wanted[1]),
    )


def finish(connection: sqlite3.Connection, name: str) -> bool:
    """Put the vectors to come in the place of those in use, if no passage lacks one."""
    wanted = target(connection)
    if wanted is None or wanted[0] != name:
        raise superseded(name)
    if connection.execute(f"SELECT 1 FROM passages p WHERE {_WITHOUT} LIMIT 1").fetchone():
        return False
    connection.execute("DROP TABLE vectors")
    connection.execute("ALTER TABLE next_vectors RENAME TO vectors")
    connection.execute(NEXT_VECTORS)
    connection.execute(
        """DELETE FROM vectors
        WHERE NOT EXISTS (SELECT 1 FROM passages WHERE vector_key = vectors.key)"""
    )
    connection.execute("DELETE FROM meta WHERE key LIKE 'next_%'")
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("embedder", wanted[0]), ("dimension", wanted[1])],
    )
    namespaces = [nid for (nid,) in connection.execute("SELECT nid FROM namespaces")]
    # Old vectors are gone, which is more than a change feed tells.
    raise_version(connection, namespaces, removed=True)
    return True


def superseded(name: str) -> StoreBusyError:
    """The error for a run that another one has taken over from."""
    return StoreBusyError(
        f"The memory is not on its way to {name} any more: another reindex has taken over or ended",
        remedy="Let that one finish, then start again if it is still wanted",
    )
