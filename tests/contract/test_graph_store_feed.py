"""The change feed: whoever knows a version reads what came after it, and then knows all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.model.change import ChangeSet, EditSet
from graphmem.model.knowledge import EntityType
from graphmem.model.source import Depth
from graphmem.ports.store import SCANNABLE, GraphStore, StoreReader

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}
CEM = {"Cem works": ("Cem",), "Ann works": ("Ann",)}
BOTH = {**CEM, "Cem knows Ann": ("Cem", "Ann")}
NODES = ("episodes", "passages", "entities", "facts")
STARTS = {
    "mentions": "passages",
    "roles": "facts",
    "evidence": "facts",
    "discourse": "facts",
    "supersessions": "facts",
    "same_as": "entities",
}

Rows = list[tuple[Any, ...]]


class Follower:
    """Knows a namespace at a version, and what it was told since."""

    def __init__(self) -> None:
        self.version = 0
        self.nodes: dict[str, dict[int, tuple[Any, ...]]] = {table: {} for table in NODES}
        self.relations: dict[str, dict[int, Rows]] = {table: {} for table in STARTS}
        self.vectors: dict[int, tuple[float, ...]] = {}

    def follow(self, store: GraphStore, namespace: str) -> int:
        """Read what changed, or everything where that does not tell; the rows that were read."""
        with store.read(namespace, since=self.version) as view:
            if not (view.removed and self.version):
                return self._take(view)
        self.__init__()  # type: ignore[misc]
        return self.follow(store, namespace)

    def _take(self, view: StoreReader) -> int:
        read = 0
        for table in NODES:
            rows = [row for batch in view.scan(table, SCANNABLE[table]) for row in batch]
            self.nodes[table] |= {row[0]: tuple(row) for row in rows}
            read += len(rows)
            for relation in (name for name, start in STARTS.items() if start == table):
                found: dict[int, Rows] = {row[0]: [] for row in rows}
                for batch in view.scan(relation, SCANNABLE[relation]):
                    for row in batch:
                        found[row[0]].append(tuple(row))
                self.relations[relation] |= found
        for nids, matrix in view.vectors():
            self.vectors |= dict(zip(nids, map(tuple, matrix.tolist()), strict=True))
        self.version = view.version
        return read

    def knows(self) -> Any:
        """All of it, with what has no relations left out."""
        related = {
            table: {nid: rows for nid, rows in held.items() if rows}
            for table, held in self.relations.items()
        }
        return self.version, self.nodes, related, self.vectors


def everything(store: GraphStore, namespace: str = "default") -> Any:
    fresh = Follower()
    fresh.follow(store, namespace)
    return fresh.knows()


def told(store: GraphStore, since: int, table: str, *columns: str) -> Rows:
    with store.read("default", since=since) as view:
        assert not view.removed
        return [row for batch in view.scan(table, columns) for row in batch]


def test_a_new_document_alone_is_told(store: GraphStore, make: Any) -> None:
    for n in range(4):
        store.apply(make.document(f"old{n}", {f"old text {n}": {f"fact {n}": (f"Name{n}",)}}))
    known = store.version("default")
    changes = make.document("new", {"new text": ANN})
    store.apply(changes, vectors=make.vectors(changes))
    assert told(store, known, "passages", "text", "title") == [("new text", "title of new")]
    assert told(store, known, "entities", "name") == [("Ann",), ("Bob",)]
    assert told(store, known, "facts", "text") == [("Ann knows Bob",), ("Ann works",)]
    assert len(told(store, known, "roles", "role")) == 3
    assert len(told(store, known, "mentions", "surface")) == 2
    with store.read("default", since=known) as view:
        ((nids, _),) = view.vectors()
        assert len(nids) == 1
    assert told(store, known + 1, "passages", "text") == []


def test_what_is_said_again_changes_nothing(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"text": ANN})
    store.apply(changes)
    known = store.version("default")
    store.apply(changes)
    assert store.version("default") == known
    store.apply(make.document("b", {"other": {"Dee rests": ("Dee",)}}))
    assert told(store, known, "facts", "text") == [("Dee rests",)]


def test_a_fact_stated_again_is_told_with_all_its_evidence(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {"one": ANN}))
    known = store.version("default")
    store.apply(make.document("b", {"two": CEM}))
    assert ("Ann works",) in told(store, known, "facts", "text")
    assert ("Ann knows Bob",) not in told(store, known, "facts", "text")
    facts = dict(told(store, known, "facts", "nid", "text"))
    stated = [facts[nid] for (nid,) in told(store, known, "evidence", "fact_nid")]
    assert sorted(stated) == ["Ann works", "Ann works", "Cem works"]


def test_retiring_tells_passages_and_facts_and_reviving_does_again(
    store: GraphStore, make: Any
) -> None:
    changes = make.document("a", {"one": ANN})
    store.apply(changes)
    known = store.version("default")
    retired = {changes.episodes[0].id: make.at(3)}
    store.apply(ChangeSet(namespace="default", retired_episodes=retired))
    for table in ("episodes", "passages", "facts"):
        assert {row[0] is None for row in told(store, known, table, "retired_at")} == {False}
    known = store.version("default")
    store.apply(changes)
    for table in ("episodes", "passages", "facts"):
        assert {row[0] is None for row in told(store, known, table, "retired_at")} == {True}


def test_a_vector_that_comes_later_is_told_in_every_namespace(
    store: GraphStore, maker: Any
) -> None:
    one, two = maker("one").document("a", {"text": ANN}), maker("two").document("b", {"text": ANN})
    store.apply(one)
    known = store.version("one")
    store.apply(two, vectors=maker().vectors(one))
    with store.read("one", since=known) as view:
        assert view.version == known + 1
        assert [len(nids) for nids, _ in view.vectors()] == [1]
        assert len(list(view.scan("passages", ["nid"]))) == 1


def test_what_is_edited_is_told(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"one": ANN})
    store.apply(changes)
    known = store.version("default")
    ann = make.entity("Ann", type=EntityType.PERSON, aliases=("Annie",))
    fact = changes.facts[0].model_copy(update={"valid_to": make.at(5), "strength": 2.0})
    store.edit(EditSet(namespace="default", version=known, entities=(ann,), facts=(fact,)))
    assert told(store, known, "entities", "aliases") == [('["Annie"]',)]
    assert told(store, known, "facts", "text", "strength") == [("Ann knows Bob", 2.0)]


@pytest.mark.parametrize("way", ["source", "fact", "link"])
def test_a_removal_says_that_everything_is_to_be_read_again(
    store: GraphStore, make: Any, way: str
) -> None:
    changes = make.document("a", {"one": ANN})
    store.apply(changes)
    store.apply(make.document("b", {"two": CEM}))
    known = store.version("default")
    edits = EditSet(namespace="default", version=known)
    if way == "source":
        store.delete_source("default", "a")
    elif way == "fact":
        store.edit(edits.model_copy(update={"removed_facts": (changes.facts[0].id,)}))
    else:
        store.edit(edits.model_copy(update={"removed_discourse": changes.discourse}))
    store.apply(make.document("c", {"three": ANN}))
    with store.read("default", since=known) as view:
        assert view.removed
    with store.read("default", since=known + 1) as view:
        assert not view.removed
    assert store.delete_source("default", "unknown").episodes == 0
    with store.read("default", since=known + 1) as view:
        assert not view.removed


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "add", "add", "fast", "vectors", "retire", "delete", "alias", "edit", "link"]
        ),
        st.integers(0, 4),
        st.booleans(),
    ),
    min_size=4,
    max_size=12,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=OPERATIONS)
def test_a_follower_knows_what_a_fresh_reader_reads(
    store: GraphStore, maker: Any, operations: list[tuple[str, int, bool]]
) -> None:
    namespace = f"n{np.random.default_rng().integers(1 << 40)}"
    make, other = maker(namespace), maker(f"{namespace} too")
    follower = Follower()
    for name, number, looks in operations:
        _do(store, make, other, name, number)
        if looks:
            follower.follow(store, namespace)
            assert follower.knows() == everything(store, namespace)
    follower.follow(store, namespace)
    assert follower.knows() == everything(store, namespace)


def _do(store: GraphStore, make: Any, other: Any, name: str, number: int) -> None:
    stated = (ANN, CEM, BOTH)[number % 3]
    changes = make.document(f"s{number}", {f"text {number}": stated, f"more {number}": CEM})
    if name == "add":
        store.apply(changes)
    elif name == "fast":
        bare = make.document(f"s{number}", {f"text {number}": {}}, depth=Depth.FAST)
        store.apply(bare)
    elif name == "vectors":
        store.apply(other.document("x", {}), vectors=make.vectors(changes))
    elif name == "retire":
        living = [e for e in store.episodes_of(make.namespace, f"s{number}") if not e.retired_at]
        retired = {episode.id: make.at(number) for episode in living}
        store.apply(ChangeSet(namespace=make.namespace, retired_episodes=retired))
    elif name == "delete":
        store.delete_source(make.namespace, f"s{number}")
    elif name == "alias":
        ann = make.entity("Ann", aliases=(f"alias {number}",))
        store.apply(ChangeSet(namespace=make.namespace, entities=(ann,)))
    else:
        _edit(store, make, name, number)


def _edit(store: GraphStore, make: Any, name: str, number: int) -> None:
    works, knows = make.fact("Ann works", ("Ann",)), make.fact("Ann knows Bob", ("Ann", "Bob"))
    held = store.facts([works.id, knows.id])
    edits = EditSet(namespace=make.namespace, version=store.version(make.namespace))
    if name == "edit" and works.id in held:
        facts = (held[works.id].model_copy(update={"strength": float(number)}),)
        store.edit(edits.model_copy(update={"facts": facts}))
    elif len(held) == 2:
        more = {
            "supersessions": (make.supersession("Ann works", "Ann knows Bob"),),
            "same_as": (make.same_as("Ann", "Bob"),),
        }
        store.edit(edits.model_copy(update=more))


def test_followers_miss_nothing_while_others_write(
    opener: Callable[..., GraphStore], maker: Any
) -> None:
    store, writers, done = opener(), [opener(), opener()], threading.Event()
    make = maker()

    def write(which: int) -> None:
        for n in range(12):
            changes = make.document(f"w{which}-{n}", {f"text {which} {n}": (ANN, CEM)[n % 2]})
            writers[which].apply(changes, vectors=make.vectors(changes))

    def follow() -> Follower:
        follower = Follower()
        while not done.is_set():
            follower.follow(store, "default")
        follower.follow(store, "default")
        return follower

    with ThreadPoolExecutor(3) as pool:
        following = pool.submit(follow)
        for future in [pool.submit(write, which) for which in range(2)]:
            future.result()
        done.set()
        assert following.result().knows() == everything(store)
