"""The graph, the restart and the certificate that rankers share."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from graphmem.errors import InvalidInputError
from graphmem.kernels.ranking import ABSENT, Certificate, CsrGraph, Restart, check_ranking

TRIANGLE = sp.csr_matrix(np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.5]]))


def test_strengths_are_the_weights_of_a_nodes_edges() -> None:
    graph = CsrGraph.from_matrix(TRIANGLE)
    assert graph.strengths.tolist() == [3.0, 1.0, 2.5]
    assert graph.is_symmetric
    assert (graph.matrix() != TRIANGLE).nnz == 0


def test_unit_weights_take_four_bytes_an_edge() -> None:
    graph = CsrGraph.from_matrix(sp.csr_matrix(np.ones((50, 50))))
    assert graph.weights is None
    assert graph.nbytes == 4 * graph.n_edges + 8 * (50 + 51)


def test_a_graph_of_one_way_edges_is_not_symmetric() -> None:
    assert not CsrGraph.from_matrix(sp.csr_matrix(np.array([[0.0, 1.0], [0.0, 0.0]]))).is_symmetric


def test_a_view_leaves_nodes_and_their_edges_out_and_copies_no_edge() -> None:
    graph = CsrGraph.from_matrix(TRIANGLE)
    view = graph.view(np.array([True, False, True]))
    assert view.strengths.tolist() == [2.0, ABSENT, 2.5]
    assert view.indices is graph.indices
    assert view.matrix().toarray().tolist() == [[0, 0, 2], [0, 0, 0], [2, 0, 0.5]]
    with pytest.raises(InvalidInputError, match="row 1"):
        check_ranking(view, [Restart.of([0, 1])], k=1, damping=0.5, tolerance=0.0)


@pytest.mark.parametrize(
    ("indptr", "indices", "weights"),
    [
        ([0, 1], [1], None),
        ([0, 2], [0], None),
        ([0, 1], [-1], None),
        ([1, 1], [0], None),
        ([0, 2, 1], [0], None),
        ([0, 1], [0], [-1.0]),
        ([0, 1], [0], [float("nan")]),
        ([0, 1], [0], [1.0, 1.0]),
    ],
)
def test_arrays_that_are_no_graph_are_refused(
    indptr: list[int], indices: list[int], weights: list[float] | None
) -> None:
    values = None if weights is None else np.array(weights)
    with pytest.raises(InvalidInputError):
        CsrGraph.of(np.array(indptr), np.array(indices), values, is_symmetric=True)


def test_a_restart_is_put_in_order_and_adds_up_to_one() -> None:
    restart = Restart.of([7, 2, 7, 3], [1.0, 2.0, 1.0, 0.0])
    assert restart.rows.tolist() == [2, 7]
    assert restart.weights.tolist() == [0.5, 0.5]
    again = Restart.from_vector(restart.vector(9))
    assert again.rows.tolist() == [2, 7]


@pytest.mark.parametrize(
    ("rows", "weights"),
    [
        ([], None),
        ([0], [0.0]),
        ([-1], None),
        ([0], [float("nan")]),
        ([0, 1], [2.0, -1.0]),
        ([0, 1], [1.0]),
    ],
)
def test_a_restart_that_means_nothing_is_refused(
    rows: list[int], weights: list[float] | None
) -> None:
    with pytest.raises(InvalidInputError):
        Restart.of(rows, weights)


def test_ties_within_the_tolerance_are_certain() -> None:
    assert Certificate(lowest=0.2, rival=0.2, tolerance=0.0).is_certain
    assert not Certificate(lowest=0.2, rival=0.21, tolerance=0.001).is_certain
    assert Certificate(lowest=0.2, rival=0.21, tolerance=0.02).is_certain
