"""Nodes of the hypergraph's walk as frozen columns: entities, passages and facts, each a row.

A node is known by its namespace, its kind and its ``nid`` in the store. Times are UTC microseconds,
open ends :data:`OPEN_START` and :data:`OPEN_END`; an entity has neither time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from graphmem.errors import InvalidInputError
from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import OPEN_END, OPEN_START
from graphmem.kernels.arrays import Ints, Mask, Rows
from graphmem.ports.store import StoreReader

Bytes = npt.NDArray[np.uint8]


class NodeKind(IntEnum):
    """What a node stands for; nodes of a fresh graph are in this order."""

    ENTITY = 0
    PASSAGE = 1
    FACT = 2


@dataclass(frozen=True, slots=True)
class Nodes:
    """Shape (n,) each: 39 bytes a node.

    `spaces` and `types` are positions in `namespaces` and `type_names`.
    """

    kinds: Bytes
    nids: Rows
    spaces: Bytes
    types: Bytes
    valid_from: Ints
    valid_to: Ints
    recorded_at: Ints
    retired_at: Ints
    namespaces: Strings
    type_names: Strings

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, rows: Ints) -> Nodes:
        """These rows, in this order."""
        return self.with_columns({name: c[rows] for name, c in self.columns().items()})

    def joined(self, other: Nodes) -> Nodes:
        """These, then `other`, which has the same names."""
        added = other.columns()
        return self.with_columns(
            {name: np.concatenate((c, added[name])) for name, c in self.columns().items()}
        )

    def with_columns(self, columns: Mapping[str, Any]) -> Nodes:
        """The same names, with these columns in place of its own."""
        return replace(self, **columns)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if not isinstance(value, Strings)}

    def of_kind(self, kind: NodeKind) -> Mask:
        """Which are of a kind, shape (n,)."""
        return np.asarray(self.kinds == kind)


class _Columns(NamedTuple):
    """What is scanned of a kind of node, the ``nid`` first."""

    table: str
    names: tuple[str, ...]


_SCANNED: Final[Mapping[NodeKind, _Columns]] = {
    NodeKind.ENTITY: _Columns("entities", ("nid", "type")),
    NodeKind.PASSAGE: _Columns("passages", ("nid", "recorded_at", "retired_at")),
    NodeKind.FACT: _Columns(
        "facts", ("nid", "recorded_at", "retired_at", "valid_from", "valid_to")
    ),
}
NODE_TABLES: Final = tuple(columns.table for columns in _SCANNED.values())
_MISSING: Final = {
    "recorded_at": OPEN_START,
    "retired_at": OPEN_END,
    "valid_from": OPEN_START,
    "valid_to": OPEN_END,
}
MAX_CODES: Final = 256
_LARGEST_NID: Final = 2**31 - 1


class Codes:
    """Numbers for few distinct strings, in the order in which they first came.

    Where there are more than :data:`MAX_CODES`, those that come last share the number of `rest`.
    """

    def __init__(self, what: str, known: Sequence[str] = (), *, rest: str | None = None) -> None:
        self._what = what
        self._rest = rest
        self._codes = {value: code for code, value in enumerate(known)}

    def __call__(self, value: str) -> int:
        """The string's number; raises `InvalidInputError` at the 257th if there is no `rest`."""
        code = self._codes.get(value)
        if code is None and len(self._codes) < MAX_CODES:
            code = self._codes[value] = len(self._codes)
        elif code is None and self._rest is not None:
            code = self._codes[self._rest]
        if code is None:
            raise InvalidInputError(
                f"A graph holds at most {MAX_CODES} {self._what}",
                remedy="Build one from fewer namespaces",
            )
        return code

    def strings(self) -> Strings:
        """All of them, by number."""
        return Strings.of(self._codes)


def read_nodes(readers: Mapping[str, StoreReader]) -> Nodes:
    """All nodes of the namespaces: by kind, then namespace as given, then ``nid``."""
    spaces, types = Codes("namespaces", list(readers)), Codes("types of entities", [""])
    parts = [
        nodes_of(kind, rows, space=spaces(name), types=types)
        for kind in _SCANNED
        for name, reader in readers.items()
        for rows in reader.scan(*_SCANNED[kind])
    ]
    return stacked(parts, spaces=spaces, types=types)


def nodes_of(
    kind: NodeKind, rows: Sequence[tuple[Any, ...]], *, space: int, types: Codes
) -> dict[str, npt.NDArray[Any]]:
    """Columns of nodes from rows as :data:`NODE_COLUMNS` names them."""
    n = len(rows)
    given = dict(zip(NODE_COLUMNS[kind], zip(*rows, strict=True), strict=True)) if n else {}
    columns: dict[str, npt.NDArray[Any]] = {
        "kinds": np.full(n, kind, np.uint8),
        "nids": _narrow(np.array(given.get("nid", ()), np.int64)),
        "spaces": np.full(n, space, np.uint8),
        "types": np.array([types(t) for t in given.get("type", ())] or np.zeros(n), np.uint8),
    }
    for name, missing in _MISSING.items():
        values = given.get(name)
        columns[name] = (
            np.full(n, missing, np.int64)
            if values is None
            else np.array([missing if value is None else value for value in values], np.int64)
        )
    return columns


def _narrow(nids: Ints) -> Rows:
    if nids.max(initial=0) > _LARGEST_NID:
        raise InvalidInputError(
            f"A graph holds no node of nid {nids.max()}: the largest is {_LARGEST_NID}",
            remedy="Export the memory and import it anew, which numbers its nodes afresh",
        )
    return nids.astype(np.int32)


NODE_COLUMNS: Final = {kind: columns.names for kind, columns in _SCANNED.items()}


def stacked(
    parts: Sequence[Mapping[str, npt.NDArray[Any]]], *, spaces: Codes, types: Codes
) -> Nodes:
    """Parts from :func:`nodes_of`, one after the other."""
    empty = nodes_of(NodeKind.ENTITY, (), space=0, types=types)
    columns = {name: np.concatenate([empty[name], *(p[name] for p in parts)]) for name in empty}
    return Nodes(**columns, namespaces=spaces.strings(), type_names=types.strings())


class RowOf:
    """From ``nid`` to row, among the nodes of one kind in one namespace."""

    def __init__(self, nodes: Nodes, kind: NodeKind, space: int) -> None:
        rows = np.flatnonzero((nodes.kinds == kind) & (nodes.spaces == space))
        order = np.argsort(nodes.nids[rows], kind="stable")
        self._rows = rows[order]
        self._nids = nodes.nids[self._rows]

    def __call__(self, nids: npt.ArrayLike) -> Ints:
        """Rows, shape (n,), -1 where there is no such node."""
        wanted = np.asarray(nids, np.int64)
        if not len(self._nids):
            return np.full(wanted.shape, -1, np.int64)
        places = np.minimum(np.searchsorted(self._nids, wanted), len(self._nids) - 1)
        return np.where(self._nids[places] == wanted, self._rows[places], -1)


def row_maps(nodes: Nodes) -> Iterator[tuple[str, dict[NodeKind, RowOf]]]:
    """For each namespace, its name and how its nodes are found."""
    for space, name in enumerate(nodes.namespaces):
        yield name, {kind: RowOf(nodes, kind, space) for kind in _SCANNED}
