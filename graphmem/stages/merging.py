"""Merging by hand: two entities held to be one, until they are unmerged; nothing is rewritten."""

from __future__ import annotations

from graphmem.errors import ConflictError, InvalidInputError, NotFoundError
from graphmem.model.change import EditSet
from graphmem.model.ids import Kind
from graphmem.model.knowledge import Entity, EntityType, Identity, SameAs
from graphmem.ports.store import GraphStore
from graphmem.resolve.conflicts import between, find_conflict
from graphmem.resolve.entities import entity_id
from graphmem.resolve.linking import BY_HAND, FORCED
from graphmem.stages.known_names import KnownNames


def identity(store: GraphStore, names: KnownNames, named: str) -> Identity:
    """An entity by its id or name, with all that it is held to be one with, and why.

    Raises
    ------
    NotFoundError
        The namespace holds no such entity.
    """
    entity = _entity(store, names.namespace, named)
    ids, links = names.one(entity.id)
    held = store.entities(ids)
    return Identity(
        entity=entity,
        same=tuple(held[id] for id in ids if id != entity.id and id in held),
        links=tuple(links),
    )


def merge(
    store: GraphStore, names: KnownNames, left: str, right: str, *, force: bool = False
) -> SameAs | None:
    """Hold two entities to be one; ``None`` where they are already.

    Raises
    ------
    NotFoundError
        The namespace holds no entity of that id or name.
    InvalidInputError
        Both are the same entity.
    ConflictError
        They, or those that they are held to be one with, differ in type or in what happens once,
        or one of them did something to the other; not with `force`.
    """
    one, other = identity(store, names, left), identity(store, names, right)
    if one.entity.id == other.entity.id:
        raise InvalidInputError(
            f"{left!r} and {right!r} are one entity, {one.entity.name!r}",
            remedy="Name two entities",
        )
    if other.entity in one.same:
        return None
    conflict = _conflict(store, names, one, other)
    if conflict and not force:
        raise ConflictError(
            f"{one.entity.name!r} and {other.entity.name!r} are not merged: {conflict}",
            remedy="Merge them by force if the memory is wrong (--force, force=True)",
        )
    first, second = sorted((one.entity.id, other.entity.id))
    by = FORCED if conflict else BY_HAND
    link = SameAs(left_id=first, right_id=second, score=1.0, by=by)
    store.edit(_edits(store, names, same_as=(link,)))
    names.keep_apart(first, second, keep=False)
    return link


def unmerge(store: GraphStore, names: KnownNames, left: str, right: str) -> tuple[SameAs, ...]:
    """Hold two merged entities apart again; returns the links that are gone.

    Raises
    ------
    NotFoundError
        The namespace holds no entity of that id or name, or the two are not held to be one.
    ConflictError
        They are one only by way of others, which the message names.
    """
    one = identity(store, names, left)
    other = _entity(store, names.namespace, right)
    ends = {one.entity.id, other.id}
    direct = tuple(link for link in one.links if {link.left_id, link.right_id} == ends)
    if other not in one.same:
        raise NotFoundError(f"{one.entity.name!r} and {other.name!r} are not merged")
    if not direct:
        named = {entity.id: entity.name for entity in (one.entity, *one.same)}
        chain = ", ".join(
            f"{named[link.left_id]!r} with {named[link.right_id]!r}" for link in one.links
        )
        raise ConflictError(
            f"{one.entity.name!r} and {other.name!r} are one by way of others only: {chain}",
            remedy="Unmerge one of these",
        )
    names.keep_apart(one.entity.id, other.id, keep=True)
    store.edit(_edits(store, names, removed_same_as=direct))
    return direct


def _edits(
    store: GraphStore,
    names: KnownNames,
    *,
    same_as: tuple[SameAs, ...] = (),
    removed_same_as: tuple[SameAs, ...] = (),
) -> EditSet:
    return EditSet(
        namespace=names.namespace,
        version=store.version(names.namespace),
        same_as=same_as,
        removed_same_as=removed_same_as,
    )


def _entity(store: GraphStore, namespace: str, named: str) -> Entity:
    """The entity of an id or a name."""
    id = named if named.startswith(f"{Kind.ENTITY}_") else entity_id(named, namespace=namespace)
    held = store.entities([id])
    if id not in held:
        raise NotFoundError(
            f"Namespace {namespace!r} holds no entity {named!r}",
            remedy="`graphmem cypher --named find --param text=PART` finds entities by name",
        )
    return held[id]


def _conflict(store: GraphStore, names: KnownNames, one: Identity, other: Identity) -> str:
    """Why two entities cannot be one, or nothing."""
    left, right = (one.entity, *one.same), (other.entity, *other.same)
    for a in left:
        for b in right:
            if EntityType.OTHER not in (a.type, b.type) and a.type is not b.type:
                return f"{a.name!r} is of type {a.type.value}, {b.name!r} of {b.type.value}"
    ids = [[entity.id for entity in side] for side in (left, right)]
    found = find_conflict(*map(names.dated, ids))
    if found:
        return f"{found} cannot both be of one"
    held = [{id for facts in store.facts_with(side).values() for id in facts} for side in ids]
    shared = between(store.facts(sorted(held[0] & held[1])).values(), *ids)
    return f"{shared.text!r} has them as two" if shared else ""
