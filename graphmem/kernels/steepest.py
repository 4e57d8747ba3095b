"""Local push that takes the steepest residual next, by a heap: see :mod:`graphmem.kernels.push`.

What is steep is told to a factor of two. A node is in the heap once for each such level that it has
come to; what is left of it after it was pushed is passed over.

References
----------
Berkhin (2006), *Bookmark-coloring algorithm for personalized PageRank computing* (largest first).
"""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints
from graphmem.kernels.compiled import (
    GRAPH,
    TO_DOUBLES,
    TO_NODES,
    TO_TABLE,
    WITHIN,
    Nodes,
    compiled,
    several,
)
from graphmem.kernels.prefetch import prefetch
from graphmem.kernels.push import RESIDUAL, SPECK, STRENGTH, settle


@compiled(types.int64, types.float64, types.float64)
def _level(residual: float, bar: float) -> int:
    """How often a residual can be halved and still exceed `bar`, from 1 on; 0 if it does not."""
    steepness = abs(residual) / bar
    return math.frexp(steepness)[1] if steepness > 1.0 else 0


@compiled(
    several(types.int64, types.int64, types.int64, types.boolean),
    *GRAPH,
    *(types.float64, types.float64, types.int64),
    *(types.int64, types.int64, TO_TABLE, TO_DOUBLES, TO_NODES, TO_NODES),
)
def push_steepest(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    damping: float,
    epsilon: float,
    max_edges: int,
    n_touched: int,
    n_settled: int,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
) -> tuple[int, int, int, bool]:
    """What :func:`graphmem.kernels.push.push` does, in another order; equals by node come in order
    of their arrival."""
    heap: list[Any] = [(0, 0, 0) for _ in range(0)]  # typed, for the compiler
    arrived, edges = 0, 0
    is_weighted = len(weights) > 0
    for at in range(n_touched):
        node = np.int64(touched[at])
        strength = cells[node, STRENGTH]
        if strength > 0.0:
            level = _level(cells[node, RESIDUAL], epsilon * strength)
            if level > 0:
                heapq.heappush(heap, (-level, arrived, node))
                arrived += 1
    while len(heap) > 0 and edges < max_edges:
        source = heapq.heappop(heap)[2]
        mass, strength = cells[source, RESIDUAL], cells[source, STRENGTH]
        if abs(mass) <= epsilon * strength:
            continue
        cells[source, RESIDUAL] = SPECK
        n_settled = settle(np.uint64(source), (1.0 - damping) * mass, n_settled, settled, settlers)
        share = damping * mass / strength
        first, last = starts[source], ends[source]
        edges += last - first
        for place in range(first, last):
            if place + WITHIN < last:
                prefetch(cells, 2 * np.int64(indices[place + WITHIN]))
            target = np.int64(indices[place])
            before, strength = cells[target, RESIDUAL], cells[target, STRENGTH]
            if before == 0.0:
                touched[n_touched] = target
                n_touched += 1
            residual = before + (share * weights[place] if is_weighted else share)
            cells[target, RESIDUAL] = residual if residual != 0.0 else SPECK
            if strength > 0.0 and abs(residual) > epsilon * strength:
                level = _level(residual, epsilon * strength)
                if level > _level(before, epsilon * strength):
                    heapq.heappush(heap, (-level, arrived, target))
                    arrived += 1
    return n_touched, n_settled, edges, len(heap) == 0
