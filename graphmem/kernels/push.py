"""Local push for personalised PageRank, compiled: cost follows what is touched.

A walk's scores ``y = (1 - a) s + a P y`` (`a` the damping, `s` the restart, column u of P the
shares of u's edges) are held as what is settled and a residual, with the invariant
``y = p + K r``, ``K = (1 - a) (I - a P)^-1``. A push moves ``(1 - a) r(u)`` to p(u) and ``a r(u)``
to u's neighbours. Residuals may be negative: those of a changed restart or graph are.

What is left, ``e = K r``, is bounded without being computed. ``e = (1 - a) r + a P e`` exactly, so
only ``P e`` is in doubt, and

- K keeps mass: the sum of ``e`` is that of r at most, hence ``(P e)(v) <= sum(r)``;
- where weights are symmetric, ``P d = d`` for the strengths d, hence ``K d <= d``; and if
  ``r <= rho d`` then ``e <= rho d`` and ``(P e)(v) <= rho d(v)``. Taking the edges of v itself once
  more (a pull), ``e(v) = (1 - a) (r + a P r)(v) + a^2 (P P e)(v)``, the last at most
  ``a^2 rho d(v)``.

The same holds below with the negative parts. The doubtful part is estimated by where long walks
end, in proportion to strength: ``(P e)(v)`` as ``d(v) sum(r) / sum(d)``.

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
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.prefetch import prefetch

RESIDUAL, STRENGTH, SETTLED, QUEUED = 0, 1, 2, 3
"""Columns of cells, shape (n, 4): all that a push needs of a slot, in one line of the cache."""
ESTIMATE, LOW, HIGH = 0, 1, 2
"""Columns of bounds, shape (n, 3): a candidate's score, estimated and proven."""
STEEP_UP, STEEP_DOWN, MASS_UP, MASS_DOWN, STUCK = 0, 1, 2, 3, 4
"""What is left in all: largest residual by strength, above and below 0, sums of residuals above and
below 0, none negative; and what is settled on nodes without edges."""

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

_INTS = types.Array(types.int64, 1, "C", readonly=True)
_ROWS = types.Array(types.int32, 1, "C", readonly=True)
_FLOATS = types.Array(types.float32, 1, "C", readonly=True)
_DOUBLES = types.Array(types.float64, 1, "C", readonly=True)
_TABLE = types.Array(types.float64, 2, "C", readonly=True)
_MASK = types.Array(types.boolean, 1, "C", readonly=True)
_TO_ROWS = types.int32[::1]
_TO_DOUBLES = types.float64[::1]
_TO_TABLE = types.float64[:, ::1]

_AHEAD_SLOT, _AHEAD_CELL = 12, 5
"""How many edges ahead a slot is looked up, and what it says is fetched."""


def _compiled(signature: Any) -> Callable[[_Kernel], _Kernel]:
    # By signature, so that a question never waits for a compiler; read-only, as maps of files are.
    compile_it = numba.njit(signature, cache=True, nogil=True, error_model="numpy")
    return cast("Callable[[_Kernel], _Kernel]", compile_it)


@_compiled(
    types.UniTuple(types.int64, 2)(  # type: ignore[no-untyped-call]
        *(_INTS, _INTS, _ROWS, _FLOATS, _DOUBLES, types.float64, types.float64, types.int64),
        *(types.int64, _TO_ROWS, _TO_ROWS, _TO_TABLE, _TO_ROWS),
    )
)
def push(
    starts: Ints,
    ends: Ints,
    indices: Rows,
    weights: Floats,
    strengths: Doubles,
    damping: float,
    epsilon: float,
    max_edges: int,
    count: int,
    slots: Rows,
    nodes: Rows,
    cells: Doubles,
    queue: Rows,
) -> tuple[int, int]:
    """Push, first in first out, until no residual exceeds `epsilon` times its node's strength.

    The first `count` slots are in use; slot i is node ``nodes[i]``, and ``slots[nodes[i]]`` is
    ``i + 1`` (0 for a node without slot). `weights` is empty where every edge weighs 1. Gives up
    after `max_edges`. Returns the slots then in use, and the edges followed.
    """
    capacity = len(queue)
    head, tail, size, edges = 0, 0, 0, 0
    is_weighted = len(weights) > 0
    for slot in range(count):
        cells[slot, QUEUED] = 0.0
        if abs(cells[slot, RESIDUAL]) > epsilon * cells[slot, STRENGTH]:
            cells[slot, QUEUED] = 1.0
            queue[tail] = slot
            tail += 1
            size += 1
    if tail == capacity:
        tail = 0
    while size > 0 and edges < max_edges:
        source = int(queue[head])
        head += 1
        if head == capacity:
            head = 0
        size -= 1
        if size > 3 and head + 2 < capacity:
            prefetch(starts, np.int64(nodes[queue[head + 2]]))
            prefetch(indices, starts[nodes[queue[head + 1]]])
        mass = cells[source, RESIDUAL]
        cells[source, RESIDUAL] = 0.0
        cells[source, QUEUED] = 0.0
        cells[source, SETTLED] += (1.0 - damping) * mass
        if cells[source, STRENGTH] == 0.0:
            continue
        share = damping * mass / cells[source, STRENGTH]
        node = nodes[source]
        first, last = starts[node], ends[node]
        edges += last - first
        for place in range(first, min(first + _AHEAD_SLOT, last)):
            prefetch(slots, np.int64(indices[place]))
        for place in range(first, last):
            if place + _AHEAD_SLOT < last:
                prefetch(slots, np.int64(indices[place + _AHEAD_SLOT]))
            if place + _AHEAD_CELL < last:
                coming = np.int64(indices[place + _AHEAD_CELL])
                if slots[coming] > 0:
                    prefetch(cells, 4 * np.int64(slots[coming] - 1))
                else:
                    prefetch(strengths, coming)
            target = indices[place]
            slot = int(slots[target]) - 1
            if slot < 0:
                if strengths[target] < 0.0:
                    continue
                slot = count
                count += 1
                slots[target] = count
                nodes[slot] = target
                cells[slot, RESIDUAL] = 0.0
                cells[slot, STRENGTH] = strengths[target]
                cells[slot, SETTLED] = 0.0
                cells[slot, QUEUED] = 0.0
            cells[slot, RESIDUAL] += share * weights[place] if is_weighted else share
            if (
                cells[slot, QUEUED] == 0.0
                and abs(cells[slot, RESIDUAL]) > epsilon * cells[slot, STRENGTH]
            ):
                cells[slot, QUEUED] = 1.0
                queue[tail] = slot
                tail += 1
                if tail == capacity:
                    tail = 0
                size += 1
    return count, edges


@_compiled(_TO_DOUBLES(types.int64, _TABLE))
def doubt(count: int, cells: Doubles) -> Doubles:
    """What is left in all, shape (5,)."""
    left = np.zeros(5)
    for slot in range(count):
        residual, strength = cells[slot, RESIDUAL], cells[slot, STRENGTH]
        left[MASS_UP] += max(residual, 0.0)
        left[MASS_DOWN] += max(-residual, 0.0)
        if strength == 0.0:
            left[STUCK] += cells[slot, SETTLED]
        elif residual > left[STEEP_UP] * strength:
            left[STEEP_UP] = residual / strength
        elif -residual > left[STEEP_DOWN] * strength:
            left[STEEP_DOWN] = -residual / strength
    return left


@_compiled(
    types.int64(
        *(types.int64, types.float64, types.float64, types.float64, _DOUBLES),
        *(_TABLE, _ROWS, _MASK, _TO_ROWS, _TO_TABLE),
    )
)
def bracket(
    count: int,
    damping: float,
    total: float,
    floor: float,
    left: Doubles,
    cells: Doubles,
    nodes: Rows,
    among: Mask,
    candidates: Rows,
    bounds: Doubles,
) -> int:
    """Estimate and bound the score of each slot that may reach `floor`; returns how many do.

    Fills `candidates` with those slots, and `bounds` alike. `total` are all strengths of a graph
    with symmetric weights added up, 0 for another. `among`, by node, tells which may be returned;
    empty for all.
    """
    drift = (left[MASS_UP] - left[MASS_DOWN]) / total if total > 0.0 else 0.0
    size = 0
    for slot in range(count):
        strength = cells[slot, STRENGTH]
        known = cells[slot, SETTLED] + (1.0 - damping) * cells[slot, RESIDUAL]
        up, down = left[MASS_UP], left[MASS_DOWN]
        if total > 0.0:
            up, down = min(up, left[STEEP_UP] * strength), min(down, left[STEEP_DOWN] * strength)
        high = known + damping * up
        if high < floor or (len(among) > 0 and not among[nodes[slot]]):
            continue
        low = max(known - damping * down, 0.0)
        candidates[size] = slot
        bounds[size, ESTIMATE] = min(max(known + damping * drift * strength, low), high)
        bounds[size, LOW] = low
        bounds[size, HIGH] = high
        size += 1
    return size


@_compiled(
    types.int64(
        *(_INTS, _INTS, _ROWS, _FLOATS, _ROWS, types.float64, types.float64, _DOUBLES),
        *(_ROWS, _ROWS, _TABLE, _ROWS, _TO_TABLE),
    )
)
def pull(
    starts: Ints,
    ends: Ints,
    indices: Rows,
    weights: Floats,
    chosen: Rows,
    damping: float,
    total: float,
    left: Doubles,
    slots: Rows,
    nodes: Rows,
    cells: Doubles,
    candidates: Rows,
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
        own = candidates[position]
        strength = cells[own, STRENGTH]
        first, last = starts[nodes[own]], ends[nodes[own]]
        edges += last - first
        gathered = 0.0
        for place in range(first, last):
            if place + _AHEAD_SLOT < last:
                prefetch(slots, np.int64(indices[place + _AHEAD_SLOT]))
            if place + _AHEAD_CELL < last:
                prefetch(cells, 4 * np.int64(max(slots[indices[place + _AHEAD_CELL]] - 1, 0)))
            slot = int(slots[indices[place]]) - 1
            if slot >= 0 and cells[slot, RESIDUAL] != 0.0:
                share = cells[slot, RESIDUAL] / cells[slot, STRENGTH]
                gathered += share * weights[place] if is_weighted else share
        known = cells[own, SETTLED] + (1.0 - damping) * (cells[own, RESIDUAL] + damping * gathered)
        up = min(left[MASS_UP], left[STEEP_UP] * strength)
        down = min(left[MASS_DOWN], left[STEEP_DOWN] * strength)
        low = max(bounds[position, LOW], known - rest * down)
        high = min(bounds[position, HIGH], known + rest * up)
        bounds[position, ESTIMATE] = min(max(known + rest * drift * strength, low), high)
        bounds[position, LOW] = low
        bounds[position, HIGH] = high
    return edges


@_compiled(_TO_ROWS(types.int64, types.int64, _ROWS, _ROWS, _TABLE))
def best(size: int, k: int, nodes: Rows, candidates: Rows, bounds: Doubles) -> Rows:
    """Positions of the `k` candidates of highest estimate above 0, best first, then by node."""
    heap: list[Any] = [(0.0, 0, 0) for _ in range(0)]  # typed, for the compiler
    for position in range(size):
        value = bounds[position, ESTIMATE]
        if value <= 0.0 or (len(heap) == k and value < heap[0][0]):
            continue
        entry = (value, -np.int64(nodes[candidates[position]]), position)
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
        *(_INTS, _INTS, _ROWS, _ROWS, _ROWS, _TABLE),
    )
)
def contest(
    size: int,
    k: int,
    tolerance: float,
    starts: Ints,
    ends: Ints,
    chosen: Rows,
    nodes: Rows,
    candidates: Rows,
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
            node = nodes[candidates[position]]
            edges += ends[node] - starts[node]
    return lowest, rival, found[:n_found].copy(), edges


@_compiled(types.none(types.int64, _ROWS, _TO_ROWS))
def forget(count: int, nodes: Rows, slots: Rows) -> None:
    """Make every slot free again."""
    for slot in range(count):
        slots[nodes[slot]] = 0
