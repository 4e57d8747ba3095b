"""Vectors on their way into the store: checked, kept once per key, little-endian float32."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

import numpy as np

from graphmem.adapters.stores.sqlite.rows import select_in
from graphmem.adapters.stores.sqlite.versions import mark
from graphmem.errors import EmbedderMismatchError, InvalidInputError
from graphmem.ports.store import Vectors


def add_vectors(
    connection: sqlite3.Connection, vectors: Mapping[str, Vectors], *, embedder: str | None
) -> set[int]:
    """Add those that are new and that a passage uses; the ``nid`` of the namespaces that gain one.

    `embedder` is what made them, where that is known.

    Raises
    ------
    InvalidInputError
        A vector that is not a row of finite numbers.
    EmbedderMismatchError
        A vector of another embedder than the store's, or of another length than those that it
        holds or was promised.
    """
    _refuse_other(connection, embedder)
    known = known_keys(connection, vectors.keys())
    new = {key: vector for key, vector in vectors.items() if key not in known}
    rows = blobs(new, dimension(connection))
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


def blobs(vectors: Mapping[str, Vectors], dimension: int | None) -> list[tuple[str, bytes]]:
    """Keys and what is written for their vectors, which must be of one length, or `dimension`.

    Errors are those of :func:`add_vectors`.
    """
    rows = []
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
        rows.append((key, vector.astype("<f4").tobytes()))
    return rows


def _refuse_other(connection: sqlite3.Connection, embedder: str | None) -> None:
    held = connection.execute("SELECT value FROM meta WHERE key = 'embedder'").fetchone()
    if held is not None and embedder not in (None, held[0]):
        raise EmbedderMismatchError(f"the memory's vectors are of {held[0]} now, not {embedder}")


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
