"""Rows of a graph on disk: memory-mapped slots with room behind them, made in two passes.

A slot is a neighbour, the edge's weight and the role it has; a row is a run of slots. Behind the
stored ones a file has a hole: what a process writes there stays private to it, so that rows can be
written anew without touching the ones that readers hold.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from graphmem.graph.nodes import Bytes
from graphmem.kernels.arrays import Doubles, Floats, Ints, Rows

SPARE_SHARE: Final = 0.25
SPARE_LEAST: Final = 4096
_CHUNK: Final = 1 << 21
"""Edges that are held at once while a graph is made."""
_FIELDS: Final = (("indices", np.int32), ("weights", np.float32), ("roles", np.uint8))


@dataclass(frozen=True, slots=True)
class Edges:
    """Shape (n,) each: where edges lead, what they weigh, their role."""

    targets: npt.NDArray[np.integer]
    weights: Floats
    roles: Bytes

    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """Targets, weights, roles."""
        return self.targets, self.weights, self.roles


class Slots:
    """The slots of one graph and of those that follow from it by deltas; safe between threads."""

    def __init__(self, indices: Rows, weights: Floats, roles: Bytes, *, used: int) -> None:
        self.indices = indices
        self.weights = weights
        self.roles = roles
        self.used = used
        self._stored = used
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """Slots that are free."""
        return len(self.indices) - self.used

    @property
    def spare_used(self) -> float:
        """Share of the slots behind the stored ones that is taken, in [0, 1]."""
        return (self.used - self._stored) / max(len(self.indices) - self._stored, 1)

    def append(self, edges: Edges) -> int | None:
        """Write edges behind all others; where they begin, ``None`` where there is no room."""
        n = len(edges.targets)
        with self._lock:
            if n > self.room:
                return None
            start = self.used
            _put(Edges(self.indices, self.weights, self.roles), slice(start, start + n), edges)
            self.used += n
        return start

    @classmethod
    def open(cls, folder: Path, *, used: int) -> Slots:
        """Map the slots that a :class:`RowsWriter` left, copy on write.

        Raises
        ------
        OSError, ValueError
            A file is missing, damaged, or shorter than `used`.
        """
        arrays = [np.load(_path(folder, name), mmap_mode="c") for name, _ in _FIELDS]
        for array, (name, dtype) in zip(arrays, _FIELDS, strict=True):
            if array.dtype != dtype or array.ndim != 1 or len(array) < used:
                raise ValueError(f"{_path(folder, name)} does not hold {used} slots")
        return cls(*arrays, used=used)


class RowsWriter:
    """Writes a graph's rows to `folder` from a stream of edges, in memory that follows the nodes.

    :meth:`add` spools edges, :meth:`finish` puts them where they belong. A row's edges keep the
    order in which they were added.
    """

    def __init__(self, folder: Path, n_nodes: int) -> None:
        self._folder = folder
        self._degrees = np.zeros(n_nodes, np.int64)
        self._spools: list[tuple[BinaryIO, npt.DTypeLike]] = [
            ((folder / f"spool.{name}").open("w+b"), dtype)
            for name, dtype in (("sources", np.int32), *_FIELDS)
        ]

    def add(self, sources: npt.NDArray[np.integer], edges: Edges) -> None:
        """Edges from rows to rows; one direction only."""
        self._degrees += np.bincount(sources, minlength=len(self._degrees))
        columns = (sources, *edges.columns())
        for (file, dtype), column in zip(self._spools, columns, strict=True):
            file.write(np.ascontiguousarray(column, dtype).tobytes())

    def finish(self) -> tuple[Ints, Doubles]:
        """Write the slots; returns where rows begin, shape (n + 1,), and each row's weight."""
        indptr = np.concatenate(([0], np.cumsum(self._degrees))).astype(np.int64)
        slots = _new_slots(self._folder, int(indptr[-1]))
        free = indptr[:-1].copy()
        for sources, edges in self._spooled():
            order = np.argsort(sources, kind="stable")
            ordered = sources[order]
            rows, first, counts = np.unique(ordered, return_index=True, return_counts=True)
            rank = np.arange(len(ordered)) - np.repeat(first, counts)
            at = free[ordered] + rank
            _put(slots, at, Edges(*(column[order] for column in edges.columns())))
            free[rows] += counts
        self.close()
        return indptr, strengths_of(indptr, slots.weights)

    def close(self) -> None:
        """Remove the spool."""
        for file, _ in self._spools:
            file.close()
            Path(file.name).unlink(missing_ok=True)

    def _spooled(self) -> Iterator[tuple[Ints, Edges]]:
        for file, _ in self._spools:
            file.seek(0)
        while True:
            parts = [
                np.frombuffer(file.read(_CHUNK * np.dtype(dtype).itemsize), dtype)
                for file, dtype in self._spools
            ]
            if not len(parts[0]):
                return
            yield parts[0].astype(np.int64), Edges(*parts[1:])


def write_rows(folder: Path, indptr: Ints, chunks: Iterator[Edges]) -> None:
    """Write slots that come in the order of their rows."""
    slots = _new_slots(folder, int(indptr[-1]))
    at = 0
    for edges in chunks:
        end = at + len(edges.targets)
        _put(slots, slice(at, end), edges)
        at = end


def strengths_of(indptr: Ints, weights: Floats) -> Doubles:
    """The weights of each row's edges added up, shape (n,)."""
    strengths = np.zeros(len(indptr) - 1)
    for first, last in row_chunks(np.diff(indptr)):
        part = indptr[first : last + 1] - indptr[first]
        owners = np.repeat(np.arange(last - first), np.diff(part))
        values = weights[indptr[first] : indptr[last]]
        # In the order of the row: the same row always adds up to the same bits.
        strengths[first:last] = np.bincount(owners, weights=values, minlength=last - first)
    return strengths


def row_chunks(lengths: Ints) -> Iterator[tuple[int, int]]:
    """Runs of rows ``first:last`` that hold few enough edges to be worked on at once."""
    ends = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        before = ends[first - 1] if first else 0
        last = int(np.searchsorted(ends, before + _CHUNK, side="right"))
        last = max(last, first + 1)
        yield first, last
        first = last


def indptr_of(lengths: Ints) -> Ints:
    """Where rows of these lengths begin, shape (n + 1,)."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _new_slots(folder: Path, n: int) -> Edges:
    capacity = n + max(SPARE_LEAST, int(SPARE_SHARE * n))
    made = [
        np.lib.format.open_memmap(_path(folder, name), mode="w+", dtype=dtype, shape=(capacity,))
        for name, dtype in _FIELDS
    ]
    return Edges(*made)


def _put(slots: Edges, at: slice | Ints, edges: Edges) -> None:
    for slot, column in zip(slots.columns(), edges.columns(), strict=True):
        slot[at] = column


def _path(folder: Path, name: str) -> Path:
    return folder / f"slots.{name}.npy"
