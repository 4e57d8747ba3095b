"""The port of graph analytics: entities joined by the facts that they share."""

from __future__ import annotations

from typing import Final, Protocol

import scipy.sparse as sp

from graphmem.kernels.arrays import Ints
from graphmem.model.analysis import Analysis

DAMPING: Final = 0.85


class Analyst(Protocol):
    """Analyses the projection of a namespace's hypergraph on its entities.

    Two entities are joined when they are members of a fact that is not retired, with the number of
    such facts as the weight.
    """

    def analyse(self, namespace: str, *, damping: float = DAMPING) -> Analysis:
        """PageRank, degree, components and communities of the entities that share facts.

        `damping` is the probability to follow an edge. Communities are those that Leiden finds at a
        fixed seed: two engines may draw some of them differently, at like modularity.

        Raises
        ------
        InvalidInputError
            A damping that is not in (0, 1).
        """


class Partitioner(Protocol):
    """Draws communities in a graph."""

    def __call__(
        self, weights: sp.csr_array, *, resolution: float, initial: Ints | None = None
    ) -> Ints:
        """The community of each node, shape (n,), by Leiden on modularity, at a fixed seed.

        Parameters
        ----------
        weights
            Of edges, shape (n, n), symmetric, with a zero diagonal.
        resolution
            Above 0; the higher, the smaller the communities.
        initial
            Communities to begin with, so that little changes where little has; by default each
            node is one.
        """
