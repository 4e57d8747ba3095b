"""Where a statement ends, whatever stands in its text, names and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.adapters.cypher.statement import PROCEDURES, checked, split_statements
from graphmem.errors import QueryError

# Pieces of which each is whole, and what is left of it once comments are out.
PIECES = st.one_of(
    st.sampled_from(
        ["RETURN 1", "'a;b'", '"x;\\"y"', "'it\\'s; here'", "`odd;``name`", "'// no'", "'/* no'"]
    ).map(lambda piece: (piece, piece)),
    st.sampled_from(["// one; two\n", "/* a; b */", "/* ' */", "// `\n"]).map(
        lambda piece: (piece, "\n" if piece.endswith("\n") else "")
    ),
    st.text("abc \n123+-=<>()[]{}.,$|:", max_size=8).map(lambda piece: (piece, piece)),
)


@given(st.lists(st.lists(PIECES, max_size=5), max_size=5))
def test_statements_split_at_semicolons_outside_of_text_and_comments(
    written: list[list[tuple[str, str]]],
) -> None:
    text = ";".join(" ".join(piece for piece, _ in pieces) for pieces in written)
    statements, rest = split_statements(text)
    expected = ["".join("".join(kept for _, kept in pieces).split()) for pieces in written]
    found = ["".join(part.split()) for part in (*statements, rest)]
    assert [part for part in found if part] == [part for part in expected if part]


@given(st.text(max_size=60))
def test_any_text_is_split_without_loss(text: str) -> None:
    statements, rest = split_statements(text)
    if not set("/;") & set(text):
        assert ([rest] if rest else []) + statements == ([text.strip()] if text.strip() else [])


@pytest.mark.parametrize("open_", ["RETURN 'a;", 'RETURN "a;', "RETURN `a;", "RETURN 1 /* ;"])
def test_what_is_not_closed_is_not_finished(open_: str) -> None:
    assert split_statements(open_) == ([], open_)


@pytest.mark.parametrize("name", sorted(PROCEDURES))
def test_procedures_of_the_list_pass_in_any_case(name: str) -> None:
    assert checked(f"CALL {name.upper()}()") == f"CALL {name.upper()}()"


@pytest.mark.parametrize(
    "harmless",
    [
        "RETURN 'LOAD CSV FROM' AS x",
        "MATCH (load:Entity) RETURN load.csv",
        "RETURN {call: 1} AS x, $call AS y",
        "MATCH (e:Entity) RETURN e.call IS NULL",
        "RETURN 1 // CALL db.cdc.enable()",
        "CALL { RETURN 1 AS x } RETURN x",
    ],
)
def test_words_that_only_look_like_it_pass(harmless: str) -> None:
    assert checked(harmless)


@given(
    st.lists(st.sampled_from([" ", "\n", "\t", "/* x */", "// y\n"]), min_size=1, max_size=4),
    st.tuples(st.booleans(), st.booleans()),
    st.sampled_from(["", "MATCH (n) RETURN n UNION ", "RETURN 'x' AS `a` UNION\n"]),
)
def test_reading_files_is_refused_however_it_is_spelt(
    between: list[str], quoted: tuple[bool, bool], before: str
) -> None:
    load, csv = (f"`{w}`" if q else w for w, q in zip(("lOaD", "Csv"), quoted, strict=True))
    with pytest.raises(QueryError, match="reads files"):
        checked(f"{before}{load}{''.join(between)}{csv} FROM 'x' AS row RETURN row")
