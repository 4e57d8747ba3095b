"""What is chosen under a budget: the bound, repetition, shared heads."""

from __future__ import annotations

from itertools import combinations
from math import e

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.context.select import CONCAVITY, Piece, select

WORDS = ["ann", "oslo", "tea", "boat"]
TOPICS = {"ann": 0.3, "oslo": 0.1}
WEIGHTS = [1.0, 0.5, 0.25]


@st.composite
def pieces(draw: st.DrawFn) -> list[Piece]:
    # Each has a word of its own, so that none repeats another.
    return [
        Piece(
            group=draw(st.integers(0, 2)),
            share=draw(st.floats(0.01, 0.3)),
            cost=draw(st.integers(1, 12)),
            words=frozenset({f"own{row}", *draw(st.sets(st.sampled_from(WORDS)))}),
        )
        for row in range(draw(st.integers(1, 8)))
    ]


def worth(chosen: list[Piece]) -> float:
    """The objective as its definition says it, from nothing."""
    covered = {word for piece in chosen for word in piece.words}
    shares = [sum(one.share for one in chosen if one.group == group) for group in range(3)]
    passages = sum(
        weight * float(share**CONCAVITY) for weight, share in zip(WEIGHTS, shares, strict=True)
    )
    return passages + sum(value for word, value in TOPICS.items() if word in covered)


@settings(deadline=None)
@given(offered=pieces(), budget=st.integers(1, 30))
def test_a_choice_keeps_its_budget_and_its_bound(offered: list[Piece], budget: int) -> None:
    chosen = [offered[row] for row in select(offered, WEIGHTS, topics=TOPICS, budget=budget)]
    assert sum(piece.cost for piece in chosen) <= budget
    best = max(
        worth(list(some))
        for size in range(len(offered) + 1)
        for some in combinations(offered, size)
        if sum(piece.cost for piece in some) <= budget
    )
    assert worth(chosen) >= 0.9 * (1 - 1 / e) / 2 * best - 1e-9


@settings(deadline=None)
@given(offered=pieces(), budget=st.integers(1, 30), data=st.data())
def test_parts_only_add_and_stand_beside_no_whole(
    offered: list[Piece], budget: int, data: st.DataObject
) -> None:
    wholes = len(offered)
    for row, whole in enumerate(offered[:wholes]):
        for part in range(data.draw(st.integers(0, 2))):
            words = frozenset({f"part{row}.{part}"})
            cost = data.draw(st.integers(1, 6))
            offered.append(Piece(whole.group, whole.share / 2, cost, words=words, whole=row))
    rows = select(offered, WEIGHTS, topics=TOPICS, budget=budget)
    assert sum(offered[row].cost for row in rows) <= budget
    assert not {offered[row].whole for row in rows} & set(rows)
    without = select(offered[:wholes], WEIGHTS, topics=TOPICS, budget=budget)
    best = max(
        worth(list(some))
        for size in range(wholes + 1)
        for some in combinations(offered[:wholes], size)
        if sum(piece.cost for piece in some) <= budget
    )
    reached = worth([offered[row] for row in rows])
    assert reached >= 0.9 * (1 - 1 / e) / 2 * best - 1e-9
    assert reached >= 0.9 * worth([offered[row] for row in without]) - 1e-9


def test_a_part_stands_for_what_has_no_room() -> None:
    whole = Piece(group=0, share=1.0, cost=30, words=frozenset({"long"}))
    parts = [Piece(group=0, share=0.4, cost=6, words=frozenset({word}), whole=0) for word in "abc"]
    assert select([whole, *parts], [1.0], topics={}, budget=30) == [0]
    assert select([whole, *parts], [1.0], topics={}, budget=13) == [1, 2]


def test_one_piece_of_great_worth_is_not_lost_to_a_cheap_one() -> None:
    cheap, great = Piece(group=1, share=0.03, cost=1), Piece(group=0, share=1.0, cost=500)
    assert select([cheap, great], [1.0, 1.0], topics={}, budget=500) == [1]


def test_what_says_the_same_is_taken_once() -> None:
    said = frozenset({"ann", "joined", "acme"})
    twice = [Piece(group=row, share=1.0, cost=5, words=said) for row in range(2)]
    assert select(twice, [1.0, 0.9], topics={}, budget=50) == [0]


def test_a_head_is_paid_once() -> None:
    under = [
        Piece(group=0, share=0.5, cost=5, head="Acme", head_cost=10, words=frozenset({str(row)}))
        for row in range(2)
    ]
    assert sorted(select(under, [1.0], topics={}, budget=20)) == [0, 1]
    assert len(select(under, [1.0], topics={}, budget=19)) == 1


@pytest.mark.parametrize(("word", "first"), [("oslo", 1), ("tea", 0)])
def test_a_word_of_the_question_counts_until_it_is_covered(word: str, first: int) -> None:
    offered = [
        Piece(group=0, share=0.5, cost=5, words=frozenset({"boat"})),
        Piece(group=1, share=0.5, cost=5, words=frozenset({word})),
    ]
    assert select(offered, [1.0, 0.9], topics={"oslo": 0.2}, budget=5) == [first]
