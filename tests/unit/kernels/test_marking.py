from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.evaluation.ranking import exact_scores
from graphmem.kernels import bounding
from graphmem.kernels.answering import CREDIT
from graphmem.kernels.local import Levels, Workspace, every
from graphmem.kernels.marking import marked, may_be
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import Restart
from graphmem.kernels.resuming import PushState


@settings(deadline=None)
@given(
    n=st.integers(1, 2**32 - 1),
    fractions=st.lists(st.floats(0, 1, exclude_max=True), max_size=60),
)
def test_who_was_touched_is_marked(n: int, fractions: list[float]) -> None:
    touched = np.array([int(part * n) for part in fractions], np.uint32)
    marks = marked(n, len(touched), touched)
    assert not len(marks) or all(may_be(np.uint64(node), marks) for node in touched)


def test_few_others_are_marked() -> None:
    touched = np.random.default_rng(0).choice(100_000, 2_000, replace=False).astype(np.uint32)
    marks = marked(100_000, len(touched), touched)
    others = np.setdiff1d(np.arange(100_000), touched)
    assert np.mean([may_be(np.uint64(node), marks) for node in others]) <= 1 / 16


def test_where_many_were_touched_none_is_marked() -> None:
    assert not len(marked(100, 26, np.arange(26, dtype=np.uint32)))


@pytest.mark.parametrize("damping", [0.5, 0.85])
def test_bounds_hold_where_only_marked_nodes_are_looked_up(damping: float) -> None:
    graph = power_law_graph(20_000, 100_000, random=np.random.default_rng(1))
    restart = Restart.of(np.random.default_rng(2).choice(20_000, 5, replace=False))
    total = float(graph.strengths.sum())
    room = Workspace(graph.n_nodes)
    room.take(graph, damping=damping, total=total, back=graph.n_nodes / total)
    room.begin(PushState.start(restart))
    room.descend(Levels(4e-5 if damping == 0.5 else 2e-4), k=50, among=None, max_edges=10**6)
    size, _ = bounding.survey(
        room.n_touched,
        room.n_settled,
        damping,
        0.0,
        room.steepest,
        CREDIT,
        room.cells,
        room.settled,
        room.touched,
        room.settlers,
        every(None),
        room.left,
        room.candidates,
    )
    marks = marked(graph.n_nodes, room.n_touched, room.touched)
    assert len(marks)
    exact = exact_scores(graph, [restart], damping=damping)[room.candidates[:size], 0]
    wide, loose, tight = (
        _pulled(room, size, chosen, seen)
        for chosen, seen in ((0, marks), (size, marks), (size, np.empty(0, np.uint8)))
    )
    rounding = 1e-15
    for bounds in (wide, loose, tight):
        assert (bounds[:, bounding.LOW] <= exact + rounding).all()
        assert (exact <= bounds[:, bounding.HIGH] + rounding).all()
    widths = [(found[:, bounding.HIGH] - found[:, bounding.LOW]).sum() for found in (wide, loose)]
    assert widths[1] < widths[0]
    errors = [np.abs(found[:, bounding.ESTIMATE] - exact).sum() for found in (wide, loose, tight)]
    assert errors[1] < (errors[0] + errors[2]) / 2


def _pulled(
    room: Workspace, size: int, n_chosen: int, marks: np.ndarray[tuple[int], np.dtype[np.uint8]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    shared = (room.left, room.cells, room.settled, room.candidates, room.bounded)
    bounding.bracket(size, room.damping, room.total, room.back, *shared)
    chosen = np.arange(n_chosen, dtype=np.int32)
    bounding.pull(*room.graph, chosen, marks, room.damping, room.total, room.back, *shared)
    return room.bounded[:size].copy()
