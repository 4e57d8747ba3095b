"""The query port: Cypher over one namespace of a memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from graphmem.model.base import Value


class CypherResult(Value):
    """Rows of a statement; `truncated` says that there were more than the cap.

    `warnings` are the engine's, such as a label or a property that nothing has.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool = False
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


class CypherSchema(Value):
    """What there is to match.

    `bookkeeping` are labels of nodes that are the store's own and no part of the memory: a pattern
    without a label meets them too.
    """

    labels: Mapping[str, tuple[str, ...]]
    relationships: Mapping[str, tuple[str, ...]]
    bookkeeping: tuple[str, ...] = ()


class CypherRunner(Protocol):
    """Runs Cypher. Nodes come back as mappings with ``_labels``, relationships with ``_type``."""

    def run(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        write: bool = False,
        timeout: float = 30.0,
        max_rows: int = 10_000,
    ) -> CypherResult:
        """Run one statement; `timeout` in seconds.

        Raises
        ------
        ReadOnlyError
            The statement writes and `write` is not set.
        QueryError
            It does not parse, fails, or runs out of time.
        """

    def schema(self) -> CypherSchema:
        """Labels and relationship types with their property names."""

    def discard(self) -> None:
        """Remove what is kept of the memory's content outside the store, after an erasure."""

    def close(self) -> None:
        """Let go of what is held."""
