"""The ranker that answers fastest, by the graph's size and the share that a walk restarts from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from graphmem.kernels.arrays import Mask
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    CsrGraph,
    Ranked,
    Restart,
    check_ranking,
)
from graphmem.ports.ranker import Ranker

SMALL, LARGE = 20_000, 1_000_000
DENSE = 0.2


class AutoRanker:
    """Asks `power` on graphs of fewer than `small` edges; and on those of fewer than `large` for
    walks that restart from a share `dense` of the nodes or more. Else it asks `push`, which is made
    when first needed, for its compiled kernels take longer to load than a walk.
    ``benchmarks/rankers.py`` measures where they meet.
    """

    name = "auto"

    def __init__(
        self,
        *,
        push: Callable[[], Ranker],
        power: Ranker,
        small: int = SMALL,
        large: int = LARGE,
        dense: float = DENSE,
    ) -> None:
        self._make_push = push
        self._power = power
        self._small, self._large, self._dense = small, large, dense
        self._lock = threading.Lock()
        self._made: Ranker | None = None

    def prepare(self) -> None:
        """Load what a question would wait for; may run in a thread of its own."""
        self._push()

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
        return self._choose(graph, restart).rank(
            graph,
            restart,
            k=k,
            damping=damping,
            tolerance=tolerance,
            certain=certain,
            among=among,
        )

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
        """Each walk by the ranker that suits it."""
        check_ranking(graph, restarts, k=k, damping=damping, tolerance=tolerance)
        found: dict[int, Ranked] = {}
        chosen = [self._choose(graph, restart) for restart in restarts]
        for ranker in {id(one): one for one in chosen}.values():
            places = [place for place, one in enumerate(chosen) if one is ranker]
            ranked = ranker.rank_many(
                graph,
                [restarts[place] for place in places],
                k=k,
                damping=damping,
                tolerance=tolerance,
                certain=certain,
                among=among,
            )
            found.update(zip(places, ranked, strict=True))
        return [found[place] for place in range(len(restarts))]

    def _choose(self, graph: CsrGraph, restart: Restart) -> Ranker:
        if graph.n_edges < self._small:
            return self._power
        is_dense = len(restart.rows) >= self._dense * graph.n_nodes
        return self._power if is_dense and graph.n_edges < self._large else self._push()

    def _push(self) -> Ranker:
        with self._lock:
            if self._made is None:
                self._made = self._make_push()
            return self._made
