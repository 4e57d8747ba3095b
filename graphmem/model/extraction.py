"""What an extractor says of a passage, before it is resolved against the memory."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.model.base import Share, UtcTime, Value
from graphmem.model.knowledge import EntityType, FactKind, Modality, Polarity, Sense
from graphmem.model.source import AttributeValue, EpisodeKind, OpenTriples
from graphmem.model.time import Precision
from graphmem.model.usage import Tally


class EarlierTurn(Value):
    """What was said before a turn of a chat, and by whom."""

    speaker: str
    text: str


class PassageContext(Value):
    """A passage with what an extractor may know about its surroundings.

    `earlier` are the last turns before one of a chat, in order. `triples` are those that were
    extracted elsewhere, ``None`` where it is to be read here.
    """

    passage_id: str
    text: str
    title: str = ""
    ordinal: int = 0
    kind: EpisodeKind = EpisodeKind.DOCUMENT
    speaker: str | None = None
    addressee: str | None = None
    occurred_at: UtcTime | None = None
    previous: str = ""
    earlier: tuple[EarlierTurn, ...] = ()
    triples: OpenTriples | None = None


class MentionDraft(Value):
    """A name found; `start` is ``None`` for a name that comes from the title.

    `name` is the full name that it stands for, which differs from `surface` for an alias or a
    short form ("Lovelace" for "Ada Lovelace").
    """

    surface: str
    name: str
    type: EntityType = EntityType.OTHER
    start: int | None = None
    end: int | None = None
    about: Share = 0.0


class MemberDraft(Value):
    """A member as it reads in the passage, and the name or noun phrase that it resolves to."""

    role: str
    text: str
    name: str
    type: EntityType = EntityType.CONCEPT
    start: int | None = None
    end: int | None = None


class TimeDraft(Value):
    """A time as read: characters ``[start, end)``, its name resolved, and the interval it gives.

    `valid_from` or `valid_to` is ``None`` where the interval is open ("since 2019").
    """

    start: int
    end: int
    name: str
    valid_from: UtcTime | None
    valid_to: UtcTime | None
    precision: Precision


class ReferenceDraft(Value):
    """A pronoun, description or short form at ``[start, end)``, and what it refers to.

    One that refers to several has a draft for each of them.
    """

    start: int
    end: int
    name: str


class FactDraft(Value):
    """A fact as read; `start` and `end` are characters of the passage."""

    text: str
    predicate: str
    members: tuple[MemberDraft, ...]
    start: int
    end: int
    polarity: Polarity = Polarity.POSITIVE
    modality: Modality = Modality.ACTUAL
    attribution: str | None = None
    kind: FactKind = FactKind.EVENT
    confidence: Share = 1.0
    valid_from: UtcTime | None = None
    valid_to: UtcTime | None = None
    precision: Precision | None = None
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    intent: str | None = None


class LinkDraft(Value):
    """A discourse link between two facts of the extraction, by their position in `facts`."""

    source: int
    target: int
    sense: Sense
    connective: str = ""
    start: int | None = None
    end: int | None = None


class OpeningDraft(Value):
    """Words that a turn of a chat opens with: what it is to the turn before, by its sense.

    `is_source` says whether what follows is the source of the link, or else its target.
    """

    sense: Sense
    connective: str
    start: int
    end: int
    is_source: bool = True


class Extraction(Value):
    """All that was read in one passage; `tally` says how, where there is something to be told."""

    passage_id: str
    mentions: tuple[MentionDraft, ...] = ()
    facts: tuple[FactDraft, ...] = ()
    links: tuple[LinkDraft, ...] = ()
    openings: tuple[OpeningDraft, ...] = ()
    times: tuple[TimeDraft, ...] = ()
    references: tuple[ReferenceDraft, ...] = ()
    attributes: Mapping[str, AttributeValue] = {}
    tally: Tally | None = None
