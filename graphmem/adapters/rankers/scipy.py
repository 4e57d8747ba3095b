"""Ranking by power iteration over the whole graph, many walks at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp

from graphmem.adapters.rankers.prepared import Prepared
from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Mask
from graphmem.kernels.certify import ROUNDING, certified, transition
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    CsrGraph,
    Ranked,
    Restart,
    check_ranking,
)

_WIDTH = 16
"""Walks in one product of matrices."""


class PowerRanker:
    """Personalised PageRank by ``y <- a P y + (1 - a) s``, stopped by what is left to gain.

    `precision` is the sum of all errors of an uncertain ranking. A certain one goes on until no
    error exceeds a quarter of the tolerance. P is kept for the graph asked last, 12 bytes an edge.
    """

    name = "scipy"

    def __init__(self, *, precision: float = 1e-9, threads: int = 0) -> None:
        if not 0.0 < precision < np.inf:
            raise InvalidInputError(f"precision={precision} is not above 0")
        self._precision = precision
        self._threads = threads or os.cpu_count() or 1
        self._transition = Prepared(transition)

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
        return self.rank_many(
            graph,
            [restart],
            k=k,
            damping=damping,
            tolerance=tolerance,
            certain=certain,
            among=among,
        )[0]

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
        """As many walks at once as a product of matrices takes, and one product a thread."""
        check_ranking(graph, restarts, k=k, damping=damping, tolerance=tolerance)
        matrix = self._transition.of(graph)
        enough = min(self._precision, tolerance / 4) if certain else self._precision

        def some(first: int) -> list[Ranked]:
            part = restarts[first : first + _WIDTH]
            y, flow, rounds = _iterate(matrix, part, damping=damping, enough=enough)
            return [
                certified(
                    graph,
                    y[:, column],
                    flow[:, column],
                    restart,
                    k=k,
                    damping=damping,
                    tolerance=tolerance,
                    among=among,
                    touched_edges=int(rounds[column]) * graph.n_edges,
                )
                for column, restart in enumerate(part)
            ]

        starts = range(0, len(restarts), _WIDTH)
        if self._threads == 1 or len(starts) < 2:
            return [ranked for first in starts for ranked in some(first)]
        with ThreadPoolExecutor(min(self._threads, len(starts))) as pool:
            return [ranked for part in pool.map(some, starts) for ranked in part]


def _iterate(
    matrix: sp.csr_matrix, restarts: Sequence[Restart], *, damping: float, enough: float
) -> tuple[Doubles, Doubles, Doubles]:
    """Scores and ``P y`` of each walk, shape (n, b), and the rounds that each took.

    A walk that has converged is left alone, so that it ends the same in any company.
    """
    n = matrix.shape[0]
    s = np.column_stack([restart.vector(n) for restart in restarts])
    y, flow = s.copy(), np.zeros_like(s)
    rounds, going = np.zeros(len(restarts)), np.arange(len(restarts))
    while len(going):
        flow[:, going] = matrix @ y[:, going]
        rounds[going] += 1
        following = damping * flow[:, going] + (1.0 - damping) * s[:, going]
        # The residual is the change over (1 - damping), and its sum bounds that of all errors.
        change = np.abs(following - y[:, going]).sum(axis=0) / (1.0 - damping)
        more = damping * change > max(enough, ROUNDING)
        y[:, going[more]] = following[:, more]
        going = going[more]
    return y, flow, rounds
