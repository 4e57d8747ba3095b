"""Comparing rankers: exact scores, recall with ties, other libraries, and the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.adapters.peers import libraries
from graphmem.adapters.plots import cost_against_size
from graphmem.errors import ConfigurationError, InvalidInputError
from graphmem.evaluation.contenders import Peer
from graphmem.evaluation.ranking import draw_questions, exact_scores, recall
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import CsrGraph, Restart


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 25), damping=st.floats(0.0, 0.9))
def test_exact_scores_solve_the_equation(seed: int, n: int, damping: float) -> None:
    random = np.random.default_rng(seed)
    dense = random.integers(0, 4, (n, n)) * (random.random((n, n)) < 0.2)
    graph = CsrGraph.from_matrix(sp.csr_matrix(dense.astype(float)))
    restarts = [Restart.of(random.integers(0, n, 2)) for _ in range(3)]
    found = exact_scores(graph, restarts, damping=damping)
    sums = dense.sum(axis=1, keepdims=True)
    for at, restart in enumerate(restarts):
        r = restart.vector(n)
        steps = np.where(sums > 0, dense / np.maximum(sums, 1), r[None, :])
        solved = np.linalg.solve(np.eye(n) - damping * steps.T, (1 - damping) * r)
        assert np.allclose(found[:, at], solved, atol=1e-11)


def test_recall_counts_ties_alike_and_nothing_twice() -> None:
    exact = np.array([0.4, 0.3, 0.1, 0.1, 0.1, 0.0])
    assert recall(np.array([0, 1, 4]), exact, 3) == 1.0
    assert recall(np.array([0, 5, 1]), exact, 3) == pytest.approx(2 / 3)
    assert recall(np.array([0, 0, 0]), exact, 3) == pytest.approx(1 / 3)
    assert recall(np.array([2, 3, 4, 0, 1]), exact, 3) == 1.0  # only three of them count
    assert recall(np.array([4, 3, 2, 1, 0]), exact, 10) == 1.0  # no more than five score
    assert recall(np.array([], np.int64), exact, 3) == 0.0


def test_questions_are_of_nodes_that_have_edges() -> None:
    graph = CsrGraph.from_matrix(sp.csr_matrix(np.diag([0.0, 1, 1, 3, 0])))
    asked = draw_questions(graph, n=4, seeds=2, random=np.random.default_rng(0))
    assert all(set(restart.rows) <= {1, 2, 3} for restart in asked.restarts)
    assert asked.hubs.rows.tolist() == [1, 3]
    with pytest.raises(InvalidInputError, match="3 nodes have edges, 4 seeds"):
        draw_questions(graph, n=4, seeds=4, random=np.random.default_rng(0))


PEERS: dict[type[Peer], float] = {
    libraries.Igraph: 1e-9,
    libraries.Scipy: 1e-8,
    libraries.Networkx: 1e-8,
    libraries.ScikitNetwork: 1e-7,
    libraries.FastPagerank: 1e-7,
    libraries.Networkit: 1e-4,  # stops early, as we ask it to
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", PEERS, ids=lambda kind: kind.name)
def test_other_libraries_are_asked_the_same(kind: type[Peer], weighted: bool) -> None:
    random = np.random.default_rng(5)
    graph = power_law_graph(300, 1500, random=random)
    if weighted:
        upper = sp.triu(graph.matrix())
        upper.data = random.random(upper.nnz) + 0.1
        graph = CsrGraph.from_matrix(sp.csr_matrix(upper + upper.T))
    restart = Restart.of(np.flatnonzero(graph.strengths)[:4], [1, 2, 3, 4])
    peer = kind()
    try:
        peer.load(graph)
    except ConfigurationError as missing:
        pytest.skip(str(missing))
    given = peer.ask(restart, damping=0.6)
    exact = exact_scores(graph, [restart], damping=0.6)[:, 0]
    connected = graph.strengths > 0  # igraph sends what reaches the others elsewhere
    assert np.abs(peer.scores(given) - exact)[connected].max() < PEERS[kind]
    assert peer.touched_edges(given) > 0


PEAK = """
from graphmem.evaluation.ranking import PeakOfProcess

freed = bytearray(b"1") * 200_000_000
del freed
memory = PeakOfProcess()
held = bytearray(b"1") * 100_000_000
del held
print(memory.megabytes())
"""


def test_the_peak_is_of_what_came_since() -> None:
    # A process of its own: threads and caches that others left give memory back at any time.
    told = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    assert 90 < float(told.stdout) < 150


def test_a_plot_is_drawn(tmp_path: Path) -> None:
    sweep = [
        {
            "graph": {"stored_edges": size},
            "questions": {"k": 100, "seeds": 10, "damping": 0.5},
            "backends": {"push": {"median_ms": 0.5}, "igraph": {"median_ms": size / 1e3}},
        }
        for size in (1e4, 1e5)
    ]
    cost_against_size(sweep, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
