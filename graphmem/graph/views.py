"""Views of a graph: what held, what was known, whose, and of which types, without copying it.

A view is a mask over nodes and new strengths. Facts and passages are nodes, so to leave one out is
to leave its node out: its edges are passed over while ranking.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.graph.columns import Strings
from graphmem.graph.delta import positions
from graphmem.graph.hypergraph import Hypergraph
from graphmem.graph.nodes import Bytes, NodeKind
from graphmem.graph.slots import indptr_of
from graphmem.graph.snapshot import OPEN_END
from graphmem.kernels.arrays import Ints, Mask
from graphmem.kernels.ranking import CsrGraph


@dataclass(frozen=True, slots=True)
class View:
    """What a walk may enter; times in UTC microseconds, as of now where ``None``.

    `as_of` keeps facts that are valid then, `known_at` facts and passages that were believed then;
    with `as_of_until` and `known_until` at some time from there up to these, which are out of it.
    `types` are those of entities, `namespaces` names; all where ``None``.
    """

    as_of: int | None = None
    known_at: int | None = None
    as_of_until: int | None = None
    known_until: int | None = None
    types: Collection[str] | None = None
    namespaces: Collection[str] | None = None


NOW = View()


def present_in(graph: Hypergraph, view: View = NOW) -> Mask:
    """Which nodes a view holds, shape (n,).

    Raises
    ------
    NotFoundError
        A namespace that the graph does not hold.
    InvalidInputError
        A type that no entity has.
    """
    nodes = graph.nodes
    if view.known_at is None:
        mask = nodes.retired_at == OPEN_END
    else:
        until = _until(view.known_at, view.known_until)
        # What was retired as it was recorded never was believed.
        mask = (nodes.recorded_at < until) & (nodes.recorded_at < nodes.retired_at)
        mask &= view.known_at < nodes.retired_at
    if view.as_of is not None:
        mask &= nodes.valid_from < _until(view.as_of, view.as_of_until)
        mask &= view.as_of < nodes.valid_to
    if view.types is not None:
        try:
            wanted = _codes(nodes.type_names, view.types)
        except KeyError as cause:
            held = ", ".join(sorted(filter(None, nodes.type_names)))
            raise InvalidInputError(
                f"No entity has the type {cause.args[0]!r}", remedy=f"There is {held}"
            ) from cause
        mask &= (nodes.kinds != NodeKind.ENTITY) | np.isin(nodes.types, wanted)
    if view.namespaces is not None:
        try:
            mask &= np.isin(nodes.spaces, _codes(nodes.namespaces, view.namespaces))
        except KeyError as cause:
            raise NotFoundError(
                f"The graph holds no namespace {cause.args[0]!r}",
                remedy=f"It holds {', '.join(nodes.namespaces)}",
            ) from cause
    return np.asarray(mask)


def walk_graph(graph: Hypergraph, view: View = NOW) -> CsrGraph:
    """What a ranker reads of a view; shares the edges of `graph`.

    Costs the edges of the nodes that are left out, and of their neighbours.
    """
    return whole_graph(graph).view(present_in(graph, view))


def whole_graph(graph: Hypergraph) -> CsrGraph:
    """All that `graph` holds, retired and ended facts included."""
    slots, starts, ends = graph.slots, graph.starts, graph.ends
    n = len(graph)
    is_packed = bool(np.all(starts[1:] == ends[:-1])) and (not n or starts[0] == 0)
    used = int(ends.max()) if n else 0
    return CsrGraph(
        indptr=np.append(starts, used),
        indices=slots.indices[:used],
        weights=slots.weights[:used],
        strengths=graph.strengths,
        is_symmetric=True,
        ends=None if is_packed else ends,
    )


def incidence(graph: Hypergraph, view: View = NOW) -> Incidence:
    """The incidence matrix H of a view, with roles; a copy.

    Errors are those of :func:`present_in`.
    """
    present = present_in(graph, view)
    kinds = graph.nodes.kinds
    entities = np.flatnonzero(present & (kinds == NodeKind.ENTITY))
    facts = np.flatnonzero(present & (kinds == NodeKind.FACT))
    entity_at = np.full(len(graph), -1, np.int64)
    entity_at[entities] = np.arange(len(entities))
    at, owner = positions(graph, facts)
    members = entity_at[graph.slots.indices[at]]
    named = members >= 0
    rows, kept = members[named].astype(np.int32), at[named]
    indptr = indptr_of(np.bincount(owner[named], minlength=len(facts)))
    shape = (len(entities), len(facts))
    return Incidence(
        entities=entities,
        facts=facts,
        matrix=sp.csc_matrix((graph.slots.weights[kept], rows, indptr), shape=shape),
        roles=graph.slots.roles[kept],
        role_names=graph.role_names,
    )


@dataclass(frozen=True, slots=True)
class Incidence:
    """Who takes part in what: `matrix` has shape (n_entities, n_facts), a fact is a column.

    `entities` and `facts` are the nodes of its rows and columns; `roles` are positions in
    `role_names`, shape (nnz,), in the order of the matrix's entries.
    """

    entities: Ints
    facts: Ints
    matrix: sp.csc_matrix
    roles: Bytes
    role_names: Strings


def projection(graph: Hypergraph, view: View = NOW) -> CsrGraph:
    """Entities tied by the facts that they share, H W H' with a zero diagonal; rows as in `graph`.

    A fact of m members ties each pair of them by the product of their weights, times 1 / (m - 1):
    so a member gives as much in a small fact as in a large one. An edge is the sum over facts.

    References
    ----------
    Zhou, Huang & Schölkopf (2006), *Learning with Hypergraphs*.
    """
    found = incidence(graph, view)
    sizes = np.diff(found.matrix.indptr)
    shares = np.divide(1.0, sizes - 1, out=np.zeros(len(sizes)), where=sizes > 1)
    pairs = found.matrix @ sp.diags(shares) @ found.matrix.T
    pairs.setdiag(0)
    pairs = sp.coo_matrix(pairs)
    n = len(graph)
    matrix = sp.csr_matrix(
        (pairs.data, (found.entities[pairs.row], found.entities[pairs.col])), shape=(n, n)
    )
    return CsrGraph.from_matrix(matrix)


def _until(start: int, end: int | None) -> int:
    """Where a range ends, or the moment `start` alone."""
    return start + 1 if end is None else end


def _codes(names: Strings, wanted: Collection[str]) -> list[int]:
    codes = {name: code for code, name in enumerate(names)}
    return [codes[name] for name in sorted(wanted)]
