"""Small array operations that several stages share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


def top_rows(scores: npt.NDArray[np.floating], k: int) -> Ints:
    """Rows of the `k` highest scores, best first, ties by lower row; ``-inf`` is left out."""
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, np.int64)
    # Most scores may be alike, 0 or -inf, which makes partitioning ten times slower.
    above = np.flatnonzero(scores > scores.min())
    if len(above) >= k:
        values = scores[above]
        rows = above[values >= np.partition(values, len(values) - k)[len(values) - k]]
    else:
        rows = np.flatnonzero(scores == scores.min())[: k - len(above)]
        rows = np.sort(np.concatenate((above, rows)))
    order = np.argsort(-scores[rows], kind="stable")[:k]
    best = rows[order]
    return np.asarray(best[np.isfinite(scores[best])], np.int64)


def softmax(logits: npt.NDArray[np.floating]) -> Doubles:
    """Shares that add up to 1; shape (n,), n at least 1."""
    powers = np.exp(logits - np.max(logits))
    return np.asarray(powers / powers.sum(), np.float64)


def ragged(indptr: Ints, rows: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """All positions of the given rows of a compressed layout.

    Parameters
    ----------
    indptr : array, shape (n + 1,)
        Where each row begins, as in a CSR matrix.
    rows : array, shape (r,)

    Returns
    -------
    positions : array, shape (m,)
        Concatenation of ``indptr[row]:indptr[row + 1]`` over the rows.
    owner : array, shape (m,)
        Which of `rows`, by position in it, each position belongs to.
    """
    starts, ends = indptr[rows], indptr[np.asarray(rows) + 1]
    lengths = ends - starts
    owner = np.repeat(np.arange(len(lengths)), lengths)
    before = np.concatenate(([0], np.cumsum(lengths)[:-1])) if len(lengths) else lengths
    positions = np.arange(int(lengths.sum())) - np.repeat(before - starts, lengths)
    return positions.astype(np.int64), owner


def compress(owners: npt.NDArray[np.integer], n: int) -> Ints:
    """``indptr`` of shape (n + 1,) for entries sorted by owner."""
    return np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=n)))).astype(np.int64)
