"""Ranking by local push: cost follows what is touched, and stops when the top k is decided."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from graphmem.adapters.rankers.prepared import Prepared
from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Ints, Mask, top_rows
from graphmem.kernels.local import PushState, Workspace
from graphmem.kernels.push import MASS_DOWN, MASS_UP, STEEP_UP, STUCK
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

_FIRST = 0.02
"""Where thresholds begin: the residual of a node of average strength, times k."""
_LEVEL = 4.0
"""Each threshold is this much lower than the one before, so that large residuals go first."""
_RESOLUTION = 8.0
"""An uncertain ranking stops at this share of the k-th score, for a node of average strength."""
_BAND = 1.1
"""How far from the k-th score, as a factor, an uncertain ranking looks at nodes once more."""
_PATIENCE = 4
"""It looks at no node of more edges than this part of those that were pushed: hubs, which average
over so many neighbours that they are estimated well."""
_EAGER = 2
"""A certain one follows up to so many times as many edges to look at nodes as it pushed before."""
_SURE, _FASTEST, _SLOWEST = 0.8, 1 / 16, 0.7
"""Its threshold falls to this share of what estimates say that is needed, in these steps."""
_BUDGET, _LEAST_BUDGET = 4, 20_000
"""Edges to follow, by those stored and in any case, before a push is no longer local."""
_HEAVIEST = 1024
"""Nodes of which it is known that none without a slot is heavier."""
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
    """

    name = "push"

    def __init__(
        self, *, epsilon: float | None = None, threads: int = 0, exact: Ranker | None = None
    ) -> None:
        if epsilon is not None and not 0.0 < epsilon < np.inf:
            raise InvalidInputError(f"epsilon={epsilon} is not above 0")
        self._epsilon = epsilon
        self._threads = threads or os.cpu_count() or 1
        self._exact = exact
        self._spare: list[Workspace] = []
        self._weighed = Prepared(_Weighed.measure)

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
        asked = _Question(k, damping, tolerance, certain, among)
        return self._answer(graph, restart, asked)

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
        """One walk a thread; the kernels run without the interpreter's lock."""
        check_ranking(graph, restarts, k=k, damping=damping, tolerance=tolerance)
        asked = _Question(k, damping, tolerance, certain, among)
        workers = min(self._threads, len(restarts))
        if workers < 2:
            return [self._answer(graph, restart, asked) for restart in restarts]

        def every(first: int) -> list[Ranked]:
            return [self._answer(graph, restart, asked) for restart in restarts[first::workers]]

        found: list[Ranked | None] = [None] * len(restarts)
        with ThreadPoolExecutor(workers) as pool:
            for first, part in enumerate(pool.map(every, range(workers))):
                found[first::workers] = part
        return [ranked for ranked in found if ranked is not None]

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

    def _answer(self, graph: CsrGraph, restart: Restart, asked: _Question) -> Ranked:
        room = self._borrow(graph.n_nodes)
        try:
            ranked = self._local(graph, PushState.start(restart), asked, room)
        finally:
            self._give_back(room)
        if asked.certain and not ranked.certificate.is_certain and self._exact is not None:
            return self._exact.rank(
                graph,
                restart,
                k=asked.k,
                damping=asked.damping,
                tolerance=asked.tolerance,
                certain=True,
                among=asked.among,
            )
        return ranked

    def _local(
        self, graph: CsrGraph, state: PushState, asked: _Question, room: Workspace
    ) -> Ranked:
        weighed = self._weighed.of(graph)
        room.begin(
            graph, state, damping=asked.damping, total=weighed.total, back=1.0 / weighed.average
        )
        budget = _BUDGET * graph.n_edges + _LEAST_BUDGET
        epsilon = self._epsilon or _FIRST / (asked.k * weighed.average)
        floor = 0.0 if self._epsilon else epsilon * weighed.average
        edges = 0
        while True:
            edges += room.push(epsilon, max_edges=max(budget - edges, 1))
            left = room.survey(floor, asked.among)
            kth = _kth(room, asked.k)
            if kth < floor:
                floor = 0.0
                left = room.survey(floor, asked.among)
                kth = _kth(room, asked.k)
            is_last = edges >= budget or epsilon * weighed.heaviest < _ROUNDING
            finest = self._epsilon or max(kth / _RESOLUTION, asked.tolerance) / weighed.average
            if epsilon > finest and not is_last:
                epsilon, floor = max(epsilon / _LEVEL, finest), kth / _BAND
                continue
            if asked.certain:
                shrink, followed = _decide(room, asked, allowance=_EAGER * edges)
                edges += followed
            else:
                near = room.between(kth / _BAND, kth * _BAND, most=edges // _PATIENCE)
                edges += room.pull(near)
            beyond = max(floor, _beyond(graph, asked, room, left, weighed))
            ranked = _ranked(graph, asked, room, left, beyond=beyond, edges=edges)
            if not asked.certain or ranked.certificate.is_certain or is_last:
                return ranked
            epsilon, floor = epsilon * shrink, kth / _BAND

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
    heaviest: float
    others: float
    """No other row is stronger."""

    @classmethod
    def measure(cls, graph: CsrGraph) -> _Weighed:
        strengths = graph.strengths
        heavy = top_rows(strengths, _HEAVIEST)
        total, n_walked = float(strengths[strengths > 0].sum()), np.count_nonzero(strengths > 0)
        return cls(
            total=total,
            average=total / n_walked if n_walked else 1.0,
            heavy=heavy,
            heaviest=float(strengths[heavy[0]]),
            others=float(strengths[heavy[-1]]) if len(heavy) < len(strengths) else 0.0,
        )


def _kth(room: Workspace, k: int) -> float:
    """The k-th highest estimate, 0 for fewer."""
    chosen = room.best(k)
    return float(room.bounds(chosen[-1:])[0][0]) if len(chosen) == k else 0.0


def _decide(room: Workspace, asked: _Question, *, allowance: int) -> tuple[float, int]:
    """Pull all nodes that may change sides, if that is no more than `allowance`.

    Returns the factor by which the threshold should fall for what is open then to be decided, and
    the edges followed.
    """
    chosen = room.best(asked.k)
    _, _, contenders, cost = room.contest(chosen, asked.k, asked.tolerance)
    pulled = room.pull(contenders) if cost <= allowance else 0
    chosen = room.best(asked.k)
    _, _, contenders, _ = room.contest(chosen, asked.k, asked.tolerance)
    estimates, lows, highs = room.bounds(contenders)
    inside, outside = room.divide(chosen)
    between = (inside + outside) / 2
    is_inside = np.isin(contenders, chosen)
    width = np.where(is_inside, estimates - lows, highs - estimates)
    gap = np.where(is_inside, estimates - between, between - estimates) + asked.tolerance / 2
    if not pulled:
        width *= asked.damping
    needed = float((gap / np.maximum(width, _ROUNDING)).min(initial=_SLOWEST))
    return min(max(_SURE * needed, _FASTEST), _SLOWEST), pulled


def _ranked(
    graph: CsrGraph, asked: _Question, room: Workspace, left: Doubles, *, beyond: float, edges: int
) -> Ranked:
    """The best candidates; `beyond` is the most that any other node scores."""
    chosen = room.best(asked.k)
    lowest, rival, _, _ = room.contest(chosen, asked.k, asked.tolerance)
    rival = max(rival, beyond)
    # What reaches a node without edges restarts, which scales all scores alike.
    scale = 1.0 - asked.damping / (1.0 - asked.damping) * float(left[STUCK])
    spill_up = 0.0 if graph.is_symmetric else asked.damping * float(left[MASS_UP])
    spill_down = 0.0 if graph.is_symmetric else asked.damping * float(left[MASS_DOWN])
    least, most = max(scale - spill_up, _ROUNDING), scale + spill_down
    estimates, lows, highs = room.bounds(chosen)
    scores = estimates / scale
    return Ranked(
        rows=room.rows(chosen),
        scores=scores,
        errors=np.maximum(highs / least - scores, scores - lows / most) + _ROUNDING,
        certificate=Certificate(
            lowest=max(lowest / most - _ROUNDING, 0.0),
            rival=rival / least + _ROUNDING,
            tolerance=asked.tolerance,
        ),
        touched_edges=edges,
    )


def _beyond(
    graph: CsrGraph, asked: _Question, room: Workspace, left: Doubles, weighed: _Weighed
) -> float:
    """The most that a node without slot can score."""
    if not graph.is_symmetric:
        return asked.damping * float(left[MASS_UP])
    unseen = weighed.heavy[~room.has(weighed.heavy)]
    if asked.among is not None:
        unseen = unseen[asked.among[unseen]]
    strength = float(graph.strengths[unseen[0]]) if len(unseen) else weighed.others
    return asked.damping * min(float(left[MASS_UP]), float(left[STEEP_UP]) * strength)
