"""How often a walk from anywhere ends on each of a graph's heaviest nodes: one table per graph.

A hub collects a little from everywhere, so that its score is what a local push knows least: the
bound by strength is wide for it. With ``g(y)``, the chance that a walk from y ends on the hub, what
the hub will get of residuals r is ``sum over y of r(y) g(y)``, whatever they are.
``g = (1 - a) sum of (a W)^t h`` for the walk W and the hub's indicator h; each step averages over
neighbours, so that terms fall ever closer together, and after T of them ``a^T max(W^T h)`` is left.

References
----------
Wang et al. (2016), *HubPPR: Effective Indexing for Approximate Personalized PageRank*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints
from graphmem.kernels.compiled import (
    DOUBLES,
    GRAPH,
    NODES,
    SINGLES,
    TABLE,
    TO_SINGLES,
    WITHIN,
    Nodes,
    compiled,
)
from graphmem.kernels.prefetch import prefetch
from graphmem.kernels.push import RESIDUAL, STRENGTH

Chances = npt.NDArray[np.float32]

_UNIT = 2.0**-24
"""What rounding to float32 changes at most, relatively."""


@dataclass(frozen=True, slots=True)
class HubTable:
    """For symmetric graphs and one damping; a node takes 4 bytes a hub."""

    rows: Ints
    chances: Chances
    """Shape (n, hubs): that a walk from a node ends on a hub; 0 for nodes that are absent."""
    damping: float
    precision: float
    """A chance is wrong by this share of it at most..."""
    missing: Doubles
    """...and too low by this in addition, shape (hubs,)."""

    @classmethod
    def of(
        cls,
        rows: Ints,
        graph: tuple[Ints, Ints, Nodes, Floats],
        strengths: Doubles,
        *,
        damping: float,
        enough: float,
    ) -> HubTable:
        """For `rows`, so fine that no more than `enough` is missing of a chance.

        Every step takes one pass over all edges.
        """
        n = len(strengths)
        here = np.zeros((n, len(rows)), np.float32)
        here[rows, np.arange(len(rows))] = 1.0
        following = np.empty_like(here)
        chances = (1.0 - damping) * here
        steps, part = 0, 1.0
        missing = np.full(len(rows), damping)
        while missing.max() > enough:
            _average(*graph, strengths, here, following)
            here, following = following, here
            steps, part = steps + 1, part * damping
            _add(np.float64((1.0 - damping) * part), here, chances)
            missing = part * damping * here.max(axis=0).astype(np.float64)
        precision = (3 * steps + 4) * _UNIT
        return cls(rows, chances, damping, precision, missing * (1.0 + precision))

    def bounds(
        self, n_touched: int, touched: Nodes, cells: Doubles, mass_up: float, mass_down: float
    ) -> tuple[Doubles, Doubles]:
        """What the hubs will get at least and at most, shape (hubs,) each, of the residuals."""
        up, down = _gathered(n_touched, touched, cells, self.chances)
        least, most = 1.0 - self.precision, 1.0 + self.precision
        return (
            up * least - down * most - self.missing * mass_down,
            up * most - down * least + self.missing * mass_up,
        )


@compiled(types.none, *GRAPH, DOUBLES, SINGLES, TO_SINGLES)
def _average(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    strengths: Doubles,
    values: Chances,
    means: Chances,
) -> None:
    """Each node's mean of its neighbours' values by weight; 0 for a node without edges."""
    width = values.shape[1]
    is_weighted = len(weights) > 0
    sums = np.empty(width)
    for node in range(len(strengths)):
        sums[:] = 0.0
        if strengths[node] > 0.0:
            for place in range(starts[node], ends[node]):
                if place + WITHIN < len(indices):
                    prefetch(values, width * np.int64(indices[place + WITHIN]))
                other = np.uint64(indices[place])
                if strengths[other] > 0.0:
                    weight = weights[place] if is_weighted else 1.0
                    for hub in range(width):
                        sums[hub] += weight * values[other, hub]
            for hub in range(width):
                sums[hub] /= strengths[node]
        for hub in range(width):
            means[node, hub] = sums[hub]


@compiled(types.none, types.float64, SINGLES, TO_SINGLES)
def _add(factor: float, values: Chances, sums: Chances) -> None:
    """Add `factor` times the values to the sums."""
    for node in range(values.shape[0]):
        for hub in range(values.shape[1]):
            sums[node, hub] += factor * values[node, hub]


@compiled(types.UniTuple(types.float64[::1], 2), types.int64, NODES, TABLE, SINGLES)
def _gathered(
    n_touched: int, touched: Nodes, cells: Doubles, chances: Chances
) -> tuple[Doubles, Doubles]:
    """Residuals above 0 times chances, added up by hub, and those below likewise."""
    width = chances.shape[1]
    up, down = np.zeros(width), np.zeros(width)
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
            prefetch(chances, width * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        residual = cells[node, RESIDUAL]
        if cells[node, STRENGTH] <= 0.0:
            continue
        if residual > 0.0:
            for hub in range(width):
                up[hub] += residual * chances[node, hub]
        else:
            for hub in range(width):
                down[hub] -= residual * chances[node, hub]
    return up, down
