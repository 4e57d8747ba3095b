"""Personalised PageRank by power iteration.

``x = damping * P x + (1 - damping) * r`` with P column-stochastic; what reaches a node without
edges goes back to the restart vector, as in igraph and networkx.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Ints

DAMPING = 0.5


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a walk goes: column j of `matrix`, shape (n, n), is where j's weight goes.

    Columns sum to 1, but for those of the nodes in `dangling`, which have no edge.
    """

    matrix: sp.csr_matrix
    dangling: Ints

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> Transition:
        """From a matrix whose columns sum to 1 or 0."""
        sums = np.asarray(matrix.sum(axis=0)).ravel()
        return cls(matrix, np.flatnonzero(sums == 0))


def column_stochastic(weights: sp.csr_matrix) -> sp.csr_matrix:
    """Each column of `weights`, shape (n, n) and not negative, divided by its sum."""
    sums = np.asarray(weights.sum(axis=0)).ravel()
    inverse = np.divide(1.0, sums, out=np.zeros_like(sums, dtype=np.float64), where=sums > 0)
    shares = weights.data * inverse[weights.indices]
    return sp.csr_matrix((shares, weights.indices, weights.indptr), shape=weights.shape)


def personalised_pagerank(
    transition: Transition,
    restart: Doubles,
    *,
    damping: float = DAMPING,
    tolerance: float = 1e-8,
    max_iterations: int = 200,
) -> Doubles:
    """Stationary distribution of the walk that restarts from `restart`.

    Parameters
    ----------
    transition
        Of n nodes.
    restart : array, shape (n,)
        Not negative, not all zero; scaled to sum to 1.
    damping
        Probability to follow an edge, in [0, 1).
    tolerance
        Stop when the L1 change of an iteration falls below it; the L1 error is then at most
        ``tolerance * damping / (1 - damping)``.

    Returns
    -------
    array, shape (n,)
        Sums to 1.

    Raises
    ------
    InvalidInputError
        A damping out of range, or a restart vector that is negative, NaN or all zero.

    References
    ----------
    Page et al. (1999), *The PageRank Citation Ranking*; Haveliwala (2002), *Topic-sensitive
    PageRank*.
    """
    total = restart.sum()
    if not 0.0 <= damping < 1.0:
        raise InvalidInputError(f"damping={damping} is not in [0, 1)")
    if not total > 0 or np.any(restart < 0):
        raise InvalidInputError("The restart vector is negative, not a number, or all zero")
    r = np.asarray(restart, np.float64) / total
    x = r
    for _ in range(max_iterations):
        following = damping * (transition.matrix @ x)
        following += (1.0 - damping + damping * x[transition.dangling].sum()) * r
        change = np.abs(following - x).sum()
        x = following
        if change < tolerance:
            break
    return np.asarray(x)
