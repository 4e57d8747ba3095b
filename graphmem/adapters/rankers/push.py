"""Ranking by local push: cost follows what is touched, and stops when the top k is decided."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from graphmem.adapters.rankers.prepared import Prepared
from graphmem.adapters.rankers.proving import BAND, prove
from graphmem.adapters.rankers.walks import ROUNDING, Question, Weighed, ranked
from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Mask
from graphmem.kernels.candidates import Candidates
from graphmem.kernels.hubs import WIDTH, HubTable
from graphmem.kernels.local import Levels, Workspace, plain
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    CsrGraph,
    Ranked,
    Restart,
    check_ranking,
)
from graphmem.kernels.resuming import PushState
from graphmem.ports.ranker import Ranker

_FIRST = 0.1
"""Where thresholds begin: the residual of a node of average strength, times k, and as many times
finer as the last of them is than the k-th score."""
_LEVEL = 4.0
"""Each threshold is this much lower than the one before, so that large residuals go first."""
_RESOLUTION, _COARSEST = 9.0, 1.5
"""An uncertain ranking stops at a share of the k-th score, for a node of average strength: the
first number by the root of the edges of a node, as what is not followed averages out over so many,
the second at least."""
_PROVING = 4.0
"""What takes the place of that where a push goes on until the top k is proven."""
_PATIENCE = 4
"""It looks at no node of more edges than this part of those that were pushed: hubs, which average
over so many neighbours that they are estimated well."""
_HUB_ERROR = 5e-7
"""What a table may lack of the chance that a walk ends on a hub."""
_BUDGET, _LEAST_BUDGET = 4, 20_000
"""Edges to follow, by those stored and in any case, before a push is no longer local."""
Order = Literal["arrival", "steepness"]
"""Which of the nodes that are to be pushed is the next."""
_PASS = 64
"""Walks in one compiled pass; it cannot be interrupted."""


class PushRanker:
    """Personalised PageRank by local push and pull; see :mod:`graphmem.kernels.push`.

    Without `epsilon`, thresholds fall until they are fine enough for the k-th score; with it, one
    push goes down to it, a residual by strength. Where a certain answer is wanted, both go on until
    the top k is proven. Where that is no longer local, `exact` answers, if given; else the
    certificate tells.

    The first certain answer of a symmetric graph makes a table of its heaviest `hubs`, 32 at most
    (:mod:`graphmem.kernels.hubs`): some thirty passes over all edges, and 64 bytes a node. It pays
    after a few answers on large graphs; 0 does without.

    Nodes are pushed in `order` of their arrival, or steepest first, by a heap: that follows hardly
    fewer edges and is slower (``graphmem bench rank`` measures both).
    """

    name = "push"

    def __init__(
        self,
        *,
        epsilon: float | None = None,
        threads: int = 0,
        exact: Ranker | None = None,
        hubs: int = WIDTH,
        order: Order = "arrival",
    ) -> None:
        if epsilon is not None and not 0.0 < epsilon < np.inf:
            raise InvalidInputError(f"epsilon={epsilon} is not above 0")
        self._epsilon = epsilon
        self._threads = threads or os.cpu_count() or 1
        self._exact = exact
        self._spare: list[Workspace] = []
        self._weighed = Prepared(Weighed.measure)
        self._hubs = hubs
        self._by_steepness = order == "steepness"
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
        [ranked] = self._answer(graph, [restart], Question(k, damping, tolerance, certain, among))
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
        asked = Question(k, damping, tolerance, certain, among)
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
        asked = Question(k, damping, tolerance, certain, among)
        room = self._borrow(graph.n_nodes)
        try:
            ranked = self._local(graph, state, asked, room)
            return ranked, room.state(state.restart)
        finally:
            self._give_back(room)

    def _answer(
        self, graph: CsrGraph, restarts: Sequence[Restart], asked: Question
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
        self, graph: CsrGraph, restarts: Sequence[Restart], asked: Question, room: Workspace
    ) -> list[Ranked]:
        weighed = self._weighed.of(graph)
        room.take(graph, damping=asked.damping, total=weighed.total, back=1.0 / weighed.average)
        found = room.answer(
            restarts,
            self._levels(asked, weighed),
            k=min(asked.k, graph.n_nodes),
            band=BAND,
            patience=_PATIENCE,
            among=asked.among,
            max_edges=_budget(graph),
            heavy=weighed.heavy,
        )
        return [ranked(graph, asked, weighed, one) for one in found]

    def _local(self, graph: CsrGraph, state: PushState, asked: Question, room: Workspace) -> Ranked:
        weighed = self._weighed.of(graph)
        room.take(graph, damping=asked.damping, total=weighed.total, back=1.0 / weighed.average)
        room.begin(state)
        levels, budget = self._levels(asked, weighed), _budget(graph)
        edges = room.descend(levels, k=asked.k, among=asked.among, max_edges=budget)
        if not asked.certain:
            most = edges // _PATIENCE
            candidates = Candidates(room)
            chosen, *margin, followed = candidates.conclude(
                asked.k, band=BAND, most=most, among=asked.among
            )
            edges += followed
            found = candidates.found(
                chosen, *margin, heavy=weighed.heavy, among=asked.among, edges=edges
            )
            return ranked(graph, asked, weighed, found)
        table = self._table(graph, asked.damping, weighed)
        mirror = self._borrow(graph.n_nodes)
        try:
            mirror.take(graph, damping=asked.damping, total=weighed.total, back=0.0)
            return prove(
                graph,
                asked,
                room,
                mirror,
                weighed,
                table,
                edges=edges,
                levels=levels,
                budget=budget,
            )
        finally:
            self._give_back(mirror)

    def _levels(self, asked: Question, weighed: Weighed) -> Levels:
        least = ROUNDING / (weighed.heaviest or 1.0)
        if self._epsilon is not None:
            return Levels(self._epsilon, least=least, by_steepness=self._by_steepness)
        resolution = max(_RESOLUTION / math.sqrt(weighed.degree), _COARSEST)
        fine = (_PROVING if asked.certain else resolution) * weighed.average
        return Levels(
            _FIRST / (asked.k * fine),
            step=_LEVEL,
            share=1.0 / fine,
            enough=asked.tolerance / weighed.average,
            least=least,
            by_steepness=self._by_steepness,
        )

    def _table(self, graph: CsrGraph, damping: float, weighed: Weighed) -> HubTable | None:
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
        if len(self._spare) < 2 * self._threads:
            self._spare.append(room)


def _no_tables(_: CsrGraph) -> dict[float, HubTable]:
    return {}


def _budget(graph: CsrGraph) -> int:
    return _BUDGET * graph.n_edges + _LEAST_BUDGET
