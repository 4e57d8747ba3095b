"""Turns of a chat are tied to what they reply to, with the words that say so, on both stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from two_stores import BOTH, Opener

from graphmem import Memory
from graphmem.model.source import Passage

TURNS = [
    ("Ann", "Did you book the hotel in Oslo?"),
    ("Bob", "Yes, I booked it because Kim insisted."),
    ("Ann", "The hotel is too expensive."),
    ("Bob", "But Kim likes the rooms."),
    ("Ann", "Kim married Tom Berger."),
    ("Bob", "Therefore she sold her house."),
]


@pytest.fixture(params=BOTH)
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    open_it: Opener = request.param
    with closing(open_it(request, tmp_path)) as opened:
        opened.add(
            [{"name": name, "content": text} for name, text in TURNS], session="s", at="2024-05-01"
        )
        yield opened


def test_replies_carry_their_sense_connective_and_offsets(memory: Memory, tmp_path: Path) -> None:
    rows = memory.cypher(
        "MATCH (a:Fact {namespace: $namespace})-[d:DISCOURSE]->(b:Fact)"
        " RETURN a.text, d.sense, d.connective, b.text"
    ).rows
    assert {(sense, connective) for _, sense, connective, _ in rows} == {
        ("answer", "yes"),
        ("cause", "because"),
        ("contrast", "but"),
        ("cause", "therefore"),
    }
    assert ("Kim married Tom Berger.", "cause", "therefore", "Kim sold Kim's house.") in rows
    memory.export(tmp_path / "out")
    lines = (tmp_path / "out" / "discourse.jsonl").read_text(encoding="utf-8").splitlines()
    links = [json.loads(line) for line in lines]
    assert len(links) == 4
    for link in links:
        passage = memory.get(link["passage_id"])
        assert isinstance(passage, Passage)
        said = passage.text[link["start"] : link["end"]]
        assert said.lower() == link["connective"]
