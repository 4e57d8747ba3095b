"""Facts where they stand in time: what a memory tells of someone or something, in order."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from graphmem.model.base import UtcTime, Value
from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.time import Interval, Precision


class Way(StrEnum):
    """How one entry of a timeline stands to another, read from the entry: "this, BECAUSE that"."""

    BECAUSE = "because"
    SO = "so"
    IN_ORDER_TO = "in order to"
    SERVES = "which serves"
    IF = "if"
    MAKES_POSSIBLE = "then"
    AFTER = "after"
    BEFORE = "before"
    WHILE = "while"
    BUT = "but"
    AND = "and"
    ELABORATES = "more on"
    ELABORATED = "said more in"
    ANSWERS = "in answer to"
    ANSWERED = "answered by"
    EXTENDS = "goes on from"
    EXTENDED = "goes on in"
    CHANGES = "changes"
    CHANGED = "changed by"
    FULFILS = "was planned"
    FULFILLED = "came about"
    FOLLOWS_FROM = "follows from"
    IMPLIES = "implies"


class Place(Value):
    """Where a fact is told: characters ``[start, end)`` of the source's text."""

    passage_id: str
    episode_id: str
    source: str
    title: str
    start: int
    end: int
    speaker: str | None = None
    session: str | None = None
    occurred_at: UtcTime | None = None


class Tie(Value):
    """A link to another fact, which may stand outside of the timeline."""

    way: Way
    fact_id: str
    text: str
    connective: str = ""


class Entry(Value):
    """A fact in a timeline, with all places that tell it, the first told first.

    `said_at` is when it was first told. `folded` are ids of facts that say the same. What took its
    place is in `superseded_by`; `retired_at` says when it was found to be wrong.
    """

    fact_id: str
    text: str
    predicate: str
    kind: FactKind
    modality: Modality
    polarity: Polarity
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    precision: Precision | None = None
    said_at: UtcTime | None = None
    recorded_at: UtcTime
    retired_at: UtcTime | None = None
    superseded_by: str | None = None
    reason: str = ""
    derived: bool = False
    entity_ids: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    ties: tuple[Tie, ...] = ()
    folded: tuple[str, ...] = ()

    @property
    def valid(self) -> Interval:
        """Valid time as an interval."""
        return Interval(self.valid_from, self.valid_to, self.precision or Precision.INSTANT)

    @property
    def is_dated(self) -> bool:
        """Whether it is known when it held, at one end at least."""
        return self.valid_from is not None or self.valid_to is not None

    @property
    def at(self) -> UtcTime | None:
        """Where it stands in the order: when it held, or else when it was told."""
        return self.valid_from or self.said_at or self.valid_to


class Timeline(Value):
    """What is told of an entity or a topic, by when it held; what has no time comes last.

    `entities` are the names that were taken for what was asked for, none for a topic.
    """

    of: str
    entities: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


class Profile(Value):
    """What lasts of somebody or something, by aspect, each with the facts as evidence.

    `note` is the entity's note as consolidation wrote it, empty before its first run.
    """

    of: str
    entities: tuple[str, ...] = ()
    type: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""
    aspects: Mapping[str, tuple[Entry, ...]] = Field(default_factory=dict)


class TaskState(StrEnum):
    """How far something that was planned has come."""

    PLANNED = "planned"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"


class Task(Value):
    """Something planned or under way, how far it has come, and what is planned to that end.

    `ended_by` is the last fact that tells how far, empty while there is only the plan.
    """

    plan: Entry
    state: TaskState
    ended_by: str = ""
    steps: tuple[Task, ...] = ()
