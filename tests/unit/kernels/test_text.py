"""Words and names are folded alike wherever they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.kernels.text import normalise_name, tokenise, well_formed, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann's dog", ["ann", "dog"]),
        ("O’Neill’s", ["o'neill"]),
        ("José Müller-Şahin", ["jose", "muller", "sahin"]),
        ("St. Maurice's Abbey, 875", ["st", "maurice", "abbey", "875"]),
        ("don't", ["don't"]),
    ],
)
def test_words_are_folded(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(text=st.text(max_size=80))
def test_offsets_point_at_the_word_as_written(text: str) -> None:
    for token in tokenise(text):
        written = text[token.start : token.end]
        assert written
        assert words(written)[:1] == [token.text] or token.text.startswith(words(written)[0])


@given(name=st.text(min_size=1, max_size=40))
def test_normalising_a_name_twice_changes_nothing(name: str) -> None:
    once = normalise_name(name)
    assert normalise_name(once) == once


def test_a_name_without_letters_keeps_a_key_of_its_own() -> None:
    assert normalise_name("?!") == "?!"
    assert normalise_name("?!") != normalise_name("...")


def test_lone_surrogates_are_replaced_one_for_one() -> None:
    assert well_formed("a\ud800b") == "a\ufffdb"
