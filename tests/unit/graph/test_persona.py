"""Profiles and plans: what lasts of somebody, and how far what they planned has come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from graphmem.graph.persona import aspects_of, tasks_of
from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.timeline import Entry, Task, TaskState, Tie, Way

NOW = datetime(2024, 1, 1, tzinfo=UTC)
ME = frozenset(("en_Ann",))


def _entry(predicate: str, **more: Any) -> Entry:
    fields: dict[str, Any] = {
        "fact_id": f"fa_{predicate}",
        "text": f"Ann {predicate}.",
        "predicate": predicate,
        "kind": FactKind.STATE,
        "modality": Modality.ACTUAL,
        "polarity": Polarity.POSITIVE,
        "recorded_at": NOW,
        "entity_ids": ("en_Ann", "en_other"),
    }
    return Entry(**{**fields, **more})


@pytest.mark.parametrize(
    ("entry", "aspect"),
    [
        (_entry("be born"), "origin"),
        (_entry("live"), "home"),
        (_entry("be mother of"), "family"),
        (_entry("work"), "work"),
        (_entry("study", kind=FactKind.EVENT), "education"),
        (_entry("like"), "likes"),
        (_entry("like", polarity=Polarity.NEGATIVE), "dislikes"),
        (_entry("be judge", kind=FactKind.ATTRIBUTE), "is"),
    ],
)
def test_what_lasts_is_told_by_its_aspect(entry: Entry, aspect: str) -> None:
    assert aspects_of([entry], ME) == {aspect: (entry,)}


@pytest.mark.parametrize(
    "entry",
    [
        _entry("live", valid_to=NOW),
        _entry("live", superseded_by="fa_other"),
        _entry("live", modality=Modality.INTENDED),
        _entry("work", polarity=Polarity.NEGATIVE),
        _entry("live", entity_ids=("en_other", "en_Ann")),
        _entry("paint", kind=FactKind.EVENT),
        _entry("be tired", kind=FactKind.EVENT),
    ],
    ids=["over", "superseded", "planned", "denied", "another's", "happened", "no attribute"],
)
def test_what_does_not_last_is_not(entry: Entry) -> None:
    assert aspects_of([entry], ME) == {}


def _plan(name: str, *ties: tuple[Way, str], **more: Any) -> Entry:
    made = tuple(Tie(way=way, fact_id=f"fa_{other}", text=other) for way, other in ties)
    return _entry(name, modality=Modality.INTENDED, ties=made, **more)


def _told(task: Task) -> Any:
    return task.plan.predicate, task.state.value, [_told(step) for step in task.steps]


def test_plans_are_trees_with_how_far_they_have_come() -> None:
    entries = [
        _plan("adopt", (Way.SERVES, "save")),
        _plan("save", (Way.IN_ORDER_TO, "adopt"), (Way.FULFILLED, "saved")),
        _plan("sail", (Way.CHANGED, "sold")),
        _plan("run", superseded_by="fa_walk"),
        _entry("eat"),
        _plan("smoke", polarity=Polarity.NEGATIVE),
    ]
    found = tasks_of(entries)
    assert [_told(task) for task in found] == [
        ("adopt", "planned", [("save", "done", [])]),
        ("sail", "dropped", []),
        ("run", "dropped", []),
    ]
    assert found[0].steps[0].ended_by == "fa_saved"
    assert found[0].state is TaskState.PLANNED


def test_plans_for_the_sake_of_each_other_end() -> None:
    entries = [
        _plan("a", (Way.IN_ORDER_TO, "b")),
        _plan("b", (Way.IN_ORDER_TO, "a")),
        _plan("c", (Way.IN_ORDER_TO, "c")),
    ]
    assert [_told(task) for task in tasks_of(entries)] == [
        ("a", "planned", [("b", "planned", [])]),
        ("c", "planned", []),
    ]
