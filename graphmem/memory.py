"""The SDK: one memory, opened, written, searched, closed. Runs the stages; holds no algorithm."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.ports.store import Clock
from graphmem.settings import Settings
from graphmem.stages.parts import Parts
from graphmem.verbs.beliefs import Beliefs
from graphmem.verbs.keeping import Keeping
from graphmem.verbs.moves import Moves
from graphmem.verbs.reads import Reads
from graphmem.verbs.summaries import Summaries
from graphmem.verbs.times import Times
from graphmem.verbs.upkeep import Upkeep
from graphmem.verbs.writes import Writes


class Memory(Writes, Reads, Beliefs, Times, Keeping, Moves, Upkeep, Summaries):
    """A memory: a store with what reads into it and out of it, bound to one namespace.

    Safe to use from several threads. Open it with :meth:`open`, close it with :meth:`close` or
    ``with``.
    """

    def __init__(self, parts: Parts, *, namespace: str = DEFAULT_NAMESPACE) -> None:
        super().__init__(parts, namespace=namespace)
        self._children: dict[str, Memory] = {}

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        auth: tuple[str, str] | None = None,
        settings: Settings | None = None,
        read_only: bool = False,
        create: bool = True,
        clock: Clock | None = None,
    ) -> Memory:
        """Open the memory at a folder or a URL (``sqlite:///folder``).

        Parameters
        ----------
        location
            A folder, made when it does not exist and `create` is set, or a URL.
        namespace
            Whose memory: reads and writes never leave it.
        auth
            User and password, for stores that ask for them.
        settings
            Instead of those that the environment gives.
        read_only
            Never write; works beside a writer.
        create
            Whether a memory may be made where there is none.
        clock
            Where transaction time comes from; the system's by default.

        Raises
        ------
        NotFoundError
            There is no memory and `create` is not set.
        StoreFormatError
            The folder holds something else, or a memory that is damaged or newer.
        ConfigurationError
            The URL names no known store, or the settings do not hold together.
        """
        from graphmem.build import open_memory

        return open_memory(
            location,
            namespace=namespace,
            auth=auth,
            settings=settings,
            read_only=read_only,
            create=create,
            clock=clock,
        )

    def with_namespace(self, namespace: str) -> Memory:
        """The same memory bound to another namespace; closed together with this one."""
        if namespace == self.namespace:
            return self
        if namespace not in self._children:
            self._children[namespace] = Memory(self._parts, namespace=namespace)
        return self._children[namespace]

    def close(self) -> None:
        """Let go of the store, models and processes; a second call does nothing."""
        for memory in (*self._children.values(), self):
            memory._recalls.flush()
            memory._reading.close()
            memory._walking.close()
        self._children.clear()
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
