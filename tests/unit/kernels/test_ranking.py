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


@pytest.mark.parametrize("unit", [True, False])
def test_rows_may_be_written_anew_behind_the_others(unit: bool) -> None:
    indices = np.array([1, 9, 9, 0, 2, 1, 2], np.int32)  # the first row is now at 5
    weights = None if unit else np.arange(7, dtype=np.float32)
    graph = CsrGraph(
        indptr=np.array([5, 3, 4, 7]),
        indices=indices,
        weights=weights,
        strengths=np.array([11.0, 3.0, 4.0]),
        is_symmetric=False,
        ends=np.array([7, 4, 5]),
    )
    rows = [[0, 1, 1], [1, 0, 0], [0, 0, 1]] if unit else [[0, 5, 6], [3, 0, 0], [0, 0, 4]]
    assert graph.n_edges == 4
    assert graph.matrix().toarray().tolist() == rows
    packed = graph.packed()
    assert packed.packed() is packed
    assert packed.indptr.tolist() == [0, 2, 3, 4]
    assert packed.indices.tolist() == [1, 2, 0, 2]
    view = graph.view(np.array([True, False, True]))
    assert view.strengths.tolist() == ([1.0, ABSENT, 1.0] if unit else [6.0, ABSENT, 4.0])


@pytest.mark.parametrize("is_symmetric", [True, False])
def test_a_view_has_the_strengths_of_the_graph_that_is_really_filtered(is_symmetric: bool) -> None:
    random = np.random.default_rng(7)
    dense = random.random((60, 60)) * (random.random((60, 60)) < 0.1)
    graph = CsrGraph.from_matrix(sp.csr_matrix(dense + dense.T if is_symmetric else dense))
    assert graph.is_symmetric == is_symmetric
    present = random.random(60) < 0.7
    view = graph.view(present).view(random.random(60) < 0.9)
    kept = view.strengths >= 0
    assert not kept[~present].any()
    matrix = graph.matrix().toarray() * np.outer(kept, kept)
    assert np.allclose(view.strengths[kept], matrix.sum(axis=1)[kept])


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
