"""Moving to another embedder: the old vectors serve until the new ones are complete."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.stores.neo4j import Neo4jStore, schema
from graphmem.errors import EmbedderMismatchError, StoreBusyError
from graphmem.model.change import ChangeSet
from graphmem.ports.store import GraphStore, Vectors

ANN = {"Ann knows Bob": ("Ann", "Bob")}


def vectors_of(store: GraphStore, namespace: str = "default") -> dict[int, list[float]]:
    with store.read(namespace) as view:
        return {
            nid: row
            for nids, matrix in view.vectors()
            for nid, row in zip(nids, matrix.tolist(), strict=True)
        }


def to_come(store: GraphStore, ids: list[str], value: float) -> dict[str, Vectors]:
    keys = [passage.vector_key for passage in store.passages(ids).values()]
    return {key: np.full(6, value, np.float32) for key in keys}


@pytest.fixture
def filled(store: GraphStore, maker: Any) -> GraphStore:
    """Five passages in two namespaces, one text of them in both."""
    store.set_embedder("old", 4)
    for namespace, texts in (("default", "abc"), ("other", "cd")):
        make = maker(namespace)
        changes = make.document("a", {f"text {letter}": ANN for letter in texts})
        store.apply(changes, vectors=make.vectors(changes), embedder="old")
    return store


def test_old_vectors_serve_until_all_new_ones_are_there(filled: GraphStore) -> None:
    store, before = filled, vectors_of(filled)
    version = store.version("other")
    assert store.start_reindex("new", 6) == 0
    ids = store.unindexed("", 100)
    assert ids == sorted(ids)
    assert len(ids) == 5
    assert store.unindexed(ids[1], 2) == ids[2:4]
    store.keep_vectors("new", to_come(store, ids[:2], 0.5))
    assert not store.finish_reindex("new")
    assert vectors_of(store) == before
    assert (store.info().embedder, store.info().dimension) == ("old", 4)
    assert store.version("other") == version
    store.keep_vectors("new", to_come(store, store.unindexed("", 100), 0.25))
    assert store.finish_reindex("new")
    assert (store.info().embedder, store.info().dimension) == ("new", 6)
    shown = [*vectors_of(store).values(), *vectors_of(store, "other").values()]
    assert len(shown) == 5
    assert {tuple(row) for row in shown} == {(0.5,) * 6, (0.25,) * 6}
    for namespace in ("default", "other"):
        with store.read(namespace, (), since=version) as view:
            assert view.removed
    assert store.check() == []
    store.set_embedder("new", 6)
    with pytest.raises(EmbedderMismatchError, match="graphmem reindex"):
        store.set_embedder("old", 4)


def test_a_run_goes_on_where_it_was(filled: GraphStore, opener: Callable[..., GraphStore]) -> None:
    filled.start_reindex("new", 6)
    ids = filled.unindexed("", 100)
    filled.keep_vectors("new", to_come(filled, ids[:2], 0.5))
    filled.close()
    again = opener()
    kept = again.start_reindex("new", 6)
    rest = again.unindexed("", 100)
    assert kept + len(rest) == 5
    assert kept >= 2
    assert not set(rest) & set(ids[:2])


def test_a_run_for_another_embedder_takes_over(filled: GraphStore) -> None:
    filled.start_reindex("new", 6)
    ids = filled.unindexed("", 100)
    made = to_come(filled, ids, 0.5)
    filled.keep_vectors("new", made)
    assert filled.start_reindex("newer", 6) == 0
    assert filled.unindexed("", 100) == ids
    with pytest.raises(StoreBusyError, match="another reindex"):
        filled.keep_vectors("new", made)
    with pytest.raises(StoreBusyError, match="another reindex"):
        filled.finish_reindex("new")
    filled.keep_vectors("newer", {key: 2 * vector for key, vector in made.items()})
    assert filled.finish_reindex("newer")
    assert set(map(tuple, vectors_of(filled).values())) == {(1.0,) * 6}


def test_what_comes_and_goes_meanwhile_is_not_missed(filled: GraphStore, make: Any) -> None:
    store = filled
    store.start_reindex("new", 6)
    ids = store.unindexed("", 100)
    store.keep_vectors("new", to_come(store, ids, 0.5))
    late = make.document("late", {"late text": {}})
    store.apply(late, vectors=make.vectors(late), embedder="old")
    assert store.unindexed("", 100) == [late.passages[0].id]
    assert not store.finish_reindex("new")
    store.delete_source("other", "a")
    store.keep_vectors("new", to_come(store, [late.passages[0].id], 0.125))
    assert store.finish_reindex("new")
    assert sorted(row[0] for row in vectors_of(store).values()) == [0.125, 0.5, 0.5, 0.5]
    assert store.check() == []


@pytest.mark.parametrize("dimension", [4, 6])
def test_vectors_of_the_old_embedder_are_refused_afterwards(
    filled: GraphStore, make: Any, dimension: int
) -> None:
    store = filled
    store.start_reindex("new", dimension)
    made = to_come(store, store.unindexed("", 100), 0.5)
    store.keep_vectors("new", {key: vector[:dimension] for key, vector in made.items()})
    assert store.finish_reindex("new")
    late = make.document("late", {"late text": {}})
    with pytest.raises(EmbedderMismatchError, match="of new"):
        store.apply(late, vectors=make.vectors(late, dimension), embedder="old")
    assert store.passages([late.passages[0].id]) == {}
    store.apply(late, vectors=make.vectors(late, dimension), embedder="new")
    assert store.known_vectors([late.passages[0].vector_key])


def test_a_second_move_is_as_good_as_the_first(filled: GraphStore, make: Any) -> None:
    for round_, name in enumerate(("new", "old", "new"), start=1):
        filled.start_reindex(name, 6)
        filled.keep_vectors(name, to_come(filled, filled.unindexed("", 100), round_ / 8))
        assert filled.finish_reindex(name)
        assert {row[0] for row in vectors_of(filled).values()} == {round_ / 8}
    late = make.document("late", {"text a": {}})
    filled.apply(ChangeSet(namespace="default", episodes=late.episodes, passages=late.passages))
    assert {row[0] for row in vectors_of(filled).values()} == {3 / 8}


def test_writers_and_the_switch_do_not_pass_each_other(
    filled: GraphStore, opener: Callable[..., GraphStore], maker: Any
) -> None:
    writers = [opener() for _ in range(2)]

    def write(which: int) -> None:
        for n in range(15):
            # A namespace of its own each time: one that the switch could not wait for.
            make = maker(f"w{which} {n}")
            changes = make.document("a", {f"text {which} {n}": ANN})
            try:
                writers[which].apply(changes, vectors=make.vectors(changes), embedder="old")
            except EmbedderMismatchError:
                return

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, which) for which in range(2)]
        filled.start_reindex("new", 6)
        while not filled.finish_reindex("new"):
            filled.keep_vectors("new", to_come(filled, filled.unindexed("", 100), 0.5))
        for future in writing:
            future.result()
    assert filled.check() == []
    for namespace in filled.namespaces():
        shown = vectors_of(filled, namespace)
        assert len(shown) == filled.counts(namespace).passages
        assert set(map(tuple, shown.values())) == {(0.5,) * 6}


def test_a_server_has_a_native_index_of_the_new_dimension_alone(neo4j: Any, make: Any) -> None:
    changes = make.document("a", {"text": ANN})
    with closing(Bolt(neo4j.url, neo4j.auth)) as bolt:
        store = Neo4jStore.open(bolt, create=True, clock=lambda: make.at(0))
        store.set_embedder("old", 4)
        store.apply(changes, vectors=make.vectors(changes))
        store.start_reindex("new", 6)
        store.keep_vectors("new", to_come(store, store.unindexed("", 100), 0.5))
        assert store.finish_reindex("new")
        with bolt.session("READ") as session:
            indexes = session.run(
                "SHOW VECTOR INDEXES YIELD properties, options, state"
                " RETURN properties, options.indexConfig['vector.dimensions'], state"
            ).values()
            assert indexes == [[["embedding_1"], 6, "ONLINE"]]
            held = session.run("MATCH (p:Passage) RETURN keys(p)").values()
            assert all("embedding" not in keys and "embedding_1" in keys for (keys,) in held)


def test_an_index_of_another_dimension_is_told_and_mended_by_a_reindex(
    neo4j: Any, make: Any
) -> None:
    changes = make.document("a", {"text": ANN})
    with closing(Bolt(neo4j.url, neo4j.auth)) as bolt:
        store = Neo4jStore.open(bolt, create=True, clock=lambda: make.at(0))
        store.set_embedder("old", 4)
        store.apply(changes, vectors=make.vectors(changes))
        with bolt.session("WRITE") as session:
            session.run("DROP INDEX graphmem_embeddings").consume()
        schema.make_vector_index(bolt, 7, 0)
        with pytest.raises(EmbedderMismatchError, match=r"7 dimensions, not 4.*graphmem reindex"):
            store.set_embedder("old", 4)
        store.start_reindex("old", 4)
        made = make.vectors(changes)
        store.keep_vectors("old", made)
        assert store.finish_reindex("old")
        store.set_embedder("old", 4)
        assert list(vectors_of(store).values()) == [vector.tolist() for vector in made.values()]
