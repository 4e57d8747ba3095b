"""What a memory folder keeps: forgotten and taken back, erased from every file of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Policy
from graphmem.adapters.llms.cache import AnswerCache
from graphmem.cli import main
from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOLD = {
    "note:1": ("2020-01-05", "Ann Lee lives in Paris."),
    "note:2": ("2021-06-01", "In May 2021, Ann Lee moved to Zanzibar with Quentin Okonkwo."),
    "note:3": ("2020-02-01", "Bob Ray plays the cello in the harbour orchestra of Bergen."),
    "note:4": ("2020-03-01", "Hello there! How are you?"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memory"


@pytest.fixture
def memory(folder: Path, tmp_path: Path) -> Iterator[Memory]:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(Settings().cache_dir / "models")
    settings = Settings(workers=0, cache_dir=cache)
    times = (NOW + timedelta(seconds=at) for at in range(10_000))
    with closing(Memory.open(folder, settings=settings, clock=lambda: next(times))) as opened:
        for source, (at, text) in TOLD.items():
            opened.add(text, source=source, at=at)
        yield opened


def _found(memory: Memory, **options: Any) -> set[str]:
    return {hit.source for hit in memory.search("Who is where?", k=10, **options)}


def _holds(folder: Path, word: str) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and "models" not in path.parts]
    return [str(path) for path in files if word.lower().encode() in path.read_bytes().lower()]


def test_what_tells_least_is_forgotten_first_and_comes_back(memory: Memory) -> None:
    dry = memory.forget(Policy(at_most=3), dry_run=True)
    assert [faded.source for faded in dry.faded] == ["note:4"]
    assert _found(memory) == TOLD.keys()
    report = memory.forget(Policy(at_most=3))
    assert [faded.id for faded in report.faded] == [faded.id for faded in dry.faded]
    assert report.forgotten.passages == 1
    assert _found(memory) == TOLD.keys() - {"note:4"}
    assert memory.forget(Policy(at_most=3)).faded == ()
    assert memory.restore().passages == 1
    assert _found(memory) == TOLD.keys()
    assert not memory.doctor()


def test_what_was_forgotten_longer_ago_than_it_is_kept_is_erased(
    memory: Memory, folder: Path
) -> None:
    memory.forget(Policy(share=0.75))
    assert _holds(folder, "cello")
    report = memory.forget(Policy(share=0.0, keep_days=0.0))
    assert report.erased.passages == 3
    assert memory.restore().passages == 0
    assert memory.stats().counts.passages == 1
    with pytest.raises(InvalidInputError, match="forgets nothing"):
        memory.forget(Policy())


def test_what_is_found_often_is_kept_for_longer(memory: Memory) -> None:
    for _ in range(3):
        memory.search("Hello there! How are you?", k=1)
    report = memory.forget(Policy(share=1.0), dry_run=True)
    assert {faded.source: faded.recalls for faded in report.faded}["note:4"] == 3
    assert report.faded[-1].age_days < 1  # a recall makes it young again


def test_no_word_of_what_is_erased_is_left_in_any_file(
    memory: Memory, folder: Path, tmp_path: Path
) -> None:
    AnswerCache(tmp_path / "cache" / "llm.sqlite3").put("key", "Ann Lee moved to Zanzibar.")
    memory.search("Where is Zanzibar?")
    memory.walk_graph()
    memory.cypher("MATCH (p:Passage) RETURN p.text")
    memory.export(tmp_path / "export")
    assert len(_holds(tmp_path, "Zanzibar")) > 3
    shutil.rmtree(tmp_path / "export")  # exports are the user's own

    assert memory.erase(entity="Quentin Okonkwo", dry_run=True).passages == 1
    report = memory.erase(entity="Quentin Okonkwo")
    assert report.removed.passages == 1
    for word in ("Zanzibar", "Okonkwo"):
        assert _holds(tmp_path, word) == []
        assert (
            memory.cypher(
                "MATCH (n) WHERE n.text CONTAINS $word OR n.name CONTAINS $word RETURN n.id",
                {"word": word},
            ).rows
            == ()
        )
    [paris] = memory.cypher(
        "MATCH (f:Fact) WHERE f.retired_at IS NULL AND f.text CONTAINS 'Paris'"
        " RETURN f.valid_to AS until"
    ).rows
    assert paris[0] is None  # she moved nowhere, as far as the memory knows
    assert "note:2" not in _found(memory)
    memory.close()
    assert _holds(tmp_path, "Zanzibar") == []


def test_what_there_is_nothing_of_cannot_be_erased(memory: Memory) -> None:
    with pytest.raises(NotFoundError, match="note:9"):
        memory.erase("note:9")
    with pytest.raises(InvalidInputError, match="exactly one"):
        memory.erase("note:1", entity="Ann Lee")


def test_the_commands_do_the_same(
    memory: Memory, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory.close()

    def run(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "-m", str(folder), "--json"])
        assert ended.value.code in (0, None)
        return json.loads(capsys.readouterr().out)

    assert run("forget", "--at-most", "2", "--dry-run")["kept"] == 2
    assert run("forget", "--at-most", "2")["forgotten"]["passages"] == 2
    assert run("forget", "--restore")["restored"]["passages"] == 2
    assert run("erase", "note:2")["removed"]["passages"] == 1
    assert _holds(folder, "Zanzibar") == []
