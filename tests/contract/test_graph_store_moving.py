"""What moves a memory relies on: scans lose nothing, come in order, and travel between stores."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.maintain.transfer import export_memory, import_memory, silent
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import Member
from graphmem.ports.store import GraphStore

STATED = {
    "one": {"Ann knows Bob": ("Bob", "Ann"), "Bob rests": ("Bob",)},
    "two": {"Bob knows Cem": ("Cem", "Bob", "Ann"), "Cem rests": ("Cem",)},
}


def fill(store: GraphStore, make: Any) -> None:
    """Two documents that share entities and a fact, one of them retired since."""
    store.set_embedder("test", 4)
    first = make.document("a", STATED)
    store.apply(first, vectors=make.vectors(first))
    retires = {first.episodes[0].id: make.at(1)}
    again = {"three": {"Ann knows Bob": ("Bob", "Ann"), "Ann rests": ("Ann",)}}
    second = make.document("b", again, retires=retires)
    more = {
        "supersessions": (make.supersession("Ann rests", "Bob rests"),),
        "same_as": (make.same_as("Ann", "Cem"),),
    }
    store.apply(second.model_copy(update=more), vectors=make.vectors(second))


def test_scans_tell_where_roles_and_discourse_links_stand(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"one": {"f": ("Ann",), "g": ("Ann",)}})
    members = tuple(
        Member(role=role, entity_id=make.entity("Ann").id, text="Ann", start=start, end=end)
        for role, start, end in (("z", 4, 7), ("a", None, None), ("m", 0, 3))
    )
    first, second = changes.facts
    facts = (first.model_copy(update={"members": members}), second)
    store.apply(changes.model_copy(update={"facts": facts}))
    with store.read("default") as view:
        (roles,) = view.scan("roles", ("role", "start", "end"))
        (passages,) = view.scan("passages", ("nid",))
        (links,) = view.scan("discourse", ("passage_nid", "start", "end"))
    assert roles[:3] == [("z", 4, 7), ("a", None, None), ("m", 0, 3)]
    assert links == [(*passages[0], 0, 1)]


def test_relations_come_in_the_order_of_the_nodes_they_start_at(
    store: GraphStore, make: Any
) -> None:
    fill(store, make)
    firsts = {
        "mentions": "passage_nid",
        "roles": "fact_nid",
        "evidence": "fact_nid",
        "discourse": "source_nid",
        "supersessions": "newer_nid",
        "same_as": "left_nid",
    }
    with store.read("default") as view:
        for table, column in firsts.items():
            nids = [row[0] for rows in view.scan(table, (column,), batch=2) for row in rows]
            assert nids == sorted(nids), table
            assert nids, table


def test_a_memory_travels_between_stores_and_stays_the_same(
    opener: Callable[..., GraphStore],
    make: Any,
    contents: Callable[[GraphStore, str], Any],
    tmp_path: Path,
) -> None:
    store = opener()
    fill(store, make)
    written = export_memory(store, "default", tmp_path / "first")
    elsewhere = tmp_path / "elsewhere"
    with closing(SqliteStore.open(elsewhere, clock=lambda: make.at(9), create=True)) as other:
        import_memory(other, tmp_path / "first", namespace="default", progress=silent, rows=3)
        assert contents(other, "default") == contents(store, "default")
        between = export_memory(other, "default", tmp_path / "between")
    back = opener(at=tmp_path / "back")
    back.apply(ChangeSet(namespace="another", entities=(make.entity("Dan"),)))
    import_memory(back, tmp_path / "between", namespace="default", progress=silent, rows=2)
    assert contents(back, "default") == contents(store, "default")
    returned = export_memory(back, "default", tmp_path / "returned")
    assert written.digest == between.digest == returned.digest
    assert back.check() == []
