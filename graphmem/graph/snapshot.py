"""A namespace as frozen columns: what retrieval reads instead of the store.

Rows are positions in the order of ``nid``, the store's own numbers. Times are UTC microseconds with
:data:`OPEN_START` and :data:`OPEN_END` for open ends, so that comparisons need no special case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphmem.graph.columns import Strings
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, compress
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

    def __getitem__(self, row: int) -> str:
        return self.values[int(self.codes[row])]

    def take(self, rows: Ints | Rows) -> list[str]:
        """The strings of these rows."""
        return self.values.take(self.codes[rows])

    def each(self, of: Callable[[str], float]) -> Doubles:
        """What `of` gives for the string of each row; each string is looked at once."""
        values: Doubles = np.array([of(value) for value in self.values], np.float64)
        return np.asarray(values[self.codes])

    def where(self, holds: Callable[[str], bool]) -> Mask:
        """Rows whose string satisfies; each string is looked at once."""
        values: Mask = np.array([holds(value) for value in self.values], np.bool_)
        return np.asarray(values[self.codes])

    def equal_to(self, wanted: str) -> Mask:
        """Rows that have this string."""
        values = list(self.values)
        code = values.index(wanted) if wanted in values else -1
        return np.asarray(self.codes == code)

    def extended(self, column: Sequence[str]) -> Category:
        """These rows and then `column`."""
        codes, values = self._encoded(column)
        return Category(np.concatenate((self.codes, codes)), values)

    def replaced(self, rows: Rows, column: Sequence[str]) -> Category:
        """These rows with `column` in the place of some."""
        codes, values = self._encoded(column)
        made = np.array(self.codes)
        made[rows] = codes
        return Category(made, values)

    def _encoded(self, column: Sequence[str]) -> tuple[Rows, Strings]:
        known = self.values.row_of
        new = dict.fromkeys(value for value in column if value not in known)
        values = self.values.extended(list(new))
        return np.array([values.row_of[value] for value in column], np.int32), values


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
    """Facts, shape (n,) each, and the incidence as members by fact and passages by fact.

    Evidence stands on characters ``[start, end)`` of its passage's source.
    """

    ids: Strings
    texts: Strings
    valid_from: Ints
    valid_to: Ints
    recorded_at: Ints
    retired_at: Ints
    member_indptr: Ints
    members: Rows
    evidence_facts: Rows
    evidence_passages: Rows
    evidence_starts: Ints
    evidence_ends: Ints


@dataclass(frozen=True, slots=True)
class Traits:
    """What facts can be chosen by, shape (n,) each; what one has several of is a JSON list."""

    kinds: Category
    modalities: Category
    polarities: Category
    intents: Category
    topics: Category
    event_types: Category
    tags: Category
    keywords: Category

    @classmethod
    def of_none(cls) -> Traits:
        """Those of no facts."""
        return cls(*(Category.of(()) for _ in fields(cls)))


@dataclass(frozen=True, slots=True)
class Stated:
    """Evidence: which facts stand in which passages, and on which characters; shape (n,) each."""

    facts: Rows
    passages: Rows
    starts: Ints
    ends: Ints


@dataclass(frozen=True, slots=True)
class Numbers:
    """The store's ``nid`` values by row, rising: what later changes are told by."""

    passages: Ints
    entities: Ints
    facts: Ints


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One namespace at one version of the store; `vectors` has a row per passage, zero without.

    `same` are pairs of entities that are held to be one, shape (n, 2), each once, rising; `traits`
    are those of the facts.
    """

    passages: Passages
    entities: Entities
    mentions: Mentions
    facts: Facts
    vectors: Floats
    numbers: Numbers
    same: Rows = field(default_factory=lambda: np.empty((0, 2), np.int32))
    traits: Traits = field(default_factory=Traits.of_none)


def read_snapshot(reader: StoreReader, *, dimension: int) -> Snapshot:
    """Read a namespace whole; `dimension` of its vectors, 0 for none."""
    passage_nids, passages = read_passages(reader)
    entity_nids, entities = read_entities(reader)
    fact_nids, facts, traits = read_facts(reader)
    numbers = Numbers(passage_nids, entity_nids, fact_nids)
    vectors = np.zeros((len(passage_nids), dimension), np.float32)
    if dimension:
        vectors = read_vectors(reader, numbers, vectors)
    return Snapshot(
        passages=passages,
        entities=entities,
        mentions=read_mentions(reader, numbers),
        facts=with_members(facts, *read_members(reader, numbers), read_evidence(reader, numbers)),
        vectors=vectors,
        numbers=numbers,
        same=read_same(reader, numbers),
        traits=traits,
    )


def rows_of(nids: Ints, wanted: npt.ArrayLike) -> Rows:
    """Rows of those `wanted`, which must be there; `nids` rise."""
    return np.searchsorted(nids, np.asarray(wanted, np.int64)).astype(np.int32)


def read_passages(reader: StoreReader) -> tuple[Ints, Passages]:
    """Passages of a view and their ``nid``."""
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
    return np.array(nid, np.int64), passages


def read_entities(reader: StoreReader) -> tuple[Ints, Entities]:
    """Entities of a view and their ``nid``."""
    nid, ids, names, types, aliases = _columns(
        reader, "entities", ("nid", "id", "name", "type", "aliases")
    )
    entities = Entities(
        Strings.of(ids), Strings.of(names), Category.of(types), Category.of(aliases)
    )
    return np.array(nid, np.int64), entities


def read_mentions(reader: StoreReader, numbers: Numbers) -> Mentions:
    """Mentions of a view, sorted by passage."""
    passage, entity, surface, about = _columns(
        reader, "mentions", ("passage_nid", "entity_nid", "surface", "about")
    )
    return Mentions(
        passages=rows_of(numbers.passages, passage),
        entities=rows_of(numbers.entities, entity),
        surfaces=Category.of(surface),
        about=np.array(about, np.float32),
    )


def read_same(reader: StoreReader, numbers: Numbers) -> Rows:
    """Pairs of entities that a view shows to be held to be one."""
    left, right = _columns(reader, "same_as", ("left_nid", "right_nid"))
    pairs = np.stack([rows_of(numbers.entities, left), rows_of(numbers.entities, right)], axis=1)
    return np.unique(pairs, axis=0)


def read_facts(reader: StoreReader) -> tuple[Ints, Facts, Traits]:
    """Facts of a view, their ``nid`` and traits; members and evidence are left out."""
    names = ("nid", "id", "text", "valid_from", "valid_to", "recorded_at", "retired_at")
    traits = (
        *("kind", "modality", "polarity", "intent"),
        *("topics", "event_types", "tags", "keywords"),
    )
    nid, ids, texts, valid_from, valid_to, recorded, retired, *of_facts = _columns(
        reader, "facts", (*names, *traits)
    )
    none, nowhere = np.empty(0, np.int32), np.empty(0, np.int64)
    facts = Facts(
        ids=Strings.of(ids),
        texts=Strings.of(texts),
        valid_from=_times(valid_from, OPEN_START),
        valid_to=_times(valid_to, OPEN_END),
        recorded_at=_times(recorded, OPEN_START),
        retired_at=_times(retired, OPEN_END),
        member_indptr=np.zeros(len(nid) + 1, np.int64),
        members=none,
        evidence_facts=none,
        evidence_passages=none,
        evidence_starts=nowhere,
        evidence_ends=nowhere,
    )
    return np.array(nid, np.int64), facts, Traits(*map(Category.of, of_facts))


def read_members(reader: StoreReader, numbers: Numbers) -> tuple[Rows, Rows]:
    """Members of a view's facts, as (facts, entities), sorted by fact."""
    fact, entity = _columns(reader, "roles", ("fact_nid", "entity_nid"))
    return rows_of(numbers.facts, fact), rows_of(numbers.entities, entity)


def read_evidence(reader: StoreReader, numbers: Numbers) -> Stated:
    """Evidence of a view's facts, sorted by fact."""
    fact, passage, start, end = _columns(
        reader, "evidence", ("fact_nid", "passage_nid", "start", "end")
    )
    return Stated(
        rows_of(numbers.facts, fact),
        rows_of(numbers.passages, passage),
        np.array(start, np.int64),
        np.array(end, np.int64),
    )


def with_members(facts: Facts, owners: Rows, members: Rows, stated: Stated) -> Facts:
    """Facts with their `members` by owner, and their evidence."""
    return replace(
        facts,
        member_indptr=compress(owners, len(facts.ids)),
        members=members,
        evidence_facts=stated.facts,
        evidence_passages=stated.passages,
        evidence_starts=stated.starts,
        evidence_ends=stated.ends,
    )


def read_vectors(reader: StoreReader, numbers: Numbers, into: Floats) -> Floats:
    """Put a view's vectors in their rows; into other rows if the view has another embedder's."""
    for nids, vectors in reader.vectors():
        if vectors.shape[1] != into.shape[1]:
            into = np.zeros((len(into), vectors.shape[1]), np.float32)
        into[rows_of(numbers.passages, nids)] = vectors
    return into


def _columns(reader: StoreReader, table: str, names: Sequence[str]) -> list[Sequence[Any]]:
    columns: list[list[Any]] = [[] for _ in names]
    for rows in reader.scan(table, names):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(values)
    return list(columns)


def _times(values: Sequence[int | None], missing: int) -> Ints:
    return np.array([missing if value is None else value for value in values], np.int64)
