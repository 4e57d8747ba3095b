"""What became of a statement: when it was believed, and why that changed."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from graphmem.model.base import UtcTime, Value
from graphmem.model.change import Operation
from graphmem.model.knowledge import Fact

_REVISES: Final = "revises"
UNDONE: Final = "UNDONE"
"""How the reason begins that says that the older fact is not to act upon the newer one."""

_REASON: Final = re.compile(
    rf"(?P<revises>{_REVISES} )?(?P<operation>[A-Z]+) (?P<rule>[^:]*): (?P<why>.*)", re.DOTALL
)


class Retelling(StrEnum):
    """How a statement tells again what another one tells; the rule in the reason of their link.

    The newer of a link of the first and the last is the one that was known.
    """

    SAME = "told in other words"
    MORE = "told in more detail"
    LESS = "told in less detail"


class Reason(NamedTuple):
    """Why one fact supersedes another, as a supersession's reason tells it.

    `is_version` says that the newer one is a version of the older; else the newer acted upon it.
    """

    operation: Operation
    rule: str
    why: str
    is_version: bool = False

    @property
    def ends(self) -> bool:
        """Whether the older one is not believed as it was any more."""
        return self.is_version or self.operation in (Operation.SUPERSEDE, Operation.RETIRE)

    def __str__(self) -> str:
        revises = f"{_REVISES} " if self.is_version else ""
        return f"{revises}{self.operation.value} {self.rule}: {self.why}"


def reason_of(text: str) -> Reason | None:
    """A reason as it was written by a revision; ``None`` for one that was not."""
    match = _REASON.fullmatch(text)
    if match is None or match["operation"] not in Operation.__members__:
        return None
    return Reason(
        Operation(match["operation"]), match["rule"], match["why"], match["revises"] is not None
    )


def is_version(text: str) -> bool:
    """Whether the newer of two facts is a version of the older one, by the reason of their link."""
    reason = reason_of(text)
    return reason is not None and reason.is_version


def ends_other(text: str) -> bool:
    """Whether the newer of two facts is another statement by which the older one is not believed
    as it was: no version of it, nothing that tells it again, and not undone by hand."""
    reason = reason_of(text)
    if reason is None:
        return not text.startswith(UNDONE)
    return reason.ends and not reason.is_version


def retelling_of(text: str) -> Retelling | None:
    """How the newer of two facts tells the older one again, by the reason of their link."""
    reason = reason_of(text)
    if reason is None or reason.is_version or reason.rule not in set(Retelling):
        return None
    return Retelling(reason.rule)


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
