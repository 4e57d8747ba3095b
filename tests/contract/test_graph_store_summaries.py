"""Summaries and communities are kept whole, replaced, and forget what is deleted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphmem.errors import StoreBusyError
from graphmem.model.change import Counts, EditSet
from graphmem.model.summary import (
    Community,
    Hierarchy,
    HierarchyChange,
    Summary,
    SummarySource,
)
from graphmem.ports.store import GraphStore

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}
CEM = {"Cem works": ("Cem",)}


class Held:
    """A memory of two sources with a passage each, and ids of what is in it."""

    def __init__(self, store: GraphStore, make: Any) -> None:
        documents = [make.document("a", {"first": ANN}), make.document("b", {"second": CEM})]
        for document in documents:
            store.apply(document)
        self.passages = [document.passages[0].id for document in documents]
        self.facts = [document.facts[0].id for document in documents]
        self.stated = [[fact.id for fact in document.facts] for document in documents]
        self.entities = [document.entities[0].id for document in documents]


def _source(held: Held, at: int, sentence: int = 0) -> SummarySource:
    return SummarySource(
        sentence=sentence, passage_id=held.passages[at], start=0, end=3, fact_id=held.facts[at]
    )


def _change(held: Held, revision: int = 0, **fields: Any) -> HierarchyChange:
    """A root over the first passage and a node, which is over the second."""
    told: dict[str, Any] = {"text": "One.\nTwo.", "name": "work", "method": "facts", "stale": False}
    root = Summary(
        id="su_root",
        passages=((0, held.passages[0]),),
        facts=tuple((0, fact) for fact in reversed(held.stated[0])),
        sources=(_source(held, 0), _source(held, 1, 1)),
        **told,
    )
    low = Summary(
        id="su_low",
        parent_id="su_root",
        place=1,
        depth=1,
        passages=((0, held.passages[1]),),
        facts=((0, held.facts[1]),),
        sources=(_source(held, 1),),
        **told,
    )
    ann, cem = (
        Community(
            id=f"co_{at}",
            level=at,
            resolution=1.0 + at,
            members=(held.entities[at],),
            sources=(_source(held, at),),
            **told,
        )
        for at in range(2)
    )
    values: dict[str, Any] = {
        "version": 2,
        "embedder": "e",
        "next_serial": 3,
        "communities_version": 2,
        "summaries": (low, root),
        "communities": (ann, cem),
    }
    return HierarchyChange(namespace="default", revision=revision, **{**values, **fields})


VECTORS = {"su_root": np.array([1.0, 0.0], np.float32), "su_low": np.array([0.0, 1.0], np.float32)}


def test_a_hierarchy_is_read_as_it_was_kept(store: GraphStore, make: Any) -> None:
    assert store.hierarchy("default") == Hierarchy()
    held = Held(store, make)
    version = store.version("default")
    change = _change(held)
    store.keep_hierarchy(change, VECTORS)
    found = store.hierarchy("default")
    assert found == Hierarchy(
        revision=1,
        version=2,
        embedder="e",
        next_serial=3,
        communities_version=2,
        summaries=change.summaries,
        communities=change.communities,
    )
    kept = store.summary_vectors("default")
    assert {id_: vector.tolist() for id_, vector in kept.items()} == {
        id_: vector.tolist() for id_, vector in VECTORS.items()
    }
    assert store.version("default") == version  # what was ingested is the same
    assert store.hierarchy("other") == Hierarchy()
    assert store.check() == []


def test_nodes_are_replaced_moved_and_removed(store: GraphStore, make: Any) -> None:
    held = Held(store, make)
    store.keep_hierarchy(_change(held))
    root = Summary(id="su_root", passages=((0, held.passages[1]), (1, held.passages[0])))
    store.keep_hierarchy(
        HierarchyChange(
            namespace="default", revision=1, summaries=(root,), removed=("su_low", "co_1")
        )
    )
    found = store.hierarchy("default")
    assert found.summaries == (root,)
    assert [community.id for community in found.communities] == ["co_0"]
    assert (found.revision, found.version, found.next_serial) == (2, 2, 3)


def test_a_change_of_an_older_revision_is_refused_whole(store: GraphStore, make: Any) -> None:
    held = Held(store, make)
    store.keep_hierarchy(_change(held))
    before = store.hierarchy("default")
    with pytest.raises(StoreBusyError, match="meanwhile"):
        store.keep_hierarchy(HierarchyChange(namespace="default", revision=0, removed=("su_low",)))
    assert store.hierarchy("default") == before


def test_a_deletion_takes_along_every_text_made_of_it(store: GraphStore, make: Any) -> None:
    held = Held(store, make)
    store.keep_hierarchy(_change(held), VECTORS)
    store.delete_source("default", "b")
    found = store.hierarchy("default")
    low, root = found.summaries
    blank = {"name": "", "text": "", "method": "", "stale": True, "sources": ()}
    gone = {**blank, "passages": (), "facts": ()}
    assert low == _change(held).summaries[0].model_copy(update=gone)
    assert root == _change(held).summaries[1].model_copy(update=blank)
    ann, cem = found.communities
    assert ann == _change(held).communities[0]
    assert cem == _change(held).communities[1].model_copy(update={**blank, "members": ()})
    assert store.summary_vectors("default") == {}
    assert store.check() == []


def test_a_text_made_of_what_was_deleted_meanwhile_is_not_kept(
    store: GraphStore, make: Any
) -> None:
    held = Held(store, make)
    store.delete_source("default", "b")
    store.keep_hierarchy(_change(held), VECTORS)
    low, root = store.hierarchy("default").summaries
    assert (low.text, low.passages, low.stale) == ("", (), True)
    assert (root.text, root.passages, root.stale) == ("", ((0, held.passages[0]),), True)
    assert [c.text != "" for c in store.hierarchy("default").communities] == [True, False]
    assert store.check() == []


def test_a_fact_that_is_edited_away_leaves_the_words_of_its_passage(
    store: GraphStore, make: Any
) -> None:
    held = Held(store, make)
    store.keep_hierarchy(_change(held))
    store.edit(
        EditSet(
            namespace="default", version=store.version("default"), removed_facts=(held.facts[1],)
        )
    )
    low, root = store.hierarchy("default").summaries
    assert low.text
    assert [source.fact_id for source in low.sources] == [None]
    assert (low.facts, root.facts) == ((), _change(held).summaries[1].facts)


def test_a_fact_that_another_source_states_too_leaves_the_tree_with_its_passage(
    store: GraphStore, make: Any
) -> None:
    documents = [make.document("a", {"first": ANN}), make.document("b", {"second": ANN})]
    for document in documents:
        store.apply(document)
    shared = documents[0].facts[0].id
    root = Summary(
        id="su_root",
        passages=tuple((at, document.passages[0].id) for at, document in enumerate(documents)),
        facts=((0, shared),),
    )
    store.keep_hierarchy(HierarchyChange(namespace="default", revision=0, summaries=(root,)))
    store.delete_source("default", "a")
    assert shared in store.facts([shared])
    [left] = store.hierarchy("default").summaries
    assert (left.passages, left.facts) == (((1, documents[1].passages[0].id),), ())
    again = left.model_copy(update={"facts": ((1, shared),)})
    store.keep_hierarchy(HierarchyChange(namespace="default", revision=1, summaries=(again,)))
    assert store.hierarchy("default").summaries == (again,)
    assert store.check() == []


def test_a_fact_is_beneath_one_passage_only(store: GraphStore, make: Any) -> None:
    held = Held(store, make)
    store.keep_hierarchy(_change(held))
    low, root = _change(held).summaries
    moved = low.model_copy(update={"facts": (*low.facts, (0, held.facts[0]))})
    store.keep_hierarchy(HierarchyChange(namespace="default", revision=1, summaries=(moved,)))
    found = {node.id: node.facts for node in store.hierarchy("default").summaries}
    assert found["su_low"] == moved.facts
    assert found["su_root"] == tuple(fact for fact in root.facts if fact[1] != held.facts[0])


def test_nothing_that_is_counted_is_a_summary(store: GraphStore, make: Any) -> None:
    held = Held(store, make)
    before = store.counts("default")
    store.keep_hierarchy(_change(held))
    assert store.counts("default") == before != Counts()
