"""Static word vectors: the rows that a transformer looks its word pieces up in, centred.

They cost no run of the model, and tell that a "wife" is near a "husband" and "Norwegian" near
"Norway". Centring takes out what all pieces share (Mu & Viswanath 2018, *All-but-the-Top*), and
with it a quantised table's zero point; its scale does not change a direction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class WordTable:
    """Vectors of words as means of their pieces' rows in `table`, shape (n_pieces, dimension)."""

    def __init__(self, table: npt.NDArray[np.generic]) -> None:
        self._table = table
        self._mean = table.mean(axis=0, dtype=np.float64).astype(np.float32)

    def vectors(self, pieces: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        """Unit vectors, shape (n, dimension), zero for a word of no pieces."""
        lengths = np.array([len(ids) for ids in pieces], np.int64)
        rows = np.array([piece for ids in pieces for piece in ids], np.int64)
        sums = np.zeros((len(pieces), self._table.shape[1]), np.float32)
        known = lengths > 0
        if known.any():
            starts = (np.cumsum(lengths) - lengths)[known]
            values = self._table[rows].astype(np.float32) - self._mean
            sums[known] = np.add.reduceat(values, starts, axis=0)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.asarray(np.divide(sums, norms, out=sums, where=norms > 0), np.float32)
