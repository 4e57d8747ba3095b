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

from concurrent.futures import ThreadPoolExecutor
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
    TO_DOUBLES,
    TO_SINGLES,
    WITHIN,
    Nodes,
    compiled,
)
from graphmem.kernels.prefetch import prefetch
from graphmem.kernels.push import RESIDUAL

Chances = npt.NDArray[np.float32]

WIDTH = 16
"""Hubs that a table knows at most: one line of the processor's cache a node."""
_UNIT = 2.0**-24
"""What rounding to float32 changes at most, relatively."""
_BLOCK = 1 << 14
"""Nodes whose neighbours one thread goes through at a time."""


@dataclass(frozen=True, slots=True)
class HubTable:
    """For symmetric graphs and one damping; 64 bytes a node."""

    rows: Ints
    chances: Chances
    """Shape (n, 16): that a walk from a node ends on a hub; 0 for nodes that are absent."""
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
        threads: int,
    ) -> HubTable:
        """For at most 16 `rows`, so fine that no more than `enough` is missing of a chance.

        Every step takes one pass over all edges, in `threads`.
        """
        n = len(strengths)
        here, following, chances = (_lines(n) for _ in range(3))
        here[rows, np.arange(len(rows))] = 1.0
        np.multiply(here, 1.0 - damping, out=chances)
        steps, part = 0, 1.0
        missing = np.full(len(rows), damping)
        blocks = range(0, n, _BLOCK)
        with ThreadPoolExecutor(threads) as pool:
            while missing.max() > enough:
                part *= damping

                def step(
                    first: int,
                    values: Chances = here,
                    means: Chances = following,
                    factor: float = (1.0 - damping) * part,
                ) -> None:
                    last = min(first + _BLOCK, n)
                    _average(*graph, strengths, first, last, factor, values, means, chances)

                list(pool.map(step, blocks))
                here, following = following, here
                steps += 1
                most = here[:, : len(rows)].max(axis=0).astype(np.float64)
                missing = part * damping * most
        precision = (3 * steps + 4) * _UNIT
        return cls(rows, chances, damping, precision, missing * (1.0 + precision))

    def bounds(
        self, n_touched: int, touched: Nodes, cells: Doubles, mass: float
    ) -> tuple[Doubles, Doubles]:
        """What the hubs will get at least and at most, shape (hubs,) each, of the residuals.

        None of these may be negative; `mass` is their sum.
        """
        likely = _gathered(n_touched, touched, cells, self.chances)[: len(self.rows)]
        lows = likely * (1.0 - self.precision)
        return lows, likely * (1.0 + self.precision) + self.missing * mass


def _lines(n: int) -> Chances:
    """Zeros, shape (n, 16), each row one line of the processor's cache."""
    numbers = np.zeros((n + 1) * WIDTH, np.float32)
    first = -numbers.ctypes.data % (4 * WIDTH) // 4
    return numbers[first : first + n * WIDTH].reshape(n, WIDTH)


@compiled(
    types.none,
    *GRAPH,
    *(DOUBLES, types.int64, types.int64, types.float64, SINGLES, TO_SINGLES, TO_SINGLES),
)
def _average(
    starts: Ints,
    ends: Ints,
    indices: Nodes,
    weights: Floats,
    strengths: Doubles,
    first: int,
    last: int,
    factor: float,
    values: Chances,
    means: Chances,
    sums: Chances,
) -> None:
    """Nodes' means of their neighbours' values by weight, 0 for a node without edges.

    For the nodes ``first:last``; `factor` times them is added to `sums`.
    """
    is_weighted = len(weights) > 0
    found = np.zeros(WIDTH)
    for node in range(first, last):
        for hub in range(WIDTH):
            found[hub] = 0.0
        strength = strengths[node]
        if strength > 0.0:
            for place in range(starts[node], ends[node]):
                if place + WITHIN < len(indices):
                    prefetch(values, WIDTH * np.int64(indices[place + WITHIN]))
                other = np.uint64(indices[place])
                weight = np.float64(weights[place]) if is_weighted else 1.0
                for hub in range(WIDTH):
                    found[hub] += weight * values[other, hub]
            for hub in range(WIDTH):
                found[hub] /= strength
        for hub in range(WIDTH):
            means[node, hub] = found[hub]
            sums[node, hub] += factor * found[hub]


@compiled(TO_DOUBLES, types.int64, NODES, TABLE, SINGLES)
def _gathered(n_touched: int, touched: Nodes, cells: Doubles, chances: Chances) -> Doubles:
    """Residuals times chances, added up by hub."""
    sums = np.zeros(WIDTH)
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
            prefetch(chances, WIDTH * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        # What reached a node that is absent has no chances there.
        residual = cells[node, RESIDUAL]
        for hub in range(WIDTH):
            sums[hub] += residual * chances[node, hub]
    return sums
