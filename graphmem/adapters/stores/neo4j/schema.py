"""The database's constraints and indexes, how it becomes a memory and is brought up to date.

The node ``_Memory`` says which memory it is and how many migrations it has been through; a new one
goes through all of them. Their steps run one after the other, each doing nothing where it was
done, so that a process that was killed in between is made good by the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import neo4j

from graphmem.adapters.bolt import Bolt, rows
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.errors import EmbedderMismatchError, StoreFormatError

MIGRATIONS: Final[tuple[str, ...]] = ("schema_1", "schema_2", "schema_3", "schema_4")
"""``MIGRATIONS[n]`` is the file of statements that take a database from version n to n + 1."""

_INDEX_SECONDS: Final = 300


class Meta(NamedTuple):
    """What the node ``_Memory`` says."""

    memory_id: str
    created_at: int
    schema_version: int
    embedder: str | None
    dimension: int | None
    generation: int


def meta(tx: neo4j.ManagedTransaction) -> Meta | None:
    """What the database says of itself; ``None`` where there is no memory in it."""
    found = rows(tx, statements("schema")["memory"])
    return Meta(*found[0]) if found else None


def make(bolt: Bolt, *, created_at: int) -> None:
    """Make the database a memory, if it is none, whoever else does so at the same moment."""
    # The constraint comes first, as MERGE alone may make two nodes.
    run(bolt, statements(MIGRATIONS[0])["memory_key"])
    bolt.write(
        lambda tx: rows(
            tx,
            statements("schema")["make_memory"],
            memory_id=secrets.token_hex(16),
            created_at=created_at,
        )
    )


def migrate(bolt: Bolt, version: int, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the database from `version` up to date."""
    for target, name in enumerate(migrations[version:], start=version + 1):
        for statement in statements(name).values():
            run(bolt, statement)
        await_indexes(bolt)
        run(bolt, statements("schema")["set_schema_version"], version=target)


def verify(bolt: Bolt, found: Meta, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Raise `StoreFormatError` for a memory of a newer schema, or one that was not made whole."""
    if found.schema_version > len(migrations):
        raise StoreFormatError(
            f"{bolt.where} was written by a newer graphmem"
            f" (schema {found.schema_version}; this one knows {len(migrations)})",
            remedy="Upgrade graphmem to open it",
        )


def await_indexes(bolt: Bolt) -> None:
    """Wait until all indexes answer."""
    run(bolt, statements("schema")["await_indexes"], seconds=_INDEX_SECONDS)


def make_vector_index(bolt: Bolt, dimension: int, generation: int) -> None:
    """Make the native vector index; raises `EmbedderMismatchError` if it has another dimension."""
    shown = of_generation(statements("schema")["vector_index"], generation)
    found = bolt.read(lambda tx: rows(tx, shown))
    if not found:
        # A parameter is not taken here; the number is one.
        statement = of_generation(statements("schema")["make_vector_index"], generation)
        run(bolt, statement.replace("$dimension", str(int(dimension))))
    elif found[0][0] != dimension:
        raise EmbedderMismatchError(
            f"the vector index of {bolt.where} has {found[0][0]} dimensions, not {dimension}"
        )


def run(bolt: Bolt, statement: str, **parameters: Any) -> None:
    """Run a statement that is its own transaction, as those on the schema are."""
    with bolt.explained(), bolt.session(neo4j.WRITE_ACCESS) as session:
        session.run(statement, parameters).consume()
