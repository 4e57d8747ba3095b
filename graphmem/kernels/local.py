"""Room for a local walk: arrays that are made once for a graph's size, and cleared by use."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphmem.kernels import answering, bounding, choosing, push
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.compiled import Nodes
from graphmem.kernels.hubs import HubTable
from graphmem.kernels.push import RESIDUAL, SPECK, STRENGTH
from graphmem.kernels.ranking import CsrGraph, Restart
from graphmem.kernels.resuming import PushState

_UNWEIGHTED = np.empty(0, np.float32)
_EVERY = np.empty(0, np.bool_)
_NEAR_BY, _NEARER = 1 / 4, 4.0
"""Where a walk from a candidate begins, and how much each of its thresholds is lower."""


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

    Memory is reserved when made: 80 bytes a node, of which as much is used as nodes are touched;
    but for the 16 that every edge reads, which are filled when a graph is another than the last.
    Not for two threads at once.
    """

    def __init__(self, n: int) -> None:
        self.n_nodes = n
        self.epsilon = self.kth = self.floor = 0.0
        """The last threshold, the k-th score that was settled by it, and what candidates reach."""
        self.size = 0
        """Candidates."""
        self.is_done = self.is_listed = False
        """Whether the last push came to its end; whether who is no candidate never will be one."""
        self._n_touched = self._n_settled = 0
        self._steepest = self._mass = 0.0
        self._is_plain = False
        self._strengths: weakref.ref[Doubles] | None = None
        self._held: tuple[Ints, Doubles, Doubles] | None = None
        self._cells = np.zeros((n, 2))
        self._settled = np.zeros(n)
        # One more, as a kernel writes what it may not keep.
        self._touched = np.empty(n + 1, np.uint32)
        self._settlers = np.empty(n, np.uint32)
        self._queue = np.empty(1 << n.bit_length(), np.uint32)
        # Twice as many: what is settled is listed twice before it is dropped.
        self._candidates = np.empty(2 * n, np.uint32)
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
        found = np.empty((n, answering.LEFT + 5))
        answering.answer_many(
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
        self._mass = float(state.residuals.sum())
        self._is_plain = bool(
            self._total > 0.0
            and not state.settled.any()
            and (state.residuals >= 0.0).all()
            and (self._cells[state.rows, STRENGTH] > 0.0).all()
        )
        self.is_listed, self._held = False, None
        self._n_touched, self._n_settled = push.remember(
            state.rows,
            state.residuals,
            state.settled,
            self._cells,
            self._settled,
            self._touched,
            self._settlers,
        )

    def descend(self, levels: Levels, *, k: int, among: Mask | None, max_edges: int) -> int:
        """See :func:`graphmem.kernels.push.descend`; edges followed."""
        self._n_touched, self._n_settled, edges, done, self.epsilon, self.kth = push.descend(
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
        self.is_done = bool(done)
        self._steepest = self.epsilon if done else bounding.UNKNOWN
        return int(edges)

    def conclude(
        self, k: int, *, band: float, most: int, among: Mask | None
    ) -> tuple[Rows, float, float, int]:
        """See :func:`graphmem.kernels.answering.conclude`.

        Positions of the best, lowest score inside, highest outside, and edges followed.
        """
        chosen, self.size, lowest, rival, self.floor, edges = answering.conclude(
            *self._graph,
            self._damping,
            self._total,
            self._back,
            k,
            self._n_touched,
            self._n_settled,
            self._steepest,
            self.kth / band,
            1.0,
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

    def weigh(self, k: int, *, band: float, among: Mask | None, heavy: Ints, others: float) -> None:
        """List the candidates and bound them; bounds that they had, they keep.

        `heavy` are the nodes of highest strength, `others` what no other's exceeds. A walk without
        residuals below 0 lists once who may reach the `band`, and who does not never will.
        """
        allowed = _EVERY if among is None else np.asarray(among)
        if not self.is_listed and not self._list(k, band, allowed, heavy, others):
            self.conclude(k, band=band, most=0, among=among)
        else:
            self._settle_mass()
            bounding.bracket(
                self.size,
                self._damping,
                self._total,
                self._back,
                self.left,
                self._cells,
                self._settled,
                self._candidates,
                self._bounds,
            )
        self.recall()

    def recall(self) -> None:
        """Bound candidates by what is held of them."""
        if self._held is not None:
            self._narrow(*self._held)

    @property
    def is_mirrored(self) -> bool:
        """Whether candidates may be reached from themselves; see :meth:`reach`."""
        return self._is_plain

    def degrees(self, positions: Rows) -> Ints:
        """Edges of some candidates."""
        starts, ends, *_ = self._graph
        nodes = self._candidates[positions]
        return ends[nodes] - starts[nodes]

    def _list(self, k: int, band: float, among: Mask, heavy: Ints, others: float) -> bool:
        """Whether candidates could be listed without looking at all that was touched."""
        self.floor = self.kth / band
        if not self._is_plain or self._steepest * others > self.floor:
            return False
        self.size = bounding.skim(
            self._n_settled,
            self._damping,
            self.floor,
            self._steepest,
            self._cells,
            self._settled,
            self._settlers,
            heavy,
            among,
            self._candidates,
        )
        self.is_listed = self.size >= k
        return self.is_listed

    def _settle_mass(self) -> None:
        """What is left in all, of a walk without residuals below 0."""
        settled = self._settled[self._settlers[: self._n_settled]]
        self.left[:] = 0.0
        self.left[bounding.STEEP_UP] = self._steepest
        self.left[bounding.MASS_UP] = max(self._mass - float(settled.sum()), 0.0)

    def ask_hubs(self, table: HubTable) -> None:
        """Bound the table's hubs; does nothing where a residual is below 0."""
        if self._is_plain:
            self._settle_mass()
        elif self.left[bounding.MASS_DOWN] > 0.0 or not self.size:
            return
        mass = float(self.left[bounding.MASS_UP])
        lows, highs = table.bounds(self._n_touched, self._touched, self._cells, mass)
        settled = self._settled[table.rows]
        order = np.argsort(table.rows)
        self._hold(table.rows[order], (settled + lows)[order], (settled + highs)[order])

    def reach(self, position: int, mirror: Workspace, *, max_edges: int) -> int:
        """Sharpen a candidate's bounds by a walk from it, in another workspace; edges followed.

        For symmetric weights, and a walk here without residuals below 0.
        """
        node = int(self._candidates[position])
        strength = float(self._cells[node, STRENGTH])
        mirror.begin(PushState.start(Restart.of([node])))
        levels = Levels(_NEAR_BY / strength, step=_NEARER, enough=0.0)
        edges = mirror.descend(levels, k=1, among=None, max_edges=max_edges)
        least, doubt = bounding.meet(
            mirror._n_touched,
            mirror._n_settled,
            self._damping,
            mirror._cells,
            mirror._settled,
            mirror._touched,
            mirror._settlers,
            self._cells,
        )
        mirror.clear()
        low = float(self._settled[node]) + strength * least
        high = low + strength * doubt * float(self.left[bounding.STEEP_UP])
        drift = float(self.left[bounding.MASS_UP]) / self._total
        bounds = self._bounds[position]
        bounds[bounding.LOW] = max(bounds[bounding.LOW], low)
        bounds[bounding.HIGH] = min(bounds[bounding.HIGH], high)
        likely = low + strength * doubt * drift
        bounds[bounding.ESTIMATE] = min(max(likely, bounds[bounding.LOW]), bounds[bounding.HIGH])
        return edges

    def hold(self) -> None:
        """Keep the candidates' bounds: they are true whatever is pushed later."""
        nodes = self._candidates[: self.size].astype(np.int64)
        order = np.argsort(nodes)
        bounds = self._bounds[order]
        self._hold(nodes[order], bounds[:, bounding.LOW], bounds[:, bounding.HIGH])

    def _hold(self, nodes: Ints, lows: Doubles, highs: Doubles) -> None:
        """With what is held already; `nodes` ascend."""
        if self._held is not None:
            before = self._held
            every, places = np.unique(np.concatenate((before[0], nodes)), return_inverse=True)
            least, most = np.zeros(len(every)), np.full(len(every), np.inf)
            np.maximum.at(least, places, np.concatenate((before[1], lows)))
            np.minimum.at(most, places, np.concatenate((before[2], highs)))
            nodes, lows, highs = every, least, most
        self._held = nodes, lows, highs

    def _narrow(self, nodes: Ints, lows: Doubles, highs: Doubles) -> None:
        candidates = self._candidates[: self.size]
        places = np.minimum(np.searchsorted(nodes, candidates), len(nodes) - 1)
        found = np.flatnonzero(nodes[places] == candidates)
        places, bounds = places[found], self._bounds[found]
        low = np.maximum(bounds[:, bounding.LOW], lows[places])
        high = np.minimum(bounds[:, bounding.HIGH], highs[places])
        estimates = np.clip(bounds[:, bounding.ESTIMATE], low, high)
        self._bounds[found] = np.stack((estimates, low, high), axis=1)

    def nodes(self, chosen: Rows) -> Nodes:
        """Which nodes some candidates are."""
        return self._candidates[chosen]

    def best(self, k: int) -> Rows:
        """Positions of the `k` candidates of highest estimate above 0, best first."""
        return np.asarray(choosing.best(self.size, k, self._candidates, self._bounds))

    def contest(self, chosen: Rows, k: int, tolerance: float) -> tuple[float, float, Rows]:
        """Lowest score inside, highest outside, and who may change sides."""
        lowest, rival, contenders = choosing.contest(self.size, k, tolerance, chosen, self._bounds)
        return float(lowest), float(rival), np.asarray(contenders)

    def divide(self, chosen: Rows) -> tuple[float, float]:
        """The lowest estimate of the chosen candidates, and the highest of the others."""
        estimates = self._bounds[: self.size, bounding.ESTIMATE].copy()
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
            # Heavy ones that were listed are candidates, seen or not.
            unseen=-1
            if self.is_listed
            else int(answering.first_unseen(heavy, allowed, self._cells, self._settled)),
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
