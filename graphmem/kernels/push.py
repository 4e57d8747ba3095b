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
``P P d = d``. Hence ``(1 - a^2 h) e(v)`` is known up to ``a^2 rho d(v) (1 - h)``. A smaller h' may
stand for h: the others' part then has ``(h - h') e(v)`` in it, ``rho d(v) (h - h')`` at most. So
untouched neighbours, which ``P r`` has nothing of, need not be looked up.

Where weights are symmetric, K is so too but for strengths: ``K(v, x) d(x) = K(x, v) d(v)``. So
``e(v) = d(v) sum over x of (r(x) / d(x)) q(x)`` for the scores ``q = p' + K r'`` of a walk that
restarts from v alone. If that is pushed to p' and r', what it has not followed is known up to
``a rho d(v) sum(r')``, as ``K r' = (1 - a) r' + a P K r'``; a pull is its first step.

The same holds below with the negative parts. The doubtful part is estimated by where long walks
end, in proportion to strength: ``(P e)(v)`` as ``d(v) sum(r) / sum(d)``; and without a pull, h as
its mean over edges, one over the average strength.

A node takes 16 bytes in the one table that every edge reads. Edges are collected from many rows and
then followed in one go, each node fetched some edges before: a processor that waits for memory at
each edge is five times slower.

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

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints
from graphmem.kernels.compiled import (
    DOUBLES,
    GRAPH,
    INTS,
    NODES,
    TO_DOUBLES,
    TO_NODES,
    TO_TABLE,
    WITHIN,
    Nodes,
    compiled,
    several,
)
from graphmem.kernels.prefetch import prefetch

RESIDUAL, STRENGTH = 0, 1
"""Columns of cells, shape (n, 2): all that an edge reads of a node. A residual is 0 only where
nothing was touched, else at least a :data:`SPECK`; a strength is negative while its node is queued,
and minus infinity for a node that is absent."""
SPECK = 1e-300
"""A residual that was emptied; so small that it changes no sum."""

_BATCH, _AHEAD = 2048, 64
"""Edges that are collected from their rows before any of them is followed, and how many before that
the nodes where they lead are fetched."""
_ROW_AHEAD, _NODE_AHEAD = np.uint64(16), np.uint64(32)
"""How many queued nodes before that their rows are fetched, and where these begin."""
_HEAD = 64
"""So much of a row is fetched while it is queued; the rest comes by itself, being in order."""
_ONE = np.uint64(1)


@compiled(types.int64, types.uint64, types.float64, types.int64, TO_DOUBLES, TO_NODES)
def settle(node: np.uint64, part: float, n_settled: int, settled: Doubles, settlers: Nodes) -> int:
    """Add to a node's settled score; how many nodes have one, of those that `settlers` lists."""
    before = settled[node]
    after = before + part
    settled[node] = after if after != 0.0 else SPECK
    settlers[n_settled] = node
    return n_settled + int(before == 0.0)


@compiled(
    several(types.int64, types.int64, types.int64, types.boolean),
    *GRAPH,
    *(types.float64, types.float64, types.int64),
    *(types.int64, types.int64, TO_TABLE, TO_DOUBLES, TO_NODES, TO_NODES, TO_NODES),
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
    head, tail = np.uint64(0), np.uint64(0)
    located, fetched, fresh = np.uint64(0), np.uint64(0), np.uint64(n_touched)
    edges, place, last, share = 0, 0, 0, 0.0
    is_weighted = len(weights) > 0
    targets, shares = np.empty(_BATCH, np.uint32), np.empty(_BATCH)
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        strength = cells[node, STRENGTH]
        if abs(cells[node, RESIDUAL]) > epsilon * strength and strength > 0.0:
            cells[node, STRENGTH] = -strength
            queue[tail & mask] = node
            tail += _ONE
    while True:
        size = 0
        while size < _BATCH:
            if place == last:
                if head == tail or edges >= max_edges:
                    break
                while located < tail and located < head + _NODE_AHEAD:
                    coming = np.uint64(queue[located & mask])
                    prefetch(starts, np.int64(coming))
                    prefetch(settled, np.int64(coming))
                    located += _ONE
                while fetched < located and fetched < head + _ROW_AHEAD:
                    coming = np.uint64(queue[fetched & mask])
                    for at in range(starts[coming], min(starts[coming] + _HEAD, ends[coming]), 16):
                        prefetch(indices, at)
                    fetched += _ONE
                source = np.uint64(queue[head & mask])
                head += _ONE
                strength, mass = -cells[source, STRENGTH], cells[source, RESIDUAL]
                cells[source, RESIDUAL], cells[source, STRENGTH] = SPECK, strength
                n_settled = settle(source, (1.0 - damping) * mass, n_settled, settled, settlers)
                share = damping * mass / strength
                place, last = starts[source], ends[source]
                edges += last - place
            taken = min(last - place, _BATCH - size)
            for at in range(taken):
                targets[size + at] = indices[place + at]
                shares[size + at] = share * weights[place + at] if is_weighted else share
            size += taken
            place += taken
        if size == 0:
            break
        for at in range(min(size, _AHEAD)):
            prefetch(cells, 2 * np.int64(targets[at]))
        for at in range(size):
            if at + _AHEAD < size:
                prefetch(cells, 2 * np.int64(targets[at + _AHEAD]))
            target = np.uint64(targets[at])
            residual, strength = cells[target, RESIDUAL], cells[target, STRENGTH]
            # Without a branch: which way it goes could not be foreseen, as below it can.
            touched[fresh] = target
            fresh += np.uint64(residual == 0.0)
            residual += shares[at]
            residual = residual if residual != 0.0 else SPECK
            cells[target, RESIDUAL] = residual
            if abs(residual) > epsilon * strength and strength > 0.0:
                cells[target, STRENGTH] = -strength
                queue[tail & mask] = target
                tail += _ONE
    is_done = head == tail
    while head != tail:
        left = np.uint64(queue[head & mask])
        cells[left, STRENGTH] = -cells[left, STRENGTH]
        head += _ONE
    return int(fresh), n_settled, edges, is_done


@compiled(
    several(types.int64, types.int64),
    *(INTS, DOUBLES, DOUBLES),
    *(TO_TABLE, TO_DOUBLES, TO_NODES, TO_NODES),
)
def remember(
    rows: Ints,
    residuals: Doubles,
    scores: Doubles,
    cells: Doubles,
    settled: Doubles,
    touched: Nodes,
    settlers: Nodes,
) -> tuple[int, int]:
    """Put down a walk's state where none is; how many nodes hold a residual, and a score."""
    n_touched, n_settled = 0, 0
    for at in range(len(rows)):
        node = rows[at]
        cells[node, RESIDUAL], settled[node] = residuals[at], scores[at]
        if residuals[at] != 0.0:
            touched[n_touched] = node
            n_touched += 1
        if scores[at] != 0.0:
            settlers[n_settled] = node
            n_settled += 1
    return n_touched, n_settled


@compiled(types.none, types.int64, types.int64, NODES, NODES, TO_TABLE, TO_DOUBLES)
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
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
        cells[np.uint64(touched[at]), RESIDUAL] = 0.0
    for at in range(n_settled):
        if at + WITHIN < n_settled:
            prefetch(settled, np.int64(settlers[at + WITHIN]))
        settled[np.uint64(settlers[at])] = 0.0
