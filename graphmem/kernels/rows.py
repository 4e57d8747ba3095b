"""Compiled passes over the rows of a graph; importing this loads numba, so do it where needed."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows


def strengths_among(
    starts: Ints,
    ends: Ints,
    indices: Rows,
    weights: Floats | None,
    strengths: Doubles,
    present: Mask,
    *,
    absent: float,
    is_symmetric: bool,
) -> Doubles:
    """Each node's weight of edges to nodes that are `present`, `absent` for those that are not.

    Parameters
    ----------
    starts, ends : arrays, shape (n,)
        Node u's edges are ``indices[starts[u]:ends[u]]``.
    weights : array, shape of `indices`
        1 each where ``None``.
    strengths : array, shape (n,)
        The same with all nodes present.
    is_symmetric
        Whether each edge is stored both ways; the cost is then that of the edges of nodes that are
        not present, and of their neighbours.

    Returns
    -------
    array, shape (n,)
        Sums in the order of the row, so that the same row gives the same bits.
    """
    given = np.empty(0, np.float32) if weights is None else weights
    plain = (np.asarray(starts), np.asarray(ends), np.asarray(indices), np.asarray(given))
    found = _strengths(*plain, np.asarray(strengths), present, absent, is_symmetric)
    return np.asarray(found, np.float64)


def _strengths_among(
    starts: Any,
    ends: Any,
    indices: Any,
    weights: Any,
    strengths: Any,
    present: Any,
    absent: float,
    is_symmetric: bool,
) -> Any:
    n = len(strengths)
    sums = strengths.copy()
    changed = np.zeros(n, np.bool_)
    for u in range(n):
        if not present[u]:
            sums[u] = absent
            if is_symmetric:
                for at in range(starts[u], ends[u]):
                    changed[indices[at]] = True
    for u in range(n):
        if present[u] and (changed[u] or not is_symmetric):
            total = 0.0
            for at in range(starts[u], ends[u]):
                if present[indices[at]]:
                    total += weights[at] if len(weights) else 1.0
            sums[u] = total
    return sums


_strengths = numba.njit(cache=True, nogil=True)(_strengths_among)
