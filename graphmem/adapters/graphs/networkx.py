"""A memory as a networkx graph: keyed by id, attributes that have no value left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx

from graphmem.ports.graphs import EdgeTable, NodeTable


def make(nodes: Iterable[NodeTable], edges: Iterable[EdgeTable]) -> nx.MultiDiGraph[str]:
    """A ``networkx.MultiDiGraph``; see :class:`graphmem.ports.graphs.GraphMaker`."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for table in nodes:
        rows = _rows(table.columns, len(table.ids))
        graph.add_nodes_from(
            (id_, {"node_label": table.label, **row})
            for id_, row in zip(table.ids, rows, strict=True)
        )
    for links in edges:
        rows = _rows(links.columns, len(links.sources))
        graph.add_edges_from(
            (source, target, {"edge_type": links.type, **row})
            for source, target, row in zip(links.sources, links.targets, rows, strict=True)
        )
    return graph


def _rows(columns: Mapping[str, Sequence[Any]], length: int) -> Iterator[dict[str, Any]]:
    for at in range(length):
        yield {name: value for name, column in columns.items() if (value := column[at]) is not None}
