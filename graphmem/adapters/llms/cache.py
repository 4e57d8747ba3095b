"""Answers that were given before, kept on disk by what was asked."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path
from typing import Final

from graphmem.errors import ConfigurationError, StoreError

_log = logging.getLogger(__name__)
_TABLE: Final = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, text TEXT NOT NULL)"
_BUSY_SECONDS = 30.0


class AnswerCache:
    """A SQLite file of answers; several threads and processes may share it.

    It holds what models wrote under digests of what was asked, and neither questions nor keys.
    A cache that cannot be written any more costs the answers that it would have kept, no more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str) -> str | None:
        """The answer kept under `key`.

        Raises
        ------
        ConfigurationError
            The file is damaged, is something else, or cannot be made.
        """
        with self._lock:
            try:
                row = self._open().execute("SELECT text FROM answers WHERE key = ?", (key,))
                found = row.fetchone()
            except (sqlite3.Error, OSError) as cause:
                raise ConfigurationError(
                    f"The cache of answers {self._path} cannot be used: {cause}",
                    remedy="Delete the file, or set GRAPHMEM_LLM_CACHE=false",
                ) from cause
        return None if found is None else str(found[0])

    def put(self, key: str, text: str) -> None:
        """Keep an answer."""
        with self._lock:
            try:
                with self._open() as connection:
                    connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, text))
            except (sqlite3.Error, OSError) as error:
                _log.warning("An answer could not be kept in %s: %s", self._path, error)

    def clear(self) -> None:
        """Remove every answer, and its words from the file.

        Raises
        ------
        StoreError
            The file cannot be written, or others are using it.
        """
        with self._lock:
            if not self._path.exists():
                return
            try:
                connection = self._open()
                connection.execute("PRAGMA secure_delete = ON")
                with connection:
                    connection.execute("DELETE FROM answers")
                (is_blocked, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except (sqlite3.Error, OSError) as cause:
                raise StoreError(
                    f"The cache of answers {self._path} cannot be emptied: {cause}",
                    remedy="Delete the file",
                ) from cause
            if is_blocked:
                raise StoreError(
                    f"The cache of answers {self._path} is in use and cannot be emptied",
                    remedy="Close what uses it and erase again, or delete the file",
                )

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(_TABLE)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection
