"""Vectors of passages: kept once per key, of one embedder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphmem.errors import (
    EmbedderMismatchError,
    InvalidInputError,
)
from graphmem.model.change import ChangeSet, Counts
from graphmem.ports.store import GraphStore

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}


def rows(store: GraphStore, namespace: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    with store.read(namespace) as view:
        return [row for batch in view.scan(table, columns) for row in batch]


def test_vectors_come_in_the_order_of_their_passages(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {f"text {n}": {} for n in range(25)})
    vectors = make.vectors(changes, dimension=8)
    bare = make.document("b", {"no vector": {}})
    store.apply(changes, vectors=vectors)
    store.apply(bare)
    retired = {changes.episodes[0].id: make.at(1)}
    store.apply(ChangeSet(namespace="default", retired_episodes=retired))
    ids = dict(rows(store, "default", "passages", "nid", "id"))
    with store.read("default") as view:
        batches = list(view.vectors(batch=10))
    assert [len(nids) for nids, _ in batches] == [10, 10, 5]
    assert all(matrix.dtype == np.float32 for _, matrix in batches)
    shown = np.concatenate([matrix for _, matrix in batches])
    assert [ids[nid] for nids, _ in batches for nid in nids] == [p.id for p in changes.passages]
    assert np.array_equal(shown, np.array([vectors[p.vector_key] for p in changes.passages]))
    keys = [*vectors, "unknown"]
    assert store.known_vectors(keys) == set(vectors)


def test_a_vector_is_kept_once_and_as_long_as_a_passage_uses_it(
    store: GraphStore, maker: Any
) -> None:
    one, two = maker("one").document("a", {"text": ANN}), maker("two").document("b", {"text": ANN})
    vectors = maker().vectors(one)
    store.apply(one)
    store.apply(two, vectors={**vectors, "unused": np.ones(4, np.float32)})
    assert store.known_vectors([*vectors, "unused"]) == set(vectors)
    # The other namespace gained a vector too.
    assert store.version("one") == 2
    other = {key: -vector for key, vector in vectors.items()}
    assert store.apply(one, vectors=other) == Counts()
    for namespace in ("one", "two"):
        with store.read(namespace) as view:
            ((_, matrix),) = view.vectors()
        assert np.array_equal(matrix[0], vectors[one.passages[0].vector_key])
    store.delete_source("one", "a")
    assert store.known_vectors([*vectors]) == set(vectors)
    store.delete_source("two", "b")
    assert store.known_vectors([*vectors]) == set()


def test_the_embedder_is_remembered_and_another_one_refused(
    opener: Callable[..., GraphStore], make: Any
) -> None:
    store = opener()
    store.set_embedder("model", 4)
    store.set_embedder("model", 4)
    assert (opener().info().embedder, opener().info().dimension) == ("model", 4)
    for name, dimension in (("other", 4), ("model", 5)):
        with pytest.raises(EmbedderMismatchError, match="model"):
            store.set_embedder(name, dimension)
    with pytest.raises(EmbedderMismatchError, match="graphmem reindex"):
        opener(read_only=True).set_embedder("other", 4)
    changes = make.document("a", {"text": ANN})
    with pytest.raises(EmbedderMismatchError, match="5 dimensions"):
        store.apply(changes, vectors=make.vectors(changes, dimension=5))
    assert store.counts("default") == Counts()
    store.apply(changes, vectors=make.vectors(changes, dimension=4))
    opener(read_only=True).set_embedder("model", 4)


def test_an_embedder_must_fit_the_vectors_that_are_there(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"text": ANN})
    store.apply(changes, vectors=make.vectors(changes, dimension=4))
    other = make.document("b", {"other": ANN})
    with pytest.raises(EmbedderMismatchError):
        store.apply(other, vectors=make.vectors(other, dimension=3))
    with pytest.raises(EmbedderMismatchError):
        store.set_embedder("model", 3)
    store.set_embedder("model", 4)
    with pytest.raises(InvalidInputError):
        store.set_embedder("model", 0)


@pytest.mark.parametrize(
    "vector", [np.array([1, np.nan, 0, 0], np.float32), np.ones((2, 2), np.float32)]
)
def test_a_vector_that_is_none_is_refused(store: GraphStore, make: Any, vector: Any) -> None:
    changes = make.document("a", {"text": ANN})
    with pytest.raises(InvalidInputError, match="vector"):
        store.apply(changes, vectors={changes.passages[0].vector_key: vector})
    assert store.counts("default") == Counts()
