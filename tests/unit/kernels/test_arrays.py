"""Array helpers against plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphmem.kernels.arrays import compress, ragged, softmax, top_rows
from graphmem.kernels.fusion import reciprocal_rank_fusion, reciprocal_ranks

scores = st.lists(st.integers(-5, 5).map(float), max_size=30)


@given(values=scores, k=st.integers(0, 35))
def test_top_rows_are_those_of_a_stable_sort(values: list[float], k: int) -> None:
    expected = sorted(range(len(values)), key=lambda row: (-values[row], row))[:k]
    assert top_rows(np.array(values), k).tolist() == expected


def test_top_rows_leave_out_what_is_masked() -> None:
    assert top_rows(np.array([-np.inf, 1.0, -np.inf]), 3).tolist() == [1]


@given(
    lists=st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=8), data=st.data()
)
def test_ragged_gathers_the_rows_in_the_order_asked(
    lists: list[list[int]], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=6))
    flat = np.array([value for part in lists for value in part], np.int64)
    indptr = compress(np.repeat(np.arange(len(lists)), [len(part) for part in lists]), len(lists))
    positions, owner = ragged(indptr, np.array(rows, np.int64))
    assert flat[positions].tolist() == [value for row in rows for value in lists[row]]
    assert owner.tolist() == [i for i, row in enumerate(rows) for _ in lists[row]]


@given(values=st.lists(st.floats(-500, 500), min_size=1, max_size=9))
def test_softmax_shares_add_up_and_keep_the_order(values: list[float]) -> None:
    shares = softmax(np.array(values))
    assert abs(shares.sum() - 1.0) < 1e-9
    assert (np.diff(shares[np.argsort(values)]) >= -1e-12).all()


def test_fused_ranks_prefer_what_two_rankings_agree_on() -> None:
    fused = reciprocal_rank_fusion([np.array([0, 1, 2]), np.array([3, 1, 0])], 5)
    assert fused.argmax() == 0
    assert fused[4] == 0.0
    assert np.isclose(fused[1], 2 / 62)


def test_reciprocal_ranks_count_from_the_best_and_skip_nothing_scores() -> None:
    ranks = reciprocal_ranks(np.array([0.0, 0.3, 0.9, 0.1]), 2)
    assert ranks.tolist() == [0.0, 0.5, 1.0, 0.0]
