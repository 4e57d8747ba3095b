"""Libraries that rank nodes, each as a :class:`graphmem.evaluation.ranking.Contender`.

Making a library's own graph is loading, which is not timed; turning its answer into rows is not
either. Tolerances are those with which a library reaches the exact top 100, or its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from graphmem.errors import ConfigurationError
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.kernels.ranking import CsrGraph, Restart
from graphmem.kernels.walk import Transition, column_stochastic, personalised_pagerank

_TOLERANCE = 1e-9


class Igraph:
    """igraph's PRPACK."""

    name = "igraph"
    max_edges: int | None = None

    def load(self, graph: CsrGraph) -> None:
        """As an undirected ``igraph.Graph``."""
        import igraph

        rows, columns, weights = _edges(graph)
        self._graph = igraph.Graph(n=graph.n_nodes, edges=np.stack((rows, columns), axis=1))
        # A loop counts twice in a node's degree there, once here.
        loops = np.where(rows == columns, 0.5, 1.0)
        plain = graph.weights is None and not (rows == columns).any()
        self._weights = None if plain else (weights * loops).tolist()
        self._n_edges = graph.n_edges

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Scores of all nodes, as a list."""
        return self._graph.personalized_pagerank(
            damping=damping,
            reset=restart.vector(self._graph.vcount()).tolist(),
            weights=self._weights,
            directed=False,
            implementation="prpack",
        )

    def scores(self, given: Any) -> Doubles:
        """As an array."""
        return np.asarray(given, np.float64)

    def touched_edges(self, _: Any) -> int:
        """All of them at least once: how often, igraph does not tell."""
        return self._n_edges


class Scipy:
    """Power iteration with a residual stop on a sparse matrix."""

    name = "scipy"
    max_edges: int | None = None

    def load(self, graph: CsrGraph) -> None:
        """As a column-stochastic matrix."""
        self._transition = Transition.of(column_stochastic(sp.csr_matrix(graph.matrix().T)))

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Scores of all nodes."""
        return personalised_pagerank(
            self._transition,
            restart.vector(self._transition.matrix.shape[0]),
            damping=damping,
            tolerance=_TOLERANCE,
        )

    def scores(self, given: Any) -> Doubles:
        """As they are."""
        return np.asarray(given, np.float64)

    def touched_edges(self, _: Any) -> int:
        """All of them at least once: each iteration follows every edge."""
        return int(self._transition.matrix.nnz)


class Networkx:
    """networkx, for small graphs: its graph is a dict of dicts."""

    name = "networkx"
    max_edges: int | None = 100_000

    def load(self, graph: CsrGraph) -> None:
        """As a ``networkx.Graph``."""
        import networkx as nx

        self._pagerank = nx.pagerank
        self._graph = nx.from_scipy_sparse_array(sp.csr_array(graph.matrix()))
        self._n_edges = graph.n_edges

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Scores by node."""
        shares = zip(restart.rows.tolist(), restart.weights.tolist(), strict=True)
        tolerance = _TOLERANCE / len(self._graph)  # it multiplies by the nodes
        return self._pagerank(
            self._graph, alpha=damping, personalization=dict(shares), tol=tolerance, max_iter=1000
        )

    def scores(self, given: Any) -> Doubles:
        """In the order of rows."""
        return np.fromiter((given[row] for row in range(len(given))), np.float64, len(given))

    def touched_edges(self, _: Any) -> int:
        """All of them at least once."""
        return self._n_edges


class ScikitNetwork:
    """scikit-network's power iteration, with as many iterations as the damping needs."""

    name = "scikit-network"
    max_edges: int | None = None

    def load(self, graph: CsrGraph) -> None:
        """As a sparse matrix."""
        try:
            from sknetwork.ranking import PageRank
        except ImportError as cause:
            raise _missing("scikit-network") from cause
        self._make = PageRank
        self._matrix = graph.matrix()

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Scores of all nodes."""
        steps = int(np.ceil(np.log(_TOLERANCE) / np.log(damping))) if damping else 1
        ranking = self._make(damping_factor=damping, solver="piteration", n_iter=steps)
        shares = zip(restart.rows.tolist(), restart.weights.tolist(), strict=True)
        return ranking.fit_predict(self._matrix, weights=dict(shares))

    def scores(self, given: Any) -> Doubles:
        """As they are."""
        return np.asarray(given, np.float64)

    def touched_edges(self, _: Any) -> int:
        """All of them at least once: each iteration follows every edge."""
        return int(self._matrix.nnz)


class FastPagerank:
    """fast-pagerank's power iteration; it makes its matrix anew for every question."""

    name = "fast-pagerank"
    max_edges: int | None = None

    def load(self, graph: CsrGraph) -> None:
        """As a sparse matrix."""
        try:
            from fast_pagerank import pagerank_power
        except ImportError as cause:
            raise _missing("fast-pagerank") from cause
        self._pagerank = pagerank_power
        self._matrix = graph.matrix()

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Scores of all nodes."""
        personal = restart.vector(self._matrix.shape[0])
        return self._pagerank(
            self._matrix, p=damping, personalize=personal, tol=_TOLERANCE, max_iter=1000
        )

    def scores(self, given: Any) -> Doubles:
        """As they are."""
        return np.asarray(given, np.float64)

    def touched_edges(self, _: Any) -> int:
        """All of them at least once: each iteration follows every edge."""
        return int(self._matrix.nnz)


class Networkit:
    """NetworKit's local push: one seed at a time, added up, as personalised PageRank is linear.

    Its walk is lazy: it stays where it is half of the time. A lazy walk that restarts with
    probability ``a`` is the plain one of damping ``(1 - a) / (1 + a)``.
    """

    name = "networkit"
    max_edges: int | None = None
    epsilon = 1e-7
    """What it may leave unpushed, by degree."""

    def load(self, graph: CsrGraph) -> None:
        """As a ``networkit.Graph``."""
        try:
            import networkit
        except ImportError as cause:
            raise _missing("networkit") from cause
        rows, columns, weights = _edges(graph)
        weighted = graph.weights is not None
        data = (weights, (rows, columns)) if weighted else (rows, columns)
        self._graph = networkit.GraphFromCoo(data, n=graph.n_nodes, weighted=weighted)
        self._walk = networkit.scd.ApproximatePageRank
        self._degrees = graph.row_ends - graph.starts

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """Pairs of node and score, for each seed."""
        loop = (1.0 - damping) / (1.0 + damping)
        # A walk that ran adds to what it found before: each seed has its own.
        return [
            (self._walk(self._graph, loop, self.epsilon).run(int(row)), weight)
            for row, weight in zip(restart.rows, restart.weights, strict=True)
        ]

    def scores(self, given: Any) -> Doubles:
        """Added up."""
        scores = np.zeros(len(self._degrees))
        for pairs, weight in given:
            nodes, found = _columns(pairs)
            scores[nodes] += weight * found
        return scores

    def touched_edges(self, given: Any) -> int:
        """Those of the nodes that hold a score, at least once."""
        return sum(int(self._degrees[_columns(pairs)[0]].sum()) for pairs, _ in given)


def _columns(pairs: list[tuple[int, float]]) -> tuple[Ints, Doubles]:
    """Nodes, each once, and their scores: there may be a million of them."""
    table = np.array(pairs, np.float64).reshape(-1, 2)
    return table[:, 0].astype(np.int64), table[:, 1]


def _edges(graph: CsrGraph) -> tuple[Ints, Ints, Doubles]:
    """Each undirected edge once."""
    upper = sp.triu(graph.matrix()).tocoo()
    return upper.row.astype(np.int64), upper.col.astype(np.int64), upper.data


def _missing(package: str) -> ConfigurationError:
    return ConfigurationError(
        f"{package} is not installed", remedy="pip install 'graphmem[bench]' for all peers"
    )
