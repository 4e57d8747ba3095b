"""Analytics by Graph Data Science, in a Neo4j that has it: nothing but the answer is fetched.

A graph is projected into the server's memory, asked, and dropped; nothing is written. The open
edition computes on four threads at most.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from neo4j import ManagedTransaction

from graphmem.adapters.analytics.standings import analysis, checked_damping
from graphmem.adapters.bolt import Bolt, listed, number, rows
from graphmem.adapters.statements import read_statements
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.model.analysis import Analysis
from graphmem.model.ids import digest
from graphmem.ports.analytics import DAMPING

TOLERANCE: Final = 1e-10
ITERATIONS: Final = 200
_OWN: Final[Mapping[str, str]] = read_statements(__package__, "gds")


def version(bolt: Bolt) -> str | None:
    """The version of GDS in the server of `bolt`, or ``None`` where it is not installed."""
    if not bolt.read(lambda tx: number(tx, _OWN["version"])):
        return None
    ((found,),) = bolt.read(lambda tx: rows(tx, _OWN["read_version"]))
    return str(found)


class GdsAnalyst:
    """An :class:`graphmem.ports.analytics.Analyst` on the server of a Neo4j store."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt
        self._engine = f"gds {version(bolt)}"

    def analyse(self, namespace: str, *, damping: float = DAMPING) -> Analysis:
        """See :class:`graphmem.ports.analytics.Analyst`; needs no memory here for the graph."""
        checked_damping(damping)
        with _projected(self._bolt, "project_entities", key=digest(namespace)) as graph:
            entities = graph.listed("entities")
            row_of = {node: row for row, (node, *_) in enumerate(entities)}
            scores = _column(graph.pagerank(damping=damping), row_of, np.float64)
            components = _column(graph.listed("components"), row_of, np.int64)
            communities = _column(graph.listed("communities"), row_of, np.int64)
        return analysis(
            self._engine,
            [id_ for _, id_, _, _ in entities],
            [name for _, _, name, _ in entities],
            pagerank=scores / len(entities) if entities else scores,  # GDS begins with 1 a node
            degrees=np.array([degree for *_, degree in entities], np.float64),
            components=components,
            communities=communities,
        )


class GdsGraph:
    """A graph in the memory of GDS, undirected and weighted; see :func:`projected`."""

    def __init__(self, bolt: Bolt, name: str, nodes: int) -> None:
        self._bolt = bolt
        self._name = name
        self.nodes = nodes

    def listed(self, statement: str, **parameters: Any) -> list[list[Any]]:
        """Rows of a statement of ``gds.cypher``; none of a graph without nodes."""
        if not self.nodes:
            return []
        return self._bolt.read(
            lambda tx: listed(tx, _OWN[statement], graph=self._name, **parameters)
        )

    def pagerank(
        self,
        seeds: Sequence[int] = (),
        *,
        damping: float = DAMPING,
        tolerance: float = TOLERANCE,
        iterations: int = ITERATIONS,
        k: int = 100,
    ) -> list[list[Any]]:
        """PageRank as ``[node, score]``: of all nodes, or personalised, of the `k` best.

        Scores are those of GDS: without `seeds` they sum to the number of nodes, with them to the
        number of seeds, as long as no node is without edges. It stops when no score changes by
        `tolerance`.
        """
        options = {"damping": damping, "tolerance": tolerance, "iterations": iterations}
        if seeds:
            return self.listed("personalised", **options, seeds=list(seeds), k=k)
        return self.listed("pagerank", **options)


@contextmanager
def projected(bolt: Bolt, sources: Ints, targets: Ints, weights: Doubles) -> Iterator[GdsGraph]:
    """The graph of these edges, in the memory of GDS while the ``with`` runs.

    For measuring GDS beside others: the database itself is neither read nor written, and nodes are
    the integers given. The edges go there in one statement, for which the server's heap needs about
    200 bytes an edge.

    Parameters
    ----------
    sources, targets : array, shape (n_edges,)
        Ends of undirected edges, at least 0.
    weights : array, shape (n_edges,)
    """
    with _projected(
        bolt,
        "project_edges",
        sources=sources.tolist(),
        targets=targets.tolist(),
        weights=weights.tolist(),
    ) as graph:
        yield graph


@contextmanager
def _projected(bolt: Bolt, statement: str, **parameters: Any) -> Iterator[GdsGraph]:
    name = f"graphmem-{secrets.token_hex(8)}"

    def project(tx: ManagedTransaction) -> int:
        # It may run again after an answer that got lost; projections are no part of a transaction.
        rows(tx, _OWN["drop"], graph=name)
        return number(tx, _OWN[statement], graph=name, **parameters)

    try:
        yield GdsGraph(bolt, name, bolt.read(project))
    finally:
        bolt.read(lambda tx: rows(tx, _OWN["drop"], graph=name))


def _column(
    found: Sequence[Sequence[Any]], row_of: Mapping[int, int], kind: type[np.generic]
) -> Any:
    """Values by node as an array by row."""
    column = np.zeros(len(row_of), kind)
    for node, value in found:
        column[row_of[node]] = value
    return column
