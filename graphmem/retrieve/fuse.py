"""Fusion: the weight of each signal in a score, and the order that comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from graphmem.kernels.arrays import Doubles, Ints, top_rows

PASSAGES, TURNS = "passages", "turns"
REPEAT_LOSS = 0.4
"""What each further turn beside one loses where an answer stands in several places."""
BESIDE = 3
"""Turns that are beside one: as far as the signals of a turn look around it."""
_SPREAD_DEPTH = 4


@cache
def learned_weights(kind: str) -> Mapping[str, float] | None:
    """Non-negative weights of the signals of :data:`PASSAGES` or :data:`TURNS`.

    One set for all memories, fitted by ``benchmarks/train_fusion.py``, which says how well they
    do on questions they were not fitted on. ``None`` where that has not been run.
    """
    try:
        text = files("graphmem.retrieve").joinpath("weights.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    weights: Mapping[str, float] = json.loads(text)[kind]
    return weights


def weights_of(kind: str, signals: Iterable[str], *, learned: bool) -> Mapping[str, float]:
    """The learned weights, or where there are none or they are not wanted, 1 for every signal.

    Signals are made to go up to about 1, so that counting them alike is a fair guess.
    """
    held = learned_weights(kind) if learned else None
    return dict.fromkeys(signals, 1.0) if held is None else held


def shares(signals: Mapping[str, Doubles], weights: Mapping[str, float]) -> dict[str, Doubles]:
    """What each signal adds to the scores, shape (n,) each; they sum to the score."""
    return {name: weight * signals[name] for name, weight in weights.items() if name in signals}


def fuse(signals: Mapping[str, Doubles], weights: Mapping[str, float]) -> Doubles:
    """Scores, shape (n,)."""
    n = len(next(iter(signals.values())))
    total = np.zeros(n)
    for part in shares(signals, weights).values():
        total += part
    return total


def spread(scores: Doubles, places: Ints, k: int, *, loss: float) -> tuple[Ints, Doubles]:
    """The k best one after another, each counted less for every one beside it before it.

    Parameters
    ----------
    places : array, shape (n,)
        Where each stands; those at most :data:`BESIDE` apart are beside each other.

    Returns
    -------
    order : array, shape (k,)
        Positions in `scores`, as picked, among the ``4 k`` best.
    lost : array, shape (n,)
        What each that was picked had lost by then.
    """
    open_to = top_rows(scores, _SPREAD_DEPTH * k)
    left, at = scores[open_to], places[open_to]
    lost = np.zeros(len(scores))
    order: list[int] = []
    for _ in range(min(k, len(open_to))):
        best = int(left.argmax())
        row = int(open_to[best])
        lost[row] = scores[row] - left[best]
        order.append(row)
        left[np.abs(at - at[best]) <= BESIDE] -= loss
        left[best] = -np.inf
    return np.array(order, np.int64), lost
