"""A file of schema 5 keeps all that it holds when it becomes one of today."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem import Memory
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.adapters.stores.sqlite.schema import MIGRATIONS, make, migrate
from graphmem.adapters.stores.sqlite.store import FILE_NAME
from graphmem.errors import InvalidInputError
from graphmem.settings import Settings

OF_5 = Path(__file__).parents[2] / "data" / "memory_schema_5.sql"
"""What graphmem wrote at commit 2e48fee: a talk, and a document that revises another."""
MINED = ("keywords", "topics", "tags", "event_types", "intent")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]


def rows_of(connection: sqlite3.Connection, tables: set[str] | None = None) -> Rows:
    """All rows of all tables, or of those that are named, by column."""
    named = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    found: Rows = {}
    for name in sorted(named if tables is None else tables):
        cursor = connection.execute(f"SELECT * FROM {name}")
        columns = [column for column, *_ in cursor.description]
        found[name] = [dict(zip(columns, row, strict=True)) for row in cursor]
    return found


def without_what_is_new(rows: Rows) -> Rows:
    return {
        table: [
            {k: v for k, v in row.items() if table != "facts" or k not in MINED} for row in held
        ]
        for table, held in rows.items()
    }


@contextmanager
def opened(folder: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(folder, clock=lambda: NOW, create=False)) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(OF_5.read_text(encoding="utf-8"))
    return tmp_path


def test_a_file_of_schema_5_is_kept_to_the_last_row(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        before = rows_of(connection)
    assert len(before["facts"]) == 8
    with opened(folder) as store:
        assert store.info().schema_version == len(MIGRATIONS) > 5
        assert store.check() == []
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        after = rows_of(connection, set(before))
    hierarchies = {"hierarchies": [], "summaries": []}
    assert {**without_what_is_new(after), **hierarchies} == {**before, **hierarchies}
    assert all(row[name] is None for row in after["facts"] for name in MINED)


def test_what_is_read_after_the_step_has_attributes_beside_what_was_read_before(
    folder: Path,
) -> None:
    plain = Settings(workers=0, cache_dir=Settings().cache_dir)
    with Memory.open(folder, settings=plain) as memory:
        before = {hit.text for hit in memory.search("Where does Bob live?")}
        with pytest.raises(InvalidInputError, match=r"older graphmem.*new memory"):
            memory.search("Bob", where={"fact": {"topics": "music"}})
        assert memory.search("Bob", where={"fact": {"speaker": "Bob"}})
        memory.add("Bob plays jazz on the piano in a concert.", source="c", at="2024-07-01")
        assert before < {hit.text for hit in memory.search("Where does Bob live?", k=20)}
        found = memory.search("Bob", where={"fact": {"topics": "music"}})
        assert [hit.source for hit in found] == ["c"]
        assert [e.text for e in memory.timeline("Bob", where={"topics": "music"}).entries]
        assert memory.doctor() == []


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
OPTIONAL = st.none() | st.integers(-(2**40), 2**40)
FACT = st.fixed_dictionaries(
    {
        "text": TEXT,
        "predicate": TEXT,
        "polarity": TEXT,
        "modality": TEXT,
        "attribution": st.none() | TEXT,
        "kind": TEXT,
        "confidence": st.floats(0, 1),
        "trust": st.floats(0, 1),
        "valid_from": OPTIONAL,
        "valid_to": OPTIONAL,
        "precision": st.none() | TEXT,
        "recorded_at": st.integers(0, 2**40),
        "retired_at": OPTIONAL,
        "strength": st.floats(0, 1e9),
        "recalls": st.integers(0, 2**31),
        "last_recalled_at": OPTIONAL,
        "changed_in": st.integers(0, 99),
    }
)


@given(facts=st.lists(FACT, max_size=5))
@settings(max_examples=25, deadline=None)
def test_whatever_facts_a_file_of_schema_5_holds_they_stay(
    tmp_path_factory: pytest.TempPathFactory, facts: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("five") / FILE_NAME
    make(path, created_at=0, migrations=MIGRATIONS[:5])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO namespaces (nid, name, version) VALUES (1, 'default', 99)")
        for nid, fact in enumerate(facts, start=1):
            row = {"nid": nid, "id": f"fa_{nid}", "namespace_nid": 1, **fact}
            marks = ", ".join(f":{name}" for name in row)
            connection.execute(f"INSERT INTO facts ({', '.join(row)}) VALUES ({marks})", row)
        before = rows_of(connection)
        migrate(connection, path)
        assert without_what_is_new(rows_of(connection, set(before))) == before
        nones = connection.execute(f"SELECT {', '.join(MINED)} FROM facts").fetchall()
        assert nones == [(None,) * len(MINED)] * len(facts)
