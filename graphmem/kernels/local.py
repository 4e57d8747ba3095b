"""The slots of a local walk: arrays that are made once for a graph's size, and cleared by use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphmem.kernels import push as kernels
from graphmem.kernels.arrays import Doubles, Ints, Mask, Rows
from graphmem.kernels.ranking import CsrGraph, Restart

_UNWEIGHTED = np.empty(0, np.float32)
_EVERY = np.empty(0, np.bool_)


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


class Slots:
    """Room for one walk at a time in graphs of up to `n` nodes.

    Memory is reserved when made and used as slots are: 4 bytes a node of the graph for finding a
    node's slot, and 68 a slot. Not for two threads at once.
    """

    def __init__(self, n: int) -> None:
        self.size = n
        self.count = self._size = 0
        self._slots = np.zeros(n, np.int32)
        self._nodes = np.empty(n, np.int32)
        self._queue = np.empty(n, np.int32)
        self._candidates = np.empty(n, np.int32)
        self._cells = np.empty((n, 4))
        self._bounds = np.empty((n, 3))

    def begin(self, graph: CsrGraph, state: PushState, *, damping: float, total: float) -> None:
        """Take a walk up; `total` are the graph's strengths added up."""
        # As plain arrays: a memory map is another type to a compiled function.
        self._starts, self._ends = np.asarray(graph.starts), np.asarray(graph.row_ends)
        self._indices = np.asarray(graph.indices)
        self._weights = _UNWEIGHTED if graph.weights is None else np.asarray(graph.weights)
        self._strengths = np.asarray(graph.strengths)
        self._damping, self._total = damping, total if graph.is_symmetric else 0.0
        self.count = count = len(state.rows)
        self._nodes[:count] = state.rows
        self._slots[state.rows] = np.arange(1, count + 1)
        self._cells[:count, kernels.RESIDUAL] = state.residuals
        self._cells[:count, kernels.STRENGTH] = self._strengths[state.rows]
        self._cells[:count, kernels.SETTLED] = state.settled

    def push(self, epsilon: float, *, max_edges: int) -> int:
        """Push down to `epsilon`; edges followed."""
        self.count, edges = kernels.push(
            self._starts,
            self._ends,
            self._indices,
            self._weights,
            self._strengths,
            self._damping,
            epsilon,
            max_edges,
            self.count,
            self._slots,
            self._nodes,
            self._cells,
            self._queue,
        )
        return int(edges)

    def bracket(self, floor: float, among: Mask | None) -> Doubles:
        """Make the slots that may reach `floor` candidates; returns what is left in all."""
        left = kernels.doubt(self.count, self._cells)
        self._size = kernels.bracket(
            self.count,
            self._damping,
            self._total,
            floor,
            left,
            self._cells,
            self._nodes,
            _EVERY if among is None else np.asarray(among),
            self._candidates,
            self._bounds,
        )
        return np.asarray(left)

    def pull(self, chosen: Rows, left: Doubles) -> int:
        """Sharpen the bounds of some candidates, where weights are symmetric; edges followed."""
        if not self._total > 0.0:
            return 0
        edges = kernels.pull(
            self._starts,
            self._ends,
            self._indices,
            self._weights,
            chosen,
            self._damping,
            self._total,
            left,
            self._slots,
            self._nodes,
            self._cells,
            self._candidates,
            self._bounds,
        )
        return int(edges)

    def best(self, k: int) -> Rows:
        """Positions of the `k` candidates of highest estimate above 0, best first."""
        return np.asarray(kernels.best(self._size, k, self._nodes, self._candidates, self._bounds))

    def contest(self, chosen: Rows, k: int, tolerance: float) -> tuple[float, float, Rows, int]:
        """Lowest score inside, highest outside, who may change sides, and their edges."""
        lowest, rival, contenders, edges = kernels.contest(
            self._size,
            k,
            tolerance,
            self._starts,
            self._ends,
            chosen,
            self._nodes,
            self._candidates,
            self._bounds,
        )
        return float(lowest), float(rival), np.asarray(contenders), int(edges)

    def between(self, low: float, high: float, *, most: int) -> Rows:
        """Positions of candidates with an estimate in a range, and at most so many edges."""
        estimates = self._bounds[: self._size, kernels.ESTIMATE]
        near = np.flatnonzero((estimates >= low) & (estimates <= high))
        nodes = self._nodes[self._candidates[near]]
        few = self._ends[nodes] - self._starts[nodes] <= most
        return near[few].astype(np.int32)

    def rows(self, chosen: Rows) -> Ints:
        """The nodes of some candidates."""
        return self._nodes[self._candidates[chosen]].astype(np.int64)

    def bounds(self, chosen: Rows) -> tuple[Doubles, Doubles, Doubles]:
        """Estimate, low and high of some candidates."""
        found = self._bounds[chosen]
        return found[:, kernels.ESTIMATE], found[:, kernels.LOW], found[:, kernels.HIGH]

    def has(self, rows: Ints) -> Mask:
        """Which rows have a slot."""
        return np.asarray(self._slots[rows] > 0)

    def state(self, restart: Restart) -> PushState:
        """What is settled and left, for another day."""
        cells = self._cells[: self.count]
        settled, residuals = cells[:, kernels.SETTLED], cells[:, kernels.RESIDUAL]
        used = (settled != 0) | (residuals != 0)
        rows = self._nodes[: self.count][used].astype(np.int64)
        return PushState(restart, rows, settled[used], residuals[used])

    def clear(self) -> None:
        """Free all slots; cost follows their number."""
        kernels.forget(self.count, self._nodes, self._slots)
        self.count = 0
