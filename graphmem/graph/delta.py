"""Bringing a graph up to date: what a store changed since, and rows written anew behind the old.

A delta is a state, not a log: it holds changed nodes as they are now and all links that start at
them, so applying it twice, or a node that did not change after all, does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from graphmem.graph.hypergraph import Hypergraph, save_beside
from graphmem.graph.links import NO_ROLE, RELATIONS, Links, links_of
from graphmem.graph.nodes import (
    NODE_COLUMNS,
    NODE_TABLES,
    Codes,
    NodeKind,
    Nodes,
    RowOf,
    nodes_of,
    row_maps,
    stacked,
)
from graphmem.graph.slots import Edges, indptr_of, row_chunks, write_rows
from graphmem.kernels.arrays import Ints, Mask
from graphmem.ports.store import StoreReader

_Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Delta:
    """Nodes of a namespace that changed, as scanned, and all links that they own."""

    namespace: str
    version: int
    nodes: Mapping[NodeKind, _Rows]
    links: Mapping[str, _Rows]


def read_delta(reader: StoreReader, namespace: str) -> Delta:
    """From a view of what changed since the graph's version."""
    tables = dict(zip(NODE_COLUMNS, NODE_TABLES, strict=True))
    return Delta(
        namespace=namespace,
        version=reader.version,
        nodes={
            kind: list(chain.from_iterable(reader.scan(table, NODE_COLUMNS[kind])))
            for kind, table in tables.items()
        },
        links={
            relation.table: list(chain.from_iterable(reader.scan(relation.table, relation.columns)))
            for relation in RELATIONS
        },
    )


def updated(graph: Hypergraph, delta: Delta) -> Hypergraph | None:
    """The graph at the delta's version; ``None`` where its slots have no room for it.

    Costs the delta's nodes and the rows of their neighbours, and a copy of the columns of nodes.
    The graph that was given stays as it is.

    Raises
    ------
    StoreError
        A link names a node that neither the graph nor the delta holds.
    """
    nodes, rows = _with_nodes(graph, delta)
    roles = Codes("roles", list(graph.role_names), rest=NO_ROLE)
    given = _joined([links_of(r, delta.links[r.table], rows, roles=roles) for r in RELATIONS])
    owners = np.unique(
        np.concatenate([rows[kind](_nids(delta, kind)) for kind in NodeKind])
    ).astype(np.int64)
    added = len(nodes) - len(graph)
    whole = replace(
        graph,
        nodes=nodes,
        starts=np.concatenate((graph.starts, np.zeros(added, np.int64))),
        ends=np.concatenate((graph.ends, np.zeros(added, np.int64))),
        strengths=np.concatenate((graph.strengths, np.zeros(added))),
        role_names=roles.strings(),
        versions={**graph.versions, delta.namespace: delta.version},
    )
    lost, gained = _difference(_owned(whole, owners), given, len(whole))
    return _with_links(whole, lost, gained)


def write_compact(graph: Hypergraph, folder: Path) -> None:
    """Write the graph into the empty `folder` as building it afresh would, rows in order again."""
    nodes = graph.nodes
    order = np.lexsort((nodes.nids, nodes.spaces, nodes.kinds))
    row_of = np.empty(len(order), np.int64)
    row_of[order] = np.arange(len(order))
    lengths = (graph.ends - graph.starts)[order]
    indptr = indptr_of(lengths)
    slots = graph.slots

    def chunks() -> Iterator[Edges]:
        for first, last in row_chunks(lengths):
            at, owner = positions(graph, order[first:last])
            targets = row_of[slots.indices[at]]
            within = np.lexsort((targets, owner))
            yield Edges(targets[within], slots.weights[at[within]], slots.roles[at[within]])

    write_rows(folder, indptr, chunks())
    save_beside(
        folder,
        nodes=nodes.take(order),
        indptr=indptr,
        strengths=graph.strengths[order],
        role_names=graph.role_names,
        versions=graph.versions,
    )


def positions(graph: Hypergraph, rows: Ints) -> tuple[Ints, Ints]:
    """Slots of the given rows, and by position in `rows` whose each is; shape (m,) both."""
    starts, lengths = graph.starts[rows], graph.ends[rows] - graph.starts[rows]
    owner = np.repeat(np.arange(len(rows)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owner)) + np.repeat(starts - before, lengths), owner


def _with_nodes(graph: Hypergraph, delta: Delta) -> tuple[Nodes, Mapping[NodeKind, RowOf]]:
    """Nodes with those of the delta changed or appended, and how they are found."""
    spaces = Codes("namespaces", list(graph.nodes.namespaces))
    space = spaces(delta.namespace)
    types = Codes("types of entities", list(graph.nodes.type_names))
    known = {kind: RowOf(graph.nodes, kind, space) for kind in NodeKind}
    given = stacked(
        [nodes_of(kind, delta.nodes[kind], space=space, types=types) for kind in NodeKind],
        spaces=spaces,
        types=types,
    )
    at = np.concatenate([known[kind](_nids(delta, kind)) for kind in NodeKind])
    columns = {name: column.copy() for name, column in graph.nodes.columns().items()}
    for name, column in given.columns().items():
        columns[name][at[at >= 0]] = column[at >= 0]
    changed = Nodes(**columns, namespaces=given.namespaces, type_names=given.type_names)
    nodes = changed.joined(given.take(np.flatnonzero(at < 0)))
    return nodes, dict(row_maps(nodes))[delta.namespace]


def _nids(delta: Delta, kind: NodeKind) -> Ints:
    return np.array([row[0] for row in delta.nodes[kind]], np.int64)


def _joined(parts: Sequence[Links]) -> Links:
    return Links(
        owners=np.concatenate([part.owners for part in parts]),
        others=np.concatenate([part.others for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        roles=np.concatenate([part.roles for part in parts]),
    )


def _owned(graph: Hypergraph, owners: Ints) -> Links:
    """Links that start at `owners`: a fact's are all of its own, a passage's are its mentions."""
    at, owner = positions(graph, owners)
    others = graph.slots.indices[at].astype(np.int64)
    kinds = graph.nodes.kinds
    of_owner, of_other = kinds[owners[owner]], kinds[others]
    starts_here = (of_owner == NodeKind.FACT) | (
        (of_owner == NodeKind.PASSAGE) & (of_other == NodeKind.ENTITY)
    )
    kept = at[starts_here]
    return Links(
        owners[owner[starts_here]],
        others[starts_here],
        graph.slots.weights[kept],
        graph.slots.roles[kept],
    )


def _difference(held: Links, given: Links, n: int) -> tuple[Links, Links]:
    """Links that are no more, and those that are new; one that changed is both."""
    return _taken(held, ~_found(held, given, n)), _taken(given, ~_found(given, held, n))


def _found(links: Links, among: Links, n: int) -> Mask:
    """Which of `links` stand in `among` with the same weight and role."""
    if not len(among.owners):
        return np.zeros(len(links.owners), np.bool_)
    keys, wanted = among.owners * n + among.others, links.owners * n + links.others
    order = np.argsort(keys, kind="stable")
    at = order[np.minimum(np.searchsorted(keys[order], wanted), len(order) - 1)]
    alike = (among.weights[at] == links.weights) & (among.roles[at] == links.roles)
    return np.asarray((keys[at] == wanted) & alike)


def _taken(links: Links, mask: Mask) -> Links:
    return Links(links.owners[mask], links.others[mask], links.weights[mask], links.roles[mask])


def _with_links(graph: Hypergraph, lost: Links, gained: Links) -> Hypergraph | None:
    """Write the rows at both ends of these links anew."""
    ends = [lost.owners, lost.others, gained.owners, gained.others]
    rows = np.unique(np.concatenate(ends)).astype(np.int64)
    at, owner = positions(graph, rows)
    targets = graph.slots.indices[at].astype(np.int64)
    n = len(graph)
    stays = ~np.isin(rows[owner] * n + targets, _both_ways(lost, n))
    sources = np.concatenate((rows[owner[stays]], gained.owners, gained.others))
    made = Edges(
        np.concatenate((targets[stays], gained.others, gained.owners)),
        np.concatenate((graph.slots.weights[at[stays]], gained.weights, gained.weights)),
        np.concatenate((graph.slots.roles[at[stays]], gained.roles, gained.roles)),
    )
    order = np.lexsort((made.targets, sources))
    made = Edges(made.targets[order], made.weights[order], made.roles[order])
    place = np.searchsorted(rows, sources[order])
    first = graph.slots.append(made)
    if first is None:
        return None
    bounds = first + indptr_of(np.bincount(place, minlength=len(rows)))
    starts, stops, strengths = graph.starts.copy(), graph.ends.copy(), graph.strengths.copy()
    starts[rows], stops[rows] = bounds[:-1], bounds[1:]
    strengths[rows] = np.bincount(place, weights=made.weights, minlength=len(rows))
    return replace(graph, starts=starts, ends=stops, strengths=strengths)


def _both_ways(links: Links, n: int) -> Ints:
    return np.concatenate((links.owners * n + links.others, links.others * n + links.owners))
