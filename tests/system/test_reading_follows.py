"""A memory that is being read follows what is written: by what changed, and never by less."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings, SourceItem

NOW = datetime(2024, 6, 1, tzinfo=UTC)
Opener = Callable[[], Memory]
FIRST = {f"note:{n}": f"Ann Lee wrote letter {n} to Acme in Oslo." for n in range(30)}


@pytest.fixture(params=["folder", "server"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same memory again and again, as processes do."""
    settings = Settings(workers=0, depth="fast")
    options: dict[str, Any] = {"settings": settings, "clock": lambda: NOW}
    location: str | Path = tmp_path / "mem"
    if request.param == "server":
        server = request.getfixturevalue("neo4j")
        location, options["auth"] = server.url, server.auth
    with ExitStack() as stack:

        def open_memory() -> Memory:
            return stack.enter_context(Memory.open(location, **options))

        with open_memory() as memory:
            list(memory.add_many(SourceItem(source=s, text=text) for s, text in FIRST.items()))
        yield open_memory


@pytest.fixture
def no_building(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, an index is not to be built any more."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the index was built anew")

    return lambda: monkeypatch.setattr("graphmem.stages.reading.build_index", refuse)


def test_a_running_reader_sees_what_another_adds_without_building_anew(
    opener: Opener, no_building: Callable[[], None]
) -> None:
    reader, writer = opener(), opener()
    assert len(reader.search("Who wrote to Acme?", k=50, mode="bm25")) == 30
    no_building()
    writer.add("Zara Quillon directed The Amber Gate.", source="film")
    (hit, *_) = reader.search("Who directed The Amber Gate?")
    assert hit.source == "film"
    writer.retire_source("film")
    assert "film" not in {hit.source for hit in reader.search("Who directed The Amber Gate?")}


def test_an_index_that_was_kept_is_followed_by_whoever_opens_it_later(
    opener: Opener, no_building: Callable[[], None]
) -> None:
    with opener() as reader:
        reader.search("Acme")
    writer = opener()
    for n in range(3):
        writer.add(f"Zara Quillon painted picture {n}.", source=f"picture:{n}")
    no_building()
    with opener() as later:
        found = later.search("Zara Quillon", k=3, mode="bm25")
        assert {hit.source for hit in found} == {f"picture:{n}" for n in range(3)}
    # A tenth more was worth keeping, so the next one has nothing to follow.
    reading = opener()._reading
    kept = reading._load()
    assert kept is not None
    assert kept.version == writer.stats().version


def test_a_deletion_by_another_is_seen_and_leaves_no_text_behind(opener: Opener) -> None:
    reader, writer = opener(), opener()
    writer.add("Zara Quillon hid the marmalade.", source="secret")
    assert reader.search("marmalade", mode="bm25")
    writer.delete_source("secret")
    assert reader.search("marmalade", mode="bm25") == []
    reader.close()
    folder = writer._reading._folder()
    assert folder is not None
    for path in folder.rglob("*"):
        assert b"marmalade" not in path.read_bytes()


def test_an_index_of_a_reader_that_knew_what_was_deleted_is_not_kept(opener: Opener) -> None:
    reader, writer = opener(), opener()
    writer.add("Zara Quillon hid the marmalade.", source="secret")
    index = reader._reading.index()
    writer.delete_source("secret")
    folder = reader._reading._folder()
    assert folder is not None
    shutil.rmtree(folder, ignore_errors=True)
    reader._reading._kept = None
    reader._reading._keep(index, 0.0)
    assert not folder.exists()


def test_a_memory_put_back_to_an_older_state_is_read_anew(tmp_path: Path) -> None:
    settings = Settings(workers=0, depth="fast")
    folder, copy = tmp_path / "mem", tmp_path / "copy"
    with Memory.open(folder, settings=settings) as memory:
        memory.add("Ann Lee wrote a letter.", source="a")
    shutil.copytree(folder, copy)
    with Memory.open(folder, settings=settings) as memory:
        memory.add("Zara Quillon painted.", source="b")
        assert memory.search("Zara", mode="bm25")
    shutil.copytree(folder / "index", copy / "index")
    with Memory.open(copy, settings=settings) as memory:
        assert memory.search("Zara", mode="bm25") == []
        assert memory.search("letter", mode="bm25")


def test_a_memory_put_back_and_written_to_again_is_read_anew_at_the_same_version(
    tmp_path: Path,
) -> None:
    settings = Settings(workers=0, depth="fast")
    folder, copy = tmp_path / "mem", tmp_path / "copy"
    with Memory.open(folder, settings=settings) as memory:
        memory.add("Ann Lee wrote a letter.", source="a")
    shutil.copytree(folder, copy)
    with Memory.open(folder, settings=settings) as memory:
        memory.add("Zara Quillon painted.", source="b")
        assert memory.search("Zara", mode="bm25")
        version = memory._reading.index().version
    shutil.copytree(folder / "index", copy / "index")
    with Memory.open(copy, settings=settings) as memory:
        memory.add("Owen Pryce sang.", source="c")
        assert memory._parts.store.version("default") == version
        assert memory.search("Zara", mode="bm25") == []
        assert memory.search("Owen", mode="bm25")


def test_a_damaged_index_is_built_anew(tmp_path: Path) -> None:
    settings = Settings(workers=0, depth="fast")
    with Memory.open(tmp_path, settings=settings) as memory:
        memory.add("Ann Lee wrote a letter.", source="a")
        assert memory.search("letter", mode="bm25")
        folder = memory._reading._folder()
    assert folder is not None
    (folder / "lexical.postings.documents.npy").unlink()
    with Memory.open(tmp_path, settings=settings) as memory:
        assert memory.search("letter", mode="bm25")
