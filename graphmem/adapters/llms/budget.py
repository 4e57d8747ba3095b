"""The budget: how much of a language model may be used."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from graphmem.errors import ConfigurationError, LLMBudgetError
from graphmem.ports.llm import Usage

_PER: Final = 1_000_000
"""Tokens that prices are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be spent, ``None`` for no limit; prices are per million tokens."""

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0


class Budget:
    """Counts what is spent, and refuses when a limit is reached.

    Calls never exceed their limit; tokens and cost by what the calls under way take, as nobody
    knows before how long an answer becomes.
    """

    def __init__(self, limits: Limits) -> None:
        if limits.cost is not None and not (limits.price_in or limits.price_out):
            raise ConfigurationError(
                "A limit of cost needs prices",
                remedy="Set GRAPHMEM_LLM_PRICE_IN and GRAPHMEM_LLM_PRICE_OUT, per million tokens",
            )
        self._limits = limits
        self._spent = Usage()
        self._lock = threading.Lock()

    @property
    def spent(self) -> Usage:
        """All that was spent."""
        with self._lock:
            return self._spent

    def begin(self) -> Usage:
        """Take a call out of the budget; raises `LLMBudgetError` where none is left."""
        with self._lock:
            spent, limits = self._spent, self._limits
            for name, used, limit in (
                ("calls", spent.calls, limits.calls),
                ("tokens", spent.tokens, limits.tokens),
                ("cost", spent.cost, limits.cost),
            ):
                if limit is not None and used >= limit:
                    raise LLMBudgetError(
                        f"The language model's budget of {limit:,} {name} is used up"
                        f" ({used:,.6g} so far)",
                        remedy=f"Raise GRAPHMEM_LLM_BUDGET_{name.upper()}, or go on without it",
                        reason=f"budget of {name} used up",
                    )
            call = Usage(calls=1)
            self._spent += call
            return call

    def add(self, usage: Usage) -> Usage:
        """Take into account what a call has used; returns it with its cost."""
        limits = self._limits
        cost = (
            usage.prompt_tokens * limits.price_in + usage.completion_tokens * limits.price_out
        ) / _PER
        priced = usage.model_copy(update={"cost": cost})
        with self._lock:
            self._spent += priced
        return priced
