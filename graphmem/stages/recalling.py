"""What searches find is remembered the longer: counted in memory, written now and then."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable

from graphmem.errors import ReadOnlyError, StoreBusyError
from graphmem.stages.parts import Parts

_log = logging.getLogger(__name__)
_MOST_PENDING = 1_000
_MOST_OF_A_SEARCH = 10


class Recalls:
    """Counts which passages of a namespace were found; writes them together, off the hot path.

    What is counted and not yet written is lost with the process: it is a hint to a policy of
    forgetting, and nothing else depends on it. A memory that is open for reading counts nothing.
    """

    def __init__(self, parts: Parts, namespace: str) -> None:
        self._parts = parts
        self._namespace = namespace
        self._pending: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._is_read_only = False

    def note(self, passage_ids: Iterable[str]) -> None:
        """Count the best of what a search has found, best first."""
        if self._is_read_only:
            return
        with self._lock:
            self._pending.update(list(passage_ids)[:_MOST_OF_A_SEARCH])
            is_due = len(self._pending) >= _MOST_PENDING
        if is_due:
            self.flush()

    def flush(self) -> None:
        """Write what was counted; another process that is writing is not waited for twice."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
        if not pending:
            return
        try:
            self._parts.store.recall(self._namespace, pending, self._parts.clock())
        except ReadOnlyError:
            self._is_read_only = True
        except StoreBusyError as error:
            _log.info("What was recalled of %r is not counted: %s", self._namespace, error)
