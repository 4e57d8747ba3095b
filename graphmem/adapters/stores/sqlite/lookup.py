"""Single values by id, and what a source or a store consists of."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from graphmem.adapters.stores.merge import in_reading_order
from graphmem.adapters.stores.sqlite.rows import (
    ENTITY_COLUMNS,
    EPISODE_COLUMNS,
    FACT_COLUMNS,
    PASSAGE_COLUMNS,
    entity_of,
    episode_of,
    fact_of,
    passage_of,
    quoted,
    select_in,
)
from graphmem.model.knowledge import DiscourseLink, Entity, Evidence, Fact, Sense, Supersession
from graphmem.model.source import Episode, Passage

T = TypeVar("T")


def episodes(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Episode]:
    """Those that exist, in the order asked for."""
    statement = (
        f"SELECT s.name, e.id, {quoted(EPISODE_COLUMNS[3:], prefix='e.')} FROM episodes e"
        " JOIN namespaces s ON s.nid = e.namespace_nid WHERE e.id IN ({keys})"
    )
    rows = select_in(connection, statement, dict.fromkeys(ids))
    return _in_order(ids, {row[1]: episode_of(row[0], row[1:]) for row in rows})


def episodes_of(connection: sqlite3.Connection, namespace: str, source: str) -> list[Episode]:
    """A source's episodes, oldest first."""
    rows = connection.execute(
        f"""SELECT e.id, {quoted(EPISODE_COLUMNS[3:], prefix="e.")}
        FROM namespaces s JOIN episodes e ON e.namespace_nid = s.nid
        WHERE s.name = ? AND e.source = ? ORDER BY e.recorded_at, e.nid""",
        (namespace, source),
    )
    return [episode_of(namespace, row) for row in rows]


def sources(connection: sqlite3.Connection, namespace: str) -> list[tuple[str, int]]:
    """Sources with living episodes, and how many passages these have that are not forgotten."""
    rows = connection.execute(
        """SELECT e.source, sum((
            SELECT count(*) FROM passages WHERE episode_nid = e.nid AND forgotten_at IS NULL
        ))
        FROM namespaces s JOIN episodes e ON e.namespace_nid = s.nid
        WHERE s.name = ? AND e.retired_at IS NULL GROUP BY e.source ORDER BY e.source""",
        (namespace,),
    )
    return list(rows)


def passages_of(connection: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """Passages of these episodes, in the order of the episodes and of the text."""
    rows = select_in(
        connection,
        """SELECT e.id, p.ordinal, p.nid, p.id FROM episodes e
        CROSS JOIN passages p ON p.episode_nid = e.nid WHERE e.id IN ({keys})""",
        dict.fromkeys(ids),
    )
    return in_reading_order(ids, rows)


def passages(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Passage]:
    """Those that exist, in the order asked for."""
    statement = (
        f"SELECT p.id, e.id, {quoted(PASSAGE_COLUMNS[4:], prefix='p.')} FROM passages p"
        " JOIN episodes e ON e.nid = p.episode_nid WHERE p.id IN ({keys})"
    )
    rows = select_in(connection, statement, dict.fromkeys(ids))
    return _in_order(ids, {row[0]: passage_of(row) for row in rows})


def entities(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Entity]:
    """Those that exist, in the order asked for."""
    statement = f"SELECT id, {quoted(ENTITY_COLUMNS[3:])} FROM entities WHERE id IN ({{keys}})"
    rows = select_in(connection, statement, dict.fromkeys(ids))
    return _in_order(ids, {row[0]: entity_of(row) for row in rows})


def facts(connection: sqlite3.Connection, ids: Sequence[str], *, members: bool) -> dict[str, Fact]:
    """Those that exist, in the order asked for, with their members or without."""
    statement = f"SELECT nid, id, {quoted(FACT_COLUMNS[3:])} FROM facts WHERE id IN ({{keys}})"
    rows = list(select_in(connection, statement, dict.fromkeys(ids)))
    roles = select_in(
        connection,
        """SELECT r.fact_nid, e.id, r.role, r.text, r.ordinal, r.start, r."end"
        FROM roles r JOIN entities e ON e.nid = r.entity_nid
        WHERE r.fact_nid IN ({keys}) ORDER BY r.fact_nid, r.position""",
        [row[0] for row in rows] if members else [],
    )
    held = {nid: [row[1:] for row in group] for nid, group in groupby(roles, lambda row: row[0])}
    return _in_order(ids, {row[1]: fact_of(row[1:], held.get(row[0], ())) for row in rows})


def evidence(connection: sqlite3.Connection, column: str, ids: Sequence[str]) -> list[Evidence]:
    """All of the facts or passages with these ids, unordered; `column` is ``f.id`` or ``p.id``."""
    rows = select_in(
        connection,
        f"""SELECT f.id, p.id, e.start, e."end" FROM evidence e
        JOIN facts f ON f.nid = e.fact_nid JOIN passages p ON p.nid = e.passage_nid
        WHERE {column} IN ({{keys}})""",
        dict.fromkeys(ids),
    )
    return [
        Evidence(fact_id=fact, passage_id=passage, start=start, end=end)
        for fact, passage, start, end in rows
    ]


def passages_naming(
    connection: sqlite3.Connection, ids: Sequence[str], limit: int
) -> dict[str, list[str]]:
    """The first passages that mention each of these entities."""
    statement = """
        SELECT p.id FROM passages p WHERE p.nid IN (
            SELECT DISTINCT m.passage_nid FROM entities e
            CROSS JOIN mentions m ON m.entity_nid = e.nid
            WHERE e.id = ? ORDER BY m.passage_nid LIMIT ?
        ) ORDER BY p.nid"""
    # One by one: a name that is everywhere is not read to its end.
    found = {
        id_: [row[0] for row in connection.execute(statement, (id_, limit))]
        for id_ in dict.fromkeys(ids)
    }
    return {id_: passages for id_, passages in found.items() if passages}


def facts_with(
    connection: sqlite3.Connection, ids: Sequence[str], predicates: Sequence[str] | None
) -> dict[str, list[str]]:
    """Facts with one of the predicates, or any, that these entities are members of."""
    rows = select_in(
        connection,
        """SELECT DISTINCT e.id, f.nid, f.id, f.predicate FROM entities e
        CROSS JOIN roles r ON r.entity_nid = e.nid CROSS JOIN facts f ON f.nid = r.fact_nid
        WHERE e.id IN ({keys})""",
        dict.fromkeys(ids),
    )
    wanted = None if predicates is None else set(predicates)
    found: dict[str, list[str]] = {}
    for entity, _, fact, predicate in sorted(rows, key=lambda row: row[1]):
        if wanted is None or predicate in wanted:
            found.setdefault(entity, []).append(fact)
    return _in_order(ids, found)


def discourse_of(connection: sqlite3.Connection, ids: Sequence[str]) -> set[DiscourseLink]:
    """Links that start or end at the facts."""
    found: set[DiscourseLink] = set()
    for end in ("source", "target"):
        rows = select_in(
            connection,
            f"""SELECT s.id, t.id, d.sense, d.connective, p.id, d.start, d."end" FROM facts f
            CROSS JOIN discourse d ON d.{end}_nid = f.nid
            JOIN facts s ON s.nid = d.source_nid JOIN facts t ON t.nid = d.target_nid
            LEFT JOIN passages p ON p.nid = d.passage_nid WHERE f.id IN ({{keys}})""",
            dict.fromkeys(ids),
        )
        found.update(_link_of(*row) for row in rows)
    return found


def _link_of(source: str, target: str, sense: str, connective: str, *place: Any) -> DiscourseLink:
    passage, start, end = place
    return DiscourseLink(
        source_id=source,
        target_id=target,
        sense=Sense(sense),
        connective=connective,
        passage_id=passage,
        start=start,
        end=end,
    )


def supersessions_of(connection: sqlite3.Connection, ids: Sequence[str]) -> set[Supersession]:
    """Where one of the facts is the newer or the older one."""
    found: set[Supersession] = set()
    for end in ("newer", "older"):
        rows = select_in(
            connection,
            f"""SELECT n.id, o.id, s.reason FROM facts f
            CROSS JOIN supersessions s ON s.{end}_nid = f.nid
            JOIN facts n ON n.nid = s.newer_nid JOIN facts o ON o.nid = s.older_nid
            WHERE f.id IN ({{keys}})""",
            dict.fromkeys(ids),
        )
        found.update(
            Supersession(newer_id=newer, older_id=older, reason=reason)
            for newer, older, reason in rows
        )
    return found


def namespaces(connection: sqlite3.Connection) -> list[str]:
    """Those with an episode, entity or fact, sorted."""
    rows = connection.execute(
        """SELECT name FROM namespaces s
        WHERE EXISTS (SELECT 1 FROM episodes WHERE namespace_nid = s.nid)
        OR EXISTS (SELECT 1 FROM entities WHERE namespace_nid = s.nid)
        OR EXISTS (SELECT 1 FROM facts WHERE namespace_nid = s.nid)
        ORDER BY name"""
    )
    return [name for (name,) in rows]


def _in_order(ids: Sequence[str], found: Mapping[str, T]) -> dict[str, T]:
    return {id_: found[id_] for id_ in dict.fromkeys(ids) if id_ in found}
