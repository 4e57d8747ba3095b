"""Looking up what stands around an entity: its passages, its facts, and vectors by key."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphmem.model.knowledge import Mention
from graphmem.ports.store import GraphStore

TEXTS = ("one", "two", "three")


def _told(store: GraphStore, make: Any) -> Any:
    facts = {text: {f"Ann {text}": ("Ann", "Bob")} for text in TEXTS}
    changes = make.document("a", facts)
    twice = Mention(
        passage_id=changes.passages[0].id, entity_id=make.entity("Ann").id, surface="A.", about=0.5
    )
    other = make.fact("Ann leads", ("Ann",), predicate="lead")
    store.apply(
        changes.model_copy(
            update={
                "mentions": (*changes.mentions, twice),
                "facts": (*changes.facts, other),
                "evidence": (
                    *changes.evidence,
                    changes.evidence[0].model_copy(update={"fact_id": other.id}),
                ),
            }
        ),
        vectors=make.vectors(changes),
    )
    return changes


def test_passages_that_name_an_entity_come_in_order_each_once_up_to_a_limit(
    store: GraphStore, make: Any
) -> None:
    changes = _told(store, make)
    ann, nobody = make.entity("Ann").id, make.entity("Nobody").id
    ids = [passage.id for passage in changes.passages]
    assert store.passages_naming([ann, nobody], limit=9) == {ann: ids}
    assert store.passages_naming([ann, ann], limit=2) == {ann: ids[:2]}
    assert store.passages_naming([], limit=2) == {}


def test_facts_of_a_predicate_come_by_their_members(store: GraphStore, make: Any) -> None:
    changes = _told(store, make)
    ann, bob = make.entity("Ann").id, make.entity("Bob").id
    said = [fact.id for fact in changes.facts]
    leads = make.fact("Ann leads", ("Ann",)).id
    assert store.facts_with([ann, bob], predicates=["says"]) == {ann: said, bob: said}
    assert store.facts_with([ann, bob], predicates=["lead"]) == {ann: [leads]}
    assert store.facts_with([ann], predicates=["lead", "says"]) == {ann: [*said, leads]}
    assert store.facts_with([ann], predicates=[]) == {}
    assert store.facts_with([ann, bob]) == {ann: [*said, leads], bob: said}


def test_links_and_revisions_come_by_the_facts_at_either_end(store: GraphStore, make: Any) -> None:
    texts = dict.fromkeys(("a", "b", "c", "d"), ("Ann",))
    changes = make.document("x", {"p": texts})
    revised = (make.supersession("b", "a"), make.supersession("d", "c"))
    store.apply(
        changes.model_copy(update={"supersessions": revised}), vectors=make.vectors(changes)
    )
    a, b, c, d = (make.fact(text, ()).id for text in texts)
    of = {(link.source_id, link.target_id): link for link in changes.discourse}
    for ids, pairs in (
        ([a], {(a, b)}),
        ([b, b], {(a, b), (b, c)}),
        ([a, d], {(a, b), (c, d)}),
        ([], set()),
        (["fa_unknown"], set()),
    ):
        assert store.discourse_of(ids) == [of[pair] for pair in sorted(pairs)]
    assert store.supersessions_of([a]) == [revised[0]] == store.supersessions_of([b, a])
    assert store.supersessions_of([b, c]) == sorted(
        revised, key=lambda s: (s.newer_id, s.older_id, s.reason)
    )
    assert store.supersessions_of(["fa_unknown"]) == []


def test_vectors_come_back_by_key_as_they_went_in(store: GraphStore, make: Any) -> None:
    given = make.vectors(_told(store, make))
    found = store.vectors_of([*given, "unknown"])
    assert found.keys() == given.keys()
    for key, vector in given.items():
        assert found[key].dtype == np.float32
        np.testing.assert_array_equal(found[key], vector)
