"""Where a push stopped, and what of it stands when the graph or the restart is another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphmem.kernels.arrays import Doubles, Ints, Rows
from graphmem.kernels.ranking import CsrGraph, Restart


@dataclass(frozen=True, slots=True)
class PushState:
    """Where a push stopped: what is settled and what is left, by row; the rest is 0 in both.

    The walk's exact scores, but for what reaches nodes without edges, are ``settled + K residuals``
    (:mod:`graphmem.kernels.push`); a push may go on from here.
    """

    restart: Restart
    rows: Ints
    settled: Doubles
    residuals: Doubles

    @classmethod
    def start(cls, restart: Restart) -> PushState:
        """Nothing settled yet."""
        return cls(restart, restart.rows, np.zeros(len(restart.rows)), restart.weights)

    def restarted(self, restart: Restart) -> PushState:
        """The same walk from another restart: residuals by the difference, some negative."""
        return self._with(
            restart,
            np.concatenate((restart.rows, self.restart.rows)),
            np.concatenate((restart.weights, -self.restart.weights)),
        )

    def regraphed(
        self, old: CsrGraph, new: CsrGraph, changed: Rows | Ints, *, damping: float
    ) -> PushState:
        """The same walk after the out-edges of `changed` rows are others.

        The residual is what `settled` lacks to be the walk's scores: where P becomes P', it grows
        by ``damping (P' - P) settled / (1 - damping)``. Cost follows the edges of `changed`, which
        must hold every row whose edges, weights or neighbours' presence differ. `new` has the rows
        of `old`, and may have more; those that it lacks are let go.
        """
        gone = new.strengths[self.rows] < 0
        held = np.isin(self.rows, changed) | gone
        rows, settled = self.rows[held], self.settled[held] * damping / (1.0 - damping)
        into_new, by_new = _spread(new, rows, settled)
        into_old, by_old = _spread(old, rows, settled)
        state = self._with(
            self.restart, np.concatenate((into_new, into_old)), np.concatenate((by_new, -by_old))
        )
        kept = new.strengths[state.rows] >= 0
        return PushState(
            state.restart, state.rows[kept], state.settled[kept], state.residuals[kept]
        )

    def _with(self, restart: Restart, rows: Ints, changes: Doubles) -> PushState:
        every, places = np.unique(np.concatenate((self.rows, rows)), return_inverse=True)
        n, known = len(every), len(self.rows)
        settled, residuals = np.zeros(n), np.zeros(n)
        settled[places[:known]] = self.settled
        np.add.at(residuals, places, np.concatenate((self.residuals, changes)))
        return PushState(restart, every, settled, residuals)


def _spread(graph: CsrGraph, rows: Ints, masses: Doubles) -> tuple[Ints, Doubles]:
    """What goes where when each of `rows` gives its mass to its neighbours."""
    walks = graph.strengths[rows] > 0
    rows, masses = rows[walks], masses[walks]
    starts, lengths = graph.starts[rows], graph.row_ends[rows] - graph.starts[rows]
    owners = np.repeat(np.arange(len(rows)), lengths)
    places = np.arange(len(owners)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    shares = (masses / graph.strengths[rows])[owners]
    targets = graph.indices[places].astype(np.int64)
    if graph.weights is not None:
        shares = shares * graph.weights[places]
    present = graph.strengths[targets] >= 0
    return targets[present], shares[present]
