"""Ranking by local push: cost follows what is touched, and stops when the top k is decided."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from graphmem.adapters.rankers.prepared import Prepared
from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Ints, Mask, Rows, top_rows
from graphmem.kernels.bounding import MASS_DOWN, MASS_UP, STEEP_UP, STUCK
from graphmem.kernels.hubs import WIDTH, HubTable
from graphmem.kernels.local import Found, Levels, PushState, Workspace, plain
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    Certificate,
    CsrGraph,
    Ranked,
    Restart,
    check_ranking,
)
from graphmem.ports.ranker import Ranker

_FIRST = 0.03
"""Where thresholds begin: the residual of a node of average strength, times k."""
_LEVEL = 4.0
"""Each threshold is this much lower than the one before, so that large residuals go first."""
_RESOLUTION = 6.0
"""An uncertain ranking stops at this share of the k-th score, for a node of average strength."""
_BAND = 1.3
"""How far from the k-th score, as a factor, an uncertain ranking looks at nodes once more."""
_PATIENCE = 2
"""It looks at no node of more edges than this part of those that were pushed: hubs, which average
over so many neighbours that they are estimated well."""
_MANY, _SURE, _FASTEST, _SLOWEST = 0.1, 0.8, 1 / 4, 0.6
"""A certain one's threshold falls to what seems to decide this share of what is open, in steps."""
_SPREAD = 3.0
"""It begins where the heaviest node that no table knows is as uncertain as this part of the k-th
score."""
_HUB_ERROR = 5e-7
"""What a table may lack of the chance that a walk ends on a hub."""
_BUDGET, _LEAST_BUDGET = 4, 20_000
"""Edges to follow, by those stored and in any case, before a push is no longer local."""
_HEAVIEST = 1024
"""So many are known, and that no other node is heavier."""
_PASS = 64
"""Walks in one compiled pass; it cannot be interrupted."""
_ROUNDING = 1e-13
"""Covers what float64 loses; added to every error."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of one walk."""

    k: int
    damping: float
    tolerance: float
    certain: bool
    among: Mask | None


class PushRanker:
    """Personalised PageRank by local push and pull; see :mod:`graphmem.kernels.push`.

    Without `epsilon`, thresholds fall until they are fine enough for the k-th score; with it, one
    push goes down to it, a residual by strength. Where a certain answer is wanted, both go on until
    the top k is proven. Where that is no longer local, `exact` answers, if given; else the
    certificate tells.

    The first certain answer of a symmetric graph makes a table of its heaviest `hubs`, 16 at most
    (:mod:`graphmem.kernels.hubs`): some fifteen passes over all edges, and 64 bytes a node. It pays
    after a few answers on large graphs; 0 does without.
    """

    name = "push"

    def __init__(
        self,
        *,
        epsilon: float | None = None,
        threads: int = 0,
        exact: Ranker | None = None,
        hubs: int = WIDTH,
    ) -> None:
        if epsilon is not None and not 0.0 < epsilon < np.inf:
            raise InvalidInputError(f"epsilon={epsilon} is not above 0")
        self._epsilon = epsilon
        self._threads = threads or os.cpu_count() or 1
        self._exact = exact
        self._spare: list[Workspace] = []
        self._weighed = Prepared(_Weighed.measure)
        self._hubs = hubs
        self._tables = Prepared(_no_tables)
        self._making = threading.Lock()

    def rank(
        self,
        graph: CsrGraph,
        restart: Restart,
        *,
        k: int = 100,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        certain: bool = False,
        among: Mask | None = None,
    ) -> Ranked:
        """See :meth:`graphmem.ports.ranker.Ranker.rank`."""
        check_ranking(graph, [restart], k=k, damping=damping, tolerance=tolerance)
        [ranked] = self._answer(graph, [restart], _Question(k, damping, tolerance, certain, among))
        return ranked

    def rank_many(
        self,
        graph: CsrGraph,
        restarts: Sequence[Restart],
        *,
        k: int = 100,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        certain: bool = False,
        among: Mask | None = None,
    ) -> list[Ranked]:
        """As many walks at once as there are threads, and many in one compiled pass."""
        check_ranking(graph, restarts, k=k, damping=damping, tolerance=tolerance)
        asked = _Question(k, damping, tolerance, certain, among)
        size = min(-(-len(restarts) // self._threads), _PASS)
        parts = [restarts[at : at + size] for at in range(0, len(restarts), max(size, 1))]
        if len(parts) < 2:
            return [ranked for part in parts for ranked in self._answer(graph, part, asked)]
        with ThreadPoolExecutor(min(self._threads, len(parts))) as pool:
            answers = pool.map(lambda part: self._answer(graph, part, asked), parts)
            return [ranked for part in answers for ranked in part]

    def advance(
        self,
        graph: CsrGraph,
        state: PushState,
        *,
        k: int = 100,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        certain: bool = False,
        among: Mask | None = None,
    ) -> tuple[Ranked, PushState]:
        """Rank from where an earlier push stopped, perhaps in another graph or from elsewhere.

        `state` is :meth:`PushState.start`, or what this returned, changed by
        :meth:`PushState.restarted` or :meth:`PushState.regraphed`. The `damping` must stay the
        same.
        """
        check_ranking(graph, [state.restart], k=k, damping=damping, tolerance=tolerance)
        asked = _Question(k, damping, tolerance, certain, among)
        room = self._borrow(graph.n_nodes)
        try:
            ranked = self._local(graph, state, asked, room)
            return ranked, room.state(state.restart)
        finally:
            self._give_back(room)

    def _answer(
        self, graph: CsrGraph, restarts: Sequence[Restart], asked: _Question
    ) -> list[Ranked]:
        room = self._borrow(graph.n_nodes)
        try:
            if not asked.certain:
                return self._in_one_pass(graph, restarts, asked, room)
            ranked = []
            for restart in restarts:
                ranked.append(self._local(graph, PushState.start(restart), asked, room))
                room.clear()
        finally:
            self._give_back(room)
        if self._exact is None:
            return ranked
        return [
            self._exact.rank(
                graph,
                restart,
                k=asked.k,
                damping=asked.damping,
                tolerance=asked.tolerance,
                certain=True,
                among=asked.among,
            )
            if not found.certificate.is_certain
            else found
            for restart, found in zip(restarts, ranked, strict=True)
        ]

    def _in_one_pass(
        self, graph: CsrGraph, restarts: Sequence[Restart], asked: _Question, room: Workspace
    ) -> list[Ranked]:
        weighed = self._weighed.of(graph)
        room.take(graph, damping=asked.damping, total=weighed.total, back=1.0 / weighed.average)
        found = room.answer(
            restarts,
            self._levels(asked, weighed),
            k=min(asked.k, graph.n_nodes),
            band=_BAND,
            patience=_PATIENCE,
            among=asked.among,
            max_edges=_budget(graph),
            heavy=weighed.heavy,
        )
        return [_ranked(graph, asked, weighed, one) for one in found]

    def _local(
        self, graph: CsrGraph, state: PushState, asked: _Question, room: Workspace
    ) -> Ranked:
        weighed = self._weighed.of(graph)
        room.take(graph, damping=asked.damping, total=weighed.total, back=1.0 / weighed.average)
        room.begin(state)
        levels, budget = self._levels(asked, weighed), _budget(graph)
        edges, is_done = room.descend(levels, k=asked.k, among=asked.among, max_edges=budget)
        if not asked.certain:
            most = edges // _PATIENCE
            chosen, *margin, followed = room.conclude(
                asked.k, band=_BAND, most=most, among=asked.among
            )
            edges += followed
            found = room.found(chosen, *margin, heavy=weighed.heavy, among=asked.among, edges=edges)
            return _ranked(graph, asked, weighed, found)
        table = self._table(graph, asked.damping, weighed)
        following = _proving(graph, asked, room, weighed, table)
        known = None
        while True:
            if is_done and levels.least <= following < room.epsilon:
                followed, is_done = room.descend(
                    Levels(following),
                    k=asked.k,
                    among=asked.among,
                    max_edges=max(budget - edges, 1),
                )
                edges += followed
            room.conclude(asked.k, band=_BAND, most=0, among=asked.among)
            if known is not None:
                room.hold(known)
            chosen, *margin, shrink, followed = _decide(asked, room, table)
            known, edges = room.known(), edges + followed
            found = room.found(chosen, *margin, heavy=weighed.heavy, among=asked.among, edges=edges)
            ranked = _ranked(graph, asked, weighed, found)
            if ranked.certificate.is_certain or not is_done or room.epsilon <= levels.least:
                return ranked
            following = max(room.epsilon * shrink, levels.least)

    def _levels(self, asked: _Question, weighed: _Weighed) -> Levels:
        least = _ROUNDING / (weighed.heaviest or 1.0)
        if self._epsilon is not None:
            return Levels(self._epsilon, least=least)
        return Levels(
            _FIRST / (asked.k * weighed.average),
            step=_LEVEL,
            share=1.0 / (_RESOLUTION * weighed.average),
            enough=asked.tolerance / weighed.average,
            least=least,
        )

    def _table(self, graph: CsrGraph, damping: float, weighed: _Weighed) -> HubTable | None:
        rows = weighed.heavy[: min(self._hubs, WIDTH)]
        rows = rows[graph.strengths[rows] > 0.0]
        if not graph.is_symmetric or not len(rows):
            return None
        with self._making:
            known = self._tables.of(graph)
            if damping not in known:
                known.clear()
                known[damping] = HubTable.of(
                    rows,
                    plain(graph),
                    np.asarray(graph.strengths),
                    damping=damping,
                    enough=_HUB_ERROR,
                    threads=self._threads,
                )
            return known[damping]

    def _borrow(self, n: int) -> Workspace:
        while self._spare:
            try:
                room = self._spare.pop()
            except IndexError:  # another thread was quicker
                break
            if room.n_nodes >= n:
                return room
        return Workspace(n + n // 8)  # a graph that grows finds room for a while

    def _give_back(self, room: Workspace) -> None:
        room.clear()
        if len(self._spare) < self._threads:
            self._spare.append(room)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What a push needs to know of all strengths; found once per graph."""

    total: float
    average: float
    """Of the nodes with edges; 1 where there is none."""
    heavy: Ints
    """The rows of highest strength, highest first."""
    top: list[float]
    """Their strengths, first of all."""
    heaviest: float
    others: float
    """No other row is stronger."""

    def strength(self, place: int) -> float:
        """Of the heaviest node but so many."""
        return self.top[place] if place < len(self.top) else self.others

    @classmethod
    def measure(cls, graph: CsrGraph) -> _Weighed:
        strengths = graph.strengths
        heavy = top_rows(strengths, _HEAVIEST)
        total, n_walked = float(strengths[strengths > 0].sum()), np.count_nonzero(strengths > 0)
        return cls(
            total=total,
            average=total / n_walked if n_walked else 1.0,
            heavy=heavy,
            top=strengths[heavy[: WIDTH + 1]].tolist(),
            heaviest=float(strengths[heavy[0]]),
            others=float(strengths[heavy[-1]]) if len(heavy) < len(strengths) else 0.0,
        )


def _decide(
    asked: _Question, room: Workspace, table: HubTable | None
) -> tuple[Rows, float, float, float, int]:
    """Pull the nodes that may change sides, if that is likely to decide on which they are.

    Returns the best, the lowest score inside and the highest outside, the factor by which the
    threshold should fall for what is open to be decided, and the edges followed.
    """
    chosen = room.best(asked.k)
    _, _, contenders = room.contest(chosen, asked.k, asked.tolerance)
    if table is not None:
        room.ask_hubs(table, contenders)
        chosen = room.best(asked.k)
        _, _, contenders = room.contest(chosen, asked.k, asked.tolerance)
    gaps, widths = _gaps(room, asked, chosen, contenders)
    hopeful = contenders[asked.damping * widths <= gaps]
    edges = room.pull(hopeful)
    chosen = room.best(asked.k)
    lowest, rival, contenders = room.contest(chosen, asked.k, asked.tolerance)
    gaps, widths = _gaps(room, asked, chosen, contenders)
    widths[~np.isin(contenders, hopeful)] *= asked.damping  # once they are pulled
    needs = gaps / np.maximum(widths, _ROUNDING)
    needed = float(np.quantile(needs, _MANY)) if len(needs) else 1.0
    return chosen, lowest, rival, min(max(_SURE * needed, _FASTEST), _SLOWEST), edges


def _gaps(
    room: Workspace, asked: _Question, chosen: Rows, contenders: Rows
) -> tuple[Doubles, Doubles]:
    """How far contenders seem to be from the border of the best, and how far they could be off."""
    inside, outside = room.divide(chosen)
    border = (inside + outside) / 2
    estimates, lows, highs = room.bounds(contenders)
    is_inside = np.isin(contenders, chosen)
    gaps = np.abs(estimates - border) + asked.tolerance / 2
    return gaps, np.where(is_inside, estimates - lows, highs - estimates)


def _no_tables(_: CsrGraph) -> dict[float, HubTable]:
    return {}


def _ranked(graph: CsrGraph, asked: _Question, weighed: _Weighed, found: Found) -> Ranked:
    """With the bounds and the certificate that follow from what is left."""
    left = found.left
    rival = max(found.rival, found.floor, _beyond(graph, asked, weighed, found))
    # What reaches a node without edges restarts, which scales all scores alike.
    scale = 1.0 - asked.damping / (1.0 - asked.damping) * float(left[STUCK])
    spill_up = 0.0 if graph.is_symmetric else asked.damping * float(left[MASS_UP])
    spill_down = 0.0 if graph.is_symmetric else asked.damping * float(left[MASS_DOWN])
    least, most = max(scale - spill_up, _ROUNDING), scale + spill_down
    estimates, lows, highs = found.bounds.T
    scores = estimates / scale
    return Ranked(
        rows=found.rows,
        scores=scores,
        errors=np.maximum(highs / least - scores, scores - lows / most) + _ROUNDING,
        certificate=Certificate(
            lowest=max(found.lowest / most - _ROUNDING, 0.0) if len(scores) == asked.k else 0.0,
            rival=rival / least + _ROUNDING,
            tolerance=asked.tolerance,
        ),
        touched_edges=found.edges,
    )


def _beyond(graph: CsrGraph, asked: _Question, weighed: _Weighed, found: Found) -> float:
    """The most that a node can score which the push has not touched."""
    up = float(found.left[MASS_UP])
    if not graph.is_symmetric:
        return asked.damping * up
    place = found.unseen
    strength = float(graph.strengths[weighed.heavy[place]]) if place >= 0 else weighed.others
    return asked.damping * min(up, float(found.left[STEEP_UP]) * strength)


def _proving(
    graph: CsrGraph,
    asked: _Question,
    room: Workspace,
    weighed: _Weighed,
    table: HubTable | None,
) -> float:
    """The threshold at which proving begins: infinite where strengths do not tell."""
    unknown = weighed.strength(0 if table is None else len(table.rows))
    if not graph.is_symmetric or not unknown * asked.damping * room.kth > 0.0:
        return np.inf
    return room.kth / (_SPREAD * asked.damping**2 * unknown)


def _budget(graph: CsrGraph) -> int:
    return _BUDGET * graph.n_edges + _LEAST_BUDGET
