"""Several processes and threads on one memory, and processes that are killed."""

from __future__ import annotations

import os
import random
import runpy
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.stores.sqlite.store import FILE_NAME
from graphmem.errors import NotFoundError, StoreBusyError
from graphmem.model.change import Counts

WORKER = Path(__file__).with_name("sqlite_worker.py")
worker = runpy.run_path(str(WORKER))
open_store, batch, source_of = worker["open_store"], worker["batch"], worker["source_of"]
PASSAGES: int = worker["PASSAGES"]


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def finish(process: subprocess.Popen[str]) -> list[str]:
    """What it printed; it must have ended well."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.splitlines()


def kill_after(process: subprocess.Popen[str], seconds: float) -> list[str]:
    """What it printed until SIGKILL, which comes so long after its first line."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    return [first.strip(), *output.split("\n")[:-1]]


def assert_whole(store: Any, name: str, acknowledged: int) -> None:
    """Every batch is there whole or not at all, up to at least the last one acknowledged."""
    position = store.checkpoint(name)
    assert position is not None
    assert int(position) >= acknowledged
    numbers = range(int(position) + 1)
    assert sorted(store.sources("default")) == sorted(
        (source_of(name, number), PASSAGES) for number in numbers
    )
    counts = store.counts("default")
    mentions = sum(len(batch(name, number).mentions) for number in numbers)
    assert counts == Counts(
        episodes=len(numbers),
        passages=PASSAGES * len(numbers),
        entities=counts.entities,
        mentions=mentions,
        facts=PASSAGES * len(numbers),
        evidence=PASSAGES * len(numbers),
    )
    assert store.version("default") == len(numbers)
    assert store.check() == []


def test_a_killed_writer_leaves_whole_batches_and_all_that_it_acknowledged(
    tmp_path: Path,
) -> None:
    chance = random.Random(20240501)
    for _ in range(12):
        printed = kill_after(start(tmp_path, "write", "job", "100000"), chance.uniform(0, 0.12))
        store = open_store(tmp_path, create=False)
        assert_whole(store, "job", int(printed[-1]))
        store.close()


def test_a_memory_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    chance = random.Random(7)
    for attempt in range(6):
        folder = tmp_path / str(attempt)
        kill_after(start(folder, "make"), chance.uniform(0, 0.05))
        for made in folder.iterdir():
            try:
                store = open_store(made, create=False)
            except NotFoundError:
                store = open_store(made, create=True)
            assert store.check() == []
            store.close()


def test_processes_write_in_turns_and_lose_nothing(tmp_path: Path) -> None:
    processes = [start(tmp_path, "write", name, "40") for name in ("left", "right")]
    deleter = start(tmp_path, "delete", "passing", "20")
    for process in processes:
        assert finish(process) == [str(number) for number in range(40)]
    assert finish(deleter) == ["20"] * 20
    store = open_store(tmp_path, create=False)
    sources = Counter(source.split(":")[0] for source, _ in store.sources("default"))
    assert sources == {"left": 40, "right": 40}
    assert store.version("default") == 80 + 2 * 20
    entities = {e.id: e for name in sources for n in range(40) for e in batch(name, n).entities}
    held = store.entities(list(entities))
    assert held.keys() == entities.keys()
    # No union of aliases was lost between the two.
    aliases = Counter(
        alias
        for entity in held.values()
        for alias in entity.aliases
        if not alias.startswith("passing")
    )
    assert aliases == Counter(
        alias
        for name in sources
        for n in range(40)
        for e in batch(name, n).entities
        for alias in e.aliases
    )
    assert store.check() == []
    store.close()


def test_processes_that_make_the_same_memory_at_once_share_it(tmp_path: Path) -> None:
    names = [f"job{n}" for n in range(4)]
    for process in [start(tmp_path / "new", "write", name, "2") for name in names]:
        assert finish(process) == ["0", "1"]
    store = open_store(tmp_path / "new", create=False)
    assert [store.checkpoint(name) for name in names] == ["1"] * 4
    assert store.counts("default").episodes == 8
    assert store.check() == []
    store.close()
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE_NAME]


def test_the_same_batches_make_the_same_store_in_any_process(tmp_path: Path) -> None:
    dumps = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        finish(start(folder, "write", "job", "5", PYTHONHASHSEED=seed))
        connection = sqlite3.connect(folder / FILE_NAME)
        dumps.append([line for line in connection.iterdump() if 'INTO "meta"' not in line])
        connection.close()
    assert dumps[0] == dumps[1]
    assert len(dumps[0]) > 500


def test_a_writer_that_does_not_get_its_turn_says_so_and_reading_goes_on(tmp_path: Path) -> None:
    store = open_store(tmp_path, busy_timeout=0.1)
    store.apply(batch("job", 0))
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM evidence")
    for write in (
        lambda: store.apply(batch("job", 1)),
        lambda: store.delete_source("default", "job:0"),
        lambda: store.set_embedder("model", 4),
    ):
        with pytest.raises(StoreBusyError, match="being written by another process") as raised:
            write()
        assert "try again" in raised.value.remedy
    assert store.counts("default").evidence == PASSAGES
    second = open_store(tmp_path, read_only=True, busy_timeout=0.1)
    assert second.counts("default").evidence == PASSAGES
    second.close()
    other.execute("ROLLBACK")
    other.close()
    assert store.apply(batch("job", 1)).episodes == 1
    store.close()


def test_a_writer_waits_for_its_turn_and_sees_what_was_written_before_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.apply(batch("job", 0))
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE episodes SET source = 'renamed'")
    # Long enough for the deletion to begin, which has to wait.
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    assert store.delete_source("default", "renamed").passages == PASSAGES
    release.join()
    other.close()
    store.close()


class _Waiting(dict[str, Any]):
    """Vectors that keep the writer waiting in the middle of its batch."""

    def __init__(self) -> None:
        super().__init__(some="vector")
        self.reached, self.go_on = threading.Event(), threading.Event()

    def keys(self) -> Any:
        self.reached.set()
        assert self.go_on.wait(timeout=30)
        return {}.keys()

    def items(self) -> Any:
        return {}.items()


def test_a_thread_that_does_not_get_its_turn_says_so_and_reading_goes_on(tmp_path: Path) -> None:
    store = open_store(tmp_path, busy_timeout=0.1)
    slow = _Waiting()
    writer = threading.Thread(target=lambda: store.apply(batch("job", 0), vectors=slow))
    writer.start()
    assert slow.reached.wait(timeout=30)
    try:
        with pytest.raises(StoreBusyError):
            store.apply(batch("job", 1))
        # What is half-written is not to be seen.
        assert store.counts("default") == Counts()
    finally:
        slow.go_on.set()
        writer.join()
    assert store.counts("default").episodes == 1
    store.close()
