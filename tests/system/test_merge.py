"""Entities held to be one: found on their own or by hand, refused with a reason, undone exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory
from graphmem.cli import main
from graphmem.errors import ConflictError, InvalidInputError, NotFoundError
from graphmem.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
TOLD = {
    "note:1": "Herman Cyril McNeile was born in 1888 in Bodmin. He wrote thrillers.",
    "note:2": "Ann Lee (born 3 May 1950) is a judge from Oslo. Bob Ray met Ann Lee in Oslo.",
    "note:3": "Ann Ray (born 7 June 1980) is a dancer. Ann Ray met Bob Ray in Bodmin.",
    "note:4": "Cem Tan studied law. Oslo is a city in Norway.",
}
Opener = Callable[[], Memory]


def _open_folder(_: pytest.FixtureRequest, folder: Path) -> Opener:
    return lambda: Memory.open(folder / "memory", settings=_settings(), clock=lambda: NOW)


def _open_neo4j(request: pytest.FixtureRequest, _: Path) -> Opener:
    server = request.getfixturevalue("neo4j")
    return lambda: Memory.open(
        server.url, auth=server.auth, settings=_settings(), clock=lambda: NOW
    )


def _settings() -> Settings:
    return Settings(workers=0, cache_dir=Settings().cache_dir)


@pytest.fixture(params=[_open_folder, _open_neo4j], ids=["sqlite", "neo4j"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    with closing(request.param(request, tmp_path)()) as opened:
        for source, text in TOLD.items():
            opened.add(text, source=source, at="2024-05-01")
        yield opened


def _dump(memory: Memory, folder: Path) -> dict[str, bytes]:
    memory.export(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def _same(memory: Memory, name: str) -> list[str]:
    return [entity.name for entity in memory.identity(name).same]


def test_what_is_merged_and_unmerged_is_as_before_to_the_byte(
    memory: Memory, tmp_path: Path
) -> None:
    before = _dump(memory, tmp_path / "before")
    link = memory.merge("Bob Ray", "Cem Tan")
    assert link is not None
    assert (link.score, link.by) == (1.0, "hand")
    assert _same(memory, "Bob Ray") == ["Cem Tan"]
    assert _same(memory, "Cem Tan") == ["Bob Ray"]
    merged = _dump(memory, tmp_path / "merged")
    assert merged != before
    assert memory.merge("Cem Tan", "Bob Ray") is None
    assert _dump(memory, tmp_path / "again") == merged
    assert memory.unmerge("Cem Tan", "Bob Ray") == (link,)
    assert _same(memory, "Bob Ray") == []
    assert _dump(memory, tmp_path / "after") == before


def test_other_types_other_births_and_one_entity_are_refused(memory: Memory) -> None:
    with pytest.raises(ConflictError, match=r"'Oslo' is of type place, 'Bob Ray' of person"):
        memory.merge("Oslo", "Bob Ray")
    with pytest.raises(ConflictError, match=r"born on 3 May 1950.*born on 7 June 1980"):
        memory.merge("Ann Lee", "Ann Ray")
    with pytest.raises(InvalidInputError, match="are one entity"):
        memory.merge("ann lee", "Ann Lee")
    with pytest.raises(NotFoundError, match="holds no entity 'Zoe'"):
        memory.merge("Zoe", "Ann Lee")
    assert memory.stats().counts.same_as == 0
    forced = memory.merge("Ann Lee", "Ann Ray", force=True)
    assert forced is not None
    assert forced.by == "hand, forced"


def test_who_did_something_to_somebody_is_another(memory: Memory) -> None:
    with pytest.raises(ConflictError, match=r"'Bob Ray met Ann Lee in Oslo\.' has them as two"):
        memory.merge("Ann Lee", "Bob Ray")
    memory.merge("Cem Tan", "Bob Ray")
    with pytest.raises(ConflictError, match=r"met Ann Lee"):
        memory.merge("Cem Tan", "Ann Lee")
    memory.add("Dan Poe was called Sapper. Dan Poe did not meet Eve Fox.", source="note:5")
    assert memory.merge("Dan Poe", "Sapper") is not None
    assert memory.merge("Dan Poe", "Eve Fox") is not None


def test_a_conflict_with_what_was_merged_before_is_one_too(memory: Memory) -> None:
    memory.merge("Ann Lee", "Cem Tan", force=True)
    with pytest.raises(ConflictError, match=r"3 May 1950.*7 June 1980"):
        memory.merge("Cem Tan", "Ann Ray")


def test_what_is_one_by_way_of_another_is_named_and_what_is_not_merged_too(memory: Memory) -> None:
    memory.merge("Bob Ray", "Cem Tan")
    memory.merge("Cem Tan", "Herman Cyril McNeile")
    assert sorted(_same(memory, "Bob Ray")) == ["Cem Tan", "Herman Cyril McNeile"]
    with pytest.raises(ConflictError, match=r"by way of others only: .*'Cem Tan'"):
        memory.unmerge("Bob Ray", "Herman Cyril McNeile")
    with pytest.raises(NotFoundError, match="are not merged"):
        memory.unmerge("Bob Ray", "Ann Lee")


def test_a_name_that_becomes_known_later_is_linked_and_stays_unmerged_if_it_was(
    memory: Memory,
) -> None:
    memory.add("H. C. McNeile invented Bulldog Drummond.", source="note:5")
    found = memory.identity("H. C. McNeile")
    assert [entity.name for entity in found.same] == ["Herman Cyril McNeile"]
    assert [link.by for link in found.links] == ["initials"]
    memory.unmerge("H. C. McNeile", "Herman Cyril McNeile")
    memory.add("H. C. McNeile met Herman Cyril McNeile in London.", source="note:6")
    assert _same(memory, "H. C. McNeile") == []


def test_two_births_keep_like_names_apart(memory: Memory) -> None:
    memory.add("Ann B. Lee (born 1 July 1999) is a judge from Oslo.", source="note:5")
    assert _same(memory, "Ann B. Lee") == []


def test_a_birth_that_is_told_later_parts_what_a_rule_had_linked(memory: Memory) -> None:
    memory.add("H. C. McNeile invented Bulldog Drummond.", source="note:5")
    assert _same(memory, "H. C. McNeile") == ["Herman Cyril McNeile"]
    memory.add("H. C. McNeile was born in 1950 in Oslo.", source="note:6")
    assert _same(memory, "H. C. McNeile") == []
    memory.merge("H. C. McNeile", "Herman Cyril McNeile", force=True)
    memory.add("H. C. McNeile was born in 1951 in Oslo.", source="note:7")
    assert _same(memory, "H. C. McNeile") == ["Herman Cyril McNeile"]


def test_the_command_line_merges_shows_and_unmerges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "memory"
    with closing(Memory.open(folder, settings=_settings(), clock=lambda: NOW)) as memory:
        for source, text in TOLD.items():
            memory.add(text, source=source, at="2024-05-01")

    def run(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "-m", str(folder), "--json"])
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    code, said = run("merge", "Bob Ray", "Cem Tan")
    assert (code, said["merged"], said["links"][0]["by"]) == (0, True, "hand")
    assert run("merge", "Bob Ray", "Cem Tan")[1]["merged"] is False
    assert [one["name"] for one in run("entity", "Bob Ray")[1]["same"]] == ["Cem Tan"]
    code, gone = run("unmerge", "Bob Ray", "Cem Tan")
    assert (code, gone["links"]) == (0, said["links"])
    code, said = run("merge", "Oslo", "Bob Ray")
    assert code == 1
    assert "type place" in said["error"]
    assert "--force" in said["remedy"]
    assert run("entity", "Zoe")[0] == 1
