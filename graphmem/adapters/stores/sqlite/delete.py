"""Removing a source, or passages, with all that nothing else supports.

What goes is collected from the passages outwards, so that the cost follows the source and
not the store: its passages, the facts stated there and nowhere else, the entities named there and
in no other passage or fact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from graphmem.adapters.stores.sqlite.rows import select_in
from graphmem.adapters.stores.sqlite.summaries import forget_members, forget_sources
from graphmem.adapters.stores.sqlite.versions import mark, raise_version
from graphmem.model.change import COUNTED, Counts

_COLLECTED: Final = ("gone_episodes", "gone_passages", "facts_met", "entities_met")

_OF_SOURCE: Final = (
    """INSERT INTO temp.gone_episodes
    SELECT nid FROM episodes WHERE namespace_nid = :namespace AND source = :source""",
    """INSERT INTO temp.gone_passages
    SELECT p.nid FROM temp.gone_episodes g CROSS JOIN passages p ON p.episode_nid = g.nid""",
)
_EMPTIED: Final = """INSERT INTO temp.gone_episodes
    SELECT DISTINCT p.episode_nid FROM temp.gone_passages g CROSS JOIN passages p ON p.nid = g.nid
    WHERE NOT EXISTS (
        SELECT 1 FROM passages o
        WHERE o.episode_nid = p.episode_nid AND o.nid NOT IN (SELECT nid FROM temp.gone_passages)
    )"""
_COLLECT: Final = (
    """INSERT OR IGNORE INTO temp.facts_met
    SELECT e.fact_nid FROM temp.gone_passages g CROSS JOIN evidence e ON e.passage_nid = g.nid""",
    """INSERT OR IGNORE INTO temp.entities_met
    SELECT m.entity_nid FROM temp.gone_passages g CROSS JOIN mentions m ON m.passage_nid = g.nid""",
)

_GONE_PASSAGES: Final = "(SELECT nid FROM temp.gone_passages)"
_GONE_FACTS: Final = """(
    SELECT nid FROM temp.facts_met f
    WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE fact_nid = f.nid)
)"""
_GONE_ENTITIES: Final = """(
    SELECT nid FROM temp.entities_met e
    WHERE NOT EXISTS (SELECT 1 FROM mentions WHERE entity_nid = e.nid)
    AND NOT EXISTS (SELECT 1 FROM roles WHERE entity_nid = e.nid)
)"""

_REMOVE: Final = (
    ("evidence", f"DELETE FROM evidence WHERE passage_nid IN {_GONE_PASSAGES}"),
    ("mentions", f"DELETE FROM mentions WHERE passage_nid IN {_GONE_PASSAGES}"),
    ("discourse", f"DELETE FROM discourse WHERE passage_nid IN {_GONE_PASSAGES}"),
    (
        "",
        f"""INSERT OR IGNORE INTO temp.entities_met
        SELECT entity_nid FROM roles WHERE fact_nid IN {_GONE_FACTS}""",
    ),
    ("", f"DELETE FROM roles WHERE fact_nid IN {_GONE_FACTS}"),
    ("discourse", f"DELETE FROM discourse WHERE source_nid IN {_GONE_FACTS}"),
    ("discourse", f"DELETE FROM discourse WHERE target_nid IN {_GONE_FACTS}"),
    ("supersessions", f"DELETE FROM supersessions WHERE newer_nid IN {_GONE_FACTS}"),
    ("supersessions", f"DELETE FROM supersessions WHERE older_nid IN {_GONE_FACTS}"),
    ("facts", f"DELETE FROM facts WHERE nid IN {_GONE_FACTS}"),
    ("same_as", f"DELETE FROM same_as WHERE left_nid IN {_GONE_ENTITIES}"),
    ("same_as", f"DELETE FROM same_as WHERE right_nid IN {_GONE_ENTITIES}"),
    ("entities", f"DELETE FROM entities WHERE nid IN {_GONE_ENTITIES}"),
    *(
        (
            "",
            f"""DELETE FROM {table} WHERE key IN (
                SELECT vector_key FROM passages WHERE nid IN {_GONE_PASSAGES}
            ) AND NOT EXISTS (
                SELECT 1 FROM passages p
                WHERE p.vector_key = {table}.key AND p.nid NOT IN {_GONE_PASSAGES}
            )""",
        )
        for table in ("vectors", "next_vectors")
    ),
    ("passages", f"DELETE FROM passages WHERE nid IN {_GONE_PASSAGES}"),
    ("episodes", "DELETE FROM episodes WHERE nid IN (SELECT nid FROM temp.gone_episodes)"),
)

_RETIRE: Final = """
    UPDATE facts SET retired_at = :moment
    WHERE nid IN (SELECT nid FROM temp.facts_met) AND retired_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM evidence x CROSS JOIN passages q ON q.nid = x.passage_nid
        CROSS JOIN episodes o ON o.nid = q.episode_nid
        WHERE x.fact_nid = facts.nid AND o.retired_at IS NULL AND q.forgotten_at IS NULL
    ) RETURNING nid"""


def delete_source(
    connection: sqlite3.Connection, namespace: str, source: str, *, moment: int
) -> Counts:
    """Remove the source and return what went, inside the caller's transaction.

    Facts that stay, but now with no evidence in a living episode, are retired at `moment`
    (microseconds).
    """
    found = _begin(connection, namespace)
    if found is None:
        return Counts()
    for statement in _OF_SOURCE:
        connection.execute(statement, {"namespace": found, "source": source})
    return _remove(connection, found, moment)


def erase(
    connection: sqlite3.Connection, namespace: str, ids: Sequence[str], *, moment: int
) -> Counts:
    """As :func:`delete_source`, for passages, and episodes with no other."""
    found = _begin(connection, namespace)
    if found is None:
        return Counts()
    rows = select_in(
        connection,
        "SELECT nid, namespace_nid FROM passages WHERE id IN ({keys})",
        dict.fromkeys(ids),
    )
    gone = [(nid,) for nid, holder in rows if holder == found]
    connection.executemany("INSERT INTO temp.gone_passages VALUES (?)", gone)
    connection.execute(_EMPTIED)
    return _remove(connection, found, moment)


def _begin(connection: sqlite3.Connection, namespace: str) -> int | None:
    """``nid`` of the namespace, with empty tables for what is to go."""
    found = connection.execute("SELECT nid FROM namespaces WHERE name = ?", (namespace,)).fetchone()
    if found is None:
        return None
    for table in _COLLECTED:
        connection.execute(f"CREATE TEMP TABLE {table} (nid INTEGER PRIMARY KEY)")
    return int(found[0])


def _remove(connection: sqlite3.Connection, namespace: int, moment: int) -> Counts:
    removed = dict.fromkeys(COUNTED, 0)
    for statement in _COLLECT:
        connection.execute(statement)
    forget_sources(connection, _GONE_PASSAGES)
    for kind, statement in _REMOVE:
        if kind == "entities":
            forget_members(connection, _GONE_ENTITIES)
        rows = connection.execute(statement).rowcount
        if kind:
            removed[kind] += rows
    retired = connection.execute(_RETIRE, {"moment": moment}).fetchall()
    mark(connection, "facts", [nid for (nid,) in retired])
    for table in _COLLECTED:
        connection.execute(f"DROP TABLE temp.{table}")
    if any(removed.values()):
        raise_version(connection, [namespace], removed=True)
    return Counts(**removed)
