"""Cypher over the embedded store, by an in-process engine that looks at a view of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import kglite

from graphmem.adapters.cypher import view as views
from graphmem.adapters.cypher.edits import addressed, edits_between
from graphmem.adapters.cypher.shape import LABELS, RELATIONS
from graphmem.adapters.cypher.statement import checked
from graphmem.adapters.cypher.values import bound, plain, worth_saying
from graphmem.adapters.cypher.view import Stamp, View
from graphmem.errors import InvalidInputError, QueryError, ReadOnlyError, StoreBusyError
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem.ports.store import GraphStore

_ATTEMPTS: Final = 3
"""How often a writing statement is run anew because the memory changed under it."""


class EmbeddedCypher:
    """Runs Cypher over one namespace of `store`; keeps the view in `folder`, if there is one.

    Reading statements may run in several threads at once. The engine stops a statement that holds
    more than ten million rows at a time.
    """

    def __init__(self, store: GraphStore, namespace: str, *, folder: Path | None = None) -> None:
        # Warnings come back with the result; the engine would print them as well.
        kglite.set_query_warning_policy("silent")
        self._store = store
        self._namespace = namespace
        self._folder = folder
        self._view: View | None = None
        self._lock = threading.Lock()

    def run(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        write: bool = False,
        timeout: float = 30.0,
        max_rows: int = 10_000,
    ) -> CypherResult:
        """Run one statement; see :class:`graphmem.ports.cypher.CypherRunner`.

        A writing statement changes the store, where the change fits the model: other errors than
        the port's are those of :meth:`GraphStore.edit` and `InvalidInputError`. An entity that it
        creates has its id in the node that it returns, not in an expression such as ``e.id``.
        """
        options = {
            "params": {"namespace": self._namespace, **bound(parameters)},
            "timeout_ms": _milliseconds(timeout),
            "row_limit": _rows(max_rows),
        }
        text = checked(statement)
        start = time.perf_counter()
        try:
            # Reading first, also where writing is allowed: it costs no copy and heeds Ctrl-C.
            result = _result(_run(self._current().frozen, text, options))
        except ReadOnlyError:
            if not write:
                raise
            result = self._write(text, options)
        return result.model_copy(update={"seconds": time.perf_counter() - start})

    def schema(self) -> CypherSchema:
        """Labels and relationship types with their property names, held or not."""
        return CypherSchema(
            labels=dict(LABELS),
            relationships={kind: relation.properties for kind, relation in RELATIONS.items()},
        )

    def discard(self) -> None:
        """Remove the view, its file too; the next statement builds a new one.

        Raises
        ------
        StoreError
            The file cannot be removed.
        """
        self.close()
        if self._folder is not None:
            views.remove(self._folder, self._namespace)

    def close(self) -> None:
        """Let go of the view; it is read again when it is needed."""
        with self._lock:
            self._view = None

    def _write(self, text: str, options: Mapping[str, Any]) -> CypherResult:
        for attempt in range(_ATTEMPTS):
            view = self._current()
            transaction = view.graph.begin()
            try:
                rows = _run(transaction, text, options)
                edits = edits_between(
                    view.frozen,
                    transaction,
                    store=self._store,
                    namespace=self._namespace,
                    version=view.version,
                    stats=rows.stats,
                )
                result = _result(rows)
            finally:
                transaction.rollback()
            if edits is None:
                return result
            try:
                self._store.edit(edits)
            except StoreBusyError:
                if attempt == _ATTEMPTS - 1 or not self._is_behind(view):
                    raise
                continue
            given = tuple(tuple(addressed(v, self._namespace) for v in row) for row in result.rows)
            return result.model_copy(update={"rows": given})
        raise AssertionError("unreachable")

    def _is_behind(self, view: View) -> bool:
        return self._store.version(self._namespace) != view.version

    def _current(self) -> View:
        """The view as the store stands now: what is held, what is on disk, or a new one."""
        with self._lock:
            now = (
                self._store.version(self._namespace),
                self._store.hierarchy_revision(self._namespace),
            )
            if self._view is None or (self._view.version, self._view.revision) != now:
                self._view = None
                self._view = self._read(*now)
            return self._view

    def _read(self, version: int, revision: int) -> View:
        memory_id = self._store.info().memory_id
        if self._folder is not None:
            stamp = Stamp(memory_id, self._namespace, version, revision)
            kept = views.load(self._folder, stamp)
            if kept is not None:
                return kept
        view = views.build(self._store, self._namespace)
        if self._folder is not None and view.version:
            stamp = Stamp(memory_id, self._namespace, view.version, view.revision)
            views.save(view, self._folder, stamp)
        return view


def _run(graph: Any, text: str, options: Mapping[str, Any]) -> Any:
    """Run a statement on a graph, a frozen one or a transaction; the engine's errors as ours."""
    try:
        return graph.cypher(text, **options)
    except kglite.ReadOnlyError as cause:
        raise ReadOnlyError(
            "The statement writes", remedy="Allow it with write=True, or --write on the console"
        ) from cause
    except kglite.CypherTimeoutError as cause:
        raise QueryError(
            f"No answer within {options['timeout_ms'] / 1000:g} s",
            remedy="Give it more time, or begin at a node that its id or name picks out",
        ) from cause
    except kglite.KgError as cause:
        raise QueryError(str(cause)) from cause


def _result(rows: Any) -> CypherResult:
    columns = tuple(rows.columns)
    return CypherResult(
        columns=columns,
        rows=tuple(tuple(plain(row[name]) for name in columns) for row in rows),
        truncated=rows.diagnostics["total_rows"] is not None,
        warnings=worth_saying(rows.warnings),
    )


def _milliseconds(timeout: float) -> int:
    if not (math.isfinite(timeout) and timeout > 0):
        raise InvalidInputError(f"The time-out is {timeout}", remedy="Give seconds above 0")
    return max(1, round(timeout * 1000))


def _rows(max_rows: int) -> int:
    if max_rows < 1:
        raise InvalidInputError(f"The cap on rows is {max_rows}", remedy="Give 1 or more")
    return max_rows
