"""The SDK on a real memory: what goes in comes out, once, with its place and its time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import graphmem
from graphmem import AsyncMemory, Entity, Episode, Fact, Memory, Passage, Settings, SourceItem
from graphmem.errors import InvalidInputError, NotFoundError

NOTES = {
    "note:acme": "Acme is a company in Aberwyn. Ann Pryce founded Acme in 2011.",
    "note:ann": "Ann Pryce was born in Tallow Bay. She is an engineer.",
    "note:bay": "Tallow Bay is a village on the north coast.",
}


class Ticking:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self) -> datetime:
        self.now += timedelta(days=1)
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def memory(tmp_path: Path, clock: Ticking) -> Iterator[Memory]:
    settings = Settings(workers=0)
    with Memory.open(tmp_path / "mem", settings=settings, clock=clock) as opened:
        yield opened


@pytest.fixture
def notes(memory: Memory) -> Memory:
    for source, text in NOTES.items():
        memory.add(text, source=source, title="" if source != "note:bay" else "Tallow Bay")
    return memory


def test_the_public_names_are_sorted_and_all_there() -> None:
    assert sorted(graphmem.__all__) == graphmem.__all__
    for name in graphmem.__all__:
        assert getattr(graphmem, name).__name__ == name


def test_a_two_hop_question_is_answered_with_its_places(notes: Memory) -> None:
    hits = notes.search("Where was the founder of Acme born?", k=3, explain=True)
    assert {"note:acme", "note:ann"} <= {hit.source for hit in hits[:2]} | {hits[2].source}
    for hit in hits:
        assert NOTES[hit.source][hit.start : hit.end] == hit.text
        assert hit.facts
        for fact in hit.facts:
            assert 0 <= fact.start < fact.end <= len(hit.text)
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-6)
    assert any(len(path.steps) > 1 for hit in hits for path in hit.paths)


def test_the_fact_that_is_asked_for_comes_first(memory: Memory) -> None:
    memory.add("Acme was founded in 2001. Acme moved to Dunmere in 2019.", source="a")
    [hit] = memory.search("When did Acme move?")
    assert hit.facts[0].text == "Acme moved to Dunmere in 2019."


def test_adding_the_same_again_adds_nothing_and_says_so(notes: Memory) -> None:
    before = notes.stats().counts
    report = notes.add(NOTES["note:acme"], source="note:acme")
    assert report.unchanged == 1
    assert not any(report.added.model_dump().values())
    assert notes.stats().counts == before


def test_the_same_item_twice_in_one_batch_is_kept_once(memory: Memory) -> None:
    item = SourceItem(source="a", text="Ann lives in Aberwyn.")
    [report] = memory.add_many([item, item])
    assert (report.items, report.unchanged, report.added.episodes) == (2, 1, 1)


def test_what_is_said_by_two_sources_survives_the_deletion_of_one(memory: Memory) -> None:
    for source in ("a", "b"):
        memory.add("Ann Pryce founded Acme in 2011.", source=source)
    [fact, *_] = memory.search("Who founded Acme?")[0].facts
    removed = memory.delete_source("a")
    assert removed.episodes == 1
    assert isinstance(memory.get(fact.id), Fact)
    memory.delete_source("b")
    with pytest.raises(NotFoundError):
        memory.get(fact.id)
    assert not any(memory.stats().counts.model_dump().values())


def test_a_file_is_deleted_with_its_records(memory: Memory) -> None:
    for source in ("a.csv#1", "a.csv#2", "a.csv2"):
        memory.add(f"Ann Pryce wrote {source}.", source=source, replaces=True)
    memory.add("Ann Pryce wrote more.", source="a.csv#2", replaces=True)
    assert memory.delete_source("a.csv").episodes == 3
    assert memory.sources() == [("a.csv2", 1)]


def test_nothing_of_a_deleted_source_stays_on_the_disk(tmp_path: Path) -> None:
    street = "Zanzibarstrasse"
    with Memory.open(tmp_path / "m", settings=Settings(workers=0)) as memory:
        memory.add(f"Ann Pryce lives in {street}.", source="private")
        memory.add("Bob Lowe lives in Dunmere.", source="open")
        assert memory.search("Where does Ann Pryce live?")
        assert memory.cypher("MATCH (p:Passage) RETURN p.text").rows
        memory.delete_source("private")
        assert [hit.source for hit in memory.search("Where does Ann Pryce live?")] == ["open"]
    held = [path for path in (tmp_path / "m").rglob("*") if path.is_file()]
    assert held
    for path in held:
        assert street.encode() not in path.read_bytes(), path
        assert street.lower().encode() not in path.read_bytes(), path


def test_deleting_what_is_not_there_says_so(notes: Memory) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        notes.delete_source("nowhere")


def test_get_finds_every_kind(notes: Memory) -> None:
    [hit, *_] = notes.search("Who founded Acme?")
    passage = notes.get(hit.id)
    assert isinstance(passage, Passage)
    assert isinstance(notes.get(passage.episode_id), Episode)
    fact = notes.get(hit.facts[0].id)
    assert isinstance(fact, Fact)
    assert isinstance(notes.get(fact.members[0].entity_id), Entity)
    with pytest.raises(NotFoundError, match="fa_0"):
        notes.get("fa_0")


def test_an_edited_source_replaces_its_former_content(memory: Memory, clock: Ticking) -> None:
    memory.add("Acme is led by Ann Pryce.", source="acme.md", replaces=True)
    then = clock.now
    clock.tick()
    report = memory.add("Acme is led by Bob Lowe.", source="acme.md", replaces=True)
    assert report.replaced == 1
    assert [hit.text for hit in memory.search("Who leads Acme?")] == ["Acme is led by Bob Lowe."]
    believed = memory.search("Who leads Acme?", known_at=then)
    assert [hit.text for hit in believed] == ["Acme is led by Ann Pryce."]
    clock.tick()
    memory.add("Acme is led by Ann Pryce.", source="acme.md", replaces=True)
    assert [hit.text for hit in memory.search("Who leads Acme?")] == ["Acme is led by Ann Pryce."]


def test_as_of_shows_the_facts_that_held_then(memory: Memory) -> None:
    memory.add("Ann Pryce led Acme from 2011 to 2018.", source="a")
    memory.add("Bob Lowe has led Acme since 2018.", source="b")
    early = memory.search("Who led Acme?", as_of="2015-06-01")
    late = memory.search("Who led Acme?", as_of="2020-06-01")
    assert [hit.source for hit in early] == ["a"]
    assert [hit.source for hit in late] == ["b"]


def test_a_chat_keeps_its_speakers_and_days(memory: Memory) -> None:
    memory.add(
        [
            {"role": "user", "name": "Ann", "content": "I moved to Dunmere yesterday.", "id": "t1"},
            {"role": "user", "name": "Bob", "content": "How is the new house?"},
        ],
        session="s1",
        at="2023-05-08",
    )
    [hit] = memory.search("Where did Ann move?", where={"speaker": "Ann"})
    assert (hit.speaker, hit.session, hit.external_id) == ("Ann", "s1", "t1")
    assert hit.occurred_at == datetime(2023, 5, 8, tzinfo=UTC)
    moved = [fact for fact in hit.facts if fact.valid_from]
    assert moved[0].valid_from == datetime(2023, 5, 7, tzinfo=UTC)


def test_namespaces_never_cross(memory: Memory) -> None:
    memory.add("Ann works for Acme.", source="s")
    other = memory.with_namespace("other")
    assert other.search("Who works for Acme?") == []
    other.add("Zoe works for Acme.", source="s")
    assert [hit.text for hit in memory.search("Who works for Acme?")] == ["Ann works for Acme."]
    memory.delete_source("s")
    assert [hit.text for hit in other.search("Who works for Acme?")] == ["Zoe works for Acme."]


def test_a_context_cites_what_it_holds(notes: Memory) -> None:
    context = notes.context("Where was the founder of Acme born?", budget=120)
    assert context.tokens <= 120
    assert context.citations
    for citation in context.citations:
        assert citation.marker in context.text


@pytest.mark.parametrize(
    "content", ["", "  \n", [], [{"role": "user"}], [{"content": 3}], ["text"]]
)
def test_nothing_to_remember_is_an_error(memory: Memory, content: object) -> None:
    with pytest.raises(InvalidInputError):
        memory.add(content)  # type: ignore[arg-type]
    assert not memory.stats().counts.episodes


@pytest.mark.parametrize(
    "options",
    [{"k": 0}, {"mode": "magic"}, {"as_of": "soon"}, {"where": {"colour": "red"}}, {"k": 10**9}],
)
def test_an_option_that_means_nothing_is_named(notes: Memory, options: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        notes.search("Who?", **options)  # type: ignore[arg-type]


def test_an_empty_question_is_an_error(notes: Memory) -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        notes.search("  ")


def test_one_bad_item_does_not_stop_the_others(memory: Memory) -> None:
    items = [SourceItem(source="good", text="Ann is here."), SourceItem(source="bad", text=" ")]
    [report] = memory.add_many(items)
    assert [failed.item for failed in report.failed] == ["bad"]
    assert report.added.episodes == 1


def test_a_memory_opened_again_gives_the_same_hits(tmp_path: Path) -> None:
    settings = Settings(workers=0)
    question = "Where was the founder of Acme born?"
    with Memory.open(tmp_path / "m", settings=settings) as first:
        for source, text in NOTES.items():
            first.add(text, source=source)
        expected = first.search(question)
    with Memory.open(tmp_path / "m", settings=settings, read_only=True) as again:
        assert again.search(question) == expected
        assert again.doctor() == []


def test_a_damaged_index_is_built_again(tmp_path: Path) -> None:
    settings = Settings(workers=0)
    with Memory.open(tmp_path / "m", settings=settings) as memory:
        memory.add("Ann founded Acme.", source="a")
        expected = memory.search("Who founded Acme?")
    for column in (tmp_path / "m" / "index").rglob("*.npy"):
        column.write_bytes(column.read_bytes()[:64])
    with Memory.open(tmp_path / "m", settings=settings) as memory:
        assert memory.search("Who founded Acme?") == expected


def test_threads_may_read_while_one_writes(notes: Memory) -> None:
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(notes.search, "Who founded Acme?", k=2) for _ in range(8)]
        writes = [
            pool.submit(notes.add, f"Person {i} met Ann Pryce.", source=f"p{i}") for i in range(8)
        ]
        assert all(future.result() for future in reads)
        assert sum(future.result().added.episodes for future in writes) == 8
    assert notes.stats().counts.episodes == len(NOTES) + 8


def test_the_async_facade_is_the_same_memory(tmp_path: Path) -> None:
    async def main() -> None:
        opened = Memory.open(tmp_path / "m", settings=Settings(workers=0))
        async with AsyncMemory(opened) as memory:
            await asyncio.gather(*(memory.add(text, source=s) for s, text in NOTES.items()))
            items = [SourceItem(source="x", text="Zed is a cat.")]
            assert [r.added.episodes async for r in memory.add_many(items)] == [1]
            found = await memory.search("Who founded Acme?", k=2)
            assert {hit.source for hit in found} == {"note:acme", "note:ann"}
            assert found == opened.search("Who founded Acme?", k=2)

    asyncio.run(main())
