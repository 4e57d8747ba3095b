"""Communities at several resolutions, by igraph's Leiden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import igraph
import numpy as np
import scipy.sparse as sp

from graphmem.adapters.analytics.igraph import seeded
from graphmem.kernels.arrays import Ints

_ITERATIONS: Final = 20
"""Most settle in fewer than ten. Until nothing changes is not asked for: where two groupings are
worth the same but for rounding, igraph goes back and forth between them for ever."""


def leiden(weights: sp.csr_array, *, resolution: float, initial: Ints | None = None) -> Ints:
    """See :class:`graphmem.ports.analytics.Partitioner`."""
    upper = sp.coo_array(sp.triu(weights))
    graph = igraph.Graph(
        n=weights.shape[0],
        edges=np.stack(upper.coords, axis=1),
        edge_attrs={"weight": upper.data},
    )
    with seeded():
        found = graph.community_leiden(
            objective_function="modularity",
            weights="weight",
            resolution=resolution,
            initial_membership=None if initial is None else _compact(initial),
            n_iterations=_ITERATIONS,
        )
    return np.array(found.membership, np.int64)


def _compact(initial: Ints) -> Sequence[int]:
    """The same groups, numbered without gaps, as igraph asks for."""
    numbers: Sequence[int] = np.unique(initial, return_inverse=True)[1].tolist()
    return numbers
