"""Memories of an older graphmem are brought up to date; those of a newer one are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.stores.neo4j import schema as neo4j_schema
from graphmem.adapters.stores.sqlite import schema as sqlite_schema
from graphmem.adapters.stores.sqlite.store import FILE_NAME
from graphmem.errors import StoreFormatError
from graphmem.model.summary import Hierarchy, HierarchyChange, Summary
from graphmem.ports.store import GraphStore

MINED = ("keywords", "topics", "tags", "event_types", "intent")
OLD = Path(__file__).parents[1] / "data" / "memory_schema_1.sql"
"""What graphmem wrote at commit 97026a2, before the change feed."""


def old_documents(maker: Any) -> list[tuple[Any, Any]]:
    """What OLD holds: the batches and their vectors."""
    make, other = maker(), maker("other")
    a = make.document(
        "a",
        {"Ann knows Bob and works.": {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}},
    )
    b = make.document(
        "b",
        {"Cem works": {"Cem works": ("Cem",)}, "Ann works": {"Ann works": ("Ann",)}},
        retires={a.episodes[0].id: make.at(1)},
    )
    d = other.document("d", {"Dee rests": {"Dee rests": ("Dee",)}})
    return [(a, make.vectors(a)), (b, make.vectors(b)), (d, other.vectors(d))]


@pytest.fixture
def old(
    request: pytest.FixtureRequest, tmp_path: Path, maker: Any, opener: Callable[..., GraphStore]
) -> Callable[..., GraphStore]:
    """Opens a memory of schema 1."""
    if request.node.callspec.params["opener"] == "sqlite":
        path = tmp_path / "memory" / FILE_NAME
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA page_size = 8192")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(OLD.read_text(encoding="utf-8"))
        return opener
    store = opener()
    store.set_embedder("model", 4)
    for changes, vectors in old_documents(maker):
        store.apply(changes, vectors=vectors)
    store.close()
    _as_schema_1_left_it(request.getfixturevalue("neo4j_server"))
    return opener


def _as_schema_1_left_it(server: Any) -> None:
    with closing(Bolt(server.url, server.auth)) as bolt, bolt.session("WRITE") as session:
        for name in ("episode", "passage", "entity", "fact"):
            session.run(f"DROP INDEX graphmem_{name}_change").consume()
        session.run("MATCH (n) REMOVE n.changed_in, n.removed_in").consume()
        for name in ("fact_intent", "mined"):
            session.run(f"DROP INDEX graphmem_{name}").consume()
        mined = ", ".join(f"f.{name}" for name in MINED)
        session.run(f"MATCH (f:Fact) REMOVE {mined}").consume()
        for label in ("summary", "community"):
            session.run(f"DROP CONSTRAINT graphmem_{label}_id").consume()
            session.run(f"DROP INDEX graphmem_{label}_space").consume()
    _set_schema(server, 1)


def _known_later(
    opener: Callable[..., GraphStore], request: pytest.FixtureRequest, path: Path
) -> None:
    """Make the memory one of a schema that this code does not know."""
    opener().close()
    if request.node.callspec.params["opener"] == "sqlite":
        with closing(sqlite3.connect(path / "memory" / FILE_NAME)) as connection:
            connection.execute("PRAGMA user_version = 99")
        return
    _set_schema(request.getfixturevalue("neo4j_server"), 99)


def _set_schema(server: Any, version: int) -> None:
    with closing(Bolt(server.url, server.auth)) as bolt, bolt.session("WRITE") as session:
        session.run("MATCH (m:_Memory) SET m.schema_version = $v", v=version).consume()


def _latest(store: GraphStore) -> int:
    known = {"sqlite": sqlite_schema.MIGRATIONS, "neo4j": neo4j_schema.MIGRATIONS}
    return len(known[store.info().backend])


def test_an_older_memory_is_whole_after_it_is_brought_up_to_date(
    old: Callable[..., GraphStore], opener: Callable[..., GraphStore], maker: Any, contents: Any
) -> None:
    with pytest.raises(StoreFormatError, match="older schema 1") as raised:
        old(read_only=True)
    assert "for writing" in raised.value.remedy
    store = old()
    assert store.info().schema_version == _latest(store)
    assert (store.version("default"), store.version("other")) == (2, 1)
    assert store.check() == []
    held = {name: contents(store, name) for name in ("default", "other")}
    assert {e.source for e in held["default"]["episodes"].values()} == {"a", "b"}
    assert [f.text for f in held["other"]["facts"].values()] == ["Dee rests"]
    assert not any(getattr(f, name) for f in held["default"]["facts"].values() for name in MINED)
    assert len(held["default"]["vectors"]) == 3
    # Nobody knows what schema 1 changed when, so a reader of it starts anew.
    with store.read("default", since=1) as view:
        assert view.removed
    assert store.hierarchy("default") == Hierarchy()
    kept = HierarchyChange(namespace="default", revision=0, summaries=(Summary(id="su_root"),))
    store.keep_hierarchy(kept)
    assert store.hierarchy("default").summaries == kept.summaries
    make = maker()
    store.apply(make.document("new", {"text": {"Ann rests": ("Ann",)}}))
    with store.read("default", since=2) as view:
        assert not view.removed
        assert list(view.scan("facts", ["text"])) == [[("Ann rests",)]]
    store.close()
    again = opener()
    assert again.version("default") == 3
    again.delete_source("default", "new")
    assert contents(again, "default") == held["default"]


def test_an_older_memory_says_the_same_as_one_that_is_new(
    old: Callable[..., GraphStore], maker: Any, contents: Any
) -> None:
    held = contents(old(), "default")
    (a, _), (b, _), _ = old_documents(maker)
    assert set(held["facts"]) == {fact.id for changes in (a, b) for fact in changes.facts}
    assert set(held["passages"]) == {p.id for changes in (a, b) for p in changes.passages}
    assert held["episodes"][a.episodes[0].id].retired_at == maker().at(1)


def test_a_memory_of_a_newer_schema_is_refused_with_what_to_do(
    opener: Callable[..., GraphStore], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store = opener()
    latest = _latest(store)
    store.close()
    _known_later(opener, request, tmp_path)
    try:
        for read_only in (False, True):
            with pytest.raises(StoreFormatError, match=f"schema 99; this .* knows {latest}") as e:
                opener(read_only=read_only)
            assert e.value.remedy == "Upgrade graphmem to open it"
    finally:
        if request.node.callspec.params["opener"] == "neo4j":
            _set_schema(request.getfixturevalue("neo4j_server"), latest)
