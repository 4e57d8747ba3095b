"""A memory as an igraph graph: ``name`` is the id, by which igraph finds a vertex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import igraph

from graphmem.ports.graphs import EdgeTable, NodeTable


def make(nodes: Iterable[NodeTable], edges: Iterable[EdgeTable]) -> Any:
    """A directed ``igraph.Graph``; see :class:`graphmem.ports.graphs.GraphMaker`.

    The attributes of all tables stand side by side, ``None`` where a vertex or an edge has none. An
    entity's own name is its ``label``.
    """
    vertices, links = _Columns("node_label"), _Columns("edge_type")
    rows: dict[str, int] = {}
    ends: list[tuple[int, int]] = []
    for table in nodes:
        rows.update(zip(table.ids, range(len(rows), len(rows) + len(table.ids)), strict=True))
        vertices.extend(table.label, len(table.ids), table.columns)
    for part in edges:
        ends.extend((rows[s], rows[t]) for s, t in zip(part.sources, part.targets, strict=True))
        links.extend(part.type, len(part.sources), part.columns)
    return igraph.Graph(
        n=len(rows),
        edges=ends,
        directed=True,
        vertex_attrs={**vertices.values, "name": list(rows)},
        edge_attrs=links.values,
    )


class _Columns:
    """Columns of several tables, filled up with ``None``."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._length = 0
        self.values: dict[str, list[Any]] = {kind: []}

    def extend(self, kind: str, length: int, columns: Mapping[str, Sequence[Any]]) -> None:
        given = {**columns, self._kind: [kind] * length}
        for name in given.keys() - self.values.keys():
            self.values[name] = [None] * self._length
        for name, column in self.values.items():
            column.extend(given.get(name) or [None] * length)
        self._length += length
