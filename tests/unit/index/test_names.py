"""Names are found wherever they stand, longest first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.index.matching import NameFinder, NameMatcher
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
    rising = sorted(names)
    assert NameFinder(rising).find(text) == by_hand(rising, text)


@settings(max_examples=200)
@given(
    names=st.lists(st.tuples(name, st.booleans()), unique_by=lambda pair: pair[0], max_size=6),
    text=st.lists(word | st.just("zz"), max_size=12),
)
def test_names_that_are_not_meant_are_passed_over(
    names: list[tuple[str, bool]], text: list[str]
) -> None:
    rising = sorted(names)
    keys = [key for key, _ in rising]
    meant = [row for row, (_, is_meant) in enumerate(rising) if is_meant]
    found = NameFinder(keys, np.array([m for _, m in rising], np.bool_)).find(text)
    by_trying = by_hand([keys[row] for row in meant], text)
    assert found == [(meant[row], start, end) for row, start, end in by_trying]


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
        types={"Lindqvist Memorial Prize": "work"},
    )
    assert occurrences(index, 1) == ["Lindqvist Memorial Prize", "Lindqvist", "Prize"]


def test_a_word_of_a_persons_name_leads_nowhere(make_index: MakeIndex) -> None:
    index = make_index(
        ("Green", "Green is a colour."),
        ("Owen Pryce", "Owen Pryce was a mayor."),
        ("Lotus", "Cee Lo Green and Owen Pryce Junior sang.", "Cee Lo Green", "Owen Pryce Junior"),
    )
    assert occurrences(index, 2) == ["Cee Lo Green", "Owen Pryce Junior", "Owen Pryce"]


def test_a_name_of_many_words_is_found(make_index: MakeIndex) -> None:
    title = "The Blue Worker and the Hairdresser in a Whirl of Lamps and Politics and Snow"
    index = make_index((title, "It is a film."), ("Hal Denby", f"Hal Denby directed {title}."))
    assert occurrences(index, 1) == ["Hal Denby", title]
