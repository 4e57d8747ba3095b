"""Ready-made triples: every bad line is named, the others come with their documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import ReaderError
from graphmem.memory import Memory
from graphmem.settings import Settings
from graphmem_ingest.job import ingest
from graphmem_ingest.readers.base import Limits
from graphmem_ingest.readers.openie import OpenTriplesFile

Write = Callable[..., Path]
GOOD = {"id": "1", "entities": ["Ann"], "triples": [["Ann", "met", "Bo"]]}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*lines: object, name: str = "triples.jsonl") -> Path:
        path = tmp_path / name
        texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        path.write_text("\n".join(texts) + "\n", "utf-8")
        return path

    return write


def test_lines_are_fetched_by_id(write: Write) -> None:
    second = {"id": 2, "entities": [], "triples": []}
    file = OpenTriplesFile(write(GOOD, "", second))
    found = file.of("1")
    assert found is not None
    assert (found.entities, found.triples) == (("Ann",), (("Ann", "met", "Bo"),))
    empty = file.of("2")
    assert empty is not None
    assert empty.triples == ()
    assert file.of("3") is None
    assert file.failed == []


BAD: dict[str, object] = {
    "not JSON": "{",
    "not an object": [1],
    "no id": {"triples": []},
    "its triples are no list": {"id": "7"},
    "its entities are no list": {"id": "7", "entities": "Ann", "triples": []},
    "id '1' was on line 1": GOOD,
    "not three texts": {"id": "7", "triples": [["Ann", "met"]]},
    "and 1 more": {"id": "7", "triples": [["Ann", "met", 3], ["a", "b", " "], ["a", "b", "c"]]},
    "nested too deep": '{"id": "7", "triples": ' + "[" * 100_000,
    "longer than": json.dumps({"id": "7", "triples": [["a", "b", "c" * 300_000]]}),
}


@pytest.mark.parametrize(("why", "line"), BAD.items(), ids=BAD)
def test_a_bad_line_is_named_with_what_is_wrong(write: Write, why: str, line: object) -> None:
    path = write(GOOD, line, {**GOOD, "id": "9"})
    file = OpenTriplesFile(path, limits=Limits(line_mb=0.2))
    [failed] = file.failed
    assert failed.item == f"{path}:2"
    assert why in failed.error
    assert '"triples"' in failed.remedy
    assert file.of("9") is not None


def test_of_a_line_with_bad_triples_the_others_are_taken(write: Write) -> None:
    line = {"id": "7", "triples": [["Ann", "met"], ["Ann", "met", "Bo"]]}
    found = OpenTriplesFile(write(line)).of("7")
    assert found is not None
    assert found.triples == (("Ann", "met", "Bo"),)


@pytest.mark.parametrize("lines", [[""], ["nope"]])
def test_a_file_without_triples_is_refused(write: Write, lines: list[str]) -> None:
    with pytest.raises(ReaderError, match="holds no triples"):
        OpenTriplesFile(write(*lines))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match=r"gone\.jsonl"):
        OpenTriplesFile(tmp_path / "gone.jsonl")


TEXTS = {"1": "Ann met Bo in Leeds.", "2": "Cy sold a mill to Dee.", "4": "Ed left York."}


@pytest.fixture
def memory(tmp_path: Path) -> Any:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        yield memory


def facts_of(memory: Memory) -> set[str]:
    rows = memory.cypher("MATCH (f:Fact) WHERE f.retired_at IS NULL RETURN f.text").rows
    return {row[0] for row in rows}


def test_documents_have_the_triples_as_facts_that_their_texts_bear_out(
    write: Write, memory: Memory
) -> None:
    corpus = write(*({"id": id, "text": text} for id, text in TEXTS.items()), name="c.jsonl")
    told = [
        ["Ann", "was seen with", "Bo"],
        ["Ann", "hates", "football"],
        ["Ann", "saw", "Leeds Bo"],
    ]
    path = write({**GOOD, "triples": told}, {"id": "2", "triples": []}, {**GOOD, "id": "9"}, "no")
    report = ingest(memory, [str(corpus)], triples=OpenTriplesFile(path))
    assert report.exit_code == 3
    assert [failed.item for failed in report.failed] == [f"{path}:4"]
    assert report.reading.rejected == {"member not in the text": 1}
    assert report.reading.unplaced == {"object not in the text": 1}
    assert [note.text for note in report.notes] == [
        "1 of its ids are no document's: 9",
        "1 documents have no line in it: they were read here",
    ]
    assert facts_of(memory) == {"Ann was seen with Bo.", "Ann saw Leeds Bo.", "Ed left York."}
    again = ingest(memory, [str(corpus)], triples=OpenTriplesFile(path))
    assert (again.new, again.unchanged) == (0, 3)


def test_triples_replace_what_was_read_before(write: Write, memory: Memory) -> None:
    corpus = write({"id": "1", "text": TEXTS["1"]}, name="c.jsonl")
    ingest(memory, [str(corpus)])
    assert facts_of(memory) == {"Ann met Bo in Leeds."}
    triples = write({**GOOD, "triples": [["Ann", "was seen with", "Bo"]]})
    report = ingest(memory, [str(corpus)], triples=OpenTriplesFile(triples))
    assert (report.new, report.replaced) == (1, 1)
    [hit] = memory.search("Ann")
    assert [fact.text for fact in hit.facts] == ["Ann was seen with Bo."]
