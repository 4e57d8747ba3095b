"""What was understood: entities, facts as hyperedges over them, and links between facts."""

from __future__ import annotations

from enum import StrEnum

from graphmem.model.base import Share, UtcTime, Value
from graphmem.model.source import DEFAULT_TRUST
from graphmem.model.time import Interval, Precision


class EntityType(StrEnum):
    """Coarse types; a property value, never a label."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    WORK = "work"
    GROUP = "group"
    EVENT = "event"
    PRODUCT = "product"
    DATE = "date"
    NUMBER = "number"
    CONCEPT = "concept"
    OTHER = "other"

    @property
    def is_name(self) -> bool:
        """Whether entities of this type are referred to by name, and not by description."""
        return self not in (EntityType.DATE, EntityType.NUMBER, EntityType.CONCEPT)


class Polarity(StrEnum):
    """Whether a fact is asserted or denied."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class Modality(StrEnum):
    """How a fact is held to be so."""

    ACTUAL = "actual"
    POSSIBLE = "possible"
    NECESSARY = "necessary"
    INTENDED = "intended"


class FactKind(StrEnum):
    """Whether a fact happens, holds for a while, or describes."""

    EVENT = "event"
    STATE = "state"
    ATTRIBUTE = "attribute"


class Sense(StrEnum):
    """How one fact relates to another: a coarse cut of the PDTB-3 senses.

    Read "the source is the SENSE of the target": its cause, its purpose, the condition it holds
    under, an elaboration of it, the answer to it, a premise that it was derived from (by the rule
    that the connective names). PRECEDES says that the source happened first;
    SYNCHRONOUS, CONTRAST and CONJUNCTION go both ways and are stored once, in the order of the
    text.
    """

    CAUSE = "cause"
    PURPOSE = "purpose"
    CONDITION = "condition"
    CONTRAST = "contrast"
    ELABORATION = "elaboration"
    PRECEDES = "precedes"
    SYNCHRONOUS = "synchronous"
    CONJUNCTION = "conjunction"
    ANSWER = "answer"
    PREMISE = "premise"


class Entity(Value):
    """What mentions refer to; its id is addressed by namespace and normalised name."""

    id: str
    name: str
    type: EntityType = EntityType.OTHER
    aliases: tuple[str, ...] = ()
    profile: str = ""


class Mention(Value):
    """An entity named in a passage.

    `start` and `end` are characters of the passage, both ``None`` where the name comes from the
    title. `about` in [0, 1] says how surely the passage is *about* the entity under this name: 1
    for its title, less for derived short forms, 0 for a mention in passing.
    """

    passage_id: str
    entity_id: str
    surface: str
    start: int | None = None
    end: int | None = None
    about: Share = 0.0


class Member(Value):
    """An entity in a role of a fact; `start` and `end` are characters of its first passage."""

    role: str
    entity_id: str
    text: str
    ordinal: int = 0
    start: int | None = None
    end: int | None = None


class Fact(Value):
    """An atomic statement: a hyperedge over its members.

    `valid_from` and `valid_to` say when it held in the world, half-open, ``None`` for unknown or
    open; `recorded_at` and `retired_at` when the memory learned it and stopped believing it.
    `keywords`, `topics`, `tags`, `event_types` and `intent` were mined of its first statement; who
    has said it stands where it was said, in the passages that it is evidenced by.
    """

    id: str
    text: str
    predicate: str
    members: tuple[Member, ...]
    polarity: Polarity = Polarity.POSITIVE
    modality: Modality = Modality.ACTUAL
    attribution: str | None = None
    kind: FactKind = FactKind.EVENT
    confidence: Share = 1.0
    trust: Share = DEFAULT_TRUST
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    precision: Precision | None = None
    recorded_at: UtcTime
    retired_at: UtcTime | None = None
    strength: float = 1.0
    recalls: int = 0
    last_recalled_at: UtcTime | None = None
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    intent: str | None = None

    @property
    def valid(self) -> Interval:
        """Valid time as an interval."""
        return Interval(self.valid_from, self.valid_to, self.precision or Precision.INSTANT)


class Evidence(Value):
    """Where a fact is stated: characters ``[start, end)`` of a passage."""

    fact_id: str
    passage_id: str
    start: int
    end: int


class DiscourseLink(Value):
    """A link between two facts; offsets of the connective are characters of `passage_id`."""

    source_id: str
    target_id: str
    sense: Sense
    connective: str = ""
    passage_id: str | None = None
    start: int | None = None
    end: int | None = None


class Supersession(Value):
    """A newer fact that ends an older one, and why."""

    newer_id: str
    older_id: str
    reason: str


class SameAs(Value):
    """Two entities held to be one; reversible, with who said so."""

    left_id: str
    right_id: str
    score: Share
    by: str


class Identity(Value):
    """An entity, those that are held to be one with it, and the links that say so."""

    entity: Entity
    same: tuple[Entity, ...] = ()
    links: tuple[SameAs, ...] = ()
