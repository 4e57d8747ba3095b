"""A memory on a server does what one in a folder does: the same answers, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory
from graphmem.model.change import Stats
from graphmem.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
TOLD = {
    "note:1": "Ann Lee joined Acme in 2021. Acme is based in Oslo.",
    "note:2": "Bob Ray founded Acme because he missed Globex.",
    "note:3": "Globex was sold to Initech in 2019.",
}
ASKED = ("Who founded the company that Ann Lee joined?", "Where is Acme based?")


@pytest.fixture(scope="module")
def memories(
    neo4j_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Memory, Memory]]:
    """The same told to both."""
    neo4j_server.empty()
    folder = tmp_path_factory.mktemp("memory")
    settings = Settings(workers=0, cache_dir=Settings().cache_dir)
    in_folder = Memory.open(folder, settings=settings, clock=lambda: NOW)
    on_server = Memory.open(
        neo4j_server.url, auth=neo4j_server.auth, settings=settings, clock=lambda: NOW
    )
    with closing(in_folder), closing(on_server):
        for memory in (in_folder, on_server):
            for source, text in TOLD.items():
                memory.add(text, source=source, at="2024-05-01")
        yield in_folder, on_server


@pytest.mark.parametrize("question", ASKED)
def test_searches_and_contexts_are_the_same(memories: tuple[Memory, Memory], question: str) -> None:
    in_folder, on_server = (m.search(question, k=3, explain=True) for m in memories)
    assert in_folder == on_server
    assert in_folder
    first, second = (m.context(question, budget=200).text for m in memories)
    assert first == second


def test_stats_differ_only_in_where_they_come_from(memories: tuple[Memory, Memory]) -> None:
    def told(stats: Stats) -> dict[str, Any]:
        return stats.model_dump(
            exclude={"location", "backend", "size_bytes", "schema_version", "version"}
        )

    in_folder, on_server = (memory.stats() for memory in memories)
    assert told(in_folder) == told(on_server)
    assert on_server.backend == "neo4j"
    assert on_server.counts.facts >= 3
    assert [memory.doctor() for memory in memories] == [[], []]


def test_the_command_line_takes_a_url_and_a_password_file(
    neo4j_server: Any, tmp_path: Path
) -> None:
    neo4j_server.empty()
    (tmp_path / "note.txt").write_text(TOLD["note:1"])
    environment = {
        **os.environ,
        "GRAPHMEM_NEO4J_PASSWORD_FILE": str(neo4j_server.home / "password"),
        "GRAPHMEM_WORKERS": "0",
    }

    options = ("-m", neo4j_server.url, "--json")

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [Path(sys.executable).with_name("graphmem"), *arguments, *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    run("ingest", str(tmp_path / "note.txt"))
    found = run("search", "Where does Ann Lee work?")
    assert "Ann Lee joined Acme" in found["hits"][0]["text"]
    rows = run("cypher", "MATCH (e:Entity {name: 'Ann Lee'}) RETURN e.type")
    assert "person" in json.dumps(rows)
    assert run("stats")["backend"] == "neo4j"
