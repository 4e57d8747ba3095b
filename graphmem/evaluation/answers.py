"""What `ask` says to questions with known answers: how soon the answer, or an alias, stands in it.

Without a language model an answer is the best supported facts and sentences, so what counts is
whether the first of them hold it; with one, whether the statement does. Answers of yes or no stand
anywhere and are left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from graphmem.evaluation.contexts import answer_held, is_open
from graphmem.evaluation.datasets import Question
from graphmem.evaluation.metrics import Latency, latency_of
from graphmem.model.base import Value
from graphmem.model.retrieval import Answer

FIRST: Final = (1, 3, 5)
"""How many of an answer's statements are read."""


class Asking(Protocol):
    """What is asked of a memory."""

    def ask(self, question: str) -> Answer:
        """An answer in statements, each with what bears it out."""

    def with_namespace(self, namespace: str) -> Asking:
        """The same memory, bound to another namespace."""


class Said(Value):
    """Of answers with so many statements read: in which share the answer stands, and the mean share
    of its content words."""

    answered: float
    answer_words: float


class AnswersResult(Value):
    """Means over the `asked` questions that have an answer other than yes or no.

    `known` is the share with any statement, `by` how many were answered by what (a model, ``facts``
    or ``times``), `dropped` the statements that nothing bore out.
    """

    asked: int
    left_out: int
    known: float
    by: Mapping[str, int]
    dropped: int
    first: Mapping[int, Said]
    latency: Latency


def evaluate_answers(
    memory: Asking, questions: Sequence[Question], *, tell: Callable[[str, int, int], None]
) -> AnswersResult:
    """Ask every question that has an answer other than yes or no; there has to be one."""
    asked = [question for question in questions if is_open(question)]
    scores: dict[int, list[tuple[float, float]]] = {first: [] for first in FIRST}
    by: Counter[str] = Counter()
    known = dropped = 0
    seconds = []
    for done, question in enumerate(asked, 1):
        bound = memory.with_namespace(question.namespace)
        started = time.perf_counter()
        made = bound.ask(question.text)
        seconds.append(time.perf_counter() - started)
        by[made.by] += 1
        known += made.known
        dropped += made.dropped
        for first, found in scores.items():
            text = "\n".join(statement.text for statement in made.statements[:first])
            found.append(answer_held(text, question.answers))
        tell("answers", done, len(asked))
    return AnswersResult(
        asked=len(asked),
        left_out=len(questions) - len(asked),
        known=known / len(asked),
        by=dict(sorted(by.items())),
        dropped=dropped,
        first={
            first: Said(
                answered=sum(whole for whole, _ in found) / len(asked),
                answer_words=sum(share for _, share in found) / len(asked),
            )
            for first, found in scores.items()
        },
        latency=latency_of(seconds),
    )


def answers_json(result: AnswersResult) -> dict[str, Any]:
    """The result as plain data, rounded."""
    return {
        "asked": result.asked,
        "left_out": result.left_out,
        "known": round(result.known, 4),
        "by": dict(result.by),
        "dropped": result.dropped,
        "first": {
            str(first): {name: round(share, 4) for name, share in said.model_dump().items()}
            for first, said in result.first.items()
        },
        "latency_ms": {name: round(ms, 2) for name, ms in result.latency.model_dump().items()},
    }


def answers_rows(result: AnswersResult) -> list[tuple[str, ...]]:
    """The table for people, in percent, a header first."""
    return [
        ("first statements", "answers", "answer words"),
        *(
            (str(first), f"{100 * said.answered:.1f}", f"{100 * said.answer_words:.1f}")
            for first, said in result.first.items()
        ),
    ]
