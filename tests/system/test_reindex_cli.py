"""`graphmem reindex`: killed and run again, and searches are answered all the while."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings, SourceItem
from graphmem.errors import EmbedderMismatchError

GRAPHMEM = Path(sys.executable).with_name("graphmem")
MINILM = "all-minilm-l6-v2"
N = 150
QUESTION = "Who keeps the lighthouse of Tallow Bay?"


class Cli:
    """The command on one memory."""

    def __init__(self, location: str, auth: tuple[str, str] | None) -> None:
        self.location, self.auth = location, auth
        self.environment = {**os.environ, "GRAPHMEM_WORKERS": "0", "GRAPHMEM_DEPTH": "fast"}
        if auth is not None:
            self.environment |= {
                "GRAPHMEM_NEO4J_USER": auth[0],
                "GRAPHMEM_NEO4J_PASSWORD": auth[1],
            }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [GRAPHMEM, *arguments, "-m", self.location],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GRAPHMEM, *arguments, "-m", self.location],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def open(self, **options: Any) -> Memory:
        settings = Settings(workers=0, depth="fast")
        return Memory.open(self.location, auth=self.auth, settings=settings, **options)


@pytest.fixture(params=["folder", "server"])
def cli(request: pytest.FixtureRequest, tmp_path: Path) -> Cli:
    """A memory of some passages, by the default embedder."""
    if request.param == "folder":
        made = Cli(str(tmp_path / "mem"), None)
    else:
        server = request.getfixturevalue("neo4j")
        made = Cli(server.url, server.auth)
    texts = [f"Keeper {n} keeps lighthouse number {n} of the north coast." for n in range(N - 1)]
    texts.append("Owen Pryce keeps the lighthouse of Tallow Bay.")
    items = (SourceItem(source=f"s{n}", text=text) for n, text in enumerate(texts))
    with made.open() as memory:
        assert not any(report.failed for report in memory.add_many(items))
    return made


def wait(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_reindex_goes_on_and_then_the_new_embedder_answers(cli: Cli) -> None:
    running = cli.start("reindex", "--embedder", MINILM, "--batch", "2")
    with cli.open(read_only=True) as memory:
        store = memory._parts.store
        wait(lambda: 0 < len(store.unindexed("", N)) < N - 4, running)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        left = len(store.unindexed("", N))
        assert 0 < left < N
        # Half-way, the memory is what it was.
        (hit, *_) = memory.search(QUESTION, mode="dense")
        assert hit.source == f"s{N - 1}"
        assert memory.stats().embedder == "bge-small-en-v1.5+int8"
        done = cli.run("reindex", "--embedder", MINILM, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["passages"], report["kept"]) == (N, N - left)
        # A reader that was there before is told, and so is one that comes now.
        with pytest.raises(EmbedderMismatchError, match="graphmem reindex"):
            memory.search(QUESTION, mode="dense")
        assert memory.search(QUESTION, mode="bm25")[0].source == f"s{N - 1}"
    refused = cli.run("search", QUESTION)
    assert refused.returncode == 1
    assert "graphmem reindex" in " ".join(refused.stderr.split())
    answered = cli.run("search", QUESTION, "--mode", "dense", "--json", GRAPHMEM_EMBEDDER=MINILM)
    assert json.loads(answered.stdout)["hits"][0]["source"] == f"s{N - 1}"
    assert cli.run("doctor", GRAPHMEM_EMBEDDER=MINILM).returncode == 0


def test_the_vectors_are_those_that_the_new_embedder_makes(tmp_path: Path) -> None:
    texts = {f"s{n}": f"Ann Lee wrote letter {n}." for n in range(5)}
    moved, fresh = tmp_path / "moved", tmp_path / "fresh"
    settings = Settings(workers=0, depth="fast")
    other = settings.model_copy(update={"embedder": MINILM})
    with Memory.open(moved, settings=settings) as memory:
        for source, text in texts.items():
            memory.add(text, source=source, title="Letters")
        told: list[tuple[str, int, int]] = []
        memory.reindex(MINILM, batch=2, progress=lambda *step: told.append(step))
        assert told == [("reindex", 2, 5), ("reindex", 4, 5), ("reindex", 5, 5)]
        hits = memory.search("letter 3", mode="dense", k=5)
        memory.add("Bo Ray wrote back.", source="s9")
    with Memory.open(fresh, settings=other) as memory:
        for source, text in texts.items():
            memory.add(text, source=source, title="Letters")
        expected = memory.search("letter 3", mode="dense", k=5)
    assert [(hit.id, hit.score) for hit in hits] == [(hit.id, hit.score) for hit in expected]


def test_an_embedder_that_is_none_changes_nothing(tmp_path: Path) -> None:
    cli = Cli(str(tmp_path / "mem"), None)
    with cli.open() as memory:
        memory.add("Ann Lee wrote a letter.", source="a")
    refused = cli.run("reindex", "--embedder", "no-such-model")
    assert refused.returncode == 2
    assert "no-such-model" in refused.stderr
    assert cli.run("search", "letter").returncode == 0
