"""What a solver makes of a graph before its first question, kept for the graph asked last."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from graphmem.kernels.ranking import CsrGraph

T = TypeVar("T")


class Prepared(Generic[T]):
    """Calls `make` when a graph, told by its arrays, is another than the last."""

    def __init__(self, make: Callable[[CsrGraph], T]) -> None:
        self._make = make
        self._last: tuple[list[weakref.ref[Any]], T] | None = None

    def of(self, graph: CsrGraph) -> T:
        """What was made of `graph`."""
        given = (graph.indptr, graph.indices, graph.strengths)
        last = self._last
        if last and all(ref() is array for ref, array in zip(last[0], given, strict=True)):
            return last[1]
        self._last = None  # before the next is made: two at a time may be too much
        made = self._make(graph)
        self._last = ([weakref.ref(array) for array in given], made)
        return made
