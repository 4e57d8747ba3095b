"""Vectors on their way into the store: checked, and the same for all passages of one text.

A vector is a property of each passage that it is the vector of, as the native index wants it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

import neo4j
import numpy as np

from graphmem.adapters.bolt import listed, rows
from graphmem.adapters.stores.neo4j.namespaces import Namespace, touch
from graphmem.adapters.stores.neo4j.schema import meta
from graphmem.adapters.stores.neo4j.statements import statements
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

    Raises
    ------
    InvalidInputError
        A vector that is not a row of finite numbers.
    EmbedderMismatchError
        A vector of another length than those that the store holds, or was promised.
    """

    def __init__(
        self, namespace: Namespace, vectors: Mapping[str, Vectors], wanted: Collection[str]
    ) -> None:
        self._namespace = namespace
        tx = namespace.tx
        keys = sorted({*vectors, *wanted})
        known: set[str] = set()
        self._waiting: defaultdict[str, set[int]] = defaultdict(set)
        for key, space, has_vector in listed(tx, _OWN["vector_holders"], keys=keys) if keys else ():
            if has_vector:
                known.add(key)
            elif key in vectors:
                self._waiting[key].add(space)
        self._vectors = _checked(tx, {k: v for k, v in vectors.items() if k not in known})
        again = sorted(known.intersection(wanted))
        if again:
            self._vectors |= dict(listed(tx, _OWN["vectors_of"], keys=again))

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
            _OWN["fill_vectors"],
            rows=[[key, self._vectors[key]] for key in sorted(waiting)],
            versions={str(space): version for space, version in versions.items()},
        )
        self._namespace.changed |= own in gaining


def dimension(tx: neo4j.ManagedTransaction) -> int | None:
    """Length of the store's vectors: the embedder's, or that of any vector; ``None`` without."""
    found = meta(tx)
    if found is not None and found.dimension is not None:
        return found.dimension
    lengths = rows(tx, statements("schema")["vector_length"])
    return int(lengths[0][0]) if lengths else None


def _checked(
    tx: neo4j.ManagedTransaction, vectors: Mapping[str, Vectors]
) -> dict[str, list[float]]:
    expected = dimension(tx) if vectors else None
    checked = {}
    for key, vector in vectors.items():
        if vector.ndim != 1 or not np.isfinite(vector).all():
            raise InvalidInputError(
                f"the vector of {key!r} has shape {vector.shape}, or a value that is not finite"
            )
        expected = expected or len(vector)
        if len(vector) != expected:
            raise EmbedderMismatchError(
                f"the vector of {key!r} has {len(vector)} dimensions, the memory's have {expected}",
                remedy="Open the memory with the embedder that filled it",
            )
        checked[key] = vector.astype(np.float32, copy=False).tolist()
    return checked
