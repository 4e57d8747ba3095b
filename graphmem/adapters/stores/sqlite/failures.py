"""What SQLite raises, as our errors: each names the file and what can be done."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from graphmem.errors import (
    GraphMemError,
    InvalidInputError,
    ReadOnlyError,
    StoreBusyError,
    StoreError,
    StoreFormatError,
    StoreFullError,
)


class _Failure(NamedTuple):
    """An error of ours; `says` is filled with ``{path}`` and SQLite's ``{cause}``."""

    error: type[GraphMemError]
    says: str
    remedy: str


_BUSY: Final = _Failure(
    StoreBusyError,
    "{path} is being written by another process or thread",
    "Wait until it has finished and try again; reading is possible meanwhile",
)
_FULL: Final = _Failure(
    StoreFullError,
    "there is no room left to write {path} ({cause}); nothing of the batch was kept",
    "Free space, or raise the quota or file size limit, and repeat the batch",
)
_READ_ONLY: Final = _Failure(
    ReadOnlyError, "{path} may not be written", "Check the permissions of the file and its folder"
)
_NOT_OPENED: Final = _Failure(
    StoreError,
    "{path} cannot be opened ({cause})",
    "Check the permissions of the file and its folder",
)
_DAMAGED: Final = _Failure(
    StoreFormatError,
    "{path} is not a memory, or is damaged ({cause})",
    "Restore the memory's folder from a copy, or ingest its sources into a new one",
)
_UNFIT: Final = _Failure(
    InvalidInputError,
    "a value cannot be stored: {cause}",
    "Text must be valid Unicode below 1 GB, numbers neither NaN nor 2**63 or more",
)
_OTHER: Final = _Failure(StoreError, "{path}: {cause}", "`graphmem doctor` looks for damage")

# By extended result code where there is an entry, else by the primary one. SQLite reports a disk
# that is full as FULL, but a quota or a limit on the file's size, and a full disk met while the
# shared index grows, as failed input/output.
_FAILURES: Final[Mapping[int, _Failure]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR_WRITE: _FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _NOT_OPENED,
    sqlite3.SQLITE_PERM: _NOT_OPENED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_TOOBIG: _UNFIT,
    sqlite3.SQLITE_CONSTRAINT_CHECK: _UNFIT,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: _UNFIT,
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into our errors, naming `path`."""
    try:
        yield
    except sqlite3.Error as cause:
        raise _explain(path, cause) from cause
    except (UnicodeEncodeError, OverflowError) as cause:
        raise _filled(_UNFIT, path, cause) from cause


def busy(path: Path) -> GraphMemError:
    """The error for a writer that does not get its turn."""
    return _filled(_BUSY, path, None)


def primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code of `error`, 0 for one that the Python module raised."""
    return _code(error) & 0xFF


def _explain(path: Path, cause: sqlite3.Error) -> GraphMemError:
    code = _code(cause)
    return _filled(_FAILURES.get(code) or _FAILURES.get(code & 0xFF, _OTHER), path, cause)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0)


def _filled(failure: _Failure, path: Path, cause: BaseException | None) -> GraphMemError:
    return failure.error(failure.says.format(path=path, cause=cause), remedy=failure.remedy)
