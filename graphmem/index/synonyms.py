"""Synonyms: all names of entities that are held to be one stand for one of them.

What is kept of names and of where they stand is as written; this is laid over it, so that an index
can grow, and what is unmerged is as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from graphmem.graph.snapshot import Snapshot
from graphmem.index.matching import NameFinder
from graphmem.index.names import NameTable
from graphmem.kernels.arrays import Rows, compress
from graphmem.kernels.text import words


def meanings_of(snapshot: Snapshot, names: NameTable) -> Rows:
    """The row that each name stands for, shape (n_names,): its own where nothing is merged.

    Of the names of one entity it is the first in the order of keys, one that passages are about
    before others.
    """
    meanings = np.arange(len(names.keys), dtype=np.int32)
    if not len(snapshot.same):
        return meanings
    has_home = np.diff(names.home_indptr) > 0
    finder = NameFinder(names.keys)
    together: dict[int, list[int]] = {}
    entities, groups = _groups(snapshot)
    for entity, group in zip(entities, groups, strict=True):
        row = finder.row(" ".join(words(snapshot.entities.names[entity])))
        if row is not None:
            together.setdefault(group, []).append(row)
    for rows in together.values():
        meanings[rows] = min(rows, key=lambda row: (not has_home[row], row))
    return meanings


def _groups(snapshot: Snapshot) -> tuple[Sequence[int], Sequence[int]]:
    """Entities that are held to be one with others, and the number of the group of each."""
    entities, ends = np.unique(snapshot.same, return_inverse=True)
    left, right = ends.reshape(-1, 2).T
    n = len(entities)
    links = sp.coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    return entities.tolist(), connected_components(links, directed=False)[1].tolist()


def with_meanings(names: NameTable, meanings: Rows) -> NameTable:
    """The names with all homes at the ones that are stood for, each passage once."""
    owners = np.repeat(np.arange(len(meanings), dtype=np.int32), np.diff(names.home_indptr))
    if np.array_equal(meanings[owners], owners):
        return names
    homes: dict[tuple[int, int], float] = {}
    for name, passage, weight in zip(
        meanings[owners].tolist(),
        names.home_passages.tolist(),
        names.home_weights.tolist(),
        strict=True,
    ):
        homes[name, passage] = max(homes.get((name, passage), 0.0), weight)
    # As in a table without merges: by name, and then in the order in which passages came.
    ordered = sorted(homes.items(), key=lambda item: item[0])
    return replace(
        names,
        home_indptr=compress(np.array([name for (name, _), _ in ordered], np.int64), len(meanings)),
        home_passages=np.array([passage for (_, passage), _ in ordered], np.int32),
        home_weights=np.array([weight for _, weight in ordered], np.float32),
    )
