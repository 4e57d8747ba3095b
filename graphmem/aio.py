"""The async facade: the same memory, each call in a thread; nothing is implemented twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import wraps
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from graphmem.memory import Memory
from graphmem.model.change import AddReport
from graphmem.model.source import SourceItem

P = ParamSpec("P")
R = TypeVar("R")


def _threaded(call: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    @wraps(call)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(call, *args, **kwargs)

    return run


class AsyncMemory:
    """A :class:`Memory` for async code: the same methods with the same parameters, awaited.

    >>> async def main() -> None:
    ...     async with AsyncMemory(Memory.open("./mem")) as memory:
    ...         await memory.add("Ann joined Acme in 2021.", source="note:1")
    ...         hits = await memory.search("Who joined Acme?")
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.add = _threaded(memory.add)
        self.delete_source = _threaded(memory.delete_source)
        self.retire_source = _threaded(memory.retire_source)
        self.merge = _threaded(memory.merge)
        self.unmerge = _threaded(memory.unmerge)
        self.history = _threaded(memory.history)
        self.forget = _threaded(memory.forget)
        self.restore = _threaded(memory.restore)
        self.erase = _threaded(memory.erase)
        self.undo = _threaded(memory.undo)
        self.identity = _threaded(memory.identity)
        self.search = _threaded(memory.search)
        self.understand = _threaded(memory.understand)
        self.lookup = _threaded(memory.lookup)
        self.context = _threaded(memory.context)
        self.ask = _threaded(memory.ask)
        self.profile = _threaded(memory.profile)
        self.tasks = _threaded(memory.tasks)
        self.events = _threaded(memory.events)
        self.consolidate = _threaded(memory.consolidate)
        self.timeline = _threaded(memory.timeline)
        self.overview = _threaded(memory.overview)
        self.summary = _threaded(memory.summary)
        self.children = _threaded(memory.children)
        self.leaves = _threaded(memory.leaves)
        self.citations = _threaded(memory.citations)
        self.tree_shape = _threaded(memory.tree_shape)
        self.communities = _threaded(memory.communities)
        self.summarise = _threaded(memory.summarise)
        self.get = _threaded(memory.get)
        self.cypher = _threaded(memory.cypher)
        self.analyse = _threaded(memory.analyse)
        self.walk_graph = _threaded(memory.walk_graph)
        self.stats = _threaded(memory.stats)
        self.sources = _threaded(memory.sources)
        self.doctor = _threaded(memory.doctor)
        self.export = _threaded(memory.export)
        self.load = _threaded(memory.load)
        self.reindex = _threaded(memory.reindex)
        self.to_networkx = _threaded(memory.to_networkx)
        self.to_igraph = _threaded(memory.to_igraph)
        self.close = _threaded(memory.close)

    def with_namespace(self, namespace: str) -> AsyncMemory:
        """The same memory bound to another namespace."""
        return AsyncMemory(self.memory.with_namespace(namespace))

    async def add_many(
        self, items: Iterable[SourceItem], *, batch: int = 64
    ) -> AsyncIterator[AddReport]:
        """Remember a stream of items; yields one report per durable commit."""
        reports = self.memory.add_many(items, batch=batch)
        while (report := await asyncio.to_thread(next, reports, None)) is not None:
            yield report

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
