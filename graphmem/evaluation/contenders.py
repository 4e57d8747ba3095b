"""Rankers and other libraries as contenders of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from graphmem.kernels.arrays import Doubles, Ints, top_rows
from graphmem.kernels.ranking import CsrGraph, Ranked, Restart
from graphmem.ports.ranker import Ranker

K = 100


class RankerContender:
    """One of our rankers; with `certain`, asked until the top k is proven."""

    max_edges: int | None = None
    counts_edges = True

    def __init__(
        self,
        name: str,
        ranker: Ranker,
        *,
        certain: bool = False,
        k: int = K,
        requires: Callable[[], object] | None = None,
    ) -> None:
        """`requires` raises `ConfigurationError` where the ranker could only fall back."""
        self.name = name
        self._ranker = ranker
        self._certain = certain
        self._k = k
        self._requires = requires

    def load(self, graph: CsrGraph) -> None:
        """Keep it."""
        if self._requires is not None:
            self._requires()
        self._graph = graph

    def ask(self, restart: Restart, *, damping: float) -> Ranked:
        """The best nodes, ready to be used."""
        return self._ranker.rank(
            self._graph, restart, k=self._k, damping=damping, certain=self._certain
        )

    def ask_many(self, restarts: Sequence[Restart], *, damping: float) -> list[Ranked]:
        """In one pass."""
        return self._ranker.rank_many(
            self._graph, restarts, k=self._k, damping=damping, certain=self._certain
        )

    def top(self, given: Ranked, k: int) -> tuple[Ints, Doubles]:
        """As they are."""
        return given.rows[:k], given.scores[:k]

    def touched_edges(self, given: Ranked) -> int:
        """As the ranker counts them."""
        return given.touched_edges

    def close(self) -> None:
        """Nothing is held."""

    def certain(self, answers: Sequence[Ranked]) -> list[bool]:
        """Which answers were proven."""
        return [answer.certificate.is_certain for answer in answers]


class Peer(Protocol):
    """Another library: as a contender, but its answers are scores of all nodes."""

    name: str
    max_edges: int | None

    def load(self, graph: CsrGraph) -> None:
        """See :class:`graphmem.evaluation.ranking.Contender`."""

    def ask(self, restart: Restart, *, damping: float) -> Any:
        """See :class:`graphmem.evaluation.ranking.Contender`."""

    def scores(self, given: Any) -> Doubles:
        """Scores of all nodes, shape (n,)."""

    def touched_edges(self, given: Any) -> int:
        """See :class:`graphmem.evaluation.ranking.Contender`."""


class PeerContender:
    """Another library; picking its best nodes is not timed."""

    def __init__(self, peer: Peer) -> None:
        self.name = peer.name
        self.max_edges = peer.max_edges
        self.load = peer.load
        self.ask = peer.ask
        self.touched_edges = peer.touched_edges
        self._peer = peer

    def top(self, given: Any, k: int) -> tuple[Ints, Doubles]:
        """Of the scores above 0."""
        scores = self._peer.scores(given)
        rows = top_rows(scores, k)
        rows = rows[scores[rows] > 0]
        return rows, scores[rows]

    def close(self) -> None:
        """Nothing is held."""
