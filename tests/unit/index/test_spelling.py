"""Words that are spelt nearly alike, against edit distance as it is defined."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.index.spelling import Spelling

WORDS = ("glory", "gory", "glow", "walsh", "lindqvist", "lindquist", "harbour", "ann", "bay")


def differ(left: str, right: str) -> int:
    """Letters to change, to leave out or in, or neighbours to exchange, none twice."""

    @cache
    def between(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [
            between(i - 1, j) + 1,
            between(i, j - 1) + 1,
            between(i - 1, j - 1) + (left[i - 1] != right[j - 1]),
        ]
        if i > 1 and j > 1 and left[i - 2 : i] == right[j - 2 : j][::-1]:
            ways.append(between(i - 2, j - 2) + 1)
        return min(ways)

    return between(len(left), len(right))


@given(word=st.sampled_from(WORDS), at=st.integers(0, 8), letter=st.sampled_from("abgloyw"))
def test_what_is_near_is_what_differs_by_few_letters(word: str, at: int, letter: str) -> None:
    asked = word[:at] + letter + word[at + 1 :]
    forgiven = 2 if len(asked) >= 8 else 1 if len(asked) >= 3 else 0
    wanted = {(held, differ(asked, held)) for held in WORDS if 0 < differ(asked, held) <= forgiven}
    found = Spelling(["the glory", *WORDS]).near(asked)
    assert set(found) == wanted
    assert [wrong for _, wrong in found] == sorted(wrong for _, wrong in found)


@pytest.mark.parametrize("word", ["an", "1954", "glory"])
def test_short_words_numbers_and_what_is_right_have_nothing_near(word: str) -> None:
    assert Spelling(["ann", "1955", "glory"]).near(word) == []
