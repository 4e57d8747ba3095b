"""The ranker that answers fastest, by the graph's size and the share that a walk restarts from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Unpack

from graphmem.kernels.ranking import CsrGraph, Options, Ranked, Restart
from graphmem.ports.ranker import Ranker

SMALL, LARGE = 20_000, 1_000_000
DENSE = 0.6


class AutoRanker:
    """Asks `power` on graphs of fewer than `small` edges, where loading `push` and its compiled
    kernels takes longer than a hundred walks; and on those of `large` or more for walks that
    restart from a share `dense` of the nodes or more, which touch all edges again and again. Else
    it asks `push`, made when first needed. ``benchmarks/rankers.py`` measures where they meet.
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

    def rank(
        self,
        graph: CsrGraph,
        restart: Restart,
        **options: Unpack[Options],
    ) -> Ranked:
        """See :meth:`graphmem.ports.ranker.Ranker.rank`."""
        return self._choose(graph, restart).rank(graph, restart, **options)

    def rank_many(
        self,
        graph: CsrGraph,
        restarts: Sequence[Restart],
        **options: Unpack[Options],
    ) -> list[Ranked]:
        """Each walk by the ranker that suits it."""
        found: dict[int, Ranked] = {}
        chosen = [self._choose(graph, restart) for restart in restarts]
        for ranker in {id(one): one for one in chosen}.values():
            places = [place for place, one in enumerate(chosen) if one is ranker]
            ranked = ranker.rank_many(graph, [restarts[place] for place in places], **options)
            found.update(zip(places, ranked, strict=True))
        return [found[place] for place in range(len(restarts))]

    def _choose(self, graph: CsrGraph, restart: Restart) -> Ranker:
        if graph.n_edges < self._small:
            return self._power
        is_dense = len(restart.rows) >= self._dense * graph.n_nodes
        return self._power if is_dense and graph.n_edges >= self._large else self._push()

    def _push(self) -> Ranker:
        with self._lock:
            if self._made is None:
                self._made = self._make_push()
            return self._made
