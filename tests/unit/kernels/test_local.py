"""A walk's workspace: who is a candidate, and how bounds are sharpened, against a dense solve."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from graphmem.kernels.arrays import top_rows
from graphmem.kernels.candidates import Candidates
from graphmem.kernels.local import Levels, Workspace
from graphmem.kernels.ranking import CsrGraph, Restart
from graphmem.kernels.resuming import PushState

N, DAMPING, K = 300, 0.6, 8
ROUNDING = 1e-12


def with_hubs(seed: int) -> CsrGraph:
    """Weighted both ways alike, with self-loops and nodes without edges."""
    random = np.random.default_rng(seed)
    ends = (N * random.random((1200, 2)) ** 3).astype(int)
    half = sp.coo_matrix((random.random(1200) + 0.1, ends.T), shape=(N, N)).tocsr()
    return CsrGraph.from_matrix(sp.csr_matrix(half + half.T, dtype=np.float32))


def walked(graph: CsrGraph, restart: Restart) -> np.ndarray:
    """Scores, but that what reaches nodes without edges stays there."""
    weights = graph.matrix().toarray()
    sums = weights.sum(axis=1, keepdims=True)
    steps = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    start = (1 - DAMPING) * restart.vector(N)
    return np.linalg.solve(np.eye(N) - DAMPING * steps.T, start)


def room_for(graph: CsrGraph) -> Workspace:
    room = Workspace(graph.n_nodes)
    total = float(graph.strengths[graph.strengths > 0].sum())
    room.take(graph, damping=DAMPING, total=total, back=0.05)
    return room


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("is_view", [False, True])
def test_bounds_hold_for_candidates_and_the_floor_for_all_others(seed: int, is_view: bool) -> None:
    graph = with_hubs(seed)
    random = np.random.default_rng(seed)
    if is_view:
        graph = graph.view(random.random(N) < 0.7)
    among = random.random(N) < 0.8 if seed % 2 else None
    restart = Restart.of(random.choice(np.flatnonzero(graph.strengths > 0), 3, replace=False))
    exact = walked(graph, restart)
    heavy = top_rows(graph.strengths, 20)
    others = float(np.sort(graph.strengths)[-21])
    room, mirror = room_for(graph), room_for(graph)
    room.begin(PushState.start(restart))
    found = Candidates(room)
    for epsilon in (3e-3, 1e-3, 1e-4):
        room.descend(Levels(epsilon), k=K, among=among, max_edges=10**9)
        found.weigh(K, band=1.3, among=among, heavy=heavy, others=others)
        every = np.arange(found.size, dtype=np.int32)
        nodes = found.nodes(every).astype(np.int64)
        assert len(np.unique(nodes)) == len(nodes)
        allowed = np.ones(N, np.bool_) if among is None else among
        assert allowed[nodes].all()
        beyond = allowed.copy()
        beyond[nodes] = False
        unseen = beyond & np.isin(np.arange(N), heavy)
        least = max(found.floor, DAMPING * epsilon * others)
        assert exact[beyond & ~unseen].max(initial=0.0) <= least + ROUNDING
        if found.is_listed:
            assert exact[beyond].max(initial=0.0) <= found.floor + ROUNDING
        doubts = []
        for max_edges in (0, 5, 50, 500):  # 0: as they were weighed
            if max_edges:
                for position in every:
                    found.reach(int(position), mirror, max_edges=max_edges)
            estimates, lows, highs = found.bounds(every)
            assert np.all(lows <= exact[nodes] + ROUNDING)
            assert np.all(exact[nodes] <= highs + ROUNDING)
            assert np.all((lows <= estimates) & (estimates <= highs))
            doubts.append(float((highs - lows).sum()))
        assert doubts[-1] < 0.7 * doubts[0]
        found.hold()
    assert found.is_listed  # and so few are looked at
    assert found.size < np.count_nonzero(exact)


def test_what_is_held_is_never_looser() -> None:
    graph = with_hubs(9)
    room, mirror = room_for(graph), room_for(graph)
    room.begin(PushState.start(Restart.of([0, 1])))
    found = Candidates(room)
    widths = {}
    for epsilon in (1e-3, 9e-4):
        room.descend(Levels(epsilon), k=K, among=None, max_edges=10**9)
        found.weigh(K, band=1.3, among=None, heavy=np.arange(20), others=1e9)
        every = np.arange(found.size, dtype=np.int32)
        _, lows, highs = found.bounds(every)
        for node, width in zip(found.nodes(every).tolist(), highs - lows, strict=True):
            assert width <= widths.get(node, np.inf) + ROUNDING
        for position in every:
            found.reach(int(position), mirror, max_edges=300)
        _, lows, highs = found.bounds(every)
        widths = dict(zip(found.nodes(every).tolist(), highs - lows, strict=True))
        found.hold()
