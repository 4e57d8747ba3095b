"""HIF, the Hypergraph Interchange Format: facts are edges, entities nodes, roles incidences.

An entity in two roles of a fact has two incidences, which only their attributes tell apart. What
links facts to each other or to passages has no place in it.

References
----------
Coll et al. (2025), *HIF: The hypergraph interchange format for higher-order networks*; its JSON
schema 0.1.0: ``network-type``, ``metadata``, ``nodes``, ``edges`` and ``incidences``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from graphmem.maintain.records import Record, Records
from graphmem.model.change import Counts

_PARTS: Final = (
    ("nodes", "entities", {"node": "id"}),
    ("edges", "facts", {"edge": "id"}),
    ("incidences", "roles", {"edge": "fact_id", "node": "entity_id"}),
)


def write_hif(records: Records, write: Callable[[bytes], object], *, namespace: str) -> Counts:
    """Write the hypergraph as HIF; returns how many entities and facts."""
    metadata = {"name": namespace, "generator": "graphmem", "nodes": "entities", "edges": "facts"}
    write(f'{{"network-type": "undirected",\n"metadata": {_json(metadata)}'.encode())
    counts: dict[str, int] = {}
    for part, table, keys in _PARTS:
        write(f',\n"{part}": ['.encode())
        size = 0
        for record in _records(records, table):
            element = {name: record.pop(field) for name, field in keys.items()}
            element["attrs"] = {name: value for name, value in record.items() if value is not None}
            write(f"{',' if size else ''}\n{_json(element)}".encode())
            size += 1
        write(b"]")
        if table != "roles":
            counts[table] = size
    write(b"}\n")
    return Counts(**counts)


def _records(records: Records, table: str) -> Iterator[Record]:
    return (record for batch in records.of(table) for _, record in batch)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
