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


def embedding(generation: int) -> str:
    """The property of a passage that holds its vector: another embedder's vectors are another."""
    return f"embedding_{generation}" if generation else "embedding"


def of_generation(statement: str, generation: int) -> str:
    """`statement` with its ``{embedding}`` and ``{embeddings}``: a property, and its index."""
    suffix = f"_{generation}" if generation else ""
    index = f"graphmem_embeddings{suffix}"
    return statement.replace("{embedding}", embedding(generation)).replace("{embeddings}", index)
