"""Which names are held to be one: what the passages bear out, what dates and types forbid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType, Fact, Member, Polarity
from graphmem.resolve.book import NameBook
from graphmem.resolve.conflicts import find_conflict
from graphmem.resolve.likeness import SAME_AT, Described
from graphmem.resolve.linking import Around, decide, needed, propose

PERSON = EntityType.PERSON


def entity(name: str, type: EntityType = PERSON, *aliases: str) -> Entity:
    return Entity(id=content_id(Kind.ENTITY, name), name=name, type=type, aliases=aliases)


def dated(predicate: str, role: str, of: Entity, year: int, **more: object) -> Fact:
    text = f"{of.name}: {predicate} {year}"
    values: dict[str, object] = {
        "id": content_id(Kind.FACT, text),
        "text": text,
        "predicate": predicate,
        "members": (Member(role=role, entity_id=of.id, text=of.name),),
        "valid_from": datetime(year, 1, 1, tzinfo=UTC),
        "valid_to": datetime(year + 1, 1, 1, tzinfo=UTC),
        "recorded_at": datetime(2024, 1, 1, tzinfo=UTC),
    }
    return Fact.model_validate({**values, **more})


def born(of: Entity, year: int, **more: object) -> Fact:
    return dated("be born", "object", of, year, **more)


def died(of: Entity, year: int) -> Fact:
    return dated("die", "subject", of, year)


def told(of: Entity, *texts: str, cosine: float = 1.0) -> Described:
    """An entity whose passages are at that cosine from the first axis."""
    vector = np.array([cosine, np.sqrt(1 - cosine**2)], np.float32)
    return Described(of, texts, np.stack([vector] * len(texts)))


def linked(
    known: Sequence[Entity],
    new: Sequence[Entity],
    *,
    described: Sequence[Described] = (),
    facts: Mapping[str, Sequence[Fact]] | None = None,
) -> dict[frozenset[str], str]:
    """The rules by which names are linked when `new` comes after `known`."""
    around = Around({one.entity.id: one for one in described}, facts or {})
    book = NameBook()
    names = {one.id: one.name for one in (*known, *new)}
    links = [
        *decide(propose(book, known), book, around),
        *decide(propose(book, new), book, around),
    ]
    assert all(link.score >= SAME_AT for link in links)
    return {frozenset((names[one.left_id], names[one.right_id])): one.by for one in links}


ANN, ANN_B = entity("Ann Lee"), entity("Ann B. Lee")


@pytest.mark.parametrize("order", [1, -1])
def test_a_spelling_is_linked_whichever_comes_first(order: int) -> None:
    first, second = [entity("The Corrs"), entity("Corrs")][::order]
    assert linked([first], [second]) == {frozenset(("The Corrs", "Corrs")): "spelling"}
    assert linked([], [first, second]) == {frozenset(("The Corrs", "Corrs")): "spelling"}


@pytest.mark.parametrize(("cosine", "is_one"), [(0.9, True), (0.3, False)])
def test_what_a_name_leaves_open_the_passages_decide(cosine: float, is_one: bool) -> None:
    around = [told(ANN, "Ann Lee sang."), told(ANN_B, "Ann B. Lee sang too.", cosine=cosine)]
    assert bool(linked([ANN], [ANN_B], described=around)) is is_one


def test_one_passage_with_both_names_bears_nothing_out() -> None:
    full = entity("Ann Carol Lee")
    text = "Ann Lee is the daughter of Ann Carol Lee."
    assert not linked([ANN], [full], described=[told(ANN, text), told(full, text)])


def test_a_name_that_may_be_two_is_neither() -> None:
    initial, ann, amy = entity("A. Lee"), entity("Ann Lee"), entity("Amy Lee")
    around = [told(one, f"{one.name} sang") for one in (initial, ann, amy)]
    assert linked([ann], [initial], described=around)
    assert not linked([ann, amy], [initial], described=around)


def test_a_tail_has_to_follow_the_name_and_a_qualifier_to_stand_near_it() -> None:
    count, bare = entity("Rotrou III, Count of Perche"), entity("Rotrou III")
    for text, is_one in (
        ("A son of Rotrou III, Count of Perche, and Maud.", True),
        ("A son of Rotrou III and Maud, Count of Perche.", False),
    ):
        around = [told(bare, text), told(count, "About the count.")]
        assert bool(linked([bare], [count], described=around)) is is_one
    director, name = entity("Ann Lee (director)"), entity("Ann Lee")
    for text, is_one in (("A film directed by Ann Lee.", True), ("A song of Ann Lee.", False)):
        around = [told(name, text), told(director, "About her.")]
        assert bool(linked([name], [director], described=around)) is is_one


def test_two_births_two_deaths_or_a_death_before_the_birth_keep_names_apart() -> None:
    one, other = entity("Ann B. Lee"), entity("Ann Beth Lee")
    assert linked([one], [other])
    for left, right in (
        (born(one, 1900), born(other, 1950)),
        (died(one, 1900), died(other, 1950)),
        (died(one, 1900), born(other, 1950)),
        (dated("found", "object", one, 1900), dated("found", "object", other, 1950)),
    ):
        facts = {one.id: [left], other.id: [right]}
        assert not linked([one], [other], facts=facts)
        assert find_conflict([(one.id, left)], [(other.id, right)]) == (left, right)


def test_facts_that_agree_or_say_nothing_of_the_entity_are_no_conflict() -> None:
    one, other = entity("Ann B. Lee"), entity("Ann Beth Lee")
    for left, right in (
        (born(one, 1900), born(other, 1900)),
        (born(one, 1900), died(other, 1950)),
        (born(one, 1900), born(other, 1950, polarity=Polarity.NEGATIVE)),
        (born(one, 1900), born(other, 1950, retired_at=datetime(2024, 2, 1, tzinfo=UTC))),
        (born(one, 1900), dated("be born", "place", other, 1950)),
    ):
        assert find_conflict([(one.id, left)], [(other.id, right)]) is None


def test_what_is_one_already_counts_with_all_its_facts_and_types() -> None:
    first, second, third = entity("Ann B. Lee"), entity("Ann Beth Lee"), entity("Ann Beth C. Lee")
    facts = {first.id: [born(first, 1900)], third.id: [born(third, 1950)]}
    around = [told(one, f"{one.name} sang") for one in (first, second, third)]
    found = linked([first, second], [third], described=around, facts=facts)
    assert found == {frozenset(("Ann B. Lee", "Ann Beth Lee")): "initials"}


def test_what_was_compared_once_is_not_proposed_again() -> None:
    book = NameBook()
    assert len(propose(book, [ANN, ANN_B])) == 1
    assert propose(book, [ANN, ANN_B]) == []


def test_passages_are_looked_up_for_weak_rules_only() -> None:
    book = NameBook()
    spelling = propose(book, [entity("The Corrs"), entity("Corrs")])
    weak = propose(book, [ANN, ANN_B])
    assert needed(spelling, book)[1] == []
    assert needed([*spelling, *weak], book)[1] == sorted([ANN.id, ANN_B.id])
    assert len(needed([*spelling, *weak], book)[0]) == 4
