"""Boundaries between events: where what is said next comes as a surprise, or the topic shifts.

Vectors in, positions out. What came just before predicts what comes; the less it does, the greater
the surprise. A boundary is where the surprise stands out from those around it, and where it parts
what was said before from what follows the most.
"""

from __future__ import annotations

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Floats, Ints


def surprise(vectors: Floats | Doubles, *, window: int) -> Doubles:
    """How far each vector is from what the `window` vectors before it are about.

    Parameters
    ----------
    vectors : array, shape (n, d)
        Unit vectors, in order.
    window : int
        At least 1.

    Returns
    -------
    array, shape (n,)
        1 less the product with the mean of those before, in [0, 2]; 0 for the first.
    """
    before, _ = _means(vectors, window)
    found = 1.0 - np.einsum("ij,ij->i", vectors, before)
    found[:1] = 0.0
    return np.asarray(np.maximum(found, 0.0))


def shift(vectors: Floats | Doubles, *, window: int) -> Doubles:
    """How far what the `window` vectors before each are about is from what those from it on are.

    1 less the product of both means, shape (n,), in [0, 2]; 0 for the first.

    References
    ----------
    Hearst (1997), *TextTiling*: the dissimilarity of the blocks on both sides of a gap.
    """
    before, after = _means(vectors, window)
    found = 1.0 - np.einsum("ij,ij->i", before, after)
    found[:1] = 0.0
    return np.asarray(np.maximum(found, 0.0))


def _means(vectors: Floats | Doubles, window: int) -> tuple[Doubles, Doubles]:
    """Of each position, the mean of the vectors before it, and of those from it on; shape (n, d).

    0 before the first.
    """
    _check(vectors, window)
    places = np.arange(len(vectors))
    first, last = np.maximum(places - window, 0), np.minimum(places + window, len(vectors))
    sums = np.zeros((len(vectors) + 1, vectors.shape[1]))
    np.cumsum(vectors, axis=0, dtype=np.float64, out=sums[1:])
    before = (sums[places] - sums[first]) / np.maximum(places - first, 1)[:, None]
    return before, (sums[last] - sums[places]) / (last - places)[:, None]


def boundaries(
    vectors: Floats | Doubles, *, window: int = 4, strength: float = 1.0, shortest: int = 2
) -> Ints:
    """First positions of the events that a sequence falls into, 0 among them.

    A position opens an event where its surprise and its shift together are higher than their mean
    by `strength` standard deviations, and the highest within `shortest` positions. What all vectors
    have in common, the voice of a talk, is taken out of them first: it hides what sets them apart.

    Raises
    ------
    InvalidInputError
        A window or a shortest event below 1, or vectors that are no matrix.

    References
    ----------
    Fountas et al. (2025), *Human-inspired episodic memory for infinite context LLMs* (EM-LLM):
    boundaries where surprise exceeds its mean by a multiple of its deviation, then moved to where
    they part the events best.
    """
    if shortest < 1:
        raise InvalidInputError(f"Events of {shortest} positions are none")
    n = len(vectors)
    if n < 2:
        _check(vectors, window)
        return np.arange(min(n, 1), dtype=np.int64)
    _check(vectors, window)
    told = _apart(vectors)
    score = surprise(told, window=window) + shift(told, window=window)
    inner = score[1:]
    level = float(inner.mean() + strength * inner.std())
    found = [0]
    for at in np.argsort(-score, kind="stable").tolist():
        is_apart = all(abs(at - other) >= shortest for other in found) and n - at >= shortest
        is_peak = score[at] >= score[max(1, at - shortest) : at + shortest + 1].max(initial=0.0)
        if at and score[at] > level and is_peak and is_apart:
            found.append(at)
    return np.array(sorted(found), np.int64)


def _apart(vectors: Floats | Doubles) -> Doubles:
    """The vectors without their mean, of length 1 again, or 0 where nothing is left."""
    rest = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    lengths = np.linalg.norm(rest, axis=1, keepdims=True)
    return np.asarray(np.divide(rest, lengths, out=np.zeros_like(rest), where=lengths > 1e-9))


def _check(vectors: Floats | Doubles, window: int) -> None:
    if vectors.ndim != 2:
        raise InvalidInputError(f"Vectors of shape {vectors.shape} are no matrix")
    if window < 1:
        raise InvalidInputError(f"A window of {window} positions holds nothing")
