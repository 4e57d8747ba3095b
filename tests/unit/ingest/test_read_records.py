"""JSON and JSON Lines: documents, turns, chats, and what is none of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.errors import ReaderError
from graphmem.model.source import EpisodeKind
from graphmem_ingest.readers import jsonl
from graphmem_ingest.readers.base import ITEM_MESSAGES, Limits

Read = Callable[..., Any]


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def turn(session: object, text: str, **more: object) -> dict[str, object]:
    return {"conversation": "c", "session": session, "speaker": "Ann", "text": text, **more}


def test_a_document_keeps_id_title_time_and_plain_fields(read_file: Read) -> None:
    record = {
        "id": 7,
        "title": " The\nMill ",
        "text": "It stands by the river.",
        "date": "2021-05",
        "year": 1890,
        "open": True,
        "score": 0.5,
        "tags": ["old", "river"],
        "empty": "",
        "nested": {"left": "out"},
        "long": "x" * 2000,
    }
    item = read_file("a.jsonl", lines(record)).item
    assert (item.source, item.title) == ("a.jsonl#7", "The Mill")
    assert (item.text, item.kind) == ("It stands by the river.", EpisodeKind.DOCUMENT)
    assert item.occurred_at == datetime(2021, 5, 1, tzinfo=UTC)
    assert item.attributes == {"year": 1890, "open": True, "score": 0.5, "tags": ("old", "river")}
    assert item.replaces


def test_documents_without_ids_go_by_their_line_and_equal_ids_are_told_apart(
    read_file: Read,
) -> None:
    content = (
        lines({"text": "a"}) + "\n" + lines({"id": "x", "body": "b"}, {"id": "x", "text": "c"})
    )
    items = read_file("a.jsonl", content).items
    assert [item.source for item in items] == ["a.jsonl#1", "a.jsonl#x", "a.jsonl#x~2"]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000.5, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        (2021, datetime(2021, 1, 1, tzinfo=UTC)),
        ("20240501", datetime(2024, 5, 1, tzinfo=UTC)),
        ("1:56 pm on 8 May, 2023", datetime(2023, 5, 8, 13, 56, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_as_people_and_programs_write_them(
    read_file: Read, value: object, moment: datetime | None
) -> None:
    assert read_file("a.jsonl", lines({"text": "x", "time": value})).item.occurred_at == moment


@pytest.mark.parametrize("value", ["soon", True, 1e300, float("nan"), [2021], {"year": 2021}])
def test_a_time_that_is_none_fails_its_record_only(read_file: Read, value: object) -> None:
    reading = read_file("a.jsonl", lines({"text": "x", "time": value}, {"text": "y"}))
    assert [item.text for item in reading.items] == ["y"]
    [failed] = reading.failed
    assert failed.item == "a.jsonl:1"
    assert "is not a time" in failed.error


def test_turns_that_follow_each_other_become_one_chat_per_session(read_file: Read) -> None:
    content = lines(
        turn(1, "Hello.", id="D1:1", time="1:56 pm on 8 May, 2023"),
        turn(1, "Hi!", id="D1:2", speaker="Bo", time="1:57 pm on 8 May, 2023"),
        turn(2, "Back.", id="D2:1"),
        turn(1, "Late.", id="D1:3"),
    )
    first, second, again = read_file("a.jsonl", content).items
    assert [item.source for item in (first, second, again)] == [
        "a.jsonl#c/1",
        "a.jsonl#c/2",
        "a.jsonl#c/1~2",
    ]
    assert (first.kind, first.session) == (EpisodeKind.CHAT, "1")
    assert first.attributes == {"conversation": "c"}
    assert first.occurred_at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert [(m.speaker, m.content, m.id) for m in first.messages] == [
        ("Ann", "Hello.", "D1:1"),
        ("Bo", "Hi!", "D1:2"),
    ]
    assert again.messages[0].content == "Late."


def test_a_bad_turn_does_not_break_its_session_apart(read_file: Read) -> None:
    reading = read_file("a.jsonl", lines(turn(1, "a"), turn(1, " "), turn(1, "b")))
    assert [m.content for m in reading.item.messages] == ["a", "b"]
    assert [(f.item, f.error) for f in reading.failed] == [("a.jsonl:2", "its text is empty")]


def test_role_and_content_are_turns_of_one_conversation(read_file: Read) -> None:
    item = read_file(
        "a.jsonl",
        lines({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}),
    ).item
    assert item.source == "a.jsonl"
    assert [(m.role, m.speaker) for m in item.messages] == [
        ("user", "user"),
        ("assistant", "assistant"),
    ]


def test_a_session_that_never_ends_is_read_in_parts(read_file: Read) -> None:
    count = ITEM_MESSAGES + 5
    items = read_file("a.jsonl", lines(*(turn(1, str(n)) for n in range(count)))).items
    assert [item.source for item in items] == ["a.jsonl#c/1", "a.jsonl#c/1~2"]
    assert [m.content for item in items for m in item.messages] == [str(n) for n in range(count)]


def test_a_whole_chat_in_one_record(read_file: Read) -> None:
    record = {
        "session": "s9",
        "at": "2024-02-03",
        "topic": "mills",
        "messages": [
            {"role": "user", "content": "Hi", "name": "Ann", "at": "2024-02-03T10:00:00Z"},
            {"role": "assistant", "content": None, "tool_calls": []},
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "Hello"}, {"type": "image"}],
            },
        ],
    }
    reading = read_file("a.jsonl", lines(record))
    item = reading.item
    assert (item.source, item.session, item.kind) == ("a.jsonl#s9", "s9", EpisodeKind.CHAT)
    assert item.occurred_at == datetime(2024, 2, 3, tzinfo=UTC)
    assert [(m.speaker, m.content) for m in item.messages] == [
        ("Ann", "Hi"),
        ("assistant", "Hello"),
    ]
    assert item.attributes == {"topic": "mills"}
    assert reading.notes == [("a.jsonl:1", "1 messages without text were left out")]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"text": "cut', "not JSON: Unterminated string starting at line 2, column 10"),
        ('["a"]', "not an object but a list"),
        ("42", "not an object but a int"),
        ('{"name": "x", "note": 1}', "no text in it: its fields are 'name', 'note'"),
        ("{}", "no text in it: its fields are none"),
        ('{"text": ""}', "its text is empty"),
        ('{"text": 5}', "no text in it"),
        ('{"messages": []}', "none of its messages has a text"),
        ('{"messages": ["x"]}', "message 1 is not an object"),
        ('{"messages": [{"text": "x", "at": "soon"}]}', "message 1: 'soon' is not a time"),
        ("[" * 100_000, "nested too deep"),
        ('{"text": "x", "n": ' + "9" * 5000 + "}", "not JSON: Exceeds the limit"),
    ],
)
def test_a_malformed_line_fails_by_name_and_the_rest_goes_on(
    read_file: Read, line: str, error: str
) -> None:
    reading = read_file(
        "a.jsonl", lines({"text": "before"}) + line + "\n" + lines({"text": "after"})
    )
    assert [item.text for item in reading.items] == ["before", "after"]
    [failed] = reading.failed
    assert failed.item == "a.jsonl:2"
    assert error in failed.error


def test_a_line_that_is_not_utf8_fails_by_name(read_file: Read) -> None:
    good = '{"text": "Zoë Müller öffnete"}\n'.encode()
    reading = read_file("a.jsonl", good + b'{"text": "bad \xff"}\n' + good)
    assert len(reading.items) == 2
    assert [(f.item, f.error) for f in reading.failed] == [
        ("a.jsonl:2", "the line is not valid UTF-8")
    ]


def test_a_line_over_the_limit_fails_and_the_rest_goes_on(read_file: Read) -> None:
    long = lines({"text": "x" * 300_000})
    content = lines({"text": "before"}) + long + lines({"text": "after"})
    reading = read_file("a.jsonl", content, limits=Limits(line_mb=0.2))
    assert [item.text for item in reading.items] == ["before", "after"]
    [failed] = reading.failed
    assert (failed.item, failed.error) == ("a.jsonl:2", "the line is longer than 0.2 MB")
    assert "--max-line-mb" in failed.remedy


def test_a_long_record_comes_in_parts(read_file: Read) -> None:
    text = "The mill stands. " * 50_000
    items = read_file("a.jsonl", lines({"id": "m", "text": text})).items
    assert "".join(item.text for item in items) == text
    assert [item.source for item in items] == ["a.jsonl#m", "a.jsonl#m#part=2", "a.jsonl#m#part=3"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
@pytest.mark.parametrize("content", ["\n\n", " "])
def test_a_file_without_records_is_an_error(read_file: Read, name: str, content: str) -> None:
    with pytest.raises(ReaderError, match="is empty"):
        read_file(name, content)


def test_an_empty_array_is_an_error(read_file: Read) -> None:
    with pytest.raises(ReaderError, match="is empty"):
        read_file("a.json", "[]")


def test_one_object_is_one_item_under_the_files_name(read_file: Read) -> None:
    item = read_file(
        "a.json", json.dumps({"title": "Mill", "text": "By the river."}, indent=2)
    ).item
    assert (item.source, item.title) == ("a.json", "Mill")


def test_objects_that_follow_each_other_are_read_one_by_one(read_file: Read) -> None:
    items = read_file("a.json", lines({"text": "a"}, {"text": "b"})).items
    assert [(item.source, item.text) for item in items] == [("a.json", "a"), ("a.json#2", "b")]


def test_a_syntax_error_in_an_array_keeps_what_came_before(read_file: Read) -> None:
    reading = read_file("a.json", '[{"text": "a"},\n{"text": "b"}\n{"text" "c"}, {"text": "d"}]')
    assert [item.text for item in reading.items] == ["a", "b"]
    [failed] = reading.failed
    assert failed.item == "a.json#3"
    assert "at line 3, column 9" in failed.error
    assert "nothing behind it was read" in failed.error


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ('[{"text": "a"}', "the array does not end"),
        ('[{"text": "a"}] {"text": "b"}', "more follows behind the array"),
    ],
)
def test_an_array_that_does_not_end_well_is_reported(
    read_file: Read, content: str, error: str
) -> None:
    reading = read_file("a.json", content)
    assert [item.text for item in reading.items] == ["a"]
    assert error in reading.failed[0].error


def test_an_element_over_the_limit_is_refused(read_file: Read) -> None:
    content = json.dumps([{"text": "a"}, {"text": "x" * 400_000}])
    reading = read_file("a.json", content, limits=Limits(line_mb=0.1))
    assert [item.text for item in reading.items] == ["a"]
    assert "longer than 0.1 MB (--max-line-mb)" in reading.failed[0].error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(
    records=st.lists(
        st.fixed_dictionaries({"text": st.text(min_size=1).filter(str.strip), "more": JSON}),
        min_size=1,
        max_size=8,
    ),
    indent=st.none() | st.integers(0, 3),
    block=st.integers(1, 40),
    is_array=st.booleans(),
)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_records_are_those_of_the_standard_parser_however_the_window_falls(
    read_file: Read,
    monkeypatch: pytest.MonkeyPatch,
    records: list[dict[str, object]],
    indent: int | None,
    block: int,
    is_array: bool,
) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK", block)
    written = (
        json.dumps(records, indent=indent)
        if is_array
        else "\n".join(json.dumps(record, indent=indent) for record in records)
    )
    items = read_file("a.json", written).items
    assert [item.text for item in items] == [record["text"] for record in records]


def test_numbers_at_the_windows_end_are_not_cut_short(
    read_file: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK", 2)
    reading = read_file("a.json", "[12345, 67890]")
    assert len(reading.failed) == 2
