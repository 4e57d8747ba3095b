"""Products of vectors, row by row.

A product of matrices would be BLAS's, whose threads spin for tens of milliseconds after it and take
the processor from what runs next. Row by row, what one row gives hangs on no other row, nor on how
many threads there are.
"""

from __future__ import annotations

import numpy as np

from graphmem.kernels.arrays import Floats

_BLOCK = 1024


def products(rows: Floats, vectors: Floats) -> Floats:
    """Inner products of `rows`, shape (n, d), with each of `vectors`, shape (m, d) or (d,).

    Returns
    -------
    array, shape (n, m) or (n,)
    """
    if vectors.ndim == 1:
        return np.asarray(np.vecdot(rows, vectors), np.float32)
    found = np.empty((len(rows), len(vectors)), np.float32)
    # In blocks that stay in the cache while each of the vectors comes by.
    for start in range(0, len(rows), _BLOCK):
        here = slice(start, start + _BLOCK)
        np.vecdot(rows[here, None, :], vectors[None], out=found[here])
    return found
