"""Forgetting: the curve, what makes a memory last, and how much a text tells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError
from graphmem.kernels.forgetting import information, retention, strength


@given(age=st.floats(0, 1e5), later=st.floats(0, 1e5), days=st.floats(1e-3, 1e4))
def test_memory_fades_with_age(age: float, later: float, days: float) -> None:
    now, then = retention(np.array([age, age + later]), np.full(2, days))
    assert 0.0 <= then <= now <= 1.0
    assert now == pytest.approx(math.exp(-age / days))


@given(st.lists(st.floats(0, 100), min_size=2, max_size=9), st.integers(1, 9))
@example([0.0, 5e-324, 1.0], 1)
def test_what_is_recalled_or_tells_more_lasts_no_shorter(told: list[float], times: int) -> None:
    salience = np.sort(np.array(told))
    never = strength(30.0, salience, np.zeros(len(told)))
    often = strength(30.0, salience, np.full(len(told), float(times)))
    assert np.all(np.diff(never) >= 0)
    assert np.allclose(often, never * (1 + times))
    assert np.all(never > 0)


def test_what_is_as_salient_as_most_lasts_the_days_that_are_given() -> None:
    assert strength(30.0, np.array([1.0, 2.0, 9.0]), np.zeros(3))[1] == 30.0
    assert list(strength(30.0, np.zeros(2), np.zeros(2))) == [30.0, 30.0]


def test_information_is_the_surprise_at_the_words_of_a_text() -> None:
    texts = [["tea", "green"], ["tea"], ["tea", "harbour", "storm"], []]
    words = sorted({word for text in texts for word in text})
    terms = np.array([words.index(word) for text in texts for word in text])
    owners = np.array([at for at, text in enumerate(texts) for _ in text])
    expected = [
        sum(math.log(4 / sum(word in other for other in texts)) for word in text) for text in texts
    ]
    assert np.allclose(information(terms, owners, 4), expected)
    assert list(information(np.array([], np.int64), np.array([], np.int64), 2)) == [0.0, 0.0]


@pytest.mark.parametrize("bad", [-1.0, math.nan])
def test_what_is_no_age_strength_or_salience_is_refused(bad: float) -> None:
    one = np.ones(1)
    for call in (
        lambda: retention(np.array([bad]), one),
        lambda: retention(one, np.array([bad])),
        lambda: strength(bad, one, one),
        lambda: strength(1.0, np.array([bad]), one),
        lambda: strength(1.0, one, np.array([bad])),
    ):
        with pytest.raises(InvalidInputError):
            call()
