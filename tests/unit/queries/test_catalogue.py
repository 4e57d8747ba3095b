"""Parameters as they are written on a command line, and headers of named queries."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem_queries.catalogue import Kind, bind, free, named, pairs, parse, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def test_an_unknown_query_brings_up_those_that_come_close() -> None:
    with pytest.raises(InvalidInputError, match=r"abuot.*about") as caught:
        named("abuot")
    assert caught.value.exit_code == 2
    with pytest.raises(InvalidInputError, match="central"):
        named("zzzzzz")


def test_missing_parameters_are_named() -> None:
    with pytest.raises(InvalidInputError, match="needs a value for from and to"):
        bind(named("path"), {})
    with pytest.raises(InvalidInputError, match="needs a value for to") as caught:
        bind(named("path"), {"from": "Ann"})
    assert "--param to=" in caught.value.remedy


def test_an_unknown_parameter_is_named_with_those_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"'entty'.*entity, as_of, known_at, limit"):
        bind(named("about"), {"entty": "Ann"})


def test_what_is_left_out_has_its_default() -> None:
    always = dict.fromkeys(("as_of", "as_of_until", "known_at", "known_at_until"))
    assert bind(named("about"), {"entity": "7"}) == {"entity": "7", "limit": 50, **always}
    assert bind(named("central"), {"limit": "3"}) == {"type": None, "limit": 3, **always}


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("string", "42", "42"),
        ("string", "", ""),
        ("integer", "-3", -3),
        ("number", "2.5", 2.5),
        ("boolean", "True", True),
        ("time", "2021-05", datetime(2021, 5, 1, tzinfo=UTC)),
        ("json", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_a_value_is_read_as_what_its_parameter_is(kind: str, written: str, value: Any) -> None:
    assert read("x", written, Kind(kind)) == value
    assert free({f"x:{kind}": written}) == {"x": value}


@pytest.mark.parametrize(
    ("kind", "written"),
    [("integer", "3.5"), ("number", "x"), ("boolean", "1"), ("time", "soon"), ("json", "{")],
)
def test_a_value_that_does_not_read_as_it_should_is_named(kind: str, written: str) -> None:
    with pytest.raises(InvalidInputError, match=f"limit='{written}' is not a {kind}"):
        read("limit", written, Kind(kind))


def test_a_kind_that_there_is_not_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"'date'.*time"):
        free({"x:date": "2021"})


@given(JSON)
def test_what_reads_as_json_is_that(value: Any) -> None:
    assert free({"x": json.dumps(value)}) == {"x": value}


@pytest.mark.parametrize("written", ["Ann Lee", "2021-05-01", "en_12", "NaN%", "[", "'x'"])
def test_all_else_is_text(written: str) -> None:
    assert free({"x": written}) == {"x": written}


def test_pairs_split_at_the_first_sign() -> None:
    assert pairs(["a=b=c", "n:time=2021", " x = 1"]) == {"a": "b=c", "n:time": "2021", "x": " 1"}
    for wrong in ("a", "=b", ""):
        with pytest.raises(InvalidInputError, match="NAME=VALUE"):
            pairs([wrong])


HEADER = """// name: who
// doc: Who it is,
//   in two lines.
// param: text string - what to look for
// param: kind string = person - which
// param: limit integer = 5
// returns: name
MATCH (e:Entity) RETURN e.name AS name
// not a header
LIMIT $limit
"""


def test_a_header_is_read_with_defaults_and_continued_lines() -> None:
    query = parse(HEADER)
    assert (query.name, query.doc) == ("who", "Who it is, in two lines.")
    assert [(p.name, p.kind, p.required, p.default) for p in query.parameters] == [
        ("text", "string", True, None),
        ("kind", "string", False, "person"),
        ("limit", "integer", False, 5),
    ]
    assert query.parameters[0].doc == "what to look for"
    assert query.statement.endswith("// not a header\nLIMIT $limit")


@pytest.mark.parametrize("text", ["", "RETURN 1", "// name: x\nRETURN 1", "// nonsense: 1\n"])
def test_a_header_that_lacks_something_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="header"):
        parse(text)
