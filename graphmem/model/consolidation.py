"""What consolidation did."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from graphmem.model.base import Value


class StepReport(Value):
    """What a step looked at, what it added, and what it took back as it does not hold any more."""

    looked_at: int = 0
    added: int = 0
    taken_back: int = 0

    def __add__(self, other: StepReport) -> StepReport:
        return StepReport(
            looked_at=self.looked_at + other.looked_at,
            added=self.added + other.added,
            taken_back=self.taken_back + other.taken_back,
        )


class ConsolidationReport(Value):
    """What a run did, by step. Where it is not `finished`, the next one goes on from there."""

    finished: bool
    resumed: bool = False
    seconds: float = 0.0
    steps: Mapping[str, StepReport] = Field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How much was added or taken back in all."""
        return sum(step.added + step.taken_back for step in self.steps.values())
