"""Rows and values: what the nodes hold, as the model's values, and back.

A property without a value is absent. Times are whole microseconds since 1970, UTC; attributes are
JSON in a string.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

from graphmem.errors import InvalidInputError
from graphmem.model.base import Value
from graphmem.model.ids import digest
from graphmem.model.knowledge import Entity, Fact, Member
from graphmem.model.source import Episode, Passage
from graphmem.model.time import from_micros, to_micros

Row = list[Any]

NO_OFFSET: Final = -1
"""Where a name comes from the title, as everywhere in Cypher's view of a memory."""

V = TypeVar("V", bound=Value)

_OF_NAMESPACE: Final = ("id", "nid", "space", "namespace", "changed_in")
EPISODE_FIELDS: Final = (
    *("source", "title", "kind", "occurred_at", "recorded_at", "retired_at", "digest", "trust"),
    "depth",
)
PASSAGE_FIELDS: Final = (
    *("episode_id", "text", "start", "end", "ordinal", "speaker", "session", "occurred_at"),
    *("external_id", "attributes", "vector_key", "forgotten_at", "recalls", "last_recalled_at"),
)
ENTITY_FIELDS: Final = ("name", "type", "aliases", "profile")
FACT_FIELDS: Final = (
    *("text", "predicate", "polarity", "modality", "attribution", "kind", "confidence", "trust"),
    *("valid_from", "valid_to", "precision", "recorded_at", "retired_at", "strength", "recalls"),
    *("last_recalled_at", "keywords", "topics", "tags", "event_types", "intent"),
)
EPISODE_COLUMNS: Final = (*_OF_NAMESPACE, *EPISODE_FIELDS, "source_key")
PASSAGE_COLUMNS: Final = (*_OF_NAMESPACE, *PASSAGE_FIELDS, "episode_nid")
ENTITY_COLUMNS: Final = (*_OF_NAMESPACE, *ENTITY_FIELDS)
FACT_COLUMNS: Final = (*_OF_NAMESPACE, *FACT_FIELDS)

_TIMES: Final = frozenset(
    (
        *("occurred_at", "recorded_at", "retired_at", "valid_from", "valid_to"),
        *("last_recalled_at", "forgotten_at"),
    )
)

micros = lru_cache(maxsize=1 << 14)(to_micros)
"""A batch repeats few moments many times."""


def episode_row(owner: Row, episode: Episode) -> Row:
    """In the order of :data:`EPISODE_COLUMNS`, after a place that is not used.

    `owner` is ``nid``, ``space``, the namespace's name and the version that the commit makes.
    """
    return [
        *(None, episode.id, *owner, episode.source, episode.title, episode.kind.value),
        *(micros(episode.occurred_at), micros(episode.recorded_at), micros(episode.retired_at)),
        *(episode.digest, episode.trust, episode.depth.value, digest(episode.source)),
    ]


def passage_row(
    owner: Row, episode_nid: int, passage: Passage, embedding: list[float] | None
) -> Row:
    """In the order of :data:`PASSAGE_COLUMNS`, after the episode's id and before the vector."""
    return [
        *(passage.episode_id, passage.id, *owner, passage.episode_id, passage.text),
        *(passage.start, passage.end, passage.ordinal, passage.speaker, passage.session),
        *(micros(passage.occurred_at), passage.external_id, attributes_json(passage.attributes)),
        *(passage.vector_key, micros(passage.forgotten_at), passage.recalls),
        *(micros(passage.last_recalled_at), episode_nid, embedding),
    ]


def entity_row(owner: Row, entity: Entity) -> Row:
    """In the order of :data:`ENTITY_COLUMNS`, after a place that is not used."""
    aliases = list(dict.fromkeys(entity.aliases))
    return [None, entity.id, *owner, entity.name, entity.type.value, aliases, entity.profile]


def fact_row(owner: Row, fact: Fact) -> Row:
    """In the order of :data:`FACT_COLUMNS`, after its roles."""
    return [
        [_role(at, member) for at, member in enumerate(fact.members)],
        *(fact.id, *owner, fact.text, fact.predicate, fact.polarity.value, fact.modality.value),
        *(fact.attribution, fact.kind.value, fact.confidence, fact.trust),
        *(micros(fact.valid_from), micros(fact.valid_to)),
        None if fact.precision is None else fact.precision.value,
        *(micros(fact.recorded_at), micros(fact.retired_at), finite(fact.strength, fact.id)),
        *(fact.recalls, micros(fact.last_recalled_at)),
        *(list(found) or None for found in (fact.keywords, fact.topics)),
        *(list(found) or None for found in (fact.tags, fact.event_types)),
        fact.intent,
    ]


def finite(value: float, owner: str) -> float:
    """A number as it is; raises `InvalidInputError` for one that does not compare."""
    if math.isnan(value):
        raise InvalidInputError(f"a number of {owner!r} is NaN", remedy="Give it a value")
    return value


def value_of(kind: type[V], columns: Iterable[str], row: Sequence[Any]) -> V:
    """A value of the model from its fields; those that are absent have their default."""
    fields = {name: value for name, value in zip(columns, row, strict=True) if value is not None}
    for name in _TIMES & fields.keys():
        fields[name] = from_micros(fields[name])
    if "attributes" in fields:
        fields["attributes"] = json.loads(fields["attributes"])
    if "members" in fields:
        fields["members"] = tuple(_member(*member) for member in sorted(fields["members"]))
    if kind is Episode:
        fields.setdefault("occurred_at", None)
    return kind(**fields)


def _role(position: int, member: Member) -> Row:
    return [
        *(member.entity_id, position, member.role, member.text, member.ordinal),
        *(member.start, member.end),
    ]


def _member(
    position: int,  # noqa: ARG001 - what it was sorted by
    entity_id: str,
    role: str,
    text: str,
    ordinal: int,
    start: int | None,
    end: int | None,
) -> Member:
    return Member(entity_id=entity_id, role=role, text=text, ordinal=ordinal, start=start, end=end)


def attributes_json(attributes: Mapping[str, Any]) -> str:
    """Compact JSON that keeps the order given; refuses numbers that JSON has no word for."""
    if not attributes:
        return "{}"
    try:
        return json.dumps(
            dict(attributes), ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
    except ValueError as cause:
        raise InvalidInputError(
            f"attributes {attributes!r} hold a number that is not finite", remedy="Leave it out"
        ) from cause


def aliases_json(aliases: Sequence[str]) -> str:
    """A JSON list of strings, as a scan shows it."""
    return json.dumps(aliases, ensure_ascii=False, separators=(",", ":"))
