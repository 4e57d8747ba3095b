"""The name book: every name that a memory knows, so that one that it may be is found at once.

A name is looked up by keys that two names of one entity share, never compared with all others:
its spelling, a person's given and last name, the initials of an acronym, the name before a comma or
a parenthesis. Cost is linear in names, as long as few share a key; keys that many share say nothing
and are passed over.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Entity, SameAs
from graphmem.resolve.forms import NameForm, form_of, given_name, initials, is_acronym, person_words
from graphmem.resolve.likeness import telling_aliases

_CROWD = 24
"""Entities under one key from which on it tells nothing."""
_NEAR = 0.7
"""Share of their letters in order that two names have in common to look alike."""


class NameBook:
    """The named entities of a memory by the keys of their names, and which are held to be one."""

    def __init__(self) -> None:
        self._entities: dict[str, Entity] = {}
        self._by_key: defaultdict[str, list[str]] = defaultdict(list)
        self._spelt: dict[str, tuple[str, ...]] = {}
        self._one: dict[str, list[str]] = {}
        self._links: dict[tuple[str, str, str], SameAs] = {}

    def __len__(self) -> int:
        return len(self._entities)

    def get(self, id: str) -> Entity | None:
        """The entity as the book knows it."""
        return self._entities.get(id)

    def put(self, entity: Entity) -> bool:
        """Take an entity in; returns whether it brought a name that the book had not."""
        if not entity.type.is_name:
            return False
        held = self._entities.get(entity.id)
        keys = set(_keys(entity))
        if held is not None:
            united = tuple(sorted({*held.aliases, *entity.aliases}))
            entity = entity.model_copy(update={"aliases": united})
            keys = set(_keys(entity)) - set(_keys(held))
        if held is None:
            spelling = normalise_name(entity.name)
            self._spelt[spelling] = (*self._spelt.get(spelling, ()), entity.id)
        self._entities[entity.id] = entity
        for key in keys:
            self._by_key[key].append(entity.id)
        return held is None or bool(keys)

    def join(self, pair: SameAs) -> None:
        """Hold two entities to be one."""
        self._links[pair.left_id, pair.right_id, pair.by] = pair
        left, right = self.one(pair.left_id), self.one(pair.right_id)
        if left is not right:
            united = sorted({*left, *right})
            for id in united:
                self._one[id] = united

    def one(self, id: str) -> list[str]:
        """All entities held to be one with this one, itself included."""
        return self._one.get(id, [id])

    def links(self, ids: Iterable[str]) -> list[SameAs]:
        """What holds these entities to be one, in order."""
        chosen = set(ids)
        return [
            link
            for key, link in sorted(self._links.items())
            if link.left_id in chosen and link.right_id in chosen
        ]

    def named(self, name: str) -> list[str]:
        """Ids of the entities of this name or alias, sorted."""
        return sorted(set(self._by_key.get(f"name {form_of(name).key}", ())))

    def spelt(self, key: str) -> tuple[str, ...]:
        """Ids of the entities whose name has this normal form."""
        return self._spelt.get(key, ())

    def near(self, name: str, *, limit: int) -> list[str]:
        """Names that look like this one, the likest first: for those who mistyped."""
        wanted = normalise_name(name)
        by_key = {normalise_name(entity.name): entity.name for entity in self._entities.values()}
        holding = sorted(
            (key for key in by_key if f" {wanted} " in f" {key} "), key=lambda key: (len(key), key)
        )
        alike = difflib.get_close_matches(wanted, by_key, n=limit, cutoff=_NEAR)
        return [by_key[key] for key in dict.fromkeys((*alike, *holding))][:limit]

    def candidates(self, entity: Entity) -> list[Entity]:
        """Entities whose names may be this one's, in the order of their ids; never itself."""
        found: set[str] = set()
        for key in set(_lookups(entity)):
            ids = self._by_key.get(key, ())
            if len(ids) <= _CROWD:
                found.update(ids)
        found.difference_update(self.one(entity.id))
        return [self._entities[id] for id in sorted(found)]


def _keys(entity: Entity) -> Iterator[str]:
    """What an entity is found by."""
    form = form_of(entity.name)
    if not form.words:
        return
    yield f"name {form.key}"
    for alias in telling_aliases(entity):
        yield f"name {alias}"
    yield from _heads(form)
    person = person_words(form)
    if person:
        yield f"person {given_name(person[0])} {person[-1]}"
        kind = "initial" if len(person[0]) == 1 else "given"
        yield f"{kind} {person[0][0]} {person[-1]}"
    if is_acronym(entity.name):
        yield f"acronym {''.join(c.lower() for c in entity.name if c.isalpha())}"
    elif len(form.spelt) > 2:
        yield f"spelt out {initials(form)}"


def _lookups(entity: Entity) -> Iterator[str]:
    """Under what an entity's other names are found."""
    form = form_of(entity.name)
    if not form.words:
        return
    yield f"name {form.key}"
    yield f"head {form.key}"
    for alias in telling_aliases(entity):
        yield f"name {alias}"
    for head in _heads(form):
        yield f"name{head.removeprefix('head')}"
    person = person_words(form)
    if person:
        yield f"person {given_name(person[0])} {person[-1]}"
        yield f"initial {person[0][0]} {person[-1]}"
        if len(person[0]) == 1:
            yield f"given {person[0]} {person[-1]}"
    if is_acronym(entity.name):
        yield f"spelt out {''.join(c.lower() for c in entity.name if c.isalpha())}"
    elif len(form.spelt) > 2:
        yield f"acronym {initials(form)}"


def _heads(form: NameForm) -> Iterable[str]:
    if form.tail and len(form.words) > len(form.tail):
        yield f"head {' '.join(form.words[: len(form.words) - len(form.tail)])}"
