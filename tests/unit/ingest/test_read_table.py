"""Tables: rows by their columns' names."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.errors import ReaderError
from graphmem.model.source import EpisodeKind
from graphmem_ingest.readers.base import Limits

Read = Callable[..., Any]


def test_each_row_is_a_document_with_its_other_columns_as_attributes(read_file: Read) -> None:
    content = 'ID,Title,Text,Date,City\n1,Mill,"It stands,\nold.",2021-05-03,Leeds\n2,,Gone.,,\n'
    first, second = read_file("a.csv", content).items
    assert (first.source, first.title, first.text) == ("a.csv#1", "Mill", "It stands,\nold.")
    assert first.occurred_at == datetime(2021, 5, 3, tzinfo=UTC)
    assert first.attributes == {"city": "Leeds"}
    assert (second.source, second.title, second.attributes) == ("a.csv#2", "", {})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(read_file: Read, delimiter: str) -> None:
    content = f"id{delimiter}body\nx{delimiter}The mill\n"
    item = read_file("a.csv", content).item
    assert (item.source, item.text) == ("a.csv#x", "The mill")


def test_rows_without_ids_go_by_their_number(read_file: Read) -> None:
    items = read_file("a.tsv", "text\nalpha\n\nbeta\n").items
    assert [(item.source, item.text) for item in items] == [
        ("a.tsv#1", "alpha"),
        ("a.tsv#2", "beta"),
    ]


def test_rows_with_speaker_and_session_are_turns(read_file: Read) -> None:
    item = read_file("a.csv", "session,speaker,text\n1,Ann,Hello\n1,Bo,Hi\n").item
    assert item.kind == EpisodeKind.CHAT
    assert [(m.speaker, m.content) for m in item.messages] == [("Ann", "Hello"), ("Bo", "Hi")]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("id,name\n1,x\n", "no column of text: its columns are id, name"),
        ("id,text,text\n1,a,b\n", "several columns named text"),
        ("id,text\n", "a header and no rows"),
        ("\n\n", "no column of text: its columns are not named"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(read_file: Read, content: str, error: str) -> None:
    with pytest.raises(ReaderError, match=error):
        read_file("a.csv", content)


def test_bad_rows_fail_by_line_and_the_rest_goes_on(read_file: Read) -> None:
    rows = [
        b"id,text,date",
        b"1,good,",
        b"2,too,many,cells",
        b"3,,",
        b"4,when,soon",
        "5,Zoë Müller öffnete,".encode(),
        b"6,bad \xff byte,",
        b"7,last",
    ]
    reading = read_file("a.csv", b"\n".join(rows))
    assert [item.text for item in reading.items] == ["good", "Zoë Müller öffnete", "last"]
    assert [(f.item, f.error) for f in reading.failed] == [
        ("a.csv:3", "4 cells under 3 columns"),
        ("a.csv:4", "its text is empty"),
        ("a.csv:5", "'soon' is not a time"),
        ("a.csv:7", "the row is not valid UTF-8"),
    ]


def test_a_quote_that_does_not_end_is_reported_with_the_lines_it_swallowed(read_file: Read) -> None:
    reading = read_file("a.csv", 'id,text\n1,good\n2,"open\n3,lost\n4,lost\n')
    assert [item.text for item in reading.items] == ["good"]
    [failed] = reading.failed
    assert failed.item == "a.csv:3"
    assert "lines 3 to 5 were left out" in failed.error


def test_a_line_over_the_limit_fails_and_the_rest_goes_on(read_file: Read) -> None:
    content = "id,text\n1,good\n2," + "x" * 200_000 + "\n3,good too\n"
    reading = read_file("a.csv", content, limits=Limits(line_mb=0.1))
    assert [item.text for item in reading.items] == ["good", "good too"]
    assert [(f.item, f.error) for f in reading.failed] == [
        ("a.csv:3", "the line is longer than 0.1 MB")
    ]


@given(
    rows=st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\r\n\t"),
            min_size=1,
        ).filter(str.strip),
        min_size=1,
        max_size=6,
    ),
    delimiter=st.sampled_from(",;\t|"),
)
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_standard_writer_writes_is_read_back(
    read_file: Read, rows: list[str], delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["id", "text"])
    writer.writerows(enumerate(rows))
    items = read_file("a.csv", out.getvalue()).items
    assert [item.text for item in items] == rows
