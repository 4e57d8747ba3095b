"""Changes made by hand: values replaced, links added and removed, facts removed.

All of it runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from graphmem.adapters.bolt import listed, rows
from graphmem.adapters.stores.neo4j.lookup import count
from graphmem.adapters.stores.neo4j.namespaces import Namespace
from graphmem.adapters.stores.neo4j.rows import ENTITY_COLUMNS, Row, entity_row, finite, micros
from graphmem.adapters.stores.neo4j.statements import statements, with_properties
from graphmem.adapters.stores.neo4j.write import parts
from graphmem.errors import InvalidInputError, NotFoundError, StoreBusyError
from graphmem.model.change import Counts, EditSet

_OWN: Final = statements("edit")
_WRITE: Final = statements("write")
_CREATE_ENTITIES: Final = with_properties(_WRITE["create_entities"], ENTITY_COLUMNS)


def edit(namespace: Namespace, edits: EditSet) -> Counts:
    """Apply `edits` and return what was added.

    Raises
    ------
    StoreBusyError
        The namespace is no longer at the version that the edits were worked out against.
    NotFoundError
        An id that the namespace does not hold.
    InvalidInputError
        A fact that would be believed although every episode that states it is retired.
    """
    if namespace.version != edits.version:
        raise StoreBusyError(
            f"The namespace {edits.namespace!r} has been written to since it was read"
            f" (version {namespace.version}, not {edits.version})",
            remedy="Read it again and repeat the change",
        )
    held = {
        "entities": _held(namespace, "entities", edits.entity_ids),
        "facts": _held(namespace, "facts", edits.fact_ids),
        "passages": _held(
            namespace,
            "passages",
            {link.passage_id for link in edits.discourse if link.passage_id is not None},
        ),
    }
    new = [e for e in edits.entities if e.id not in held["entities"]]
    held["entities"] |= {entity.id for entity in new}
    _refuse_missing(edits, held)
    _add_entities(namespace, new)
    _replace(namespace, edits)
    _remove_links(namespace, edits)
    added = _add_links(namespace, edits)
    _remove_facts(namespace, list(edits.removed_facts))
    _mark(namespace, edits)
    namespace.changed = True
    namespace.removed |= edits.removes
    namespace.counts = count(namespace.tx, namespace.space)
    return added + Counts(entities=len(new))


def _held(namespace: Namespace, kind: str, ids: set[str]) -> set[str]:
    """Those that the namespace holds."""
    found: set[str] = set()
    for part in parts(sorted(ids)):
        held = listed(namespace.tx, _WRITE[f"held_{kind}"], ids=part)
        found.update(row[0] for row in held if row[2] == namespace.space)
    return found


def _refuse_missing(edits: EditSet, held: dict[str, set[str]]) -> None:
    stated_in = {link.passage_id for link in edits.discourse if link.passage_id is not None}
    wanted = {"entities": edits.entity_ids, "facts": edits.fact_ids, "passages": stated_in}
    for kind, ids in wanted.items():
        missing = ids - held[kind]
        if missing:
            raise NotFoundError(f"The memory holds no {min(missing)!r} to change")


def _add_entities(namespace: Namespace, new: list[Any]) -> None:
    nids = namespace.next_nids("entities", len(new))
    made = (entity_row(namespace.owner(n), e) for n, e in zip(nids, new, strict=True))
    _run(namespace, _CREATE_ENTITIES, made)


def _replace(namespace: Namespace, edits: EditSet) -> None:
    entities = (
        [e.id, e.type.value, list(dict.fromkeys(e.aliases)), e.profile] for e in edits.entities
    )
    facts = (
        [
            *(fact.id, fact.confidence, micros(fact.valid_from), micros(fact.valid_to)),
            None if fact.precision is None else fact.precision.value,
            *(micros(fact.retired_at), finite(fact.strength, fact.id)),
        ]
        for fact in edits.facts
    )
    _run(namespace, _OWN["set_entities"], entities)
    _run(namespace, _OWN["set_facts"], facts)
    for part in parts(fact.id for fact in edits.facts):
        unfit = listed(namespace.tx, _OWN["not_living"], ids=part)
        if unfit:
            raise InvalidInputError(
                f"The fact {min(unfit)} cannot be believed again: all that states it is retired",
                remedy="Ingest again what states it",
            )


def _mark(namespace: Namespace, edits: EditSet) -> None:
    """Say what was changed, and at what the links start that were added."""
    entities = {e.id for e in edits.entities} | {pair.left_id for pair in edits.same_as}
    facts = {
        *(fact.id for fact in edits.facts),
        *(link.source_id for link in edits.discourse),
        *(pair.newer_id for pair in edits.supersessions),
    }
    namespace.mark("mark_entities", entities)
    namespace.mark("mark_facts", facts)


def _remove_links(namespace: Namespace, edits: EditSet) -> None:
    _run(
        namespace,
        _OWN["remove_discourse"],
        (
            [link.source_id, link.target_id, link.sense.value, link.connective]
            for link in edits.removed_discourse
        ),
    )
    _run(
        namespace,
        _OWN["remove_supersessions"],
        ([pair.newer_id, pair.older_id] for pair in edits.removed_supersessions),
    )
    _run(
        namespace,
        _OWN["remove_same_as"],
        ([pair.left_id, pair.right_id, pair.by] for pair in edits.removed_same_as),
    )


def _add_links(namespace: Namespace, edits: EditSet) -> Counts:
    """Add links, or put them in the place of those under the same key; all count."""
    discourse = {
        (
            *(link.source_id, link.target_id, link.sense.value, link.connective),
            *(link.passage_id, link.start, link.end),
        ): None
        for link in edits.discourse
    }
    supersessions = {(p.newer_id, p.older_id): p.reason for p in edits.supersessions}
    same_as = {(p.left_id, p.right_id, p.by): p.score for p in edits.same_as}
    _put(namespace, "discourse", {key: [*key] for key in discourse})
    _put(
        namespace,
        "supersessions",
        {key: [*key, reason] for key, reason in supersessions.items()},
    )
    _put(namespace, "same_as", {key: [*key, score] for key, score in same_as.items()})
    return Counts(
        discourse=len(edits.discourse),
        supersessions=len(edits.supersessions),
        same_as=len(edits.same_as),
    )


def _put(namespace: Namespace, kind: str, links: dict[Any, Row]) -> None:
    held: set[Any] = set()
    for part in parts(sorted({key[0] for key in links})):
        held.update(map(tuple, listed(namespace.tx, _WRITE[f"held_{kind}"], ids=part)))
    _run(
        namespace, _WRITE[f"create_{kind}"], (row for key, row in links.items() if key not in held)
    )
    if f"set_{kind}" in _OWN:
        again = (row for key, row in links.items() if key in held)
        _run(namespace, _OWN[f"set_{kind}"], again)


def _remove_facts(namespace: Namespace, facts: list[str]) -> None:
    """Remove facts with all that hangs on them, and the entities that were named there only."""
    for part in parts(facts):
        members = listed(namespace.tx, _OWN["members"], ids=part)
        rows(namespace.tx, _OWN["remove_facts"], ids=part)
        rows(namespace.tx, _OWN["remove_orphans"], ids=members)


def _run(namespace: Namespace, statement: str, made: Iterable[Row]) -> None:
    for part in parts(made):
        rows(namespace.tx, statement, rows=part)
