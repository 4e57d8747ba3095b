"""What a memory looks like to Cypher: labels, relationship types and their properties.

Property names are the model's field names. Times are UTC microseconds, attributes a JSON object in
a string; a property that has no value is absent, but for a mention's `start` and `end`: where the
name comes from the title they are -1 (asked for a `start` that a relationship does not have, the
embedded engine answers with the node that it starts at).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from graphmem.model.ids import digest

LABELS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Episode": (
            *("id", "source", "title", "kind", "occurred_at", "recorded_at", "retired_at"),
            *("digest", "trust", "depth", "namespace"),
        ),
        "Passage": (
            *("id", "text", "start", "end", "ordinal", "speaker", "session", "occurred_at"),
            *("external_id", "attributes", "forgotten_at", "recalls", "last_recalled_at"),
            "namespace",
        ),
        "Entity": ("id", "name", "type", "aliases", "profile", "namespace"),
        "Fact": (
            *("id", "text", "predicate", "polarity", "modality", "attribution", "kind"),
            *("confidence", "trust", "valid_from", "valid_to", "precision", "recorded_at"),
            *("retired_at", "strength", "recalls", "last_recalled_at"),
            *("keywords", "topics", "tags", "event_types", "intent", "namespace"),
        ),
        "Summary": ("id", "name", "text", "depth", "place", "method", "stale", "namespace"),
        "Community": ("id", "name", "text", "level", "resolution", "method", "stale", "namespace"),
    }
)


class Relation(NamedTuple):
    """The labels at the ends of a relationship type, and its properties.

    What summaries are derived from has more than one: ``SUMMARISES`` goes to nodes of the tree and
    to facts too, with the place of the passage that they are beneath, or without one where a text
    quotes them, and ``QUOTES`` comes from communities too.
    """

    source: str
    target: str
    properties: tuple[str, ...] = ()


RELATIONS: Final[Mapping[str, Relation]] = MappingProxyType(
    {
        "HAS": Relation("Episode", "Passage"),
        "NEXT": Relation("Passage", "Passage"),
        "MENTIONS": Relation("Passage", "Entity", ("surface", "start", "end", "about")),
        "ROLE": Relation("Fact", "Entity", ("role", "ordinal", "text")),
        "EVIDENCE": Relation("Fact", "Passage", ("start", "end")),
        "DISCOURSE": Relation("Fact", "Fact", ("sense", "connective")),
        "SUPERSEDES": Relation("Fact", "Fact", ("reason",)),
        "SAME_AS": Relation("Entity", "Entity", ("score", "by")),
        "SUMMARISES": Relation("Summary", "Passage", ("place",)),
        "QUOTES": Relation("Summary", "Passage", ("place", "sentence", "start", "end", "fact_id")),
        "HAS_MEMBER": Relation("Community", "Entity", ("place",)),
    }
)

NO_OFFSET: Final = -1

NAMES: Final[frozenset[str]] = frozenset(
    (
        *LABELS,
        *RELATIONS,
        *(name for properties in LABELS.values() for name in properties),
        *(name for relation in RELATIONS.values() for name in relation.properties),
    )
)
"""Every name that a statement can rightly use, whether or not this memory has any of it."""

FINGERPRINT: Final = digest(repr(sorted(LABELS.items())), repr(sorted(RELATIONS.items())))
"""Changes when the shape does, so that views of another shape are not taken for this one."""
