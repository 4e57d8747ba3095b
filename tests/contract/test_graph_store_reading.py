"""Reading: consistent views, scans, and what a source consists of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graphmem.errors import (
    InvalidInputError,
    StoreError,
)
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.knowledge import (
    Evidence,
    Member,
)
from graphmem.model.time import to_micros
from graphmem.ports.store import SCANNABLE, GraphStore

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}
CEM = {"Cem works": ("Cem",)}


def rows(store: GraphStore, namespace: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    with store.read(namespace) as view:
        return [row for batch in view.scan(table, columns) for row in batch]


def test_every_scannable_column_can_be_scanned(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"one": ANN})
    fact, other = changes.facts
    more = {
        "supersessions": (make.supersession(fact.text, other.text),),
        "same_as": (make.same_as("Ann", "Bob"),),
    }
    store.apply(changes.model_copy(update=more))
    with store.read("default") as view:
        for table, columns in SCANNABLE.items():
            (batch,) = view.scan(table, columns)
            assert {len(row) for row in batch} == {len(columns)}
            assert [row[::-1] for row in batch] == next(view.scan(table, columns[::-1]))


def test_a_scan_says_what_the_values_say(store: GraphStore, make: Any) -> None:
    episode = make.episode("a", occurred_at=make.at(1), trust=0.25, title="T")
    passage = make.passage(episode, "Ann", attributes={"k": 1}, occurred_at=make.at(2))
    ann = make.entity("Ann", aliases=("A", "B"))
    member = Member(role="subject", entity_id=ann.id, text="Ann", ordinal=5)
    fact = make.fact("f", (), members=(member,), valid_from=make.at(3))
    store.apply(
        ChangeSet(
            namespace="default",
            episodes=(episode,),
            passages=(passage,),
            entities=(ann,),
            facts=(fact,),
            evidence=(Evidence(fact_id=fact.id, passage_id=passage.id, start=0, end=3),),
        )
    )
    columns = ("id", "episode_id", "source", "title", "trust", "recorded_at", "retired_at")
    assert rows(store, "default", "passages", *columns, "occurred_at", "attributes") == [
        (
            *(passage.id, episode.id, "a", "T", 0.25, to_micros(episode.recorded_at), None),
            *(to_micros(make.at(2)), '{"k":1}'),
        )
    ]
    ((nid, episode_nid),) = rows(store, "default", "passages", "nid", "episode_nid")
    assert rows(store, "default", "episodes", "nid", "occurred_at") == [
        (episode_nid, to_micros(make.at(1)))
    ]
    assert rows(store, "default", "entities", "aliases") == [('["A","B"]',)]
    ((fact_nid, valid_from),) = rows(store, "default", "facts", "nid", "valid_from")
    assert valid_from == to_micros(make.at(3))
    assert rows(store, "default", "roles", "fact_nid", "role", "ordinal", "text") == [
        (fact_nid, "subject", 5, "Ann")
    ]
    assert rows(store, "default", "evidence", "fact_nid", "passage_nid") == [(fact_nid, nid)]


def test_scans_go_by_nid_in_batches_and_side_by_side(store: GraphStore, make: Any) -> None:
    for n in range(5):
        store.apply(make.document(f"s{n}", {f"t{n}-{m}": ANN for m in range(5)}))
    with store.read("default") as view:
        batches = list(view.scan("passages", ["nid"], batch=10))
        assert [len(batch) for batch in batches] == [10, 10, 5]
        nids = [nid for batch in batches for (nid,) in batch]
        assert nids == sorted(set(nids))
        mentions = view.scan("mentions", ["passage_nid"], batch=7)
        evidence = view.scan("evidence", ["fact_nid", "passage_nid"], batch=7)
        pairs = list(zip(mentions, evidence, strict=True))
    assert len(pairs) == 8
    mentioned = [row for batch, _ in pairs for row in batch]
    stated = [row for _, batch in pairs for row in batch]
    assert (len(mentioned), len(stated)) == (50, 50)
    assert mentioned == sorted(mentioned)
    assert stated == sorted(stated)


def test_an_unknown_table_or_column_is_refused(store: GraphStore) -> None:
    with store.read("default") as view:
        for table, columns in (
            ("sqlite_master", ["sql"]),
            ("facts", ["nid", "1); DROP TABLE facts; --"]),
            ("facts", []),
            ("namespaces", ["name"]),
        ):
            with pytest.raises(InvalidInputError):
                view.scan(table, columns)
        with pytest.raises(InvalidInputError, match="batch"):
            view.scan("facts", ["nid"], batch=0)


def test_an_unknown_namespace_reads_as_empty(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {"text": ANN}))
    with store.read("unknown") as view:
        assert view.version == 0
        for table, columns in SCANNABLE.items():
            assert list(view.scan(table, columns)) == []
        assert list(view.vectors()) == []
    assert store.episodes_of("unknown", "a") == []
    assert store.sources("unknown") == []
    assert store.counts("unknown") == Counts()


def test_a_view_stays_as_it_was_while_others_write(
    opener: Callable[..., GraphStore], make: Any
) -> None:
    store, other = opener(), opener()
    store.apply(make.document("a", {"one": ANN}))
    with store.read("default") as view:
        other.apply(make.document("b", {"two": CEM}))
        store.delete_source("default", "a")
        seen = [row for batch in view.scan("passages", ["text"]) for row in batch]
        assert (view.version, seen) == (1, [("one",)])
        assert store.version("default") == 3
    assert rows(store, "default", "passages", "text") == [("two",)]


def test_a_view_cannot_be_used_once_it_is_closed(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {f"text {n}": {} for n in range(5)}))
    with store.read("default") as view:
        scan = view.scan("passages", ["nid"], batch=2)
        next(scan)
    with pytest.raises(StoreError):
        next(scan)
    with pytest.raises(StoreError):
        view.scan("passages", ["nid"])
    assert store.delete_source("default", "a").passages == 5


def test_an_error_of_the_reader_passes_through_a_view(store: GraphStore) -> None:
    with pytest.raises(OverflowError, match="mine"), store.read("default"):
        raise OverflowError("mine")


def test_sources_are_those_with_living_episodes(store: GraphStore, make: Any) -> None:
    gone = make.document("gone", {"x": ANN})
    store.apply(make.document("b", {"1": ANN, "2": CEM}))
    store.apply(make.document("b", {"3": ANN}))
    store.apply(make.document("a", {"4": ANN}))
    store.apply(ChangeSet(namespace="default", episodes=(make.episode("empty"),)))
    store.apply(gone)
    retired = {gone.episodes[0].id: make.at(1)}
    store.apply(ChangeSet(namespace="default", retired_episodes=retired))
    assert store.sources("default") == [("a", 1), ("b", 3), ("empty", 0)]


def test_episodes_of_a_source_come_oldest_first(store: GraphStore, make: Any) -> None:
    days = (3, 1, 2)
    episodes = {day: make.episode("a", f"{day}", recorded_at=make.at(day)) for day in days}
    store.apply(ChangeSet(namespace="default", episodes=tuple(episodes.values())))
    store.apply(ChangeSet(namespace="default", episodes=(make.episode("b"),)))
    assert store.episodes_of("default", "a") == [episodes[1], episodes[2], episodes[3]]


def test_evidence_is_ordered(store: GraphStore, make: Any) -> None:
    documents = [make.document(f"s{n}", {f"text {n}": {**ANN, **CEM}}) for n in range(4)]
    for changes in documents:
        extra = tuple(e.model_copy(update={"end": 2}) for e in changes.evidence)
        store.apply(changes.model_copy(update={"evidence": changes.evidence[::-1] + extra}))
    passages = [changes.passages[0].id for changes in documents]
    facts = [fact.id for fact in documents[0].facts]
    stated = store.evidence_in(passages[1:])
    assert len(stated) == 18
    assert stated == sorted(stated, key=lambda e: (e.passage_id, e.start, e.end, e.fact_id))
    standing = store.evidence_of(facts[1:])
    assert len(standing) == 16
    assert standing == sorted(standing, key=lambda e: (e.fact_id, e.passage_id, e.start, e.end))
    assert store.evidence_in([]) == store.evidence_of(["fa_unknown"]) == []
