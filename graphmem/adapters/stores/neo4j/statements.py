"""The statements of this package, in files of Cypher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphmem.adapters.statements import read_statements


def statements(file: str) -> Mapping[str, str]:
    """The statements of ``cypher/FILE.cypher`` by name, in the order of the file."""
    return read_statements(__package__, file)


def with_properties(statement: str, columns: Sequence[str]) -> str:
    """`statement` with its ``{properties}`` read from ``row[1]``, ``row[2]``, ... in order.

    Rows as lists take half the time on the way that maps take.
    """
    pairs = ", ".join(f"`{name}`: row[{at}]" for at, name in enumerate(columns, start=1))
    return statement.replace("{properties}", f"{{{pairs}}}")
