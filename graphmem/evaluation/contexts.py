"""What a context holds of the answer, beside whole passages in the order of each ranking.

A question is answered by a text where its answer, or an alias, stands in it word for word: case,
punctuation, diacritics and articles aside. Answers of yes or no stand anywhere and are left out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from graphmem.errors import InvalidInputError
from graphmem.evaluation.datasets import Question, Shape
from graphmem.evaluation.metrics import Latency, latency_of
from graphmem.extract.lexicon import STOP
from graphmem.kernels.text import words
from graphmem.model.base import Value
from graphmem.model.retrieval import Context, Hit, Mode

Count = Callable[[Sequence[str]], list[int]]
CONTEXT: Final = "context"
WHOLE_K: Final = 10
"""How many passages the references hold that no budget cuts."""
_HITS_TO_CUT: Final = 100
_ARTICLES: Final = frozenset({"a", "an", "the"})
_YES_NO: Final = frozenset({"yes", "no"})
_MARKER: Final = re.compile(r"\[\d+\]")


class Recalling(Protocol):
    """What is asked of a memory."""

    def search(self, question: str, *, k: int = 10, mode: Mode | str = Mode.GRAPH) -> list[Hit]:
        """The k best hits."""

    def context(self, question: str, *, budget: int = 1500) -> Context:
        """Cited text within a budget of tokens."""

    def with_namespace(self, namespace: str) -> Recalling:
        """The same memory, bound to another namespace."""


class Held(Value):
    """What texts hold: means over questions, `None` over none of them.

    `answered` is the share of the answers that stand in the text, `answer_words` the mean share of
    an answer's content words (its best alias counts), both over the `asked` questions that have an
    answer other than yes or no; `gold` the mean share of gold items cited, over all.
    """

    asked: int
    answered: float | None
    answer_words: float | None
    gold: float
    tokens: float


class ContextsResult(Value):
    """By what made the text and its budget; `whole` are references that no budget cuts."""

    questions: int
    yes_no: int
    without_answer: int
    budgets: tuple[int, ...]
    held: Mapping[str, Mapping[int, Held]]
    whole: Mapping[str, Held]
    latency: Latency


class _Tally:
    """Sums over questions of what one kind of text holds."""

    def __init__(self) -> None:
        self.scores: list[tuple[float, float] | None] = []
        self.gold: list[float] = []
        self.tokens: list[int] = []

    def add(
        self, question: Question, shape: Shape, text: str, hits: Sequence[Hit], tokens: int
    ) -> None:
        cited = {hit.source if shape is Shape.PASSAGES else hit.external_id for hit in hits}
        self.gold.append(len(cited & set(question.gold)) / len(question.gold))
        self.tokens.append(tokens)
        self.scores.append(answer_held(text, question.answers) if is_open(question) else None)

    def held(self) -> Held:
        scores = [score for score in self.scores if score is not None]
        return Held(
            asked=len(scores),
            answered=_mean([whole for whole, _ in scores]) if scores else None,
            answer_words=_mean([share for _, share in scores]) if scores else None,
            gold=_mean(self.gold),
            tokens=_mean(self.tokens),
        )


def evaluate_contexts(
    memory: Recalling,
    questions: Sequence[Question],
    *,
    shape: Shape,
    budgets: Sequence[int],
    modes: Sequence[Mode],
    count: Count,
    tell: Callable[[str, int, int], None],
) -> ContextsResult:
    """Ask for the context of each question at each budget, and cut each mode's passages to it.

    Parameters
    ----------
    questions
        At least one, each with gold.
    budgets
        Tokens, each at least 1.
    modes
        Whose rankings are cut; the whole :data:`WHOLE_K` best of each are references.
    count
        Tokens of each text, as the contexts' own budget counts them.
    """
    limits = budgets_of(budgets)
    texts = {name: {limit: _Tally() for limit in limits} for name in (CONTEXT, *modes)}
    whole = {mode: _Tally() for mode in modes}
    sizes: dict[str, int] = {}
    seconds = []
    for done, question in enumerate(questions, start=1):
        bound = memory.with_namespace(question.namespace)
        for mode in modes:
            hits = bound.search(question.text, k=_HITS_TO_CUT, mode=mode)
            fresh = {hit.id: as_read(hit) for hit in hits if hit.id not in sizes}
            sizes.update(zip(fresh, count(list(fresh.values())), strict=True) if fresh else ())
            for limit in limits:
                _add_cut(texts[mode][limit], question, shape, fitting(hits, sizes, limit), sizes)
            _add_cut(whole[mode], question, shape, hits[:WHOLE_K], sizes)
        for limit in limits:
            started = time.perf_counter()
            made = bound.context(question.text, budget=limit)
            seconds.append(time.perf_counter() - started)
            texts[CONTEXT][limit].add(question, shape, made.text, made.hits, made.tokens)
        tell(CONTEXT, done, len(questions))
    open_ones = sum(map(is_open, questions))
    without = sum(not question.answers for question in questions)
    return ContextsResult(
        questions=len(questions),
        yes_no=len(questions) - open_ones - without,
        without_answer=without,
        budgets=limits,
        held={
            str(name): {limit: tally.held() for limit, tally in by_budget.items()}
            for name, by_budget in texts.items()
        },
        whole={f"{mode.value}@{WHOLE_K}": tally.held() for mode, tally in whole.items()},
        latency=latency_of(seconds),
    )


def fitting(hits: Sequence[Hit], sizes: Mapping[str, int], budget: int) -> list[Hit]:
    """Hits in order while they fit; one too long is passed over for shorter ones after it."""
    taken = []
    for hit in hits:
        if sizes[hit.id] <= budget:
            budget -= sizes[hit.id]
            taken.append(hit)
    return taken


def answer_held(text: str, answers: Collection[str]) -> tuple[float, float]:
    """Whether an answer stands in the text (1 or 0), and the best share of one's content words.

    Markers such as ``[35]`` are no part of the text. An answer of function words alone has them for
    content.
    """
    said = _normal(_MARKER.sub(" ", text))
    heard = set(said)
    flat = f" {' '.join(said)} "
    stands, share = 0.0, 0.0
    for answer in answers:
        wanted = _normal(answer)
        if not wanted:
            continue
        stands = max(stands, float(f" {' '.join(wanted)} " in flat))
        content = {word for word in wanted if word not in STOP} or set(wanted)
        share = max(share, len(content & heard) / len(content))
    return stands, share


def is_open(question: Question) -> bool:
    """Whether the question has an answer, and one other than yes or no."""
    return bool(question.answers) and not any(
        " ".join(_normal(answer)) in _YES_NO for answer in question.answers
    )


def budgets_of(budgets: Sequence[int]) -> tuple[int, ...]:
    """Budgets in order, each once.

    Raises
    ------
    InvalidInputError
        One is below 1.
    """
    if any(budget < 1 for budget in budgets):
        raise InvalidInputError(
            f"Contexts of {list(budgets)} tokens", remedy="Give budgets of at least 1"
        )
    return tuple(sorted(set(budgets)))


def contexts_json(result: ContextsResult) -> dict[str, Any]:
    """The result as plain data, rounded."""
    return {
        "questions": result.questions,
        "left_out": {"yes_no": result.yes_no, "without_answer": result.without_answer},
        "budgets": list(result.budgets),
        **{
            name: {str(budget): _held_json(held) for budget, held in by_budget.items()}
            for name, by_budget in result.held.items()
        },
        "whole": {name: _held_json(held) for name, held in result.whole.items()},
        "latency_ms": {name: round(ms, 2) for name, ms in result.latency.model_dump().items()},
    }


def contexts_rows(result: ContextsResult) -> list[tuple[str, ...]]:
    """The table for people, in percent, a header first."""
    header = ("text", "budget", "tokens", "answers", "answer words", "gold cited")

    def row(name: str, budget: str, held: Held) -> tuple[str, ...]:
        shares = (held.answered, held.answer_words, held.gold)
        shown = ("-" if share is None else f"{100 * share:.1f}" for share in shares)
        return (name, budget, f"{held.tokens:.0f}", *shown)

    return [
        header,
        *(
            row(name, str(budget), by_budget[budget])
            for budget in result.budgets
            for name, by_budget in result.held.items()
        ),
        *(row(name, "whole", held) for name, held in result.whole.items()),
    ]


def _held_json(held: Held) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in held.model_dump().items()
    }


def _add_cut(
    tally: _Tally, question: Question, shape: Shape, hits: Sequence[Hit], sizes: Mapping[str, int]
) -> None:
    text = "\n".join(map(as_read, hits))
    tally.add(question, shape, text, hits, sum(sizes[hit.id] for hit in hits))


def as_read(hit: Hit) -> str:
    """A passage as a plain reader is given it: under its title, day and speaker."""
    day = f"{hit.occurred_at:%-d %B %Y}" if hit.occurred_at else ""
    head = " · ".join(filter(None, (hit.title, day, hit.speaker)))
    return f"{head}: {hit.text}" if head else hit.text


def _normal(text: str) -> list[str]:
    return [word for word in words(text) if word not in _ARTICLES]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
