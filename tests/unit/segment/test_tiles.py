from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.segment.tiles import tiles

PIECES = st.sampled_from(
    ["word ", "Sentence. ", "\n", "\n\n", "# Heading\n\n", "  ", "x" * 50, "Dr. ", "é。", "\t"]
)


def cut(text: str, max_chars: int) -> list[str]:
    return [text[start:end] for start, end in tiles(text, max_chars=max_chars)]


@given(pieces=st.lists(PIECES, max_size=40), max_chars=st.integers(1, 120))
def test_spans_tile_any_text_but_for_whitespace(pieces: list[str], max_chars: int) -> None:
    text = "".join(pieces)
    position = 0
    for start, end in tiles(text, max_chars=max_chars):
        assert text[position:start].strip() == ""
        assert start < end <= start + max_chars
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""


def test_a_text_that_fits_is_one_span() -> None:
    assert cut("One.\n\nTwo. Three.", 100) == ["One.\n\nTwo. Three."]


def test_a_long_text_is_cut_between_paragraphs_first() -> None:
    text = "First sentence. Second one here.\n\nAnother paragraph. It goes on."
    assert cut(text, 50) == [
        "First sentence. Second one here.",
        "Another paragraph. It goes on.",
    ]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = "Dr. Ann Lee works here. She was born in 1900 and she still works."
    assert cut(text, 45) == ["Dr. Ann Lee works here.", "She was born in 1900 and she still works."]


def test_a_long_sentence_is_cut_between_words() -> None:
    assert cut("one two three four five", 10) == ["one two", "three four", "five"]


def test_a_long_word_is_cut_where_it_must_be() -> None:
    assert cut("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


@pytest.mark.parametrize("heading", ["# A heading", "A heading"])
def test_a_heading_stays_with_what_follows(heading: str) -> None:
    before, after = "It was long ago. " * 3, "And then it went on. " * 3
    text = f"{before.strip()}\n\n{heading}\n\n{after.strip()}"
    first, second = cut(text, 80)
    assert first == before.strip()
    assert second == f"{heading}\n\n{after.strip()}"


def test_a_list_is_not_taken_for_headings() -> None:
    text = "\n".join(f"- item {number}" for number in range(20))
    first = cut(text, 100)[0]
    assert len(first) > 80


def test_no_span_can_be_empty() -> None:
    with pytest.raises(InvalidInputError, match="0"):
        list(tiles("abc", max_chars=0))


@pytest.mark.parametrize("piece", ["x", "lorem ipsum ", "This is it. ", " ", "a\n", '."'])
def test_time_grows_with_length_only(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece)) + "."
        started = time.process_time()
        for _ in tiles(text, max_chars=2000):
            pass
        return time.process_time() - started

    seconds(100_000)
    small, large = seconds(500_000), seconds(4_000_000)
    assert large < 30 * max(small, 0.01)
