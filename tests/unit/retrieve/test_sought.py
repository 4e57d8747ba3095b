"""What a question seeks, and which documents are that."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_world import Doc

from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Query, QuestionView
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.search import pools
from graphmem.retrieve.sought import Sought, fitting, sought_of
from graphmem.retrieve.viewing import view_of

MakeIndex = Callable[..., PassageIndex]
TYPES = {"The Glass Harbour": "work", "Tallow Bay": "place"}


@pytest.mark.parametrize(
    ("question", "named", "sought"),
    [
        ("Where was the director of film born", {"work"}, Sought(("person",), ("place",))),
        ("Which film has the director born first, or", {"work"}, Sought(("person",), ("time",))),
        ("Which film is older, or", set(), Sought(("person", "work"), ("time", "work"))),
        ("How many songs are on", set(), Sought(("work",), ("number",))),
        ("What did the player who won do", set(), Sought(("person",))),
        ("By whom was it made", set(), Sought(("person",), ("person",))),
        ("It was made by whom?", set(), Sought(("person",), ("person",))),
        ("Which company bought", set(), Sought(("organisation",), ("organisation",))),
        ("Who is 's father-in-law", {"person"}, Sought(("person",), ("person",))),
        ("When was founded", {"organisation"}, Sought((), ("time",))),
        ("Is it good", set(), Sought()),
    ],
)
def test_what_is_sought_is_told_by_the_words_of_a_question(
    question: str, named: set[str], sought: Sought
) -> None:
    assert sought_of(question, frozenset(named)) == sought


@pytest.mark.parametrize(
    ("sought", "fits"),
    [
        (Sought(("person",), ("place",)), [1]),
        (Sought(("person", "work"), ("person",)), [0, 1]),
        (Sought(("place", "work"), ("number",)), [0]),
        (Sought(("work",), ("place",)), []),
        (Sought(("person",)), []),
        (Sought((), ("place",)), []),
        (Sought(("event",), ("event",)), []),
    ],
)
def test_passages_fit_by_what_they_are_about_and_by_what_they_hold(
    make_index: MakeIndex, sought: Sought, fits: list[int]
) -> None:
    index = make_index(
        Doc("The Glass Harbour", "Mara Lindqvist shot it with two ships.", ("Mara Lindqvist",)),
        Doc("Mara Lindqvist", "She was born in Tallow Bay.", ("Tallow Bay",)),
        Doc("Tallow Bay", "A port."),
        Doc("", "Nothing is named."),
        types=TYPES,
    )
    assert np.flatnonzero(fitting(index, sought, np.arange(4))).tolist() == fits


def test_only_what_the_names_lead_to_counts_for_what_it_is(
    make_index: MakeIndex, asking: Asking
) -> None:
    index = make_index(
        Doc("The Glass Harbour", "It was directed by Mara Lindqvist.", ("Mara Lindqvist",)),
        Doc("Mara Lindqvist", "She was born in Tallow Bay.", ("Tallow Bay",)),
        Doc("Owen Pryce", "He was born in Tallow Bay.", ("Tallow Bay",)),
        types=TYPES,
    )
    query = Query(text="Where was the director of The Glass Harbour born?", k=3)
    [pool] = pools(index, query, asking, np.ones(3, np.bool_))
    sought = dict(zip(pool.rows.tolist(), pool.signals["sought"].tolist(), strict=True))
    assert sought[1] > 0.1
    assert sought[1] > 2 * sought[2]


@pytest.mark.parametrize(
    ("text", "view"),
    [
        (
            "Where was the director of The Glas Harbour born?",
            QuestionView(
                names=("The Glas Harbour, for The Glass Harbour",),
                about=("person",),
                answers=("place",),
                cues=("bridge",),
            ),
        ),
        (
            "Who was older in 1954, Mara Lindqvist or Owen Pryce?",
            QuestionView(
                names=("Mara Lindqvist", "Owen Pryce"),
                times=("1954",),
                about=("person",),
                answers=("time", "person"),
                cues=("comparison", "bridge", "temporal"),
            ),
        ),
        (
            "Who is Owen Pryce's mother-in-law?",
            QuestionView(
                names=("Owen Pryce",),
                about=("person",),
                answers=("person",),
                cues=("bridge", "inference"),
            ),
        ),
        ("Is it good?", QuestionView()),
    ],
)
def test_a_question_is_shown_as_it_is_read(
    make_index: MakeIndex, text: str, view: QuestionView
) -> None:
    index = make_index(
        Doc("The Glass Harbour", "A film."),
        Doc("Mara Lindqvist", "Owen Pryce.", ("Owen Pryce",)),
        types=TYPES,
    )
    assert view_of(index, Query(text=text), now=None) == view
