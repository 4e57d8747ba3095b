"""What a memory learns of states by itself: from what it was told, until it is told otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from two_stores import BOTH, NOW, in_folder, settings

from graphmem import Memory
from graphmem.cli import main
from graphmem.model.change import AddReport, Operation
from graphmem.model.source import OpenTriples, SourceItem
from graphmem.model.time import parse_time

PEOPLE = [f"{first} {last}" for first in ("Ann", "Bob", "Cem") for last in "ABCDEFGHIJ"]
SHIPS = [number // 3 for number in range(len(PEOPLE))]
"""The ships of which each has had one: three people have the same, so that no ship has only one."""


def _told(who: str, predicate: str, value: str, day: str) -> SourceItem:
    text = f"{who} {predicate} {value}."
    return SourceItem(
        source=f"{day} {text}",
        text=text,
        occurred_at=parse_time(day),
        triples=OpenTriples(triples=((who, predicate, value),)),
    )


def _add(memory: Memory, *items: SourceItem) -> AddReport:
    return sum(memory.add_many(items), AddReport())


def _held(memory: Memory, who: str) -> dict[str, tuple[str | None, str | None]]:
    return {
        entry.text.removeprefix(f"{who} steers ").rstrip("."): tuple(  # type: ignore[misc]
            None if at is None else f"{at:%Y-%m-%d}" for at in (entry.valid_from, entry.valid_to)
        )
        for entry in memory.timeline(who).entries
    }


@pytest.fixture(params=BOTH)
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    """Everybody steers one ship after another, and admires several at a time."""
    with closing(request.param(request, tmp_path)) as opened:
        items = []
        for number, who in zip(SHIPS, PEOPLE, strict=True):
            for day, ship in enumerate(("Aurora", "Aurora", "Borealis", "Borealis")):
                items.append(_told(who, "steers", f"{ship} {number}", f"2020-0{1 + day}-01"))
            for day, ship in enumerate(("Aurora", "Borealis", "Aurora", "Corona")):
                items.append(_told(who, "admires", f"{ship} {number}", f"2020-0{1 + day}-02"))
        _add(opened, *items)
        yield opened


def test_a_state_that_is_shown_ends_what_went_before(memory: Memory) -> None:
    assert not any(rule.learned for rule in memory.states())
    ship = {"Aurora 0": (None, None), "Borealis 0": (None, None)}
    assert _held(memory, "Ann A").items() >= ship.items()
    report = memory.consolidate()
    assert report.steps["states"].added == 1
    [rule] = [rule for rule in memory.states() if rule.learned]
    assert rule.learned is not None
    assert (rule.learned.predicate, rule.is_once) == ("steers", False)
    assert (rule.learned.agreeing, rule.learned.trials) == (60, 60)

    # What was told before is put right, what comes is reconciled, and so is what comes late.
    held = _held(memory, "Ann A")
    assert (held["Aurora 0"], held["Borealis 0"]) == ((None, "2020-03-01"), ("2020-03-01", None))
    done = _add(memory, _told("Ann A", "steers", "Corona 0", "2021-01-01"))
    assert done.operations == {Operation.SUPERSEDE: 1}
    assert done.revisions[0].rule == "steers object as learned"
    _add(memory, _told("Ann A", "steers", "Dorado 0", "2020-06-01"))
    held = _held(memory, "Ann A")
    assert held["Borealis 0"] == ("2020-03-01", "2020-06-01")
    assert held["Dorado 0"] == ("2020-06-01", "2021-01-01")
    assert held["Corona 0"] == ("2021-01-01", None)
    admired = [e for e in memory.timeline("Ann A").entries if e.predicate == "admires"]
    assert all(entry.valid_to is None for entry in admired)
    [belief] = [
        e for e in memory.timeline("Ann A").entries if "Borealis 0" in e.text and e.valid_to
    ]
    assert "as learned" in memory.history(belief.fact_id).events[-1].rule
    assert memory.doctor() == []

    # Once it turns out that people steer several at a time, nothing is ended by it any more.
    for month in (7, 8, 9):
        _add(
            memory,
            *(
                _told(who, "steers", f"{ship} {number}", f"2021-0{month}-{day}")
                for number, who in zip(SHIPS, PEOPLE, strict=True)
                for day, ship in ((10, "Aurora"), (20, "Borealis"))
            ),
        )
    report = memory.consolidate()
    assert (report.steps["states"].added, report.steps["states"].taken_back) == (0, 1)
    assert set(_held(memory, "Ann A").values()) == {(None, None)}
    assert memory.doctor() == []


def test_learning_can_be_forbidden_and_is_shown(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "states.toml"
    own.write_text('[learned]\nnever = ["steers | subject | object"]\n')
    with closing(in_folder(request, tmp_path)) as memory:
        items = [
            _told(who, predicate, f"Aurora {number}", f"2020-01-0{day}")
            for number, who in zip(SHIPS, PEOPLE, strict=True)
            for predicate in ("steers", "commands")
            for day in (1, 2)
        ]
        _add(memory, *items)
        assert memory.consolidate().steps["states"].added == 2
        assert memory.consolidate().steps["states"].looked_at == 0

    folder = str(tmp_path / "memory")
    with Memory.open(
        folder, settings=settings().model_copy(update={"states": own}), clock=lambda: NOW
    ) as memory:
        more = [_told(f"Dia {n}", "commands", f"Dorado {n}", "2020-01-01") for n in range(40)]
        _add(memory, *more)
        report = memory.consolidate()
        assert (report.steps["states"].added, report.steps["states"].taken_back) == (0, 1)
    with pytest.raises(SystemExit) as ended:
        main(["states", "-m", folder, "--learned", "--json"])
    assert ended.value.code in (0, None)
    [shown] = json.loads(capsys.readouterr().out)["states"]
    assert shown["patterns"] == ["commands | subject | object"]
    assert shown["learned"]["examples"] == 30
    with pytest.raises(SystemExit):
        main(["states", "-m", folder])
    table = " ".join(capsys.readouterr().out.split())
    assert "residence" in table
    assert "30 of 30 agree" in table
    with Memory.open(folder, settings=settings(), clock=lambda: NOW) as memory:
        memory.erase(entity=PEOPLE[0])
        assert not any(
            rule.learned for rule in memory.states()
        )  # its predicate is a word of theirs
        memory.consolidate()
        assert [rule.learned.examples for rule in memory.states() if rule.learned] == [29, 29]
    off = settings().model_copy(update={"learn_states": False})
    with Memory.open(folder, settings=off, clock=lambda: NOW) as memory:
        assert not any(rule.learned for rule in memory.states())
        assert "states" not in memory.consolidate().steps
