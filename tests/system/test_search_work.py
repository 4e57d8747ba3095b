"""What a question costs, counted: runs of the model, and what is asked of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graphmem import Memory, Settings, SourceItem

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
TOWNS = ("Aberwyn", "Dunmere", "Tallow Bay", "Carrick", "Osmund", "Penhale")
PEOPLE = ("Mara Lindqvist", "Owen Pryce", "Ingrid Sorel", "Zara Quillon", "Hal Denby")


class Counting:
    """The store itself, with how often each of its methods is called."""

    def __init__(self, store: Any, calls: Counter[str]) -> None:
        self._store, self._calls = store, calls

    def __getattr__(self, name: str) -> Any:
        self._calls[name] += 1
        return getattr(self._store, name)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """A memory of films, their directors and where these were born."""
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0, depth="fast")) as opened:
        films = [
            SourceItem(
                source=f"film:{n}",
                title=f"The {town} Harbour",
                text=f"The {town} Harbour is a film directed by {PEOPLE[n % 5]}.",
            )
            for n, town in enumerate(TOWNS)
        ]
        people = [
            SourceItem(source=f"person:{n}", title=p, text=f"{p} was born in {TOWNS[n]}.")
            for n, p in enumerate(PEOPLE)
        ]
        list(opened.add_many([*films, *people]))
        yield opened


@pytest.fixture
def runs(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each request to the model has; filled by searches of the memory."""
    memory.search("Where was the director of The Carrick Harbour born?", k=5)
    texts: list[int] = []
    # Behind the cache, so that what comes again is not counted.
    embedder = memory._parts.embedder._embedder  # type: ignore[attr-defined]

    def counting(run: Embed) -> Embed:
        def counted(given: Sequence[str]) -> npt.NDArray[np.float32]:
            texts.append(len(given))
            return run(given)

        return counted

    for name in ("embed", "embed_queries", "embed_variants"):
        monkeypatch.setattr(embedder, name, counting(getattr(embedder, name)))
    return texts


def test_a_question_is_two_requests_to_the_model_and_one_to_the_store(
    memory: Memory, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    parts = memory._parts
    monkeypatch.setattr(parts, "store", Counting(parts.store, calls))
    assert memory.search("Where was the director of The Dunmere Harbour born?", k=5)
    assert len(runs) == 2
    assert runs[0] == 1
    assert 1 <= runs[1] <= 5
    assert calls == {"version": 1}


def test_the_more_a_question_says_beside_its_names_the_more_bridges_it_is_asked_with(
    memory: Memory, runs: list[int]
) -> None:
    asked = [
        "Who directed The Dunmere Harbour?",
        "Where was the director of The Dunmere Harbour born?",
        "In which parish was the director of The Dunmere Harbour, an heir of whalers, born?",
    ]
    bridges = []
    for question in asked:
        runs.clear()
        memory.search(question, k=5)
        bridges.append(sum(runs[1:]))
    assert bridges[0] == 0 < bridges[1] < bridges[2]


def test_more_hits_of_a_question_take_no_run_of_the_model(memory: Memory, runs: list[int]) -> None:
    question = "Where was the director of The Osmund Harbour born?"
    first = memory.search(question, k=2)
    runs.clear()
    assert memory.search(question, k=4)[:2] == first
    assert not runs
