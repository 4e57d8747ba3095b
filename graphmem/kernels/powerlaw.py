"""Random graphs whose degrees follow a power law, for measuring."""

from __future__ import annotations

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Ints, Rows
from graphmem.kernels.ranking import CsrGraph

_ROUNDS = 200


def power_law_graph(
    n_nodes: int, n_edges: int, *, random: np.random.Generator, exponent: float = 2.5
) -> CsrGraph:
    """A simple undirected graph of unit weights with exactly `n_edges` edges, each stored twice.

    Both ends of an edge are drawn in proportion to expected degrees; loops and repeats are drawn
    again. Nodes are numbered at random, so that hubs stand anywhere.

    Parameters
    ----------
    n_nodes
        At least 2.
    n_edges
        At most a quarter of the pairs of nodes.
    exponent
        Of the degrees' distribution, above 2.

    Raises
    ------
    InvalidInputError
        A number out of its range.

    References
    ----------
    Chung & Lu (2002), *Connected components in random graphs with given expected degree sequences*.
    """
    if n_nodes < 2 or not 0 <= n_edges <= n_nodes * (n_nodes - 1) // 8:
        raise InvalidInputError(
            f"No graph of {n_nodes:,} nodes and {n_edges:,} edges",
            remedy="Ask for 2 nodes or more, and for at most a quarter of all pairs as edges",
        )
    if not exponent > 2.0:
        raise InvalidInputError(f"exponent={exponent} is not above 2")
    # Node r is drawn in proportion to r^(share - 1), by the inverse of the distribution's integral.
    share = 1.0 - 1.0 / (exponent - 1.0)
    reach = (n_nodes + 1.0) ** share - 1.0
    pairs = np.empty(0, np.int64)
    for _ in range(_ROUNDS):
        missing = n_edges - len(pairs)
        if missing <= 0:
            break
        uniform = random.random((2, missing + missing // 8 + 16))
        drawn = ((1.0 + reach * uniform) ** (1.0 / share)).astype(np.int64) - 1
        drawn = np.minimum(drawn, n_nodes - 1)
        low, high = drawn.min(axis=0), drawn.max(axis=0)
        fresh = (low * n_nodes + high)[low != high]
        pairs = np.sort(np.concatenate((pairs, fresh)))
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        if len(pairs) > n_edges:
            pairs = pairs[np.sort(random.permutation(len(pairs))[:n_edges])]
    if len(pairs) < n_edges:
        raise InvalidInputError(
            f"{n_edges:,} edges crowd the hubs of {n_nodes:,} nodes",
            remedy="Ask for fewer edges, or for more nodes",
        )
    names = random.permutation(n_nodes)
    return _symmetric(names[pairs // n_nodes], names[pairs % n_nodes], n_nodes)


def _symmetric(one: Ints, other: Ints, n: int) -> CsrGraph:
    keys = np.concatenate((one * n + other, other * n + one))
    keys.sort()
    degrees = np.bincount(keys // n, minlength=n)
    indices: Rows = (keys % n).astype(np.int32)
    indptr = np.concatenate(([0], np.cumsum(degrees))).astype(np.int64)
    return CsrGraph(indptr, indices, None, degrees.astype(np.float64), is_symmetric=True)
