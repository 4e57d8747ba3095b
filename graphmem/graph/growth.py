"""A snapshot brought up to date from what changed since: the same as one that is read anew.

What is new comes after what is there, as its ``nid`` values do; values of held rows are replaced.
Categories may count their values in another order than those of a snapshot that is read anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import (
    Category,
    Entities,
    Facts,
    Mentions,
    Numbers,
    Passages,
    Snapshot,
    Stated,
    Traits,
    read_entities,
    read_evidence,
    read_facts,
    read_members,
    read_mentions,
    read_passages,
    read_same,
    read_vectors,
    rows_of,
    with_members,
)
from graphmem.kernels.arrays import Floats, Ints, Mask, Rows
from graphmem.model.knowledge import EntityType
from graphmem.ports.store import StoreReader

T = TypeVar("T", Passages, Entities, Traits)
UNNAMED = frozenset(kind.value for kind in EntityType if not kind.is_name)
"""Types whose entities are described and not named."""
_CHANGING = frozenset({"types", "aliases"})
"""Columns of entities in which a row may be another than before."""
_TRAITS = tuple(field.name for field in fields(Traits))


class CannotGrowError(Exception):
    """The changes are not of a kind that a snapshot grows by; it has to be read anew."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a snapshot grew to; `n_passages`, `n_entities` and `n_mentions` are those of before.

    `aliases` are the rows of entities of before and an alias that each gained, by row.
    """

    snapshot: Snapshot
    n_passages: int
    n_entities: int
    n_mentions: int
    aliases: tuple[tuple[int, str], ...]


def grow(before: Snapshot, reader: StoreReader) -> Growth:
    """The snapshot `before` with what `reader` shows, a view since the version of `before`.

    Raises
    ------
    CannotGrowError
        Something was removed, or a held row changed in what everything else hangs on.
    """
    if reader.removed:
        raise CannotGrowError
    passage_nids, passages = read_passages(reader)
    entity_nids, entities = read_entities(reader)
    fact_nids, facts, traits = read_facts(reader)
    held_passages = _Held(before.numbers.passages, passage_nids)
    held_entities = _Held(before.numbers.entities, entity_nids)
    held_facts = _Held(before.numbers.facts, fact_nids)
    numbers = Numbers(held_passages.nids, held_entities.nids, held_facts.nids)
    _refuse_changed(before.passages, passages, held_passages, but=frozenset({"retired_at"}))
    _refuse_changed(before.entities, entities, held_entities, but=_CHANGING)
    aliases = tuple(_gained(before.entities, entities, held_entities))
    snapshot = Snapshot(
        passages=_passages(before.passages, passages, held_passages),
        entities=_renewed(before.entities, entities, held_entities, _CHANGING),
        mentions=_mentions(before.mentions, read_mentions(reader, numbers), held_passages),
        facts=_facts(before.facts, facts, held_facts, reader, numbers),
        vectors=_vectors(before.vectors, reader, numbers),
        numbers=numbers,
        same=np.unique(np.concatenate((before.same, read_same(reader, numbers))), axis=0),
        traits=_renewed(before.traits, traits, held_facts, _TRAITS),
    )
    return Growth(
        snapshot,
        len(before.numbers.passages),
        len(before.numbers.entities),
        len(before.mentions.about),
        aliases,
    )


class _Held:
    """Which of a view's rows are held already, and where.

    `old` and `new` are positions in the view, `rows` those that the old ones have in the snapshot.
    """

    def __init__(self, known: Ints, shown: Ints) -> None:
        last = known[-1] if len(known) else -1
        self.old = np.flatnonzero(shown <= last)
        self.new = np.flatnonzero(shown > last)
        self.rows = rows_of(known, shown[self.old])
        if not np.array_equal(known[self.rows], shown[self.old]):
            raise CannotGrowError  # a number that was left out before is in use now
        self.n_before = len(known)
        self.nids = np.concatenate((known, shown[self.new]))


def _refuse_changed(before: T, shown: T, held: _Held, *, but: frozenset[str]) -> None:
    for field in fields(before):
        if field.name in but:
            continue
        column, now = getattr(before, field.name), getattr(shown, field.name)
        if isinstance(column, np.ndarray):
            same = np.array_equal(column[held.rows], now[held.old])
        else:
            same = _values(column, held.rows) == _values(now, held.old)
        if not same:
            raise CannotGrowError


def _values(column: Strings | Category, rows: Ints | Rows) -> list[str]:
    return [column[int(row)] for row in rows]


def _appended(before: T, shown: T, held: _Held) -> T:
    """All columns with the new rows after the held ones."""
    made: dict[str, Any] = {}
    for field in fields(before):
        column, now = getattr(before, field.name), getattr(shown, field.name)
        made[field.name] = _longer(column, now, held.new)
    return replace(before, **made)


def _longer(column: Any, now: Any, new: Ints) -> Any:
    if isinstance(column, np.ndarray):
        return np.concatenate((column, now[new]))
    return column.extended(_values(now, new))


def _passages(before: Passages, shown: Passages, held: _Held) -> Passages:
    made = _appended(before, shown, held)
    made.retired_at[held.rows] = shown.retired_at[held.old]
    return made


def _renewed(before: T, shown: T, held: _Held, names: Iterable[str]) -> T:
    """With what is new, and held rows with what the named columns, of few values, show now."""
    made = _appended(before, shown, held)
    columns: dict[str, Any] = {
        name: getattr(made, name).replaced(held.rows, _values(getattr(shown, name), held.old))
        for name in names
    }
    return replace(made, **columns)


def _gained(before: Entities, shown: Entities, held: _Held) -> Iterator[tuple[int, str]]:
    """Rows of held entities with the aliases that each has now and had not."""
    for row, at in zip(held.rows.tolist(), held.old.tolist(), strict=True):
        was_named, is_named = before.types[row] not in UNNAMED, shown.types[at] not in UNNAMED
        had, has = json.loads(before.aliases[row] or "[]"), json.loads(shown.aliases[at] or "[]")
        if was_named != is_named or has[: len(had)] != had:
            raise CannotGrowError
        if is_named:
            yield from ((row, alias) for alias in has[len(had) :])


def _mentions(before: Mentions, shown: Mentions, held: _Held) -> Mentions:
    """Those of new passages are added; those of held ones must be what they were."""
    is_new = shown.passages >= held.n_before
    old = np.flatnonzero(~is_new)
    were = np.flatnonzero(_among(before.passages, held.rows, held.n_before))
    same = (
        np.array_equal(before.passages[were], shown.passages[old])
        and np.array_equal(before.entities[were], shown.entities[old])
        and np.array_equal(before.about[were], shown.about[old])
        and _values(before.surfaces, were) == _values(shown.surfaces, old)
    )
    if not same:
        raise CannotGrowError
    new = np.flatnonzero(is_new)
    return Mentions(
        passages=np.concatenate((before.passages, shown.passages[new])),
        entities=np.concatenate((before.entities, shown.entities[new])),
        surfaces=before.surfaces.extended(_values(shown.surfaces, new)),
        about=np.concatenate((before.about, shown.about[new])),
    )


def _facts(
    before: Facts, shown: Facts, held: _Held, reader: StoreReader, numbers: Numbers
) -> Facts:
    """Facts with the new ones; all evidence of a held one that changed is replaced."""
    if _values(before.texts, held.rows) != _values(shown.texts, held.old):
        raise CannotGrowError
    made = replace(
        before,
        ids=before.ids.extended(_values(shown.ids, held.new)),
        texts=before.texts.extended(_values(shown.texts, held.new)),
        valid_from=_longer(before.valid_from, shown.valid_from, held.new),
        valid_to=_longer(before.valid_to, shown.valid_to, held.new),
        recorded_at=_longer(before.recorded_at, shown.recorded_at, held.new),
        retired_at=_longer(before.retired_at, shown.retired_at, held.new),
    )
    for name in ("valid_from", "valid_to", "recorded_at", "retired_at"):
        getattr(made, name)[held.rows] = getattr(shown, name)[held.old]
    owners, members = read_members(reader, numbers)
    new = owners >= held.n_before
    stated = read_evidence(reader, numbers)
    stays = ~_among(before.evidence_facts, held.rows, held.n_before)
    facts = np.concatenate((before.evidence_facts[stays], stated.facts))
    passages = np.concatenate((before.evidence_passages[stays], stated.passages))
    starts = np.concatenate((before.evidence_starts[stays], stated.starts))
    ends = np.concatenate((before.evidence_ends[stays], stated.ends))
    order = np.argsort(facts, kind="stable")
    held_owners = np.repeat(np.arange(held.n_before), np.diff(before.member_indptr))
    return with_members(
        made,
        np.concatenate((held_owners, owners[new])).astype(np.int32),
        np.concatenate((before.members, members[new])),
        Stated(facts[order], passages[order], starts[order], ends[order]),
    )


def _among(owners: Rows, rows: Rows, n: int) -> Mask:
    """Which entries belong to one of `rows`, of `n`."""
    mask = np.zeros(n, np.bool_)
    mask[rows] = True
    return np.asarray(mask[owners])


def _vectors(before: Floats, reader: StoreReader, numbers: Numbers) -> Floats:
    n, dimension = len(numbers.passages), before.shape[1]
    made = np.zeros((n, dimension), np.float32)
    made[: len(before)] = before
    return read_vectors(reader, numbers, made) if dimension else made
