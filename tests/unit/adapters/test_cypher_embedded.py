"""The view of the embedded Cypher engine: a file that is a cache and never the truth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.adapters.cypher import view as views
from graphmem.adapters.cypher.embedded import EmbeddedCypher
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import Entity

DATA = Path(__file__).parents[2] / "data" / "cypher_memory.json"
COUNT = "MATCH (n) RETURN count(n)"


def open_store(folder: Path) -> SqliteStore:
    return SqliteStore.open(folder, clock=lambda: datetime(2024, 6, 1, tzinfo=UTC), create=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "memory")) as store:
        store.apply(ChangeSet.model_validate_json(DATA.read_text()))
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memory" / "views"


def count(store: SqliteStore, folder: Path | None, namespace: str = "default") -> int:
    """Nodes that a new runner counts."""
    ((found,),) = EmbeddedCypher(store, namespace, folder=folder).run(COUNT).rows
    assert isinstance(found, int)
    return found


def add_entity(store: SqliteStore, id_: str, namespace: str = "default") -> None:
    store.apply(ChangeSet(namespace=namespace, entities=(Entity(id=id_, name=id_),)))


def test_a_view_is_kept_and_taken_up_again(store: SqliteStore, folder: Path) -> None:
    assert count(store, folder) == 25
    (kept,) = folder.iterdir()
    first = kept.stat()
    assert count(store, folder) == 25
    # Another one would have been renamed over it.
    assert kept.stat().st_ino == first.st_ino


def test_a_view_that_is_behind_is_replaced(store: SqliteStore, folder: Path) -> None:
    count(store, folder)
    (kept,) = folder.iterdir()
    first = kept.stat().st_ino
    add_entity(store, "en_x")
    assert count(store, folder) == 26
    assert kept.stat().st_ino != first
    assert list(folder.iterdir()) == [kept]


def test_a_kept_view_answers_as_a_new_one(store: SqliteStore, folder: Path) -> None:
    everything = (
        "MATCH (n) RETURN n ORDER BY n.id",
        "MATCH (a)-[r]->(b) RETURN a.id, r, b.id ORDER BY a.id, b.id, type(r), r.role",
        "MATCH (f:Fact) WHERE f.valid_from IS NULL RETURN f.id, f.name, f.title ORDER BY f.id",
    )
    fresh = EmbeddedCypher(store, "default", folder=folder)
    answers = [fresh.run(statement).rows for statement in everything]
    kept = EmbeddedCypher(store, "default", folder=folder)
    assert [kept.run(statement).rows for statement in everything] == answers


def test_a_damaged_view_is_built_anew(store: SqliteStore, folder: Path) -> None:
    count(store, folder)
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    places = [0, 20, 100, 400, len(whole) // 2, len(whole) - 1]
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    damaged += [b"", b"\n", whole[:-1], whole[: len(whole) // 2], whole + b"x", b"\x00" * 1000]
    for content in damaged:
        kept.write_bytes(content)
        assert count(store, folder) == 25
        assert kept.read_bytes()[:14] == b"graphmem view\n"
        add = kept.read_bytes()
        assert count(store, folder) == 25
        assert kept.read_bytes() == add


def test_a_view_of_another_memory_or_namespace_is_not_taken(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    count(store, folder)
    with closing(open_store(tmp_path / "other")) as other:
        add_entity(other, "en_x")
        assert other.version("default") == store.version("default")
        foreign = tmp_path / "other" / "views"
        assert count(other, foreign) == 1
        views.file_of(folder, "default").write_bytes(views.file_of(foreign, "default").read_bytes())
        assert count(store, folder) == 25
        add_entity(store, "en_y", "second")
        views.file_of(folder, "second").write_bytes(views.file_of(folder, "default").read_bytes())
        assert count(store, folder, "second") == 1


def test_a_folder_that_cannot_be_written_is_done_without(
    store: SqliteStore, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert count(store, file / "views") == 25
    assert count(store, None) == 25
    EmbeddedCypher(store, "default", folder=file / "views").discard()


def test_a_discarded_view_leaves_nothing_of_the_content(store: SqliteStore, folder: Path) -> None:
    runner = EmbeddedCypher(store, "default", folder=folder)
    runner.run(COUNT)
    assert any(folder.iterdir())
    runner.discard()
    assert list(folder.iterdir()) == []
    runner.discard()
    assert runner.run(COUNT).rows == ((25,),)


def test_what_killed_processes_left_half_written_is_swept_up(
    store: SqliteStore, folder: Path
) -> None:
    folder.mkdir()
    old, new = folder / ".view-old", folder / ".view-new"
    old.write_text("")
    new.write_text("")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    count(store, folder)
    assert not old.exists()
    assert new.exists()


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from graphmem.adapters.cypher.embedded import EmbeddedCypher
from graphmem.adapters.stores.sqlite import SqliteStore
folder = Path(sys.argv[1])
store = SqliteStore.open(folder, clock=lambda: datetime.now(UTC), create=False)
runner = EmbeddedCypher(store, "default", folder=folder / "views")
for _ in range(int(sys.argv[2])):
    before = store.version("default")
    ((entities,),) = runner.run("MATCH (e:Entity) RETURN count(e)").rows
    after = store.version("default")
    # Every commit but the first adds one entity.
    assert before + 7 <= entities <= after + 7, (before, entities, after)
    print("ready", flush=True)
"""


def start(folder: Path, rounds: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(rounds)], stdout=subprocess.PIPE, text=True
    )


def test_processes_share_a_view_while_another_writes(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    children = [start(tmp_path / "memory", 60) for _ in range(2)]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for number in range(20):
            add_entity(store, f"en_{number}")
        for child in children:
            child.communicate(timeout=60)
            assert child.returncode == 0
    finally:
        for child in children:
            child.kill()
            child.communicate()
    assert count(store, folder) == 45
    assert [path.suffix for path in folder.iterdir()] == [".view"]


def test_a_process_killed_at_any_moment_leaves_a_view_that_is_right_or_none(
    store: SqliteStore, folder: Path, tmp_path: Path
) -> None:
    child = start(tmp_path / "memory", 1_000_000)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for number in range(10):
            add_entity(store, f"en_{number}")
            time.sleep(0.003 * number)
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.communicate()
    assert count(store, folder) == 35
    assert count(store, folder) == 35


def test_a_full_disk_costs_the_view_and_not_the_answer(tmp_path: Path, store: SqliteStore) -> None:
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n{CHILD}"
    subprocess.run(
        [sys.executable, "-c", limited, str(tmp_path / "memory"), "1"], check=True, timeout=60
    )
    assert list((tmp_path / "memory" / "views").iterdir()) == []


def test_threads_read_one_runner_at_once(store: SqliteStore, folder: Path) -> None:
    runner = EmbeddedCypher(store, "default", folder=folder)

    def ask(number: int) -> int:
        if number % 10 == 0:
            add_entity(store, f"en_{number}")
        ((found,),) = runner.run("MATCH (e:Entity) RETURN count(e)").rows
        return int(found)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(ask, range(40)))
    assert set(counts) <= set(range(8, 13))
    assert runner.run(COUNT).rows == ((29,),)
