"""The port of graph libraries: nodes and edges in plain columns, made into a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class NodeTable:
    """Nodes under one label, such as ``Fact``; a column is as long as `ids`, ``None`` for none."""

    label: str
    ids: Sequence[str]
    columns: Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class EdgeTable:
    """Edges of one type, such as ``ROLE``, between ids; columns as of a :class:`NodeTable`."""

    type: str
    sources: Sequence[str]
    targets: Sequence[str]
    columns: Mapping[str, Sequence[Any]]


class GraphMaker(Protocol):
    """Makes a library's own graph; nodes come before edges, each table perhaps in parts.

    The graph is directed and has parallel edges. A node has its label under ``node_label``, an edge
    its type under ``edge_type``, and both what their columns hold.
    """

    def __call__(self, nodes: Iterable[NodeTable], edges: Iterable[EdgeTable]) -> Any:
        """The graph; reads `nodes` to the end before it begins with `edges`."""
