"""Connections to Neo4j: one driver to one database, and its errors as ours."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import neo4j
from neo4j.exceptions import (
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from graphmem.adapters.bolt_errors import explain, has_stopped, is_not_trusted
from graphmem.errors import GraphMemError, InvalidInputError, ReadOnlyError, StoreError

T = TypeVar("T")
Work = Callable[[neo4j.ManagedTransaction], T]
Runs = neo4j.ManagedTransaction | neo4j.Transaction | neo4j.Session


_CONNECT_SECONDS: Final = 10.0
_ACQUIRE_SECONDS: Final = 60.0
_KEEP_SECONDS: Final = 1800.0
_PAUSE_SECONDS: Final = 0.5
_DEADLOCK_SECONDS: Final = 2.0
_CONDITION: Final = """
SHOW DATABASES YIELD name, home, statusMessage
WHERE name = $name OR ($name IS NULL AND home)
RETURN statusMessage"""


class Bolt:
    """A driver to one database; safe to use from several threads.

    Parameters
    ----------
    url
        ``neo4j://`` or ``bolt://`` and a host, without user, password or path.
    auth
        User and password.
    database
        Its name; by default the user's own.
    read_only
        Whether :meth:`write` is refused.
    retry_seconds
        For how long what fails in passing (a deadlock, a server that restarts) is tried again.
    write_seconds
        After how long the server ends a write, one that waits for another writer included.
    """

    def __init__(
        self,
        url: str,
        auth: tuple[str, str] | None,
        *,
        database: str | None = None,
        read_only: bool = False,
        retry_seconds: float = 60.0,
        write_seconds: float = 300.0,
    ) -> None:
        # Without a handler of anybody's, Python would print the driver's warnings on stderr.
        logging.getLogger("neo4j").addHandler(logging.NullHandler())
        self.url = url
        self.database = database
        self.read_only = read_only
        self._retry_seconds = retry_seconds
        self._write_seconds = write_seconds
        self._closed = False
        with self.explained():
            self.driver = neo4j.GraphDatabase.driver(
                url,
                auth=auth,
                connection_timeout=_CONNECT_SECONDS,
                connection_acquisition_timeout=_ACQUIRE_SECONDS,
                max_connection_lifetime=_KEEP_SECONDS,
                max_transaction_retry_time=min(retry_seconds, _DEADLOCK_SECONDS),
                liveness_check_timeout=0.0 if url.startswith("neo4j") else None,
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
                telemetry_disabled=True,
                user_agent="graphmem",
            )
        # Whoever reads after a write sees it, on every member of a cluster.
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()

    @property
    def where(self) -> str:
        """The database in words, without secrets."""
        return self.url if self.database is None else f"{self.url}/{self.database}"

    def admit(self) -> None:
        """Raise what is wrong with the server, the user or the database, without trying again."""
        with self.explained(), self.session(neo4j.READ_ACCESS) as session:
            session.run("RETURN 1").consume()

    def read(self, work: Work[T]) -> T:
        """The result of `work`, which may run more than once."""
        return self._again_while_gone(neo4j.READ_ACCESS, lambda s: s.execute_read(work))

    def write(self, work: Work[T]) -> T:
        """The result of `work`, committed.

        It may run more than once, even after it was committed when the answer to that got lost; so
        it has to recognise its own work.
        """
        if self.read_only:
            raise ReadOnlyError(
                f"{self.where} was opened for reading", remedy="Open the memory for writing"
            )
        timed = neo4j.unit_of_work(timeout=self._write_seconds)(work)
        return self._again_while_gone(neo4j.WRITE_ACCESS, lambda s: s.execute_write(timed))

    def _again_while_gone(self, access: str, work: Callable[[neo4j.Session], T]) -> T:
        """Run `work` until the server is there; the driver's own pauses would soon be too long."""
        deadline = time.monotonic() + self._retry_seconds
        with self.explained():
            while True:
                try:
                    with self.session(access) as session:
                        return work(session)
                except (ServiceUnavailable, SessionExpired, TransientError) as cause:
                    if time.monotonic() > deadline or is_not_trusted(cause):
                        raise
                    time.sleep(_PAUSE_SECONDS)

    def session(self, access: str, **options: Any) -> neo4j.Session:
        """A session of the driver; its errors are Neo4j's."""
        self._refuse_closed()
        return self.driver.session(
            database=self.database,
            default_access_mode=access,
            bookmark_manager=self._bookmarks,
            **options,
        )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the driver and the server raise into our errors."""
        try:
            yield
        except (Neo4jError, DriverError, OSError) as cause:
            raise self.explanation(cause) from cause
        except (UnicodeEncodeError, OverflowError) as cause:
            raise InvalidInputError(
                f"a value cannot be stored: {cause}",
                remedy="Text must be valid Unicode, whole numbers below 2**63",
            ) from cause

    def explanation(self, cause: Exception) -> GraphMemError:
        """Our error for one of the driver's or the server's; asks why a database stopped."""
        return explain(self.where, cause, self._condition() if has_stopped(cause) else "")

    def _condition(self) -> str:
        """What the server says of the state of the database, if it still says anything."""
        try:
            with self.driver.session(
                database="system", default_access_mode=neo4j.READ_ACCESS
            ) as session:
                return " ".join(map(str, *session.run(_CONDITION, name=self.database).values()))
        except (Neo4jError, DriverError, OSError):
            return ""

    def close(self) -> None:
        """Close all connections; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self.driver.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self.where} was closed", remedy="Open the memory again")


def rows(tx: Runs, statement: str, **parameters: Any) -> list[list[Any]]:
    """All rows of a statement."""
    return tx.run(statement, parameters).values()


def listed(tx: Runs, statement: str, **parameters: Any) -> list[Any]:
    """The one list that a statement collects its rows into: several times faster to receive."""
    (row,) = rows(tx, statement, **parameters)
    found: list[Any] = row[0]
    return found


def number(tx: Runs, statement: str, **parameters: Any) -> int:
    """The one number that a statement returns."""
    ((value,),) = rows(tx, statement, **parameters)
    return int(value)
