"""What is found on the disk: memories, older and newer ones, damage, and what is none at all."""

from __future__ import annotations

import os
import random
import runpy
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphmem.adapters.stores.sqlite.schema import APPLICATION_ID, MIGRATIONS, Migration
from graphmem.adapters.stores.sqlite.store import FILE_NAME
from graphmem.errors import NotFoundError, StoreError, StoreFormatError
from graphmem.model.change import Counts

worker = runpy.run_path(str(Path(__file__).with_name("sqlite_worker.py")))
open_store, batch = worker["open_store"], worker["batch"]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """The file of a memory with some batches in it, closed."""
    folder = tmp_path / "memory"
    store = open_store(folder)
    for number in range(10):
        store.apply(batch("job", number))
    store.close()
    return folder / FILE_NAME


def alter(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


# --- what is no memory -----------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [False, True])
def test_a_folder_without_a_memory_is_not_found_and_stays_as_it_is(
    tmp_path: Path, read_only: bool
) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NotFoundError, match="no memory in") as raised:
            open_store(folder, create=read_only, read_only=read_only)
        assert str(folder) in str(raised.value)
        assert raised.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_with_its_parents_and_holds_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "a b?#%" / "ü" / "memory"
    store = open_store(folder)
    store.apply(batch("job", 0))
    assert store.info().location == str(folder)
    store.close()
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_a_folder_may_be_named_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(Path("memory"))
    store.apply(batch("job", 0))
    store.close()
    assert (tmp_path / "memory" / FILE_NAME).is_file()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(StoreError, match=r"notes\.txt"):
        open_store(tmp_path / "notes.txt")
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StoreError, match="no memory can be made"):
        open_store(tmp_path)


def test_a_name_that_no_folder_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="File name too long"):
        open_store(tmp_path / ("x" * 300))


def _foreign_database(path: Path) -> None:
    alter(path, "CREATE TABLE facts (id)")


def _another_application(path: Path) -> None:
    alter(path, "CREATE TABLE facts (id)", "PRAGMA application_id = 7", "PRAGMA user_version = 1")


def _nameless_memory(path: Path) -> None:
    shutil.rmtree(path.parent)
    open_store(path.parent).close()
    alter(path, "DELETE FROM meta")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b""), "is an empty file"),
        (lambda path: path.write_text("Dear diary, " * 1000), "is not a memory, or is damaged"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "is not a memory, or is damaged"),
        (_foreign_database, "an SQLite database, but not a memory"),
        (_another_application, "an SQLite database, but not a memory"),
        (_nameless_memory, "does not say which memory it is"),
    ],
)
def test_a_foreign_file_is_refused_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], message: str, read_only: bool
) -> None:
    path = tmp_path / "memory" / FILE_NAME
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StoreFormatError, match=message) as raised:
        open_store(path.parent, read_only=read_only)
    assert str(path) in raised.value.message
    assert raised.value.remedy
    assert path.read_bytes() == before


def test_a_log_without_its_database_is_not_built_upon(memory: Path) -> None:
    store = open_store(memory.parent)
    store.apply(batch("more", 0))
    shutil.copytree(memory.parent, memory.parent.with_name("lost"))
    store.close()
    lost = memory.parent.with_name("lost")
    (lost / FILE_NAME).unlink()
    with pytest.raises(StoreFormatError, match="the log of a memory whose"):
        open_store(lost)


# --- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(memory: Path, share: float) -> None:
    os.truncate(memory, int(memory.stat().st_size * share))
    with pytest.raises(StoreFormatError, match="damaged") as raised:
        open_store(memory.parent)
    assert str(memory) in raised.value.message


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the file's tables hold."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        named = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = sorted(name for (name,) in named)
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in tables
        }
    finally:
        connection.close()


def test_damage_within_is_found_or_has_touched_nothing_that_is_stored(memory: Path) -> None:
    whole, rows = memory.read_bytes(), _rows(memory)
    chance = random.Random(11)
    found = 0
    for _ in range(40):
        at = chance.randrange(0, len(whole) - 4096)
        memory.write_bytes(whole[:at] + chance.randbytes(4096) + whole[at + 4096 :])
        try:
            store = open_store(memory.parent)
        except StoreFormatError:
            found += 1
            continue
        problems = store.check()
        found += bool(problems)
        assert all(problem.detail and problem.remedy for problem in problems)
        assert problems or _rows(memory) == rows
        try:
            store.counts("default")
            store.apply(batch("job", 99))
            store.delete_source("default", "job:3")
        except StoreError:
            assert problems
        store.close()
        for suffix in ("-wal", "-shm"):
            memory.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
    assert found >= 28  # the rest are places that hold nothing, in pages that are nearly empty


# --- schema versions -------------------------------------------------------------------------


def _add_colour(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE entities ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'")


def _paint(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE entities SET colour = 'red' WHERE name = 'name 3'")
    connection.execute("CREATE INDEX entities_by_colour ON entities (colour)")


def _fail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM evidence")
    connection.execute("CREATE TABLE half (made)")
    raise RuntimeError("in the middle")


LATER: tuple[Migration, ...] = (*MIGRATIONS, _add_colour, _paint)


def colours(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT name, colour FROM entities"))
    connection.close()
    return found


def test_a_memory_of_a_newer_schema_is_refused(memory: Path) -> None:
    alter(memory, "PRAGMA user_version = 7")
    for read_only in (False, True):
        with pytest.raises(
            StoreFormatError,
            match=rf"newer graphmem \(schema 7; this one knows {len(MIGRATIONS)}\)",
        ) as raised:
            open_store(memory.parent, read_only=read_only)
        assert "Upgrade" in raised.value.remedy


def test_an_older_memory_is_brought_up_to_date_when_opened_for_writing(memory: Path) -> None:
    before = open_store(memory.parent)
    counts, version = before.counts("default"), before.version("default")
    before.close()
    known = len(MIGRATIONS)
    says = f"older schema {known}; this graphmem reads {known + 2}"
    with pytest.raises(StoreFormatError, match=says) as raised:
        open_store(memory.parent, read_only=True, migrations=LATER)
    assert "for writing" in raised.value.remedy
    store = open_store(memory.parent, migrations=LATER)
    assert store.info().schema_version == known + 2
    assert (store.counts("default"), store.version("default")) == (counts, version)
    assert store.apply(batch("job", 10)).episodes == 1
    assert store.check() == []
    store.close()
    painted = colours(memory)
    assert painted.pop("name 3") == "red"
    assert set(painted.values()) == {"blue"}
    open_store(memory.parent, read_only=True, migrations=LATER).close()
    with pytest.raises(StoreFormatError, match="newer graphmem"):
        open_store(memory.parent)


def test_a_new_memory_goes_through_all_migrations(tmp_path: Path) -> None:
    store = open_store(tmp_path, migrations=LATER)
    assert store.info().schema_version == len(LATER)
    store.close()
    assert colours(tmp_path / FILE_NAME) == {}


def test_a_migration_that_fails_leaves_the_version_before_it(memory: Path) -> None:
    before = open_store(memory.parent, read_only=True)
    counts = before.counts("default")
    before.close()
    with pytest.raises(RuntimeError, match="in the middle"):
        open_store(memory.parent, migrations=(*MIGRATIONS, _add_colour, _fail))
    store = open_store(memory.parent, migrations=(*MIGRATIONS, _add_colour))
    assert store.info().schema_version == len(MIGRATIONS) + 1
    assert store.counts("default") == counts
    store.close()


def test_a_migration_runs_once_whoever_opens_at_the_same_time(memory: Path) -> None:
    runs: list[int] = []
    together = threading.Barrier(4)

    def migrate(connection: sqlite3.Connection) -> None:
        _add_colour(connection)
        runs.append(1)

    def open_it() -> None:
        together.wait()
        open_store(memory.parent, migrations=(*MIGRATIONS, migrate)).close()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(open_it) for _ in range(4)]:
            future.result()
    assert runs == [1]


def test_a_memory_is_marked_as_one(memory: Path) -> None:
    connection = sqlite3.connect(memory)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


def test_a_copy_of_the_folder_is_the_same_memory(memory: Path, tmp_path: Path) -> None:
    shutil.copytree(memory.parent, tmp_path / "copy")
    original, copy = open_store(memory.parent), open_store(tmp_path / "copy", create=False)
    assert copy.info().memory_id == original.info().memory_id
    assert copy.counts("default") == original.counts("default") != Counts()
    original.close()
    copy.close()


def test_two_memories_made_at_the_same_moment_are_two(tmp_path: Path) -> None:
    first = open_store(tmp_path)
    id_ = first.info().memory_id
    first.close()
    (tmp_path / FILE_NAME).unlink()
    second = open_store(tmp_path)
    assert second.info().memory_id != id_
    second.close()
