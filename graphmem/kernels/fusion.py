"""Putting rankings together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.kernels.arrays import Doubles, Ints, top_rows

RRF_CONSTANT = 60


def reciprocal_rank_fusion(
    rankings: Sequence[Ints], n: int, *, constant: int = RRF_CONSTANT
) -> Doubles:
    """Sum over rankings of ``1 / (constant + rank)``, rank from 1; shape (n,), 0 where not ranked.

    References
    ----------
    Cormack, Clarke & Büttcher (2009), *Reciprocal Rank Fusion outperforms Condorcet*.
    """
    fused = np.zeros(n)
    for rows in rankings:
        fused[rows] += 1.0 / (constant + 1 + np.arange(len(rows)))
    return fused


def reciprocal_ranks(scores: Doubles, limit: int) -> Doubles:
    """``1 / (1 + rank)``, rank from 0, for the `limit` best that are above 0; 0 for the others."""
    ranks = np.zeros(len(scores))
    order = top_rows(scores, limit)
    order = order[scores[order] > 0]
    ranks[order] = 1.0 / (1.0 + np.arange(len(order)))
    return ranks
