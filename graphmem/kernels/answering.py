"""A walk's answer: pushed, bounded, and looked at once more near the k-th score."""

from __future__ import annotations

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.bounding import ESTIMATE, UNKNOWN, bracket, pull, survey
from graphmem.kernels.choosing import best, kth_best, margin
from graphmem.kernels.compiled import (
    DOUBLES,
    GRAPH,
    INTS,
    MASK,
    NODES,
    TABLE,
    TO_DOUBLES,
    TO_GRID,
    TO_NODES,
    TO_ROWS,
    TO_TABLE,
    Nodes,
    compiled,
    several,
)
from graphmem.kernels.descending import descend
from graphmem.kernels.marking import marked
from graphmem.kernels.push import RESIDUAL, forget, remember

CREDIT = 0.1
"""Who is not settled is a candidate for an uncertain answer if it is one with this part of its
doubt: hubs could be far off, and never are."""
N_FOUND, LOWEST, RIVAL, FLOOR, UNSEEN, EDGES, LEFT = 0, 1, 2, 3, 4, 5, 6
"""Columns of what is found of a walk: how many there are, the lowest score that is possible inside
and the highest outside among candidates, the floor that these reach, the place of the first heavy
node that was not touched (-1 for none), the edges followed, and the five of what is left."""


@compiled(
    several(TO_ROWS, types.int64, types.float64, types.float64, types.float64, types.int64),
    *GRAPH,
    *(types.float64, types.float64, types.float64),
    *(types.int64, types.int64, types.int64, types.float64, types.float64, types.float64),
    *(
        types.float64,
        types.int64,
        MASK,
        TABLE,
        DOUBLES,
        NODES,
        NODES,
        TO_DOUBLES,
        TO_NODES,
        TO_TABLE,
    ),
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
    credit: float,
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
    and the highest outside, the floor that these reach, and the edges followed. `credit` is
    :func:`survey`'s.
    """
    is_symmetric = total > 0.0
    while True:
        size, passed = survey(
            n_touched,
            n_settled,
            damping,
            floor if is_symmetric else -np.inf,
            epsilon,
            credit,
            cells,
            settled,
            touched,
            settlers,
            among,
            left,
            candidates,
        )
        bracket(size, damping, total, back, left, cells, settled, candidates, bounds)
        kth = kth_best(size, k, bounds)
        if floor == 0.0 or kth >= floor:
            break
        floor = 0.0
    edges = 0
    if is_symmetric and kth > 0.0:
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
            marked(len(starts), n_touched, touched),
            damping,
            total,
            back,
            left,
            cells,
            settled,
            candidates,
            bounds,
        )
    chosen = best(size, k, candidates, bounds)
    lowest, rival = margin(size, k, chosen, bounds)
    return chosen, size, lowest, max(rival, passed), floor, edges


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
    *(types.float64, types.float64, types.float64, types.float64, types.float64),
    *(types.boolean, types.int64, types.float64, types.int64, MASK, INTS),
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
    by_steepness: bool,
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

    :func:`graphmem.kernels.descending.descend`, then :func:`conclude`. Fills `found_rows`, shape
    (q, k), `found_bounds`, shape (q, k, 3), and `found`, shape (q, 11), by the columns named above.
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
            by_steepness,
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
            CREDIT,
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
