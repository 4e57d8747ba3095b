"""Who may be among the best of a walk: listed, bounded, and bounded more sharply."""

from __future__ import annotations

import numpy as np

from graphmem.kernels import answering, bounding, choosing
from graphmem.kernels.arrays import Doubles, Ints, Mask, Rows
from graphmem.kernels.compiled import Nodes
from graphmem.kernels.hubs import HubTable
from graphmem.kernels.local import Found, Levels, Workspace, every
from graphmem.kernels.push import STRENGTH
from graphmem.kernels.ranking import Restart
from graphmem.kernels.resuming import PushState

_NEAR_BY, _NEARER, _NEAREST = 1 / 4, 4.0, 1e-15
"""Where a walk from a candidate begins, how much each of its thresholds is lower, and the last: by
strength."""

_UNMARKED = np.empty(0, np.uint8)


class Candidates:
    """Those of one walk, in the workspace where it is; they stand at positions from 0 on."""

    def __init__(self, room: Workspace) -> None:
        self._room = room
        self.size = 0
        self.floor = 0.0
        """What candidates may reach, and none that was touched else."""
        self.is_listed = False
        """Whether who is no candidate never will be one."""
        self._held: tuple[Ints, Doubles, Doubles] | None = None

    def conclude(
        self, k: int, *, band: float, most: int, among: Mask | None
    ) -> tuple[Rows, float, float, int]:
        """See :func:`graphmem.kernels.answering.conclude`.

        Positions of the best, lowest score inside, highest outside, and edges followed.
        """
        chosen, self.size, lowest, rival, self.floor, edges = answering.conclude(
            *self._room.graph,
            self._room.damping,
            self._room.total,
            self._room.back,
            k,
            self._room.n_touched,
            self._room.n_settled,
            self._room.steepest,
            self._room.kth / band,
            1.0,
            band,
            most,
            every(among),
            self._room.cells,
            self._room.settled,
            self._room.touched,
            self._room.settlers,
            self._room.left,
            self._room.candidates,
            self._room.bounded,
        )
        return np.asarray(chosen), float(lowest), float(rival), int(edges)

    def pull(self, chosen: Rows) -> int:
        """Sharpen the bounds of some candidates, where weights are symmetric; edges followed."""
        if not self._room.total > 0.0 or not len(chosen):
            return 0
        edges = bounding.pull(
            *self._room.graph,
            chosen,
            _UNMARKED,
            self._room.damping,
            self._room.total,
            self._room.back,
            self._room.left,
            self._room.cells,
            self._room.settled,
            self._room.candidates,
            self._room.bounded,
        )
        return int(edges)

    def weigh(self, k: int, *, band: float, among: Mask | None, heavy: Ints, others: float) -> None:
        """List the candidates and bound them; bounds that they had, they keep.

        `heavy` are the nodes of highest strength, `others` what no other's exceeds. A walk without
        residuals below 0 lists once who may reach the `band`, and who does not never will.
        """
        allowed = every(among)
        if not self.is_listed and not self._list(k, band, allowed, heavy, others):
            self.conclude(k, band=band, most=0, among=among)
        else:
            self._settle_mass()
            bounding.bracket(
                self.size,
                self._room.damping,
                self._room.total,
                self._room.back,
                self._room.left,
                self._room.cells,
                self._room.settled,
                self._room.candidates,
                self._room.bounded,
            )
        self.recall()

    def recall(self) -> None:
        """Bound candidates by what is held of them."""
        if self._held is not None:
            self._narrow(*self._held)

    @property
    def is_mirrored(self) -> bool:
        """Whether candidates may be reached from themselves; see :meth:`reach`."""
        return self._room.is_plain

    def degrees(self, positions: Rows) -> Ints:
        """Edges of some candidates."""
        starts, ends, *_ = self._room.graph
        nodes = self._room.candidates[positions]
        return ends[nodes] - starts[nodes]

    def _list(self, k: int, band: float, among: Mask, heavy: Ints, others: float) -> bool:
        """Whether candidates could be listed without looking at all that was touched."""
        self.floor = self._room.kth / band
        if not self._room.is_plain or self._room.steepest * others > self.floor:
            return False
        self.size = bounding.skim(
            self._room.n_settled,
            self._room.damping,
            self.floor,
            self._room.steepest,
            self._room.cells,
            self._room.settled,
            self._room.settlers,
            heavy,
            among,
            self._room.candidates,
        )
        self.is_listed = self.size >= k
        return self.is_listed

    def _settle_mass(self) -> None:
        """What is left in all, of a walk without residuals below 0."""
        settled = self._room.settled[self._room.settlers[: self._room.n_settled]]
        self._room.left[:] = 0.0
        self._room.left[bounding.STEEP_UP] = self._room.steepest
        self._room.left[bounding.MASS_UP] = max(self._room.mass - float(settled.sum()), 0.0)

    def ask_hubs(self, table: HubTable) -> None:
        """Bound the table's hubs; does nothing where a residual is below 0."""
        if self._room.is_plain:
            self._settle_mass()
        elif self._room.left[bounding.MASS_DOWN] > 0.0 or not self.size:
            return
        mass = float(self._room.left[bounding.MASS_UP])
        lows, highs = table.bounds(self._room.n_touched, self._room.touched, self._room.cells, mass)
        settled = self._room.settled[table.rows]
        order = np.argsort(table.rows)
        self._hold(table.rows[order], (settled + lows)[order], (settled + highs)[order])

    def reach(self, position: int, mirror: Workspace, *, max_edges: int) -> int:
        """Sharpen a candidate's bounds by a walk from it, in another workspace; edges followed.

        For symmetric weights, and a walk here without residuals below 0.
        """
        node = int(self._room.candidates[position])
        strength = float(self._room.cells[node, STRENGTH])
        mirror.begin(PushState.start(Restart.of([node])))
        levels = Levels(_NEAR_BY / strength, step=_NEARER, enough=0.0, least=_NEAREST / strength)
        edges = mirror.descend(levels, k=1, among=None, max_edges=max_edges)
        least, doubt = bounding.meet(
            mirror.n_touched,
            mirror.n_settled,
            self._room.damping,
            mirror.cells,
            mirror.settled,
            mirror.touched,
            mirror.settlers,
            self._room.cells,
        )
        mirror.clear()
        low = float(self._room.settled[node]) + strength * least
        high = low + strength * doubt * float(self._room.left[bounding.STEEP_UP])
        drift = float(self._room.left[bounding.MASS_UP]) / self._room.total
        bounds = self._room.bounded[position]
        bounds[bounding.LOW] = max(bounds[bounding.LOW], low)
        bounds[bounding.HIGH] = min(bounds[bounding.HIGH], high)
        likely = low + strength * doubt * drift
        bounds[bounding.ESTIMATE] = min(max(likely, bounds[bounding.LOW]), bounds[bounding.HIGH])
        return edges

    def hold(self) -> None:
        """Keep the candidates' bounds: they are true whatever is pushed later."""
        nodes = self._room.candidates[: self.size].astype(np.int64)
        order = np.argsort(nodes)
        bounds = self._room.bounded[order]
        self._hold(nodes[order], bounds[:, bounding.LOW], bounds[:, bounding.HIGH])

    def _hold(self, nodes: Ints, lows: Doubles, highs: Doubles) -> None:
        """With what is held already; `nodes` ascend."""
        if self._held is not None:
            before = self._held
            nodes, places = np.unique(np.concatenate((before[0], nodes)), return_inverse=True)
            least, most = np.zeros(len(nodes)), np.full(len(nodes), np.inf)
            np.maximum.at(least, places, np.concatenate((before[1], lows)))
            np.minimum.at(most, places, np.concatenate((before[2], highs)))
            lows, highs = least, most
        self._held = nodes, lows, highs

    def _narrow(self, nodes: Ints, lows: Doubles, highs: Doubles) -> None:
        candidates = self._room.candidates[: self.size]
        places = np.minimum(np.searchsorted(nodes, candidates), len(nodes) - 1)
        found = np.flatnonzero(nodes[places] == candidates)
        places, bounds = places[found], self._room.bounded[found]
        low = np.maximum(bounds[:, bounding.LOW], lows[places])
        high = np.minimum(bounds[:, bounding.HIGH], highs[places])
        estimates = np.clip(bounds[:, bounding.ESTIMATE], low, high)
        self._room.bounded[found] = np.stack((estimates, low, high), axis=1)

    def nodes(self, chosen: Rows) -> Nodes:
        """Which nodes some candidates are."""
        return self._room.candidates[chosen]

    def best(self, k: int) -> Rows:
        """Positions of the `k` candidates of highest estimate above 0, best first."""
        return np.asarray(choosing.best(self.size, k, self._room.candidates, self._room.bounded))

    def contest(self, chosen: Rows, k: int, tolerance: float) -> tuple[float, float, Rows]:
        """Lowest score inside, highest outside, and who may change sides."""
        lowest, rival, contenders = choosing.contest(
            self.size, k, tolerance, chosen, self._room.bounded
        )
        return float(lowest), float(rival), np.asarray(contenders)

    def divide(self, chosen: Rows) -> tuple[float, float]:
        """The lowest estimate of the chosen candidates, and the highest of the others."""
        estimates = self._room.bounded[: self.size, bounding.ESTIMATE].copy()
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
        allowed = every(among)
        return Found(
            rows=self._room.candidates[chosen].astype(np.int64),
            bounds=self._room.bounded[chosen],
            lowest=lowest,
            rival=rival,
            floor=self.floor,
            # Heavy ones that were listed are candidates, seen or not.
            unseen=-1
            if self.is_listed
            else int(answering.first_unseen(heavy, allowed, self._room.cells, self._room.settled)),
            edges=edges,
            left=self._room.left.copy(),
        )

    def bounds(self, chosen: Rows) -> tuple[Doubles, Doubles, Doubles]:
        """Estimate, low and high of some candidates."""
        found = self._room.bounded[chosen]
        return found[:, bounding.ESTIMATE], found[:, bounding.LOW], found[:, bounding.HIGH]
