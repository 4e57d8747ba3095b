"""Weighing kinds of memory: what a passage's score is multiplied by for what its facts are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import numpy as np

from graphmem.graph.snapshot import Passages
from graphmem.kernels.arrays import Doubles

SHARE: Final = "memory"
"""What the weighing adds to a score is called in explanations; the attribute with the kinds too."""


def factors_of(passages: Passages, weigh: Mapping[str, float]) -> Doubles:
    """The factor of each passage, shape (n,): the highest of its kinds of memory.

    A kind that `weigh` does not name counts 1, as does a passage of no kind.
    """

    def factor(attributes: str) -> float:
        held = json.loads(attributes).get(SHARE, []) if attributes else []
        # An attribute of the user's own of that name may be a single value, and no kind.
        kinds = held if isinstance(held, list) else [held]
        return max((weigh.get(kind, 1.0) for kind in kinds), default=1.0)

    return passages.attributes.each(factor)


def gained(scores: Doubles, factors: Doubles) -> Doubles:
    """What weighing adds to scores, shape (n,); one below 0 is raised by a factor above 1 too."""
    return np.asarray((factors - 1.0) * np.abs(scores))
