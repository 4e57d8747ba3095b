"""What reading has cost, and what came of what could not be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Self

from pydantic import Field

from graphmem.model.base import Value


class Usage(Value):
    """What a language model was used for. `calls` are requests sent, failed ones included.

    `cost` is in the currency of the prices that were set. `repaired` replies were not the JSON that
    was asked for, but could be read; of those that were `cut_off`, what was whole.
    """

    calls: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    cache_hits: int = 0
    repaired: int = 0
    cut_off: int = 0

    @property
    def tokens(self) -> int:
        """Tokens both ways."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Self:
        names = Usage.model_fields
        summed = {name: getattr(self, name) + getattr(other, name) for name in names}
        return self.model_copy(update=summed)


class Tally(Value):
    """What is to be told of how passages were read, beside what was found in them.

    By reason: `rejected` counts what a model or ready-made triples state and the text does not bear
    out, `unplaced` what was taken but does not stand in the text word for word, `fallbacks`
    passages that were read another way.
    """

    usage: Usage = Usage()
    rejected: Mapping[str, int] = Field(default_factory=dict)
    unplaced: Mapping[str, int] = Field(default_factory=dict)
    fallbacks: Mapping[str, int] = Field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            usage=self.usage + other.usage,
            rejected=_summed(self.rejected, other.rejected),
            unplaced=_summed(self.unplaced, other.unplaced),
            fallbacks=_summed(self.fallbacks, other.fallbacks),
        )


def _summed(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted((Counter(left) + Counter(right)).items()))
