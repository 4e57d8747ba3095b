"""The relation score rises with the question's words near a name, and stays in its sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.retrieve.question import Question, analyse
from graphmem.retrieve.relation import relation_scores

MakeIndex = Callable[..., PassageIndex]


def read(index: PassageIndex, text: str) -> Question:
    n = len(index)
    return analyse(index, text, similarity=np.zeros(n, np.float32), allowed=np.ones(n, np.bool_))


def scores(index: PassageIndex, text: str) -> dict[str, float]:
    found = index.occurrences
    values = relation_scores(index, read(index, text), np.arange(len(found.names)))
    return {index.names.labels[int(n)]: v for n, v in zip(found.names, values, strict=True)}


def test_the_name_beside_the_relation_word_scores_most(make_index: MakeIndex) -> None:
    text = (
        "The mother of Ann was Bea Low. Years later, quite elsewhere and unrelated, came Cid Roe."
    )
    index = make_index(("Ann", text, "Bea Low", "Cid Roe"), ("Other", "A mother is a parent."))
    found = scores(index, "Who is the mother of Ann?")
    assert found["Bea Low"] > 0
    assert found["Cid Roe"] == 0


def test_scores_lie_between_nothing_and_one(films: PassageIndex) -> None:
    found = films.occurrences
    values = relation_scores(
        films, read(films, "who directed the film and was born?"), np.arange(len(found.names))
    )
    assert ((values >= 0) & (values <= 1)).all()
    assert values.max() > 0


def test_a_question_of_names_alone_asks_for_no_relation(films: PassageIndex) -> None:
    question = read(films, "Ingrid Sorel")
    assert question.residual.tolist() == []
    assert relation_scores(films, question, np.arange(3)).tolist() == [0.0, 0.0, 0.0]


def test_names_are_found_in_a_question_without_capitals(films: PassageIndex) -> None:
    names = {films.names.labels[span.name] for span in read(films, "who was ingrid sorel?").spans}
    assert names == {"Ingrid Sorel"}


def test_the_masked_question_keeps_all_but_the_names(films: PassageIndex) -> None:
    assert read(films, "Where was Ingrid Sorel born?").masked == "Where was born"
