"""Connections of one process to one database file: a single writer, and readers that never wait."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from graphmem.adapters.stores.sqlite.failures import busy, explained, primary
from graphmem.errors import ReadOnlyError, StoreError

_CACHE_KIB: Final = 64 * 1024
_CHECKPOINT_PAGES: Final = 4000
_LOG_LIMIT_BYTES: Final = 64 * 1024 * 1024
_ERASE_PATIENCE_MS: Final = 100


class Connections:
    """Lends the connections of one process; safe to use from several threads.

    Parameters
    ----------
    path
        The database file.
    first
        A connection to it: the writer, or with `read_only` the first that reads.
    read_only
        Whether :meth:`writing` is refused.
    busy_timeout
        Seconds to wait for another writer.
    """

    def __init__(
        self, path: Path, first: sqlite3.Connection, *, read_only: bool, busy_timeout: float
    ) -> None:
        self.path = path
        self._read_only = read_only
        self._busy_timeout = busy_timeout
        self._writer = None if read_only else first
        self._writer_lock = threading.Lock()
        self._idle = [first] if read_only else []
        self._idle_lock = threading.Lock()
        self._closed = False
        self._erased_in_log = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a read transaction; what it shows does not change."""
        with explained(self.path), self.lent() as connection:
            yield connection

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """As :meth:`reading`, for a block that is the caller's: its own errors stay as they are."""
        with explained(self.path):
            connection = self._borrow()
        try:
            with explained(self.path):
                connection.execute("BEGIN")
            yield connection
        finally:
            with explained(self.path):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writer inside a transaction: durable at the end of the block, undone by an error."""
        with explained(self.path), self._exclusive() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if self._erased_in_log:
                self._empty_log(connection)

    def erase_from_log(self) -> bool:
        """Have what was deleted leave the write-ahead log too, now or with the next commit.

        Returns whether it has: readers that still look at older states keep the log from being
        emptied.
        """
        self._erased_in_log = True
        with explained(self.path), self._exclusive() as connection:
            self._empty_log(connection)
        return not self._erased_in_log

    def close(self) -> None:
        """Close what is idle now and what is lent when it comes back; the writer last.

        The last connection that closes writes the log back into the file, which only a writer may.
        """
        with self._idle_lock:
            self._closed = True
            idle, self._idle = self._idle, []
        with explained(self.path):
            for connection in idle:
                connection.close()
            with self._writer_lock:
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None

    @contextmanager
    def _exclusive(self) -> Iterator[sqlite3.Connection]:
        if self._read_only:
            raise ReadOnlyError(
                f"{self.path} was opened for reading", remedy="Open the memory for writing"
            )
        if not self._writer_lock.acquire(timeout=self._busy_timeout):
            raise busy(self.path)
        try:
            self._refuse_closed()
            assert self._writer is not None
            yield self._writer
        finally:
            self._writer_lock.release()

    def _empty_log(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_ERASE_PATIENCE_MS}")
        try:
            (blocked, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            # The commit stands, whatever keeps the log from being emptied now.
            blocked = True
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1000)}")
        self._erased_in_log = bool(blocked)

    def _borrow(self) -> sqlite3.Connection:
        self._refuse_closed()
        with self._idle_lock:
            if self._idle:
                return self._idle.pop()
        return connect_for_reading(self.path, busy_timeout=self._busy_timeout)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self.path} was closed", remedy="Open the memory again")


def connect(path: Path, mode: str, *, busy_timeout: float, more: str = "") -> sqlite3.Connection:
    """Connect to an existing file; `mode` is ``rw`` or ``ro``. Any thread may use it, in turn."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}{more}",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
    )


def connect_for_reading(path: Path, *, busy_timeout: float) -> sqlite3.Connection:
    """Connect to read, also on a read-only medium, where SQLite cannot keep its shared index."""
    connection = connect(path, "ro", busy_timeout=busy_timeout)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.Error as cause:
        connection.close()
        log = path.with_name(path.name + "-wal")
        if primary(cause) != sqlite3.SQLITE_CANTOPEN or (log.exists() and log.stat().st_size):
            raise
        connection = connect(path, "ro", busy_timeout=busy_timeout, more="&immutable=1")
    return connection


def tune_for_writing(connection: sqlite3.Connection) -> None:
    """Set what a commit has to hold to: on the disk, checked, and erased for good."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT_BYTES}")
