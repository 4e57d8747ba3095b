"""Links between nodes as a store streams them: who is mentioned, who takes part, what states it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from graphmem.errors import StoreError
from graphmem.graph.nodes import Bytes, Codes, NodeKind, RowOf
from graphmem.kernels.arrays import Floats, Ints
from graphmem.ports.store import StoreReader


class Relation(NamedTuple):
    """A relation of a store: from its owner, whose rows come together, to the other end."""

    table: str
    owner: NodeKind
    other: NodeKind
    columns: tuple[str, ...]


RELATIONS: Final = (
    Relation("mentions", NodeKind.PASSAGE, NodeKind.ENTITY, ("passage_nid", "entity_nid")),
    Relation("roles", NodeKind.FACT, NodeKind.ENTITY, ("fact_nid", "entity_nid", "role")),
    Relation("evidence", NodeKind.FACT, NodeKind.PASSAGE, ("fact_nid", "passage_nid")),
)
"""In the order in which every node's links then ascend, whatever it is."""
LINK_TABLES: Final = tuple(relation.table for relation in RELATIONS)
NO_ROLE: Final = ""


@dataclass(frozen=True, slots=True)
class Links:
    """Shape (n,) each: links between two rows, each pair once, by owner and then by other.

    A link weighs ``log2(1 + count)`` where a relation holds `count` times between two nodes. A role
    is a position in the roles' names, that of ``""`` for links that have none.
    """

    owners: Ints
    others: Ints
    weights: Floats
    roles: Bytes


def read_links(
    reader: StoreReader,
    relation: Relation,
    rows: Mapping[NodeKind, RowOf],
    *,
    roles: Codes,
    batch: int = 50_000,
) -> Iterator[Links]:
    """Stream a relation; holds `batch` rows and those of one owner at a time.

    Raises
    ------
    StoreError
        A row that names a node which is not there.
    """
    held: list[tuple[Any, ...]] = []
    for read in reader.scan(relation.table, relation.columns, batch=batch):
        held += read
        # The last owner's rows may go on in the next batch.
        cut = bisect_left(held, held[-1][0], key=lambda row: row[0])
        if cut:
            yield links_of(relation, held[:cut], rows, roles=roles)
            held = held[cut:]
    if held:
        yield links_of(relation, held, rows, roles=roles)


def links_of(
    relation: Relation,
    given: Sequence[tuple[Any, ...]],
    rows: Mapping[NodeKind, RowOf],
    *,
    roles: Codes,
) -> Links:
    """Links from rows of `relation`, which hold all of each owner that they name."""
    columns = list(zip(*given, strict=True)) or [()] * len(relation.columns)
    owners, others = rows[relation.owner](columns[0]), rows[relation.other](columns[1])
    lost = np.flatnonzero((owners < 0) | (others < 0))
    if len(lost):
        raise StoreError(
            f"{relation.table} names {relation.columns[0]} {given[lost[0]][0]} and"
            f" {relation.columns[1]} {given[lost[0]][1]}, one of which is not there",
            remedy="`graphmem doctor` looks for damage",
        )
    n = len(owners)
    named = columns[2] if len(columns) > 2 else [NO_ROLE] * n
    codes = np.array([roles(role) for role in named] or np.zeros(n), np.uint8)
    order = np.lexsort((others, owners))  # stable: of several roles the first one counts
    owners, others, codes = owners[order], others[order], codes[order]
    first = np.ones(n, np.bool_)
    first[1:] = (np.diff(owners) != 0) | (np.diff(others) != 0)
    at = np.flatnonzero(first)
    counts = np.diff(np.append(at, n))
    return Links(owners[at], others[at], np.log2(1.0 + counts).astype(np.float32), codes[at])
