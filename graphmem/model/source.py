"""What was ingested: episodes, and the passages that tile them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from graphmem.model.base import Share, UtcTime, Value
from graphmem.model.ids import digest

AttributeValue = str | int | float | bool | tuple[str, ...]
"""A plain value, or several; a filter finds any of several."""
DEFAULT_NAMESPACE = "default"
DEFAULT_TRUST = 0.5
OF_SESSION = "session:"
"""How the source begins of a chat that was handed over with nothing but its session."""
OF_CONTENT = "content:"
"""How the source begins of a text that was handed over without one."""


class EpisodeKind(StrEnum):
    """The shape of what was ingested."""

    DOCUMENT = "document"
    CHAT = "chat"
    EVENT = "event"


class Depth(StrEnum):
    """How far a passage has been read: named and embedded only, or facts and links too."""

    FAST = "fast"
    FULL = "full"


class Message(Value):
    """One utterance of a chat, as the caller hands it in."""

    content: str
    role: str = "user"
    name: str | None = None
    at: UtcTime | None = None
    id: str | None = None

    @property
    def speaker(self) -> str:
        """Who said it: the name, or the role where there is none."""
        return self.name or self.role


class OpenTriples(Value):
    """What open information extraction elsewhere found in a text: entities, and triples.

    A triple is (subject, predicate, object), as phrases.
    """

    entities: tuple[str, ...] = ()
    triples: tuple[tuple[str, str, str], ...] = ()


class SourceItem(Value):
    """One thing to ingest: a text, or the messages of a chat; exactly one of the two.

    `triples` take the place of what would be read in the text, but for names.
    `replaces` says that the source's earlier content is outdated by this one: its episodes are
    retired (still readable by ``known_at``), as for a file that was edited.
    """

    source: str
    text: str | None = None
    messages: tuple[Message, ...] = ()
    title: str = ""
    kind: EpisodeKind = EpisodeKind.DOCUMENT
    session: str | None = None
    occurred_at: UtcTime | None = None
    trust: Share = DEFAULT_TRUST
    attributes: Mapping[str, AttributeValue] = Field(default_factory=dict)
    triples: OpenTriples | None = None
    replaces: bool = False


class Episode(Value):
    """What was ingested in one piece: a document, a session of a chat, an event."""

    id: str
    namespace: str
    source: str
    title: str
    kind: EpisodeKind
    occurred_at: UtcTime | None
    recorded_at: UtcTime
    retired_at: UtcTime | None = None
    digest: str
    trust: Share = DEFAULT_TRUST
    depth: Depth = Depth.FULL


class Passage(Value):
    """A retrievable span of an episode: ``episode text[start:end] == text``, in characters.

    `forgotten_at` is when a policy dropped it, for good: taken back, it comes as another. `recalls`
    counts the searches that found it.
    """

    id: str
    episode_id: str
    text: str
    start: int
    end: int
    ordinal: int
    speaker: str | None = None
    session: str | None = None
    occurred_at: UtcTime | None = None
    external_id: str | None = None
    attributes: Mapping[str, AttributeValue] = Field(default_factory=dict)
    vector_key: str
    forgotten_at: UtcTime | None = None
    recalls: int = 0
    last_recalled_at: UtcTime | None = None

    @staticmethod
    def key_of(embedded_text: str) -> str:
        """The key under which the vector of `embedded_text` is cached."""
        return digest(embedded_text)
