"""What became of a statement: when it was believed, and why that changed."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from graphmem.model.base import UtcTime, Value
from graphmem.model.change import Operation
from graphmem.model.knowledge import Fact

REVISES: Final = "revises"
"""How the reason begins that links a version of a belief to the statement that it is of."""
UNDONE: Final = "UNDONE"
"""How the reason begins that says that the older fact is not to act upon the newer one."""

_REASON: Final = re.compile(
    rf"(?P<revises>{REVISES} )?(?P<operation>[A-Z]+) (?P<rule>[^:]*): (?P<why>.*)", re.DOTALL
)


class Reason(NamedTuple):
    """Why one fact supersedes another, as a supersession's reason tells it.

    `is_version` says that the newer one is a version of the older; else the newer acted upon it.
    """

    operation: Operation
    rule: str
    why: str
    is_version: bool = False

    def __str__(self) -> str:
        revises = f"{REVISES} " if self.is_version else ""
        return f"{revises}{self.operation.value} {self.rule}: {self.why}"


def reason_of(text: str) -> Reason | None:
    """A reason as it was written by a revision; ``None`` for one that was not."""
    match = _REASON.fullmatch(text)
    if match is None or match["operation"] not in Operation.__members__:
        return None
    return Reason(
        Operation(match["operation"]), match["rule"], match["why"], match["revises"] is not None
    )


class Event(Value):
    """Something that happened to a statement in the memory, at the transaction time `at`.

    ``ADD`` and ``NOOP``: it was stated, first or again, in `source`. ``UPDATE`` and ``SUPERSEDE``:
    it is believed with another valid time, as `belief`. ``RETIRE``: it is believed no longer.
    `by` is the fact that did it, with its text as the `reason`; ``None`` where it was the source
    that was retired.
    """

    at: UtcTime
    operation: Operation
    rule: str
    reason: str = ""
    by: str | None = None
    belief: Fact | None = None
    source: str | None = None


class Effect(Value):
    """What the statement itself did to another, by which rule."""

    operation: Operation
    rule: str
    fact_id: str
    text: str


class History(Value):
    """A statement, its beliefs in the order of transaction time, and what it did to others.

    `beliefs` are those that were ever held, the statement itself among them if it was.
    """

    statement: Fact
    beliefs: tuple[Fact, ...]
    events: tuple[Event, ...]
    effects: tuple[Effect, ...] = ()
