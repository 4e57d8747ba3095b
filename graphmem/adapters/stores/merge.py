"""The merge rules of a ChangeSet, for what is stated twice: in one batch, or again in a later one.

Pure: values in, values out. Who comes first stays; see :class:`graphmem.model.change.ChangeSet`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from graphmem.model.knowledge import Entity, EntityType, Fact
from graphmem.model.source import Depth, Episode


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)


def in_reading_order(episodes: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Ids of passages, from rows of their episode's id, ordinal, ``nid`` and id."""
    place = {id_: at for at, id_ in enumerate(dict.fromkeys(episodes))}
    return [row[3] for row in sorted(rows, key=lambda row: (place[row[0]], row[1], row[2]))]


def collapse(values: Iterable[T], merge: Callable[[T, T], T]) -> dict[str, T]:
    """One value per id, in the order of first appearance; later ones merged into the first."""
    merged: dict[str, T] = {}
    for value in values:
        first = merged.get(value.id)
        merged[value.id] = value if first is None else merge(first, value)
    return merged


def merge_episodes(first: Episode, again: Episode) -> Episode:
    """Depth rises; whoever is added again lives again."""
    depth = Depth.FULL if Depth.FULL in (first.depth, again.depth) else first.depth
    retired_at = None if again.retired_at is None else first.retired_at
    return first.model_copy(update={"depth": depth, "retired_at": retired_at})


def merge_entities(first: Entity, again: Entity) -> Entity:
    """Aliases are united; a type that is OTHER is replaced."""
    return first.model_copy(
        update={
            "type": EntityType(merge_types(first.type, again.type)),
            "aliases": unite(first.aliases, again.aliases),
        }
    )


def merge_types(first: str, again: EntityType) -> str:
    """The first unless it is OTHER."""
    return again.value if first == EntityType.OTHER else first


def unite(first: Iterable[str], again: Iterable[str]) -> tuple[str, ...]:
    """Both without repetition, in the order of first appearance."""
    return tuple(dict.fromkeys((*first, *again)))


def merge_facts(first: Fact, again: Fact) -> Fact:
    """A fact that is stated again is believed again."""
    return first.model_copy(update={"retired_at": None}) if again.retired_at is None else first
