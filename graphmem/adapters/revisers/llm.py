"""A language model's verdict on statements that nothing orders: changed, corrected, or both so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import BaseModel

from graphmem.errors import LLMError
from graphmem.model.change import Operation
from graphmem.ports.llm import LLM
from graphmem.ports.reviser import Doubt, Judgement
from graphmem.prompts import filled

_PROMPT: Final = "revise.v1"
_OPERATIONS: Final = {
    "changed": Operation.SUPERSEDE,
    "corrected": Operation.RETIRE,
    "both": Operation.ADD,
}


class Verdict(BaseModel):
    """What a model says of one pair."""

    id: int
    verdict: Literal["changed", "corrected", "both"]
    reason: str = ""


class Verdicts(BaseModel):
    """What a model says of the pairs."""

    pairs: list[Verdict]


class LLMReviser:
    """Asks for all pairs of a batch in one request; a pair without a verdict stays as it is."""

    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    @property
    def name(self) -> str:
        """The model and the version of what it is asked."""
        return f"llm:{self._llm.name}/{_PROMPT}"

    def judge(self, doubts: Sequence[Doubt]) -> list[Judgement]:
        """The first verdict that is given of each pair.

        Raises
        ------
        LLMError
            There is no usable answer, or it judges none of the pairs.
        LLMBudgetError
            What may be spent is spent.
        ConfigurationError
            The endpoint refuses the key, or does not know the model.
        """
        if not doubts:
            return []
        listed = "\n\n".join(_listed(n, doubt) for n, doubt in enumerate(doubts, start=1))
        reply = self._llm.complete(filled(_PROMPT, pairs=listed), Verdicts)
        given: dict[int, Judgement] = {}
        for verdict in reply.value.pairs:
            if 1 <= verdict.id <= len(doubts):
                operation = _OPERATIONS[verdict.verdict]
                given.setdefault(
                    verdict.id, Judgement(operation=operation, reason=verdict.reason.strip())
                )
        if not given:
            raise LLMError(
                f"{self._llm.name} judged none of {len(doubts)} pairs", reason="no pair judged"
            )
        untouched = Judgement(operation=Operation.ADD)
        return [given.get(n, untouched) for n in range(1, len(doubts) + 1)]


def _listed(number: int, doubt: Doubt) -> str:
    older = _said(doubt.older, f"{doubt.older_said_at:%Y-%m-%d}" if doubt.older_said_at else "")
    newer = _said(doubt.newer, f"{doubt.newer_said_at:%Y-%m-%d}" if doubt.newer_said_at else "")
    return f"[{number}] {doubt.state}\nknown: {older}\nnew: {newer}"


def _said(text: str, day: str) -> str:
    """A statement with its day; it must not end the fence around all of them."""
    plain = " ".join(text.split()).replace("</pairs>", "</ pairs>")
    return f"({day}) {plain}" if day else plain
