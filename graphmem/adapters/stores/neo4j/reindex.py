"""Moving to another embedder: its vectors are kept beside those in use until they are complete.

Each generation of vectors is a property of the passages and a native index of its own. The node
``_Memory`` says which one is in use, so that the switch is one small transaction; what is left of
others is removed in parts afterwards, by whoever comes next if the process is killed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple

import neo4j

from graphmem.adapters.bolt import Bolt, Runs, listed, number, rows
from graphmem.adapters.stores.neo4j import schema
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.adapters.stores.neo4j.vectors import checked
from graphmem.errors import StoreBusyError
from graphmem.ports.store import Vectors

_OWN: Final = statements("reindex")


class _Target(NamedTuple):
    """The embedder that the memory is on its way to, and the generations to come and in use."""

    name: str | None
    dimension: int
    generation: int
    present: int


def start(bolt: Bolt, name: str, dimension: int) -> int:
    """Go on with moving to this embedder, from the start if it is another; how many are done."""

    def aim(tx: neo4j.ManagedTransaction) -> int:
        _lock(tx)
        found = _target(tx)
        if found.name == name and found.dimension == dimension:
            return found.generation
        generation = max(found.present, found.generation) + 1
        rows(tx, _OWN["aim"], name=name, dimension=dimension, generation=generation)
        return generation

    generation = bolt.write(aim)
    _drop_stale(bolt)
    return bolt.read(lambda tx: number(tx, of_generation(_OWN["done"], generation)))


def without(bolt: Bolt, after: str, limit: int) -> list[str]:
    """Ids of passages that have no vector of the embedder to come."""

    def find(tx: neo4j.ManagedTransaction) -> list[str]:
        statement = of_generation(_OWN["without"], _target(tx).generation)
        return listed(tx, statement, after=after, limit=limit)

    return bolt.read(find)


def keep(bolt: Bolt, name: str, vectors: Mapping[str, Vectors]) -> None:
    """Keep vectors of the embedder to come."""

    def write(tx: neo4j.ManagedTransaction) -> None:
        _lock(tx)
        wanted = _required(tx, name)
        made = checked(vectors, wanted.dimension)
        given = [[key, made[key]] for key in sorted(made)]
        rows(tx, of_generation(_OWN["keep"], wanted.generation), rows=given)

    bolt.write(write)


def finish(bolt: Bolt, name: str) -> bool:
    """Put the vectors to come in the place of those in use, if no passage lacks one."""
    wanted = bolt.read(lambda tx: _required(tx, name))
    schema.make_vector_index(bolt, wanted.dimension, wanted.generation)
    schema.await_indexes(bolt)

    def switch(tx: neo4j.ManagedTransaction) -> bool:
        _lock(tx)
        found = _target(tx)
        if found.name is None and found.present == wanted.generation:
            return True  # done before the answer to it got lost
        if found.name != name:
            raise superseded(name)
        # Writers know the generation once they hold their namespace: all of them have to end.
        rows(tx, _OWN["lock_namespaces"], token=secrets.token_hex(8))
        missing = of_generation(_OWN["without"], found.generation)
        if listed(tx, missing, after="", limit=1):
            return False
        rows(tx, _OWN["switch"])
        # Old vectors are gone, which is more than a change feed tells.
        rows(tx, _OWN["raise_versions"])
        return True

    is_done = bolt.write(switch)
    if is_done:
        _drop_stale(bolt)
    return is_done


def superseded(name: str) -> StoreBusyError:
    """The error for a run that another one has taken over from."""
    return StoreBusyError(
        f"The memory is not on its way to {name} any more: another reindex has taken over or ended",
        remedy="Let that one finish, then start again if it is still wanted",
    )


def _drop_stale(bolt: Bolt) -> None:
    """Remove vectors and indexes of generations that nobody reads any more."""
    for generation in bolt.read(lambda tx: listed(tx, _OWN["stale"])):
        for name in ("drop_index", "drop_vectors"):
            schema.run(bolt, of_generation(_OWN[name], generation))
        schema.run(bolt, _OWN["dropped"], generation=generation)


def _lock(tx: neo4j.ManagedTransaction) -> None:
    rows(tx, statements("schema")["lock_memory"], token=secrets.token_hex(8))


def _target(tx: Runs) -> _Target:
    ((name, dimension, generation, present),) = rows(tx, _OWN["target"])
    return _Target(name, dimension or 0, generation or 0, present)


def _required(tx: Runs, name: str) -> _Target:
    found = _target(tx)
    if found.name != name:
        raise superseded(name)
    return found
