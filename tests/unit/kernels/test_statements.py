"""Where a statement ends, whatever stands in its text, names and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.kernels.statements import split_statements, tokens_of

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


@given(st.text())
def test_tokens_are_all_of_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens_of(text)) == text
