"""The graph to walk on of one namespace, kept beside the search index and rebuildable like it."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from graphmem.graph.folder import GraphFolder
from graphmem.graph.views import View, walk_graph
from graphmem.kernels.ranking import CsrGraph
from graphmem.model.ids import digest
from graphmem.stages.parts import Parts


class Walking:
    """Opens the graph when it is first asked for; a memory without files has a passing folder."""

    def __init__(self, parts: Parts, namespace: str) -> None:
        self._parts = parts
        self._namespace = namespace
        self._kept: GraphFolder | None = None
        self._passing: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    def graph(self, view: View) -> CsrGraph:
        """A view of the graph at the store's present version."""
        with self._lock:
            if self._kept is None:
                self._kept = GraphFolder(self._folder(), self._parts.store, [self._namespace])
            kept = self._kept
        return walk_graph(kept.graph(), view)

    def discard(self) -> None:
        """Remove what is kept of the namespace, after a deletion."""
        self.close()
        if self._parts.index_dir is not None:
            shutil.rmtree(self._folder(), ignore_errors=True)

    def close(self) -> None:
        """Wait for what is being written; a later question opens the graph again."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None
            if self._passing is not None:
                self._passing.cleanup()
                self._passing = None

    def _folder(self) -> Path:
        if self._parts.index_dir is not None:
            return self._parts.index_dir / f"{digest(self._namespace)}.graph"
        if self._passing is None:
            self._passing = tempfile.TemporaryDirectory(prefix="graphmem-graph-")
        return Path(self._passing.name)
