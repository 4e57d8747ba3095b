"""Names in a question that are not spelt as the memory has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_world import Doc

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.text import tokenise
from graphmem.model.retrieval import Query
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.naming import names_in, peoples_in
from graphmem.retrieve.question import analyse
from graphmem.retrieve.search import rank

MakeIndex = Callable[..., PassageIndex]
PLACES = {"Norway": "place", "France": "place", "Paris": "place", "Norwich": "place"}


def names(index: PassageIndex, text: str) -> list[tuple[str, str]]:
    """Labels of the names found, each with what stands in its place."""
    found = names_in(index, text, tokenise(text))
    return [(index.names.labels[span.name], span.instead) for span in found]


def peoples(index: PassageIndex, text: str) -> list[tuple[str, str]]:
    tokens = tokenise(text)
    found = peoples_in(index, text, tokens, names_in(index, text, tokens))
    return [(index.names.labels[span.name], span.instead) for span in found]


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("Who directed The Glas Harbour?", "The Glas Harbour"),
        ("Who directed the Glass Habrour?", "the Glass Habrour"),
        ("who directed the glass harbuor", "the glass harbuor"),
    ],
)
def test_a_misspelt_name_is_found(films: PassageIndex, text: str, instead: str) -> None:
    assert names(films, text) == [("The Glass Harbour", instead)]


def test_a_misspelt_name_takes_the_place_of_a_shorter_one_in_it(make_index: MakeIndex) -> None:
    index = make_index(("Raoul Walsh", "Raoul Walsh was a director."), ("Walsh", "A village."))
    assert names(index, "Where was Raul Walsh born?") == [("Raoul Walsh", "Raul Walsh")]
    assert names(index, "Where is Walsh?") == [("Walsh", "")]


@pytest.mark.parametrize(
    "text",
    [
        "Who directed Glory?",  # nothing is like it
        "Who sailed from Abercorn?",  # too many letters are wrong
        "Where is the sand of Glads Bay?",
        "What was Born of it?",  # a word that passages have, with no more of a name beside it
    ],
)
def test_other_names_are_left_alone(films: PassageIndex, text: str) -> None:
    assert names(films, text) == []


def test_a_misspelt_name_is_less_sure_and_leads_where_the_name_does(
    films: PassageIndex, asking: Asking
) -> None:
    text = "Where was the mother of the director of The Glass Harbuor born?"
    similarity = np.zeros(len(films), np.float32)
    question = analyse(films, text, similarity=similarity, allowed=similarity == 0)
    [span] = question.spans
    assert span.sure == pytest.approx(1 - 1 / len("TheGlassHarbuor"))
    assert {seed.passage for seed in question.seeds} == {0}
    assert "Harbuor" not in question.masked
    right = rank(films, Query(text=text.replace("Harbuor", "Harbour"), k=3), asking)
    assert rank(films, Query(text=text, k=3), asking).rows.tolist() == right.rows.tolist()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Which Norwegian painter was born first?", [("Norway", "Norwegian")]),
        ("Which French or Norwegian film?", [("France", "French"), ("Norway", "Norwegian")]),
        ("Which Parisian painter?", [("Paris", "Parisian")]),
        ("Which Danish painter?", []),
        ("Which norwegian painter?", []),
        ("Who is from Norway, a Norwegian?", []),
        ("Who sang Norwegian Wood?", []),
    ],
)
def test_an_adjective_leads_to_its_place(
    make_index: MakeIndex, text: str, found: list[tuple[str, str]]
) -> None:
    index = make_index(
        ("Norway", "A country.", "Norwegian"),
        ("Norwegian Wood", "A song of France and Paris.", "France", "Paris", "Norwich"),
        types=PLACES,
    )
    assert peoples(index, text) == found


def test_a_place_by_its_adjective_is_a_weak_seed_and_no_name(make_index: MakeIndex) -> None:
    index = make_index(("Norway", "A country."), ("Oslo", "A town."), types=PLACES)
    similarity = np.zeros(len(index), np.float32)
    allowed = similarity == 0
    question = analyse(index, "Which Norwegian town?", similarity=similarity, allowed=allowed)
    named = analyse(index, "Which town of Norway?", similarity=similarity, allowed=allowed)
    assert len(question.names) == 0
    assert question.masked == "Which Norwegian town"
    assert [seed.strength for seed in question.seeds] == [0.5 * named.seeds[0].strength]
    assert question.begins == {named.spans[0].name: 0.5}
    assert "norwegian" in question.residual_words


def test_a_question_in_names_asks_nothing_of_the_spelling(films: PassageIndex) -> None:
    names(films, "Which film is older, The Glass Harbour or the one by Mara Lindqvist?")
    assert "spelling" not in vars(films)


def test_what_stands_in_the_place_of_a_name_is_as_written(make_index: MakeIndex) -> None:
    index = make_index(Doc("Zoë Ångström", "A chemist."))
    assert names(index, "Who was Zoe  Angstorm?") == [("Zoë Ångström", "Zoe  Angstorm")]
