"""Room for a local walk: arrays that are made once for a graph's size, and cleared by use."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from graphmem.kernels import answering, push
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask
from graphmem.kernels.bounding import UNKNOWN
from graphmem.kernels.compiled import Nodes
from graphmem.kernels.descending import descend
from graphmem.kernels.push import RESIDUAL, SPECK, STRENGTH
from graphmem.kernels.ranking import CsrGraph, Restart
from graphmem.kernels.resuming import PushState

_UNWEIGHTED = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Levels:
    """How far a walk is pushed; see :func:`graphmem.kernels.descending.descend`."""

    epsilon: float
    step: float = 1.0
    share: float = 0.0
    enough: float = np.inf
    least: float = 0.0
    by_steepness: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The best of a walk so far, best first, and what is needed to certify them."""

    rows: Ints
    bounds: Doubles
    """Shape (r, 3): estimate, low, high."""
    lowest: float
    rival: float
    """The highest outside among candidates."""
    floor: float
    """What any other node that was touched may score."""
    unseen: int
    """The place of the heaviest node that was not touched among the heavy ones, -1 for none."""
    edges: int
    left: Doubles


class Workspace:
    """Room for one walk at a time in graphs of up to `n` nodes.

    Memory is reserved when made: 80 bytes a node, of which as much is used as nodes are touched;
    but for the 16 that every edge reads, which are filled when a graph is another than the last.
    Not for two threads at once.
    """

    def __init__(self, n: int) -> None:
        self.n_nodes = n
        self.epsilon = self.kth = 0.0
        """The last threshold, and the k-th score that was settled by it."""
        self.is_done = False
        """Whether the last push came to its end."""
        self.n_touched = self.n_settled = 0
        self.steepest = self.mass = 0.0
        """What no residual by strength exceeds, and what there is of the walk in all."""
        self.is_plain = False
        """Whether weights are symmetric, and no residual is below 0 or stuck."""
        self._strengths: weakref.ref[Doubles] | None = None
        self.cells = np.zeros((n, 2))
        self.settled = np.zeros(n)
        # One more, as a kernel writes what it may not keep.
        self.touched = np.empty(n + 1, np.uint32)
        self.settlers = np.empty(n + 1, np.uint32)
        self._queue = np.empty(1 << n.bit_length(), np.uint32)
        # Twice as many: what is settled is listed twice before it is dropped.
        self.candidates = np.empty(2 * n, np.uint32)
        self.bounded = np.empty((n, 3))
        self.left = np.zeros(5)
        """What is left in all; see :data:`graphmem.kernels.bounding.STEEP_UP`."""

    def take(self, graph: CsrGraph, *, damping: float, total: float, back: float) -> None:
        """Walk on a graph; `total` are its strengths added up, `back` the mean chance to be back
        after two steps."""
        if self._strengths is None or self._strengths() is not graph.strengths:
            self.cells[: graph.n_nodes, STRENGTH] = graph.strengths
            self.cells[: graph.n_nodes, STRENGTH][graph.strengths < 0] = -np.inf
            self._strengths = weakref.ref(graph.strengths)
        self.graph = plain(graph)
        self.damping, self.back = damping, back
        self.total = total if graph.is_symmetric else 0.0

    def answer(
        self,
        restarts: Sequence[Restart],
        levels: Levels,
        *,
        k: int,
        band: float,
        patience: int,
        among: Mask | None,
        max_edges: int,
        heavy: Ints,
    ) -> list[Found]:
        """Walks from `restarts`, one after the other in one compiled pass, and forgotten."""
        n = len(restarts)
        rows = np.concatenate([restart.rows for restart in restarts])
        found_rows, found_bounds = np.empty((n, k), np.int64), np.empty((n, k, 3))
        found = np.empty((n, answering.LEFT + 5))
        answering.answer_many(
            *self.graph,
            self.damping,
            self.total,
            self.back,
            k,
            levels.epsilon,
            levels.step,
            levels.share,
            levels.enough,
            levels.least,
            levels.by_steepness,
            max_edges,
            band,
            patience,
            every(among),
            heavy,
            np.array(list(accumulate((len(restart.rows) for restart in restarts), initial=0))),
            rows,
            np.concatenate([restart.weights for restart in restarts]),
            np.zeros(len(rows)),
            self.cells,
            self.settled,
            self.touched,
            self.settlers,
            self._queue,
            self.left,
            self.candidates,
            self.bounded,
            found_rows,
            found_bounds,
            found,
        )
        return [
            Found(
                rows=found_rows[at, : int(numbers[answering.N_FOUND])],
                bounds=found_bounds[at, : int(numbers[answering.N_FOUND])],
                lowest=float(numbers[answering.LOWEST]),
                rival=float(numbers[answering.RIVAL]),
                floor=float(numbers[answering.FLOOR]),
                unseen=int(numbers[answering.UNSEEN]),
                edges=int(numbers[answering.EDGES]),
                left=numbers[answering.LEFT :],
            )
            for at, numbers in enumerate(found)
        ]

    def begin(self, state: PushState) -> None:
        """Take a walk up."""
        self.mass = float(state.residuals.sum())
        self.is_plain = bool(
            self.total > 0.0
            and not state.settled.any()
            and (state.residuals >= 0.0).all()
            and (self.cells[state.rows, STRENGTH] > 0.0).all()
        )
        self.n_touched, self.n_settled = push.remember(
            state.rows,
            state.residuals,
            state.settled,
            self.cells,
            self.settled,
            self.touched,
            self.settlers,
        )

    def descend(self, levels: Levels, *, k: int, among: Mask | None, max_edges: int) -> int:
        """See :func:`graphmem.kernels.descending.descend`; edges followed."""
        self.n_touched, self.n_settled, edges, done, self.epsilon, self.kth = descend(
            *self.graph,
            self.damping,
            levels.epsilon,
            levels.step,
            levels.share,
            levels.enough,
            levels.least,
            levels.by_steepness,
            k,
            max_edges,
            every(among),
            self.n_touched,
            self.n_settled,
            self.cells,
            self.settled,
            self.touched,
            self.settlers,
            self._queue,
        )
        self.is_done = bool(done)
        self.steepest = self.epsilon if done else UNKNOWN
        return int(edges)

    def state(self, restart: Restart) -> PushState:
        """What is settled and left, for another day."""
        touched = (self.touched[: self.n_touched], self.settlers[: self.n_settled])
        rows = np.unique(np.concatenate(touched)).astype(np.int64)
        rows = rows[self.cells[rows, STRENGTH] >= 0]  # what reached others does not count
        settled, residuals = self.settled[rows], self.cells[rows, RESIDUAL]
        used = (np.abs(settled) > SPECK) | (np.abs(residuals) > SPECK)
        return PushState(restart, rows[used], settled[used], residuals[used])

    def clear(self) -> None:
        """Forget the walk; cost follows what it touched."""
        if not (self.n_touched or self.n_settled):
            return
        push.forget(
            self.n_touched,
            self.n_settled,
            self.touched,
            self.settlers,
            self.cells,
            self.settled,
        )
        self.n_touched = self.n_settled = 0


def plain(graph: CsrGraph) -> tuple[Ints, Ints, Nodes, Floats]:
    """A graph as kernels take it: a memory map is another type to a compiled function."""
    weights = _UNWEIGHTED if graph.weights is None else np.asarray(graph.weights)
    indptr = np.asarray(graph.indptr)  # before it is cut: maps are slow to
    starts, ends = indptr[:-1], indptr[1:] if graph.ends is None else np.asarray(graph.ends)
    return starts, ends, np.asarray(graph.indices).view(np.uint32), weights


def every(among: Mask | None) -> Mask:
    """Which nodes may be returned as kernels take it: empty for all."""
    return np.empty(0, np.bool_) if among is None else np.asarray(among)
