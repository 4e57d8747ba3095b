"""Boundaries between events: found where topics that are known change, by sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.kernels.arrays import Doubles
from graphmem.kernels.boundaries import boundaries, shift, surprise


def _talk(lengths: list[int], *, noise: float, seed: int) -> Doubles:
    """Unit vectors about one topic after another, each topic for a number of positions."""
    draw = np.random.default_rng(seed)
    topics = np.linalg.qr(draw.normal(size=(32, 32)))[0][: len(lengths)]
    rows = np.repeat(topics, lengths, axis=0) + noise * draw.normal(size=(sum(lengths), 32))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.mark.parametrize("window", [1, 2, 5, 50])
def test_surprise_and_shift_are_what_a_plain_loop_finds(window: int) -> None:
    talk = _talk([4, 3, 6], noise=0.2, seed=1)
    for at in range(1, len(talk)):
        before, after = talk[max(0, at - window) : at], talk[at : at + window]
        told = 1.0 - float(talk[at] @ before.mean(axis=0))
        assert surprise(talk, window=window)[at] == pytest.approx(told, abs=1e-9)
        parted = 1.0 - float(before.mean(axis=0) @ after.mean(axis=0))
        assert shift(talk, window=window)[at] == pytest.approx(parted, abs=1e-9)
    assert surprise(talk, window=window)[0] == shift(talk, window=window)[0] == 0.0


@given(
    lengths=st.lists(st.integers(6, 12), min_size=2, max_size=5),
    seed=st.integers(0, 1000),
)
def test_topics_that_are_apart_are_parted_where_they_change(lengths: list[int], seed: int) -> None:
    found = boundaries(_talk(lengths, noise=0.02, seed=seed))
    assert found.tolist() == [0, *np.cumsum(lengths)[:-1].tolist()]


@given(seed=st.integers(0, 1000), shortest=st.integers(1, 6))
def test_no_event_is_shorter_than_the_shortest(seed: int, shortest: int) -> None:
    talk = _talk([30], noise=5.0, seed=seed)
    found = boundaries(talk, shortest=shortest)
    assert found[0] == 0
    assert np.diff([*found.tolist(), len(talk)]).min() >= shortest


def test_what_never_changes_is_one_event_and_nothing_is_none() -> None:
    same = np.tile(np.eye(4)[:1], (9, 1))
    assert boundaries(same).tolist() == [0]
    assert boundaries(same[:1]).tolist() == [0]
    assert boundaries(same[:0]).tolist() == []


def test_a_wrong_shape_or_length_is_named() -> None:
    with pytest.raises(InvalidInputError, match="no matrix"):
        boundaries(np.zeros(3))
    with pytest.raises(InvalidInputError, match="window of 0"):
        boundaries(np.eye(3), window=0)
    with pytest.raises(InvalidInputError, match="Events of 0"):
        boundaries(np.eye(3), shortest=0)
