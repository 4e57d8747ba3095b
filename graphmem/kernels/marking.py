"""Which nodes a walk has touched, told without looking them up: a small table of bits.

A node's own state lies anywhere in an array as long as the graph; these bits stay in the
processor's nearest cache, so that most of those that were not touched cost nothing more.
"""

from __future__ import annotations

import numpy as np
from numba import types

from graphmem.kernels.arrays import Bytes
from graphmem.kernels.compiled import NODES, Nodes, compiled

BYTES = types.Array(types.uint8, 1, "C", readonly=True)

_BITS = 16
"""Bits for each of them at least, so that of the others one in sixteen at most is taken for one."""
_FEW = 4
"""Marks do not pay where more than one node in so many was touched."""
_ONE, _SHIFT, _WITHIN = np.uint64(1), np.uint64(3), np.uint64(7)


@compiled(types.uint8[::1], types.int64, types.int64, NODES)
def marked(n_nodes: int, n_touched: int, touched: Nodes) -> Bytes:
    """Marks of the nodes that a walk has touched, of `n_nodes`; empty where they do not pay.

    Bytes, a power of two of them.
    """
    if n_touched * _FEW > n_nodes:
        return np.empty(0, np.uint8)
    size = 1
    while size * 8 < n_touched * _BITS:
        size *= 2
    marks = np.zeros(size, np.uint8)
    last = np.uint64(size - 1)
    for at in range(n_touched):
        node = np.uint64(touched[at])
        marks[(node >> _SHIFT) & last] |= np.uint8(_ONE << (node & _WITHIN))
    return marks


@compiled(types.boolean, types.uint64, BYTES)
def may_be(node: np.uint64, marks: Bytes) -> bool:
    """Whether a node may be among those that are marked: always, if it is."""
    byte = np.uint64(marks[(node >> _SHIFT) & np.uint64(len(marks) - 1)])
    return bool((byte >> (node & _WITHIN)) & _ONE)
