"""Which candidates are the best, and who may yet change places with them."""

from __future__ import annotations

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Rows
from graphmem.kernels.bounding import ESTIMATE, HIGH, LOW
from graphmem.kernels.compiled import NODES, ROWS, TABLE, TO_ROWS, Nodes, compiled, several
from graphmem.kernels.push import SPECK


@compiled(types.float64, types.int64, types.int64, TABLE)
def kth_best(size: int, k: int, bounds: Doubles) -> float:
    """The k-th highest estimate of `size` candidates, 0 where fewer than `k` are above 0."""
    values = np.empty(size)
    n_positive = 0
    for position in range(size):
        value = bounds[position, ESTIMATE]
        values[n_positive] = value
        n_positive += int(value > SPECK)
    if n_positive < k:
        return 0.0
    return float(np.partition(values[:n_positive], n_positive - k)[n_positive - k])


@compiled(TO_ROWS, types.int64, types.int64, NODES, TABLE)
def best(size: int, k: int, candidates: Nodes, bounds: Doubles) -> Rows:
    """Positions of the `k` candidates of highest estimate above 0, best first, then by node."""
    least = max(kth_best(size, k, bounds), SPECK)
    found = np.empty(size, np.int32)
    n_found = 0
    for position in range(size):
        found[n_found] = position
        value = bounds[position, ESTIMATE]
        n_found += int(value >= least and value > SPECK)
    values = np.empty(n_found)
    for place in range(n_found):
        values[place] = -bounds[found[place], ESTIMATE]
    order = np.argsort(values)
    chosen = found[order]
    first = 0
    for place in range(1, n_found + 1):
        if place == n_found or values[order[place]] != values[order[first]]:
            if place - first > 1:
                alike = chosen[first:place].copy()
                chosen[first:place] = alike[np.argsort(candidates[alike])]
            first = place
    return chosen[:k].copy()


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
