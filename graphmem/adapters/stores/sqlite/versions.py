"""The change feed: in which version of its namespace each row was last changed.

A namespace's version is its transaction time, counted in commits: the one writer raises it, and
marks what it adds or changes with the version that its commit makes. A relation is told by the node
that it starts at. What a commit removes is not told one by one, only that it removed something.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from graphmem.adapters.stores.sqlite.rows import select_in

_NEXT: Final = "SELECT version + 1 FROM namespaces WHERE nid = ?"


def next_version(connection: sqlite3.Connection, namespace: int) -> int:
    """The version that a commit of the present transaction makes, if it changes something."""
    (version,) = connection.execute(_NEXT, (namespace,)).fetchone()
    return int(version)


def mark(connection: sqlite3.Connection, table: str, nids: Iterable[int]) -> None:
    """Say that rows were changed by this transaction; `table` is one of the nodes'."""
    connection.executemany(
        f"""UPDATE {table} SET changed_in = (
            SELECT version + 1 FROM namespaces s WHERE s.nid = {table}.namespace_nid
        ) WHERE nid = ?""",
        [(nid,) for nid in nids],
    )


def mark_episodes(connection: sqlite3.Connection, nids: Iterable[int]) -> None:
    """As :func:`mark`, with the passages, as a scan shows these with their episode's columns."""
    episodes = list(nids)
    mark(connection, "episodes", episodes)
    passages = select_in(
        connection, "SELECT nid FROM passages WHERE episode_nid IN ({keys})", episodes
    )
    mark(connection, "passages", [nid for (nid,) in passages])


def raise_version(
    connection: sqlite3.Connection, namespaces: Iterable[int], *, removed: bool = False
) -> None:
    """End a change of these namespaces; `removed` says that rows are gone."""
    also = ", removed_in = version + 1" if removed else ""
    connection.executemany(
        f"UPDATE namespaces SET version = version + 1{also} WHERE nid = ?",
        [(nid,) for nid in namespaces],
    )
