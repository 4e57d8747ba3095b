"""What is asked of a local walk, what it needs to know of its graph, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphmem.kernels.arrays import Ints, Mask, top_rows
from graphmem.kernels.bounding import MASS_DOWN, MASS_UP, STEEP_UP, STUCK
from graphmem.kernels.hubs import WIDTH
from graphmem.kernels.local import Found
from graphmem.kernels.ranking import Certificate, CsrGraph, Ranked

ROUNDING = 1e-13
"""Covers what float64 loses; added to every error."""
_HEAVIEST = 1024
"""So many are known, and that no other node is heavier."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one walk."""

    k: int
    damping: float
    tolerance: float
    certain: bool
    among: Mask | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a push needs to know of all strengths; found once per graph."""

    total: float
    average: float
    """Of the nodes with edges; 1 where there is none."""
    degree: float
    """Edges that such a node has on average; 1 where there is none."""
    heavy: Ints
    """The rows of highest strength, highest first."""
    top: list[float]
    """Their strengths, first of all."""
    heaviest: float
    others: float
    """No other row is stronger."""

    def strength(self, place: int) -> float:
        """Of the heaviest node but so many."""
        return self.top[place] if place < len(self.top) else self.others

    @classmethod
    def measure(cls, graph: CsrGraph) -> Weighed:
        strengths = graph.strengths
        heavy = top_rows(strengths, _HEAVIEST)
        walked = strengths > 0
        total, n_walked = float(strengths[walked].sum()), np.count_nonzero(walked)
        return cls(
            total=total,
            average=total / n_walked if n_walked else 1.0,
            degree=float((graph.row_ends - graph.starts)[walked].mean()) if n_walked else 1.0,
            heavy=heavy,
            top=strengths[heavy[: WIDTH + 1]].tolist(),
            heaviest=float(strengths[heavy[0]]),
            others=float(strengths[heavy[-1]]) if len(heavy) < len(strengths) else 0.0,
        )


def ranked(graph: CsrGraph, asked: Question, weighed: Weighed, found: Found) -> Ranked:
    """With the bounds and the certificate that follow from what is left."""
    left = found.left
    rival = max(found.rival, found.floor, _beyond(graph, asked, weighed, found))
    # What reaches a node without edges restarts, which scales all scores alike.
    scale = 1.0 - asked.damping / (1.0 - asked.damping) * float(left[STUCK])
    spill_up = 0.0 if graph.is_symmetric else asked.damping * float(left[MASS_UP])
    spill_down = 0.0 if graph.is_symmetric else asked.damping * float(left[MASS_DOWN])
    least, most = max(scale - spill_up, ROUNDING), scale + spill_down
    estimates, lows, highs = found.bounds.T
    scores = estimates / scale
    return Ranked(
        rows=found.rows,
        scores=scores,
        errors=np.maximum(highs / least - scores, scores - lows / most) + ROUNDING,
        certificate=Certificate(
            lowest=max(found.lowest / most - ROUNDING, 0.0) if len(scores) == asked.k else 0.0,
            rival=rival / least + ROUNDING,
            tolerance=asked.tolerance,
        ),
        touched_edges=found.edges,
    )


def _beyond(graph: CsrGraph, asked: Question, weighed: Weighed, found: Found) -> float:
    """The most that a node can score which the push has not touched."""
    up = float(found.left[MASS_UP])
    if not graph.is_symmetric:
        return asked.damping * up
    place = found.unseen
    strength = float(graph.strengths[weighed.heavy[place]]) if place >= 0 else weighed.others
    return asked.damping * min(up, float(found.left[STEEP_UP]) * strength)
