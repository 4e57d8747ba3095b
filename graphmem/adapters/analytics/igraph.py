"""Analytics in this process: the projection is read from any store and handed to igraph."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import igraph
import numpy as np
import scipy.sparse as sp

from graphmem.adapters.analytics.standings import analysis, checked_damping
from graphmem.model.analysis import Analysis
from graphmem.ports.analytics import DAMPING
from graphmem.ports.store import GraphStore, StoreReader

_SEED = 0


class IgraphAnalyst:
    """An :class:`graphmem.ports.analytics.Analyst` over any store."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store

    def analyse(self, namespace: str, *, damping: float = DAMPING) -> Analysis:
        """See :class:`graphmem.ports.analytics.Analyst`; needs memory for the projection."""
        checked_damping(damping)
        with self._store.read(namespace, tables=("entities", "facts", "roles")) as reader:
            held = _rows(reader, "entities", "nid", "id", "name")
            shared = _projection(reader, {nid: row for row, (nid, _, _) in enumerate(held)})
        joined = np.flatnonzero(np.diff(shared.indptr))
        upper = sp.coo_array(sp.triu(shared[joined][:, joined]))
        graph = igraph.Graph(
            n=len(joined), edges=np.stack(upper.coords, axis=1), edge_attrs={"weight": upper.data}
        )
        with seeded():
            communities = graph.community_leiden(
                objective_function="modularity", weights="weight", n_iterations=-1
            )
        return analysis(
            "igraph",
            [held[row][1] for row in joined],
            [held[row][2] for row in joined],
            pagerank=np.array(graph.pagerank(weights="weight", damping=damping)),
            degrees=np.array(graph.strength(weights="weight")),
            components=np.array(graph.connected_components().membership, np.int64),
            communities=np.array(communities.membership, np.int64),
        )


def _projection(reader: StoreReader, row_of: dict[int, int]) -> sp.csr_array:
    """Facts that entities share, shape (n_entities, n_entities): H Hᵀ with a zero diagonal."""
    living = [
        nid for nid, retired in _rows(reader, "facts", "nid", "retired_at") if retired is None
    ]
    column_of = {nid: column for column, nid in enumerate(living)}
    members = {
        (row_of[entity], column_of[fact])
        for fact, entity in _rows(reader, "roles", "fact_nid", "entity_nid")
        if fact in column_of
    }
    ends = np.array(sorted(members), np.int64).reshape(-1, 2)
    incidence = sp.csr_array(
        (np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(row_of), len(living))
    )
    shared = sp.csr_array(incidence @ incidence.T)
    shared.setdiag(0)
    shared.eliminate_zeros()
    return shared


def _rows(reader: StoreReader, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [row for rows in reader.scan(table, columns) for row in rows]


@contextmanager
def seeded() -> Iterator[None]:
    """Let igraph draw the same numbers every time; it has one generator for the whole process."""
    igraph.set_random_number_generator(random.Random(_SEED))  # noqa: S311
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)
