"""Which statements say the same, or more of the same; and that either order tells it alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model.history import Retelling
from graphmem.model.knowledge import Fact, FactKind, Member, Modality, Polarity
from graphmem.model.time import parse_interval
from graphmem.resolve.alike import Telling, form_of, relation, spellings

SAME, MORE, LESS = Retelling.SAME, Retelling.MORE, Retelling.LESS
OTHER_WAY = {SAME: SAME, MORE: LESS, LESS: MORE, None: None}
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def fact(predicate: str, *members: str, when: str = "", **fields: Any) -> Fact:
    """A statement; its members as "role name", `when` as "from..to" or one time."""
    first, _, last = when.partition("..")
    return Fact.model_validate(
        {
            "id": f"{predicate} {members} {when} {sorted(fields.items())}",
            "text": "It is so.",
            "predicate": predicate,
            "members": [
                Member(role=role, entity_id=name, text=name)
                for role, _, name in (member.partition(" ") for member in members)
            ],
            "recorded_at": NOW,
            "valid_from": parse_interval(first).start if first else None,
            "valid_to": parse_interval(last or first).end if first and last != "*" else None,
            **fields,
        }
    )


def told(of: Fact, *days: date) -> Telling:
    form = form_of(of, {member.entity_id: member.entity_id for member in of.members})
    assert form is not None
    return Telling(of, form, frozenset(days))


MET = fact("meet", "subject Ann", "object Bob")
LIKES = fact("like", "subject Ann", "object jazz", kind=FactKind.STATE)


@pytest.mark.parametrize(
    ("new", "known", "found"),
    [
        (fact("meet", "subject Ann", "object Bob", "place Oslo"), MET, MORE),
        (fact("meet", "subject Ann", "object Bob", when="2021"), MET, MORE),
        (
            fact("meet", "subject Ann", "object Bob", when="2021-05"),
            fact("meet", "subject Ann", "object Bob", when="2021"),
            MORE,
        ),
        (
            fact("meet", "subject Ann", "object Bob", "place Oslo"),
            fact("meet", "subject Ann", "object Bob", "place Bergen"),
            None,
        ),
        (
            fact("meet", "subject Ann", "object Bob", when="2020"),
            fact("meet", "subject Ann", "object Bob", when="2021"),
            None,
        ),
        (
            fact("meet", "subject Ann", "object Bob", "place Oslo"),
            fact("meet", "subject Ann", "object Bob", when="2021"),
            None,
        ),
        (fact("meet", "subject Ann", "object Bob", polarity=Polarity.NEGATIVE), MET, None),
        (fact("meet", "subject Ann", "object Bob", modality=Modality.INTENDED), MET, None),
        (fact("meet", "subject Ann", "object Bob", attribution="Cem"), MET, None),
        (fact("meet", "subject Ann", "object Bob", "topic Acme"), MET, None),
        (fact("greet", "subject Ann", "object Bob"), MET, None),
        (
            fact("works for", "subject Ann", "object Acme"),
            fact("work", "subject Ann", "for Acme"),
            SAME,
        ),
        (
            fact("lives in", "subject Ann", "object Oslo"),
            fact("live", "subject Ann", "place Oslo"),
            SAME,
        ),
        (
            fact("is married to", "subject Ann", "object Bob"),
            fact("be married", "subject Ann", "to Bob"),
            SAME,
        ),
        (fact("likes", "subject Ann", "object jazz", kind=FactKind.STATE), LIKES, SAME),
        # Who liked it until some time may like it still; who has since then, does.
        (fact("like", "subject Ann", "object jazz", when="2010", kind=FactKind.STATE), LIKES, None),
        (
            fact("like", "subject Ann", "object jazz", when="2010..*", kind=FactKind.STATE),
            LIKES,
            MORE,
        ),
    ],
)
def test_what_a_statement_tells_of_another(new: Fact, known: Fact, found: Retelling) -> None:
    assert relation(told(new), told(known)) is found
    assert relation(told(known), told(new)) is OTHER_WAY[found]


def test_what_happened_on_another_day_may_have_happened_again() -> None:
    again = fact("meet", "subject Ann", "object Bob", "place Oslo")
    monday, friday = date(2024, 1, 1), date(2024, 1, 5)
    assert relation(told(again, monday), told(MET, friday)) is None
    assert relation(told(again, monday, friday), told(MET, friday)) is MORE
    assert relation(told(again, monday), told(MET)) is MORE
    liked = fact("like", "subject Ann", "object jazz", "place Oslo", kind=FactKind.STATE)
    assert relation(told(liked, monday), told(LIKES, friday)) is MORE


def test_nobody_named_or_nothing_said_has_no_form() -> None:
    for of in (
        fact("be", "subject the atmosphere", "attribute electric"),
        fact("sleep", "subject Ann"),
        fact("meet", "object Ann", "place Oslo"),
    ):
        assert form_of(of, {m.entity_id: m.entity_id for m in of.members}) is None


members = st.lists(
    st.sampled_from(["place Oslo", "in Norway", "at Acme", "with Cem", "time 2021"]), unique=True
)
facts = st.builds(
    lambda held, when, kind: fact("meet", "subject Ann", "object Bob", *held, when=when, kind=kind),
    members,
    st.sampled_from(["", "2021", "2021-05", "2021-06", "2021..*"]),
    st.sampled_from(list(FactKind)),
)


@given(facts, facts, facts)
def test_it_is_told_alike_from_either_end_and_of_a_third(one: Fact, two: Fact, three: Fact) -> None:
    a, b, c = map(told, (one, two, three))
    assert relation(b, a) is OTHER_WAY[relation(a, b)]
    if relation(a, b) is MORE and relation(b, c) is MORE and one.kind == two.kind == three.kind:
        assert relation(a, c) is MORE


@pytest.mark.parametrize(
    ("told_as", "known_as"),
    [
        (("works for", "subject Ann", "object Acme"), "work"),
        (("work", "subject Ann", "for Acme"), "works for"),
        (("live", "subject Ann", "place Oslo"), "lives in"),
        (("lives in", "subject Ann", "object Oslo"), "live"),
        (("is married to", "subject Ann", "object Bob"), "be married"),
        (("be married", "subject Ann", "to Bob"), "is married to"),
        (("like", "subject Ann", "object jazz"), "likes"),
        (("likes", "subject Ann", "object jazz"), "like"),
    ],
)
def test_the_other_spelling_is_looked_for(told_as: tuple[str, ...], known_as: str) -> None:
    assert known_as in spellings(fact(*told_as))
