"""Rows and values: what the tables hold, as the model's values, and back.

Columns are listed once; statements are put together from these names and never from data.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring
from typing import Any, Final

from graphmem.errors import InvalidInputError
from graphmem.model.knowledge import Entity, Fact, Member
from graphmem.model.source import Episode, Passage
from graphmem.model.time import from_micros, to_micros

Row = tuple[Any, ...]

NO_OFFSET: Final = -1

EPISODE_COLUMNS: Final = (
    *("nid", "id", "namespace_nid", "source", "title", "kind", "occurred_at", "recorded_at"),
    *("retired_at", "digest", "trust", "depth"),
)
PASSAGE_COLUMNS: Final = (
    *("nid", "id", "namespace_nid", "episode_nid", "text", "start", "end", "ordinal", "speaker"),
    *("session", "occurred_at", "external_id", "attributes", "vector_key"),
    *("forgotten_at", "recalls", "last_recalled_at"),
)
ENTITY_COLUMNS: Final = ("nid", "id", "namespace_nid", "name", "type", "aliases", "profile")
FACT_COLUMNS: Final = (
    *("nid", "id", "namespace_nid", "text", "predicate", "polarity", "modality", "attribution"),
    *("kind", "confidence", "trust", "valid_from", "valid_to", "precision", "recorded_at"),
    *("retired_at", "strength", "recalls", "last_recalled_at"),
    *("keywords", "topics", "tags", "event_types", "intent"),
)
ROLE_COLUMNS: Final = (
    *("fact_nid", "position", "entity_nid", "role", "text", "ordinal", "start", "end"),
)

# A statement is compiled once per number of placeholders, so lists of ids come in few sizes.
_CHUNKS: Final = (1, 20, 400)

micros = lru_cache(maxsize=1 << 14)(to_micros)
"""A batch repeats few moments many times."""


def quoted(columns: Iterable[str], *, prefix: str = "") -> str:
    """Column names for a statement; quoted because ``end`` and ``by`` are words of SQL."""
    return ", ".join(f'{prefix}"{column}"' for column in columns)


def insert(table: str, columns: Sequence[str], *, keep: bool = False) -> str:
    """An INSERT with a placeholder per column; `keep` passes over rows whose key is held."""
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({quoted(columns)}) VALUES ({marks})"
    # Not OR IGNORE, which would also swallow rows that break a CHECK.
    return f"{statement} ON CONFLICT DO NOTHING" if keep else statement


def select_in(
    connection: sqlite3.Connection, statement: str, keys: Collection[Any]
) -> Iterator[Row]:
    """Rows of `statement` for all `keys`, which replace its ``{keys}`` in chunks."""
    pending = iter(keys)
    left = len(keys)
    while left > 0:
        size = next((size for size in _CHUNKS if size >= left), _CHUNKS[-1])
        chunk = list(islice(pending, size))
        left -= len(chunk)
        # NULL is in no list.
        chunk.extend([None] * (size - len(chunk)))
        marks = ", ".join("?" * size)
        yield from connection.execute(statement.format(keys=marks), chunk)


def episode_row(nid: int, namespace: int, episode: Episode) -> Row:
    """In the order of :data:`EPISODE_COLUMNS`."""
    return (
        *(nid, episode.id, namespace, episode.source, episode.title, episode.kind.value),
        *(micros(episode.occurred_at), micros(episode.recorded_at), micros(episode.retired_at)),
        *(episode.digest, episode.trust, episode.depth.value),
    )


def passage_row(nid: int, namespace: int, episode: int, passage: Passage) -> Row:
    """In the order of :data:`PASSAGE_COLUMNS`."""
    return (
        *(nid, passage.id, namespace, episode, passage.text, passage.start, passage.end),
        *(passage.ordinal, passage.speaker, passage.session, micros(passage.occurred_at)),
        *(passage.external_id, attributes_json(passage.attributes), passage.vector_key),
        *(micros(passage.forgotten_at), passage.recalls, micros(passage.last_recalled_at)),
    )


def entity_row(nid: int, namespace: int, entity: Entity) -> Row:
    """In the order of :data:`ENTITY_COLUMNS`."""
    return (
        *(nid, entity.id, namespace, entity.name, entity.type.value),
        *(aliases_json(dict.fromkeys(entity.aliases)), entity.profile),
    )


def fact_row(nid: int, namespace: int, fact: Fact) -> Row:
    """In the order of :data:`FACT_COLUMNS`."""
    return (
        *(nid, fact.id, namespace, fact.text, fact.predicate, fact.polarity.value),
        *(fact.modality.value, fact.attribution, fact.kind.value, fact.confidence, fact.trust),
        *(micros(fact.valid_from), micros(fact.valid_to)),
        None if fact.precision is None else fact.precision.value,
        *(micros(fact.recorded_at), micros(fact.retired_at), fact.strength, fact.recalls),
        *(micros(fact.last_recalled_at), several_json(fact.keywords), several_json(fact.topics)),
        *(several_json(fact.tags), several_json(fact.event_types), fact.intent),
    )


def episode_of(namespace: str, row: Row) -> Episode:
    """From the columns after ``namespace_nid``, with the id first."""
    return Episode(
        id=row[0],
        namespace=namespace,
        source=row[1],
        title=row[2],
        kind=row[3],
        occurred_at=from_micros(row[4]),
        recorded_at=_moment(row[5]),
        retired_at=from_micros(row[6]),
        digest=row[7],
        trust=row[8],
        depth=row[9],
    )


def passage_of(row: Row) -> Passage:
    """From id, the episode's id, and the columns after ``episode_nid``."""
    return Passage(
        id=row[0],
        episode_id=row[1],
        text=row[2],
        start=row[3],
        end=row[4],
        ordinal=row[5],
        speaker=row[6],
        session=row[7],
        occurred_at=from_micros(row[8]),
        external_id=row[9],
        attributes=json.loads(row[10]),
        vector_key=row[11],
        forgotten_at=from_micros(row[12]),
        recalls=row[13],
        last_recalled_at=from_micros(row[14]),
    )


def entity_of(row: Row) -> Entity:
    """From id and the columns after ``namespace_nid``."""
    return Entity(
        id=row[0], name=row[1], type=row[2], aliases=tuple(json.loads(row[3])), profile=row[4]
    )


def fact_of(row: Row, members: Iterable[Row]) -> Fact:
    """From id and the columns after ``namespace_nid``, and rows of its roles, in order."""
    return Fact(
        id=row[0],
        text=row[1],
        predicate=row[2],
        members=tuple(
            Member(entity_id=m[0], role=m[1], text=m[2], ordinal=m[3], start=m[4], end=m[5])
            for m in members
        ),
        polarity=row[3],
        modality=row[4],
        attribution=row[5],
        kind=row[6],
        confidence=row[7],
        trust=row[8],
        valid_from=from_micros(row[9]),
        valid_to=from_micros(row[10]),
        precision=row[11],
        recorded_at=_moment(row[12]),
        retired_at=from_micros(row[13]),
        strength=row[14],
        recalls=row[15],
        last_recalled_at=from_micros(row[16]),
        keywords=_several(row[17]),
        topics=_several(row[18]),
        tags=_several(row[19]),
        event_types=_several(row[20]),
        intent=row[21],
    )


def aliases_json(aliases: Iterable[str]) -> str:
    """A JSON list of strings; several times faster than the general encoder."""
    return f"[{','.join(map(encode_basestring, aliases))}]"


def several_json(values: tuple[str, ...]) -> str | None:
    """A JSON list of what a fact has several of; NULL for none, which takes no room."""
    return aliases_json(values) if values else None


def _several(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def attributes_json(attributes: Mapping[str, Any]) -> str:
    """Compact JSON that keeps the order given; refuses numbers that JSON has no word for."""
    if not attributes:
        return "{}"
    try:
        return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as cause:
        raise InvalidInputError(
            f"attributes {attributes!r} hold a number that is not finite", remedy="Leave it out"
        ) from cause


def _moment(value: int) -> datetime:
    moment = from_micros(value)
    assert moment is not None
    return moment
