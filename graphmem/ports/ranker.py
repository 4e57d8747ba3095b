"""The port of rankers: personalised PageRank of a graph's best nodes, with what is proven of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from graphmem.kernels.arrays import Mask
from graphmem.kernels.ranking import DAMPING, TOLERANCE, CsrGraph, Ranked, Restart


class Ranker(Protocol):
    """Ranks nodes by how often a walk with restarts stands on them.

    The same graph, restart and options give the same bytes, in any order and from any thread; but
    igraph's solver adds up in parallel, and differs in the last digits.
    """

    @property
    def name(self) -> str:
        """What identifies the method."""

    def rank(
        self,
        graph: CsrGraph,
        restart: Restart,
        *,
        k: int = 100,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        certain: bool = False,
        among: Mask | None = None,
    ) -> Ranked:
        """The best `k` nodes of the walk that restarts from `restart`.

        Parameters
        ----------
        graph, restart
            Rows of `restart` are nodes of `graph`.
        k
            Nodes to return, 1 or more; fewer are returned where fewer score above 0.
        damping
            Probability to follow an edge, in [0, 1).
        tolerance
            Scores that differ by no more are counted as tied; 0 or more. Below about 1e-12 rounding
            decides.
        certain
            Whether to go on until the returned set is proven to be the top k. Else the ranker stops
            when it is good enough by its own measure; the certificate tells what is proven then.
        among
            Shape (n,): nodes that may be returned; all where ``None``. The walk visits any.

        Raises
        ------
        InvalidInputError
            A restart out of the graph, or an option out of its range.
        """

    def rank_many(
        self,
        graph: CsrGraph,
        restarts: Sequence[Restart],
        *,
        k: int = 100,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        certain: bool = False,
        among: Mask | None = None,
    ) -> list[Ranked]:
        """What :meth:`rank` gives for each of `restarts`, in their order, in one pass."""
