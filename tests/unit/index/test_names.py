"""Names are found wherever they stand, longest first."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.index.names import NameMatcher
from graphmem.index.passage_index import PassageIndex

MakeIndex = Callable[..., PassageIndex]
word = st.sampled_from(["ann", "lee", "of", "acme", "bay"])
name = st.lists(word, min_size=1, max_size=3).map(" ".join)


def by_hand(names: list[str], words: list[str]) -> list[tuple[int, int, int]]:
    """Leftmost, longest, without overlap, by trying every place."""
    known = {tuple(key.split(" ")): row for row, key in enumerate(names)}
    found, at = [], 0
    while at < len(words):
        for length in range(len(words) - at, 0, -1):
            row = known.get(tuple(words[at : at + length]))
            if row is not None:
                found.append((row, at, at + length))
                at += length
                break
        else:
            at += 1
    return found


@settings(max_examples=300)
@given(
    names=st.lists(name, unique=True, max_size=6), text=st.lists(word | st.just("zz"), max_size=12)
)
def test_matches_are_those_of_trying_every_place(names: list[str], text: list[str]) -> None:
    assert NameMatcher(names).find(text) == by_hand(names, text)


def occurrences(index: PassageIndex, passage: int) -> list[str]:
    found = index.occurrences
    rows = found.names[found.indptr[passage] : found.indptr[passage + 1]]
    return [index.names.labels[int(row)] for row in rows]


def test_a_name_is_linked_where_no_extractor_saw_it(films: PassageIndex) -> None:
    assert "Ingrid Sorel" in occurrences(films, 1)
    assert "Mara Lindqvist" in occurrences(films, 0)


def test_a_common_word_in_lower_case_is_not_the_name(make_index: MakeIndex) -> None:
    index = make_index(("Glass", "Glass is an opera."), ("Windows", "Panes of glass."))
    assert occurrences(index, 0) == ["Glass"]
    assert occurrences(index, 1) == []


def test_a_long_name_without_a_home_leads_to_the_one_inside(make_index: MakeIndex) -> None:
    index = make_index(
        ("Lindqvist", "Lindqvist is a family."),
        ("Prize", "The Lindqvist Memorial Prize is given yearly.", "Lindqvist Memorial Prize"),
    )
    assert occurrences(index, 1) == ["Lindqvist Memorial Prize", "Lindqvist", "Prize"]
