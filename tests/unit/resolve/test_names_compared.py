"""Names are compared by what they are made of; what may be one is found without comparing all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType, SameAs
from graphmem.resolve.book import NameBook
from graphmem.resolve.forms import form_of, person_words
from graphmem.resolve.likeness import compare, telling_aliases

PERSON, ORGANISATION = EntityType.PERSON, EntityType.ORGANISATION


def entity(name: str, type: EntityType = EntityType.OTHER, *aliases: str) -> Entity:
    return Entity(id=content_id(Kind.ENTITY, name), name=name, type=type, aliases=aliases)


def rule(left: Entity, right: Entity) -> str | None:
    found, turned = compare(left, right), compare(right, left)
    assert found == turned
    return found.by if found else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Corrs", "Corrs"),
        ("Niʻihau", "Niihau"),
        ("Łódź Fabryczna", "Lodz Fabryczna"),
        ("al-Mu'tasim", "al-Muʿtaṣim"),
        ("Film & Television Institute", "Film and Television Institute"),
        ("S.M. Entertainment", "SM Entertainment"),
        ("Alice de Roucy", "Alice of Roucy"),
        ("Acme Widgets, Inc.", "Acme Widgets"),
        ("Queen Catherine Howard", "Catherine Howard"),
        ("Ann’s Café", "Ann's Cafe"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert form_of(one).key == form_of(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("World War I", "World War II"),
        ("Louis XIV", "Louis XV"),
        ("General Electric", "Electric"),
        ("King Henry", "Henry"),
        ("St. Mary", "Mary"),
        ("Toy Story 2", "Toy Story 3"),
        ("University of California", "University of California, Berkeley"),
        ("Company", "The Co"),
    ],
)
def test_names_that_differ_have_keys_that_differ(one: str, other: str) -> None:
    assert form_of(one).key != form_of(other).key


@pytest.mark.parametrize(
    ("left", "right", "by"),
    [
        (entity("Ann B. Lee", PERSON), entity("Ann Lee", PERSON), "middle name"),
        (entity("Ann B. Lee", PERSON), entity("Ann Beth Lee", PERSON), "initials"),
        (entity("A. B. Lee", PERSON), entity("Ann Beth Lee", PERSON), "initials"),
        (entity("A. Lee", PERSON), entity("Ann Lee", PERSON), "initials"),
        (entity("Bill Gates", PERSON), entity("William Gates", PERSON), "nickname"),
        (entity("Sir Ann Lee", PERSON), entity("Ann Lee", PERSON), "title of honour"),
        (entity("Acme Works Ltd"), entity("Acme Works"), "legal form"),
        (
            entity("Recording Industry Association of America", ORGANISATION),
            entity("RIAA", ORGANISATION),
            "acronym",
        ),
        (entity("Ada Byron Noel", PERSON), entity("Ada King", PERSON, "Ada Byron Noel"), "alias"),
        (entity("Rotrou III"), entity("Rotrou III, Count of Perche"), "tail"),
        (entity("John Cromwell"), entity("John Cromwell (director)"), "qualifier"),
        (entity("Ann Carol Lee", PERSON), entity("Ann Beth Lee", PERSON), None),
        (entity("Ann C. Lee", PERSON), entity("Ann Beth Lee", PERSON), None),
        (entity("Bob Lee", PERSON), entity("Ann Lee", PERSON), None),
        (entity("Ann Lee Jr.", PERSON), entity("Ann Lee Sr.", PERSON), None),
        (entity("Ann Lee", PERSON), entity("Ann B. Lee", ORGANISATION), None),
        (entity("Acme", EntityType.PLACE), entity("Acme Inc"), None),
        (entity("The Dream (1966 film)"), entity("The Dream (1985 film)"), None),
        (entity("RIAA", PERSON), entity("Rural Inns Association Army", ORGANISATION), None),
    ],
)
def test_the_rule_by_which_names_may_be_one(left: Entity, right: Entity, by: str | None) -> None:
    assert rule(left, right) == by


def test_an_alias_that_others_share_tells_nothing() -> None:
    weak = entity("Ada King", PERSON, "Ada", "King", "William III", "Ada Byron")
    assert telling_aliases(weak) == {"ada king", "ada byron"}
    assert telling_aliases(entity("Dutch language", ORGANISATION, "Germanic tongues")) == {
        "dutch language"
    }
    assert telling_aliases(entity("The Dream (film)", EntityType.WORK, "The Dream")) == set()


def test_a_persons_name_has_given_and_last_names() -> None:
    assert person_words(form_of("Sir Ann B. Lee")) == ("ann", "b", "lee")
    assert person_words(form_of("Alice of Roucy")) == ()
    assert person_words(form_of("Lee")) == ()


given_names = st.sampled_from(["Ann", "Anna", "Bill", "William", "A.", "B.", "Cem", "Sir Ann"])
last_names = st.sampled_from(["Lee", "Ray", "Of Acme", "III"])
person_names = st.builds(
    lambda parts, last, more: " ".join([*parts, last]) + more,
    st.lists(given_names, min_size=1, max_size=3),
    last_names,
    st.sampled_from(["", "", ", Count of Perche", " (director)", " Inc."]),
)
things = st.builds(
    lambda words, more: " ".join(words) + more,
    st.lists(
        st.sampled_from(["The", "Acme", "Works", "of", "Oslo", "AWO", "II"]), min_size=1, max_size=4
    ),
    st.sampled_from(["", "", " Ltd", " (film)", ", Norway"]),
)
entities = st.builds(
    lambda name, type, aliases: entity(name, type, *aliases),
    person_names | things,
    st.sampled_from([PERSON, ORGANISATION, EntityType.OTHER]),
    st.lists(person_names, max_size=2),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(entities, max_size=9, unique_by=lambda one: one.id))
def test_the_book_finds_every_pair_that_comparing_all_pairs_finds(found: list[Entity]) -> None:
    book = NameBook()
    looked_up: set[frozenset[str]] = set()
    for one in found:
        book.put(one)
        looked_up |= {frozenset((one.id, other.id)) for other in book.candidates(one)}
    alike = {
        frozenset((one.id, other.id))
        for at, one in enumerate(found)
        for other in found[:at]
        if compare(one, other)
    }
    assert alike <= looked_up


def test_a_key_that_a_crowd_shares_is_passed_over_and_cost_stays_linear() -> None:
    book = NameBook()
    sizes = []
    for number in range(200):
        one = entity(f"Ann {chr(65 + number % 26)}{'x' * number} Lee", PERSON)
        book.put(one)
        sizes.append(len(book.candidates(one)))
    assert max(sizes) <= 24
    assert sizes[-1] == 0


def test_an_alias_that_comes_later_is_a_new_name() -> None:
    book = NameBook()
    assert book.put(entity("Ada King", PERSON))
    assert not book.put(entity("Ada King", PERSON))
    assert book.put(entity("Ada King", PERSON, "Ada Byron Noel"))
    noel = entity("Ada Byron Noel", PERSON)
    book.put(noel)
    assert [one.name for one in book.candidates(noel)] == ["Ada King"]
    king = entity("Ada King").id
    book.join(SameAs(left_id=noel.id, right_id=king, score=1.0, by="test"))
    assert book.candidates(noel) == []
    assert set(book.one(king)) == {noel.id, king}
