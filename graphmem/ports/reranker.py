"""The port of rerankers: what reads a question with passages, and says how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Judged", "Reranker"]


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of texts in the order given, higher for a better fit.

    Only the distances within one answer count, so they may be on any scale. `missing` texts were
    not judged and have the mean of the others; `ignored` judgements were of no text of the list, or
    of one that had been judged.
    """

    scores: tuple[float, ...]
    missing: int = 0
    ignored: int = 0


class Reranker(Protocol):
    """Judges passages by reading them beside the question; safe to use from several threads."""

    @property
    def name(self) -> str:
        """What identifies the judgement: method, model and wording."""

    def judge(self, question: str, texts: Sequence[str]) -> Judged:
        """Finite scores of the texts, one each; none of them for none.

        Raises
        ------
        LLMError
            There is no usable judgement, or what may be spent on it is spent.
        """
