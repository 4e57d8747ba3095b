"""Columns of a snapshot on disk: memory-mapped arrays, strings as blob and offsets; no pickle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, get_type_hints, overload

import numpy as np
import numpy.typing as npt

from graphmem.kernels.arrays import Ints, Rows

T = TypeVar("T")
_EMPTY_BYTES = 128
"""Size of an ``.npy`` file that holds a header and nothing else."""


class Strings(Sequence[str]):
    """A frozen list of strings in one array of UTF-8 bytes; ``strings[i]`` decodes one."""

    def __init__(self, blob: npt.NDArray[np.uint8], offsets: Ints) -> None:
        self.blob = blob
        self.offsets = offsets
        self._size = len(offsets) - 1
        self._bytes = blob.data  # a slice of it costs a tenth of an array's

    @classmethod
    def of(cls, values: Iterable[str]) -> Strings:
        """Pack strings."""
        parts = [value.encode() for value in values]
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return cls(np.frombuffer(b"".join(parts), np.uint8), offsets)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of each string, of the last one where a string comes twice."""
        return {value: row for row, value in enumerate(self)}

    def extended(self, values: Sequence[str]) -> Strings:
        """These and then `values`."""
        return self.spliced([len(self)] * len(values), values)

    def spliced(self, at: Sequence[int], values: Sequence[str]) -> Strings:
        """These with each of `values` before the row that it is `at`, which do not fall."""
        if not len(values):
            return self
        parts = [value.encode() for value in values]
        pieces: list[npt.NDArray[np.uint8]] = []
        before = 0
        for row, part in zip(at, parts, strict=True):
            pieces.append(self.blob[self.offsets[before] : self.offsets[row]])
            pieces.append(np.frombuffer(part, np.uint8))
            before = row
        pieces.append(self.blob[self.offsets[before] : self.offsets[-1]])
        lengths = np.insert(np.diff(self.offsets), at, [len(part) for part in parts])
        made = Strings(
            np.concatenate(pieces), np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        )
        if "row_of" in self.__dict__ and at[0] == len(self):
            added = {value: len(self) + row for row, value in enumerate(values)}
            made.__dict__["row_of"] = {**self.row_of, **added}
        return made

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < self._size:
            raise IndexError(index)
        item = self.offsets.item
        return str(self._bytes[item(index) : item(index + 1)], "utf-8")

    def take(self, rows: Ints | Rows) -> list[str]:
        """The strings of these rows, none of them below 0: quicker than one after another."""
        data = self._bytes
        starts, ends = self.offsets[rows].tolist(), self.offsets[rows + 1].tolist()
        return [str(data[a:b], "utf-8") for a, b in zip(starts, ends, strict=True)]

    def __iter__(self) -> Iterator[str]:
        data, ends = self.blob.tobytes(), self.offsets.tolist()
        return (data[a:b].decode() for a, b in pairwise(ends))


def save_table(folder: Path, table: Any, *, prefix: str = "") -> dict[str, int]:
    """Write a frozen dataclass of arrays, :class:`Strings`, whole numbers and such dataclasses.

    Arrays go to ``prefix.field.npy``; returns the whole numbers by name, for a manifest.
    """
    numbers: dict[str, int] = {}
    for field in fields(table):
        name, value = f"{prefix}{field.name}", getattr(table, field.name)
        if is_dataclass(value):
            numbers |= save_table(folder, value, prefix=f"{name}.")
        elif isinstance(value, Strings):
            np.save(folder / f"{name}.blob.npy", value.blob, allow_pickle=False)
            np.save(folder / f"{name}.offsets.npy", value.offsets, allow_pickle=False)
        elif isinstance(value, np.ndarray):
            np.save(folder / f"{name}.npy", value, allow_pickle=False)
        else:
            numbers[name] = int(value)
    return numbers


def load_table(kind: type[T], folder: Path, numbers: Mapping[str, int], *, prefix: str = "") -> T:
    """Map what :func:`save_table` wrote.

    Raises
    ------
    OSError, ValueError, KeyError
        A file or a number is missing or damaged.
    """
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        path = f"{prefix}{name}"
        if is_dataclass(hint):
            values[name] = load_table(hint, folder, numbers, prefix=f"{path}.")  # type: ignore[arg-type]
        elif hint is Strings:
            values[name] = Strings(_map(folder, f"{path}.blob"), _map(folder, f"{path}.offsets"))
        elif hint is int:
            values[name] = numbers[path]
        else:
            values[name] = _map(folder, path)
    return kind(**values)


def _map(folder: Path, name: str) -> Any:
    path = folder / f"{name}.npy"
    if path.stat().st_size <= _EMPTY_BYTES:  # an empty array cannot be mapped
        return np.load(path, allow_pickle=False)
    # A plain array over the map: it is read in small pieces, and a memmap makes each one anew.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
