"""The table of hubs: chances that a walk ends there, against a dense solve."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from graphmem.kernels.hubs import WIDTH, HubTable
from graphmem.kernels.local import plain
from graphmem.kernels.ranking import CsrGraph


def ends_there(dense: np.ndarray, damping: float) -> np.ndarray:
    """Entry (y, h): that a walk from y ends on h; walks from nodes without edges stay nowhere."""
    sums = dense.sum(axis=1, keepdims=True)
    steps = np.divide(dense, sums, out=np.zeros_like(dense), where=sums > 0)
    return (1 - damping) * np.linalg.inv(np.eye(len(dense)) - damping * steps)


def test_a_table_of_more_hubs_than_a_pass_takes_holds_all() -> None:
    random = np.random.default_rng(4)
    dense = np.triu(random.random((50, 50)) * (random.random((50, 50)) < 0.2), 1)
    dense = np.asarray((dense + dense.T).astype(np.float32), np.float64)
    graph = CsrGraph.from_matrix(sp.csr_matrix(dense))
    rows = random.permutation(50)[:WIDTH]
    table = HubTable.of(rows, plain(graph), graph.strengths, damping=0.5, enough=1e-6, threads=1)
    chances = (table.codes[:, : len(rows)] / 65535.0) ** 2
    assert np.allclose(chances, ends_there(dense, 0.5)[:, rows], rtol=0, atol=2e-5)


@pytest.mark.parametrize("damping", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("is_view", [False, True])
def test_chances_are_true_within_what_is_told(damping: float, threads: int, is_view: bool) -> None:
    random = np.random.default_rng(3)
    dense = np.triu(random.random((60, 60)) * (random.random((60, 60)) < 0.1))
    dense[:, :3] += random.random((60, 3))  # hubs
    dense[7], dense[:, 7] = 0.0, 0.0
    dense = np.asarray((dense + dense.T).astype(np.float32), np.float64)
    graph = CsrGraph.from_matrix(sp.csr_matrix(dense))
    if is_view:
        present = np.arange(60) % 5 != 0
        graph = graph.view(present)
        dense[~present] = dense[:, ~present] = 0.0
    rows = np.array([11, 1, 2, 7, 44])
    table = HubTable.of(
        rows, plain(graph), graph.strengths, damping=damping, enough=1e-4, threads=threads
    )
    exact = ends_there(dense, damping)[:, rows]
    walks = graph.strengths > 0
    found = table.codes[walks, : len(rows)].astype(np.float64)
    lows = np.maximum((found - 0.5) / 65535, 0) ** 2 * (1 - table.precision)
    assert np.all(lows <= exact[walks])
    highs = ((found + 0.5) / 65535) ** 2 * (1 + table.precision) + table.missing
    assert np.all(exact[walks] <= highs + 1e-12)
    assert table.missing.max() <= 1.001e-4

    residuals = np.where(walks, random.random(60), 0.0)
    cells = np.ascontiguousarray(np.stack((residuals, graph.strengths), axis=1))
    lows, highs = table.bounds(60, np.arange(60, dtype=np.uint32), cells, float(residuals.sum()))
    assert np.all(lows <= residuals @ exact)
    assert np.all(residuals @ exact <= highs)
    assert np.all(highs - lows <= 2e-4 * residuals.sum())
