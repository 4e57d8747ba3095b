"""GraphML, for Gephi, yEd and whatever else reads it: nodes and edges with typed properties.

XML has no word for most control characters: they become U+FFFD. A property without a value is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from graphmem.maintain.elements import edge_properties, edge_tables, node_properties, node_tables
from graphmem.maintain.records import Records
from graphmem.model.change import Counts

_TYPES: Final[Mapping[type, str]] = {int: "long", float: "double", str: "string"}
_UNSPEAKABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
)
_TABLE_OF: Final = {
    "Entity": "entities",
    "Fact": "facts",
    "Episode": "episodes",
    "Passage": "passages",
    "DISCOURSE": "discourse",
    "SUPERSEDES": "supersessions",
    "SAME_AS": "same_as",
    "MENTIONS": "mentions",
    "EVIDENCE": "evidence",
}


def write_graphml(records: Records, write: Callable[[bytes], object], *, namespace: str) -> Counts:
    """Write nodes and edges as GraphML; returns how many of each kind."""
    write((_HEAD + _keys("node", node_properties()) + _keys("edge", edge_properties())).encode())
    write(f'<graph id={_quoted(namespace)} edgedefault="directed">\n'.encode())
    counts: dict[str, int] = {}
    for nodes in node_tables(records):
        _count(counts, nodes.label, len(nodes.ids))
        columns = {"node_label": [nodes.label] * len(nodes.ids), **nodes.columns}
        for id_, data in zip(nodes.ids, _data("n", columns, len(nodes.ids)), strict=True):
            write(f"<node id={_quoted(id_)}>{data}</node>\n".encode())
    number = 0
    for edges in edge_tables(records):
        size = len(edges.sources)
        _count(counts, edges.type, size)
        columns = {"edge_type": [edges.type] * size, **edges.columns}
        rows = zip(edges.sources, edges.targets, _data("e", columns, size), strict=True)
        for source, target, data in rows:
            ends = f"source={_quoted(source)} target={_quoted(target)}"
            write(f'<edge id="e{number}" {ends}>{data}</edge>\n'.encode())
            number += 1
    write(b"</graph>\n</graphml>\n")
    return Counts(**counts)


def _count(counts: dict[str, int], kind: str, size: int) -> None:
    if kind in _TABLE_OF:
        counts[_TABLE_OF[kind]] = counts.get(_TABLE_OF[kind], 0) + size


def _keys(element: str, properties: Mapping[str, type]) -> str:
    return "".join(
        f'<key id="{element[0]}_{name}" for="{element}" attr.name="{name}"'
        f' attr.type="{_TYPES[kind]}"/>\n'
        for name, kind in properties.items()
    )


def _data(prefix: str, columns: Mapping[str, Any], length: int) -> Iterator[str]:
    for at in range(length):
        yield "".join(
            f'<data key="{prefix}_{name}">{_text(column[at])}</data>'
            for name, column in columns.items()
            if column[at] is not None
        )


def _text(value: object) -> str:
    # A carriage return that stands as such is read as a line feed.
    if isinstance(value, str):
        return escape(_UNSPEAKABLE.sub("\ufffd", value), {"\r": "&#13;"})
    return repr(value)


def _quoted(value: str) -> str:
    entities = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return quoteattr(_UNSPEAKABLE.sub("\ufffd", value), entities)
