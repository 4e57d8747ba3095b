"""Derived facts: what stated facts say together, and nothing that they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.graph.threads import DERIVED
from graphmem.maintain.derive import PREDICATES, Derivation, derive, premises_of
from graphmem.model.knowledge import Entity, EntityType, Fact, Member, Modality, Polarity

NOW = datetime(2024, 1, 1, tzinfo=UTC)
PERSON, PLACE = EntityType.PERSON, EntityType.PLACE


def _fact(told: str, **more: Any) -> Fact:
    """Of "left | predicate | role | right"; words of `attribute` stand between."""
    left, predicate, role, right = (part.strip() for part in told.split("|"))
    attribute = more.pop("attribute", "")
    members = [("subject", left), *([("attribute", attribute)] if attribute else []), (role, right)]
    fields: dict[str, Any] = {
        "id": f"fa_{told}{sorted(more.items())}",
        "text": told,
        "predicate": predicate,
        "members": tuple(
            Member(role=r, entity_id=f"en_{name}", text=name, ordinal=at)
            for at, (r, name) in enumerate(members)
        ),
        "recorded_at": NOW,
    }
    return Fact(**{**fields, **more})


def _derived(
    facts: Iterable[Fact],
    *,
    types: Mapping[str, EntityType] | None = None,
    apart: bool = False,
    one: Mapping[str, str] | None = None,
) -> list[Derivation]:
    """What follows; all is told in one episode, or each fact in its own."""
    told = list(facts)
    names = {member.text for fact in told for member in fact.members}
    entities = {
        f"en_{name}": Entity(id=f"en_{name}", name=name, type=(types or {}).get(name, PERSON))
        for name in names
    }
    episodes = {fact.id: frozenset((f"ep_{fact.id}" if apart else "ep",)) for fact in told}
    return derive(told, entities, namespace="default", recorded_at=NOW, episodes=episodes, one=one)


def _texts(found: Iterable[Derivation]) -> set[str]:
    return {derivation.fact.text for derivation in found}


def test_parents_of_parents_are_grandparents_however_that_is_told() -> None:
    facts = [
        _fact("Ann Lee | be mother of | of | Bob Lee", topics=("family",)),
        _fact("Cem Ray | be son of | of | Bob Lee", topics=("family", "work")),
    ]
    found = {derivation.fact.text: derivation for derivation in _derived(facts)}
    assert found.keys() == {
        "Ann Lee is a grandparent of Cem Ray.",
        "Bob Lee is a parent of Cem Ray.",
    }
    derivation = found["Ann Lee is a grandparent of Cem Ray."]
    assert (derivation.rule, derivation.premises) == ("parent of a parent", tuple(facts))
    assert len(derivation.premises) == premises_of(derivation.rule)
    assert derivation.fact.attribution == DERIVED
    assert derivation.fact.confidence == pytest.approx(0.9)
    assert derivation.fact.topics == ("family", "work")


def test_children_of_one_parent_are_siblings_and_what_goes_both_ways_does() -> None:
    siblings = [_fact(f"Ann Lee | be mother of | of | {name} Lee") for name in ("Bob", "Cem")]
    assert _texts(_derived(siblings)) == {"Bob Lee is a sibling of Cem Lee."}
    for told, said in (
        ("Ann Lee | marry | object | Bob Ray", "Bob Ray is the spouse of Ann Lee."),
        ("Ann Lee | be wife of | of | Bob Ray", "Bob Ray is the spouse of Ann Lee."),
        ("Ann Lee | be sister of | of | Bob Lee", "Bob Lee is a sibling of Ann Lee."),
    ):
        [derivation] = _derived([_fact(told)])
        assert derivation.fact.text == said


def test_what_is_in_a_place_is_in_what_that_is_in_while_both_are() -> None:
    def year(n: int) -> datetime:
        return datetime(n, 1, 1, tzinfo=UTC)

    types = dict.fromkeys(("Old Town", "Far County", "Ohio"), PLACE)
    first = _fact("Old Town | be town in | place | Far County", valid_from=year(1900))
    second = _fact("Far County | be in | place | Ohio", valid_to=year(1950), trust=0.2)
    [derivation] = _derived([first, second], types=types)
    assert derivation.fact.text == "Old Town is located in Ohio."
    held = derivation.fact.valid_from, derivation.fact.valid_to, derivation.fact.trust
    assert held == (year(1900), year(1950), 0.2)
    late = first.model_copy(update={"valid_from": year(1960)})
    assert _derived([late, second], types=types) == []
    assert _derived([first, second]) == []  # they are no places


MOTHER = "Ann Lee | be mother of | of | Bob Lee"


@pytest.mark.parametrize(
    "other",
    [
        _fact("Bob Lee | be father of | of | Cem Lee", polarity=Polarity.NEGATIVE),
        _fact("Bob Lee | be father of | of | Cem Lee", modality=Modality.POSSIBLE),
        _fact("Bob Lee | be father of | of | Cem Lee", attribution="Dan"),
        _fact("Bob Lee | be father of | of | Cem Lee", retired_at=NOW),
        _fact("Bob Lee | be father of | of | Cem Lee", attribute="adoptive father"),
        _fact("Bob Lee | be father of | to | Cem Lee"),
        _fact("Bob Lee | be fan of | of | Cem Lee"),
        _fact("Rob Lee | be father of | of | Cem Lee"),
    ],
    ids=["denied", "possible", "said", "retired", "adopted", "role", "no rule", "another"],
)
def test_what_is_no_premise_says_nothing_with_another(other: Fact) -> None:
    assert _texts(_derived([_fact(MOTHER), other])) == set()


def test_two_of_one_given_name_are_not_taken_for_one_across_sources() -> None:
    facts = [_fact("Ann Lee | be mother of | of | Bob"), _fact("Bob | be father of | of | Cem Ray")]
    assert _texts(_derived(facts)) == {"Ann Lee is a grandparent of Cem Ray."}
    assert _derived(facts, apart=True) == []
    full = [_fact(MOTHER), _fact("Bob Lee | be father of | of | Cem Lee")]
    assert len(_derived(full, apart=True)) == 1


def test_what_is_stated_is_not_derived_and_one_entity_is_one() -> None:
    both = [
        _fact("Ann Lee | marry | object | Bob Ray"),
        _fact("Bob Ray | be husband of | of | Ann Lee"),
    ]
    assert _derived(both) == []
    facts = [_fact(MOTHER), _fact("Robert Lee | be father of | of | Cem Lee")]
    assert _derived(facts) == []
    assert _texts(_derived(facts, one={"en_Robert Lee": "en_Bob Lee"})) == {
        "Ann Lee is a grandparent of Cem Lee."
    }


NAMES = ("Ann Lee", "Bob Lee", "Cem Lee", "Dan Lee")
FAMILY = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(
        lambda pair: pair[0] != pair[1]
    ),
    unique=True,
    max_size=7,
)


@given(pairs=FAMILY)
def test_grandparents_are_the_product_of_parenthood_with_itself(
    pairs: list[tuple[str, str]],
) -> None:
    facts = [_fact(f"{parent} | be parent of | of | {child}") for parent, child in pairs]
    expected = {
        (one, end)
        for one, middle in pairs
        for start, end in pairs
        if middle == start and one != end
    }
    found = {
        (d.fact.members[0].text, d.fact.members[1].text)
        for d in _derived(facts)
        if d.fact.predicate == "be grandparent of"
    }
    assert found == expected


@given(pairs=FAMILY, data=st.data())
def test_the_order_of_facts_changes_nothing_and_derived_facts_derive_nothing(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    facts = [_fact(f"{parent} | be parent of | of | {child}") for parent, child in pairs]
    found = _derived(facts)
    assert _derived(data.draw(st.permutations(facts))) == found
    assert _derived([*facts, *(derivation.fact for derivation in found)]) == found
    assert all(
        derivation.fact.predicate in {*PREDICATES, "be grandparent of"} for derivation in found
    )
