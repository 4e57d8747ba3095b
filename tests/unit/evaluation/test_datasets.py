"""Reading data sets: both shapes, and what is wrong with a line, by file and line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.evaluation.datasets import Shape, read_dataset
from graphmem.model.source import EpisodeKind

Write = Callable[..., Path]

QUERY = {"id": "q1", "question": "Who founded Acme?", "gold": ["p1"]}
PASSAGE = {"id": "p1", "title": "Acme", "text": "Acme was founded by Ann."}
TURN = {
    "conversation": "c1",
    "session": 1,
    "time": "1:56 pm on 8 May, 2023",
    "id": "D1:1",
    "speaker": "Ann",
    "text": "Hi!",
}
ASKED = {"id": "q1", "question": "Who said hi?", "gold": ["D1:1"], "conversation": "c1"}


def test_passages_become_documents_of_the_default_namespace(write: Write) -> None:
    untitled = {"id": 2, "text": "No title here."}
    dataset = read_dataset(write("acme", queries=[QUERY], corpus=[PASSAGE, untitled]))
    assert (dataset.name, dataset.shape, dataset.items) == ("acme", Shape.PASSAGES, 2)
    [(namespace, items)] = dataset.corpora.items()
    assert namespace == "default"
    assert [(item.source, item.title, item.text) for item in items] == [
        ("p1", "Acme", "Acme was founded by Ann."),
        ("2", "", "No title here."),
    ]
    [question] = dataset.questions
    assert (question.text, question.gold, question.namespace) == (
        "Who founded Acme?",
        ("p1",),
        "default",
    )


def test_titles_are_withheld_in_a_namespace_of_their_own(write: Write) -> None:
    dataset = read_dataset(write(queries=[QUERY], corpus=[PASSAGE]), titles=False)
    [(namespace, items)] = dataset.corpora.items()
    assert namespace != "default"
    assert [item.title for item in items] == [""]
    assert [question.namespace for question in dataset.questions] == [namespace]
    assert not dataset.titles


def test_each_conversation_is_a_namespace_and_each_session_a_chat(write: Write) -> None:
    turns = [
        TURN,
        {**TURN, "id": "D1:2", "speaker": "Bob", "text": "Hello."},
        {**TURN, "session": 2, "id": "D2:1", "time": "2023-06-01T10:00:00Z"},
        {**TURN, "conversation": "c2", "text": "Elsewhere."},
    ]
    dataset = read_dataset(write(queries=[ASKED], turns=turns))
    assert (dataset.shape, dataset.items) == (Shape.TURNS, 4)
    assert list(dataset.corpora) == ["c1", "c2"]
    first, second = dataset.corpora["c1"]
    assert first.kind is EpisodeKind.CHAT
    assert (first.session, second.session) == ("1", "2")
    assert first.occurred_at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert [(m.id, m.speaker, m.content, m.at) for m in first.messages] == [
        ("D1:1", "Ann", "Hi!", first.occurred_at),
        ("D1:2", "Bob", "Hello.", first.occurred_at),
    ]
    assert first.source != second.source


def test_a_session_is_whole_also_where_its_turns_are_scattered(write: Write) -> None:
    turns = [TURN, {**TURN, "session": 2, "id": "D2:1"}, {**TURN, "id": "D1:2"}]
    dataset = read_dataset(write(queries=[ASKED], turns=turns))
    assert [[m.id for m in item.messages] for item in dataset.corpora["c1"]] == [
        ["D1:1", "D1:2"],
        ["D2:1"],
    ]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [({"type": "bridge"}, "bridge"), ({"category": 2}, "2"), ({}, None)],
)
def test_a_question_has_its_type_or_category(
    write: Write, extra: dict[str, Any], expected: str | None
) -> None:
    dataset = read_dataset(write(queries=[{**QUERY, **extra}], corpus=[PASSAGE]))
    assert dataset.questions[0].type == expected


def test_gold_that_the_corpus_lacks_is_listed_and_kept(write: Write) -> None:
    dataset = read_dataset(write(queries=[{**QUERY, "gold": ["p1", "p9"]}], corpus=[PASSAGE]))
    assert dataset.unknown_gold == ("q1: p9",)
    assert dataset.questions[0].gold == ("p1", "p9")


def test_gold_of_another_conversation_is_unknown(write: Write) -> None:
    other = {**TURN, "conversation": "c2", "id": "D9:9"}
    dataset = read_dataset(write(queries=[{**ASKED, "gold": ["D9:9"]}], turns=[TURN, other]))
    assert dataset.unknown_gold == ("q1: D9:9",)


@pytest.mark.parametrize(
    ("files", "at", "what"),
    [
        ({"queries": [QUERY, "{oops"], "corpus": [PASSAGE]}, "queries.jsonl, line 2", "not JSON"),
        ({"queries": ["", QUERY, "3"], "corpus": [PASSAGE]}, "queries.jsonl, line 3", "the line"),
        ({"queries": [{"id": "q"}], "corpus": [PASSAGE]}, "queries.jsonl, line 1", "question"),
        ({"queries": [{**QUERY, "gold": "p1"}], "corpus": [PASSAGE]}, "line 1", "gold"),
        ({"queries": [{**QUERY, "question": " "}], "corpus": [PASSAGE]}, "line 1", "empty"),
        ({"queries": [QUERY], "corpus": [PASSAGE, {"id": "x"}]}, "corpus.jsonl, line 2", "text"),
        ({"queries": [QUERY], "corpus": [PASSAGE, PASSAGE]}, "corpus.jsonl, line 2", "of line 1"),
        ({"queries": [ASKED], "turns": [TURN, TURN]}, "turns.jsonl, line 2", "of line 1"),
        ({"queries": [ASKED], "turns": [{**TURN, "time": "soon"}]}, "turns.jsonl, line 1", "time"),
        ({"queries": [QUERY], "turns": [TURN]}, "queries.jsonl, line 1", "conversation"),
    ],
)
def test_a_bad_line_is_named(write: Write, files: dict[str, Any], at: str, what: str) -> None:
    with pytest.raises(ReaderError) as caught:
        read_dataset(write(**files))
    assert at in str(caught.value)
    assert what in str(caught.value)
    assert caught.value.remedy


def test_a_file_in_another_encoding_is_refused_by_line(write: Write) -> None:
    folder = write(queries=[QUERY], corpus=[PASSAGE])
    row = '{"id": "p2", "text": "café"}\n'.encode("latin-1")
    (folder / "corpus.jsonl").write_bytes(b'{"id": "p1", "text": "x"}\n' + row)
    with pytest.raises(ReaderError, match=r"corpus\.jsonl, line 2: not UTF-8"):
        read_dataset(folder)


def test_a_byte_order_mark_is_no_error(write: Write) -> None:
    folder = write(queries=[QUERY], corpus=[PASSAGE])
    text = (folder / "corpus.jsonl").read_text("utf-8")
    (folder / "corpus.jsonl").write_text(text, "utf-8-sig")
    assert read_dataset(folder).items == 1


@pytest.mark.parametrize(
    "files",
    [{}, {"queries": [QUERY]}, {"corpus": [PASSAGE]}, {"queries": [], "corpus": [], "turns": []}],
)
def test_a_folder_without_a_data_set_is_refused(write: Write, files: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="is not a data set"):
        read_dataset(write(**files))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="not a folder"):
        read_dataset(tmp_path / "nowhere")
