"""Ranking by igraph's PRPACK, which solves for all nodes to machine precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import igraph
import numpy as np
import scipy.sparse as sp

from graphmem.adapters.rankers.prepared import Prepared
from graphmem.kernels.arrays import Mask
from graphmem.kernels.certify import certified, transition, unscaled
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    CsrGraph,
    Options,
    Ranked,
    Restart,
    check_ranking,
)


class IgraphRanker:
    """Personalised PageRank by :meth:`igraph.Graph.personalized_pagerank`.

    The graph is kept in igraph's form for the graph asked last: a hundred bytes an edge.
    """

    name = "igraph"

    def __init__(self) -> None:
        self._prepared = Prepared(_convert)

    def converted(self, graph: CsrGraph) -> Converted:
        """The graph as igraph has it, made once."""
        return self._prepared.of(graph)

    def rank(
        self,
        graph: CsrGraph,
        restart: Restart,
        *,
        k: int = 100,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        certain: bool = False,  # noqa: ARG002 - always as certain as can be
        among: Mask | None = None,
    ) -> Ranked:
        """See :meth:`graphmem.ports.ranker.Ranker.rank`; always exact, certain or not."""
        check_ranking(graph, [restart], k=k, damping=damping, tolerance=tolerance)
        known = self.converted(graph)
        found = known.graph.personalized_pagerank(
            damping=damping,
            reset=restart.vector(graph.n_nodes).tolist(),
            weights=known.weights,
            directed=not graph.is_symmetric,
        )
        y = unscaled(np.asarray(found), graph, damping=damping)
        return certified(
            graph,
            y,
            known.transition @ y,
            restart,
            k=k,
            damping=damping,
            tolerance=tolerance,
            among=among,
            touched_edges=graph.n_edges,
        )

    def rank_many(
        self, graph: CsrGraph, restarts: Sequence[Restart], **options: Unpack[Options]
    ) -> list[Ranked]:
        """One after the other: PRPACK takes one walk at a time."""
        return [self.rank(graph, restart, **options) for restart in restarts]


class Converted(NamedTuple):
    """igraph's graph, a weight for each of its edges or ``None`` for 1 each, and P."""

    graph: Any
    weights: list[float] | None
    transition: sp.csr_matrix


def _convert(graph: CsrGraph) -> Converted:
    edges = graph.matrix().tocoo()
    sources, targets, weights = edges.row, edges.col, edges.data.copy()
    if graph.is_symmetric:
        once = sources <= targets
        sources, targets, weights = sources[once], targets[once], weights[once]
        weights[sources == targets] /= 2  # igraph counts both ends of an undirected loop
    used = weights > 0
    ends = np.column_stack((sources[used], targets[used]))
    made = igraph.Graph(n=graph.n_nodes, edges=ends, directed=not graph.is_symmetric)
    is_plain = np.all(weights[used] == 1.0)
    return Converted(made, None if is_plain else weights[used].tolist(), transition(graph))
