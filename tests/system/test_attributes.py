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
