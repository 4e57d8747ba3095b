"""Where phrases stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.extract.locate import Locator, Span, cover, nearest
from graphmem.kernels.text import words

TEXT = "The Café of André's   aunt, self - made: the café opened in 1,200 days."


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("cafe", ["Café", "café"]),
        ("Andre", ["André"]),
        ("self-made", ["self - made"]),
        ("André's aunt", ["André's   aunt"]),
        ("a café opened", ["café opened"]),
        ("1,200 days", ["1,200 days"]),
        ("café closed", []),
        ("opened the", []),
        ("", []),
    ],
)
def test_phrases_are_found_as_they_were_written(phrase: str, found: list[str]) -> None:
    assert [TEXT[start:end] for start, end in Locator(TEXT).spans(phrase)] == found


@settings(deadline=None)
@given(text=st.text(st.sampled_from("abé .,-'’AB1"), max_size=40), data=st.data())
def test_any_run_of_words_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    phrase = text[start:end]
    for span in Locator(text).spans(phrase):
        if words(phrase):
            found = words(text[span.start : span.end])
            assert found == words(phrase) or found == words(phrase)[1:]


def test_signs_without_words_are_found_as_they_are() -> None:
    assert Locator("a -> b").spans("->") == [Span(2, 4)]


def test_nearest_and_cover() -> None:
    spans = [Span(0, 3), Span(20, 24), Span(30, 33)]
    assert nearest(spans, Span(26, 28)) == Span(20, 24)
    assert nearest([], Span(0, 1)) is None
    assert cover(spans) == Span(0, 33)
