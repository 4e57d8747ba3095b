"""Vectors on their way into the store: checked, and the same for all passages of one text.

A vector is a property of each passage that it is the vector of, as the native index wants it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

import neo4j
import numpy as np

from graphmem.adapters.bolt import listed, rows
from graphmem.adapters.stores.neo4j.namespaces import Namespace, touch
from graphmem.adapters.stores.neo4j.schema import meta
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.errors import EmbedderMismatchError, InvalidInputError
from graphmem.ports.store import Vectors

_OWN: Final = statements("write")


class Embeddings:
    """The vectors of a batch, looked at before its passages are made.

    Parameters
    ----------
    vectors
        Vectors by key; those of a key that has one are left out.
    wanted
        The keys of the passages that are going to be made.
    embedder
        What made the vectors, where that is known.

    Raises
    ------
    InvalidInputError
        A vector that is not a row of finite numbers.
    EmbedderMismatchError
        Vectors of another embedder than the store's, or of another length than those that it holds
        or was promised.
    """

    def __init__(
        self,
        namespace: Namespace,
        vectors: Mapping[str, Vectors],
        wanted: Collection[str],
        *,
        embedder: str | None = None,
    ) -> None:
        self._namespace = namespace
        tx = namespace.tx
        _refuse_other(tx, embedder if vectors else None)
        keys = sorted({*vectors, *wanted})
        known: set[str] = set()
        self._waiting: defaultdict[str, set[int]] = defaultdict(set)
        for key, space, has_vector in self._listed("vector_holders", keys) if keys else ():
            if has_vector:
                known.add(key)
            elif key in vectors:
                self._waiting[key].add(space)
        new = {k: v for k, v in vectors.items() if k not in known}
        self._vectors = checked(new, dimension(tx) if new else None)
        again = sorted(known.intersection(wanted))
        if again:
            self._vectors |= dict(self._listed("vectors_of", again))

    def of(self, key: str) -> list[float] | None:
        """The vector of a passage that is going to be made."""
        return self._vectors.get(key)

    def fill(self) -> None:
        """Give their vectors to passages that waited for them, in all namespaces."""
        waiting = {key: spaces for key, spaces in self._waiting.items() if key in self._vectors}
        if not waiting:
            return
        tx = self._namespace.tx
        own = self._namespace.space
        gaining = set().union(*waiting.values())
        versions = {**touch(tx, gaining - {own}), own: self._namespace.next_version}
        rows(
            tx,
            of_generation(_OWN["fill_vectors"], self._namespace.generation),
            rows=[[key, self._vectors[key]] for key in sorted(waiting)],
            versions={str(space): version for space, version in versions.items()},
        )
        self._namespace.changed |= own in gaining

    def _listed(self, name: str, keys: list[str]) -> list[Any]:
        statement = of_generation(_OWN[name], self._namespace.generation)
        return listed(self._namespace.tx, statement, keys=keys)


def _refuse_other(tx: neo4j.ManagedTransaction, embedder: str | None) -> None:
    found = meta(tx) if embedder is not None else None
    if found is not None and found.embedder not in (None, embedder):
        raise EmbedderMismatchError(
            f"the memory's vectors are of {found.embedder} now, not {embedder}"
        )


def dimension(tx: neo4j.ManagedTransaction) -> int | None:
    """Length of the store's vectors: the embedder's, or that of any vector; ``None`` without."""
    found = meta(tx)
    if found is not None and found.dimension is not None:
        return found.dimension
    lengths = rows(tx, of_generation(statements("schema")["vector_length"], 0))
    return int(lengths[0][0]) if lengths else None


def checked(vectors: Mapping[str, Vectors], dimension: int | None) -> dict[str, list[float]]:
    """What is written for vectors, which must be of one length, or of `dimension`.

    Errors are those of :class:`Embeddings`.
    """
    made = {}
    for key, vector in vectors.items():
        if vector.ndim != 1 or not np.isfinite(vector).all():
            raise InvalidInputError(
                f"the vector of {key!r} has shape {vector.shape}, or a value that is not finite"
            )
        dimension = dimension or len(vector)
        if len(vector) != dimension:
            raise EmbedderMismatchError(
                f"the vector of {key!r} has {len(vector)} dimensions, the memory's have {dimension}"
            )
        made[key] = vector.astype(np.float32, copy=False).tolist()
    return made
