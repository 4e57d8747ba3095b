"""Deleting a source leaves no orphans; edits by hand say what they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphmem.errors import (
    NotFoundError,
    StoreBusyError,
)
from graphmem.model.change import ChangeSet, Counts, EditSet
from graphmem.model.knowledge import (
    DiscourseLink,
    EntityType,
    SameAs,
    Sense,
    Supersession,
)
from graphmem.ports.store import GraphStore

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}
CEM = {"Cem works": ("Cem",)}


# --- deleting ---------------------------------------------------------------------------------


def test_deleting_one_of_two_sources_keeps_what_both_state(
    store: GraphStore, make: Any, contents: Any
) -> None:
    kept = make.document("b", {"kept": {"Ann knows Bob": ("Ann", "Bob")}})
    store.apply(kept, vectors=make.vectors(kept))
    alone = contents(store, "default")
    gone = make.document("a", {"gone": {**ANN, **CEM}, "too": {}})
    links = {
        "supersessions": (make.supersession("Cem works", "Ann knows Bob"),),
        "same_as": (make.same_as("Ann", "Cem"),),
    }
    added = store.apply(gone.model_copy(update=links), vectors=make.vectors(gone))
    assert store.delete_source("default", "a") == added
    assert contents(store, "default") == alone
    assert store.check() == []
    assert store.delete_source("default", "a") == Counts()
    assert store.delete_source("unknown", "a") == Counts()


def test_deleting_removes_every_episode_of_the_source(store: GraphStore, make: Any) -> None:
    old = make.document("a", {"old": ANN})
    store.apply(old)
    store.apply(make.document("a", {"new": CEM}, retires={old.episodes[0].id: make.at(1)}))
    assert store.delete_source("default", "a") == Counts(
        episodes=2, passages=2, entities=3, mentions=3, facts=3, evidence=3, discourse=1
    )
    assert store.counts("default") == Counts()


def test_a_fact_left_to_retired_episodes_is_retired_by_the_deletion(
    opener: Callable[..., GraphStore], make: Any
) -> None:
    store = opener(clock=lambda: make.at(9))
    old = make.document("a", {"old": ANN})
    store.apply(old)
    store.apply(make.document("b", {"living": ANN}))
    store.apply(make.document("a", {"new": CEM}, retires={old.episodes[0].id: make.at(1)}))
    store.delete_source("default", "b")
    assert {f.retired_at for f in store.facts([f.id for f in old.facts]).values()} == {make.at(9)}
    assert store.check() == []


def test_a_fact_that_was_retired_before_keeps_its_moment(
    opener: Callable[..., GraphStore], make: Any
) -> None:
    store = opener(clock=lambda: make.at(9))
    first, second = make.document("a", {"1": ANN}), make.document("b", {"2": ANN})
    store.apply(first)
    store.apply(second)
    retired = {first.episodes[0].id: make.at(1), second.episodes[0].id: make.at(2)}
    store.apply(ChangeSet(namespace="default", retired_episodes=retired))
    store.delete_source("default", "a")
    assert {f.retired_at for f in store.facts([f.id for f in first.facts]).values()} == {make.at(2)}


def test_a_link_goes_with_either_of_its_ends(store: GraphStore, make: Any) -> None:
    def links() -> tuple[int, int, int]:
        counts = store.counts("default")
        return counts.discourse, counts.supersessions, counts.same_as

    store.apply(make.document("a", {"a": {"A": ("Ann",)}}))
    store.apply(make.document("b", {"b": {"B": ("Bob",)}}))
    a, b = make.fact("A", ()).id, make.fact("B", ()).id
    for gone, text in (("a", "A"), ("b", "B")):
        for ends in ((a, b), (b, a)):
            left, right = ("Ann", "Bob") if ends == (a, b) else ("Bob", "Ann")
            store.apply(
                ChangeSet(
                    namespace="default",
                    discourse=(
                        DiscourseLink(source_id=ends[0], target_id=ends[1], sense=Sense.CAUSE),
                    ),
                    supersessions=(
                        Supersession(newer_id=ends[0], older_id=ends[1], reason="newer"),
                    ),
                    same_as=(make.same_as(left, right),),
                )
            )
        assert links() == (2, 2, 2)
        removed = store.delete_source("default", gone)
        assert (removed.discourse, removed.supersessions, removed.same_as) == (2, 2, 2)
        assert links() == (0, 0, 0)
        store.apply(make.document(gone, {gone: {text: ("Ann" if gone == "a" else "Bob",)}}))


def test_who_a_fact_is_about_stays_though_no_passage_names_it(store: GraphStore, make: Any) -> None:
    silent = make.document("a", {"she works": {"Ann works": ("Ann",)}})
    store.apply(silent.model_copy(update={"mentions": ()}))
    store.apply(make.document("b", {"Ann sings": {"Ann sings": ("Ann",)}}))
    assert store.delete_source("default", "b").entities == 0
    assert store.facts([silent.facts[0].id])[silent.facts[0].id] == silent.facts[0]


def test_a_link_goes_with_the_passage_that_states_it(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {"one": ANN}))
    store.apply(make.document("b", {"two": ANN}))
    assert store.counts("default").discourse == 2
    assert store.delete_source("default", "a").discourse == 1
    assert store.counts("default").discourse == 1


# --- edits by hand ----------------------------------------------------------------------------


def test_an_edit_replaces_values_and_links(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"one": ANN})
    store.apply(changes)
    knows, works = changes.facts
    ann = make.entity("Ann", type=EntityType.PLACE, aliases=("new",), profile="p")
    knows = knows.model_copy(update={"confidence": 0.5, "valid_to": make.at(3), "strength": 4.0})
    added = store.edit(
        EditSet(
            namespace="default",
            version=1,
            entities=(ann, make.entity("Dan")),
            facts=(knows,),
            supersessions=(make.supersession(knows.text, works.text),),
            same_as=(make.same_as("Ann", "Dan"),),
            removed_discourse=changes.discourse,
        )
    )
    assert added == Counts(entities=1, supersessions=1, same_as=1)
    assert store.entities([ann.id])[ann.id] == ann
    assert store.facts([knows.id])[knows.id] == knows
    assert store.counts("default").discourse == 0
    assert store.version("default") == 2
    removed = store.edit(
        EditSet(
            namespace="default",
            version=2,
            removed_supersessions=(make.supersession(knows.text, works.text),),
            removed_same_as=(make.same_as("Ann", "Dan"),),
        )
    )
    assert removed == Counts()
    counts = store.counts("default")
    assert (counts.supersessions, counts.same_as) == (0, 0)


def test_a_fact_removed_by_hand_takes_its_links_along(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"one": ANN})
    more = {"supersessions": (make.supersession("Ann works", "Ann knows Bob"),)}
    store.apply(changes.model_copy(update=more))
    store.edit(EditSet(namespace="default", version=1, removed_facts=(changes.facts[0].id,)))
    assert store.counts("default") == Counts(
        episodes=1, passages=1, entities=2, mentions=2, facts=1, evidence=1
    )
    assert store.check() == []


def test_an_edit_of_something_else_than_was_seen_is_refused(
    store: GraphStore, make: Any, contents: Any
) -> None:
    changes = make.document("a", {"one": ANN})
    store.apply(changes)
    before = contents(store, "default")
    with pytest.raises(StoreBusyError):
        store.edit(EditSet(namespace="default", version=0, removed_facts=(changes.facts[0].id,)))
    link = SameAs(left_id=make.entity("Ann").id, right_id="en_lost", score=1, by="me")
    for lost in (
        EditSet(namespace="default", version=1, removed_facts=(changes.facts[0].id, "fa_lost")),
        EditSet(namespace="default", version=1, entities=(make.entity("Dan"),), same_as=(link,)),
    ):
        with pytest.raises(NotFoundError):
            store.edit(lost)
    assert contents(store, "default") == before
    assert store.version("default") == 1
