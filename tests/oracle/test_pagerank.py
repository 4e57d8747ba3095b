"""Personalised PageRank against three solvers that share no code with ours."""

from __future__ import annotations

import igraph
import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.kernels.walk import Transition, column_stochastic, personalised_pagerank

N = 12
weights = st.lists(
    st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.floats(0.01, 10.0)), max_size=40
)
restarts = st.lists(st.floats(0.0, 1.0), min_size=N, max_size=N).filter(lambda r: sum(r) > 1e-3)


def undirected(edges: list[tuple[int, int, float]]) -> np.ndarray:
    dense = np.zeros((N, N))
    for a, b, weight in edges:
        if a != b:
            dense[a, b] += weight
            dense[b, a] += weight
    return dense


@settings(max_examples=60, deadline=None)
@given(edges=weights, restart=restarts, damping=st.floats(0.0, 0.95))
def test_the_walk_agrees_with_a_dense_linear_solve(
    edges: list[tuple[int, int, float]], restart: list[float], damping: float
) -> None:
    dense = undirected(edges)
    transition = Transition.of(column_stochastic(sp.csr_matrix(dense)))
    r = np.array(restart) / sum(restart)
    found = personalised_pagerank(
        transition, r, damping=damping, tolerance=1e-12, max_iterations=5000
    )

    sums = dense.sum(axis=0)
    complete = np.where(sums > 0, dense / np.where(sums > 0, sums, 1), r[:, None])
    exact = np.linalg.solve(np.eye(N) - damping * complete, (1 - damping) * r)
    assert np.allclose(found, exact, atol=1e-9)
    assert found.sum() == pytest.approx(1.0)


@settings(max_examples=30, deadline=None)
@given(edges=weights.filter(lambda e: any(a != b for a, b, _ in e)), restart=restarts)
def test_the_walk_agrees_with_igraph_and_networkx(
    edges: list[tuple[int, int, float]], restart: list[float]
) -> None:
    dense = undirected(edges)
    transition = Transition.of(column_stochastic(sp.csr_matrix(dense)))
    found = personalised_pagerank(
        transition, np.array(restart), damping=0.5, tolerance=1e-12, max_iterations=1000
    )

    # igraph sends what reaches an isolated node everywhere, we (and networkx) back to the restart:
    # the two are compared on graphs where no node is isolated.
    graph = nx.from_numpy_array(dense)
    by_networkx = nx.pagerank(
        graph, alpha=0.5, personalization=dict(enumerate(restart)), tol=1e-12, max_iter=1000
    )
    assert np.allclose(found, [by_networkx[i] for i in range(N)], atol=1e-8)
    if (dense.sum(axis=0) > 0).all():
        rows, columns = np.nonzero(np.triu(dense))
        other = igraph.Graph(n=N, edges=list(zip(rows.tolist(), columns.tolist(), strict=True)))
        by_igraph = other.personalized_pagerank(
            damping=0.5, reset=restart, weights=dense[rows, columns].tolist(), directed=False
        )
        assert np.allclose(found, by_igraph, atol=1e-8)


@pytest.mark.parametrize(
    ("restart", "damping"),
    [([0.0] * 3, 0.5), ([1.0, -1.0, 1.0], 0.5), ([float("nan")] * 3, 0.5), ([1.0] * 3, 1.0)],
)
def test_a_restart_or_damping_that_means_nothing_is_refused(
    restart: list[float], damping: float
) -> None:
    transition = Transition.of(sp.csr_matrix((3, 3)))
    with pytest.raises(InvalidInputError):
        personalised_pagerank(transition, np.array(restart), damping=damping)
