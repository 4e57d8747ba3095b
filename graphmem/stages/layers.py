"""Granularities above passages: depths of the tree, and communities, by rows of the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.maintain.communities import passages_about
from graphmem.model.summary import Community
from graphmem.retrieve.broad import Layer
from graphmem.stages.tree_nodes import node_id

if TYPE_CHECKING:  # where it is used it is imported late, as it loads a compiler
    from graphmem.index.tree import Tree

_OF_CIRCLE: Final = 50
"""Passages that a community is compared by at most."""


def depths_of(namespace: str, tree: Tree, index: PassageIndex) -> Iterator[tuple[Layer, list[str]]]:
    """The tree's nodes, a layer per depth with their ids, the root left out."""
    row_of = index.passages.ids.row_of
    serials, directions = tree.directions()
    at = {int(serial): place for place, serial in enumerate(serials)}
    depths: dict[int, int] = {}
    parents: dict[int, int] = {}
    for branch in tree.branches():
        above = branch.parent
        depths[branch.serial] = 0 if above is None else depths[above] + 1
        parents[branch.serial] = -1 if above is None else above
    place: dict[int, int] = {}
    for depth in range(1, max(depths.values(), default=0) + 1):
        units = [serial for serial, own in depths.items() if own == depth]
        held = [[row_of[name] for name in tree.leaves_below(serial)] for serial in units]
        above_units = [place.get(parents[serial], 0) for serial in units]
        place = {serial: unit for unit, serial in enumerate(units)}
        yield (
            Layer(
                name=f"depth {depth}",
                vectors=directions[[at[serial] for serial in units]],
                members=np.array([row for rows in held for row in rows], np.int64),
                owners=np.repeat(np.arange(len(units)), [len(rows) for rows in held]),
                above=np.array(above_units, np.int64),
            ),
            [node_id(namespace, serial) for serial in units],
        )


def circles_of(communities: Sequence[Community], index: PassageIndex) -> tuple[Layer, list[str]]:
    """Communities with their ids, each with the passages that tell most of it."""
    row_of = index.passages.ids.row_of
    ids: list[str] = []
    vectors, members, owners = [], [], []
    about = passages_about(
        index.columns.snapshot, [community.members for community in communities], limit=_OF_CIRCLE
    )
    for community, found in zip(communities, about, strict=True):
        rows = [row_of[id_] for id_ in found]
        if not rows:
            continue
        middle = index.vectors[rows].mean(axis=0)
        owners += [len(ids)] * len(rows)
        members += rows
        ids.append(community.id)
        vectors.append(middle / max(float(np.linalg.norm(middle)), 1e-9))
    shape = (0, index.vectors.shape[1])
    return Layer(
        name="communities",
        vectors=np.array(vectors, np.float32) if vectors else np.empty(shape, np.float32),
        members=np.array(members, np.int64),
        owners=np.array(owners, np.int64),
    ), ids
