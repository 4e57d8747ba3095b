"""Ranking metrics against formulas written another way, over every ranking hypothesis thinks of."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.evaluation.metrics import (
    latency_of,
    mean_scores,
    ndcg_at,
    recall_at,
    reciprocal_rank,
)

ids = st.sampled_from("abcdefgh")
rankings = st.lists(ids, max_size=8, unique=True)
golds = st.sets(ids, min_size=1, max_size=5)
cuts = st.integers(1, 10)


def relevances(ranked: list[str], gold: set[str]) -> np.ndarray:
    """The ranking as a vector of 0 and 1, padded so that every cut lies inside."""
    return np.array([float(id in gold) for id in ranked] + [0.0] * 20)


def dcg(gains: np.ndarray) -> float:
    """In the ratio-of-logarithms form, from the change of base."""
    return sum(gain * math.log(2) / math.log(place + 2) for place, gain in enumerate(gains))


@given(rankings, golds, cuts)
def test_recall_is_the_relevant_share_found_in_the_top(
    ranked: list[str], gold: set[str], k: int
) -> None:
    expected = relevances(ranked, gold)[:k].sum() / len(gold)
    assert recall_at(ranked, gold, k=k) == pytest.approx(expected)


@given(rankings, golds, cuts)
def test_recall_only_grows_with_k(ranked: list[str], gold: set[str], k: int) -> None:
    assert 0 <= recall_at(ranked, gold, k=k) <= recall_at(ranked, gold, k=k + 1) <= 1


@given(rankings, golds)
def test_reciprocal_rank_is_that_of_the_first_relevant_place(
    ranked: list[str], gold: set[str]
) -> None:
    found = np.flatnonzero(relevances(ranked, gold))
    expected = 1 / (found[0] + 1) if len(found) else 0
    assert reciprocal_rank(ranked, gold) == pytest.approx(expected)


@given(st.lists(ids, max_size=6, unique=True), golds, st.integers(1, 6))
def test_ndcg_is_the_gain_over_the_best_that_any_order_reaches(
    ranked: list[str], gold: set[str], k: int
) -> None:
    # The ideal is found by trying all orders of all gold ids and those ranked, not by sorting.
    pool = sorted(gold | set(ranked), key=lambda id: (id not in gold, id))[: max(k, len(gold))][:6]
    best = max(dcg(relevances(list(order), gold)[:k]) for order in itertools.permutations(pool))
    expected = dcg(relevances(ranked, gold)[:k]) / best
    assert ndcg_at(ranked, gold, k=k) == pytest.approx(expected)


def test_ndcg_of_a_worked_example() -> None:
    # Places 2 and 4 of 4, two relevant: (1/log2 3 + 1/log2 5) / (1 + 1/log2 3), by calculator.
    assert ndcg_at(["x", "a", "y", "b"], {"a", "b"}, k=4) == pytest.approx(0.6509, abs=1e-4)


@given(rankings, golds, cuts)
def test_an_id_ranked_again_changes_nothing(ranked: list[str], gold: set[str], k: int) -> None:
    again = [*ranked, *ranked]
    assert recall_at(again, gold, k=k) == recall_at(ranked, gold, k=k)
    assert ndcg_at(again, gold, k=k) == ndcg_at(ranked, gold, k=k)
    assert ndcg_at(again, gold, k=k) <= 1 + 1e-12
    assert reciprocal_rank(again, gold) == reciprocal_rank(ranked, gold)


@given(st.lists(st.tuples(rankings, golds), min_size=1, max_size=6))
def test_means_are_over_questions_not_over_gold(pairs: list[tuple[list[str], set[str]]]) -> None:
    scores = mean_scores(pairs, ks=[1, 5])
    assert scores.n == len(pairs)
    assert scores.recall[5] == pytest.approx(
        np.mean([relevances(ranked, gold)[:5].sum() / len(gold) for ranked, gold in pairs])
    )
    assert scores.ndcg[1] == pytest.approx(np.mean([ndcg_at(r, g, k=1) for r, g in pairs]))
    assert scores.mrr == pytest.approx(np.mean([reciprocal_rank(r, g) for r, g in pairs]))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40))
def test_percentiles_interpolate_between_the_sorted_times(seconds: list[float]) -> None:
    times = sorted(second * 1000 for second in seconds)

    def percentile(share: float) -> float:
        place = share * (len(times) - 1)
        low = math.floor(place)
        high = min(low + 1, len(times) - 1)
        return times[low] + (place - low) * (times[high] - times[low])

    latency = latency_of(seconds)
    assert latency.p50 == pytest.approx(percentile(0.5), abs=1e-9)
    assert latency.p95 == pytest.approx(percentile(0.95), abs=1e-9)


def test_no_question_and_no_time_score_zero() -> None:
    assert mean_scores([], ks=[2]).recall == {2: 0.0}
    assert latency_of([]).p95 == 0.0


@pytest.mark.parametrize(("gold", "k"), [(set(), 5), ({"a"}, 0)])
def test_what_has_no_score_is_refused(gold: set[str], k: int) -> None:
    with pytest.raises(InvalidInputError):
        recall_at(["a"], gold, k=k)
    with pytest.raises(InvalidInputError):
        ndcg_at(["a"], gold, k=k)
