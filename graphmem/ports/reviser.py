"""The port of what decides between statements that nothing orders in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from graphmem.model.base import UtcTime, Value
from graphmem.model.change import Operation

__all__ = ["Doubt", "Judgement", "Reviser"]


class Doubt(Value):
    """Two statements of one state with different values, the newer of which has just come in."""

    state: str
    newer: str
    older: str
    newer_said_at: UtcTime | None = None
    older_said_at: UtcTime | None = None


class Judgement(Value):
    """Whether the newer one ends the older (``SUPERSEDE``), corrects it (``RETIRE``) or not."""

    operation: Operation
    reason: str = ""


class Reviser(Protocol):
    """Decides between statements; safe to use from several threads."""

    @property
    def name(self) -> str:
        """What identifies the judgement: method, model and wording."""

    def judge(self, doubts: Sequence[Doubt]) -> list[Judgement]:
        """One judgement per doubt, in their order.

        Raises
        ------
        LLMError
            There is no usable judgement, or what may be spent on it is spent.
        """
