"""A namespace as frozen columns: what retrieval reads instead of the store.

Rows are positions; ``nid`` values do not leave this module. Times are UTC microseconds with
:data:`OPEN_START` and :data:`OPEN_END` for open ends, so that comparisons need no special case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphmem.graph.columns import Strings
from graphmem.kernels.arrays import Floats, Ints, Rows, compress
from graphmem.ports.store import StoreReader

OPEN_START = np.iinfo(np.int64).min
OPEN_END = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Category:
    """A column of few distinct strings: ``values[codes[row]]``; code 0 is the empty string."""

    codes: Rows
    values: Strings

    @classmethod
    def of(cls, column: Iterable[str | None]) -> Category:
        """Encode a column, ``None`` as the empty string."""
        known: dict[str, int] = {"": 0}
        codes = [known.setdefault(value or "", len(known)) for value in column]
        return cls(np.array(codes, np.int32), Strings.of(known))


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages, shape (n,) each; `occurred_at` is OPEN_START where unknown."""

    ids: Strings
    texts: Strings
    titles: Category
    episodes: Category
    sources: Category
    speakers: Category
    sessions: Category
    external_ids: Category
    attributes: Category
    starts: Ints
    ends: Ints
    occurred_at: Ints
    recorded_at: Ints
    retired_at: Ints


@dataclass(frozen=True, slots=True)
class Entities:
    """Entities, shape (n,) each; `aliases` is a JSON list."""

    ids: Strings
    names: Strings
    types: Category
    aliases: Category


@dataclass(frozen=True, slots=True)
class Mentions:
    """Mentions, sorted by passage; `about` in [0, 1]."""

    passages: Rows
    entities: Rows
    surfaces: Category
    about: Floats


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts, shape (n,) each, and the incidence as members by fact and passages by fact."""

    ids: Strings
    valid_from: Ints
    valid_to: Ints
    recorded_at: Ints
    retired_at: Ints
    member_indptr: Ints
    members: Rows
    evidence_facts: Rows
    evidence_passages: Rows


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One namespace at one version of the store; `vectors` has a row per passage, zero without."""

    passages: Passages
    entities: Entities
    mentions: Mentions
    facts: Facts
    vectors: Floats


def read_snapshot(reader: StoreReader, *, dimension: int) -> Snapshot:
    """Read a namespace whole; `dimension` of its vectors, 0 for none."""
    passages, passage_row = _passages(reader)
    entities, entity_row = _entities(reader)
    facts, fact_row = _fact_columns(reader)
    return Snapshot(
        passages=passages,
        entities=entities,
        mentions=_mentions(reader, passage_row, entity_row),
        facts=_facts(reader, facts, fact_row, entity_row, passage_row),
        vectors=_vectors(reader, passage_row, dimension),
    )


class _RowOf:
    """From ``nid`` to row, for rows read in the order of ``nid``."""

    def __init__(self, nids: Sequence[int]) -> None:
        self.nids = np.array(nids, np.int64)

    def __call__(self, nids: npt.ArrayLike) -> Rows:
        return np.searchsorted(self.nids, np.asarray(nids, np.int64)).astype(np.int32)

    def __len__(self) -> int:
        return len(self.nids)


def _columns(reader: StoreReader, table: str, names: Sequence[str]) -> list[Sequence[Any]]:
    columns: list[list[Any]] = [[] for _ in names]
    for rows in reader.scan(table, names):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(values)
    return list(columns)


def _times(values: Sequence[int | None], missing: int) -> Ints:
    return np.array([missing if value is None else value for value in values], np.int64)


def _passages(reader: StoreReader) -> tuple[Passages, _RowOf]:
    names = (
        *("nid", "id", "text", "title", "episode_id", "source", "speaker", "session"),
        *("external_id", "attributes", "start", "end", "occurred_at", "recorded_at", "retired_at"),
    )
    nid, ids, texts, *rest = _columns(reader, "passages", names)
    title, episode, source, speaker, session, external_id, attributes, start, end, *times = rest
    occurred, recorded, retired = times
    passages = Passages(
        ids=Strings.of(ids),
        texts=Strings.of(texts),
        titles=Category.of(title),
        episodes=Category.of(episode),
        sources=Category.of(source),
        speakers=Category.of(speaker),
        sessions=Category.of(session),
        external_ids=Category.of(external_id),
        attributes=Category.of(attributes),
        starts=np.array(start, np.int64),
        ends=np.array(end, np.int64),
        occurred_at=_times(occurred, OPEN_START),
        recorded_at=_times(recorded, OPEN_START),
        retired_at=_times(retired, OPEN_END),
    )
    return passages, _RowOf(nid)


def _entities(reader: StoreReader) -> tuple[Entities, _RowOf]:
    nid, ids, names, types, aliases = _columns(
        reader, "entities", ("nid", "id", "name", "type", "aliases")
    )
    entities = Entities(
        Strings.of(ids), Strings.of(names), Category.of(types), Category.of(aliases)
    )
    return entities, _RowOf(nid)


def _mentions(reader: StoreReader, passage_row: _RowOf, entity_row: _RowOf) -> Mentions:
    passage, entity, surface, about = _columns(
        reader, "mentions", ("passage_nid", "entity_nid", "surface", "about")
    )
    passages = passage_row(passage)
    order = np.argsort(passages, kind="stable")
    surfaces = Category.of(surface)
    return Mentions(
        passages=passages[order],
        entities=entity_row(entity)[order],
        surfaces=Category(surfaces.codes[order], surfaces.values),
        about=np.array(about, np.float32)[order],
    )


def _fact_columns(reader: StoreReader) -> tuple[list[Sequence[Any]], _RowOf]:
    nid, *columns = _columns(
        reader, "facts", ("nid", "id", "valid_from", "valid_to", "recorded_at", "retired_at")
    )
    return columns, _RowOf(nid)


def _facts(
    reader: StoreReader,
    columns: Sequence[Sequence[Any]],
    fact_row: _RowOf,
    entity_row: _RowOf,
    passage_row: _RowOf,
) -> Facts:
    ids, valid_from, valid_to, recorded, retired = columns
    fact, entity = _columns(reader, "roles", ("fact_nid", "entity_nid"))
    owner = fact_row(fact)
    order = np.argsort(owner, kind="stable")
    stated, stating = _columns(reader, "evidence", ("fact_nid", "passage_nid"))
    return Facts(
        ids=Strings.of(ids),
        valid_from=_times(valid_from, OPEN_START),
        valid_to=_times(valid_to, OPEN_END),
        recorded_at=_times(recorded, OPEN_START),
        retired_at=_times(retired, OPEN_END),
        member_indptr=compress(owner, len(fact_row)),
        members=entity_row(entity)[order],
        evidence_facts=fact_row(stated),
        evidence_passages=passage_row(stating),
    )


def _vectors(reader: StoreReader, passage_row: _RowOf, dimension: int) -> Floats:
    vectors = np.zeros((len(passage_row), dimension), np.float32)
    if dimension:
        for nids, rows in reader.vectors():
            vectors[passage_row(nids)] = rows
    return vectors
