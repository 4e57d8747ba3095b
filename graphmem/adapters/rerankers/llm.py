"""Recognition by a language model: which of the passages found help to answer, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel, Field

from graphmem.errors import LLMError
from graphmem.ports.llm import LLM
from graphmem.ports.reranker import Judged
from graphmem.prompts import filled

_PROMPT: Final = "rerank.v1"
_MOST_CHARACTERS: Final = 2_000
"""Of a passage; what a long one is about stands at its beginning."""


class Verdict(BaseModel):
    """What a model says of one passage."""

    id: int
    relevant: bool
    grade: Annotated[int, Field(ge=0, le=3)]


class Verdicts(BaseModel):
    """What a model says of the passages."""

    passages: list[Verdict]


class LLMReranker:
    """Grades from 0 to 3 for all passages in one request; what is not relevant has 0."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    @property
    def name(self) -> str:
        """The model and the version of what it is asked."""
        return f"llm:{self._llm.name}/{_PROMPT}"

    def judge(self, question: str, texts: Sequence[str]) -> Judged:
        """The grades, the first one that is given of each passage.

        Raises
        ------
        LLMError
            There is no usable answer, or it judges none of the passages.
        LLMBudgetError
            What may be spent is spent.
        ConfigurationError
            The endpoint refuses the key, or does not know the model.
        """
        if not texts:
            return Judged(())
        listed = "\n\n".join(f"[{n}] {_fenced(text)}" for n, text in enumerate(texts, start=1))
        reply = self._llm.complete(filled(_PROMPT, question=question, passages=listed), Verdicts)
        grades: dict[int, float] = {}
        ignored = reply.dropped
        for verdict in reply.value.passages:
            if not 1 <= verdict.id <= len(texts) or verdict.id in grades:
                ignored += 1
                continue
            grades[verdict.id] = float(verdict.grade) if verdict.relevant else 0.0
        if not grades:
            raise LLMError(
                f"{self._llm.name} judged none of {len(texts)} passages ({ignored} ids ignored)",
                reason="no passage judged",
            )
        mean = sum(grades.values()) / len(grades)
        scores = tuple(grades.get(n, mean) for n in range(1, len(texts) + 1))
        return Judged(scores, missing=len(texts) - len(grades), ignored=ignored)


def _fenced(text: str) -> str:
    """The beginning of a passage, which must not end the fence around all of them."""
    return text[:_MOST_CHARACTERS].replace("</passages>", "</ passages>")
