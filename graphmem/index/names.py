"""The dictionary of names: every title, alias and entity name, and the passages about it.

A name is a sequence of folded words. Its *homes* are the passages about what it names, with a
weight. Names are in the order of their keys, so that a dictionary that grew is the same as one that
is built anew.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.graph.growth import UNNAMED, Growth
from graphmem.graph.snapshot import Category, Entities, Mentions, Snapshot
from graphmem.index.lexical import FUNCTION_WORDS
from graphmem.index.matching import NameFinder
from graphmem.index.occurrences import Occurrences
from graphmem.kernels.arrays import Floats, Ints, Mask, Rows, compress, ragged
from graphmem.kernels.text import words as words_of
from graphmem.model.knowledge import EntityType

MAX_WORDS = 20
_CALENDAR = frozenset(
    """january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow am pm
    """.split()
)


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names, shape (n,), and their homes by name: ``home_indptr[i]:home_indptr[i + 1]``.

    `keys` are the folded words joined by a space, rising; `labels` the name as first written,
    `entities` the row of the entity that bears it, `types` its type. A name is `declared` when an
    entity has it as its name or alias; others come from what passages say they are about.
    """

    keys: Strings
    labels: Strings
    entities: Rows
    declared: Mask
    types: Category
    home_indptr: Ints
    home_passages: Rows
    home_weights: Floats

    @property
    def is_person(self) -> Mask:
        """Which names are of somebody, shape (n,)."""
        person = self.types.values.row_of.get(EntityType.PERSON.value, -1)
        return np.asarray(self.types.codes == person)


@dataclass(frozen=True, slots=True)
class NameGrowth:
    """A dictionary that grew: `moved` are the rows that its names of before have now.

    `unsettled` are the rows of names that are new, have got their first home, or are known to be a
    person's now, or no more.
    """

    table: NameTable
    moved: Ints
    unsettled: Rows


@dataclass(slots=True)
class _Name:
    label: str
    entity: int
    declared: bool


def build_names(snapshot: Snapshot) -> NameTable:
    """The dictionary of a namespace, from its entities' names and from what passages are about."""
    nothing = Strings.of([])
    none = np.empty(0, np.int32)
    empty = NameTable(
        keys=nothing,
        labels=nothing,
        entities=none,
        declared=none.astype(np.bool_),
        types=Category(none, nothing),
        home_indptr=np.zeros(1, np.int64),
        home_passages=none,
        home_weights=none.astype(np.float32),
    )
    named = _names_of(snapshot.entities, 0)
    return _extended(empty, snapshot, named, _abouts(snapshot.mentions, 0)).table


def extend_names(names: NameTable, growth: Growth) -> NameGrowth:
    """The dictionary of what `growth` has grown to, from that of before."""
    snapshot = growth.snapshot
    named = chain(growth.aliases, _names_of(snapshot.entities, growth.n_entities))
    return _extended(names, snapshot, named, _abouts(snapshot.mentions, growth.n_mentions))


def _extended(
    names: NameTable,
    snapshot: Snapshot,
    named: Iterable[tuple[int, str]],
    abouts: Iterable[tuple[int, int, str, float]],
) -> NameGrowth:
    """With the names of entities, in the order of these, and then those of what is written about.

    Who comes first bears a name, entities before passages.
    """
    finder = NameFinder(names.keys)
    new: dict[str, _Name] = {}
    taken: dict[int, _Name] = {}

    def key_of(surface: str, entity: int, *, declared: bool) -> str | None:
        parts = words_of(surface)
        if not _is_name(parts):
            return None
        key = " ".join(parts)
        if key in new:
            return key
        row = finder.row(key)
        if row is None:
            new[key] = _Name(surface, entity, declared)
        elif (
            declared
            and row not in taken
            and (not names.declared[row] or entity < names.entities[row])
        ):
            taken[row] = _Name(surface, entity, declared)
        return key

    for entity, surface in named:
        key_of(surface, entity, declared=True)
    homes: dict[tuple[str, int], float] = {}
    for passage, entity, surface, about in abouts:
        key = key_of(surface, entity, declared=False)
        if key is not None:
            homes[key, passage] = max(homes.get((key, passage), 0.0), about)
    return _merged(_handed_over(names, taken), snapshot, new, homes)


def _handed_over(names: NameTable, taken: Mapping[int, _Name]) -> NameTable:
    """Names that an entity bears which comes before the one that did."""
    if not taken:
        return names
    labels = list(names.labels)
    entities, declared = names.entities.copy(), names.declared.copy()
    for row, name in taken.items():
        labels[row], entities[row], declared[row] = name.label, name.entity, True
    return replace(names, labels=Strings.of(labels), entities=entities, declared=declared)


def _merged(
    names: NameTable,
    snapshot: Snapshot,
    new: Mapping[str, _Name],
    homes: Mapping[tuple[str, int], float],
) -> NameGrowth:
    """New names in their places, and homes of new passages after those that a name has."""
    keys = sorted(new)
    at = np.array([bisect_left(names.keys, key) for key in keys], np.int64)
    n_before = len(names.keys)
    moved = np.arange(n_before) + np.searchsorted(at, np.arange(n_before), side="right")
    entities = np.insert(names.entities, at, [new[key].entity for key in keys])
    types = snapshot.entities.types
    made = {key: int(row) for key, row in zip(keys, at + np.arange(len(keys)), strict=True)}
    merged_keys = names.keys.spliced(at.tolist(), keys)
    finder = NameFinder(merged_keys)
    ordered = sorted(
        (made[key] if key in made else finder.row(key) or 0, passage, weight)
        for (key, passage), weight in homes.items()
    )
    owners = np.array([name for name, _, _ in ordered], np.int64)
    before = np.insert(np.diff(names.home_indptr), at, 0)
    ends = np.cumsum(before)[owners] if len(owners) else owners
    more = np.bincount(owners, minlength=len(merged_keys))
    table = NameTable(
        keys=merged_keys,
        labels=names.labels.spliced(at.tolist(), [new[key].label for key in keys]),
        entities=entities.astype(np.int32),
        declared=np.insert(names.declared, at, [new[key].declared for key in keys]),
        types=Category(types.codes[entities], types.values),
        home_indptr=np.concatenate(([0], np.cumsum(before + more))).astype(np.int64),
        home_passages=np.insert(names.home_passages, ends, [p for _, p, _ in ordered]),
        home_weights=np.insert(names.home_weights, ends, [w for _, _, w in ordered]),
    )
    is_new = (before == 0) & (more > 0)
    is_new[list(made.values())] = True
    is_new[moved] |= names.is_person != table.is_person[moved]
    return NameGrowth(table, moved, np.flatnonzero(is_new).astype(np.int32))


def _names_of(entities: Entities, first: int) -> Iterator[tuple[int, str]]:
    """Entities from row `first` on, each with its name and its aliases."""
    is_name = np.array([value not in UNNAMED for value in entities.types.values], np.bool_)
    for row in range(first, len(entities.ids)):
        if is_name[entities.types.codes[row]]:
            yield row, entities.names[row]
            aliases = entities.aliases[row]
            if aliases not in {"", "[]"}:
                yield from ((row, alias) for alias in json.loads(aliases))


def _abouts(mentions: Mentions, first: int) -> Iterator[tuple[int, int, str, float]]:
    for position in first + np.flatnonzero(mentions.about[first:] > 0):
        yield (
            int(mentions.passages[position]),
            int(mentions.entities[position]),
            mentions.surfaces[int(position)],
            float(mentions.about[position]),
        )


def _is_name(parts: Sequence[str]) -> bool:
    if not 0 < len(parts) <= MAX_WORDS:
        return False
    if all(part in _CALENDAR or part.isdigit() for part in parts):
        return False
    return len(parts) > 1 or (len(parts[0]) > 1 and parts[0] not in FUNCTION_WORDS)


@dataclass(frozen=True, slots=True)
class Incidence:
    """Names by passage and passages by name, one entry per pair.

    `weights` are ``ln(1 + count + 2 * home) * eidf``; `order` lists the entries by name, and
    `name_indptr` cuts that list. `eidf` is ``ln((N + 1) / (df + 0.5))``, shape (n_names,).
    """

    indptr: Ints
    names: Rows
    counts: Rows
    weights: Floats
    passages: Rows
    order: Ints
    name_indptr: Ints
    eidf: Floats


def build_incidence(names: NameTable, occurrences: Occurrences, *, n_passages: int) -> Incidence:
    """Count names in passages; homes are incident too, also where the name is not in the text."""
    n_names = len(names.keys)
    standing = np.repeat(np.arange(n_passages), np.diff(occurrences.indptr))
    home_names = np.repeat(np.arange(n_names), np.diff(names.home_indptr))
    keys = np.concatenate(
        (
            standing * max(n_names, 1) + occurrences.names,
            names.home_passages.astype(np.int64) * max(n_names, 1) + home_names,
        )
    )
    unique, inverse = np.unique(keys, return_inverse=True)
    counts = np.bincount(inverse[: len(standing)], minlength=len(unique))
    home = np.bincount(inverse[len(standing) :], weights=names.home_weights, minlength=len(unique))
    passages, columns = np.divmod(unique, max(n_names, 1))
    frequency = np.bincount(columns, minlength=n_names)
    eidf = np.log((n_passages + 1) / (frequency + 0.5)).astype(np.float32)
    order = np.argsort(columns, kind="stable")
    return Incidence(
        indptr=compress(passages, n_passages),
        names=columns.astype(np.int32),
        counts=counts.astype(np.int32),
        weights=(np.log1p(counts + 2.0 * home) * eidf[columns]).astype(np.float32),
        passages=passages.astype(np.int32),
        order=order,
        name_indptr=compress(columns[order], n_names),
        eidf=eidf,
    )


def passages_of(incidence: Incidence, names: Rows | Ints) -> tuple[Rows, Ints, Ints]:
    """Passages that hold the names, which of `names` each comes from, and the entry's position."""
    positions, owner = ragged(incidence.name_indptr, names)
    entries = incidence.order[positions]
    return incidence.passages[entries], owner, entries
