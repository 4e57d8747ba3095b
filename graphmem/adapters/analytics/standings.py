"""What any engine computed, put into the same words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.model.analysis import Analysis, Standing


def analysis(
    engine: str,
    ids: Sequence[str],
    names: Sequence[str],
    *,
    pagerank: Doubles,
    degrees: Doubles,
    components: Ints,
    communities: Ints,
) -> Analysis:
    """An analysis from arrays of one row an entity; the labels of groups are made canonical."""
    component, community = _canonical(components, ids), _canonical(communities, ids)
    order = sorted(range(len(ids)), key=lambda at: (-pagerank[at], ids[at]))
    return Analysis(
        engine=engine,
        entities=tuple(
            Standing(
                id=ids[at],
                name=names[at],
                pagerank=float(pagerank[at]),
                degree=round(float(degrees[at])),
                component=component[at],
                community=community[at],
            )
            for at in order
        ),
        components=len(set(component)),
        communities=len(set(community)),
    )


def checked_damping(damping: float) -> float:
    """`damping`; raises `InvalidInputError` if it is not in (0, 1)."""
    if not 0.0 < damping < 1.0:
        raise InvalidInputError(f"damping={damping} is not in (0, 1)")
    return damping


def _canonical(labels: Ints, ids: Sequence[str]) -> list[int]:
    """Labels by the size of their group, the largest 0; of equal size, by the least id in it."""
    if not ids:
        return []
    _, group, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    least: dict[int, str] = {}
    for label, id_ in zip(group.tolist(), ids, strict=True):
        least[label] = min(id_, least.get(label, id_))
    order = sorted(least, key=lambda label: (-sizes[label], least[label]))
    number = {label: at for at, label in enumerate(order)}
    return [number[label] for label in group.tolist()]
