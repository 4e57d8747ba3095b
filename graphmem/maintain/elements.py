"""A memory as nodes and edges in plain columns: what graph libraries and GraphML are made from.

Labels, types and properties are those that Cypher shows. Besides, every node has a ``label`` to
show: an entity's name, a fact's text, an episode's title, the beginning of a passage. A fact is a
node, with a ``ROLE`` edge to each member: an entity in two roles has two edges.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from graphmem.maintain.records import Record, Records, fields
from graphmem.ports.graphs import EdgeTable, NodeTable

_SHOWN: Final = 80
"""Characters of a passage that its label shows."""

_LABELS: Final[Mapping[str, tuple[str, Callable[[Record], str]]]] = {
    "entities": ("Entity", lambda record: str(record["name"])),
    "facts": ("Fact", lambda record: str(record["text"])),
    "episodes": ("Episode", lambda record: str(record["title"] or record["source"])),
    "passages": ("Passage", lambda record: str(record["text"])[:_SHOWN]),
}
_NOT_PROPERTIES: Final = {"id", "episode_id", "vector_key"}


class _Edges(NamedTuple):
    """Which table an edge type comes from, and the fields that name its ends."""

    type: str
    table: str
    source: str
    target: str


_EDGES: Final = (
    _Edges("ROLE", "roles", "fact_id", "entity_id"),
    _Edges("DISCOURSE", "discourse", "source_id", "target_id"),
    _Edges("SUPERSEDES", "supersessions", "newer_id", "older_id"),
    _Edges("SAME_AS", "same_as", "left_id", "right_id"),
)
_OF_PASSAGES: Final = (
    _Edges("HAS", "passages", "episode_id", "id"),
    _Edges("MENTIONS", "mentions", "passage_id", "entity_id"),
    _Edges("EVIDENCE", "evidence", "fact_id", "passage_id"),
)
_WHOLE: Final = {"start", "end", "ordinal", "recalls"}
_REAL: Final = {"trust", "confidence", "strength", "about", "score"}


def node_tables(records: Records, *, passages: bool = True) -> Iterator[NodeTable]:
    """Entities and facts, and with `passages` episodes and passages, in parts."""
    for table in _node_tables(passages):
        label, shown = _LABELS[table]
        names = [name for name in fields(table) if name not in _NOT_PROPERTIES]
        for batch in records.of(table, ("id", *names)):
            rows = [record for _, record in batch]
            yield NodeTable(
                label=label,
                ids=[row["id"] for row in rows],
                columns={"label": [shown(row) for row in rows], **_columns(rows, names)},
            )


def edge_tables(records: Records, *, passages: bool = True) -> Iterator[EdgeTable]:
    """The relations between those nodes, in parts; read after the nodes."""
    for edges in (*_EDGES, *(_OF_PASSAGES if passages else ())):
        names = _edge_properties(edges)
        if not passages:
            names = [name for name in names if name != "passage_id"]
        for batch in records.of(edges.table, (edges.source, edges.target, *names)):
            rows = [record for _, record in batch]
            yield EdgeTable(
                type=edges.type,
                sources=[row[edges.source] for row in rows],
                targets=[row[edges.target] for row in rows],
                columns=_columns(rows, names),
            )


def node_properties() -> dict[str, type]:
    """Names and types of all that a node can have, without its id."""
    names = ["node_label", "label"]
    for table in _LABELS:
        names += [name for name in fields(table) if name not in _NOT_PROPERTIES]
    return _typed(names)


def edge_properties() -> dict[str, type]:
    """Names and types of all that an edge can have."""
    names = ["edge_type"]
    for edges in (*_EDGES, *_OF_PASSAGES):
        names += _edge_properties(edges)
    return _typed(names)


def _node_tables(passages: bool) -> tuple[str, ...]:
    return tuple(_LABELS) if passages else ("entities", "facts")


def _edge_properties(edges: _Edges) -> list[str]:
    if edges.type == "HAS":
        return []
    return [name for name in fields(edges.table) if name not in (edges.source, edges.target)]


def _typed(names: Iterable[str]) -> dict[str, type]:
    return {
        name: int if name in _WHOLE else float if name in _REAL else str
        for name in dict.fromkeys(names)
    }


def _columns(rows: list[Record], names: Iterable[str]) -> dict[str, list[Any]]:
    return {name: [_plain(row[name], name) for row in rows] for name in names}


def _plain(value: Any, name: str) -> Any:
    """Lists and mappings as JSON; numbers as such."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return float(value) if name in _REAL and value is not None else value
