"""Ranking by power iteration over the whole graph, many walks at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Unpack

import numpy as np
import scipy.sparse as sp

from graphmem.adapters.rankers.prepared import Prepared
from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Ints, Mask
from graphmem.kernels.certify import ROUNDING, certified, transition
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    CsrGraph,
    Options,
    Ranked,
    Restart,
    check_ranking,
)

_WIDTH = 16
"""Walks in one product of matrices."""


class PowerRanker:
    """Personalised PageRank by ``y <- a P y + (1 - a) s``, stopped by what is left to gain.

    `precision` is the sum of all errors of an uncertain ranking. A certain one goes on until
    errors leave no doubt beyond the tolerance. P is kept for the graph asked last: 12 bytes an
    edge.
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
        **options: Unpack[Options],
    ) -> Ranked:
        """See :meth:`graphmem.ports.ranker.Ranker.rank`."""
        return self.rank_many(graph, [restart], **options)[0]

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
        # What is stuck at nodes without edges scales all scores, and their errors, at the end.
        proof = tolerance / 4 * (1.0 - damping) ** 2
        enough = min(self._precision, proof) if certain else self._precision

        def some(first: int) -> list[Ranked]:
            part = restarts[first : first + _WIDTH]
            y, flow, rounds = _iterate(matrix, part, damping=damping, enough=enough)
            return [
                certified(
                    graph,
                    y[place],
                    flow[place],
                    restart,
                    k=k,
                    damping=damping,
                    tolerance=tolerance,
                    among=among,
                    touched_edges=int(rounds[place]) * graph.n_edges,
                )
                for place, restart in enumerate(part)
            ]

        starts = range(0, len(restarts), _WIDTH)
        if self._threads == 1 or len(starts) < 2:
            return [ranked for first in starts for ranked in some(first)]
        with ThreadPoolExecutor(min(self._threads, len(starts))) as pool:
            return [ranked for part in pool.map(some, starts) for ranked in part]


def _iterate(
    matrix: sp.csr_matrix, restarts: Sequence[Restart], *, damping: float, enough: float
) -> tuple[Doubles, Doubles, Ints]:
    """Scores and ``P y`` of each walk, shape (b, n), and the rounds that each took.

    A walk that has converged is left alone, so that it ends the same in any company.
    """
    n, b = matrix.shape[0], len(restarts)
    scores, flows, rounds = np.empty((b, n)), np.empty((b, n)), np.zeros(b, np.int64)
    going = np.arange(b)
    y = np.column_stack([restart.vector(n) for restart in restarts])
    back = (1.0 - damping) * y
    round_ = 0
    while len(going):
        round_ += 1
        flow = matrix @ y
        following = damping * flow
        following += back
        # The residual is the change over (1 - damping), and its sum bounds that of all errors.
        change = np.abs(following - y).sum(axis=0) / (1.0 - damping)
        done = damping * change <= max(enough, ROUNDING)
        if done.any():
            ended = going[done]
            scores[ended], flows[ended], rounds[ended] = y[:, done].T, flow[:, done].T, round_
            going, following, back = going[~done], following[:, ~done], back[:, ~done]
        y = following
    return scores, flows, rounds
