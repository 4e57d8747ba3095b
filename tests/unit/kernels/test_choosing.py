"""Choosing the best candidates, against a plain sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphmem.kernels.choosing import best, kth_best


@given(
    values=st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75]), max_size=300),
    k=st.integers(1, 120),
    seed=st.integers(0, 99),
)
def test_the_best_are_those_of_a_sort_and_ties_go_by_node(
    values: list[float], k: int, seed: int
) -> None:
    size = len(values)
    nodes = np.random.default_rng(seed).permutation(size).astype(np.uint32)
    bounds = np.zeros((size, 3))
    bounds[:, 0] = values
    above = [at for at in range(size) if values[at] > 0.0]
    expected = sorted(above, key=lambda at: (-values[at], nodes[at]))
    assert best(size, k, nodes, bounds).tolist() == expected[:k]
    assert kth_best(size, k, bounds) == (values[expected[k - 1]] if len(above) >= k else 0.0)
