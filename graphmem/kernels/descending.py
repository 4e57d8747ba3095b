"""Pushing to ever lower thresholds, until what is settled tells that it is enough."""

from __future__ import annotations

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask
from graphmem.kernels.compiled import (
    DOUBLES,
    GRAPH,
    MASK,
    NODES,
    TO_DOUBLES,
    TO_NODES,
    TO_TABLE,
    Nodes,
    compiled,
    several,
)
from graphmem.kernels.push import push
from graphmem.kernels.steepest import push_steepest

_NEAR = 1.1
"""A threshold is not lowered by less than this."""


@compiled(types.float64, types.int64, types.int64, DOUBLES, NODES, MASK)
def kth_settled(k: int, n_settled: int, settled: Doubles, settlers: Nodes, among: Mask) -> float:
    """The k-th highest score that is settled, 0 where there are fewer."""
    values = np.empty(n_settled)
    size = 0
    for node in settlers[:n_settled]:
        if len(among) == 0 or among[node]:
            values[size] = settled[node]
            size += 1
    return float(np.partition(values[:size], size - k)[size - k]) if size >= k else 0.0


@compiled(
    several(types.int64, types.int64, types.int64, types.boolean, types.float64, types.float64),
    *GRAPH,
    *(types.float64, types.float64, types.float64),
    *(types.float64, types.float64, types.float64, types.boolean, types.int64, types.int64, MASK),
    *(types.int64, types.int64, TO_TABLE, TO_DOUBLES, TO_NODES, TO_NODES, TO_NODES),
)
def descend(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    damping: float,
    epsilon: float,
    step: float,
    share: float,
    enough: float,
    least: float,
    by_steepness: bool,
    k: int,
    max_edges: int,
    among: Mask,
    n_touched: int,
    n_settled: int,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
    queue: Nodes,
) -> tuple[int, int, int, bool, float, float]:
    """Push to `epsilon` and then on, by `step` at most, to the `share` of the k-th score.

    Large residuals so go first, and within a threshold too if it is pushed `by_steepness`. It is
    never pushed below `enough`, nor on below `least`. Returns what
    :func:`graphmem.kernels.push.push` does, the last threshold, and the k-th score that is settled.
    """
    edges = 0
    while True:
        if by_steepness:
            n_touched, n_settled, followed, is_done = push_steepest(
                starts,
                ends,
                indices,
                weights,
                damping,
                epsilon,
                max_edges - edges,
                n_touched,
                n_settled,
                cells,
                settled,
                touched,
                settlers,
            )
        else:
            n_touched, n_settled, followed, is_done = push(
                starts,
                ends,
                indices,
                weights,
                damping,
                epsilon,
                max_edges - edges,
                n_touched,
                n_settled,
                cells,
                settled,
                touched,
                settlers,
                queue,
            )
        edges += followed
        kth = kth_settled(k, n_settled, settled, settlers, among)
        finest = max(share * kth, enough)
        if not is_done or epsilon <= _NEAR * finest or epsilon < least:
            return n_touched, n_settled, edges, is_done, epsilon, kth
        epsilon = max(epsilon / step, finest)
