"""Fusion: the weight of each signal in a passage's score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from graphmem.kernels.arrays import Doubles, Ints

WEIGHTS: Final[Mapping[str, float]] = {
    "dense": 2.0,
    "seed": 1.3,
    "seed_rarity": 5.0,
    "link": 2.3,
    "share": 3.2,
    "hop2": 3.0,
    "walk": 1.9,
    "substitution": 4.0,
    "substitution_rank": 1.6,
    "lexical": 0.85,
    "together": 4.0,
    "dated": 1.0,
}
"""Non-negative weights, rounded from a pairwise logistic regression of a prototype on development
data; one set for all memories. `dated`, only there for a question with `as_of`, is set by hand."""


def shares(signals: Mapping[str, Doubles], rows: Ints) -> dict[str, Doubles]:
    """What each signal adds to the score of the given passages; they sum to the score."""
    return {
        name: weight * signals[name][rows] for name, weight in WEIGHTS.items() if name in signals
    }


def fuse(signals: Mapping[str, Doubles], rows: Ints) -> Doubles:
    """Scores of the given passages, shape (len(rows),)."""
    total = np.zeros(len(rows))
    for part in shares(signals, rows).values():
        total += part
    return total
