"""What a stage reached: a score per passage, and by which name out of which passage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphmem.kernels.arrays import Doubles, Rows

NOWHERE = -1


@dataclass(slots=True)
class Reach:
    """Scores, shape (n,), and the best way: from passage `origin` over the name `via`."""

    scores: Doubles
    origin: Rows
    via: Rows

    @classmethod
    def nothing(cls, n: int) -> Reach:
        """Nothing reached."""
        return cls(np.zeros(n), np.full(n, NOWHERE, np.int32), np.full(n, NOWHERE, np.int32))

    def raise_to(self, passages: Rows, scores: Doubles, *, origin: int, via: Rows) -> None:
        """Keep the better of what is there and these scores; a passage may come more than once."""
        order = np.argsort(scores, kind="stable")
        passages, scores, via = passages[order], scores[order], via[order]
        better = scores > self.scores[passages]
        passages = passages[better]
        self.scores[passages] = scores[better]
        self.origin[passages] = origin
        self.via[passages] = via[better]
