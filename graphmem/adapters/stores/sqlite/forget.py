"""Passages that are dropped recoverably, or found again.

All of it runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from graphmem.adapters.stores.sqlite.rows import select_in
from graphmem.adapters.stores.sqlite.versions import mark, raise_version
from graphmem.model.change import Counts

_NOW_UNSUPPORTED: Final = """
    SELECT DISTINCT e.fact_nid FROM evidence e CROSS JOIN facts f ON f.nid = e.fact_nid
    WHERE e.passage_nid IN ({keys}) AND f.retired_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM evidence x CROSS JOIN passages q ON q.nid = x.passage_nid
        CROSS JOIN episodes o ON o.nid = q.episode_nid
        WHERE x.fact_nid = e.fact_nid AND o.retired_at IS NULL AND q.forgotten_at IS NULL
    )"""


def forget(
    connection: sqlite3.Connection, namespace: str, ids: Sequence[str], *, moment: int
) -> Counts:
    """Drop passages of a namespace at `moment`, with the facts that nothing else states."""
    nids = [nid for nid, at in _passages(connection, namespace, ids) if at is None]
    connection.executemany(
        "UPDATE passages SET forgotten_at = ? WHERE nid = ?", [(moment, nid) for nid in nids]
    )
    facts = [fact for (fact,) in select_in(connection, _NOW_UNSUPPORTED, nids)]
    connection.executemany(
        "UPDATE facts SET retired_at = ? WHERE nid = ?", [(moment, fact) for fact in facts]
    )
    return _changed(connection, namespace, nids, facts)


def recall(
    connection: sqlite3.Connection, namespace: str, recalls: Mapping[str, int], *, moment: int
) -> None:
    """Count that passages were found, and the facts that they state."""
    given = {"moment": moment, "namespace": namespace}
    found = [{**given, "id": id_, "times": times} for id_, times in sorted(recalls.items())]
    connection.executemany(
        """UPDATE passages SET recalls = recalls + :times, last_recalled_at = :moment
        WHERE id = :id AND namespace_nid = (SELECT nid FROM namespaces WHERE name = :namespace)""",
        found,
    )
    connection.executemany(
        """UPDATE facts SET recalls = recalls + :times, last_recalled_at = :moment
        WHERE namespace_nid = (SELECT nid FROM namespaces WHERE name = :namespace) AND nid IN (
            SELECT e.fact_nid FROM passages p CROSS JOIN evidence e ON e.passage_nid = p.nid
            WHERE p.id = :id
        )""",
        found,
    )


def _passages(
    connection: sqlite3.Connection, namespace: str, ids: Iterable[str]
) -> list[tuple[int, int | None]]:
    """``nid`` and `forgotten_at` of those that the namespace holds."""
    held = _namespace(connection, namespace)
    rows = select_in(
        connection,
        "SELECT nid, forgotten_at, namespace_nid FROM passages WHERE id IN ({keys})",
        dict.fromkeys(ids),
    )
    return sorted((nid, at) for nid, at, holder in rows if holder in held)


def _namespace(connection: sqlite3.Connection, name: str) -> list[int]:
    rows = connection.execute("SELECT nid FROM namespaces WHERE name = ?", (name,))
    return [nid for (nid,) in rows]


def _changed(
    connection: sqlite3.Connection, namespace: str, passages: list[int], facts: list[int]
) -> Counts:
    mark(connection, "passages", passages)
    mark(connection, "facts", facts)
    if passages:
        raise_version(connection, _namespace(connection, namespace))
    return Counts(passages=len(passages), facts=len(facts))
