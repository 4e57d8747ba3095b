"""What a push has found, estimated and bounded; :mod:`graphmem.kernels.push` has the proofs."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.compiled import (
    DOUBLES,
    GRAPH,
    INTS,
    MASK,
    NODES,
    ROWS,
    TABLE,
    TO_DOUBLES,
    TO_GRID,
    TO_NODES,
    TO_ROWS,
    TO_TABLE,
    WITHIN,
    Nodes,
    compiled,
    several,
)
from graphmem.kernels.prefetch import prefetch
from graphmem.kernels.push import RESIDUAL, SPECK, STRENGTH, descend, forget, remember

ESTIMATE, LOW, HIGH = 0, 1, 2
"""Columns of bounds, shape (n, 3): a candidate's score, estimated and proven."""
STEEP_UP, STEEP_DOWN, MASS_UP, MASS_DOWN, STUCK = 0, 1, 2, 3, 4
"""What is left in all: largest residual by strength, above and below 0, sums of residuals above and
below 0, none negative; and what is settled on nodes without edges."""
N_FOUND, LOWEST, RIVAL, FLOOR, UNSEEN, EDGES, LEFT = 0, 1, 2, 3, 4, 5, 6
"""Columns of what is found of a walk: how many there are, the lowest score that is possible inside
and the highest outside among candidates, the floor that these reach, the place of the first heavy
node that was not touched (-1 for none), the edges followed, and the five of what is left."""
UNKNOWN = 1e300
"""A residual by strength that none exceeds; not infinite, as times a strength of 0 it must be 0."""


@compiled(
    types.int64,
    *(types.int64, types.int64, types.float64, types.float64, types.float64),
    *(TABLE, DOUBLES, NODES, NODES, MASK, TO_DOUBLES, TO_NODES),
)
def survey(
    n_touched: int,
    n_settled: int,
    damping: float,
    floor: float,
    epsilon: float,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
    among: Mask,
    left: Doubles,
    candidates: Nodes,
) -> int:
    """Add up what is `left` in all, shape (5,), and list the nodes that may reach `floor`.

    `epsilon` is what no residual by strength exceeds. `among`, by node, tells which may be
    returned; empty for all. Returns how many candidates there are.
    """
    left[:] = 0.0
    size = 0
    is_some = len(among) > 0
    for at in range(n_settled):
        if at + WITHIN < n_settled:
            prefetch(settled, np.int64(settlers[at + WITHIN]))
            prefetch(cells, 2 * np.int64(settlers[at + WITHIN]))
        node = np.uint64(settlers[at])
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        if strength == 0.0:
            left[STUCK] += settled[node]
        known = settled[node] + (1.0 - damping) * residual
        may = strength >= 0.0 and known + damping * epsilon * strength >= floor
        if may and (not is_some or among[node]):
            candidates[size] = node
            size += 1
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        if strength < 0.0:
            continue
        if strength == 0.0:  # it stays there
            left[STUCK] += (1.0 - damping) * residual
        else:
            left[MASS_UP] += max(residual, 0.0)
            left[MASS_DOWN] += max(-residual, 0.0)
            if residual > left[STEEP_UP] * strength:
                left[STEEP_UP] = residual / strength
            elif -residual > left[STEEP_DOWN] * strength:
                left[STEEP_DOWN] = -residual / strength
        may = (1.0 - damping) * residual + damping * epsilon * strength >= floor
        if may and settled[node] == 0.0 and (not is_some or among[node]):
            candidates[size] = node
            size += 1
    return size


@compiled(
    types.none,
    *(types.int64, types.float64, types.float64, types.float64),
    *(DOUBLES, TABLE, DOUBLES, NODES, TO_TABLE),
)
def bracket(
    size: int,
    damping: float,
    total: float,
    back: float,
    left: Doubles,
    cells: Doubles,
    settled: Doubles,
    candidates: Nodes,
    bounds: Doubles,
) -> None:
    """Estimate and bound the scores of `size` candidates.

    `total` are all strengths of a graph with symmetric weights added up, 0 for another, `back` the
    chance that a walk is back after two steps.
    """
    drift = (left[MASS_UP] - left[MASS_DOWN]) / total if total > 0.0 else 0.0
    for at in range(size):
        node = np.uint64(candidates[at])
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        known = settled[node] + (1.0 - damping) * residual
        up, down = left[MASS_UP], left[MASS_DOWN]
        if total > 0.0:
            up, down = min(up, left[STEEP_UP] * strength), min(down, left[STEEP_DOWN] * strength)
        low, high = max(known - damping * down, 0.0), known + damping * up
        likely = damping * drift * strength
        if strength > 0.0:
            likely += (1.0 - damping) * damping * damping * back * residual
        bounds[at, ESTIMATE] = min(max(known + likely, low), high)
        bounds[at, LOW] = low
        bounds[at, HIGH] = high


@compiled(
    types.int64,
    *GRAPH,
    *(ROWS, types.float64, types.float64, DOUBLES),
    *(TABLE, DOUBLES, NODES, TO_TABLE),
)
def pull(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    chosen: Rows,
    damping: float,
    total: float,
    left: Doubles,
    cells: Doubles,
    settled: Doubles,
    candidates: Nodes,
    bounds: Doubles,
) -> int:
    """Sharpen the bounds of the `chosen` candidates by one step along their own edges.

    For symmetric weights only. Returns the edges followed.
    """
    edges = 0
    is_weighted = len(weights) > 0
    drift = (left[MASS_UP] - left[MASS_DOWN]) / total
    rest = damping * damping
    for position in chosen:
        own = np.uint64(candidates[position])
        strength = cells[own, STRENGTH]
        if strength <= 0.0:
            continue
        first, last = starts[own], ends[own]
        edges += last - first
        gathered, returned = 0.0, 0.0
        for place in range(first, last):
            if place + WITHIN < last:
                prefetch(cells, 2 * np.int64(indices[place + WITHIN]))
            other = np.uint64(indices[place])
            others = cells[other, STRENGTH]
            if others > 0.0:
                weight = weights[place] if is_weighted else 1.0
                gathered += weight * cells[other, RESIDUAL] / others
                returned += weight * weight / others
        back = min(returned / strength, 1.0)
        within = 1.0 - rest * back
        known = (1.0 - damping) * (cells[own, RESIDUAL] + damping * gathered)
        up = min(left[MASS_UP], left[STEEP_UP] * strength * (1.0 - back))
        down = min(left[MASS_DOWN], left[STEEP_DOWN] * strength * (1.0 - back))
        low = max(bounds[position, LOW], settled[own] + (known - rest * down) / within)
        high = min(bounds[position, HIGH], settled[own] + (known + rest * up) / within)
        likely = settled[own] + (known + rest * drift * strength * (1.0 - back)) / within
        bounds[position, ESTIMATE] = min(max(likely, low), high)
        bounds[position, LOW] = low
        bounds[position, HIGH] = high
    return edges


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


@compiled(
    several(TO_ROWS, types.int64, types.float64, types.float64, types.float64, types.int64),
    *GRAPH,
    *(types.float64, types.float64, types.float64),
    *(types.int64, types.int64, types.int64, types.float64, types.float64, types.float64),
    *(types.int64, MASK, TABLE, DOUBLES, NODES, NODES, TO_DOUBLES, TO_NODES, TO_TABLE),
)
def conclude(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    damping: float,
    total: float,
    back: float,
    k: int,
    n_touched: int,
    n_settled: int,
    epsilon: float,
    floor: float,
    band: float,
    most: int,
    among: Mask,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
    left: Doubles,
    candidates: Nodes,
    bounds: Doubles,
) -> tuple[Rows, int, float, float, float, int]:
    """The best `k` as far as the push tells: :func:`survey`, a pull of those near the k-th score.

    These are the ones within the factor `band` of it that have at most `most` edges. Returns the
    positions of the best, how many candidates there are, the lowest score that is possible inside
    and the highest outside among candidates, the floor that these reach, and the edges followed.
    """
    is_symmetric = total > 0.0
    while True:
        size = survey(
            n_touched,
            n_settled,
            damping,
            floor if is_symmetric else -np.inf,
            epsilon,
            cells,
            settled,
            touched,
            settlers,
            among,
            left,
            candidates,
        )
        bracket(size, damping, total, back, left, cells, settled, candidates, bounds)
        chosen = best(size, k, candidates, bounds)
        if floor == 0.0 or (len(chosen) == k and bounds[chosen[k - 1], ESTIMATE] >= floor):
            break
        floor = 0.0
    edges = 0
    if is_symmetric and len(chosen) == k:
        kth = bounds[chosen[k - 1], ESTIMATE]
        near = np.empty(size, np.int32)
        n_near = 0
        for at in range(size):
            node = candidates[at]
            is_near = kth / band <= bounds[at, ESTIMATE] <= kth * band
            if is_near and ends[node] - starts[node] <= most:
                near[n_near] = at
                n_near += 1
        edges = pull(
            starts,
            ends,
            indices,
            weights,
            near[:n_near],
            damping,
            total,
            left,
            cells,
            settled,
            candidates,
            bounds,
        )
        chosen = best(size, k, candidates, bounds)
    lowest, rival = margin(size, k, chosen, bounds)
    return chosen, size, lowest, rival, floor, edges


@compiled(types.int64, INTS, MASK, TABLE, DOUBLES)
def first_unseen(nodes: Ints, among: Mask, cells: Doubles, settled: Doubles) -> int:
    """The place of the first of `nodes` that holds neither residual nor score; -1 for none."""
    for place in range(len(nodes)):
        node = nodes[place]
        is_unseen = cells[node, RESIDUAL] == 0.0 and settled[node] == 0.0
        if is_unseen and (len(among) == 0 or among[node]):
            return place
    return -1


@compiled(
    types.none,
    *GRAPH,
    *(types.float64, types.float64, types.float64, types.int64),
    *(types.float64, types.float64, types.float64, types.float64, types.float64, types.int64),
    *(types.float64, types.int64, MASK, INTS),
    *(INTS, INTS, DOUBLES, DOUBLES),
    *(TO_TABLE, TO_DOUBLES, TO_NODES, TO_NODES, TO_NODES, TO_DOUBLES, TO_NODES, TO_TABLE),
    *(TO_GRID, types.float64[:, :, ::1], TO_TABLE),
)
def answer_many(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    damping: float,
    total: float,
    back: float,
    k: int,
    epsilon: float,
    step: float,
    share: float,
    enough: float,
    least: float,
    max_edges: int,
    band: float,
    patience: int,
    among: Mask,
    heavy: Ints,
    offsets: Ints,
    rows: Ints,
    shares: Doubles,
    nothing: Doubles,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
    queue: Nodes,
    left: Doubles,
    candidates: Nodes,
    bounds: Doubles,
    found_rows: Ints,
    found_bounds: Doubles,
    found: Doubles,
) -> None:
    """Walks one after the other, each from ``rows[offsets[i]:offsets[i + 1]]``, as if alone.

    :func:`graphmem.kernels.push.descend`, then :func:`conclude`. Fills `found_rows`, shape (q, k),
    `found_bounds`, shape (q, k, 3), and `found`, shape (q, 11), by the columns named above.
    """
    for question in range(len(offsets) - 1):
        first, last = offsets[question], offsets[question + 1]
        n_touched, n_settled = remember(
            rows[first:last],
            shares[first:last],
            nothing[first:last],
            cells,
            settled,
            touched,
            settlers,
        )
        n_touched, n_settled, edges, is_done, reached, kth = descend(
            starts,
            ends,
            indices,
            weights,
            damping,
            epsilon,
            step,
            share,
            enough,
            least,
            k,
            max_edges,
            among,
            n_touched,
            n_settled,
            cells,
            settled,
            touched,
            settlers,
            queue,
        )
        chosen, _, lowest, rival, floor, followed = conclude(
            starts,
            ends,
            indices,
            weights,
            damping,
            total,
            back,
            k,
            n_touched,
            n_settled,
            reached if is_done else UNKNOWN,
            kth / band,
            band,
            edges // patience,
            among,
            cells,
            settled,
            touched,
            settlers,
            left,
            candidates,
            bounds,
        )
        for place in range(len(chosen)):
            position = chosen[place]
            found_rows[question, place] = candidates[position]
            for column in range(3):
                found_bounds[question, place, column] = bounds[position, column]
        found[question, N_FOUND] = len(chosen)
        found[question, LOWEST], found[question, RIVAL] = lowest, rival
        found[question, FLOOR] = floor
        found[question, UNSEEN] = first_unseen(heavy, among, cells, settled)
        found[question, EDGES] = edges + followed
        found[question, LEFT : LEFT + 5] = left
        forget(n_touched, n_settled, touched, settlers, cells, settled)
