"""A job killed at any moment, resumed by the same command, ends as an unbroken one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.errors import GraphMemError
from graphmem.ports.store import SCANNABLE

GRAPHMEM = Path(sys.executable).with_name("graphmem")
NAMES = ["Ann Reed", "Bo Lund", "Carl Hume", "Dee Marsh", "Eve Stone", "Finn Gray"]
FIRMS = ["Acme Mills", "Bright Press", "Corn Exchange", "Dale Works"]
PLACES = ["Leeds", "York", "Hull", "Ripon", "Selby"]


def sentence(draw: random.Random) -> str:
    name, other = draw.sample(NAMES, 2)
    firm, place, year = draw.choice(FIRMS), draw.choice(PLACES), draw.randrange(1950, 2020)
    return draw.choice(
        [
            f"{name} joined {firm} in {year}.",
            f"{name} left {firm} because {other} had moved to {place}.",
            f"{firm} opened an office in {place} in {year}.",
            f"{other} did not sell {firm} to {name}.",
            f"{name} married {other} in {place} in {year}, but they parted a year later.",
        ]
    )


def write_corpus(folder: Path, *, count: int, seed: int) -> list[str]:
    """Documents, chats and bad items in several files; returns the names of the bad ones."""
    draw = random.Random(seed)
    folder.mkdir()
    records: list[str] = []
    for number in range(count):
        text = " ".join(sentence(draw) for _ in range(2))
        records.append(json.dumps({"id": f"d{number}", "title": draw.choice(NAMES), "text": text}))
    turns = [
        json.dumps({"session": n // 4, "speaker": draw.choice(NAMES), "text": sentence(draw)})
        for n in range(count // 2)
    ]
    half = len(records) // 2
    (folder / "a.jsonl").write_text("\n".join([*records[:half], '{"text": ', *records[half:]]))
    (folder / "b.txt").write_text("")
    for number in range(count // 5):
        (folder / f"c{number}.md").write_text(f"# {draw.choice(NAMES)}\n\n{sentence(draw)}\n")
    (folder / "d.pdf").write_bytes(b"no pdf")
    (folder / "e.jsonl").write_text("\n".join([*turns, '{"note": 1}']))
    return [f"a.jsonl:{half + 1}", "b.txt", "d.pdf", f"e.jsonl:{len(turns) + 1}"]


def command(corpus: Path, memory: Path, *more: str) -> list[str]:
    return [str(GRAPHMEM), "ingest", str(corpus), "-m", str(memory), "--json", "--quiet", *more]


def finish(corpus: Path, memory: Path, *more: str) -> dict[str, Any]:
    """Run the job to its end; its report."""
    done = subprocess.run(
        command(corpus, memory, *more), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def kill(corpus: Path, memory: Path, *more: str, commits: int, delay: float) -> bool:
    """Start the job, and kill it `delay` seconds after it has committed `commits` times.

    Returns whether it was still running.
    """
    process = subprocess.Popen(
        command(corpus, memory, *more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    before = versions(memory)
    while process.poll() is None and versions(memory) < before + commits:
        time.sleep(0.005)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait() == -signal.SIGKILL
    return False


def versions(memory: Path) -> int:
    """The change counter of a memory, 0 where there is none yet."""
    try:
        store = SqliteStore.open(memory, create=False, read_only=True, clock=_no_clock)
    except GraphMemError:
        return 0
    try:
        return store.version("default")
    finally:
        store.close()


def graph_of(memory: Path) -> dict[str, Counter[tuple[object, ...]]]:
    """All that a memory holds, by content: row numbers become ids, moments whether there is one."""
    store = SqliteStore.open(memory, create=False, read_only=True, clock=_no_clock)
    try:
        with store.read("default") as reader:
            ids = {
                prefix: dict(row for rows in reader.scan(table, ("nid", "id")) for row in rows)
                for prefix, table in NUMBERED.items()
            }
            return {
                table: Counter(
                    tuple(
                        _plain(name, value, ids) for name, value in zip(columns, row, strict=True)
                    )
                    for rows in reader.scan(table, columns)
                    for row in rows
                )
                for table, all_columns in SCANNABLE.items()
                if (columns := tuple(c for c in all_columns if c != "nid"))
            }
    finally:
        store.close()


NUMBERED = {
    "episode_nid": "episodes",
    "passage_nid": "passages",
    "entity_nid": "entities",
    "fact_nid": "facts",
}
SAME_KIND = {
    "source_nid": "fact_nid",
    "target_nid": "fact_nid",
    "newer_nid": "fact_nid",
    "older_nid": "fact_nid",
    "left_nid": "entity_nid",
    "right_nid": "entity_nid",
}


def _plain(name: str, value: object, ids: dict[str, dict[int, str]]) -> object:
    if name in ("recorded_at", "retired_at"):
        return value is not None
    if name.endswith("_nid"):
        assert isinstance(value, int)
        return ids[SAME_KIND.get(name, name)][value]
    return value


def _no_clock() -> Any:
    raise AssertionError("nothing is written here")


def names(report: dict[str, Any]) -> list[str]:
    return [Path(failed["item"]).name for failed in report["failed"]]


@pytest.mark.parametrize(
    ("kills", "count", "options"),
    [
        (18, 90, ("--depth", "fast", "--batch", "3")),
        (4, 30, ("--depth", "full", "--workers", "1", "--batch", "3")),
    ],
    ids=["fast", "full"],
)
def test_a_job_killed_again_and_again_ends_as_an_unbroken_one(
    tmp_path: Path, kills: int, count: int, options: tuple[str, ...]
) -> None:
    draw = random.Random(20)
    corpus = tmp_path / "corpus"
    bad = write_corpus(corpus, count=count, seed=7)
    whole = finish(corpus, tmp_path / "whole", *options)
    assert names(whole) == bad
    expected = graph_of(tmp_path / "whole")
    assert expected["mentions"]

    killed, memories = 0, 0
    while killed < kills:
        memory = tmp_path / f"killed{memories}"
        memories += 1
        # Some die before they have done anything, some between two commits, some within one.
        while killed < kills and kill(
            corpus, memory, *options, commits=draw.randrange(4), delay=draw.uniform(0.0, 0.2)
        ):
            killed += 1
        report = finish(corpus, memory, *options)
        assert graph_of(memory) == expected
        assert names(report) == bad

    # How far the others came is up to the machine; this one dies behind some commits for certain.
    assert kill(corpus, tmp_path / "last", *options, commits=3, delay=0.0)
    report = finish(corpus, tmp_path / "last", *options)
    assert report["resumed_after"] >= 3
    assert graph_of(tmp_path / "last") == expected
