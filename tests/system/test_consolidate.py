"""Consolidation of real text, on both stores: what it adds and takes back, what a kill leaves."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from two_stores import BOTH, NOW, settings

from graphmem import Memory
from graphmem.cli import main
from graphmem.errors import InvalidInputError
from graphmem.graph.threads import DERIVED
from graphmem.model.change import Operation
from graphmem.model.knowledge import Fact
from graphmem.model.source import OpenTriples, SourceItem
from graphmem.model.timeline import Way
from graphmem.stages import retelling

TOLD = {
    "note:1": "Ann Lee is the mother of Bob Lee. Ann Lee is a judge.",
    "note:2": "Bob Lee is the father of Cem Lee. Bob Lee was born in Oslo.",
    "note:3": "H. C. McNeile was a writer. Herman Cyril McNeile wrote thrillers.",
}
TALK = {
    "2023-05-08": [("Nora", "I take a pottery class in Saltmere.")],
    "2023-10-02": [("Nora", "I quit the pottery class in Saltmere.")],
}


@pytest.fixture(params=BOTH)
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    with closing(request.param(request, tmp_path)) as opened:
        for source, text in TOLD.items():
            opened.add(text, source=source)
        for day, turns in TALK.items():
            said = [{"name": name, "content": text} for name, text in turns]
            opened.add(said, session=day, at=day)
        yield opened


def _derived(memory: Memory, of: str) -> dict[str, list[str]]:
    """What is derived of somebody, and from what."""
    return {
        entry.text: sorted(tie.text for tie in entry.ties if tie.way is Way.FOLLOWS_FROM)
        for entry in memory.timeline(of).entries
        if entry.derived
    }


def test_what_facts_say_together_is_known_from_then_on_until_one_of_them_goes(
    memory: Memory,
) -> None:
    assert _derived(memory, "Ann Lee") == {}
    report = memory.consolidate()
    assert report.finished
    assert report.steps["derived"].added == 1
    assert _derived(memory, "Ann Lee") == {
        "Ann Lee is a grandparent of Cem Lee.": [
            "Ann Lee is the mother of Bob Lee.",
            "Bob Lee is the father of Cem Lee.",
        ]
    }
    [entry] = [entry for entry in memory.timeline("Cem Lee").entries if entry.derived]
    fact = memory.get(entry.fact_id)
    assert isinstance(fact, Fact)
    assert (fact.attribution, fact.trust) == (DERIVED, 0.5)
    assert {place.source for place in entry.places} == {"note:1", "note:2"}
    assert memory.doctor() == []

    ann = memory.identity("Ann Lee").entity
    assert "Ann Lee is a judge." in ann.profile
    assert "With: Bob Lee" in ann.profile
    oslo = memory.identity("Oslo").entity
    assert "With: Bob Lee" in oslo.profile

    # Again there is nothing to do, and soon nothing to look at.
    assert memory.consolidate().changed == 0
    assert memory.consolidate().steps["derived"].looked_at == 0

    memory.add("Bob Lee is a baker.", source="note:4")
    assert memory.consolidate().steps["notes"].added >= 1
    assert "Bob Lee is a baker." in memory.identity("Bob Lee").entity.profile

    memory.delete_source("note:2")
    assert _derived(memory, "Ann Lee") == {}
    assert "Oslo" not in memory.identity("Bob Lee").entity.profile
    assert memory.doctor() == []
    memory.add(TOLD["note:2"], source="note:2")
    memory.consolidate()
    assert len(_derived(memory, "Ann Lee")) == 1
    memory.retire_source("note:1")
    assert memory.consolidate().steps["derived"].taken_back == 1


def test_a_derived_marriage_ends_with_it_and_comes_back_when_that_is_undone(memory: Memory) -> None:
    memory.add("Ida Berg married Tom Holt in 2015.", source="note:7")
    memory.consolidate()

    def ends() -> list[int | None]:
        entries = memory.timeline("Ida Berg").entries
        return [e.valid_to.year if e.valid_to else None for e in entries if e.derived]

    assert ends() == [None]
    memory.add("Ida Berg divorced Tom Holt in 2022.", source="note:8", at="2022-09-01")
    memory.consolidate()
    assert ends() == [2022]
    [married] = memory.cypher(
        "MATCH (f:Fact) WHERE f.text = 'Ida Berg married Tom Holt in 2015.'"
        " AND f.retired_at IS NULL RETURN f.id"
    ).rows
    [divorced] = memory.cypher(
        "MATCH (f:Fact) WHERE f.text STARTS WITH 'Ida Berg divorced' RETURN f.id"
    ).rows
    memory.undo(married[0], by=divorced[0])
    memory.consolidate()
    assert ends() == [None]
    assert memory.consolidate().changed == 0
    assert memory.doctor() == []


def test_sessions_are_linked_and_what_was_unmerged_by_hand_stays_so(memory: Memory) -> None:
    [link] = memory.identity("H. C. McNeile").links
    memory.unmerge("H. C. McNeile", "Herman Cyril McNeile")
    report = memory.consolidate()
    assert memory.identity("H. C. McNeile").links == ()
    assert (report.steps["names"].added, report.steps["threads"].added) == (0, 1)
    rows = memory.cypher(
        "MATCH (a:Fact)-[d:DISCOURSE {connective: 'transformation'}]->(b:Fact)"
        " RETURN a.text, b.text"
    ).rows
    assert [tuple(row) for row in rows] == [
        ("Nora takes a pottery class in Saltmere.", "Nora quits the pottery class in Saltmere.")
    ]
    memory.merge("H. C. McNeile", "Herman Cyril McNeile")
    memory.unmerge("H. C. McNeile", "Herman Cyril McNeile")
    memory.consolidate()
    assert memory.identity("H. C. McNeile").links == ()
    assert link.by == "initials"


def test_a_name_that_becomes_known_is_found_in_the_passages_of_before(memory: Memory) -> None:
    memory.add("Nora once read Wind in the Willows in Saltmere.", source="note:7")
    memory.consolidate()
    novel = SourceItem(
        source="note:8",
        text="Wind in the Willows is a novel by Kenneth Grahame.",
        title="Wind in the Willows",
    )
    list(memory.add_many([novel]))

    def naming() -> set[str]:
        rows = memory.cypher(
            "MATCH (s:Episode)-[:HAS]->(:Passage)-[:MENTIONS]->(e:Entity)"
            " WHERE e.name = 'Wind in the Willows' RETURN s.source"
        ).rows
        return {source for (source,) in rows}

    assert naming() == {"note:8"}
    report = memory.consolidate()
    assert report.steps["mentions"].added == 1
    assert naming() == {"note:7", "note:8"}
    assert memory.doctor() == []
    again = memory.consolidate()
    assert again.steps["mentions"].added == 0


def test_duplicates_that_were_not_met_when_they_were_written_are_merged(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "_EVERYWHERE", 0)  # as if everybody was in very many passages
    memory.add("Dia Moss met Eli Ray.", source="met:1")
    memory.add("Dia Moss met Eli Ray in May 2021.", source="met:2")
    triples = OpenTriples(triples=(("Dia Moss", "meets", "Eli Ray"),))
    item = SourceItem(source="met:3", text="Dia Moss, Eli Ray.", triples=triples)
    assert [report.operations for report in memory.add_many([item])] == [{Operation.ADD: 1}]
    report = memory.consolidate()
    assert report.steps["duplicates"].added == 3
    [entry] = memory.timeline("Dia Moss").entries
    assert entry.text == "Dia Moss met Eli Ray in May 2021."
    assert {place.source for place in entry.places} == {"met:1", "met:2", "met:3"}
    (plain,) = entry.folded
    assert [event.by for event in memory.history(plain).events if event.by] == [entry.fact_id]
    assert memory.consolidate().changed == 0
    assert memory.doctor() == []


def test_nothing_that_was_made_of_erased_words_is_left_in_any_file(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    with Memory.open(folder, settings=settings(), clock=lambda: NOW) as memory:
        for source in ("note:1", "note:2"):
            memory.add(TOLD[source], source=source)
        memory.consolidate()
        assert _derived(memory, "Ann Lee")
        memory.search("Who is the grandparent of Cem Lee?")
        memory.erase(source="note:2")
        assert _derived(memory, "Ann Lee") == {}
        assert memory.doctor() == []
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if b"Cem" in path.read_bytes()] == []


RUN = """
import sys
from datetime import UTC, datetime
from graphmem import Memory
from graphmem.settings import Settings
memory = Memory.open(
    sys.argv[1],
    settings=Settings(workers=0),
    clock=lambda: datetime(2024, 6, 1, tzinfo=UTC),
)
memory.consolidate(progress=lambda step, done, total: print(step, done, flush=True))
memory.close()
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory with pieces of work for every step."""
    folder = tmp_path_factory.mktemp("told") / "memory"
    people = [
        f"{first} {last}" for first in ("Ann", "Bob", "Cem") for last in ("Lee", "Ray", "Oak")
    ]
    items = [
        SourceItem(
            source=f"note:{at}.{n}",
            text=f"{elder} is the parent of {younger}. {elder} visited Town{at}{n} in 20{n:02}."
            f" {younger} sold the House{at}{n} of Town{at}{n}.",
        )
        for at, (elder, younger) in enumerate(pairwise(people))
        for n in range(9)
    ]
    with Memory.open(folder, settings=settings(), clock=lambda: NOW) as memory:
        assert not [failed for report in memory.add_many(items) for failed in report.failed]
    return folder


def test_a_killed_run_goes_on_and_ends_as_an_unbroken_one(told: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        shutil.copytree(told, folder)
    pieces: list[str] = []
    with Memory.open(whole, settings=settings(), clock=lambda: NOW) as memory:
        memory.consolidate(progress=lambda step, *_: pieces.append(step))
    assert len(set(pieces)) < len(pieces) // 2
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(broken)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(len(pieces) // 2):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    with Memory.open(broken, settings=settings(), clock=lambda: NOW) as memory:
        report = memory.consolidate()
        assert (report.finished, report.resumed) == (True, True)
        assert memory.doctor() == []
    assert _exported(broken, tmp_path / "got") == _exported(whole, tmp_path / "expected")


def _exported(folder: Path, to: Path) -> dict[str, bytes]:
    with Memory.open(folder, settings=settings(), read_only=True) as memory:
        memory.export(to)
    return {path.name: path.read_bytes() for path in to.iterdir()}


def test_the_command_stops_in_time_goes_on_and_says_what_it_did(
    told: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "memory"
    shutil.copytree(told, folder)

    def run(*more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["consolidate", "-m", str(folder), *more])
        return int(ended.value.code or 0), capsys.readouterr().out

    code, shown = run("--budget", "0.000001")
    assert (code, "run it again" in shown) == (0, True)
    code, printed = run("--json")
    report = json.loads(printed)
    assert (code, report["finished"], report["resumed"]) == (0, True, True)
    assert report["steps"]["derived"]["added"] > 0
    code, shown = run()
    assert (code, "Done" in shown, "notes" in shown) == (0, True, True)
    with (
        Memory.open(folder, settings=settings()) as memory,
        pytest.raises(InvalidInputError, match="allows for nothing"),
    ):
        memory.consolidate(budget_seconds=0)
