"""Local push for personalised PageRank, compiled: cost follows what is touched.

A walk's scores ``y = (1 - a) s + a P y`` (`a` the damping, `s` the restart, column u of P the
shares of u's edges) are held as what is settled and a residual, with the invariant
``y = p + K r``, ``K = (1 - a) (I - a P)^-1``. A push moves ``(1 - a) r(u)`` to p(u) and ``a r(u)``
to u's neighbours. Residuals may be negative: those of a changed restart or graph are.

What is left, ``e = K r``, is bounded without being computed. ``e = (1 - a) r + a P e`` exactly, so
only ``P e`` is in doubt, and

- K keeps mass: the sum of ``e`` is that of r at most, hence ``(P e)(v) <= sum(r)``;
- where weights are symmetric, ``P d = d`` for the strengths d, hence ``K d <= d``; and if
  ``r <= rho d`` then ``e <= rho d`` and ``(P e)(v) <= rho d(v)``.

Taking the edges of v itself once more (a pull) tells ``(P r)(v)`` and the chance ``h`` that a walk
from v is back after two steps, and ``e(v) = (1 - a) (r + a P r)(v) + a^2 (P P e)(v)``. In the last
term v itself has the part ``h e(v)``; the others' part is at most ``rho d(v) (1 - h)``, as
``P P d = d``. Hence ``(1 - a^2 h) e(v)`` is known up to ``a^2 rho d(v) (1 - h)``.

The same holds below with the negative parts. The doubtful part is estimated by where long walks
end, in proportion to strength: ``(P e)(v)`` as ``d(v) sum(r) / sum(d)``; and without a pull, h as
its mean over edges, one over the average strength.

A node takes 16 bytes in the one table that every edge reads, and edges are looked up some rows
before they are followed: a processor that waits for memory at each edge is five times slower.

The module compiles when it is first imported on a machine, and is loaded from numba's cache after.

References
----------
Andersen, Chung, Lang (2006), *Local graph partitioning using PageRank vectors* (push, the bound by
degree); Wu et al. (2021), *Unifying the global and local approaches* (PowerPush: FIFO and falling
thresholds); Wang et al. (2017), *FORA*, and Lin et al. (2020), *Index-free approach with residue
accumulation* (a coarse push, then a refinement of what is left; theirs walks at random, ours does
not); Lofgren et al. (2016), *Bidirectional PageRank* (the pull); Wei et al. (2018), *TopPPR*, and
Wu et al. (2014), *FLoS* (stopping when the top k is decided).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.prefetch import prefetch

Nodes = npt.NDArray[np.uint32]
"""Rows; unsigned, so that a compiled look-up need not ask whether it counts from the end."""

RESIDUAL, STRENGTH = 0, 1
"""Columns of cells, shape (n, 2): all that an edge reads of a node. A residual is 0 only where
nothing was touched, else at least a :data:`SPECK`; a strength is negative while its node is queued,
and minus infinity for a node that is absent."""
ESTIMATE, LOW, HIGH = 0, 1, 2
"""Columns of bounds, shape (n, 3): a candidate's score, estimated and proven."""
STEEP_UP, STEEP_DOWN, MASS_UP, MASS_DOWN, STUCK = 0, 1, 2, 3, 4
"""What is left in all: largest residual by strength, above and below 0, sums of residuals above and
below 0, none negative; and what is settled on nodes without edges."""
SPECK = 1e-300
"""A residual that was emptied; so small that it changes no sum."""

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

_INTS = types.Array(types.int64, 1, "C", readonly=True)
_NODES = types.Array(types.uint32, 1, "C", readonly=True)
_ROWS = types.Array(types.int32, 1, "C", readonly=True)
_FLOATS = types.Array(types.float32, 1, "C", readonly=True)
_DOUBLES = types.Array(types.float64, 1, "C", readonly=True)
_TABLE = types.Array(types.float64, 2, "C", readonly=True)
_MASK = types.Array(types.boolean, 1, "C", readonly=True)
_TO_NODES = types.uint32[::1]
_TO_ROWS = types.int32[::1]
_TO_DOUBLES = types.float64[::1]
_TO_TABLE = types.float64[:, ::1]

_AHEAD = 96
"""Edges that are looked up before they are followed."""
_ROW_AHEAD, _NODE_AHEAD = np.uint64(6), np.uint64(12)
"""How many queued nodes before that their rows are fetched, and where these begin."""
_HEAD = 64
"""So much of a row is looked up while it is queued, the rest while it is followed."""
_WITHIN = 32
"""Edges that are looked up ahead in what is followed, pulled or scanned in order."""
_ONE = np.uint64(1)


def _compiled(signature: Any) -> Callable[[_Kernel], _Kernel]:
    # By signature, so that a question never waits for a compiler; read-only, as maps of files are.
    compile_it = numba.njit(signature, cache=True, nogil=True, error_model="numpy")
    return cast("Callable[[_Kernel], _Kernel]", compile_it)


@_compiled(
    types.Tuple((types.int64, types.int64, types.int64, types.boolean))(  # type: ignore[no-untyped-call]
        *(_INTS, _INTS, _NODES, _FLOATS, types.float64, types.float64, types.int64),
        *(types.int64, types.int64, _TO_TABLE, _TO_DOUBLES, _TO_NODES, _TO_NODES, _TO_NODES),
    )
)
def push(
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
    queue: Nodes,
) -> tuple[int, int, int, bool]:
    """Push, first in first out, until no residual exceeds `epsilon` times its node's strength.

    `touched` and `settlers` list the nodes whose residual, and whose settled score, is not 0, each
    once, `n_touched` and `n_settled` so far. `weights` is empty where every edge weighs 1. `queue`
    has a power of two of places, more than nodes. Gives up after `max_edges`. Returns the lengths
    of both lists, the edges followed, and whether it came to the end.
    """
    mask = np.uint64(len(queue) - 1)
    head, tail, ready = np.uint64(0), np.uint64(0), np.uint64(0)
    edges, ahead = 0, 0
    is_weighted = len(weights) > 0
    for at in range(n_touched):
        if at + _WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + _WITHIN]))
        node = np.uint64(touched[at])
        strength = cells[node, STRENGTH]
        if strength > 0.0 and abs(cells[node, RESIDUAL]) > epsilon * strength:
            cells[node, STRENGTH] = -strength
            queue[tail & mask] = node
            tail += _ONE
    while head != tail and edges < max_edges:
        if ready <= head:
            ready, ahead = head + _ONE, 0
        while ahead < _AHEAD and ready < tail:
            if ready + _NODE_AHEAD < tail:
                coming = np.uint64(queue[(ready + _NODE_AHEAD) & mask])
                prefetch(starts, np.int64(coming))
                prefetch(settled, np.int64(coming))
            if ready + _ROW_AHEAD < tail:
                coming = np.uint64(queue[(ready + _ROW_AHEAD) & mask])
                for place in range(starts[coming], min(starts[coming] + _HEAD, ends[coming]), 16):
                    prefetch(indices, place)
            coming = np.uint64(queue[ready & mask])
            first, last = starts[coming], min(starts[coming] + _HEAD, ends[coming])
            for place in range(first, last):
                prefetch(cells, 2 * np.int64(indices[place]))
            ahead += last - first
            ready += _ONE
        source = np.uint64(queue[head & mask])
        head += _ONE
        strength, mass = -cells[source, STRENGTH], cells[source, RESIDUAL]
        cells[source, RESIDUAL], cells[source, STRENGTH] = SPECK, strength
        if settled[source] == 0.0:
            settlers[n_settled] = source
            n_settled += 1
        sum_settled = settled[source] + (1.0 - damping) * mass
        settled[source] = sum_settled if sum_settled != 0.0 else SPECK
        share = damping * mass / strength
        first, last = starts[source], ends[source]
        edges += last - first
        ahead -= min(last - first, _HEAD)
        for place in range(first, last):
            if place + _WITHIN < last and place - first >= _HEAD - _WITHIN:
                prefetch(cells, 2 * np.int64(indices[place + _WITHIN]))
            # Without branches: which way one goes could not be foreseen.
            target = np.uint64(indices[place])
            residual, strength = cells[target, RESIDUAL], cells[target, STRENGTH]
            touched[n_touched] = target
            n_touched += np.int64(residual == 0.0)
            residual += share * weights[place] if is_weighted else share
            residual = residual if residual != 0.0 else SPECK
            cells[target, RESIDUAL] = residual
            is_steep = (strength > 0.0) & (abs(residual) > epsilon * strength)
            queue[tail & mask] = target
            tail += np.uint64(is_steep)
            cells[target, STRENGTH] = -strength if is_steep else strength
    is_done = head == tail
    while head != tail:
        left = np.uint64(queue[head & mask])
        cells[left, STRENGTH] = -cells[left, STRENGTH]
        head += _ONE
    return n_touched, n_settled, edges, is_done


@_compiled(
    types.int64(
        *(types.int64, types.int64, types.float64, types.float64, types.float64),
        *(_TABLE, _DOUBLES, _NODES, _NODES, _MASK, _TO_DOUBLES, _TO_NODES),
    )
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
        if at + _WITHIN < n_settled:
            prefetch(settled, np.int64(settlers[at + _WITHIN]))
            prefetch(cells, 2 * np.int64(settlers[at + _WITHIN]))
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
        if at + _WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + _WITHIN]))
        node = np.uint64(touched[at])
        residual, strength = cells[node, RESIDUAL], cells[node, STRENGTH]
        if strength < 0.0:
            continue
        if strength == 0.0:  # it stays there
            left[STUCK] += (1.0 - damping) * residual
        else:
            left[MASS_UP] += max(residual, 0.0)
            left[MASS_DOWN] += max(-residual, 0.0)
            left[STEEP_UP] = max(left[STEEP_UP], residual / strength)
            left[STEEP_DOWN] = max(left[STEEP_DOWN], -residual / strength)
        may = (1.0 - damping) * residual + damping * epsilon * strength >= floor
        if may and settled[node] == 0.0 and (not is_some or among[node]):
            candidates[size] = node
            size += 1
    return size


@_compiled(
    types.none(
        *(types.int64, types.float64, types.float64, types.float64),
        *(_DOUBLES, _TABLE, _DOUBLES, _NODES, _TO_TABLE),
    )
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


@_compiled(
    types.int64(
        *(_INTS, _INTS, _NODES, _FLOATS, _ROWS, types.float64, types.float64, _DOUBLES),
        *(_TABLE, _DOUBLES, _NODES, _TO_TABLE),
    )
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
            if place + _WITHIN < last:
                prefetch(cells, 2 * np.int64(indices[place + _WITHIN]))
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


@_compiled(_TO_ROWS(types.int64, types.int64, _NODES, _TABLE))
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


@_compiled(
    types.Tuple((types.float64, types.float64, _TO_ROWS, types.int64))(  # type: ignore[no-untyped-call]
        *(types.int64, types.int64, types.float64),
        *(_INTS, _INTS, _ROWS, _NODES, _TABLE),
    )
)
def contest(
    size: int,
    k: int,
    tolerance: float,
    starts: Ints,
    ends: Ints,
    chosen: Rows,
    candidates: Nodes,
    bounds: Doubles,
) -> tuple[float, float, Rows, int]:
    """Who may yet change places with the `chosen` candidates.

    Returns the lowest score that is possible inside (0 for fewer than `k`), the highest outside
    among candidates, those whose bounds leave it open on which side they are, and their edges.
    """
    is_inside = np.zeros(size, np.bool_)
    is_inside[chosen] = True
    lowest = np.inf if len(chosen) == k else 0.0
    for position in chosen:
        lowest = min(lowest, bounds[position, LOW])
    rival = 0.0
    for position in range(size):
        if not is_inside[position]:
            rival = max(rival, bounds[position, HIGH])
    found, edges = np.empty(size, np.int32), 0
    n_found = 0
    for position in range(size):
        if is_inside[position]:
            is_open = bounds[position, LOW] < rival - tolerance
        else:
            is_open = bounds[position, HIGH] > lowest + tolerance
        if is_open:
            found[n_found] = position
            n_found += 1
            node = candidates[position]
            edges += ends[node] - starts[node]
    return lowest, rival, found[:n_found].copy(), edges


@_compiled(types.none(types.int64, types.int64, _NODES, _NODES, _TO_TABLE, _TO_DOUBLES))
def forget(
    n_touched: int,
    n_settled: int,
    touched: Nodes,
    settlers: Nodes,
    cells: Doubles,
    settled: Doubles,
) -> None:
    """Make every node as if it had not been touched."""
    for at in range(n_touched):
        if at + _WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + _WITHIN]))
        cells[np.uint64(touched[at]), RESIDUAL] = 0.0
    for at in range(n_settled):
        if at + _WITHIN < n_settled:
            prefetch(settled, np.int64(settlers[at + _WITHIN]))
        settled[np.uint64(settlers[at])] = 0.0
