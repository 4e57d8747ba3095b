"""What is proven of scores that some solver found for all nodes: one step of the walk tells.

For scores y, ``r = s - (y - a P y) / (1 - a)`` is what they lack to solve
``y = (1 - a) s + a P y``; the exact ones are ``y + K r``, bounded as in
:mod:`graphmem.kernels.push`.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graphmem.kernels.arrays import Doubles, Mask, top_rows
from graphmem.kernels.ranking import Certificate, CsrGraph, Ranked, Restart

ROUNDING = 1e-13
"""Covers what float64 loses; added to every error."""


def transition(graph: CsrGraph) -> sp.csr_matrix:
    """P, shape (n, n): column u holds the shares of u's out-edges, or nothing; 12 bytes an edge."""
    weights = graph.matrix()
    sums = np.maximum(graph.strengths, 0.0)
    inverse = np.divide(1.0, sums, out=np.zeros(graph.n_nodes), where=sums > 0)
    if graph.is_symmetric:
        return sp.csr_matrix(
            (weights.data * inverse[weights.indices], weights.indices, weights.indptr),
            shape=weights.shape,
        )
    return sp.csr_matrix((sp.diags(inverse) @ weights).T)


def unscaled(scores: Doubles, graph: CsrGraph, *, damping: float) -> Doubles:
    """Scores that add up to 1 as the `y` of above, in which nodes without edges lead nowhere."""
    stuck = float(scores[graph.strengths <= 0].sum())
    return np.asarray(scores * ((1.0 - damping) / (1.0 - damping + damping * stuck)))


def certified(
    graph: CsrGraph,
    y: Doubles,
    flow: Doubles,
    restart: Restart,
    *,
    k: int,
    damping: float,
    tolerance: float,
    among: Mask | None,
    touched_edges: int,
) -> Ranked:
    """The best `k` by the scores `y`, given also ``flow = P y``, both of shape (n,)."""
    s = restart.vector(graph.n_nodes)
    known = damping * flow + (1.0 - damping) * s
    residual = s - (y - damping * flow) / (1.0 - damping)
    up, down = _doubt(graph, np.maximum(residual, 0)), _doubt(graph, np.maximum(-residual, 0))
    lows, highs = np.maximum(known - damping * down, 0.0), known + damping * up
    stuck = graph.strengths == 0
    escape = damping / (1.0 - damping)
    most = 1.0 - escape * float(lows[stuck].sum())
    least = max(1.0 - escape * float(highs[stuck].sum()), ROUNDING)
    scores = known / (1.0 - escape * known[stuck].sum())
    allowed = np.ones(graph.n_nodes, np.bool_) if among is None else among
    rows = top_rows(np.where(allowed & (scores > 0), scores, -np.inf), k)
    outside = allowed.copy()
    outside[rows] = False
    lowest = float(lows[rows].min()) if len(rows) == k else 0.0
    return Ranked(
        rows=rows,
        scores=scores[rows],
        errors=np.maximum(highs[rows] / least - scores[rows], scores[rows] - lows[rows] / most)
        + ROUNDING,
        certificate=Certificate(
            lowest=max(lowest / most - ROUNDING, 0.0),
            rival=float(highs[outside].max(initial=0.0)) / least + ROUNDING,
            tolerance=tolerance,
        ),
        touched_edges=touched_edges,
    )


def _doubt(graph: CsrGraph, residual: Doubles) -> Doubles | float:
    """A bound of ``P K r`` for a residual that is nowhere negative."""
    mass = float(residual.sum())
    if not graph.is_symmetric:
        return mass
    walks = graph.strengths > 0
    steep = float((residual[walks] / graph.strengths[walks]).max(initial=0.0))
    return np.minimum(steep * np.maximum(graph.strengths, 0.0), mass)
