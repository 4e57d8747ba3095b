"""The port of language models: a prompt in, a value of a schema out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from graphmem.model.base import Value
from graphmem.model.usage import Usage

__all__ = ["LLM", "Prompt", "Reply", "Usage", "unheeded"]

T = TypeVar("T", bound=BaseModel)


class Prompt(Value):
    """What is asked: instructions, and the data they are about; `version` names their wording."""

    version: str
    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """An answer; `dropped` items of its lists did not fit the schema and are left out of it."""

    value: T
    dropped: int = 0


def unheeded(_: Usage) -> None:
    """For callers that do not ask what an answer has cost."""


class LLM(Protocol):
    """Answers prompts; safe to use from several threads."""

    @property
    def name(self) -> str:
        """The model."""

    @property
    def concurrency(self) -> int:
        """Prompts that it answers side by side; more of them wait."""

    @property
    def usage(self) -> Usage:
        """All that was spent since it was made."""

    def complete(
        self, prompt: Prompt, schema: type[T], *, spent: Callable[[Usage], None] = unheeded
    ) -> Reply[T]:
        """Answer with a value of `schema`.

        `spent` is told what the answer has cost, also where there is none in the end.

        Raises
        ------
        LLMError
            There is no usable answer, after all retries.
        LLMBudgetError
            What may be spent is spent; nothing was sent.
        ConfigurationError
            The endpoint refuses the key, or does not know the model.
        """

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
