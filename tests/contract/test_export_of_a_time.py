"""Exports of what was so and believed at a time, from both stores, in every format."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from statements import EPOCH, facts_in, lives, moved, tell

from graphmem.maintain.transfer import export_memory, import_memory, silent
from graphmem.model.time import Interval
from graphmem.ports.store import GraphStore

PARIS = lives("Ann", "Paris", said="2019-01-01")
BERLIN = moved("Ann", "Berlin", "2021-05", said="2021-06-01")


def _interval(start: datetime, days: int = 1) -> Interval:
    return Interval(start, start + timedelta(days=days))


def _written(folder: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{table}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("held", "known", "values"),
    [
        (_interval(datetime(2020, 1, 1, tzinfo=UTC)), None, ["Paris"]),
        (_interval(datetime(2022, 1, 1, tzinfo=UTC)), None, ["Berlin"]),
        (_interval(datetime(2020, 1, 1, tzinfo=UTC), days=999), None, ["Berlin", "Paris"]),
        (None, Interval(EPOCH, EPOCH + timedelta(seconds=1)), ["Paris"]),
    ],
)
def test_only_what_was_so_and_believed_is_written(
    store: GraphStore,
    tmp_path: Path,
    held: Interval | None,
    known: Interval | None,
    values: list[str],
) -> None:
    tell(store, [PARIS], minute=0)
    tell(store, [BERLIN], minute=1)
    out = tmp_path / "out"
    report = export_memory(store, "default", out, held=held, known=known)
    facts, roles = _written(out, "facts"), _written(out, "roles")
    shown = {role["text"] for role in roles if role["role"] != "subject"}
    assert sorted(shown) == values
    assert report.written.facts == len(facts) == len(values)
    assert {role["fact_id"] for role in roles} == {fact["id"] for fact in facts}
    passages = {passage["id"] for passage in _written(out, "passages")}
    assert {item["passage_id"] for item in _written(out, "evidence")} <= passages
    assert len(passages) == (1 if known else 2)
    for format in ("graphml", "hif"):
        text = export_memory(
            store, "default", tmp_path / format, format=format, held=held, known=known
        )
        assert text.written.facts == len(values)


def test_an_export_of_a_time_can_be_imported(store: GraphStore, tmp_path: Path) -> None:
    tell(store, [PARIS], minute=0)
    tell(store, [BERLIN], minute=1)
    known = Interval(EPOCH, EPOCH + timedelta(seconds=1))
    export_memory(store, "default", tmp_path / "out", known=known)
    store.delete_source("default", PARIS.source)
    store.delete_source("default", BERLIN.source)
    import_memory(store, tmp_path / "out", namespace="default", progress=silent)
    [fact] = facts_in(store)
    assert fact.members[1].text == "Paris"
    assert not store.check()
