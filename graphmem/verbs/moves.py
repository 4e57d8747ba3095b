"""A memory as files and as graphs of other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphmem.maintain import transfer
from graphmem.model.transfer import ExportFormat, ExportReport, ImportReport
from graphmem.stages.inputs import When, interval_of
from graphmem.verbs.bound import Bound


class Moves(Bound):
    """Methods that export and import."""

    def export(
        self,
        path: str | Path,
        *,
        format: ExportFormat | str = ExportFormat.JSONL,
        as_of: When | None = None,
        known_at: When | None = None,
        progress: transfer.Progress = transfer.silent,
    ) -> ExportReport:
        """Write this namespace to `path`, as of one moment; whole, or not at all.

        ``jsonl`` makes a folder that holds everything, for :meth:`load`; ``graphml`` and ``hif``
        (facts as hyperedges) make a file for other tools. With `as_of` and `known_at`, moments or
        ranges as in a search, of facts that held and were believed then and what they hang on.

        Raises
        ------
        InvalidInputError
            An unknown format, or a `path` that exists or cannot be.
        StoreFullError, StoreError
            It cannot be written.
        """
        return transfer.export_memory(
            self._parts.store,
            self.namespace,
            Path(path),
            format=format,
            held=interval_of(as_of),
            known=interval_of(known_at),
            progress=progress,
        )

    def load(
        self, path: str | Path, *, progress: transfer.Progress = transfer.silent
    ) -> ImportReport:
        """Add a JSONL export of this namespace, once all of its digests hold.

        What the memory holds already stays; a load that was killed can be run again.

        Raises
        ------
        NotFoundError, StoreFormatError
            No export is there, or it is damaged (the message names the file) or of a newer format.
        InvalidInputError
            It is of another namespace.
        EmbedderMismatchError
            Its vectors are another embedder's than this memory's.
        """
        return transfer.import_memory(
            self._parts.store, Path(path), namespace=self.namespace, progress=progress
        )

    def to_networkx(self, *, passages: bool = True) -> Any:
        """This namespace as a ``networkx.MultiDiGraph``, keyed by id.

        Facts are nodes, with a ``ROLE`` edge to each member. Nodes have ``node_label``
        (``Entity``...), edges ``edge_type``, both the properties that Cypher shows. `passages`
        also takes in episodes and passages. Needs memory for all of it.
        """
        return self._graph("networkx", passages=passages)

    def to_igraph(self, *, passages: bool = True) -> Any:
        """As :meth:`to_networkx`: a directed ``igraph.Graph``; a vertex's ``name`` is its id."""
        return self._graph("igraph", passages=passages)

    def _graph(self, library: str, *, passages: bool) -> Any:
        from graphmem.build import graph_maker

        return transfer.make_graph(
            self._parts.store, self.namespace, graph_maker(library), passages=passages
        )
