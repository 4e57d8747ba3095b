"""Some hundred passages in a folder and on a server: the same hits, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from graphmem import Memory, Settings, SourceItem

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FIRST = "Mara Owen Ingrid Zara Hal Nella Tomas Edda Piers Lucia".split()
LAST = "Lindqvist Pryce Sorel Quillon Denby Frost Marek Holm Vance Ortega".split()
TOWNS = "Aberwyn Dunmere Carrick Osmund Penhale Tallow Bexley Thornby Ashford Wexham".split()
QUESTIONS = (
    "Where was the director of the film The Carrick Harbour 7 born?",
    "Who painted the mayor of Dunmere?",
    "Are Mara Lindqvist and Owen Pryce from the same town?",
    "Which film by Ingrid Sorel was shot in Thornby?",
    "What did Nella say of the weather in Penhale?",
)


def corpus() -> list[SourceItem]:
    """Films and people who share names and places, so that much is nearly tied."""
    chance = np.random.default_rng(7)
    people = [f"{first} {last}" for first in FIRST for last in LAST]

    def one(of: list[str]) -> str:
        return str(chance.choice(of))

    films = [
        SourceItem(
            source=f"film:{n}",
            title=f"The {one(TOWNS)} Harbour {n}",
            text=f"The film was directed by {one(people)} and shot in {one(TOWNS)}.",
        )
        for n in range(100)
    ]
    lives = [
        SourceItem(
            source=f"life:{n}",
            title=person,
            text=f"{person} was born in {one(TOWNS)} and painted the mayor of {one(TOWNS)}.",
        )
        for n, person in enumerate(people)
    ]
    return films + lives


@pytest.fixture(scope="module")
def memories(
    neo4j_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Memory, Memory]]:
    """The same told to both."""
    neo4j_server.empty()
    settings = Settings(workers=0, depth="fast")
    in_folder = Memory.open(tmp_path_factory.mktemp("alike"), settings=settings, clock=lambda: NOW)
    on_server = Memory.open(
        neo4j_server.url, auth=neo4j_server.auth, settings=settings, clock=lambda: NOW
    )
    with closing(in_folder), closing(on_server):
        for memory in (in_folder, on_server):
            list(memory.add_many(corpus()))
            for session in range(5):
                turns = [
                    {"name": FIRST[n % 2 + session], "content": f"It rained in {TOWNS[n]} again."}
                    for n in range(10)
                ]
                memory.add(turns, session=f"talk {session}", at=f"2024-05-0{session + 1}")
        yield in_folder, on_server


@pytest.mark.parametrize("mode", ["graph", "hybrid", "dense", "bm25"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_hits_are_the_same_in_the_same_order(
    memories: tuple[Memory, Memory], question: str, mode: str
) -> None:
    in_folder, on_server = (m.search(question, k=50, mode=mode, explain=True) for m in memories)
    assert in_folder == on_server
    assert in_folder
    if mode != "bm25":
        assert len(in_folder) == 50
