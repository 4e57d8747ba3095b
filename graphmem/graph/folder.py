"""A namespace's graph kept on disk, at the store's version: opened, brought up to date, compacted.

A generation is a folder that is never written to again once its name is in ``CURRENT``, which is
replaced in one step. Whoever is killed leaves the old generation in place; whoever still reads it
keeps its map.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from graphmem.errors import StoreError
from graphmem.graph.delta import Delta, read_delta, updated, write_compact
from graphmem.graph.hypergraph import Hypergraph, build_hypergraph, open_hypergraph
from graphmem.graph.links import LINK_TABLES
from graphmem.graph.nodes import NODE_TABLES
from graphmem.ports.store import GraphStore

_log = logging.getLogger(__name__)
_CURRENT: Final = "CURRENT"
_PARTIAL: Final = ".partial-"
_GENERATION: Final = "graph-"
_STALE_SECONDS: Final = 86_400
TABLES: Final = (*NODE_TABLES, *LINK_TABLES)


class GraphFolder:
    """The graph of `namespaces` of `store`, kept in `folder`; safe between threads.

    Several processes may use one folder: each brings its own copy up to date in memory, and the
    last to compact is the one whose generation stays.
    """

    def __init__(
        self,
        folder: Path,
        store: GraphStore,
        namespaces: Sequence[str],
        *,
        compact_at: float = 0.5,
    ) -> None:
        """`compact_at` is the share of the spare slots at which compaction begins."""
        self._folder = folder
        self._store = store
        self._namespaces = tuple(namespaces)
        self._compact_at = compact_at
        self._graph: Hypergraph | None = None
        self._since: list[Delta] = []
        """What was applied since the graph that is being compacted."""
        self._builds = 0
        self._lock = threading.Lock()
        self._compacting = threading.Lock()
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._compaction: threading.Thread | None = None
        self._is_closed = False

    def graph(self) -> Hypergraph:
        """The graph at the store's present version.

        Raises
        ------
        StoreError
            The store could not be read, or is damaged.
        OSError
            The graph could not be written.
        """
        with self._lock:
            return self._present()

    def compact(self) -> None:
        """Write the graph anew, rows in order and one after the other, and go on with that."""
        with self._compacting:
            with self._lock:
                graph, builds = self._present(), self._builds
                self._since.clear()
            following: Hypergraph | None = self._compacted(graph)
            with self._lock:
                for delta in self._since:
                    following = following and updated(following, delta)
                if following is not None and builds == self._builds:
                    self._graph = following

    def compact_in_background(self) -> None:
        """Do so in a thread, unless one is at it; what it cannot write is logged, not raised."""
        with self._starting:
            running = self._compaction
            if self._is_closed or (running is not None and running.is_alive()):
                return
            self._compaction = threading.Thread(
                target=self._compact_quietly, name="graph-compaction"
            )
            self._compaction.start()

    def close(self) -> None:
        """Wait for a compaction that is under way; a graph asked for later starts none."""
        with self._starting:
            self._is_closed = True
            running = self._compaction
        if running is not None:
            running.join()

    def _compact_quietly(self) -> None:
        try:
            self.compact()
        except (OSError, StoreError) as error:
            # A copy of what the store holds: without it the next process reads a longer delta.
            _log.warning("The graph could not be kept in %s: %s", self._folder, error)

    def _present(self) -> Hypergraph:
        if self._graph is None:
            self._graph = self._opened()
        if self._graph is None or not self._bring_up_to_date(self._graph):
            self._graph = self._published(self._build)
            self._builds += 1
        return self._graph

    def _opened(self) -> Hypergraph | None:
        """The generation that is current; ``None`` when there is none of this memory."""
        try:
            current = json.loads((self._folder / _CURRENT).read_text(encoding="utf-8"))
            if current["memory_id"] != self._store.info().memory_id:
                return None
            graph = open_hypergraph(self._folder / current["generation"])
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            return None  # missing or damaged: built anew, as what it holds is in the store
        return graph if tuple(graph.nodes.namespaces) == self._namespaces else None

    def _bring_up_to_date(self, graph: Hypergraph) -> bool:
        """Apply what the store changed; whether that was possible."""
        for name in self._namespaces:
            since = graph.versions[name]
            if self._store.version(name) == since:
                continue
            with self._store.read(name, TABLES, since=since) as reader:
                if reader.removed or reader.version < since:
                    return False
                delta = read_delta(reader, name)
            following = updated(graph, delta)
            if following is None:
                following = updated(self._compacted(graph), delta)
                if following is None:
                    return False
            graph = following
            self._since.append(delta)
        self._graph = graph
        if graph.slots.spare_used > self._compact_at:
            self.compact_in_background()
        return True

    def _build(self, folder: Path) -> None:
        with ExitStack() as stack:
            readers = {
                name: stack.enter_context(self._store.read(name, TABLES))
                for name in self._namespaces
            }
            build_hypergraph(readers, folder)

    def _compacted(self, graph: Hypergraph) -> Hypergraph:
        return self._published(lambda folder: write_compact(graph, folder))

    def _published(self, write: Callable[[Path], None]) -> Hypergraph:
        """Have a generation written, open it, and make it the current one."""
        with self._writing:
            return self._publish(write)

    def _publish(self, write: Callable[[Path], None]) -> Hypergraph:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self._folder))
        made = self._folder / partial.name.replace(_PARTIAL, _GENERATION)
        try:
            write(partial)
            _sync(partial)
            # Mapped before anybody knows its name: another process may replace it at once.
            graph = open_hypergraph(partial)
            partial.rename(made)
            current = {"memory_id": self._store.info().memory_id, "generation": made.name}
            pointer = self._folder / f"{_PARTIAL}{made.name}"
            pointer.write_text(json.dumps(current), encoding="utf-8")
            _sync_file(pointer)
            pointer.replace(self._folder / _CURRENT)
            _sync_file(self._folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(made, ignore_errors=True)
            raise
        self._sweep(made)
        return graph

    def _sweep(self, current: Path) -> None:
        """Remove other generations, and what killed processes left behind."""
        long_ago = time.time() - _STALE_SECONDS
        for path in self._folder.iterdir():
            is_old = path.name.startswith(_GENERATION) and path != current
            if is_old or (path.name.startswith(_PARTIAL) and path.stat().st_mtime < long_ago):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:  # the name of a generation, written but never put in place
                    path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        _sync_file(path)
    _sync_file(folder)


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
