"""What a text holds of an answer, and the budgets at which it is asked."""

from __future__ import annotations

import pytest

from graphmem.errors import InvalidInputError
from graphmem.evaluation.contexts import (
    answer_held,
    budgets_of,
    evaluate_contexts,
    fitting,
    is_open,
)
from graphmem.evaluation.datasets import Question, Shape
from graphmem.model.retrieval import Context, Hit, Mode


@pytest.mark.parametrize(
    ("text", "answer", "stands", "share"),
    [
        ("He saw the Beatles, in Oslo.", "beatles in OSLO", 1.0, 1.0),
        ("Zoë's boat", "the Zoe", 1.0, 1.0),
        ("They sold 350 boats.", "35", 0.0, 0.0),
        ("[35] They sold boats.", "35", 0.0, 0.0),
        ("Blue boats and a green car.", "a blue car", 0.0, 1.0),
        ("Blue boats.", "a blue car", 0.0, 0.5),
    ],
)
def test_an_answer_stands_word_for_word(
    text: str, answer: str, stands: float, share: float
) -> None:
    assert answer_held(text, [answer]) == (stands, share)


def test_the_best_alias_counts() -> None:
    assert answer_held("Ann Lee", ["A. B. Lee", "ann lee"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("answers", "expected"), [((), False), (("Yes.",), False), (("no",), False), (("Oslo",), True)]
)
def test_yes_and_no_are_left_out(answers: tuple[str, ...], expected: bool) -> None:
    question = Question(id="1", text="q", gold=("a",), namespace="default", answers=answers)
    assert is_open(question) is expected


def test_passages_are_taken_whole_in_order_while_they_fit() -> None:
    hits = [
        Hit(id=id, rank=1, score=1.0, text="t", title="", source=id, start=0, end=1)
        for id in ("a", "b", "c")
    ]
    taken = fitting(hits, {"a": 6, "b": 5, "c": 4}, 10)
    assert [hit.id for hit in taken] == ["a", "c"]


def test_a_budget_of_nothing_is_refused() -> None:
    assert budgets_of([500, 200, 500]) == (200, 500)
    with pytest.raises(InvalidInputError, match="0"):
        budgets_of([0])


class Recalled:
    """Recalls the same to every question; `asked` tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def search(self, question: str, *, k: int = 10, mode: Mode | str = Mode.GRAPH) -> list[Hit]:
        self.asked.append((question, k, mode))
        text = "Ann lives in Oslo, yes."
        return [Hit(id="h", rank=1, score=1.0, text=text, title="", source="a", start=0, end=23)]

    def context(self, question: str, *, budget: int = 1500) -> Context:
        hits = tuple(self.search(question))
        return Context(
            question=question, text=hits[0].text, tokens=5, budget=budget, citations=(), hits=hits
        )

    def with_namespace(self, namespace: str) -> Recalled:
        self.asked.append((namespace,))
        return self


def test_answers_of_yes_are_counted_apart_and_raise_no_share() -> None:
    questions = [
        Question(id=answer, text="q", gold=("a",), namespace="default", answers=answers)
        for answer, answers in (("1", ("Rome",)), ("2", ("yes",)), ("3", ("Oslo",)), ("4", ()))
    ]
    memory = Recalled()
    found = evaluate_contexts(
        memory,
        questions,
        shape=Shape.PASSAGES,
        budgets=[9],
        modes=[Mode.BM25],
        count=lambda texts: [len(text.split()) for text in texts],
        tell=lambda *_: None,
    )
    assert (found.questions, found.yes_no, found.without_answer) == (4, 1, 1)
    for held in (found.held["context"][9], found.held["bm25"][9], found.whole["bm25@10"]):
        assert (held.asked, held.answered, held.gold) == (2, 0.5, 1.0)
    assert memory.asked.count(("default",)) == 4
