"""Learning which predicates have one value at a time, from histories whose truth is known."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model.states import LearnedState
from graphmem.resolve.learned import LEAST, Observation, learn

SHAPE = ("steer", "subject", "object")


def history(who: str, values: list[str], *, dated: bool = True) -> Iterator[Observation]:
    """One place after another tells the values, in this order."""
    for at, value in enumerate(values):
        passage = f"{who} {at}"
        yield Observation(who, frozenset((value,)), passage, at if dated else None)


def learned(*histories: Iterator[Observation]) -> LearnedState | None:
    found = learn({SHAPE: [seen for told in histories for seen in told]})
    return found[0] if found else None


def one_at_a_time(who: str) -> list[str]:
    return [f"{who} one", f"{who} one", f"{who} two", f"{who} two", f"{who} three"]


def beside_each_other(who: str) -> list[str]:
    draw = random.Random(who)
    return [f"{who} {draw.randrange(3)}" for _ in range(8)]


def test_values_that_follow_each_other_are_one_at_a_time() -> None:
    found = learned(*(history(who, one_at_a_time(who)) for who in map(str, range(20))))
    assert found is not None
    assert (found.is_once, found.agreeing, found.trials, found.examples) == (False, 40, 40, 20)


def test_the_bound_is_that_of_the_binomial_distribution() -> None:
    found = learned(*(history(who, one_at_a_time(who)) for who in map(str, range(20))))
    assert found is not None
    # With all n agreeing, the share p at which that still happens once in twenty is 0.05^(1/n).
    assert found.bound == pytest.approx(0.05 ** (1 / 40))
    mixed = [history(who, one_at_a_time(who)) for who in map(str, range(40))]
    mixed.append(history("back", ["a", "b", "a", "b"]))
    found = learned(*mixed)
    assert found is not None
    assert (found.agreeing, found.trials) == (80, 82)
    p = found.bound
    at_least = sum(math.comb(82, k) * p**k * (1 - p) ** (82 - k) for k in (80, 81, 82))
    assert at_least == pytest.approx(0.05)


def test_what_is_told_the_same_everywhere_is_one_for_good() -> None:
    found = learned(*(history(who, [who, who], dated=False) for who in map(str, range(29))))
    assert found is not None
    assert (found.is_once, found.examples) == (True, 29)
    assert learned(*(history(w, [w, w], dated=False) for w in map(str, range(28)))) is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(lambda who: [who], id="told of once each"),
        pytest.param(lambda who: [f"{who} a", f"{who} b"], id="never told again"),
        pytest.param(beside_each_other, id="several at a time"),
        pytest.param(lambda who: [f"{who} {n}" for n in "aabbab"], id="comes back"),
    ],
)
def test_what_could_have_several_values_is_not_learned(values: object) -> None:
    assert callable(values)
    assert learned(*(history(who, values(who)) for who in map(str, range(200)))) is None


def test_values_that_are_told_in_no_known_order_show_nothing() -> None:
    assert (
        learned(*(history(w, one_at_a_time(w), dated=False) for w in map(str, range(99)))) is None
    )


def test_stated_spans_that_overlap_speak_against_and_others_for_it() -> None:
    def spans(who: str, starts: tuple[int, int]) -> Iterator[Observation]:
        for value, start in zip("ab", starts, strict=True):
            name = frozenset((f"{who} {value}",))
            yield Observation(who, name, f"{who} {value}", None, start, start + 10)

    people = list(map(str, range(40)))
    assert learned(*(spans(who, (0, 10)) for who in people)) is not None
    assert learned(*(spans(who, (0, 9)) for who in people)) is None


def test_a_value_in_other_words_is_the_same_value() -> None:
    told = (history(who, [f"{who} Lee", f"Captain {who} Lee"]) for who in map(str, range(30)))
    found = learned(*told)
    assert found is not None
    assert found.is_once


def test_what_is_known_or_forbidden_or_says_nothing_is_not_learned() -> None:
    told = [seen for who in map(str, range(50)) for seen in history(who, [who, who])]
    assert learn({SHAPE: told}, never=[SHAPE]) == []
    assert learn({("be", "subject", "attribute"): told}) == []


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(0, 40))
def test_no_more_is_sure_than_agrees(values: list[str], others: int) -> None:
    found = learned(
        history("one", values),
        *(history(who, one_at_a_time(who)) for who in map(str, range(others))),
    )
    if found is not None:
        assert (
            LEAST <= found.bound < found.agreeing / found.trials or found.agreeing == found.trials
        )
