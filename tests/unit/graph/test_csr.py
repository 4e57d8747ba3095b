"""A bare graph comes back from disk as it was, mapped and not read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from graphmem.errors import StoreFormatError
from graphmem.graph.csr import open_csr, save_csr
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import CsrGraph


@pytest.mark.parametrize("weighted", [True, False])
def test_a_graph_survives_the_disk(tmp_path: Path, weighted: bool) -> None:
    matrix = sp.random(40, 40, 0.1, random_state=1) if weighted else sp.eye(40)
    graph = CsrGraph.from_matrix(sp.csr_matrix(matrix))
    save_csr(graph, tmp_path)
    back = open_csr(tmp_path)
    assert (back.matrix() != graph.matrix()).nnz == 0
    assert back.strengths.tolist() == graph.strengths.tolist()
    assert back.is_symmetric == graph.is_symmetric
    assert isinstance(back.indices, np.memmap)


def test_a_stored_edge_takes_twelve_bytes_at_most(tmp_path: Path) -> None:
    plain = power_law_graph(2000, 20_000, random=np.random.default_rng(0))
    weights = np.ones(plain.n_edges, np.float32)
    save_csr(CsrGraph.of(plain.indptr, plain.indices, weights, is_symmetric=True), tmp_path)
    taken = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert taken <= 12 * plain.n_edges


def test_rows_that_were_written_anew_are_put_in_order(tmp_path: Path) -> None:
    graph = CsrGraph(
        indptr=np.array([1, 0, 3]),
        indices=np.array([0, 0, 1], np.int32),
        weights=None,
        strengths=np.array([2.0, 1.0]),
        is_symmetric=False,
        ends=np.array([3, 1]),
    )
    save_csr(graph, tmp_path)
    assert open_csr(tmp_path).matrix().toarray().tolist() == [[1, 1], [1, 0]]


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_damage_is_noticed(tmp_path: Path, damage: str) -> None:
    save_csr(power_law_graph(100, 300, random=np.random.default_rng(0)), tmp_path)
    path = tmp_path / "indices.npy"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    else:
        np.save(path, np.zeros(5, np.int32))
    with pytest.raises(StoreFormatError):
        open_csr(tmp_path)
