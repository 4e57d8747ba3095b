"""The tree of summaries, and communities: derived rows that are replaced, and that forget.

All of it runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from graphmem.adapters.stores.sqlite.rows import select_in
from graphmem.errors import StoreBusyError
from graphmem.model.summary import Community, Hierarchy, HierarchyChange, Summary, SummarySource
from graphmem.ports.store import Vectors

_STATE: Final = """
    SELECT h.revision, h.version, h.embedder, h.next_serial, h.communities_version
    FROM namespaces n CROSS JOIN hierarchies h ON h.namespace_nid = n.nid WHERE n.name = ?"""
_NODES: Final = """
    SELECT s.nid, s.id, p.id, s.place, s.depth, s.resolution, s.name, s.text, s.method, s.stale
    FROM namespaces n CROSS JOIN summaries s ON s.namespace_nid = n.nid
    LEFT JOIN summaries p ON p.nid = s.parent_nid WHERE n.name = ? ORDER BY s.id"""
_PASSAGES: Final = """
    SELECT s.nid, r.place, p.id FROM namespaces n
    CROSS JOIN summaries s ON s.namespace_nid = n.nid
    CROSS JOIN summary_passages r ON r.summary_nid = s.nid
    CROSS JOIN passages p ON p.nid = r.passage_nid WHERE n.name = ? ORDER BY s.nid, r.place"""
_FACTS: Final = """
    SELECT s.nid, r.place, f.id FROM namespaces n
    CROSS JOIN summaries s ON s.namespace_nid = n.nid
    CROSS JOIN summary_facts r ON r.summary_nid = s.nid
    CROSS JOIN facts f ON f.nid = r.fact_nid WHERE n.name = ? ORDER BY s.nid, r.place, r.ordinal"""
_MEMBERS: Final = """
    SELECT s.nid, e.id FROM namespaces n
    CROSS JOIN summaries s ON s.namespace_nid = n.nid
    CROSS JOIN summary_members r ON r.summary_nid = s.nid
    CROSS JOIN entities e ON e.nid = r.entity_nid WHERE n.name = ? ORDER BY s.nid, r.place"""
_SOURCES: Final = """
    SELECT s.nid, r.sentence, p.id, r.start, r."end", f.id FROM namespaces n
    CROSS JOIN summaries s ON s.namespace_nid = n.nid
    CROSS JOIN summary_sources r ON r.summary_nid = s.nid
    CROSS JOIN passages p ON p.nid = r.passage_nid
    LEFT JOIN facts f ON f.nid = r.fact_nid WHERE n.name = ? ORDER BY s.nid, r.place"""
_VECTORS: Final = """
    SELECT s.id, s.vector FROM namespaces n CROSS JOIN summaries s ON s.namespace_nid = n.nid
    WHERE n.name = ? AND s.vector IS NOT NULL ORDER BY s.id"""

_PUT: Final = """
    INSERT INTO summaries
    (id, namespace_nid, place, depth, resolution, name, text, method, stale)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET place = excluded.place, depth = excluded.depth,
    resolution = excluded.resolution, name = excluded.name, text = excluded.text,
    method = excluded.method, stale = excluded.stale
    WHERE namespace_nid = excluded.namespace_nid"""
_BLANK: Final = "name = '', text = '', method = '', stale = 1"
_REMOVE: Final = (
    "UPDATE summaries SET parent_nid = NULL WHERE parent_nid = ?1",
    "DELETE FROM summaries WHERE nid = ?1",
)


def hierarchy(connection: sqlite3.Connection, namespace: str) -> Hierarchy:
    """All that is kept for the namespace."""
    state = connection.execute(_STATE, (namespace,)).fetchone()
    if state is None:
        return Hierarchy()
    passages: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for nid, place, id_ in connection.execute(_PASSAGES, (namespace,)):
        passages[nid].append((place, id_))
    facts: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for nid, place, id_ in connection.execute(_FACTS, (namespace,)):
        facts[nid].append((place, id_))
    members: defaultdict[int, list[str]] = defaultdict(list)
    for nid, id_ in connection.execute(_MEMBERS, (namespace,)):
        members[nid].append(id_)
    sources: defaultdict[int, list[SummarySource]] = defaultdict(list)
    for nid, sentence, passage, start, end, fact in connection.execute(_SOURCES, (namespace,)):
        sources[nid].append(
            SummarySource(sentence=sentence, passage_id=passage, start=start, end=end, fact_id=fact)
        )
    summaries, communities = [], []
    for nid, id_, parent, place, depth, resolution, *told in connection.execute(
        _NODES, (namespace,)
    ):
        text = dict(zip(("name", "text", "method", "stale"), told, strict=True))
        if resolution is None:
            summaries.append(
                Summary(
                    id=id_,
                    parent_id=parent,
                    place=place,
                    depth=depth,
                    passages=tuple(passages[nid]),
                    facts=tuple(facts[nid]),
                    sources=tuple(sources[nid]),
                    **text,
                )
            )
        else:
            communities.append(
                Community(
                    id=id_,
                    level=depth,
                    resolution=resolution,
                    members=tuple(members[nid]),
                    sources=tuple(sources[nid]),
                    **text,
                )
            )
    fields = ("revision", "version", "embedder", "next_serial", "communities_version")
    return Hierarchy(
        **dict(zip(fields, state, strict=True)),
        summaries=tuple(summaries),
        communities=tuple(communities),
    )


def revision(connection: sqlite3.Connection, namespace: str) -> int:
    """How often the hierarchy was written."""
    state = connection.execute(_STATE, (namespace,)).fetchone()
    return 0 if state is None else int(state[0])


def vectors(connection: sqlite3.Connection, namespace: str) -> dict[str, Vectors]:
    """Of the tree's nodes, by id."""
    return {
        id_: np.frombuffer(blob, "<f4").astype(np.float32, copy=False)
        for id_, blob in connection.execute(_VECTORS, (namespace,))
    }


def keep(
    connection: sqlite3.Connection, change: HierarchyChange, vectors: Mapping[str, Vectors]
) -> None:
    """Put a change in place, and raise the revision.

    Raises
    ------
    StoreBusyError
        The hierarchy is no longer at the revision that the change was worked out against.
    """
    namespace = _claimed(connection, change)
    connection.executemany(_PUT, [_row(namespace, node) for node in change.sourced])
    ids = [node.id for node in change.sourced]
    held = _nids(connection, "summaries", [*ids, *change.removed], namespace)
    parents = {node.parent_id for node in change.summaries if node.parent_id is not None}
    above = held | _nids(connection, "summaries", parents - held.keys(), namespace)
    connection.executemany(
        "UPDATE summaries SET parent_nid = ? WHERE nid = ?",
        [(above.get(node.parent_id or ""), held[node.id]) for node in change.summaries],
    )
    _relate(connection, change, held, namespace)
    connection.executemany(
        "UPDATE summaries SET vector = ? WHERE nid = ?",
        [(np.asarray(v, "<f4").tobytes(), held[id_]) for id_, v in vectors.items() if id_ in held],
    )
    gone = [(held[id_],) for id_ in change.removed if id_ in held]
    for statement in _REMOVE:
        connection.executemany(statement, gone)


def forget_sources(connection: sqlite3.Connection, passages: str) -> None:
    """Take passages, a subquery of their ``nid``, out of the tree, and every text made of them.

    What they state goes from the tree with them; what others state too comes back beneath those
    when the tree is next caught up. All nodes above a passage forget their text and vector: either
    may tell of what is gone.
    """
    connection.execute(
        f"""UPDATE summaries SET {_BLANK}, vector = NULL WHERE nid IN (
            WITH RECURSIVE above (nid) AS (
                SELECT summary_nid FROM summary_passages WHERE passage_nid IN {passages}
                UNION SELECT summary_nid FROM summary_sources WHERE passage_nid IN {passages}
                UNION SELECT s.parent_nid FROM above a CROSS JOIN summaries s ON s.nid = a.nid
                WHERE s.parent_nid IS NOT NULL
            ) SELECT nid FROM above
        )"""
    )
    connection.execute(f"DELETE FROM summary_passages WHERE passage_nid IN {passages}")
    connection.execute(
        f"""DELETE FROM summary_facts WHERE fact_nid IN (
            SELECT fact_nid FROM evidence WHERE passage_nid IN {passages}
        )"""
    )
    _drop_sources_of_blank(connection)


def forget_members(connection: sqlite3.Connection, entities: str) -> None:
    """Have communities forget what they say where they hold entities, a subquery of ``nid``."""
    connection.execute(
        f"""UPDATE summaries SET {_BLANK} WHERE nid IN (
            SELECT summary_nid FROM summary_members WHERE entity_nid IN {entities}
        )"""
    )
    connection.execute(f"DELETE FROM summary_members WHERE entity_nid IN {entities}")
    _drop_sources_of_blank(connection)


def _drop_sources_of_blank(connection: sqlite3.Connection) -> None:
    connection.execute(
        """DELETE FROM summary_sources WHERE summary_nid IN (
            SELECT nid FROM summaries WHERE text = '' AND stale = 1
        )"""
    )


def _claimed(connection: sqlite3.Connection, change: HierarchyChange) -> int:
    """The namespace's ``nid``, with its hierarchy at the next revision."""
    connection.execute(
        "INSERT INTO namespaces (name) VALUES (?) ON CONFLICT DO NOTHING", (change.namespace,)
    )
    (namespace,) = connection.execute(
        "SELECT nid FROM namespaces WHERE name = ?", (change.namespace,)
    ).fetchone()
    connection.execute(
        "INSERT INTO hierarchies (namespace_nid) VALUES (?) ON CONFLICT DO NOTHING", (namespace,)
    )
    more = "".join(f", {name} = :{name}" for name in change.state)
    claimed = connection.execute(
        f"""UPDATE hierarchies SET revision = revision + 1{more}
        WHERE namespace_nid = :namespace AND revision = :revision""",
        {**change.state, "namespace": namespace, "revision": change.revision},
    ).rowcount
    if not claimed:
        raise StoreBusyError(
            f"The summaries of {change.namespace!r} were written by somebody else meanwhile",
            remedy="Read them again and repeat the change",
        )
    return int(namespace)


def _row(namespace: int, node: Summary | Community) -> tuple[Any, ...]:
    where = (
        (node.place, node.depth, None)
        if isinstance(node, Summary)
        else (0, node.level, node.resolution)
    )
    return (node.id, namespace, *where, node.name, node.text, node.method, node.stale)


def _relate(
    connection: sqlite3.Connection, change: HierarchyChange, held: Mapping[str, int], namespace: int
) -> None:
    """Put the nodes' passages, members and sources in the place of those that they had."""
    own = [(held[node.id],) for node in change.sourced]
    for table in ("summary_passages", "summary_facts", "summary_members", "summary_sources"):
        connection.executemany(f"DELETE FROM {table} WHERE summary_nid = ?", own)
    leaves = {id_ for node in change.summaries for _, id_ in node.passages}
    sources = [(node, source) for node in change.sourced for source in node.sources]
    passages = _nids(connection, "passages", leaves | {s.passage_id for _, s in sources}, namespace)
    beneath = {id_ for node in change.summaries for _, id_ in node.facts}
    facts = _nids(
        connection, "facts", beneath | {s.fact_id for _, s in sources if s.fact_id}, namespace
    )
    entities = _nids(
        connection, "entities", {id_ for c in change.communities for id_ in c.members}, namespace
    )
    connection.executemany(
        "INSERT OR REPLACE INTO summary_passages (passage_nid, summary_nid, place)"
        " VALUES (?, ?, ?)",
        [
            (passages[id_], held[node.id], place)
            for node in change.summaries
            for place, id_ in node.passages
            if id_ in passages
        ],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO summary_facts (fact_nid, summary_nid, place, ordinal)"
        " VALUES (?, ?, ?, ?)",
        [
            (facts[id_], held[node.id], place, ordinal)
            for node in change.summaries
            for ordinal, (place, id_) in enumerate(node.facts)
            if id_ in facts
        ],
    )
    connection.executemany(
        "INSERT INTO summary_members VALUES (?, ?, ?)",
        [
            (held[community.id], place, entities[id_])
            for community in change.communities
            for place, id_ in enumerate(dict.fromkeys(community.members))
            if id_ in entities
        ],
    )
    # Whose passage was deleted since the text was made must not bring it back.
    late = {held[node.id] for node, source in sources if source.passage_id not in passages}
    connection.executemany(
        f"UPDATE summaries SET {_BLANK}, vector = NULL WHERE nid = ?", [(nid,) for nid in late]
    )
    connection.executemany(
        "INSERT INTO summary_sources VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(held[node.id], place, source.sentence, passages[source.passage_id]),
                *(source.start, source.end, facts.get(source.fact_id or "")),
            )
            for node in change.sourced
            if held[node.id] not in late
            for place, source in enumerate(node.sources)
        ],
    )


def _nids(
    connection: sqlite3.Connection, table: str, ids: Iterable[str], namespace: int
) -> dict[str, int]:
    """``nid`` by id of those that the namespace holds."""
    found = select_in(
        connection,
        f"SELECT id, nid, namespace_nid FROM {table} WHERE id IN ({{keys}})",
        list(dict.fromkeys(ids)),
    )
    return {id_: nid for id_, nid, holder in found if holder == namespace}
