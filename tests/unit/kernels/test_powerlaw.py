"""Graphs made for measuring are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import CsrGraph


@settings(max_examples=30, deadline=None)
@given(n=st.integers(60, 400), share=st.floats(0.0, 0.08), seed=st.integers(0, 99))
def test_a_graph_is_simple_and_has_the_edges_asked_for(n: int, share: float, seed: int) -> None:
    m = int(share * n * (n - 1) / 2)
    graph = power_law_graph(n, m, random=np.random.default_rng(seed))
    assert graph.n_nodes == n
    assert graph.n_edges == 2 * m
    checked = CsrGraph.of(graph.indptr, graph.indices, is_symmetric=True)
    assert checked.strengths.tolist() == graph.strengths.tolist()
    matrix = graph.matrix()
    assert (matrix != matrix.T).nnz == 0
    assert matrix.diagonal().sum() == 0
    assert matrix.max() <= 1


def test_degrees_follow_a_power_law() -> None:
    graph = power_law_graph(100_000, 1_000_000, random=np.random.default_rng(1))
    degrees = np.sort(graph.strengths)[::-1]
    # Of exponent 2.5: degree falls with rank as rank^(-2/3).
    ranks = np.arange(10, 10_000)
    slope = np.polyfit(np.log(ranks), np.log(degrees[ranks]), 1)[0]
    assert slope == pytest.approx(-2 / 3, abs=0.08)
    hubs = np.argsort(-graph.strengths)[:100]
    assert hubs.max() > 50_000  # numbered at random


def test_the_same_seed_makes_the_same_graph() -> None:
    one, other = (power_law_graph(500, 2000, random=np.random.default_rng(3)) for _ in range(2))
    assert one.indices.tobytes() == other.indices.tobytes()


@pytest.mark.parametrize(("n", "m", "exponent"), [(1, 0, 2.5), (10, 40, 2.5), (10, -1, 2.5)])
def test_a_graph_that_cannot_be_is_refused(n: int, m: int, exponent: float) -> None:
    with pytest.raises(InvalidInputError):
        power_law_graph(n, m, random=np.random.default_rng(0), exponent=exponent)


def test_an_exponent_without_a_mean_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"exponent=2\.0"):
        power_law_graph(100, 50, random=np.random.default_rng(0), exponent=2.0)
