"""Which candidates are the best, and who may yet change places with them."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Rows
from graphmem.kernels.bounding import ESTIMATE, HIGH, LOW
from graphmem.kernels.compiled import NODES, ROWS, TABLE, TO_ROWS, Nodes, compiled, several
from graphmem.kernels.push import SPECK


@compiled(TO_ROWS, types.int64, types.int64, NODES, TABLE)
def best(size: int, k: int, candidates: Nodes, bounds: Doubles) -> Rows:
    """Positions of the `k` candidates of highest estimate above 0, best first, then by node."""
    heap: list[Any] = [(0.0, 0, 0) for _ in range(0)]  # typed, for the compiler
    for position in range(size):
        value = bounds[position, ESTIMATE]
        if value <= SPECK or (len(heap) == k and value < heap[0][0]):
            continue
        entry = (value, -np.int64(candidates[position]), position)
        if len(heap) < k:
            heapq.heappush(heap, entry)
        elif entry > heap[0]:
            heapq.heapreplace(heap, entry)
    chosen = np.empty(len(heap), np.int32)
    for place in range(len(heap) - 1, -1, -1):
        chosen[place] = heapq.heappop(heap)[2]
    return chosen


@compiled(several(types.float64, types.float64), types.int64, types.int64, ROWS, TABLE)
def margin(size: int, k: int, chosen: Rows, bounds: Doubles) -> tuple[float, float]:
    """The lowest score that is possible for the `chosen` candidates, 0 for fewer than `k`, and the
    highest for the others."""
    is_inside = np.zeros(size, np.bool_)
    lowest = np.inf if len(chosen) == k else 0.0
    for position in chosen:
        is_inside[position] = True
        lowest = min(lowest, bounds[position, LOW])
    rival = 0.0
    for position in range(size):
        if not is_inside[position]:
            rival = max(rival, bounds[position, HIGH])
    return lowest, rival


@compiled(
    several(types.float64, types.float64, TO_ROWS),
    *(types.int64, types.int64, types.float64, ROWS, TABLE),
)
def contest(
    size: int, k: int, tolerance: float, chosen: Rows, bounds: Doubles
) -> tuple[float, float, Rows]:
    """Who may yet change places with the `chosen` candidates.

    Returns the :func:`margin`, and those whose bounds leave it open on which side they are.
    """
    lowest, rival = margin(size, k, chosen, bounds)
    is_inside = np.zeros(size, np.bool_)
    is_inside[chosen] = True
    found = np.empty(size, np.int32)
    n_found = 0
    for position in range(size):
        if is_inside[position]:
            is_open = bounds[position, LOW] < rival - tolerance
        else:
            is_open = bounds[position, HIGH] > lowest + tolerance
        if is_open:
            found[n_found] = position
            n_found += 1
    return lowest, rival, found[:n_found].copy()
