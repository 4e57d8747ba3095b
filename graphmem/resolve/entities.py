"""Entities: one for each normalised name, with its type by majority and its aliases united."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from graphmem.kernels.text import normalise_name
from graphmem.model.extraction import Extraction
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType

_ALIAS_AT_LEAST = 0.5


@lru_cache(maxsize=1 << 16)
def entity_id(name: str, *, namespace: str) -> str:
    """The id of the entity that a name stands for."""
    return content_id(Kind.ENTITY, namespace, normalise_name(name))


def referred_entities(extractions: Iterable[Extraction], *, namespace: str) -> list[str]:
    """Ids of all entities that a batch could refer to, sorted: what to fetch before resolving."""
    names: set[str] = set()
    for extraction in extractions:
        names.update(mention.name for mention in extraction.mentions)
        names.update(member.name for fact in extraction.facts for member in fact.members)
    return sorted({entity_id(name, namespace=namespace) for name in names})


@dataclass(slots=True)
class _Seen:
    """What a batch says of one entity."""

    name: str
    types: Counter[EntityType] = field(default_factory=Counter)
    aliases: set[str] = field(default_factory=set)


class EntityBook:
    """Collects what a batch says of its entities; the first name seen is an entity's name."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._seen: dict[str, _Seen] = {}

    def note(self, name: str, type: EntityType) -> str:
        """Count a reference under a name; returns the entity's id."""
        id = entity_id(name, namespace=self._namespace)
        seen = self._seen.get(id)
        if seen is None:
            seen = self._seen[id] = _Seen(name)
        seen.types[type] += 1
        return id

    def alias(self, id: str, surface: str, about: float) -> None:
        """Keep another name of an entity, if it surely means it and is not its name."""
        seen = self._seen[id]
        if about >= _ALIAS_AT_LEAST and surface != seen.name:
            seen.aliases.add(surface)

    def entities(self, known: Mapping[str, Entity]) -> tuple[Entity, ...]:
        """All entities seen, in order; a known one keeps its name, and the type of a name."""
        return tuple(
            Entity(
                id=id,
                name=known[id].name if id in known else seen.name,
                type=_type_of(seen.types, known.get(id)),
                aliases=_aliases_of(seen),
            )
            for id, seen in self._seen.items()
        )


def _aliases_of(seen: _Seen) -> tuple[str, ...]:
    if not seen.aliases:
        return ()
    own = normalise_name(seen.name)
    return tuple(sorted(alias for alias in seen.aliases if normalise_name(alias) != own))


def _type_of(types: Mapping[EntityType, int], known: Entity | None) -> EntityType:
    """The most frequent type: of names before descriptions, of any before ``OTHER``."""
    if known is not None and known.type is not EntityType.OTHER and known.type.is_name:
        return known.type
    return max(types, key=lambda type: (_standing(type), types[type], type))


def _standing(type: EntityType) -> int:
    if type is EntityType.OTHER:
        return 1
    return 2 if type.is_name else 0
