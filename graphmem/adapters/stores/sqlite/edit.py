"""Changes made by hand: values replaced, links added and removed, facts removed.

All of it runs inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from graphmem.adapters.stores.sqlite.rows import (
    ENTITY_COLUMNS,
    Row,
    aliases_json,
    entity_row,
    insert,
    micros,
    select_in,
)
from graphmem.adapters.stores.sqlite.versions import mark, raise_version
from graphmem.errors import InvalidInputError, NotFoundError, StoreBusyError
from graphmem.model.change import Counts, EditSet

Nids = Mapping[str, int]

_SET_ENTITY: Final = "UPDATE entities SET type = ?, aliases = ?, profile = ? WHERE nid = ?"
_SET_FACT: Final = """
    UPDATE facts SET confidence = ?, valid_from = ?, valid_to = ?, precision = ?, retired_at = ?,
    strength = ? WHERE nid = ?"""
_NOT_LIVING: Final = """
    SELECT id FROM facts f WHERE nid = ? AND retired_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM evidence e CROSS JOIN passages p ON p.nid = e.passage_nid
        CROSS JOIN episodes o ON o.nid = p.episode_nid
        WHERE e.fact_nid = f.nid AND o.retired_at IS NULL AND p.forgotten_at IS NULL
    )"""
_ADD_DISCOURSE: Final = """
    INSERT OR REPLACE INTO discourse
    (source_nid, target_nid, sense, connective, passage_nid, start, "end")
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_REMOVE_DISCOURSE: Final = """
    DELETE FROM discourse
    WHERE source_nid = ? AND target_nid = ? AND sense = ? AND connective = ?"""
_ADD_SUPERSESSION: Final = """
    INSERT OR REPLACE INTO supersessions (newer_nid, older_nid, reason) VALUES (?, ?, ?)"""
_REMOVE_SUPERSESSION: Final = "DELETE FROM supersessions WHERE newer_nid = ? AND older_nid = ?"
_ADD_SAME_AS: Final = """
    INSERT OR REPLACE INTO same_as (left_nid, right_nid, "by", score) VALUES (?, ?, ?, ?)"""
_REMOVE_SAME_AS: Final = 'DELETE FROM same_as WHERE left_nid = ? AND right_nid = ? AND "by" = ?'
_MEMBERS: Final = "SELECT DISTINCT entity_nid FROM roles WHERE fact_nid = ?"
_REMOVE_ORPHAN: Final = """
    DELETE FROM entities WHERE nid = ?1
    AND NOT EXISTS (SELECT 1 FROM mentions WHERE entity_nid = ?1)
    AND NOT EXISTS (SELECT 1 FROM roles WHERE entity_nid = ?1)
    AND NOT EXISTS (SELECT 1 FROM same_as WHERE left_nid = ?1 OR right_nid = ?1)"""
_REMOVE_FACT: Final = (
    "DELETE FROM roles WHERE fact_nid = ?1",
    "DELETE FROM evidence WHERE fact_nid = ?1",
    "DELETE FROM discourse WHERE source_nid = ?1 OR target_nid = ?1",
    "DELETE FROM supersessions WHERE newer_nid = ?1 OR older_nid = ?1",
    "DELETE FROM facts WHERE nid = ?1",
)


def edit(connection: sqlite3.Connection, edits: EditSet) -> Counts:
    """Apply `edits`, raise the namespace's version, and return what was added.

    Raises
    ------
    StoreBusyError
        The namespace is no longer at the version that the edits were worked out against.
    NotFoundError
        An id that the namespace does not hold.
    InvalidInputError
        A fact that would be believed although every episode that states it is retired.
    """
    namespace = _namespace(connection, edits)
    entities = _held(connection, "entities", namespace, edits.entity_ids)
    facts = _held(connection, "facts", namespace, edits.fact_ids)
    known = {entity.id for entity in edits.entities} - entities.keys()
    entities |= _add_entities(connection, namespace, edits, known)
    _replace(connection, edits, entities, facts)
    _remove(connection, edits, entities, facts)
    added = _add_links(connection, namespace, edits, entities, facts)
    _mark(connection, edits, entities, facts)
    _remove_facts(connection, [_nid(facts, id_) for id_ in edits.removed_facts])
    raise_version(connection, [namespace], removed=edits.removes)
    return added + Counts(entities=len(known))


def _namespace(connection: sqlite3.Connection, edits: EditSet) -> int:
    connection.execute(
        "INSERT INTO namespaces (name) VALUES (?) ON CONFLICT DO NOTHING", (edits.namespace,)
    )
    nid, version = connection.execute(
        "SELECT nid, version FROM namespaces WHERE name = ?", (edits.namespace,)
    ).fetchone()
    if version != edits.version:
        raise StoreBusyError(
            f"The namespace {edits.namespace!r} has been written to since it was read"
            f" (version {version}, not {edits.version})",
            remedy="Read it again and repeat the change",
        )
    return int(nid)


def _held(
    connection: sqlite3.Connection, table: str, namespace: int, ids: set[str]
) -> dict[str, int]:
    """``nid`` by id of those that the namespace holds."""
    statement = f"SELECT id, namespace_nid, nid FROM {table} WHERE id IN ({{keys}})"
    found = select_in(connection, statement, ids)
    return {id_: nid for id_, holder, nid in found if holder == namespace}


def _add_entities(
    connection: sqlite3.Connection, namespace: int, edits: EditSet, new: set[str]
) -> dict[str, int]:
    (last,) = connection.execute("SELECT ifnull(max(nid), 0) FROM entities").fetchone()
    entities = [entity for entity in edits.entities if entity.id in new]
    nids = {entity.id: last + at for at, entity in enumerate(entities, start=1)}
    rows = [entity_row(nids[entity.id], namespace, entity) for entity in entities]
    connection.executemany(insert("entities", ENTITY_COLUMNS), rows)
    return nids


def _replace(connection: sqlite3.Connection, edits: EditSet, entities: Nids, facts: Nids) -> None:
    connection.executemany(
        _SET_ENTITY,
        [
            (e.type.value, aliases_json(e.aliases), e.profile, _nid(entities, e.id))
            for e in edits.entities
        ],
    )
    connection.executemany(
        _SET_FACT,
        [
            (
                *(fact.confidence, micros(fact.valid_from), micros(fact.valid_to)),
                None if fact.precision is None else fact.precision.value,
                *(micros(fact.retired_at), fact.strength, _nid(facts, fact.id)),
            )
            for fact in edits.facts
        ],
    )
    for fact in edits.facts:
        if connection.execute(_NOT_LIVING, (facts[fact.id],)).fetchone():
            raise InvalidInputError(
                f"The fact {fact.id} cannot be believed again: all that states it is retired",
                remedy="Ingest again what states it",
            )


def _mark(connection: sqlite3.Connection, edits: EditSet, entities: Nids, facts: Nids) -> None:
    """Say what was changed, and at what the links start that were added."""
    told = {e.id for e in edits.entities} | {pair.left_id for pair in edits.same_as}
    mark(connection, "entities", [entities[id_] for id_ in told])
    told = {
        *(fact.id for fact in edits.facts),
        *(link.source_id for link in edits.discourse),
        *(pair.newer_id for pair in edits.supersessions),
    }
    mark(connection, "facts", [facts[id_] for id_ in told])


def _remove(connection: sqlite3.Connection, edits: EditSet, entities: Nids, facts: Nids) -> None:
    connection.executemany(
        _REMOVE_DISCOURSE,
        [
            (*_ends(facts, link.source_id, link.target_id), link.sense.value, link.connective)
            for link in edits.removed_discourse
        ],
    )
    connection.executemany(
        _REMOVE_SUPERSESSION,
        [_ends(facts, pair.newer_id, pair.older_id) for pair in edits.removed_supersessions],
    )
    connection.executemany(
        _REMOVE_SAME_AS,
        [
            (*_ends(entities, pair.left_id, pair.right_id), pair.by)
            for pair in edits.removed_same_as
        ],
    )


def _remove_facts(connection: sqlite3.Connection, facts: list[int]) -> None:
    """Remove facts with all that hangs on them, and the entities that were named there only."""
    members: set[tuple[int]] = set()
    for fact in facts:
        members.update(connection.execute(_MEMBERS, (fact,)))
    for statement in _REMOVE_FACT:
        connection.executemany(statement, [(fact,) for fact in facts])
    connection.executemany(_REMOVE_ORPHAN, members)


def _add_links(
    connection: sqlite3.Connection, namespace: int, edits: EditSet, entities: Nids, facts: Nids
) -> Counts:
    stated_in = {link.passage_id for link in edits.discourse if link.passage_id is not None}
    passages = _held(connection, "passages", namespace, stated_in)
    discourse = [
        (
            *_ends(facts, link.source_id, link.target_id),
            *(link.sense.value, link.connective),
            None if link.passage_id is None else _nid(passages, link.passage_id),
            *(link.start, link.end),
        )
        for link in edits.discourse
    ]
    supersessions = [
        (*_ends(facts, pair.newer_id, pair.older_id), pair.reason) for pair in edits.supersessions
    ]
    same_as = [
        (*_ends(entities, pair.left_id, pair.right_id), pair.by, pair.score)
        for pair in edits.same_as
    ]
    return Counts(
        discourse=_add(connection, _ADD_DISCOURSE, discourse),
        supersessions=_add(connection, _ADD_SUPERSESSION, supersessions),
        same_as=_add(connection, _ADD_SAME_AS, same_as),
    )


def _add(connection: sqlite3.Connection, statement: str, rows: Iterable[Row]) -> int:
    before = connection.total_changes
    connection.executemany(statement, rows)
    return connection.total_changes - before


def _ends(nids: Nids, source: str, target: str) -> tuple[int, int]:
    return _nid(nids, source), _nid(nids, target)


def _nid(nids: Nids, id_: str) -> int:
    try:
        return nids[id_]
    except KeyError as cause:
        raise NotFoundError(f"The memory holds no {id_!r} to change") from cause
