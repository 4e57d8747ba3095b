"""Vectors on their way into the store: checked, kept once per key, little-endian float32."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

import numpy as np

from graphmem.adapters.stores.sqlite.rows import select_in
from graphmem.adapters.stores.sqlite.versions import mark
from graphmem.errors import EmbedderMismatchError, InvalidInputError
from graphmem.ports.store import Vectors


def add_vectors(connection: sqlite3.Connection, vectors: Mapping[str, Vectors]) -> set[int]:
    """Add those that are new and that a passage uses; the ``nid`` of the namespaces that gain one.

    Raises
    ------
    InvalidInputError
        A vector that is not a row of finite numbers.
    EmbedderMismatchError
        A vector of another length than those that the store holds, or was promised.
    """
    known = known_keys(connection, vectors.keys())
    expected = dimension(connection)
    rows = []
    for key, vector in vectors.items():
        if key in known:
            continue
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
        rows.append((key, vector.astype("<f4").tobytes()))
    gaining = list(
        select_in(
            connection,
            "SELECT nid, namespace_nid FROM passages WHERE vector_key IN ({keys})",
            [key for key, _ in rows],
        )
    )
    connection.executemany(
        """INSERT INTO vectors (key, vector) SELECT ?1, ?2
        WHERE EXISTS (SELECT 1 FROM passages WHERE vector_key = ?1)""",
        rows,
    )
    mark(connection, "passages", [nid for nid, _ in gaining])
    return {namespace for _, namespace in gaining}


def known_keys(connection: sqlite3.Connection, keys: Collection[str]) -> set[str]:
    """Those of `keys` that have a vector."""
    found = select_in(connection, "SELECT key FROM vectors WHERE key IN ({keys})", keys)
    return {key for (key,) in found}


def vectors_of(connection: sqlite3.Connection, keys: Collection[str]) -> dict[str, Vectors]:
    """Those of `keys` that have a vector, with it."""
    found = select_in(connection, "SELECT key, vector FROM vectors WHERE key IN ({keys})", keys)
    return {
        key: np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False) for key, blob in found
    }


def dimension(connection: sqlite3.Connection) -> int | None:
    """Length of the store's vectors: the embedder's, or that of any vector; ``None`` without."""
    row = connection.execute(
        """SELECT value FROM meta WHERE key = 'dimension'
        UNION ALL SELECT length(vector) / 4 FROM vectors LIMIT 1"""
    ).fetchone()
    return None if row is None else int(row[0])
