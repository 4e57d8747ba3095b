"""A namespace's tables as records that refer to each other by id, told from one consistent view.

A record has the model's field names and holds what JSON can: times are ISO 8601 with microseconds.
``nid`` values never leave: another store gives its own.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from graphmem.errors import StoreFormatError
from graphmem.model.time import from_micros
from graphmem.ports.store import SCANNABLE, StoreReader, Vectors

Record = dict[str, Any]
Progress = Callable[[str, int, int], None]
"""Told ``(stage, done, total)``."""

NODES: Final = ("episodes", "passages", "entities", "facts")
_OF_EPISODE: Final = {"episode_nid", "source", "title", "trust", "recorded_at", "retired_at"}
_KINDS: Final[Mapping[str, str]] = {
    "passage_nid": "passages",
    "entity_nid": "entities",
    "fact_nid": "facts",
    "source_nid": "facts",
    "target_nid": "facts",
    "newer_nid": "facts",
    "older_nid": "facts",
    "left_nid": "entities",
    "right_nid": "entities",
}
_TIMES: Final = {"occurred_at", "recorded_at", "retired_at", "valid_from", "valid_to"} | {
    "last_recalled_at",
    "forgotten_at",
}
_JSON: Final = {"aliases", "attributes", "keywords", "topics", "tags", "event_types"}
_BATCH: Final = 2_000


def fields(table: str) -> tuple[str, ...]:
    """Names of a record's fields; those that end in ``_id`` refer to nodes."""
    return tuple(_field(column) for column in _columns(table))


class Records:
    """The tables of a view. Nodes must be read before what refers to them: their ids are kept.

    The ids lie in files of `folder`, so that memory does not grow with the namespace.
    """

    def __init__(self, reader: StoreReader, folder: Path) -> None:
        self._reader = reader
        self._ids = {table: _Ids(folder / table) for table in NODES}

    def close(self) -> None:
        """Let go of the files."""
        for ids in self._ids.values():
            ids.close()

    def of(
        self, table: str, names: Sequence[str] | None = None
    ) -> Iterator[list[tuple[int, Record]]]:
        """Records of a table with the ``nid`` that they are ordered by; `names` are the fields."""
        columns = [column for column in _columns(table) if names is None or _field(column) in names]
        first = SCANNABLE[table][0]
        learns = table in NODES and not self._ids[table].complete
        scanned = tuple(dict.fromkeys((first, *(["id"] if learns else []), *columns)))
        for rows in self._reader.scan(table, scanned, batch=_BATCH):
            held = dict(zip(scanned, zip(*rows, strict=True), strict=True))
            if learns:
                self._ids[table].add(held["nid"], held["id"])
            values = [self._values(column, held[column]) for column in columns]
            names_of = [_field(column) for column in columns]
            yield [
                (nid, dict(zip(names_of, row, strict=True)))
                for nid, row in zip(held[first], zip(*values, strict=True), strict=True)
            ]
        if learns:
            self._ids[table].complete = True

    def vectors(self) -> Iterator[tuple[list[str], Vectors]]:
        """Ids of passages and their vectors, in the order of the passages."""
        for nids, matrix in self._reader.vectors(batch=_BATCH):
            yield self._ids["passages"].named(nids), matrix

    def _values(self, column: str, values: Sequence[Any]) -> Sequence[Any]:
        if column in _KINDS:
            return self._ids[_KINDS[column]].named(values)
        if column in _TIMES:
            return [_iso(value) for value in values]
        if column in _JSON:
            return [json.loads(value) for value in values]
        if column == "strength":
            return [value if math.isfinite(value) else str(value) for value in values]
        return values


class _Ids:
    """Ids by ``nid``, in files; looked up once all are added."""

    def __init__(self, stem: Path) -> None:
        self._files = [self._open(stem, suffix) for suffix in ("nids", "ends", "text")]
        self._size = 0
        self._count = 0
        self._maps: list[mmap.mmap] = []
        self.complete = False

    def add(self, nids: Sequence[int], ids: Sequence[str]) -> None:
        """Those of the next rows; `nids` ascend from call to call."""
        parts = [id_.encode() for id_ in ids]
        ends = self._size + np.cumsum([len(part) for part in parts], dtype=np.int64)
        for file, data in zip(
            self._files,
            (np.array(nids, np.int64).tobytes(), ends.tobytes(), b"".join(parts)),
            strict=True,
        ):
            file.write(data)
        self._size = int(ends[-1])
        self._count += len(ids)

    def named(self, nids: Sequence[int | None]) -> list[Any]:
        """Their ids; ``None`` for ``None``."""
        if not self._maps:
            assert self.complete, "nodes are read before what refers to them"
            for file in self._files:
                file.flush()
            if self._count:
                self._maps = [
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for file in self._files
                ]
        wanted = np.array(sorted({nid for nid in nids if nid is not None}), np.int64)
        if not len(wanted):
            return [None] * len(nids)
        if not self._count:
            raise _dangling()
        known, ends, text = self._maps
        held = np.frombuffer(known, np.int64)
        stops = np.frombuffer(ends, np.int64)
        rows = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
        if (held[rows] != wanted).any():
            raise _dangling()
        starts = np.where(rows > 0, stops[rows - 1], 0).tolist()
        names: dict[int | None, str | None] = {
            nid: text[start:stop].decode()
            for nid, start, stop in zip(wanted.tolist(), starts, stops[rows].tolist(), strict=True)
        }
        names[None] = None
        return [names[nid] for nid in nids]

    def close(self) -> None:
        for file in self._files:
            file.close()

    @staticmethod
    def _open(stem: Path, suffix: str) -> IO[bytes]:
        return stem.with_suffix(f".{suffix}").open("w+b")


def _dangling() -> StoreFormatError:
    return StoreFormatError(
        "The memory refers to something that it does not hold",
        remedy="`graphmem doctor` says what is damaged",
    )


def _columns(table: str) -> tuple[str, ...]:
    left_out = {"nid"} | (_OF_EPISODE if table == "passages" else set())
    return tuple(column for column in SCANNABLE[table] if column not in left_out)


def _field(column: str) -> str:
    return column.removesuffix("_nid") + "_id" if column.endswith("_nid") else column


@lru_cache(maxsize=1 << 14)
def _iso(micros: int | None) -> str | None:
    moment = from_micros(micros)
    return None if moment is None else moment.isoformat(timespec="microseconds")
