"""Graph Data Science in a Neo4j, as a :class:`graphmem.evaluation.ranking.Contender`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import scipy.sparse as sp

from graphmem.adapters.analytics import gds
from graphmem.adapters.bolt import Bolt
from graphmem.errors import ConfigurationError
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.kernels.ranking import CsrGraph, Restart

K = 100


class Gds:
    """A projection in the server's memory; what is timed includes the way there and back."""

    name = "neo4j-gds"
    max_edges: int | None = 2_000_000
    """The edges go there in one statement, which needs 200 bytes of the server's heap for each."""

    def __init__(self, url: str, auth: tuple[str, str] | None, *, k: int = K) -> None:
        self._url = url
        self._auth = auth
        self._k = k
        self._opened = ExitStack()

    def load(self, graph: CsrGraph) -> None:
        """Project the edges; a node that has none is not there."""
        bolt = Bolt(self._url, self._auth)
        self._opened.callback(bolt.close)
        if gds.version(bolt) is None:
            raise ConfigurationError(
                f"{self._url} has no Graph Data Science",
                remedy="`graphmem neo4j start --plugins gds` runs a server that has it",
            )
        upper = sp.triu(graph.matrix()).tocoo()
        ends = upper.row.astype(np.int64), upper.col.astype(np.int64)
        self._graph = self._opened.enter_context(gds.projected(bolt, *ends, upper.data))
        self._n_edges = graph.n_edges

    def ask(self, restart: Restart, *, damping: float) -> list[list[Any]]:
        """The best nodes and their scores, which sum to the number of seeds."""
        seeds = restart.rows.tolist()
        found = self._graph.pagerank(seeds, damping=damping, k=self._k)
        return [[node, score / len(seeds)] for node, score in found]

    def top(self, given: list[list[Any]], k: int) -> tuple[Ints, Doubles]:
        """Of the scores above 0."""
        rows = np.array([node for node, score in given[:k] if score > 0], np.int64)
        return rows, np.array([score for _, score in given[:k] if score > 0], np.float64)

    def touched_edges(self, _: Any) -> int:
        """All of them at least once."""
        return self._n_edges

    def close(self) -> None:
        """Drop the projection."""
        self._opened.close()
