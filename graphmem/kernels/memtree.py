"""An online tree over unit vectors: a new leaf changes one path, and the tree stays flat.

Vectors are held as whole numbers (a unit is :data:`UNIT`), so that sums and products are exact: a
tree does not depend on the machine, and a leaf that is removed leaves nothing behind in the sums.

A node has at most :data:`FAN` children. A leaf goes down to the likest child for as long as it is
as like as the depth asks for. Where a node gets a child too many, children of like size are drawn
together under new nodes: as a node so made is at least 5/4 of the size of any that it holds, what
stands at the top is never pushed down by what comes late, and depth stays logarithmic. Where growth
inside has made a part too deep all the same (:func:`deepest_allowed`), the caller has its long
paths built anew (:func:`take_apart`); that is paid for by what has been inserted there since.

A child is named by one number: its row if it is a node, ``-1 - row`` if it is a leaf. The way
down is compiled; what happens once in many insertions is not.

References
----------
Rezazadeh et al. (2024), *From isolated conversations to hierarchical schemas: dynamic tree memory
representation for LLMs* (MemTree: the path and the rising threshold); Galperin and Rivest (1993),
*Scapegoat trees* (building anew what is too deep); O'Neil et al. (1996), *The log-structured
merge-tree* (merging by size).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from graphmem.kernels.arrays import Floats, Ints, Rows

UNIT: Final = 4096
"""What 1.0 is: products of two unit vectors stay below 2**24, whatever their length."""
FAN: Final = 24
NO_NODE: Final = -1
ROOT, USED, FREE, SERIAL, LEAVES = 0, 1, 2, 3, 4
"""Places of counters: the root's row, rows ever used, rows free again, the next node's number, and
leaves held."""
_RISE: Final = 0.35
"""How fast the likeness that is asked for rises with depth: by this share of what is missing to 1,
from the mean likeness of all leaves to their common centre."""
_SLACK: Final = 4
_WIDE: Final = 8
"""Children of a node that is built anew."""
_ROOM: Final = 4
"""How far below the allowed height a part is brought that was too deep."""

Short = npt.NDArray[np.int16]
_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])


class State(NamedTuple):
    """The tree in arrays, n leaves and m nodes at most, of dimension d; changed in place.

    `vectors` (n, d) and `homes` (n,) are of leaves: their vectors, and the nodes that hold them.
    Of nodes are `sums` (m, d) of the vectors below, their `directions` (m, d), `sizes`, `heights`,
    `parents`, numbers in order of making `serials`, whether something below has changed `touched`,
    the number of children `fans`, and `children` (m, FAN + 1). `free` are rows to be used again.
    """

    vectors: Short
    homes: Rows
    sums: Ints
    directions: Short
    sizes: Ints
    heights: Rows
    parents: Rows
    serials: Ints
    touched: npt.NDArray[np.bool_]
    fans: Rows
    children: Rows
    free: Rows
    counters: Ints


def empty_state(*, leaves: int, nodes: int, dimension: int) -> State:
    """Room for so many, with a root that holds nothing."""
    state = State(
        vectors=np.zeros((leaves, dimension), np.int16),
        homes=np.full(leaves, NO_NODE, np.int32),
        sums=np.zeros((nodes, dimension), np.int64),
        directions=np.zeros((nodes, dimension), np.int16),
        sizes=np.zeros(nodes, np.int64),
        heights=np.zeros(nodes, np.int32),
        parents=np.full(nodes, NO_NODE, np.int32),
        serials=np.zeros(nodes, np.int64),
        touched=np.zeros(nodes, np.bool_),
        fans=np.zeros(nodes, np.int32),
        children=np.zeros((nodes, FAN + 1), np.int32),
        free=np.zeros(nodes, np.int32),
        counters=np.zeros(5, np.int64),
    )
    state.counters[USED] = 1
    return state


def whole(vectors: Floats) -> Short:
    """Unit vectors as whole numbers, shape (n, d)."""
    return np.rint(np.asarray(vectors, np.float64) * UNIT).astype(np.int16)


def deepest_allowed(size: int) -> int:
    """The height that a part with so many leaves may have: logarithmic, with some slack."""
    return _SLACK + math.ceil(math.log2(size + 1))


def _compiled(function: _Kernel) -> _Kernel:
    return cast("_Kernel", numba.njit(cache=True, nogil=True)(function))


@_compiled
def _turn(sums: Ints, directions: Short, node: int) -> None:
    square = 0.0
    for value in sums[node]:
        square += float(value) * float(value)
    scale = UNIT / math.sqrt(square) if square > 0 else 0.0
    for i in range(sums.shape[1]):
        directions[node, i] = np.int16(round(sums[node, i] * scale))


@_compiled
def _go_down(state: State, leaf: int, deepest: int) -> tuple[int, int]:
    """Add a leaf to the sums along its way; returns the node where that ends, and which of its
    children the leaf is to share a place with, or -1."""
    vector = state.vectors[leaf]
    node, depth, base = int(state.counters[ROOT]), 0, 0.0
    while True:
        square = 0.0
        for i in range(len(vector)):
            state.sums[node, i] += vector[i]
            square += float(state.sums[node, i]) * float(state.sums[node, i])
        state.sizes[node] += 1
        state.touched[node] = True
        _turn(state.sums, state.directions, node)
        if depth == 0:
            base = math.sqrt(square) / (UNIT * state.sizes[node])
        asked = UNIT * UNIT * (base + (1.0 - base) * (1.0 - math.exp(-_RISE * (depth + 1))))
        best, most = -1, -1 << 40
        for at in range(state.fans[node]):
            child = state.children[node, at]
            other = state.directions[child] if child >= 0 else state.vectors[-1 - child]
            like = 0
            for i in range(len(vector)):
                like += int(vector[i]) * int(other[i])
            if like > most:
                best, most = at, like
        if best < 0 or depth >= deepest or most < asked:
            return node, -1
        if state.children[node, best] < 0:
            return node, best
        node = state.children[node, best]
        depth += 1


def insert(state: State, leaf: int, deepest: int) -> None:
    """Put a leaf, whose vector is there, into the tree; at depth `deepest` it goes no further."""
    node, sharing = (int(found) for found in _go_down(state, leaf, deepest))
    state.counters[LEAVES] += 1
    if sharing < 0:
        _hang(state, node, -1 - leaf)
    else:
        made = _new_node(state, [int(state.children[node, sharing]), -1 - leaf])
        state.children[node, sharing] = made
        state.parents[made] = node
        node = made
    if state.fans[node] > FAN:
        _draw_together(state, node)
    set_heights(state, node)


def remove(state: State, leaf: int) -> None:
    """Take a leaf out; a node left with one child gives way to it, one with none goes."""
    node = int(state.homes[leaf])
    above = node
    while above != NO_NODE:
        state.sums[above] -= state.vectors[leaf]
        state.sizes[above] -= 1
        state.touched[above] = True
        turn(state, above)
        above = int(state.parents[above])
    state.counters[LEAVES] -= 1
    state.homes[leaf] = NO_NODE
    state.vectors[leaf] = 0
    _set_children(state, node, [c for c in children_of(state, node) if c != -1 - leaf])
    while state.parents[node] != NO_NODE and state.fans[node] < 2:
        parent = int(state.parents[node])
        left = children_of(state, node)
        around = children_of(state, parent)
        at = around.index(node)
        _set_children(state, parent, [*around[:at], *left, *around[at + 1 :]])
        _give_back(state, node)
        node = parent
    set_heights(state, node)


def touch(state: State, leaf: int) -> None:
    """Say that something about a leaf has changed, to all nodes above it."""
    node = int(state.homes[leaf])
    while node != NO_NODE:
        state.touched[node] = True
        node = int(state.parents[node])


def too_deep(state: State) -> int:
    """The lowest node on the longest path that is higher than allowed, or :data:`NO_NODE`."""
    node, found = int(state.counters[ROOT]), NO_NODE
    while True:
        if state.heights[node] > deepest_allowed(int(state.sizes[node])):
            found = node
        below = [child for child in children_of(state, node) if child >= 0]
        if not below:
            return found
        node = max(below, key=lambda child: int(state.heights[child]))


def take_apart(state: State, node: int) -> Ints:
    """Pieces of a part that is too deep, to be put together flat (:func:`put_together`).

    What is tallest under the node is taken apart until that brings it well below the height that is
    allowed: as few pieces as there are on the long paths, so that no single insertion pays for all
    that is below.
    """
    goal = deepest_allowed(int(state.sizes[node])) - _ROOM
    pieces = children_of(state, node)  # in the order of the tree, whatever rows they are in
    while True:
        heights = [_height(state, piece) for piece in pieces]
        most = max(heights)
        if not most or most + _levels(len(pieces)) <= goal:
            return np.array(pieces, np.int64)
        at = heights.index(most)
        tallest = pieces[at]
        pieces[at : at + 1] = children_of(state, tallest)
        _give_back(state, tallest)


def put_together(state: State, node: int, pieces: Ints) -> None:
    """Have these pieces under a node, which sums them up already, flat and each by what is like it.

    They are halved at the median along the line between two that are far apart, three times for
    each level, so that a node has eight children. Makes fewer nodes than there are pieces.
    """
    pending = [(node, pieces)]
    made = []
    while pending:
        above, held = pending.pop()
        made.append(above)
        children = []
        for part in _eighths(state, held):
            if len(part) == 1:
                children.append(int(part[0]))
                continue
            child = _new_node(state, [])
            members = part.tolist()
            state.sums[child] = sum((_sum_of(state, one) for one in members), np.int64(0))
            state.sizes[child] = sum(_size(state, one) for one in members)
            turn(state, child)
            children.append(child)
            pending.append((child, part))
        _set_children(state, above, children)
    for above in reversed(made):
        _set_height(state, above)
    set_heights(state, node)


def turn(state: State, node: int) -> None:
    """Point the node's direction along its sum."""
    _turn(state.sums, state.directions, node)


def set_heights(state: State, node: int) -> None:
    """Reckon the heights of `node` and of all above it anew."""
    while node != NO_NODE:
        _set_height(state, node)
        node = int(state.parents[node])


def children_of(state: State, node: int) -> list[int]:
    """Its children, in order."""
    found: list[int] = state.children[node, : state.fans[node]].tolist()
    return found


def _set_height(state: State, node: int) -> None:
    below = [int(state.heights[child]) for child in children_of(state, node) if child >= 0]
    state.heights[node] = 1 + max(below, default=0)


def _new_node(state: State, children: list[int]) -> int:
    counters = state.counters
    if counters[FREE] > 0:
        counters[FREE] -= 1
        node = int(state.free[counters[FREE]])
    else:
        node = int(counters[USED])
        counters[USED] += 1
    state.parents[node] = NO_NODE
    state.touched[node] = True
    state.serials[node] = counters[SERIAL]
    counters[SERIAL] += 1
    state.sums[node] = sum((_sum_of(state, child) for child in children), np.int64(0))
    state.sizes[node] = sum(_size(state, child) for child in children)
    _set_children(state, node, children)
    _set_height(state, node)
    turn(state, node)
    return node


def _give_back(state: State, node: int) -> None:
    state.sizes[node] = state.fans[node] = 0
    state.parents[node] = NO_NODE
    state.free[state.counters[FREE]] = node
    state.counters[FREE] += 1


def _hang(state: State, node: int, child: int) -> None:
    """Make `child` the last child of `node`; what the node sums up is left to the caller."""
    state.children[node, state.fans[node]] = child
    state.fans[node] += 1
    if child < 0:
        state.homes[-1 - child] = node
    else:
        state.parents[child] = node


def _set_children(state: State, node: int, children: list[int]) -> None:
    state.fans[node] = 0
    for child in children:
        _hang(state, node, child)


def _sum_of(state: State, child: int) -> Ints:
    found: Ints = state.sums[child] if child >= 0 else state.vectors[-1 - child].astype(np.int64)
    return found


def _size(state: State, child: int) -> int:
    return int(state.sizes[child]) if child >= 0 else 1


def _draw_together(state: State, node: int) -> None:
    """Put children of like size under one or two new nodes, so that there is room again."""
    children = children_of(state, node)
    classes = [(_size(state, child).bit_length() - 1) // 2 for child in children]  # within 4 times
    crowded = int(np.argmax(np.bincount(classes)))
    alike = [c for c, of in zip(children, classes, strict=True) if of == crowded]
    others = [c for c, of in zip(children, classes, strict=True) if of != crowded]
    vectors = np.stack(
        [state.directions[c] if c >= 0 else state.vectors[-1 - c] for c in alike]
    ).astype(np.int64)
    likeness = vectors @ vectors.T
    # The two least alike draw the others to them.
    left, right = divmod(int(np.argmin(likeness)), len(alike))
    is_right = likeness[:, right] > likeness[:, left]
    is_right[left], is_right[right] = len(alike) == 2, True
    for side in (False, True):
        group = [c for c, of in zip(alike, is_right.tolist(), strict=True) if of is side]
        others += [_new_node(state, group)] if len(group) > 1 else group
    _set_children(state, node, others)


def leaves_below(state: State, node: int) -> Rows:
    """Leaves under a node, in the order of the tree."""
    found: list[int] = []
    stack = [node]
    while stack:
        child = stack.pop()
        if child < 0:
            found.append(-1 - child)
        else:
            stack.extend(reversed(children_of(state, child)))
    return np.array(found, np.int32)


def _height(state: State, child: int) -> int:
    return int(state.heights[child]) if child >= 0 else 0


def _levels(n: int) -> int:
    """Nodes on the way to each of `n` pieces that are put together flat."""
    levels = 1
    while n > _WIDE**levels:
        levels += 1
    return levels


def _eighths(state: State, pieces: Ints) -> list[Ints]:
    """The pieces in eight parts of one number, each of what is alike; few of them one by one."""
    if len(pieces) <= _WIDE:
        return [pieces[at : at + 1] for at in range(len(pieces))]
    parts = [pieces]
    while len(parts) < _WIDE:
        parts = [half for part in parts for half in _halves(state, part)]
    return parts


def _halves(state: State, pieces: Ints) -> tuple[Ints, Ints]:
    """Cut at the median along the line between two that are far apart."""
    vectors = np.empty((len(pieces), state.vectors.shape[1]))  # exact: products are below 2**53
    nodes = pieces >= 0
    vectors[nodes] = state.directions[pieces[nodes]]
    vectors[~nodes] = state.vectors[-1 - pieces[~nodes]]
    one = int(np.argmin(vectors @ vectors[0]))
    other = int(np.argmin(vectors @ vectors[one]))
    order = np.argsort(vectors @ (vectors[other] - vectors[one]), kind="stable")
    middle = len(pieces) // 2
    return pieces[order[:middle]], pieces[order[middle:]]
