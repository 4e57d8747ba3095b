"""Mined attributes as filters: in the SDK and on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings
from graphmem.errors import InvalidInputError

GRAPHMEM = Path(sys.executable).with_name("graphmem")
TURNS = [
    {"name": "Ann", "content": "Hey Bob! Did you book the hotel for the trip? #summer"},
    {"name": "Bob", "content": "Yes, the hotel is booked. I'll send you the flight tomorrow."},
    {"name": "Ann", "content": "We met at the airport hotel in May. #summer #norway"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add(TURNS, session="s1", at="2024-05-01")
        memory.add(
            "The hotel was sold to Acme.",
            source="note",
            attributes={"topics": ("mine",), "keywords": "own", "colour": "red"},
        )
    return tmp_path / "mem"


def found(memory: Memory, **where: Any) -> list[str]:
    hits = memory.search("hotel", where=where)
    return sorted(hit.text[:12] for hit in hits)


def test_attributes_filter_by_value_and_by_one_of_several(folder: Path) -> None:
    with Memory.open(folder, read_only=True) as memory:
        assert found(memory, intent="question") == ["Hey Bob! Did"]
        assert found(memory, intent="promise") == ["Yes, the hot"]
        assert found(memory, tags="summer") == ["Hey Bob! Did", "We met at th"]
        assert found(memory, tags=("summer", "norway")) == ["We met at th"]
        assert found(memory, attributes={"event_types": "meeting"}) == ["We met at th"]
        assert found(memory, event_types="transaction", attributes={"colour": "red"}) == [
            "The hotel wa"
        ]
        assert found(memory, intent="greeting") == []
        assert found(memory, tags="summe") == []


def test_what_its_owner_says_of_a_passage_stays(folder: Path) -> None:
    with Memory.open(folder, read_only=True) as memory:
        [hit] = memory.search("hotel", where={"source": "note"})
        assert hit.attributes["topics"] == ("mine",)
        assert hit.attributes["keywords"] == "own"
        assert hit.attributes["event_types"] == ("transaction",)


def test_the_command_line_filters_alike(folder: Path) -> None:
    def hits(*where: str) -> Any:
        named = [part for pair in where for part in ("--where", pair)]
        command = [str(GRAPHMEM), "search", "hotel", "-m", str(folder), "--json", *named]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return [hit["text"][:12] for hit in json.loads(done.stdout)["hits"]]

    assert hits("intent=question") == ["Hey Bob! Did"]
    assert hits("tags=summer", "speaker=Ann", "attributes.tags=norway") == ["We met at th"]


def test_a_filter_that_does_not_exist_is_answered_with_those_that_do(folder: Path) -> None:
    with (
        Memory.open(folder, read_only=True) as memory,
        pytest.raises(InvalidInputError, match=r"mood.*intent, event_types"),
    ):
        memory.search("hotel", where={"mood": "glad"})


FACTS = [
    {"name": "Ann", "content": "I love jazz concerts. I want to study music in Bergen."},
    {"name": "Bob", "content": "Kim married Tom in Oslo. The hotel there was awful."},
]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talk") / "mem"
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        memory.add(FACTS, session="s1", at="2024-05-01")
        memory.add("Ann Lee sings jazz in a concert hall. She was born in Oslo.", source="note")
    return folder


def stated(hits: list[Any]) -> dict[str, list[str]]:
    return {hit.text[:10]: [fact.text for fact in hit.facts] for hit in hits}


@pytest.mark.parametrize("mode", ["graph", "hybrid", "dense", "bm25", "lookup"])
def test_facts_are_chosen_before_the_cut_in_every_mode(talk: Path, mode: str) -> None:
    with Memory.open(talk, read_only=True) as memory:

        def best(**fact: Any) -> dict[str, list[str]]:
            asked: dict[str, Any] = {"k": 1, "where": {"fact": fact}}
            if mode == "lookup":
                return stated(memory.lookup("Kim, jazz or born?", **asked))
            return stated(memory.search("Kim, jazz or born?", mode=mode, **asked))

        assert best(event_types="marriage") == {"Kim marrie": ["Kim married Tom in Oslo."]}
        assert best(intent="preference") == {"I love jaz": ["Ann loves jazz concerts."]}
        assert best(event_types="birth", topics="music") == {}
        assert set(best(topics="music", speaker="Ann")) == {"I love jaz"}
        assert set(best(event_types=("birth",))) == {"Ann Lee si"}
        assert best(keywords="Jazz Concerts", modality="actual")


def test_contexts_and_timelines_tell_only_the_facts_that_are_asked_for(talk: Path) -> None:
    with Memory.open(talk, read_only=True) as memory:
        told = memory.context("What does Ann like?", where={"fact.intent": "plan"})
        assert [hit.text[:10] for hit in told.hits] == ["I love jaz"]
        assert [fact.text for hit in told.hits for fact in hit.facts] == [
            "Ann wants to study music in Bergen."
        ]
        asked = {"intent": "preference"}
        assert [e.text for e in memory.timeline("Ann", where=asked).entries] == [
            "Ann loves jazz concerts."
        ]
        assert memory.timeline("Ann", where={"speaker": "Bob"}).entries == ()
        assert {e.text for e in memory.timeline("Kim", where={"speaker": "Bob"}).entries} == {
            "Kim married Tom in Oslo."
        }


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"fact.mood": "glad"}, r"'mood'.*topics, event_types"),
        ({"fact": {"topics": "musik"}}, r"'musik' among its topics.*music"),
        ({"fact": {"event_types": ("birth", "wedding")}}, r"'wedding' among its event_types"),
        ({"fact": {"intent": "wish"}}, r"'wish' among its intent.*preference"),
        ({"fact": {"kind": "thing"}}, "kind"),
    ],
)
def test_what_no_fact_can_have_is_answered_with_what_they_have(
    talk: Path, where: Any, says: str
) -> None:
    with Memory.open(talk, read_only=True) as memory:
        with pytest.raises(InvalidInputError, match=says):
            memory.search("jazz", where=where)
        fact = where.get("fact", where)
        with pytest.raises(InvalidInputError, match=says):
            memory.timeline("Ann", where=fact)


def test_attributes_of_facts_survive_an_export(talk: Path, tmp_path: Path) -> None:
    with Memory.open(talk) as memory:
        memory.export(tmp_path / "out")
        statement = "MATCH (f:Fact) RETURN f ORDER BY f.id"
        held = memory.cypher(statement).rows
    with Memory.open(tmp_path / "again", settings=Settings(workers=0)) as memory:
        memory.load(tmp_path / "out")
        assert memory.cypher(statement).rows == held
        assert any("topics" in row[0] for row in held)
        assert len(memory.search("jazz", where={"fact": {"topics": "music"}})) == 2


def test_the_command_line_chooses_facts(talk: Path) -> None:
    def ran(*arguments: str) -> Any:
        command = [str(GRAPHMEM), *arguments, "-m", str(talk), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, json.loads(done.stdout)

    code, found = ran(
        "search", "jazz", "--where", "fact.topics=music", "--where", "fact.speaker=Ann"
    )
    assert (code, [hit["text"][:10] for hit in found["hits"]]) == (0, ["I love jaz"])
    code, found = ran("timeline", "Ann", "--where", "intent=plan")
    assert [entry["text"] for entry in found["entries"]] == ["Ann wants to study music in Bergen."]
    code, found = ran("timeline", "Ann", "--where", "mood=glad")
    assert code == 2
    assert "topics" in found["remedy"]


def test_a_tag_of_what_is_erased_goes_though_the_fact_stays(tmp_path: Path) -> None:
    turns = [{"name": "Ann", "content": "Kim Lee moved to Oslo. #secret #oslo"}]
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add(turns, session="s1")
        memory.add("Kim Lee moved to Oslo.", source="note")
        wanted = "MATCH (f:Fact) RETURN f.text, f.tags, f.event_types"
        assert memory.cypher(wanted).rows == (
            ("Kim Lee moved to Oslo.", ["secret", "oslo"], ["movement"]),
        )
        memory.erase(source="session:s1")
        assert memory.cypher(wanted).rows == (("Kim Lee moved to Oslo.", ["oslo"], ["movement"]),)
    held = b"".join(path.read_bytes() for path in (tmp_path / "mem").rglob("*") if path.is_file())
    assert b"secret" not in held
