"""Cutting a stream of text into parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphmem_ingest.readers.parts import cut


@given(
    blocks=st.lists(st.text(alphabet="ab. \n", max_size=40), max_size=12), limit=st.integers(1, 30)
)
def test_parts_are_the_text_within_the_limit_and_know_their_place(
    blocks: list[str], limit: int
) -> None:
    text = "".join(blocks)
    parts = list(cut(blocks, limit=limit))
    assert "".join(part.text for part in parts) == text
    assert all(0 < len(part.text) <= limit for part in parts)
    assert all(text[part.start :].startswith(part.text) for part in parts)


@given(blocks=st.lists(st.text(alphabet="ab. \n", max_size=40), max_size=12))
def test_where_blocks_fall_does_not_matter(blocks: list[str]) -> None:
    assert list(cut(blocks, limit=10)) == list(cut(["".join(blocks)], limit=10))


def test_a_cut_prefers_paragraphs_to_lines_to_sentences_to_words() -> None:
    def first(text: str) -> str:
        return next(cut([text], limit=20)).text

    assert first("one two three.\n\nfour. five\nsix") == "one two three.\n\n"
    assert first("one two\nthree. four five six") == "one two\nthree. "
    assert first("one two three\nfour. five six") == "one two three\n"
    assert first("one two three four five six") == "one two three four "
    assert first("x" * 50) == "x" * 20
