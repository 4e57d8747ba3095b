"""Ranking metrics with binary relevance: recall@k, reciprocal rank, nDCG@k.

A ranking is a sequence of ids, best first; an id that comes again counts at its first place only.
All metrics lie in [0, 1] and raise `InvalidInputError` for an empty `gold` or a `k` below 1: a
question without an answer has no score.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log2

import numpy as np

from graphmem.errors import InvalidInputError
from graphmem.model.base import Value


class Scores(Value):
    """Means over `n` questions; `recall` and `ndcg` by k."""

    n: int
    recall: Mapping[int, float]
    ndcg: Mapping[int, float]
    mrr: float


class Latency(Value):
    """Percentiles of the time that a question took, in milliseconds."""

    p50: float
    p95: float


def recall_at(ranked: Sequence[str], gold: Collection[str], *, k: int) -> float:
    """``|top-k and gold| / |gold|``."""
    wanted = _wanted(gold, k)
    return len(wanted & set(_top(ranked, k))) / len(wanted)


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """One over the place of the first gold id, 0 where none is ranked."""
    wanted = _wanted(gold, 1)
    places = (place for place, id in enumerate(_top(ranked), start=1) if id in wanted)
    return 1 / next(places, float("inf"))


def ndcg_at(ranked: Sequence[str], gold: Collection[str], *, k: int) -> float:
    """Discounted gain of the top k over the best possible: gain 1, discount ``log2(place + 1)``.

    References
    ----------
    Järvelin and Kekäläinen (2002), *Cumulated gain-based evaluation of IR techniques*.
    """
    wanted = _wanted(gold, k)
    gain = sum(
        1 / log2(place + 1) for place, id in enumerate(_top(ranked, k), start=1) if id in wanted
    )
    best = sum(1 / log2(place + 1) for place in range(1, min(k, len(wanted)) + 1))
    return gain / best


def mean_scores(
    answers: Iterable[tuple[Sequence[str], Collection[str]]], *, ks: Sequence[int]
) -> Scores:
    """Each metric averaged over questions, given as (ranking, gold); all 0 for no question."""
    pairs = list(answers)
    n = len(pairs)

    def mean(values: Iterable[float]) -> float:
        return sum(values) / n if n else 0.0

    return Scores(
        n=n,
        recall={k: mean(recall_at(ranked, gold, k=k) for ranked, gold in pairs) for k in ks},
        ndcg={k: mean(ndcg_at(ranked, gold, k=k) for ranked, gold in pairs) for k in ks},
        mrr=mean(reciprocal_rank(ranked, gold) for ranked, gold in pairs),
    )


def latency_of(seconds: Sequence[float]) -> Latency:
    """Percentiles, linear between observations, of times given in seconds; 0 for no time."""
    if not seconds:
        return Latency(p50=0.0, p95=0.0)
    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return Latency(p50=float(p50), p95=float(p95))


def _wanted(gold: Collection[str], k: int) -> set[str]:
    if k < 1:
        raise InvalidInputError(f"k is {k}", remedy="The top of a ranking has 1 place or more")
    if not gold:
        raise InvalidInputError("A question without gold has no score", remedy="Leave it out")
    return set(gold)


def _top(ranked: Sequence[str], k: int | None = None) -> list[str]:
    return list(dict.fromkeys(ranked))[:k]
