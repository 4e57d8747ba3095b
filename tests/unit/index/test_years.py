"""Passages by the years that they write."""

from __future__ import annotations

from graphmem.index.lexical import build_lexical
from graphmem.index.years import Years

TEXTS = ["Built in 1954.", "It stood from 1954 to 1960.", "12345 ships in 0954.", "Born 1960."]


def test_passages_are_found_by_the_years_they_write() -> None:
    years = Years.of(build_lexical([""] * len(TEXTS), TEXTS))
    found = {
        (first, last): years.written(first, last, n=len(TEXTS)).tolist()
        for first, last in ((1954, 1954), (1955, 1960), (0, 1953), (1900, 294_247))
    }
    assert found == {
        (1954, 1954): [True, True, False, False],
        (1955, 1960): [False, True, False, True],
        (0, 1953): [False] * 4,
        (1900, 294_247): [True, True, False, True],
    }


def test_a_memory_without_years_has_none() -> None:
    years = Years.of(build_lexical([""], ["A boat."]))
    assert not years.written(1900, 2000, n=1).any()
