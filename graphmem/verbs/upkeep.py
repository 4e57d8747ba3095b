"""What keeps a memory well: statistics, checks, positions of jobs, other vectors."""

from __future__ import annotations

from graphmem.maintain import transfer
from graphmem.maintain.reindex import reindex_memory
from graphmem.model.change import Problem, Stats
from graphmem.model.source import Depth
from graphmem.model.transfer import ReindexReport
from graphmem.segment.segment import embedded_text
from graphmem.verbs.bound import Bound


class Upkeep(Bound):
    """Methods that look after a memory."""

    def checkpoint(self, job: str) -> str | None:
        """The position that a job last committed."""
        return self._parts.store.checkpoint(job)

    def clear_checkpoint(self, job: str) -> None:
        """Forget a job's position."""
        self._parts.store.clear_checkpoint(job)

    def sources(self) -> list[tuple[str, int]]:
        """Sources that are there and their number of passages."""
        return self._parts.store.sources(self.namespace)

    def stats(self) -> Stats:
        """What the memory holds."""
        store = self._parts.store
        info = store.info()
        with store.read(self.namespace, tables=("episodes",)) as reader:
            depths = [row[0] for rows in reader.scan("episodes", ("depth",)) for row in rows]
        return Stats(
            location=info.location,
            backend=info.backend,
            namespace=self.namespace,
            namespaces=tuple(store.namespaces()),
            version=store.version(self.namespace),
            schema_version=info.schema_version,
            embedder=info.embedder,
            dimension=info.dimension,
            size_bytes=store.size_bytes(),
            counts=store.counts(self.namespace),
            episodes_without_facts=sum(depth == Depth.FAST for depth in depths),
        )

    def doctor(self) -> list[Problem]:
        """Everything found wrong, with its remedy; empty when all is well."""
        return [*self._parts.store.check(), *self._reading.check()]

    def reindex(
        self,
        embedder: str | None = None,
        *,
        batch: int = 256,
        progress: transfer.Progress = transfer.silent,
    ) -> ReindexReport:
        """Give the memory, in all of its namespaces, the vectors of another embedder.

        `embedder` is named as in the settings, whose it is by default. Searches are answered with
        the old vectors until all new ones are there; a run that was killed can be run again and
        goes on where it was. Open the memory with that embedder afterwards.

        Raises
        ------
        ConfigurationError, ModelUnavailableError
            There is no such embedder.
        StoreBusyError
            Another run, for another embedder, has taken over.
        """
        made = self._parts.other_embedder(embedder)
        report = reindex_memory(
            self._parts.store, made, text_of=embedded_text, batch=batch, progress=progress
        )
        self._parts.use(made)
        return report
