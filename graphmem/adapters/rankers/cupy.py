"""Ranking many walks at once on a GPU: power iteration, sparse matrix times a block of vectors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Unpack

import numpy as np

from graphmem.adapters.rankers.arrays import Device, cupy_device
from graphmem.errors import ConfigurationError
from graphmem.kernels.arrays import Doubles, Ints, Mask, top_rows
from graphmem.kernels.ranking import (
    DAMPING,
    TOLERANCE,
    Certificate,
    CsrGraph,
    Options,
    Ranked,
    Restart,
    check_ranking,
)
from graphmem.ports.ranker import Ranker

_log = logging.getLogger(__name__)
_ERROR: Final = 1e-9
"""Iteration stops when no score is further than this from its limit."""
_ROUNDING: Final = 1e-13
_SHARE: Final = 0.9
"""How much of the free memory is planned for."""
_BLOCKS: Final = 5
"""Blocks of vectors, and of what is computed from them, that exist at once."""
_HALVINGS: Final = 60
_MOST_STEPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A graph on the device: where a walk goes, transposed, and the nodes that it cannot leave."""

    graph: CsrGraph
    matrix: Any
    stuck: Any


class CupyRanker:
    """Personalised PageRank on a GPU, as many walks at once as its memory holds.

    Without a GPU, or where a graph does not fit it, `fallback` answers and a warning is logged. The
    last graph stays on the device. Not for two threads at once.
    """

    name = "cupy"

    def __init__(
        self, *, fallback: Ranker, device: Callable[[], Device] = cupy_device, batch: int = 512
    ) -> None:
        """`batch` is the most walks at once, whatever memory there is."""
        self._fallback = fallback
        self._find_device = device
        self._batch = batch
        self._device: Device | None = None
        self._loaded: _Loaded | None = None

    def rank(
        self,
        graph: CsrGraph,
        restart: Restart,
        **options: Unpack[Options],
    ) -> Ranked:
        """See :meth:`graphmem.ports.ranker.Ranker.rank`; scores are exact in any case."""
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
        """Blocks of walks, as many at once as fit the memory that is free now."""
        check_ranking(graph, restarts, k=k, damping=damping, tolerance=tolerance)
        try:
            device = self._device = self._device or self._find_device()
        except ConfigurationError as reason:
            _log.warning("Ranking by %s instead: %s", self._fallback.name, reason)
        else:
            try:
                loaded, width = self._load(device, graph)
                return [
                    ranked
                    for at in range(0, len(restarts), width)
                    for ranked in _rank_block(
                        device,
                        loaded,
                        restarts[at : at + width],
                        k=k,
                        damping=damping,
                        tolerance=tolerance,
                        among=among,
                    )
                ]
            except (_NoRoomError, device.out_of_memory) as reason:
                _log.warning("Ranking by %s instead: %s", self._fallback.name, reason)
                self._forget()
        return self._fallback.rank_many(
            graph,
            restarts,
            k=k,
            damping=damping,
            tolerance=tolerance,
            certain=certain,
            among=among,
        )

    def _load(self, device: Device, graph: CsrGraph) -> tuple[_Loaded, int]:
        """The graph on the device, and how many walks fit beside it."""
        loaded = self._loaded
        if loaded is None or loaded.graph is not graph:
            self._forget()
            loaded = None
        needed = 0 if loaded else _matrix_bytes(graph)
        if graph.n_edges >= 2**31:
            raise _NoRoomError(f"{graph.n_edges:,} edges are more than 32-bit offsets reach")
        room = int(_SHARE * device.free_bytes()) - needed
        width = min(room // max(_BLOCKS * 8 * graph.n_nodes, 1), self._batch)
        if width < 1:
            wanted = needed + _BLOCKS * 8 * graph.n_nodes
            raise _NoRoomError(
                f"{graph.n_nodes:,} nodes and {graph.n_edges:,} edges need {wanted / 1e6:,.0f} MB"
                f" on {device.name}, {device.free_bytes() / 1e6:,.0f} MB are free"
            )
        if loaded is None:
            loaded = self._loaded = _upload(device, graph)
        return loaded, width

    def _forget(self) -> None:
        self._loaded = None
        if self._device is not None:
            self._device.released()


class _NoRoomError(Exception):
    """A graph and one walk on it do not fit the device."""


def _matrix_bytes(graph: CsrGraph) -> int:
    """Weights in float64, columns in int32, and what the conversion holds beside them."""
    return 12 * graph.n_edges + 16 * (graph.n_nodes + 1)


def _upload(device: Device, graph: CsrGraph) -> _Loaded:
    """Column-stochastic: entry (i, j) is the probability of a step from j to i."""
    matrix = graph.matrix()
    strengths = np.maximum(graph.strengths, 0.0)
    inverse = np.divide(1.0, strengths, out=np.zeros_like(strengths), where=strengths > 0)
    if not graph.is_symmetric:
        matrix = matrix.T.tocsr()
    # A step from j is scaled by what j's edges weigh: in place, entry by entry of column j.
    matrix.data *= inverse[matrix.indices]
    array = device.arrays.asarray
    return _Loaded(
        graph=graph,
        matrix=device.csr_matrix(
            (
                array(matrix.data),
                array(matrix.indices.astype(np.int32, copy=False)),
                array(matrix.indptr.astype(np.int32, copy=False)),
            ),
            shape=matrix.shape,
        ),
        stuck=array(np.flatnonzero(strengths == 0)),
    )


def _rank_block(
    device: Device,
    loaded: _Loaded,
    restarts: Sequence[Restart],
    *,
    k: int,
    damping: float,
    tolerance: float,
    among: Mask | None,
) -> list[Ranked]:
    scores, change, steps = _iterate(device, loaded, restarts, damping)
    if among is not None:
        scores *= device.arrays.asarray(among)[:, None]
    bounds = change * damping / (1.0 - damping) + _ROUNDING
    return [
        _ranked(rows, values, k, float(bound), tolerance, steps * loaded.graph.n_edges)
        for (rows, values), bound in zip(_best(device, scores, k + 1), bounds, strict=True)
    ]


def _iterate(
    device: Device, loaded: _Loaded, restarts: Sequence[Restart], damping: float
) -> tuple[Any, Doubles, int]:
    """Scores, shape (n, walks), the last change of each walk in L1, and steps taken.

    The error in L1 is at most ``change * damping / (1 - damping)``: a step shrinks it by `damping`.
    """
    xp, n = device.arrays, loaded.graph.n_nodes
    rows = xp.asarray(np.concatenate([restart.rows for restart in restarts]))
    columns = xp.asarray(np.repeat(np.arange(len(restarts)), [len(r.rows) for r in restarts]))
    weights = xp.asarray(np.concatenate([restart.weights for restart in restarts]))
    scores = xp.zeros((n, len(restarts)), order=device.order)
    scores[rows, columns] = weights
    steps = 0
    while True:
        steps += 1
        back = 1.0 - damping + damping * scores[loaded.stuck].sum(axis=0)
        following = loaded.matrix @ scores
        following *= damping
        following[rows, columns] += weights * back[columns]
        scores -= following
        xp.abs(scores, out=scores)
        change = device.to_host(scores.sum(axis=0))
        scores = following
        if change.max() * damping <= _ERROR * (1.0 - damping) or steps == _MOST_STEPS:
            return scores, change, steps


def _best(device: Device, scores: Any, k: int) -> list[tuple[Ints, Doubles]]:
    """For each column, rows that hold its `k` highest scores above 0, and perhaps a few more.

    Halves the range of scores until a threshold leaves few enough: passes over the block in place
    of sorting each column.
    """
    xp = device.arrays
    low = xp.zeros(scores.shape[1])
    high = scores.max(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = (scores >= middle).sum(axis=0) >= k
        low = xp.where(enough, middle, low)
        high = xp.where(enough, high, middle)
        if bool(((scores >= low) & (scores > 0)).sum(axis=0).max() <= 4 * k + 1000):
            break
    rows, columns = xp.nonzero((scores >= low) & (scores > 0))
    values = device.to_host(scores[rows, columns])
    rows, columns = device.to_host(rows), device.to_host(columns)
    order = np.lexsort((rows, columns))
    ends = np.cumsum(np.bincount(columns, minlength=scores.shape[1]))[:-1]
    parts = zip(np.split(rows[order], ends), np.split(values[order], ends), strict=True)
    return [(np.asarray(r, np.int64), np.asarray(v, np.float64)) for r, v in parts]


def _ranked(
    rows: Ints, scores: Doubles, k: int, bound: float, tolerance: float, touched: int
) -> Ranked:
    order = top_rows(scores, k + 1)
    best = order[:k]
    lowest = max(float(scores[best[-1]]) - bound, 0.0) if len(best) == k else 0.0
    rival = float(scores[order[k]]) if len(order) > k else 0.0
    return Ranked(
        rows=rows[best],
        scores=scores[best],
        errors=np.full(len(best), bound),
        certificate=Certificate(lowest=lowest, rival=rival + bound, tolerance=tolerance),
        touched_edges=touched,
    )
