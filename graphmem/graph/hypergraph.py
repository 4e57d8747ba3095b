"""The temporal hypergraph as one frozen graph to walk on, memory-mapped, built by streaming.

Facts are hyperedges, so each is a node tied to its members and to the passages that state it;
passages are tied to the entities that they mention. The incidence of facts and entities, and of
passages, are blocks of this one symmetric matrix, and removing a fact from a view is leaving out
its node: no edge has to be copied (see :mod:`graphmem.graph.views`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphmem.graph.columns import Strings, load_table, save_table
from graphmem.graph.links import NO_ROLE, RELATIONS, read_links
from graphmem.graph.nodes import Codes, Nodes, read_nodes, row_maps
from graphmem.graph.slots import Edges, RowsWriter, Slots
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.ports.store import StoreReader

FORMAT: Final = 1
"""Raised whenever the files mean something else; older ones are then built anew."""
_MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Hypergraph:
    """Nodes and symmetric weighted edges; node u's are slots ``starts[u]:ends[u]``.

    A row's neighbours are unique and ascend. `strengths` are its weights added up; `versions` are
    the namespaces' change counters that the graph shows.
    """

    nodes: Nodes
    starts: Ints
    ends: Ints
    strengths: Doubles
    slots: Slots
    role_names: Strings
    versions: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def n_edges(self) -> int:
        """Stored edges: each link twice, once a direction."""
        return int((self.ends - self.starts).sum())


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is kept beside the slots."""

    nodes: Nodes
    indptr: Ints
    strengths: Doubles
    role_names: Strings


def build_hypergraph(readers: Mapping[str, StoreReader], folder: Path) -> None:
    """Write the graph of namespaces, each with its reader, into the empty `folder`.

    Streams: needs memory for the nodes, and for a bounded number of links.

    Raises
    ------
    StoreError
        A link names a node that is not there.
    InvalidInputError
        More than 256 namespaces or types. Of roles the ones beyond that are told as none.
    """
    nodes = read_nodes(readers)
    roles = Codes("roles", [NO_ROLE], rest=NO_ROLE)
    maps = dict(row_maps(nodes))
    writer = RowsWriter(folder, len(nodes))
    try:
        for relation in RELATIONS:
            for name, reader in readers.items():
                for links in read_links(reader, relation, maps[name], roles=roles):
                    writer.add(links.owners, Edges(links.others, links.weights, links.roles))
                    writer.add(links.others, Edges(links.owners, links.weights, links.roles))
        indptr, strengths = writer.finish()
    finally:
        writer.close()
    save_beside(
        folder,
        nodes=nodes,
        indptr=indptr,
        strengths=strengths,
        role_names=roles.strings(),
        versions={name: reader.version for name, reader in readers.items()},
    )


def save_beside(
    folder: Path,
    *,
    nodes: Nodes,
    indptr: Ints,
    strengths: Doubles,
    role_names: Strings,
    versions: Mapping[str, int],
) -> None:
    """Write what a graph has beside its slots, the manifest last."""
    numbers = save_table(folder, _Stored(nodes, indptr, strengths, role_names))
    manifest = {
        "format": FORMAT,
        "nodes": len(nodes),
        "edges": int(indptr[-1]),
        "versions": dict(versions),
        "numbers": numbers,
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def open_hypergraph(folder: Path) -> Hypergraph:
    """Map a graph that :func:`build_hypergraph` wrote; in milliseconds, whatever its size.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
        Nothing is there, or it is damaged or of another format.
    """
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        raise ValueError(f"{folder} holds a graph of format {manifest['format']}")
    stored = load_table(_Stored, folder, manifest["numbers"])
    n, m = int(manifest["nodes"]), int(manifest["edges"])
    lengths = {len(column) for column in stored.nodes.columns().values()}
    if lengths != {n} or len(stored.indptr) != n + 1 or int(stored.indptr[-1]) != m:
        raise ValueError(f"{folder} does not hold {n} nodes and {m} edges")
    return Hypergraph(
        nodes=stored.nodes,
        starts=stored.indptr[:-1],
        ends=stored.indptr[1:],
        strengths=stored.strengths,
        slots=Slots.open(folder, used=m),
        role_names=stored.role_names,
        versions={str(name): int(version) for name, version in manifest["versions"].items()},
    )


def stored_bytes(folder: Path) -> int:
    """What a graph's files take on the disk, holes not counted."""
    return sum(path.stat().st_blocks * 512 for path in folder.iterdir() if path.is_file())
