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
    TO_SINGLES,
    WITHIN,
    Nodes,
    compiled,
)
from graphmem.kernels.prefetch import prefetch
from graphmem.kernels.push import RESIDUAL

Chances = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint16]

WIDTH = 32
"""Hubs that a table knows at most: one line of the processor's cache a node."""
_LANES = 16
"""Hubs that a pass over the edges finds the chances of: one line a node too."""
_STEP = 1.0 / 65535.0
"""Chances are kept as the whole number of such steps that their square root is nearest to."""
_UNIT = 2.0**-24
"""What rounding to float32 changes at most, relatively."""
_BLOCK = 1 << 14
"""Nodes whose neighbours one thread goes through at a time."""


@dataclass(frozen=True, slots=True)
class HubTable:
    """For symmetric graphs and one damping; 64 bytes a node."""

    rows: Ints
    codes: Codes
    """Shape (n, 32): that a walk from a node ends on a hub, in steps of its square root; 0 for
    nodes that are absent."""
    damping: float
    precision: float
    """A chance is wrong by this share of it at most, and by half a step of its root..."""
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
        """For at most 32 `rows`, so fine that no more than `enough` is missing of a chance.

        Every step takes one pass over all edges for 16 of them, in `threads`.
        """
        numbers = np.zeros((len(strengths) + 1) * WIDTH, np.uint16)
        first = -numbers.ctypes.data % (2 * WIDTH) // 2
        codes = numbers[first : first + len(strengths) * WIDTH].reshape(-1, WIDTH)
        precision, missing = 0.0, np.zeros(len(rows))
        for at in range(0, len(rows), _LANES):
            part = rows[at : at + _LANES]
            found, steps, missing[at : at + _LANES] = _chances(
                part, graph, strengths, damping=damping, enough=enough, threads=threads
            )
            _encode(found, at, codes)
            precision = max(precision, (3 * steps + 4) * _UNIT)
        return cls(rows, codes, damping, precision, missing * (1.0 + precision))

    def bounds(
        self, n_touched: int, touched: Nodes, cells: Doubles, mass: float
    ) -> tuple[Doubles, Doubles]:
        """What the hubs will get at least and at most, shape (hubs,) each, of the residuals.

        None of these may be negative; `mass` is their sum.
        """
        squares, sums = _gathered(n_touched, touched, cells, self.codes)[:, : len(self.rows)]
        step = _STEP * (1.0 + _UNIT)  # the root was rounded too
        lows = (_STEP * _STEP * squares - step * step * sums) * (1.0 - self.precision)
        highs = _STEP * _STEP * squares + step * step * (sums + mass)
        return np.maximum(lows, 0.0), highs * (1.0 + self.precision) + self.missing * mass


def _chances(
    rows: Ints,
    graph: tuple[Ints, Ints, Nodes, Floats],
    strengths: Doubles,
    *,
    damping: float,
    enough: float,
    threads: int,
) -> tuple[Chances, int, Doubles]:
    """Chances by node and hub, the steps that it took, and what may be missing, for 16 `rows`."""
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
    return chances, steps, missing


def _lines(n: int) -> Chances:
    """Zeros, shape (n, 16), each row one line of the processor's cache."""
    numbers = np.zeros((n + 1) * _LANES, np.float32)
    first = -numbers.ctypes.data % (4 * _LANES) // 4
    return numbers[first : first + n * _LANES].reshape(n, _LANES)


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
    found = np.zeros(_LANES)
    for node in range(first, last):
        for hub in range(_LANES):
            found[hub] = 0.0
        strength = strengths[node]
        if strength > 0.0:
            for place in range(starts[node], ends[node]):
                if place + WITHIN < len(indices):
                    prefetch(values, _LANES * np.int64(indices[place + WITHIN]))
                other = np.uint64(indices[place])
                weight = np.float64(weights[place]) if is_weighted else 1.0
                for hub in range(_LANES):
                    found[hub] += weight * values[other, hub]
            for hub in range(_LANES):
                found[hub] /= strength
        for hub in range(_LANES):
            means[node, hub] = found[hub]
            sums[node, hub] += factor * found[hub]


@compiled(types.none, SINGLES, types.int64, types.uint16[:, ::1])
def _encode(chances: Chances, at: int, codes: Codes) -> None:
    """Write down chances, shape (n, 16), as the codes of the hubs from `at` on."""
    for node in range(len(chances)):
        for lane in range(_LANES):
            root = np.sqrt(min(np.float64(chances[node, lane]), 1.0))
            codes[node, at + lane] = np.uint16(root * 65535.0 + 0.5)


@compiled(
    types.float64[:, ::1],
    *(types.int64, NODES, TABLE, types.Array(types.uint16, 2, "C", readonly=True)),
)
def _gathered(n_touched: int, touched: Nodes, cells: Doubles, codes: Codes) -> Doubles:
    """Residuals times squared codes, and times codes, added up by hub, shape (2, 32)."""
    sums = np.zeros((2, WIDTH))
    for at in range(n_touched):
        if at + WITHIN < n_touched:
            prefetch(cells, 2 * np.int64(touched[at + WITHIN]))
            prefetch(codes, WIDTH * np.int64(touched[at + WITHIN]))
        node = np.uint64(touched[at])
        # What reached a node that is absent has no chances there.
        residual = cells[node, RESIDUAL]
        for hub in range(WIDTH):
            code = np.float64(codes[node, hub])
            sums[0, hub] += residual * code * code
            sums[1, hub] += residual * code
    return sums
