"""Rankers against networkx, and pushes that go on from where another stopped against new ones."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.adapters.rankers.igraph import IgraphRanker
from graphmem.adapters.rankers.push import PushRanker
from graphmem.adapters.rankers.scipy import PowerRanker
from graphmem.kernels.ranking import CsrGraph, Restart
from graphmem.kernels.resuming import PushState
from graphmem.ports.ranker import Ranker

PUSH, POWER = PushRanker(), PowerRanker(precision=1e-12)
N = 30
SPECK = 1e-12
"""What may be left of a score where a residual and its opposite cancel."""


def scale_free(seed: int, *, n: int = N) -> np.ndarray:
    """Weights of a graph with hubs, shape (n, n)."""
    graph = nx.barabasi_albert_graph(n, 2, seed=seed)
    random = np.random.default_rng(seed)
    for _, _, edge in graph.edges(data=True):
        edge["weight"] = float(np.float32(random.random() + 0.1))
    return np.asarray(nx.to_numpy_array(graph))


@pytest.mark.parametrize(
    "ranker", [PushRanker(epsilon=1e-13), POWER, IgraphRanker()], ids=lambda ranker: ranker.name
)
@pytest.mark.parametrize("directed", [False, True])
def test_scores_are_those_of_networkx(ranker: Ranker, directed: bool) -> None:
    dense = scale_free(1)
    if directed:
        dense = np.triu(dense)
    kind = nx.DiGraph if directed else nx.Graph
    expected = nx.pagerank(
        nx.from_numpy_array(dense, create_using=kind),
        alpha=0.7,
        personalization={3: 0.25, 8: 0.75},
        dangling={3: 0.25, 8: 0.75},
        tol=1e-14,
        max_iter=2000,
    )
    graph = CsrGraph.from_matrix(sp.csr_matrix(dense))
    ranked = ranker.rank(graph, Restart.of([3, 8], [1.0, 3.0]), k=N, damping=0.7)
    found = dict(zip(ranked.rows.tolist(), ranked.scores.tolist(), strict=True))
    assert found == pytest.approx({row: expected[row] for row in found}, abs=1e-9)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 50),
    before=st.lists(st.integers(0, N - 1), min_size=1, max_size=4),
    after=st.lists(st.integers(0, N - 1), min_size=1, max_size=4),
    changed=st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)), max_size=3),
    damping=st.sampled_from([0.3, 0.5, 0.85]),
)
def test_a_push_goes_on_in_a_changed_graph_and_from_elsewhere(
    seed: int,
    before: list[int],
    after: list[int],
    changed: list[tuple[int, int]],
    damping: float,
) -> None:
    old = scale_free(seed)
    new = np.pad(old, (0, 1))  # a node more, and edges added, removed and weighed anew
    for source, target in [*changed, (0, N)]:
        new[source, target] = new[target, source] = 0.0 if new[source, target] else 1.5
    rows = np.flatnonzero((new[:N, :N] != old).any(axis=1) | (new[:N, N] != 0))
    graphs = [CsrGraph.from_matrix(sp.csr_matrix(dense)) for dense in (old, new)]

    _, state = PUSH.advance(graphs[0], PushState.start(Restart.of(before)), damping=damping)
    state = state.regraphed(graphs[0], graphs[1], rows, damping=damping)
    ranked, _ = PUSH.advance(graphs[1], state.restarted(Restart.of(after)), k=10, damping=damping)

    exact = POWER.rank(graphs[1], Restart.of(after), k=N + 1, damping=damping)
    scores = dict(zip(exact.rows.tolist(), exact.scores.tolist(), strict=True))
    truth = np.array([scores.get(row, 0.0) for row in ranked.rows.tolist()])
    assert np.all(np.abs(truth - ranked.scores) <= ranked.errors + 1e-10)
    # What cannot be reached any more may keep a score, but none above its error.
    standing = ranked.scores > ranked.errors + SPECK
    assert set(ranked.rows[standing].tolist()) <= scores.keys()
    assert len(ranked.rows) >= min(10, len(scores))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 50), absent=st.sets(st.integers(1, N - 1), min_size=1, max_size=9))
def test_a_push_goes_on_in_a_view_and_back_in_the_whole(seed: int, absent: set[int]) -> None:
    whole = CsrGraph.from_matrix(sp.csr_matrix(scale_free(seed)))
    present = np.ones(N, np.bool_)
    present[list(absent)] = False
    view = whole.view(present)
    rows = np.arange(N)
    _, state = PUSH.advance(whole, PushState.start(Restart.of([0])))
    for old, new in ((whole, view), (view, whole)):
        ranked, state = PUSH.advance(new, state.regraphed(old, new, rows, damping=0.5), k=N)
        exact = POWER.rank(new, Restart.of([0]), k=N)
        scores = dict(zip(exact.rows.tolist(), exact.scores.tolist(), strict=True))
        truth = np.array([scores.get(row, 0.0) for row in ranked.rows.tolist()])
        assert np.all(np.abs(truth - ranked.scores) <= ranked.errors + 1e-10)
        # What cannot be reached any more may keep a score, but none above its error.
        standing = ranked.scores > ranked.errors + SPECK
        assert set(ranked.rows[standing].tolist()) <= scores.keys() <= set(ranked.rows.tolist())


def test_a_small_change_costs_less_than_a_new_push() -> None:
    graph = CsrGraph.from_matrix(sp.csr_matrix(scale_free(3, n=3000)))
    ranker = PushRanker(epsilon=1e-7)
    fresh, state = ranker.advance(graph, PushState.start(Restart.of([5, 6], [1.0, 1.0])))
    nearly = state.restarted(Restart.of([5, 6], [1.0, 1.001]))
    again, _ = ranker.advance(graph, nearly)
    assert 0 < again.touched_edges < fresh.touched_edges / 2
