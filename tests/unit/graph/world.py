"""A store's tables by hand, the reader over them, and the graph they mean worked out in dicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from pathlib import Path
from typing import Any

import numpy as np

from graphmem.graph.delta import positions
from graphmem.graph.hypergraph import Hypergraph, build_hypergraph, open_hypergraph
from graphmem.graph.nodes import NodeKind
from graphmem.ports.store import SCANNABLE, Vectors

Key = tuple[str, NodeKind, int]
"""Namespace, kind and nid of a node."""
Row = dict[str, Any]


@dataclass
class World:
    """What a namespace holds: rows by table, each with the columns that matter here."""

    entities: dict[int, Row] = field(default_factory=dict)
    passages: dict[int, Row] = field(default_factory=dict)
    facts: dict[int, Row] = field(default_factory=dict)
    mentions: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)

    def nodes(self) -> Iterator[tuple[NodeKind, int, Row]]:
        tables = (self.entities, self.passages, self.facts)
        for kind, table in zip(NodeKind, tables, strict=True):
            for nid, row in table.items():
                yield kind, nid, row


class Reader:
    """A view of a world, of all of it or of some owners; as the storage port has it."""

    def __init__(
        self, world: World, *, version: int = 1, only: set[tuple[NodeKind, int]] | None = None
    ) -> None:
        self.world = world
        self.version = version
        self.removed = False
        self._only = only

    def scan(
        self, table: str, columns: Sequence[str], *, batch: int = 10_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        assert set(columns) <= set(SCANNABLE[table])
        held = getattr(self.world, table)
        if isinstance(held, dict):
            kind = {"entities": 0, "passages": 1, "facts": 2}[table]
            rows = [{"nid": nid, **held[nid]} for nid in sorted(held) if self._shows(kind, nid)]
        else:
            owner, kind = ("passage_nid", 1) if table == "mentions" else ("fact_nid", 2)
            rows = sorted((r for r in held if self._shows(kind, r[owner])), key=lambda r: r[owner])
        tuples = [tuple(row.get(column) for column in columns) for row in rows]
        few = min(batch, 3)  # so that an owner's rows are cut apart
        for start in range(0, len(tuples), few):
            yield tuples[start : start + few]

    def vectors(self, *, batch: int = 10_000) -> Iterator[tuple[list[int], Vectors]]:
        raise AssertionError(f"no graph needs vectors, {batch} at a time")

    def _shows(self, kind: int, nid: int) -> bool:
        return self._only is None or (NodeKind(kind), nid) in self._only


def expected(worlds: Mapping[str, World]) -> dict[Key, dict[Key, tuple[float, str]]]:
    """Neighbours of every node, with weight and role: without arrays, rows or chunks."""
    found: dict[Key, dict[Key, tuple[float, str]]] = {}
    for name, world in worlds.items():
        found |= {(name, kind, nid): {} for kind, nid, _ in world.nodes()}
        counts: Counter[tuple[Key, Key]] = Counter()
        first_role: dict[tuple[Key, Key], str] = {}
        links = (
            (world.mentions, NodeKind.PASSAGE, "passage_nid", NodeKind.ENTITY, "entity_nid"),
            (world.roles, NodeKind.FACT, "fact_nid", NodeKind.ENTITY, "entity_nid"),
            (world.evidence, NodeKind.FACT, "fact_nid", NodeKind.PASSAGE, "passage_nid"),
        )
        for rows, owner_kind, owner, other_kind, other in links:
            for row in rows:
                pair = (name, owner_kind, row[owner]), (name, other_kind, row[other])
                counts[pair] += 1
                first_role.setdefault(pair, row.get("role", ""))
        for (a, b), count in counts.items():
            found[a][b] = found[b][a] = (float(np.float32(log2(1 + count))), first_role[a, b])
    return found


def shown(graph: Hypergraph) -> dict[Key, dict[Key, tuple[float, str]]]:
    """What a graph says, by key."""
    names, nodes = list(graph.nodes.namespaces), graph.nodes
    keys = [
        (names[space], NodeKind(kind), int(nid))
        for space, kind, nid in zip(nodes.spaces, nodes.kinds, nodes.nids, strict=True)
    ]
    assert len(set(keys)) == len(keys)
    found: dict[Key, dict[Key, tuple[float, str]]] = {key: {} for key in keys}
    at, owner = positions(graph, np.arange(len(graph)))
    roles = list(graph.role_names)
    for slot, row in zip(at, owner, strict=True):
        target = keys[graph.slots.indices[slot]]
        assert target not in found[keys[row]]
        found[keys[row]][target] = (
            float(graph.slots.weights[slot]),
            roles[graph.slots.roles[slot]],
        )
    for row, key in enumerate(keys):
        neighbours = graph.slots.indices[graph.starts[row] : graph.ends[row]]
        assert np.all(np.diff(neighbours) > 0)
        assert np.isclose(graph.strengths[row], sum(w for w, _ in found[key].values()))
    return found


def built(folder: Path, worlds: Mapping[str, World], **versions: int) -> Hypergraph:
    """The graph of worlds, built and opened."""
    folder.mkdir(parents=True)
    readers = {n: Reader(w, version=versions.get(n, 1)) for n, w in worlds.items()}
    build_hypergraph(readers, folder)
    return open_hypergraph(folder)
