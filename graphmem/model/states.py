"""What can be said to change: states with one value at a time, and what says that they are such."""

from __future__ import annotations

from graphmem.model.base import Share, Value


class LearnedState(Value):
    """A predicate of which a memory shows that its value is one at a time, or one for good.

    `holder` and `value` are roles. `agreeing` of `trials` places that could have shown more values
    than one did not; `bound` is the share that this is at least, surely enough. `examples` is of
    how many holders that was.
    """

    predicate: str
    holder: str
    value: str
    is_once: bool
    agreeing: int
    trials: int
    bound: Share
    examples: int

    @property
    def name(self) -> str:
        """What the state is called where it changes something."""
        return f"{self.predicate} {self.value} as learned"


class StateRule(Value):
    """A state that can be said to change, with the predicates that tell of it.

    A pattern is "predicate | role of whose it is | roles of its value". `is_once` says that it is
    never superseded, only corrected; `learned` is what of the memory says so, ``None`` for one that
    comes with graphmem or from a file.
    """

    name: str
    is_once: bool
    patterns: tuple[str, ...]
    learned: LearnedState | None = None
