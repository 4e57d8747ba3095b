"""What a push has found, estimated and bounded; :mod:`graphmem.kernels.push` has the proofs."""

from __future__ import annotations

import numpy as np
from numba import types

from graphmem.kernels.arrays import Bytes, Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.compiled import (
    DOUBLES,
    FLOATS,
    GRAPH,
    INTS,
    MASK,
    NODES,
    ROWS,
    TABLE,
    TO_DOUBLES,
    TO_NODES,
    TO_TABLE,
    WITHIN,
    Nodes,
    compiled,
    several,
)
from graphmem.kernels.marking import BYTES, may_be
from graphmem.kernels.prefetch import prefetch
from graphmem.kernels.push import RESIDUAL, STRENGTH

ESTIMATE, LOW, HIGH = 0, 1, 2
"""Columns of bounds, shape (n, 3): a candidate's score, estimated and proven."""
STEEP_UP, STEEP_DOWN, MASS_UP, MASS_DOWN, STUCK = 0, 1, 2, 3, 4
"""What is left in all: largest residual by strength, above and below 0, sums of residuals above and
below 0, none negative; and what is settled on nodes without edges."""
_AHEAD, _HEAD = 96, 64
"""Edges of coming nodes that are looked up before they are pulled, and so many of one at most; the
rest is looked up while they are pulled."""
_PART = 256
"""Edges of which the marked ones are found in one go."""
_ROW_AHEAD, _NODE_AHEAD = 8, 16
"""How many nodes before that their rows are fetched, and where these begin."""
UNKNOWN = 1e300
"""A residual by strength that none exceeds; not infinite, as times a strength of 0 it must be 0."""


@compiled(
    several(types.int64, types.float64),
    *(types.int64, types.float64, types.float64, types.float64),
    *(TABLE, DOUBLES, NODES, MASK, TO_NODES),
)
def list_settled(
    n_settled: int,
    damping: float,
    floor: float,
    epsilon: float,
    cells: Doubles,
    settled: Doubles,
    settlers: Nodes,
    among: Mask,
    candidates: Nodes,
) -> tuple[int, float]:
    """List the settled nodes that may reach `floor`; how many, and what is settled without edges.

    `epsilon` is what no residual by strength exceeds. `among`, by node, tells which may be
    returned; empty for all.
    """
    size, stuck = 0, 0.0
    is_some = len(among) > 0
    for at in range(n_settled):
        if at + WITHIN < n_settled:
            prefetch(settled, np.int64(settlers[at + WITHIN]))
            prefetch(cells, 2 * np.int64(settlers[at + WITHIN]))
        node = np.uint64(settlers[at])
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        if strength == 0.0:
            stuck += settled[node]
        known = settled[node] + (1.0 - damping) * residual
        may = strength >= 0.0 and known + damping * epsilon * strength >= floor
        if may and (not is_some or among[node]):
            candidates[size] = node
            size += 1
    return size, stuck


@compiled(types.int64, types.int64, types.int64, DOUBLES, TO_NODES)
def drop_settled(first: int, last: int, settled: Doubles, candidates: Nodes) -> int:
    """Of the candidates ``first:last``, keep those that hold no score; where they end.

    Few are asked, apart from what lists them, so that scores are looked up ahead.
    """
    size = first
    for at in range(first, last):
        if at + WITHIN < last:
            prefetch(settled, np.int64(candidates[at + WITHIN]))
        node = np.uint64(candidates[at])
        candidates[size] = node
        size += int(settled[node] == 0.0)
    return size


@compiled(
    several(types.int64, types.float64),
    *(types.int64, types.int64, types.float64, types.float64, types.float64, types.float64),
    *(TABLE, DOUBLES, NODES, NODES, MASK, TO_DOUBLES, TO_NODES),
)
def survey(
    n_touched: int,
    n_settled: int,
    damping: float,
    floor: float,
    epsilon: float,
    credit: float,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
    among: Mask,
    left: Doubles,
    candidates: Nodes,
) -> tuple[int, float]:
    """Add up what is `left` in all, shape (5,), and list the nodes that may reach `floor`.

    As :func:`list_settled`; of nodes that hold no score yet, those are listed that reach the floor
    by `credit`, this part of their doubt. Returns how many candidates there are, and what the
    others may score.
    """
    passed = 0.0
    n_before, stuck = list_settled(
        n_settled, damping, floor, epsilon, cells, settled, settlers, among, candidates
    )
    size = np.uint64(n_before)
    is_some = len(among) > 0
    # In variables of their own, which registers hold.
    steep_up, steep_down, mass_up, mass_down = 0.0, 0.0, 0.0, 0.0
    of_known, of_doubt = 1.0 - damping, damping * epsilon
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        if strength <= 0.0 or residual < 0.0:  # few are
            if strength < 0.0:
                continue
            if strength == 0.0:  # it stays there
                stuck += (1.0 - damping) * residual
            else:
                mass_down -= min(residual, 0.0)
                if -residual > steep_down * strength:
                    steep_down = -residual / strength
        else:
            mass_up += residual
            if residual > steep_up * strength:
                steep_up = residual / strength
        # Without branches: which way one goes could not be foreseen.
        known, doubt = of_known * residual, of_doubt * strength
        is_allowed = not is_some or among[node]
        is_candidate = is_allowed & (known + credit * doubt >= floor)
        candidates[size] = node
        size += np.uint64(is_candidate)
        passed = max(passed, known + doubt if is_allowed & (not is_candidate) else 0.0)
    left[STEEP_UP], left[STEEP_DOWN] = steep_up, steep_down
    left[MASS_UP], left[MASS_DOWN], left[STUCK] = mass_up, mass_down, stuck
    return drop_settled(n_before, int(size), settled, candidates), passed


@compiled(
    types.int64,
    *(types.int64, types.float64, types.float64, types.float64),
    *(TABLE, DOUBLES, NODES, INTS, MASK, TO_NODES),
)
def skim(
    n_settled: int,
    damping: float,
    floor: float,
    epsilon: float,
    cells: Doubles,
    settled: Doubles,
    settlers: Nodes,
    heavy: Ints,
    among: Mask,
    candidates: Nodes,
) -> int:
    """List the nodes that may reach `floor`, of those that are settled and the `heavy` ones.

    Any other node has at most a residual of `epsilon` times its strength, and so no score above
    that. For a push that came to its end, without residuals below 0. Returns how many candidates
    there are.
    """
    n_before, _ = list_settled(
        n_settled, damping, floor, epsilon, cells, settled, settlers, among, candidates
    )
    size = n_before
    for heavier in heavy:
        node = np.uint64(heavier)
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        may = strength > 0.0 and (1.0 - damping) * residual + damping * epsilon * strength >= floor
        if may and (len(among) == 0 or among[node]):
            candidates[size] = node
            size += 1
    return drop_settled(n_before, size, settled, candidates)


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
    several(types.float64, types.float64),
    *(NODES, FLOATS, types.int64, types.int64, TABLE),
)
def _along(
    indices: Nodes, weights: Floats, first: int, last: int, cells: Doubles
) -> tuple[float, float]:
    """What the edges ``first:last`` bring of their ends' residuals; and by how much, times
    strength, they lead back."""
    is_weighted = len(weights) > 0
    gathered, returned = 0.0, 0.0
    for place in range(first, last):
        other = np.uint64(indices[place])
        if place + WITHIN < last and place - first >= _HEAD - WITHIN:
            prefetch(cells, 2 * np.int64(indices[place + WITHIN]))
        others = cells[other, STRENGTH]
        if others > 0.0:
            weight = weights[place] if is_weighted else 1.0
            share = weight / others
            gathered += share * cells[other, RESIDUAL]
            returned += share * weight
    return gathered, returned


@compiled(
    several(types.float64, types.float64, types.float64),
    *(NODES, FLOATS, types.int64, types.int64, BYTES, TABLE, TO_NODES),
)
def _along_marked(
    indices: Nodes,
    weights: Floats,
    first: int,
    last: int,
    marks: Bytes,
    cells: Doubles,
    found: Nodes,
) -> tuple[float, float, float]:
    """The same of edges to nodes that are marked, and the weight of the others.

    `found` has room for the places of :data:`_PART` edges, and one more.
    """
    is_weighted = len(weights) > 0
    gathered, returned, unseen = 0.0, 0.0, 0.0
    for begin in range(first, last, _PART):
        # Without branches: which way one goes could not be foreseen.
        end = np.uint64(0)
        for place in range(begin, min(begin + _PART, last)):
            is_marked = may_be(np.uint64(indices[place]), marks)
            found[end] = place - begin
            end += np.uint64(is_marked)
            weight = weights[place] if is_weighted else 1.0
            unseen += 0.0 if is_marked else weight
        size = int(end)
        for at in range(size):
            prefetch(cells, 2 * np.int64(indices[begin + int(found[at])]))
        for at in range(size):
            place = begin + int(found[at])
            other = np.uint64(indices[place])
            others = cells[other, STRENGTH]
            if others > 0.0:
                weight = weights[place] if is_weighted else 1.0
                share = weight / others
                gathered += share * cells[other, RESIDUAL]
                returned += share * weight
    return gathered, returned, unseen


@compiled(
    types.int64,
    *GRAPH,
    *(ROWS, BYTES, types.float64, types.float64, types.float64, DOUBLES),
    *(TABLE, DOUBLES, NODES, TO_TABLE),
)
def pull(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    chosen: Rows,
    marks: Bytes,
    damping: float,
    total: float,
    mean_back: float,
    left: Doubles,
    cells: Doubles,
    settled: Doubles,
    candidates: Nodes,
    bounds: Doubles,
) -> int:
    """Sharpen the bounds of the `chosen` candidates by one step along their own edges.

    For symmetric weights only. `marks` are those of the nodes that were touched, and only they are
    looked up; empty for all. The chance that a walk is back after two steps is then too low: bounds
    hold with any such, and estimates take `mean_back` for what is lacking. Returns the edges
    followed.
    """
    edges, located, fetched, ready, ahead = 0, 0, 0, 0, 0
    drift = (left[MASS_UP] - left[MASS_DOWN]) / total
    rest = damping * damping
    found = np.empty(_PART + 1, np.uint32)
    for at in range(len(chosen)):
        if ready <= at:
            ready, ahead = at, 0
        while located < min(ready + _NODE_AHEAD, len(chosen)):
            prefetch(starts, np.int64(candidates[chosen[located]]))
            located += 1
        while fetched < min(ready + _ROW_AHEAD, located):
            coming = np.uint64(candidates[chosen[fetched]])
            for place in range(starts[coming], min(starts[coming] + _HEAD, ends[coming]), 16):
                prefetch(indices, place)
            fetched += 1
        while len(marks) == 0 and ahead < _AHEAD and ready < len(chosen):
            coming = np.uint64(candidates[chosen[ready]])
            first, last = starts[coming], min(starts[coming] + _HEAD, ends[coming])
            for place in range(first, last):
                prefetch(cells, 2 * np.int64(indices[place]))
            ahead += last - first
            ready += 1
        position = chosen[at]
        own = np.uint64(candidates[position])
        strength = cells[own, STRENGTH]
        first, last = starts[own], ends[own]
        ahead -= min(last - first, _HEAD)
        if strength <= 0.0:
            continue
        edges += last - first
        if len(marks) > 0:
            gathered, returned, unseen = _along_marked(
                indices, weights, first, last, marks, cells, found
            )
        else:
            gathered, returned = _along(indices, weights, first, last, cells)
            unseen = 0.0
        back = min(returned / strength, 1.0)
        within = 1.0 - rest * back
        known = (1.0 - damping) * (cells[own, RESIDUAL] + damping * gathered)
        up = min(left[MASS_UP], left[STEEP_UP] * strength * (1.0 - back))
        down = min(left[MASS_DOWN], left[STEEP_DOWN] * strength * (1.0 - back))
        low = max(bounds[position, LOW], settled[own] + (known - rest * down) / within)
        high = min(bounds[position, HIGH], settled[own] + (known + rest * up) / within)
        back = min((returned + mean_back * unseen) / strength, 1.0)
        drifted = rest * drift * strength * (1.0 - back)
        likely = settled[own] + (known + drifted) / (1.0 - rest * back)
        bounds[position, ESTIMATE] = min(max(likely, low), high)
        bounds[position, LOW] = low
        bounds[position, HIGH] = high
    return edges


@compiled(
    several(types.float64, types.float64),
    *(types.int64, types.int64, types.float64),
    *(TABLE, DOUBLES, NODES, NODES, TABLE),
)
def meet(
    n_touched: int,
    n_settled: int,
    damping: float,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
    others: Doubles,
) -> tuple[float, float]:
    """What a walk from elsewhere has found of the steepness that another's residuals have.

    The arrays are those of a walk from one node v; `others` are the cells of the walk that v is to
    be scored in, whose residuals, like those here, are nowhere negative. Returns the least
    ``e(v) / d(v)``, and what part of the other walk's largest residual by strength may come to it.
    """
    found, doubt = 0.0, 0.0
    for at in range(n_settled):
        if at + WITHIN < n_settled:
            prefetch(others, 2 * np.int64(settlers[at + WITHIN]))
        node = np.uint64(settlers[at])
        found += settled[node] * others[node, RESIDUAL] / abs(others[node, STRENGTH])
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(others, 2 * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        if others[node, STRENGTH] > 0.0:
            residual = cells[node, RESIDUAL]
            found += (1.0 - damping) * residual * others[node, RESIDUAL] / others[node, STRENGTH]
            doubt += damping * residual
    return found, doubt
