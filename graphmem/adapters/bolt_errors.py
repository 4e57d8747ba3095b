"""What goes wrong with a Neo4j, as our errors: what it was, and what to do about it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Final

from neo4j.exceptions import AuthError, ServiceUnavailable, SessionExpired, TransientError
from neo4j.exceptions import ConfigurationError as DriverConfigurationError

from graphmem.errors import (
    ConfigurationError,
    GraphMemError,
    InvalidInputError,
    ReadOnlyError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)

_GONE: Final = (ServiceUnavailable, SessionExpired, OSError)
_FORBIDDEN: Final = (
    "Neo.ClientError.Security.Forbidden",
    "Neo.ClientError.Statement.AccessMode",
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
)
_TIMED_OUT: Final = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    "Neo.ClientError.Transaction.LockClientStopped",
    "Neo.TransientError.Transaction.LockClientStopped",
    "Neo.TransientError.Transaction.LockAcquisitionTimeout",
)
_STOPPED: Final = (
    "Neo.DatabaseError.Transaction.TransactionCommitFailed",
    "Neo.DatabaseError.Transaction.TransactionLogError",
    "Neo.DatabaseError.Transaction.TransactionStartFailed",
    "Neo.TransientError.General.DatabaseUnavailable",
)
# With no room for its next log file, a database goes into read-only mode by itself.
_FULL: Final = re.compile(r"no space left|disk space|is in read only mode", re.IGNORECASE)


def explain(where: str, cause: Exception, condition: str = "") -> GraphMemError:
    """Our error for one of the driver's or the server's at `where`.

    `condition` is what the server says of the database's state.
    """
    code = _code(cause)
    said = (getattr(cause, "message", None) or str(cause)).split("\n")[0]
    if has_stopped(cause) and condition:
        said = condition
    return (
        _unencrypted(where, cause)
        or _refused(where, cause, code, said)
        or _stopped(where, cause, code, said)
        or _unable(where, cause, code, said)
    )


def has_stopped(cause: Exception) -> bool:
    """Whether the database gave up, as it does after an error of its disk, and has to restart."""
    return _code(cause) in _STOPPED


def is_not_trusted(cause: Exception) -> bool:
    """Whether the server showed a certificate that this machine does not trust."""
    return any(isinstance(error, ssl.SSLCertVerificationError) for error in _within(cause))


def _code(cause: Exception) -> str:
    return getattr(cause, "code", None) or ""


def _within(cause: BaseException | None) -> Iterator[BaseException]:
    """An error, and all that led to it."""
    while cause is not None:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            for error in cause.exceptions:
                yield from _within(error)
        cause = cause.__cause__


def _unencrypted(where: str, cause: Exception) -> GraphMemError | None:
    """The error for a connection that could not be encrypted; ``None`` if it is another."""
    for error in _within(cause):
        if isinstance(error, ssl.SSLCertVerificationError):
            return ConfigurationError(
                f"the certificate of {where} is not trusted ({error.verify_message})",
                remedy="Let this machine trust who signed it (SSL_CERT_FILE=FILE), or write"
                " bolt+ssc:// or neo4j+ssc://, which encrypt and do not check who answers",
            )
        if isinstance(error, ssl.SSLError):
            return ConfigurationError(
                f"{where} does not answer in TLS ({error.reason or error.strerror or error})",
                remedy="Use bolt:// or neo4j://, or switch on TLS on the server",
            )
    return None


def _refused(where: str, cause: Exception, code: str, said: str) -> GraphMemError | None:
    """The error for what would be refused again; ``None`` if it is none of these."""
    if isinstance(cause, AuthError) or code.startswith("Neo.ClientError.Security.Auth"):
        return ConfigurationError(
            f"{where} refuses the user or the password ({said})",
            remedy="Give auth=(user, password), or set GRAPHMEM_NEO4J_USER and"
            " GRAPHMEM_NEO4J_PASSWORD or GRAPHMEM_NEO4J_PASSWORD_FILE",
        )
    if code in _FORBIDDEN or "read access mode" in said:
        return ReadOnlyError(
            f"{where} does not let this user do that ({said})",
            remedy="Use a user with the rights, or open the memory for reading",
        )
    if code.endswith("DatabaseNotFound"):
        return ConfigurationError(
            f"{where}: {said}", remedy="Name a database that is there: neo4j://HOST/DATABASE"
        )
    if isinstance(cause, DriverConfigurationError):
        return ConfigurationError(f"{where}: {said}", remedy="Check the URL")
    if "too large to index" in str(cause):
        return InvalidInputError(
            f"an id is too long to be stored in {where}", remedy="Keep ids below 8,000 bytes"
        )
    return None


def _stopped(where: str, cause: Exception, code: str, said: str) -> GraphMemError | None:
    """The error for a database that gave up; ``None`` if it is another."""
    if _FULL.search(said) or code.endswith("TransactionLogError"):
        return StoreFullError(
            f"there is no room left to write {where} ({said})",
            remedy="Free space on the server's disk, restart it, and repeat the batch: it is there"
            " then in whole or not at all, and nothing of it is written twice",
        )
    if has_stopped(cause) and not isinstance(cause, TransientError):
        return StoreError(
            f"the database of {where} stopped ({said})",
            remedy="Read the server's log, restart it, and repeat the batch: it is there then in"
            " whole or not at all, and nothing of it is written twice",
        )
    return None


def _unable(where: str, cause: Exception, code: str, said: str) -> GraphMemError:
    """The error for what might be done another time."""
    if code in _TIMED_OUT:
        return StoreBusyError(
            f"{where} did not finish in time, or waited for another writer ({said})",
            remedy="Try again when the other writer has finished",
        )
    if "OutOfMemory" in code:
        return StoreError(
            f"{where} ran out of memory ({said}); nothing of the batch was kept",
            remedy="Commit smaller batches, or give the server more memory",
        )
    if isinstance(cause, _GONE) or "DatabaseUnavailable" in code:
        return StoreError(
            f"no Neo4j answers at {where} ({said})",
            remedy="Check that the server runs (graphmem neo4j status) and the URL",
        )
    if isinstance(cause, TransientError):
        return StoreBusyError(
            f"{where} is being written by others ({said})", remedy="Try again in a while"
        )
    return StoreError(f"{where}: {said}", remedy="`graphmem doctor` looks for damage")
