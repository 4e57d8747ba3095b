"""Kinds of memory in real talk: what happened, what is so, what is planned, who somebody is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphmem import Memory
from graphmem.cli import main
from graphmem.errors import NotFoundError
from graphmem.settings import Settings

TALK = {
    "2023-05-08": [
        "I am a nurse and I live in Port Kestrel.",
        "I love jazz. I will visit Norway in June.",
        "My sister Hanna bakes bread every Sunday with flour from the mill.",
        "The bread is crusty and smells of rye and caraway.",
        "The mill grinds the rye for that bread on an old stone.",
        "The football match ended late because of the penalty shootout.",
        "Our goalkeeper saved two penalties and the striker scored.",
        "The stadium was full of football fans until midnight.",
    ],
    "2023-07-03": ["I visited Norway in June and we painted the boat."],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds") / "memory"
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        for day, turns in TALK.items():
            memory.add([{"name": "Nora", "content": text} for text in turns], session=day, at=day)
    return folder


@pytest.fixture(scope="module")
def memory(folder: Path) -> Iterator[Memory]:
    with Memory.open(folder, settings=Settings(workers=0), read_only=True) as opened:
        yield opened


def test_a_profile_has_what_lasts_with_its_evidence(memory: Memory) -> None:
    found = memory.profile("Nora")
    told = {aspect: [entry.text for entry in held] for aspect, held in found.aspects.items()}
    assert told["home"] == ["Nora lives in Port Kestrel."]
    assert told["likes"] == ["Nora loves jazz."]
    assert "Nora is a nurse." in told["is"]
    assert all(entry.places for held in found.aspects.values() for entry in held)
    assert not any("Norway" in text for held in told.values() for text in held)
    with pytest.raises(NotFoundError, match="no entity 'football'"):
        memory.profile("football")


def test_a_plan_is_done_once_a_later_session_tells_so(memory: Memory) -> None:
    [task] = [task for task in memory.tasks("Nora") if "Norway" in task.plan.text]
    assert (task.state.value, bool(task.ended_by)) == ("done", True)


def test_a_task_is_under_way_from_when_somebody_works_on_it_until_it_is_finished_or_given_up(
    tmp_path: Path,
) -> None:
    told = {
        "2023-05-01": (
            "I plan to write a novel. I want to repaint the boat. I will visit Norway."
            " I am going to build a shed. I want to learn the cello."
        ),
        "2023-06-01": (
            "I started writing the novel. I'm halfway through the boat. I'm working on the shed."
            " I started learning the cello. I'm working on a podcast."
        ),
        "2023-07-01": "I finished the novel. I gave up the cello.",
    }
    ends = []
    with Memory.open(tmp_path / "memory", settings=Settings(workers=0)) as memory:
        for day, text in told.items():
            memory.add([{"name": "Nora", "content": text}], session=day, at=day)
            tasks = memory.tasks("Nora")
            ends.append({t.plan.text.split()[-1].strip("."): t.state.value for t in tasks})
    planned = dict.fromkeys(("novel", "boat", "Norway", "shed", "cello"), "planned")
    begun = dict.fromkeys(("novel", "boat", "shed", "cello", "podcast"), "doing")
    assert ends[0] == planned
    assert ends[1] == {**planned, **begun}
    assert ends[2] == {**ends[1], "novel": "done", "cello": "dropped"}


@pytest.mark.parametrize(
    ("kind", "words", "absent"),
    [
        ("episodic", "penalties", "nurse"),
        ("profile", "nurse", "stadium"),
        ("procedural", "will visit Norway", "painted"),
        ("semantic", "crusty", "painted"),
    ],
)
def test_search_keeps_to_a_kind_of_memory(
    memory: Memory, kind: str, words: str, absent: str
) -> None:
    found = [hit.text for hit in memory.search("What about Nora?", k=20, where={"memory": kind})]
    assert any(words in text for text in found)
    assert not any(absent in text for text in found)


def test_a_session_falls_into_events_where_its_topic_shifts(memory: Memory) -> None:
    events = memory.events("2023-05-08")
    assert [turn.text for event in events for turn in event] == TALK["2023-05-08"]
    openings = {event[0].text for event in events}
    assert any("football" in text for text in openings)
    with pytest.raises(NotFoundError, match="no session 'x'"):
        memory.events("x")


def test_the_command_shows_aspects_and_plans(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ((), ("--json",)):
        with pytest.raises(SystemExit) as ended:
            main(["profile", "Nora", "-m", str(folder), *more])
        assert not ended.value.code
        shown = capsys.readouterr().out
        assert "nurse" in shown
        assert "done" in shown
    assert json.loads(shown)["aspects"]["likes"][0]["text"] == "Nora loves jazz."


@pytest.mark.parametrize("mode", ["graph", "hybrid", "dense", "bm25"])
def test_a_kind_of_memory_counts_as_much_more_or_less_as_is_asked(
    memory: Memory, mode: str
) -> None:
    question = "What does Nora say of Norway in June?"
    plain = {hit.id: hit for hit in memory.search(question, mode=mode, explain=True)}
    kinds = {id_: hit.attributes.get("memory", ()) for id_, hit in plain.items()}
    chosen = [id_ for id_, held in kinds.items() if "procedural" in held]
    assert chosen
    assert len(chosen) < len(kinds)
    raised = memory.search(question, mode=mode, weigh={"procedural": 100}, explain=True)
    assert {hit.id for hit in raised[: len(chosen)]} == set(chosen)
    for hit in raised:
        assert sum(hit.signals.values()) == pytest.approx(hit.score)
        assert ("memory" in hit.signals and hit.signals["memory"] != 0) == (hit.id in chosen)
    assert [hit.id for hit in memory.search(question, mode=mode, weigh={"procedural": 1})] == list(
        plain
    )


def test_contexts_and_answers_weigh_kinds_as_searches_do(
    memory: Memory, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "What does Nora say of Norway in June?"
    for factor, told in ((100.0, "will visit Norway in June"), (0.0, "visited Norway in June")):
        weigh = {"procedural": factor}
        assert told in memory.context(question, weigh=weigh, budget=40).text
        assert told in memory.ask(question, weigh=weigh, budget=40).text
        for verb in ("context", "ask"):
            options = ["--weigh", f"procedural={factor}", "--budget", "40", "--json"]
            with pytest.raises(SystemExit) as ended:
                main([verb, question, "-m", str(folder), *options])
            assert not ended.value.code
            assert told in json.loads(capsys.readouterr().out)["text"]


@pytest.mark.parametrize("verb", ["search", "context", "ask"])
def test_what_is_no_kind_or_no_factor_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    for wrong, said in (
        ("dreams=2", "'dreams' is no kind of memory"),
        ("profile=-1", "greater than or equal to 0"),
        ("profile", "is not NAME=VALUE"),
        ("profile=nan", "weigh"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([verb, "Norway", "-m", str(folder), "--weigh", wrong])
        shown = " ".join(capsys.readouterr().err.split())
        assert (ended.value.code, said in shown) == (2, True), shown


def test_an_attribute_of_ones_own_that_is_called_memory_counts_once(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "memory", settings=Settings(workers=0)) as memory:
        memory.add("The mill was sold to Ada.", source="a", attributes={"memory": 16})
        [hit] = memory.search("mill", mode="bm25", weigh={"procedural": 2}, explain=True)
    assert hit.signals["memory"] == 0
