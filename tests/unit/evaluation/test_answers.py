"""Answers are scored by how many of their statements must be read, yes and no left out."""

from __future__ import annotations

from graphmem.evaluation.answers import answers_json, answers_rows, evaluate_answers
from graphmem.evaluation.datasets import Question
from graphmem.model.retrieval import Answer, Statement

SAID = {
    "one": ("facts", ["Ann Lee lives in Oslo.", "Bob Ray lives in Rome."]),
    "two": ("facts", ["a", "b", "c", "The town of Saltmere it was."]),
    "three": ("small", []),
}


class Told:
    """Says what it was told to say in each namespace."""

    def __init__(self, namespace: str = "") -> None:
        self.namespace = namespace

    def with_namespace(self, namespace: str) -> Told:
        return Told(namespace)

    def ask(self, question: str) -> Answer:
        by, lines = SAID[self.namespace]
        statements = tuple(Statement(text=line, citations=()) for line in lines)
        return Answer(question=question, known=bool(lines), statements=statements, by=by, dropped=1)


def asked(namespace: str, *answers: str) -> Question:
    return Question(id=namespace, text="?", gold=("x",), namespace=namespace, answers=answers)


def test_an_answer_counts_from_the_statement_on_that_holds_it() -> None:
    questions = [
        asked("one", "the Rome"),
        asked("two", "Greywick", "Saltmere"),
        asked("three", "Lima"),
        asked("none", "yes"),
        asked("none"),
    ]
    told: list[tuple[str, int, int]] = []
    found = evaluate_answers(Told(), questions, tell=lambda *step: told.append(step))
    assert (found.asked, found.left_out, found.dropped) == (3, 2, 3)
    assert found.known == 2 / 3
    assert found.by == {"facts": 2, "small": 1}
    assert {first: said.answered for first, said in found.first.items()} == {
        1: 0.0,
        3: 1 / 3,
        5: 2 / 3,
    }
    assert told[-1] == ("answers", 3, 3)
    assert answers_json(found)["first"]["5"]["answered"] == 0.6667
    assert answers_rows(found)[-1] == ("5", "66.7", "66.7")
