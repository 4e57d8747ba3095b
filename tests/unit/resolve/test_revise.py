"""What is to be believed of states, against an oracle and in any order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model.change import Operation
from graphmem.resolve.revise import Claim, Span, believe, with_deaths
from graphmem.resolve.states import Effect

START = datetime(2020, 1, 1, tzinfo=UTC)
SLOT = ("residence", "ann")


def _day(number: int | None) -> datetime | None:
    return None if number is None else START + timedelta(days=number)


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Statements of two states of one person, of every kind."""
    found = []
    for number in range(draw(st.integers(1, 7))):
        start = draw(st.none() | st.integers(0, 9))
        end = None if start is None else draw(st.none() | st.integers(start + 1, 12))
        seen = draw(st.lists(st.integers(0, 9), max_size=2, unique=True))
        effect = draw(st.sampled_from(Effect))
        found.append(
            Claim(
                fact_id=f"fact {number}",
                slot=draw(st.sampled_from((SLOT, ("employment", "ann")))),
                values=frozenset(draw(st.sampled_from((["oslo"], ["rome"], ["bonn"])))),
                effect=effect,
                since=START + timedelta(days=20 + number),
                start=_day(start),
                end=_day(end) if effect is Effect.HOLDS else None,
                seen=tuple(sorted(START + timedelta(days=day) for day in seen)),
                trust=draw(st.sampled_from((0.2, 0.5, 0.9))),
                is_now=draw(st.booleans()),
                is_denied=effect is Effect.HOLDS and draw(st.integers(0, 5)) == 0,
                is_correction=effect is Effect.HOLDS and draw(st.integers(0, 5)) == 0,
            )
        )
    return found


@given(claims(), st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_matter(told: list[Claim], chance: random.Random) -> None:
    mixed = list(told)
    chance.shuffle(mixed)
    assert believe(mixed) == believe(told)


@given(claims())
def test_states_of_another_kind_change_nothing(told: list[Claim]) -> None:
    apart: dict[str, object] = {}
    for slot in {claim.slot for claim in told}:
        apart.update(believe([claim for claim in told if claim.slot == slot]))
    assert believe(told) == apart


@given(claims())
def test_lower_trust_never_ends_or_denies_what_is_of_higher(told: list[Claim]) -> None:
    trust = {claim.fact_id: claim.trust for claim in told}
    for fact_id, verdict in believe(told).items():
        for cause in verdict.causes:
            if cause.operation in (Operation.RETIRE, Operation.SUPERSEDE):
                assert trust[cause.by] >= trust[fact_id]


@given(claims())
def test_an_interval_that_was_stated_whole_stays_or_is_denied(told: list[Claim]) -> None:
    held = {c.fact_id: c for c in told if c.end is not None}
    for fact_id, verdict in believe(told).items():
        if fact_id in held:
            whole = ((held[fact_id].start, held[fact_id].end),)
            assert verdict.spans == whole or (
                verdict.spans == () and verdict.causes[0].operation is Operation.RETIRE
            )


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from("abc")),
        min_size=1,
        max_size=8,
        unique_by=lambda m: m[0],
    )
)
def test_a_dated_history_reads_as_the_last_value_before_each_day(
    moves: list[tuple[int, str]],
) -> None:
    told = [
        Claim(
            fact_id=f"moved on {day}",
            slot=SLOT,
            values=frozenset((value,)),
            effect=Effect.STARTS,
            since=START,
            start=_day(day),
        )
        for day, value in moves
    ]
    found = believe(told)
    for day in range(22):
        before = [move for move in moves if move[0] <= day]
        expected = {max(before)[1]} if before else set()
        holding = {
            value
            for start, value in moves
            if any(_holds(span, day) for span in found[f"moved on {start}"].spans)
        }
        assert holding == expected


def test_a_time_known_to_the_year_orders_nothing_within_it() -> None:
    def told(value: str, width: int, day: int) -> Claim:
        return Claim(
            fact_id=value,
            slot=SLOT,
            values=frozenset((value,)),
            effect=Effect.STARTS,
            since=START,
            start=_day(day),
            width=timedelta(days=width),
        )

    within = believe([told("rome", 366, 0), told("oslo", 1, 100)])
    after = believe([told("rome", 366, 0), told("oslo", 1, 400)])
    assert within["rome"].spans == ((START, None),)
    assert after["rome"].spans == ((START, _day(400)),)


def test_what_is_so_once_is_never_superseded_only_corrected() -> None:
    def born(place: str, seen: int, *, corrects: bool = False, trust: float = 0.5) -> Claim:
        return Claim(
            fact_id=place,
            slot=("birthplace", "ann"),
            values=frozenset((place,)),
            effect=Effect.HOLDS,
            since=START,
            seen=(START + timedelta(days=seen),),
            is_once=True,
            is_correction=corrects,
            trust=trust,
        )

    assert len(believe([born("oslo", 1), born("rome", 2)])["oslo"].spans) == 1
    assert believe([born("oslo", 1), born("rome", 2, corrects=True)])["oslo"].spans == ()
    assert believe([born("oslo", 1), born("rome", 2, trust=0.9)])["oslo"].spans == ()
    assert (
        len(believe([born("oslo", 1, trust=0.9), born("rome", 2, corrects=True)])["oslo"].spans)
        == 1
    )


def test_death_ends_every_state_of_who_died_and_no_other() -> None:
    def held(holder: str, value: str) -> Claim:
        return Claim(
            fact_id=f"{holder} {value}",
            slot=("marriage", holder),
            values=frozenset((value,)),
            effect=Effect.STARTS,
            since=START,
            start=START,
        )

    death = Claim(
        fact_id="death",
        slot=("life", "ann"),
        values=frozenset(),
        effect=Effect.ENDS,
        since=START,
        start=_day(50),
    )
    told = [held("ann", "bob"), held("bob", "ann"), held("eve", "joe")]
    found = believe(with_deaths(told, {"ann": death}))
    assert found["ann bob"].spans == found["bob ann"].spans == ((START, _day(50)),)
    assert found["eve joe"].spans == ((START, None),)


@pytest.mark.parametrize("pair", [("paris", "france"), ("paris", "paris france")])
def test_a_place_and_the_region_around_it_are_no_rivals(pair: tuple[str, str]) -> None:
    told = [
        Claim(
            fact_id=value,
            slot=SLOT,
            values=frozenset((value,)),
            effect=Effect.STARTS,
            since=START,
            start=_day(day),
            is_region=value == "france",
        )
        for day, value in enumerate(pair)
    ]
    assert {verdict.spans[0][1] for verdict in believe(told).values()} == {None}


def _holds(span: Span, day: int) -> bool:
    moment = START + timedelta(days=day)
    return (span[0] is None or span[0] <= moment) and (span[1] is None or moment < span[1])
