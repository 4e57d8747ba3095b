"""The run of consolidation: what changed, once, in pieces, within a budget, and on after a stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.maintain.consolidate import Changed, Made, Step, consolidate
from graphmem.model.change import ChangeSet
from graphmem.model.consolidation import ConsolidationReport, StepReport
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, Fact, Member

NOW = datetime(2024, 1, 1, tzinfo=UTC)
Run = Callable[..., ConsolidationReport]


class Watch:
    """A clock that a step sets forward, and steps that note what they were given."""

    def __init__(self) -> None:
        self.now = 0.0
        self.given: dict[str, list[str]] = {"first": [], "second": []}
        self.fails_after: int | None = None

    def step(self, name: str) -> Step:
        def run(changed: Changed) -> Made:
            if self.fails_after is not None:
                if self.fails_after == 0:
                    raise KeyboardInterrupt
                self.fails_after -= 1
            self.now += 1.0
            self.given[name] += [*changed.entities, *changed.facts]
            looked = len(changed.entities) + len(changed.facts)
            return Made(StepReport(looked_at=looked))

        return Step(name, run)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore.open(tmp_path / "memory", create=True, clock=lambda: NOW)) as opened:
        yield opened


def _add(store: SqliteStore, *names: str) -> list[str]:
    """A fact for each name, about an entity of that name and one that all share; their ids."""
    entities = [Entity(id=content_id(Kind.ENTITY, n), name=n) for n in (*names, "all")]
    facts = [
        Fact(
            id=content_id(Kind.FACT, entity.name),
            text=entity.name,
            predicate="be",
            members=tuple(
                Member(role=f"r{at}", entity_id=one.id, text=one.name, ordinal=at)
                for at, one in enumerate((entity, entities[-1]))
            ),
            recorded_at=NOW,
        )
        for entity in entities[:-1]
    ]
    store.apply(ChangeSet(namespace="default", entities=tuple(entities), facts=tuple(facts)))
    return [*(entity.id for entity in entities), *(fact.id for fact in facts)]


def _run(store: SqliteStore, watch: Watch, budget: float | None = None) -> ConsolidationReport:
    steps = [watch.step(name) for name in watch.given]
    return consolidate(
        store,
        "default",
        steps,
        budget=budget,
        tick=lambda: watch.now,
        told=lambda *_: None,
    )


MANY = [f"name {n:03}" for n in range(150)]


def test_each_step_is_given_all_that_changed_once(store: SqliteStore) -> None:
    ids, watch = _add(store, *MANY), Watch()
    report = _run(store, watch)
    assert (report.finished, report.resumed) == (True, False)
    for given in watch.given.values():
        assert sorted(given) == sorted(ids)
    assert {step.looked_at for step in report.steps.values()} == {len(ids)}


def test_the_next_run_looks_at_what_is_new_and_at_whom_it_tells_of(store: SqliteStore) -> None:
    _add(store, *MANY)
    _run(store, Watch())
    watch = Watch()
    assert _run(store, watch).steps["first"].looked_at == 0
    new = _add(store, "another")
    assert _run(store, watch).finished
    assert sorted(watch.given["first"]) == sorted(new)  # "all" is old, but told of anew


@pytest.mark.parametrize("budget", [1.0, 2.0, 5.0, 100.0])
def test_runs_that_are_out_of_time_together_do_what_one_does(
    store: SqliteStore, budget: float
) -> None:
    ids, watch = _add(store, *MANY), Watch()
    reports = [_run(store, watch, budget)]
    while not reports[-1].finished:
        before = watch.now
        reports.append(_run(store, watch, budget))
        assert watch.now - before <= budget
    assert [report.resumed for report in reports] == [False, *[True] * (len(reports) - 1)]
    for given in watch.given.values():
        assert sorted(given) == sorted(ids)


@pytest.mark.parametrize("after", range(12))
def test_a_run_that_breaks_goes_on_with_the_piece_that_it_broke_at(
    store: SqliteStore, after: int
) -> None:
    ids, watch = _add(store, *MANY), Watch()
    watch.fails_after = after
    with pytest.raises(KeyboardInterrupt):
        _run(store, watch)
    watch.fails_after = None
    assert _run(store, watch).resumed is (after > 0)
    for given in watch.given.values():
        assert sorted(given) == sorted(ids)


def test_what_comes_in_meanwhile_is_looked_at_in_the_end(store: SqliteStore) -> None:
    ids, watch = _add(store, *MANY), Watch()
    assert not _run(store, watch, 3.0).finished
    late = _add(store, "late")
    assert _run(store, watch).finished
    _run(store, watch)
    for given in watch.given.values():
        assert set(given) == {*ids, *late}
    assert _run(store, Watch()).steps["first"].looked_at == 0


def test_a_step_that_finds_its_work_itself_runs_until_it_has_none_or_time_is_up(
    store: SqliteStore,
) -> None:
    watch, left = Watch(), [3]

    def run(changed: Changed) -> Made:
        assert changed == Changed((), ())
        watch.now += 1.0
        left[0] -= 1
        return Made(StepReport(added=1), more=left[0] > 0)

    def consolidated(budget: float) -> ConsolidationReport:
        return consolidate(
            store,
            "default",
            [Step("own", run, whole=True)],
            budget=budget,
            tick=lambda: watch.now,
            told=lambda *_: None,
        )

    assert consolidated(9.0).steps["own"].added == 0  # nothing has changed
    _add(store, "one")
    assert not (first := consolidated(2.0)).finished
    assert (first.steps["own"].added, left) == (2, [1])
    assert (second := consolidated(9.0)).finished
    assert (second.steps["own"].added, left) == (1, [0])
