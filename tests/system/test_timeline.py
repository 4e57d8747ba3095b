"""Timelines of real text, on both stores and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from two_stores import BOTH, NOW, settings

from graphmem import Memory
from graphmem.cli import main
from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.model.timeline import Timeline, Way

TALK = {
    "2023-05-08": (
        ("Nora", "I live in Port Kestrel. I take a pottery class."),
        ("Felix", "Lovely!"),
    ),
    "2023-10-02": (
        ("Nora", "I moved to Saltmere on Saturday because my landlord sold the flat."),
        ("Nora", "I quit the pottery class."),
    ),
}
TOLD = {
    "note:1": "Mara Ellison was born in 1968. She founded Brightwater Energy in 2009.",
    "note:2": "Mara Ellison founded Brightwater Energy in 2009. She plays the cello.",
}


@pytest.fixture(scope="module")
def timelines() -> dict[str, list[Timeline]]:
    """What was found on the stores so far, by what was asked for."""
    return {}


@pytest.fixture(params=BOTH)
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    with closing(request.param(request, tmp_path)) as memory:
        for day, turns in TALK.items():
            said = [{"name": name, "content": text} for name, text in turns]
            memory.add(said, session=day, at=day)
        for source, text in TOLD.items():
            memory.add(text, source=source)
        yield memory


def _texts(found: Timeline) -> list[str]:
    return [entry.text for entry in found.entries]


def test_what_was_told_is_set_in_time_across_sessions(
    memory: Memory, timelines: dict[str, list[Timeline]]
) -> None:
    nora = memory.timeline("nora")
    assert nora.entities == ("Nora",)
    moved = next(entry for entry in nora.entries if "moved" in entry.text)
    assert moved.text == "Nora moved to Saltmere on 30 September 2023."
    assert (Way.BECAUSE, "Nora's landlord sold the flat.") in [(t.way, t.text) for t in moved.ties]
    quit = next(entry for entry in nora.entries if "quit" in entry.text)
    [changed] = [tie for tie in quit.ties if tie.way is Way.CHANGES]
    assert "pottery class" in changed.text
    times = [entry.at for entry in nora.entries if entry.at]
    assert times == sorted(times)

    mara = memory.timeline("Mara Ellison")
    [founded] = [entry for entry in mara.entries if "founded" in entry.text]
    assert {place.source for place in founded.places} == set(TOLD)
    for place in founded.places:
        assert "2009" in TOLD[place.source][place.start : place.end]
    assert mara.entries[-1].at is None

    spans = {
        "to 2023-05": memory.timeline("Nora", until="2023-05"),
        "from 2023-06": memory.timeline("Nora", "2023-06"),
    }
    assert "Nora lives in Port Kestrel." in _texts(spans["to 2023-05"])
    assert all(entry.at and entry.at.year == 2023 for entry in spans["from 2023-06"].entries)
    assert moved.text in _texts(spans["from 2023-06"])
    # Both stores give the same, to the last field.
    for name, found in {"nora": nora, "mara": mara, **spans}.items():
        timelines.setdefault(name, []).append(found)
        assert all(other == found for other in timelines[name])


def test_words_that_are_no_name_are_a_topic(memory: Memory) -> None:
    assert _texts(memory.timeline("pottery classes")) == [
        "Nora takes a pottery class.",
        "Nora quits the pottery class.",
    ]
    founding = memory.timeline("the founding of Brightwater")
    assert (founding.entities, len(founding.entries)) == ((), 1)


def test_what_was_not_known_yet_is_not_told(memory: Memory) -> None:
    assert memory.timeline("Nora", known_at="2024-01-01").entries == ()
    assert _texts(memory.timeline("Nora", known_at="2024-07-01")) == _texts(memory.timeline("Nora"))
    assert memory.timeline("Mara Ellison", as_of="1950").entries != ()
    assert not any("born" in text for text in _texts(memory.timeline("Mara Ellison", as_of="1950")))


def test_a_range_tells_what_held_or_was_known_at_any_time_of_it(memory: Memory) -> None:
    def told(of: str, **times: str) -> list[str]:
        return _texts(memory.timeline(of, **times))

    flat, moved = "Nora lives in Port Kestrel.", "Nora moved to Saltmere on 30 September 2023."
    assert flat in told("Nora", as_of="2023-09-01")
    assert moved not in told("Nora", as_of="2023-09-01")
    assert {flat, moved} <= set(told("Nora", as_of="2023-09..2023-10"))
    assert flat not in told("Nora", as_of="2023-10..2024")
    assert memory.timeline("Nora", as_of=("2023-09", "2023-10")) == memory.timeline(
        "Nora", as_of="2023-09..2023-10"
    )
    with pytest.raises(NotFoundError, match="pottery classes"):
        memory.timeline("pottery classes", known_at="2020..2024-05")
    assert told("pottery classes", known_at="2020..2024-06") == told("pottery classes")
    homes = {
        as_of: [entry.text for entry in memory.profile("Nora", as_of=as_of).aspects["home"]]
        for as_of in ("2022..2023-08", "2023-09..2023-10", "2023-10..2024", None)
    }
    assert list(homes.values()) == [[flat], [flat, moved], [moved], [moved]]
    with pytest.raises(InvalidInputError, match="ends before it begins"):
        memory.timeline("Nora", as_of="2024..2023")


def test_nobody_known_is_an_error_that_names_who_is_like_it(memory: Memory) -> None:
    with pytest.raises(NotFoundError, match=r"'Mara Elison'.*Mara Ellison"):
        memory.timeline("Mara Elison")
    with pytest.raises(NotFoundError, match=r"'xylophones'"):
        memory.timeline("xylophones")
    with pytest.raises(InvalidInputError, match="entity or a topic"):
        memory.timeline(" ")
    with pytest.raises(InvalidInputError, match="Nothing lies between"):
        memory.timeline("Nora", "2024", "2022")


def test_the_command_shows_a_table_and_prints_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "memory"
    with Memory.open(folder, settings=settings(), clock=lambda: NOW) as memory:
        memory.add(TOLD["note:1"], source="note:1")
        expected = memory.timeline("Mara Ellison")
    ask = ["timeline", "Mara Ellison", "-m", str(folder)]

    def run(*more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*ask, *more])
        return int(ended.value.code or 0), capsys.readouterr().out

    code, shown = run()
    assert code == 0
    assert all(word in shown for word in ("1968", "2009", "Brightwater Energy", "note:1"))
    code, printed = run("--json")
    assert Timeline.model_validate(json.loads(printed)) == expected
    code, shown = run("--limit", "1")
    assert (code, "1 more" in shown, "founded" in shown) == (0, True, True)
    code, shown = run("--to", "2000")
    assert (code, "more" in shown, "born in 1968" in shown) == (0, False, True)
    code, shown = run("--as-of", "1960..1967", "--known-at", "2024..2025")
    assert (code, "born in 1968" in shown) == (0, False)
    code, shown = run("--from", "2050")
    assert (code, "nothing of it" in shown) == (0, True)
    ask[1] = "Mara Elison"
    assert run()[0] == 1
