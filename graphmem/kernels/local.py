"""Room for a local walk: arrays that are made once for a graph's size, and cleared by use."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphmem.kernels import bounding, push
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.compiled import Nodes
from graphmem.kernels.hubs import HubTable
from graphmem.kernels.push import RESIDUAL, SPECK, STRENGTH
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


@dataclass(frozen=True, slots=True)
class Levels:
    """How far a walk is pushed; see :func:`graphmem.kernels.push.descend`."""

    epsilon: float
    step: float = 1.0
    share: float = 0.0
    enough: float = np.inf
    least: float = 0.0


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

    Memory is reserved when made: 76 bytes a node, of which as much is used as nodes are touched;
    but for the 16 that every edge reads, which are filled when a graph is another than the last.
    Not for two threads at once.
    """

    def __init__(self, n: int) -> None:
        self.n_nodes = n
        self.epsilon = self.kth = self.floor = 0.0
        """The last threshold, the k-th score that was settled by it, and what candidates reach."""
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
        self.left = np.zeros(5)
        """What is left in all; see :data:`graphmem.kernels.bounding.STEEP_UP`."""

    def take(self, graph: CsrGraph, *, damping: float, total: float, back: float) -> None:
        """Walk on a graph; `total` are its strengths added up, `back` the mean chance to be back
        after two steps."""
        if self._strengths is None or self._strengths() is not graph.strengths:
            self._cells[: graph.n_nodes, STRENGTH] = graph.strengths
            self._cells[: graph.n_nodes, STRENGTH][graph.strengths < 0] = -np.inf
            self._strengths = weakref.ref(graph.strengths)
        self._graph = plain(graph)
        self._damping, self._back = damping, back
        self._total = total if graph.is_symmetric else 0.0

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
        found = np.empty((n, bounding.LEFT + 5))
        bounding.answer_many(
            *self._graph,
            self._damping,
            self._total,
            self._back,
            k,
            levels.epsilon,
            levels.step,
            levels.share,
            levels.enough,
            levels.least,
            max_edges,
            band,
            patience,
            _EVERY if among is None else np.asarray(among),
            heavy,
            np.cumsum([0, *(len(restart.rows) for restart in restarts)]),
            rows,
            np.concatenate([restart.weights for restart in restarts]),
            np.zeros(len(rows)),
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
            self._queue,
            self.left,
            self._candidates,
            self._bounds,
            found_rows,
            found_bounds,
            found,
        )
        return [
            Found(
                rows=found_rows[at, : int(numbers[bounding.N_FOUND])],
                bounds=found_bounds[at, : int(numbers[bounding.N_FOUND])],
                lowest=float(numbers[bounding.LOWEST]),
                rival=float(numbers[bounding.RIVAL]),
                floor=float(numbers[bounding.FLOOR]),
                unseen=int(numbers[bounding.UNSEEN]),
                edges=int(numbers[bounding.EDGES]),
                left=numbers[bounding.LEFT :],
            )
            for at, numbers in enumerate(found)
        ]

    def begin(self, state: PushState) -> None:
        """Take a walk up."""
        self._n_touched, self._n_settled = push.remember(
            state.rows,
            state.residuals,
            state.settled,
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
        )

    def descend(
        self, levels: Levels, *, k: int, among: Mask | None, max_edges: int
    ) -> tuple[int, bool]:
        """See :func:`graphmem.kernels.push.descend`; edges followed, and whether it is done."""
        self._n_touched, self._n_settled, edges, is_done, self.epsilon, self.kth = push.descend(
            *self._graph,
            self._damping,
            levels.epsilon,
            levels.step,
            levels.share,
            levels.enough,
            levels.least,
            k,
            max_edges,
            _EVERY if among is None else np.asarray(among),
            self._n_touched,
            self._n_settled,
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
            self._queue,
        )
        self._steepest = self.epsilon if is_done else bounding.UNKNOWN
        return int(edges), bool(is_done)

    def conclude(
        self, k: int, *, band: float, most: int, among: Mask | None
    ) -> tuple[Rows, float, float, int]:
        """See :func:`graphmem.kernels.bounding.conclude`.

        Positions of the best, lowest score inside, highest outside, and edges followed.
        """
        chosen, self._size, lowest, rival, self.floor, edges = bounding.conclude(
            *self._graph,
            self._damping,
            self._total,
            self._back,
            k,
            self._n_touched,
            self._n_settled,
            self._steepest,
            self.kth / band,
            band,
            most,
            _EVERY if among is None else np.asarray(among),
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
            self.left,
            self._candidates,
            self._bounds,
        )
        return np.asarray(chosen), float(lowest), float(rival), int(edges)

    def pull(self, chosen: Rows) -> int:
        """Sharpen the bounds of some candidates, where weights are symmetric; edges followed."""
        if not self._total > 0.0 or not len(chosen):
            return 0
        edges = bounding.pull(
            *self._graph,
            chosen,
            self._damping,
            self._total,
            self.left,
            self._cells,
            self._settled,
            self._candidates,
            self._bounds,
        )
        return int(edges)

    def ask_hubs(self, table: HubTable, contenders: Rows) -> None:
        """Sharpen the bounds of the table's hubs, where any of the contenders is one.

        What is left must be nowhere negative; else this does nothing.
        """
        if self.left[bounding.MASS_DOWN] > 0.0:
            return
        if not np.isin(self._candidates[contenders], table.rows).any():
            return
        mass = float(self.left[bounding.MASS_UP])
        lows, highs = table.bounds(self._n_touched, self._touched, self._cells, mass)
        settled = self._settled[table.rows]
        order = np.argsort(table.rows)
        self._narrow(table.rows[order], (settled + lows)[order], (settled + highs)[order])

    def known(self) -> tuple[Ints, Doubles, Doubles]:
        """Nodes that are candidates, ascending, and their bounds: true whatever is pushed later."""
        nodes = self._candidates[: self._size].astype(np.int64)
        order = np.argsort(nodes)
        bounds = self._bounds[order]
        return nodes[order], bounds[:, bounding.LOW], bounds[:, bounding.HIGH]

    def hold(self, known: tuple[Ints, Doubles, Doubles]) -> None:
        """Candidates keep the bounds that they had."""
        self._narrow(*known)

    def _narrow(self, nodes: Ints, lows: Doubles, highs: Doubles) -> None:
        candidates = self._candidates[: self._size]
        places = np.minimum(np.searchsorted(nodes, candidates), len(nodes) - 1)
        found = np.flatnonzero(nodes[places] == candidates)
        places, bounds = places[found], self._bounds[found]
        low = np.maximum(bounds[:, bounding.LOW], lows[places])
        high = np.minimum(bounds[:, bounding.HIGH], highs[places])
        estimates = np.clip(bounds[:, bounding.ESTIMATE], low, high)
        self._bounds[found] = np.stack((estimates, low, high), axis=1)

    def best(self, k: int) -> Rows:
        """Positions of the `k` candidates of highest estimate above 0, best first."""
        return np.asarray(bounding.best(self._size, k, self._candidates, self._bounds))

    def contest(self, chosen: Rows, k: int, tolerance: float) -> tuple[float, float, Rows]:
        """Lowest score inside, highest outside, and who may change sides."""
        lowest, rival, contenders = bounding.contest(self._size, k, tolerance, chosen, self._bounds)
        return float(lowest), float(rival), np.asarray(contenders)

    def divide(self, chosen: Rows) -> tuple[float, float]:
        """The lowest estimate of the chosen candidates, and the highest of the others."""
        estimates = self._bounds[: self._size, bounding.ESTIMATE].copy()
        lowest = float(estimates[chosen].min(initial=np.inf))
        estimates[chosen] = 0.0
        return lowest, float(estimates.max(initial=0.0))

    def found(
        self,
        chosen: Rows,
        lowest: float,
        rival: float,
        *,
        heavy: Ints,
        among: Mask | None,
        edges: int,
    ) -> Found:
        """The chosen candidates."""
        allowed = _EVERY if among is None else np.asarray(among)
        return Found(
            rows=self._candidates[chosen].astype(np.int64),
            bounds=self._bounds[chosen],
            lowest=lowest,
            rival=rival,
            floor=self.floor,
            unseen=int(bounding.first_unseen(heavy, allowed, self._cells, self._settled)),
            edges=edges,
            left=self.left.copy(),
        )

    def bounds(self, chosen: Rows) -> tuple[Doubles, Doubles, Doubles]:
        """Estimate, low and high of some candidates."""
        found = self._bounds[chosen]
        return found[:, bounding.ESTIMATE], found[:, bounding.LOW], found[:, bounding.HIGH]

    def state(self, restart: Restart) -> PushState:
        """What is settled and left, for another day."""
        touched = (self._touched[: self._n_touched], self._settlers[: self._n_settled])
        rows = np.unique(np.concatenate(touched)).astype(np.int64)
        rows = rows[self._cells[rows, STRENGTH] >= 0]  # what reached others does not count
        settled, residuals = self._settled[rows], self._cells[rows, RESIDUAL]
        used = (np.abs(settled) > SPECK) | (np.abs(residuals) > SPECK)
        return PushState(restart, rows[used], settled[used], residuals[used])

    def clear(self) -> None:
        """Forget the walk; cost follows what it touched."""
        push.forget(
            self._n_touched,
            self._n_settled,
            self._touched,
            self._settlers,
            self._cells,
            self._settled,
        )
        self._n_touched = self._n_settled = 0


def plain(graph: CsrGraph) -> tuple[Ints, Ints, Nodes, Floats]:
    """A graph as kernels take it: a memory map is another type to a compiled function."""
    weights = _UNWEIGHTED if graph.weights is None else np.asarray(graph.weights)
    starts, ends = np.asarray(graph.starts), np.asarray(graph.row_ends)
    return starts, ends, np.asarray(graph.indices).view(np.uint32), weights
