"""Results as people and programs see them."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from graphmem.model.time import to_micros
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem_queries.catalogue import catalogue
from graphmem_queries.render import MAX_CELL, as_json, cell, footer, listing, schema, table

ANN = {"_labels": ("Entity",), "id": "en_1", "name": "Ann", "aliases": ["Annie"]}
FACT = {"_labels": ("Fact",), "id": "fa_1", "text": "Ann works.", "valid_from": 1577836800000000}
ROLE = {"_type": "ROLE", "role": "subject"}


def printed(renderable: Any, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_table_has_every_row_under_its_column() -> None:
    result = CypherResult(columns=("name", "n"), rows=(("Ann", 1), ("Bob", None)))
    text = printed(table(result, width=100))
    lines = [[part.strip() for part in line.split("│")[1:-1]] for line in text.splitlines()]
    assert [line for line in lines if line] == [["Ann", "1"], ["Bob", "-"]]
    assert "name" in text


def test_dates_and_numbers_stay_in_one_piece_while_text_wraps() -> None:
    result = CypherResult(
        columns=("fact", "valid_from", "confidence"),
        rows=(("word " * 30, 1577836800000000, 0.25),),
    )
    text = printed(table(result, width=60), width=60)
    assert "2020-01-01" in text
    assert "confidence" in text
    assert text.count("word") == 30


def test_more_columns_than_fit_stand_below_each_other() -> None:
    names = tuple(f"column_{number}" for number in range(12))
    result = CypherResult(columns=names, rows=(tuple(range(12)), tuple(range(12, 24))))
    lines = printed(table(result, width=60), width=60).splitlines()
    found = [[part.strip() for part in line.split("│")[1:-1]] for line in lines]
    fields = [line for line in found if line]
    assert fields == [[names[n % 12], str(n)] for n in range(24)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "true"),
        (7, "7"),
        (0.5, "0.5"),
        ("plain [bold]text[/bold]", "plain [bold]text[/bold]"),
        ([1, None, "x"], "[1, null, x]"),
        ({"a": 1, "b": ["x"]}, "{a: 1, b: [x]}"),
        (ANN, "(:Entity {id: en_1, name: Ann, aliases: [Annie]})"),
        (FACT, "(:Fact {id: fa_1, text: Ann works., valid_from: 2020-01-01})"),
        (ROLE, "[:ROLE {role: subject}]"),
        (
            {"_nodes": [ANN, FACT], "_relationships": [ROLE]},
            "(:Entity Ann) -[:ROLE]- (:Fact Ann works.)",
        ),
        ([ANN], "[(:Entity Ann)]"),
        (date(2020, 1, 2), "2020-01-02"),
    ],
)
def test_values_are_written_as_cypher_would(value: Any, text: str) -> None:
    assert cell("x", value).plain == text


@pytest.mark.parametrize("column", ["valid_from", "f.valid_to", "changed_at", "other_valid_from"])
def test_times_are_shown_as_dates(column: str) -> None:
    assert cell(column, 1577836800000000).plain == "2020-01-01"
    assert cell(column, 1577840461000001).plain == "2020-01-01T01:01:01.000001Z"
    assert cell(column, -1).plain == "1969-12-31T23:59:59.999999Z"
    assert cell(column, 2**62).plain == str(2**62)


def test_other_numbers_are_no_times() -> None:
    assert cell("count", 1577836800000000).plain == "1577836800000000"


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_time_reads_back_as_itself(moment: datetime) -> None:
    shown = cell("recorded_at", to_micros(moment)).plain
    assert datetime.fromisoformat(shown).replace(tzinfo=UTC) == moment


@given(st.text(max_size=600))
def test_a_cell_is_short_and_cannot_steer_the_terminal(text: str) -> None:
    shown = cell("x", text).plain
    assert len(shown) <= MAX_CELL
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in shown)
    if len(text) <= MAX_CELL:
        assert len(shown) == len(text)


def test_long_text_is_cut_between_words_with_a_mark() -> None:
    text = "word " * 100
    shown = cell("x", text).plain
    assert shown.endswith("word…")
    assert text.startswith(shown[:-1])


def test_the_footer_says_what_is_left_out_and_what_was_odd() -> None:
    result = CypherResult(
        columns=("x",), rows=((1,),), truncated=True, seconds=0.0123, warnings=("no \x1blabel",)
    )
    assert footer(result, max_rows=1).plain == (
        "1 row in 0.0123 s\nThere are more rows than 1: see --max-rows\nno  label"
    )


def test_json_keeps_all_of_it() -> None:
    long = "x" * 10 * MAX_CELL
    result = CypherResult(
        columns=("a", "b", "valid_from", "n", "d"),
        rows=((long, {"node": ANN}, 1577836800000000, math.nan, date(2020, 1, 2)),),
    )
    (row,) = as_json(result)["rows"]
    assert json.loads(json.dumps(row, allow_nan=False)) == {
        "a": long,
        "b": {"node": {**ANN, "_labels": ["Entity"]}},
        "valid_from": 1577836800000000,
        "n": None,
        "d": "2020-01-02",
    }


def test_the_listing_names_every_query_and_parameter() -> None:
    text = printed(listing(catalogue()), width=200)
    for query in catalogue().values():
        assert f" {query.name} " in text
        for parameter in query.parameters:
            assert f"{parameter.name} ({parameter.kind}" in text
    assert "limit (integer = 50)" in text


def test_the_schema_shows_patterns() -> None:
    shape = CypherSchema(labels={"Entity": ("id", "name")}, relationships={"NEXT": ()})
    text = printed(schema(shape))
    assert "(:Entity)" in text
    assert "id, name" in text
    assert "[:NEXT]" in text
