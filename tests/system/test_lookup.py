"""`graphmem lookup`: the store answers, without an index, within the filters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graphmem import Memory, Settings
from graphmem.cli import app
from graphmem.errors import EmbedderMismatchError

TOLD = {
    "note:1": "Ann Lee joined Acme in 2021. Acme is based in Oslo.",
    "note:2": "Bob Ray founded Acme because he missed Globex.",
    "note:3": "The harbour of Oslo freezes over in winter.",
}


ASKED = "Who founded Acme and missed Globex?"


@pytest.fixture(params=["folder", "server"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    location: str | Path = tmp_path / "mem"
    options: dict[str, Any] = {"settings": Settings(workers=0)}
    if request.param == "server":
        server = request.getfixturevalue("neo4j")
        location, options["auth"] = server.url, server.auth
    with Memory.open(location, **options) as opened:
        for source, text in TOLD.items():
            opened.add(text, source=source, at="2024-05-01")
        yield opened


def test_a_question_is_answered_by_the_store_alone(memory: Memory) -> None:
    hits = memory.lookup(ASKED, k=2)
    assert hits[0].source == "note:2"
    assert [hit.rank for hit in hits] == [1, 2]
    assert "founded" in hits[0].facts[0].text
    assert set(hits[0].signals) == {"dense", "bm25"}
    assert memory._reading._index is None
    searched = {hit.id: hit for hit in memory.search(ASKED, mode="hybrid")}
    same = searched[hits[0].id]
    changed = {"rank", "score", "signals"}
    assert hits[0].model_dump(exclude=changed) == same.model_dump(exclude=changed)


def test_filters_and_times_hold(memory: Memory) -> None:
    assert [hit.source for hit in memory.lookup("Oslo", where={"source": "note:3"})] == ["note:3"]
    memory.retire_source("note:2")
    assert "note:2" not in {hit.source for hit in memory.lookup(ASKED)}
    assert memory.lookup("Acme", where={"type": "date", "source": "note:3"}) == []


def test_another_embedder_is_refused(memory: Memory) -> None:
    memory._parts.store.start_reindex("other", 3)
    store = memory._parts.store
    keys = [p.vector_key for p in store.passages(store.unindexed("", 100)).values()]
    memory.lookup("Oslo")
    store.keep_vectors("other", dict.fromkeys(keys, memory._parts.embedder.embed(["x"])[0][:3]))
    assert store.finish_reindex("other")
    with pytest.raises(EmbedderMismatchError, match="graphmem reindex"):
        memory.lookup("Oslo")


def test_the_command_prints_hits_as_json(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0, depth="fast")) as memory:
        memory.add(TOLD["note:3"], source="note:3")
    shown = CliRunner().invoke(
        app, ["lookup", 'harbour: "*', "-m", str(tmp_path / "mem"), "--json"]
    )
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.output)["hits"][0]["source"] == "note:3"
