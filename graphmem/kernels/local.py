"""Room for a local walk: arrays that are made once for a graph's size, and cleared by use."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np

from graphmem.kernels import push as kernels
from graphmem.kernels.arrays import Doubles, Ints, Mask, Rows
from graphmem.kernels.ranking import CsrGraph, Restart

_UNWEIGHTED = np.empty(0, np.float32)
_EVERY = np.empty(0, np.bool_)
_UNKNOWN = 1e300
"""A residual by strength that none exceeds; not infinite, as times a strength of 0 it must be 0."""


@dataclass(frozen=True, slots=True)
class PushState:
    """Where a push stopped: what is settled and what is left, by row; the rest is 0 in both.

    The walk's exact scores, but for what reaches nodes without edges, are ``settled + K residuals``
    (:mod:`graphmem.kernels.push`); a push may go on from here.
    """

    restart: Restart
    rows: Ints
    settled: Doubles
    residuals: Doubles

    @classmethod
    def start(cls, restart: Restart) -> PushState:
        """Nothing settled yet."""
        return cls(restart, restart.rows, np.zeros(len(restart.rows)), restart.weights)

    def restarted(self, restart: Restart) -> PushState:
        """The same walk from another restart: residuals by the difference, some negative."""
        return self._with(
            restart,
            np.concatenate((restart.rows, self.restart.rows)),
            np.concatenate((restart.weights, -self.restart.weights)),
        )

    def regraphed(
        self, old: CsrGraph, new: CsrGraph, changed: Rows | Ints, *, damping: float
    ) -> PushState:
        """The same walk after the out-edges of `changed` rows are others.

        The residual is what `settled` lacks to be the walk's scores: where P becomes P', it grows
        by ``damping (P' - P) settled / (1 - damping)``. Cost follows the edges of `changed`, which
        must hold every row whose edges, weights or neighbours' presence differ. `new` has the rows
        of `old`, and may have more; those that it lacks are let go.
        """
        gone = new.strengths[self.rows] < 0
        held = np.isin(self.rows, changed) | gone
        rows, settled = self.rows[held], self.settled[held] * damping / (1.0 - damping)
        into_new, by_new = _spread(new, rows, settled)
        into_old, by_old = _spread(old, rows, settled)
        state = self._with(
            self.restart, np.concatenate((into_new, into_old)), np.concatenate((by_new, -by_old))
        )
        kept = new.strengths[state.rows] >= 0
        return PushState(
            state.restart, state.rows[kept], state.settled[kept], state.residuals[kept]
        )

    def _with(self, restart: Restart, rows: Ints, changes: Doubles) -> PushState:
        every, places = np.unique(np.concatenate((self.rows, rows)), return_inverse=True)
        n, known = len(every), len(self.rows)
        settled, residuals = np.zeros(n), np.zeros(n)
        settled[places[:known]] = self.settled
        np.add.at(residuals, places, np.concatenate((self.residuals, changes)))
        return PushState(restart, every, settled, residuals)


def _spread(graph: CsrGraph, rows: Ints, masses: Doubles) -> tuple[Ints, Doubles]:
    """What goes where when each of `rows` gives its mass to its neighbours."""
    walks = graph.strengths[rows] > 0
    rows, masses = rows[walks], masses[walks]
    starts, lengths = graph.starts[rows], graph.row_ends[rows] - graph.starts[rows]
    owners = np.repeat(np.arange(len(rows)), lengths)
    places = np.arange(len(owners)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    shares = (masses / graph.strengths[rows])[owners]
    targets = graph.indices[places].astype(np.int64)
    if graph.weights is not None:
        shares = shares * graph.weights[places]
    present = graph.strengths[targets] >= 0
    return targets[present], shares[present]


class Workspace:
    """Room for one walk at a time in graphs of up to `n` nodes.

    Memory is reserved when made: 76 bytes a node, of which as much is used as nodes are touched;
    but for the 16 that every edge reads, which are filled when a graph is another than the last.
    Not for two threads at once.
    """

    def __init__(self, n: int) -> None:
        self.n_nodes = n
        self._n_touched = self._n_settled = self._size = 0
        self._strengths: weakref.ref[Doubles] | None = None
        self._cells = np.zeros((n, 2))
        self._settled = np.zeros(n)
        # One more, as a kernel writes what it may not keep.
        self._touched = np.empty(n + 1, np.uint32)
        self._settlers = np.empty(n, np.uint32)
        self._queue = np.empty(1 << n.bit_length(), np.uint32)
        self._candidates = np.empty(n, np.uint32)
        self._bounds = np.empty((n, 3))
        self._left = np.zeros(5)

    def begin(
        self, graph: CsrGraph, state: PushState, *, damping: float, total: float, back: float
    ) -> None:
        """Take a walk up; `total` are the graph's strengths added up, `back` the mean chance to be
        back after two steps."""
        if self._strengths is None or self._strengths() is not graph.strengths:
            self._cells[: graph.n_nodes, kernels.STRENGTH] = graph.strengths
            self._cells[: graph.n_nodes, kernels.STRENGTH][graph.strengths < 0] = -np.inf
            self._strengths = weakref.ref(graph.strengths)
        # As plain arrays: a memory map is another type to a compiled function.
        self._starts, self._ends = np.asarray(graph.starts), np.asarray(graph.row_ends)
        self._indices = np.asarray(graph.indices).view(np.uint32)
        self._weights = _UNWEIGHTED if graph.weights is None else np.asarray(graph.weights)
        self._damping, self._back = damping, back
        self._total = total if graph.is_symmetric else 0.0
        self._list(state.rows, state.residuals, state.settled)

    def _list(self, rows: Ints, residuals: Doubles, settled: Doubles) -> None:
        holding, scoring = rows[residuals != 0], rows[settled != 0]
        self._n_touched, self._n_settled = len(holding), len(scoring)
        self._touched[: len(holding)], self._settlers[: len(scoring)] = holding, scoring
        self._cells[rows, kernels.RESIDUAL], self._settled[rows] = residuals, settled

    def push(self, epsilon: float, *, max_edges: int) -> int:
        """Push down to `epsilon`; edges followed."""
        self._n_touched, self._n_settled, edges, is_done = kernels.push(
            self._starts,
            self._ends,
            self._indices,
            self._weights,
            self._damping,
            epsilon,
            max_edges,
            self._n_touched,
            self._n_settled,
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
            self._queue,
        )
        self._steepest = epsilon if is_done else _UNKNOWN
        return int(edges)

    def survey(self, floor: float, among: Mask | None) -> Doubles:
        """Make the nodes that may reach `floor` candidates; returns what is left in all."""
        is_symmetric = self._total > 0.0
        self._size = kernels.survey(
            self._n_touched,
            self._n_settled,
            self._damping,
            # Without symmetry what is left may end anywhere.
            floor if is_symmetric else -np.inf,
            self._steepest,
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
            _EVERY if among is None else np.asarray(among),
            self._left,
            self._candidates,
        )
        kernels.bracket(
            self._size,
            self._damping,
            self._total,
            self._back,
            self._left,
            self._cells,
            self._settled,
            self._candidates,
            self._bounds,
        )
        return self._left

    def pull(self, chosen: Rows) -> int:
        """Sharpen the bounds of some candidates, where weights are symmetric; edges followed."""
        if not self._total > 0.0 or not len(chosen):
            return 0
        edges = kernels.pull(
            self._starts,
            self._ends,
            self._indices,
            self._weights,
            chosen,
            self._damping,
            self._total,
            self._left,
            self._cells,
            self._settled,
            self._candidates,
            self._bounds,
        )
        return int(edges)

    def best(self, k: int) -> Rows:
        """Positions of the `k` candidates of highest estimate above 0, best first."""
        return np.asarray(kernels.best(self._size, k, self._candidates, self._bounds))

    def contest(self, chosen: Rows, k: int, tolerance: float) -> tuple[float, float, Rows, int]:
        """Lowest score inside, highest outside, who may change sides, and their edges."""
        lowest, rival, contenders, edges = kernels.contest(
            self._size,
            k,
            tolerance,
            self._starts,
            self._ends,
            chosen,
            self._candidates,
            self._bounds,
        )
        return float(lowest), float(rival), np.asarray(contenders), int(edges)

    def divide(self, chosen: Rows) -> tuple[float, float]:
        """The lowest estimate of the chosen candidates, and the highest of the others."""
        estimates = self._bounds[: self._size, kernels.ESTIMATE].copy()
        lowest = float(estimates[chosen].min(initial=np.inf))
        estimates[chosen] = 0.0
        return lowest, float(estimates.max(initial=0.0))

    def between(self, low: float, high: float, *, most: int) -> Rows:
        """Positions of candidates with an estimate in a range, and at most so many edges."""
        estimates = self._bounds[: self._size, kernels.ESTIMATE]
        near = np.flatnonzero((estimates >= low) & (estimates <= high))
        nodes = self._candidates[near]
        few = self._ends[nodes] - self._starts[nodes] <= most
        return near[few].astype(np.int32)

    def rows(self, chosen: Rows) -> Ints:
        """The nodes of some candidates."""
        return self._candidates[chosen].astype(np.int64)

    def bounds(self, chosen: Rows) -> tuple[Doubles, Doubles, Doubles]:
        """Estimate, low and high of some candidates."""
        found = self._bounds[chosen]
        return found[:, kernels.ESTIMATE], found[:, kernels.LOW], found[:, kernels.HIGH]

    def has(self, rows: Ints) -> Mask:
        """Which rows hold a residual or a score."""
        return np.asarray((self._cells[rows, kernels.RESIDUAL] != 0) | (self._settled[rows] != 0))

    def state(self, restart: Restart) -> PushState:
        """What is settled and left, for another day."""
        touched = (self._touched[: self._n_touched], self._settlers[: self._n_settled])
        rows = np.unique(np.concatenate(touched)).astype(np.int64)
        rows = rows[self._cells[rows, kernels.STRENGTH] >= 0]  # what reached others does not count
        settled, residuals = self._settled[rows], self._cells[rows, kernels.RESIDUAL]
        used = (np.abs(settled) > kernels.SPECK) | (np.abs(residuals) > kernels.SPECK)
        return PushState(restart, rows[used], settled[used], residuals[used])

    def clear(self) -> None:
        """Forget the walk; cost follows what it touched."""
        kernels.forget(
            self._n_touched,
            self._n_settled,
            self._touched,
            self._settlers,
            self._cells,
            self._settled,
        )
        self._n_touched = self._n_settled = 0
