"""Generated histories: their truth, how answers are scored, and that a memory reaches it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.cli import main
from graphmem.evaluation.asof import BATCHES, Given, evaluate, make_world
from graphmem.model.change import AddReport
from graphmem.model.retrieval import Hit
from graphmem.model.source import SourceItem


@pytest.mark.parametrize("given", Given)
def test_the_answer_is_the_last_value_that_had_begun_by_what_had_come_in(given: Given) -> None:
    world = make_world(people=8, given=given, seed=3)
    assert len(world.questions) >= 80
    assert {asked.batch for asked in world.questions} == {None, *range(1, BATCHES)}
    for asked in world.questions:
        batches = world.batches[: asked.batch]
        begun = [
            one
            for batch in batches
            for one in batch
            if one.history == asked.history and one.since <= asked.as_of
        ]
        assert max(begun, key=lambda one: one.since).item.source == asked.answer
    again = make_world(people=8, given=given, seed=3)
    assert again == world
    assert make_world(people=8, given=given, seed=4) != world


class _Timeless:
    """A memory that finds all that was told of a history, whenever it held."""

    def __init__(self) -> None:
        self._items: list[SourceItem] = []

    def add_many(self, items: Iterable[SourceItem], *, batch: int = 64) -> Iterator[AddReport]:
        self._items.extend(items)
        yield AddReport(items=batch)

    def search(self, question: str, **_: object) -> list[Hit]:
        return [
            Hit(id=source, rank=1, score=1, text=question, title="", source=source, start=0, end=0)
            for source in (item.source for item in self._items)
        ]


def test_to_find_everything_is_not_to_answer() -> None:
    world = make_world(people=4, given=Given.TEXT, seed=1)
    scores = evaluate(world, _Timeless(), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert scores["right"] == 0.0
    assert len(scores["errors"]) == scores["questions"] == len(world.questions)


def test_a_memory_answers_from_triples_and_from_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["eval", "asof", "--people", "3", "--json", str(tmp_path / "asof.json")])
    assert ended.value.code in (0, None)
    assert "triples" in capsys.readouterr().out
    given: dict[str, Any] = json.loads((tmp_path / "asof.json").read_text())["given"]
    assert given["triples"]["right"] == 1.0
    assert given["text"]["right"] >= 0.9
