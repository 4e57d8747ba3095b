"""Connections of one process to one database file: a single writer, and readers that never wait.

Every error of SQLite leaves this module as one of ours.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from graphmem.errors import (
    GraphMemError,
    InvalidInputError,
    ReadOnlyError,
    StoreBusyError,
    StoreError,
    StoreFormatError,
    StoreFullError,
)

_CACHE_KIB: Final = 64 * 1024
_CHECKPOINT_PAGES: Final = 4000
_LOG_LIMIT_BYTES: Final = 64 * 1024 * 1024
_ERASE_PATIENCE_MS: Final = 100

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# SQLite reports a disk that is full as FULL, but a quota or a limit on the file's size, and a full
# disk met while the shared index grows, as failed input/output.
_NO_ROOM: Final = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_UNFIT: Final = {sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL}


class Connections:
    """Lends the connections of one process; safe to use from several threads.

    Parameters
    ----------
    path
        The database file, which exists.
    read_only
        Whether :meth:`writing` is refused.
    busy_timeout
        Seconds to wait for another writer.
    """

    def __init__(self, path: Path, *, read_only: bool, busy_timeout: float) -> None:
        self.path = path
        self._read_only = read_only
        self._busy_timeout = busy_timeout
        self._writer: sqlite3.Connection | None = None
        self._writer_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False
        self._immutable = False
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
        if self._read_only:
            raise ReadOnlyError(
                f"{self.path} was opened for reading", remedy="Open the memory for writing"
            )
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

    def erase_from_log(self) -> None:
        """Have what was deleted leave the write-ahead log too, now or with the next commit.

        Readers that still look at older states keep the log from being emptied.
        """
        self._erased_in_log = True
        with explained(self.path), self._exclusive() as connection:
            self._empty_log(connection)

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
        if not self._writer_lock.acquire(timeout=self._busy_timeout):
            raise _busy(self.path)
        try:
            self._refuse_closed()
            if self._writer is None:
                self._writer = connect(self.path, "rw", busy_timeout=self._busy_timeout)
                tune_for_writing(self._writer)
            yield self._writer
        finally:
            self._writer_lock.release()

    def _empty_log(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_ERASE_PATIENCE_MS}")
        try:
            (blocked, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
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
        if primary(cause) != sqlite3.SQLITE_CANTOPEN or log.exists():
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


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into our errors, naming `path`."""
    try:
        yield
    except sqlite3.Error as cause:
        raise _explain(path, cause) from cause
    except (UnicodeEncodeError, OverflowError) as cause:
        raise InvalidInputError(
            f"a value cannot be stored: {cause}",
            remedy="Text must be valid Unicode below 1 GB, whole numbers below 2**63",
        ) from cause


def primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code of `error`, 0 for one that the Python module raised."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explain(path: Path, cause: sqlite3.Error) -> GraphMemError:
    code = getattr(cause, "sqlite_errorcode", 0)
    kind = primary(cause)
    if kind in _BUSY:
        return _busy(path)
    if kind == sqlite3.SQLITE_FULL or code in _NO_ROOM:
        return StoreFullError(
            f"there is no room left to write {path} ({cause}); nothing of the batch was kept",
            remedy="Free space, or raise the quota or file size limit, and repeat the batch",
        )
    if kind == sqlite3.SQLITE_READONLY:
        return ReadOnlyError(
            f"{path} may not be written", remedy="Check the permissions of the file and its folder"
        )
    if kind in _DAMAGED:
        what = "not an SQLite database" if kind == sqlite3.SQLITE_NOTADB else "damaged"
        return StoreFormatError(
            f"{path} is {what} ({cause})",
            remedy="Restore the memory's folder from a copy, or ingest its sources into a new one",
        )
    if kind == sqlite3.SQLITE_TOOBIG or code in _UNFIT:
        return InvalidInputError(
            f"a value cannot be stored: {cause}",
            remedy="Text must be below 1 GB, numbers must not be NaN, spans must end after they start",
        )
    if kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(
            f"{path} cannot be opened ({cause})",
            remedy="Check the permissions of the file and its folder",
        )
    return StoreError(f"{path}: {cause}", remedy="`graphmem doctor` looks for damage")


def _busy(path: Path) -> StoreBusyError:
    return StoreBusyError(
        f"{path} is being written by another process or thread",
        remedy="Wait until it has finished and try again; reading is possible meanwhile",
    )
