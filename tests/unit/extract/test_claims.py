"""Claims of a language model: what the text bears out is taken, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from graphmem.adapters.llms.fitting import strict_schema
from graphmem.context.answer import CitedAnswer
from graphmem.extract.claims import ClaimedLink, Claims, checked
from graphmem.kernels.text import words
from graphmem.model.extraction import Extraction, FactDraft, PassageContext
from graphmem.model.knowledge import EntityType, Modality, Polarity, Sense
from graphmem.model.source import EpisodeKind
from graphmem.model.time import Precision

TEXT = (
    "Ines Calloway founded Acme in Oslo in May 2021. She did not sell it, because Bo Lund objected."
)
ACME = PassageContext(passage_id="p1", title="Acme (company)", text=TEXT)
ENTITIES = [
    {"name": "Ines Calloway", "type": "person", "aliases": ["Calloway"]},
    {"name": "Acme", "type": "organisation", "aliases": []},
    {"name": "Oslo", "type": "place", "aliases": []},
    {"name": "Bo Lund", "type": "person", "aliases": []},
]
FOUNDED: dict[str, Any] = {
    "id": "f1",
    "quote": "Ines Calloway founded Acme in Oslo in May 2021",
    "text": "Ines Calloway founded Acme in Oslo in May 2021.",
    "predicate": "Found",
    "members": [
        {"role": "subject", "text": "Ines Calloway", "name": "Ines Calloway"},
        {"role": "object", "text": "Acme", "name": "Acme"},
        {"role": "place", "text": "Oslo", "name": "Oslo"},
        {"role": "time", "text": "May 2021", "name": "May 2021"},
    ],
    "since": "2021-05",
    "until": "2021-05",
}
SOLD: dict[str, Any] = {
    "id": "f2",
    "quote": "She did not sell it",
    "text": "Ines Calloway did not sell Acme.",
    "predicate": "sell",
    "members": [
        {"role": "subject", "text": "She", "name": "Ines Calloway"},
        {"role": "object", "text": "it", "name": "Acme"},
    ],
    "negated": True,
}
OBJECTED: dict[str, Any] = {
    "id": "f3",
    "quote": "Bo Lund objected",
    "text": "Bo Lund objected.",
    "predicate": "object",
    "members": [{"role": "subject", "text": "Bo Lund", "name": "Bo Lund"}],
}
LINK = {"source": "f3", "target": "f2", "sense": "cause", "connective": "because"}


def check(
    *facts: dict[str, Any], context: PassageContext = ACME, **more: Any
) -> tuple[Extraction, dict[str, int]]:
    """What is left of claims, and what was rejected."""
    fields = {"entities": ENTITIES, "facts": list(facts), **more}
    extraction, rejected = checked(context, Claims.model_validate(fields))
    return extraction, {why: count for why, count in rejected.items() if count}


def rejected_of(fact: dict[str, Any], context: PassageContext = ACME) -> dict[str, int]:
    extraction, rejected = check(fact, context=context)
    assert extraction.facts == ()
    return rejected


def fact_of(fact: dict[str, Any], context: PassageContext = ACME) -> FactDraft:
    extraction, _ = check(fact, context=context)
    [found] = extraction.facts
    return found


def with_member(fact: dict[str, Any], position: int, **changes: str) -> dict[str, Any]:
    members = [dict(member) for member in fact["members"]]
    members[position].update(changes)
    return {**fact, "members": members}


def test_true_claims_are_taken_with_their_places() -> None:
    extraction, rejected = check(FOUNDED, SOLD, OBJECTED, links=[LINK])
    assert rejected == {}
    founded, sold, objected = extraction.facts
    assert founded.predicate == "found"
    assert TEXT[founded.start : founded.end] == FOUNDED["quote"]
    assert [(m.role, m.text, m.name, m.type) for m in founded.members] == [
        ("subject", "Ines Calloway", "Ines Calloway", EntityType.PERSON),
        ("object", "Acme", "Acme (company)", EntityType.ORGANISATION),
        ("place", "Oslo", "Oslo", EntityType.PLACE),
        ("time", "May 2021", "May 2021", EntityType.DATE),
    ]
    for fact in extraction.facts:
        for member in fact.members:
            assert member.start is not None
            assert TEXT[member.start : member.end] == member.text
    assert (founded.valid_from, founded.valid_to) == (
        datetime(2021, 5, 1, tzinfo=UTC),
        datetime(2021, 6, 1, tzinfo=UTC),
    )
    assert founded.precision is Precision.MONTH
    assert sold.polarity is Polarity.NEGATIVE
    assert [m.name for m in sold.members] == ["Ines Calloway", "Acme (company)"]
    assert objected.modality is Modality.ACTUAL
    [link] = extraction.links
    assert (link.source, link.target, link.sense) == (2, 1, Sense.CAUSE)
    assert link.start is not None
    assert TEXT[link.start : link.end] == link.connective == "because"


def test_mentions_get_the_types_that_were_claimed_and_every_place() -> None:
    extraction, _ = check()
    types = {m.name: m.type for m in extraction.mentions}
    assert types["Acme (company)"] is EntityType.ORGANISATION
    assert types["Bo Lund"] is EntityType.PERSON
    about = [m for m in extraction.mentions if m.about]
    assert {m.name for m in about} == {"Acme (company)"}
    places = [(m.start, m.end, m.name) for m in extraction.mentions if m.start is not None]
    assert len(places) == len(set(places))


def test_what_does_not_stand_in_the_text_is_rejected() -> None:
    bought = {**FOUNDED, "quote": "Ines Calloway bought Acme"}
    assert rejected_of(bought) == {"quote not in the text": 1}
    other = with_member(FOUNDED, 0, text="Bob Stone", name="Bob Stone")
    assert rejected_of(other) == {"member not in the text": 1}
    renamed = with_member(SOLD, 0, name="Bob Stone")
    assert rejected_of(renamed) == {"name not in the text": 1}
    more = {**SOLD, "text": "Ines Calloway did not sell Acme to Megacorp."}
    assert rejected_of(more) == {"sentence says more than the text": 1}
    number = {**SOLD, "text": "Ines Calloway did not sell Acme for 5000 crowns."}
    assert rejected_of(number) == {"sentence says more than the text": 1}


def test_a_phrase_with_another_name_keeps_its_own() -> None:
    found = fact_of(with_member(OBJECTED, 0, name="Mr Lund of Bergen"))
    assert found.members[0].name == "Bo Lund"


def test_entities_that_the_passage_does_not_name_are_rejected() -> None:
    foreign = {"name": "Megacorp", "type": "organisation", "aliases": []}
    scattered = {"name": "Lund Calloway", "type": "person", "aliases": []}
    extraction, rejected = check(entities=[foreign, scattered])
    assert rejected == {"name not in the text": 2}
    assert not {"Megacorp", "Lund Calloway"} & {m.name for m in extraction.mentions}


def test_times_must_be_the_passages_or_be_worked_out_from_its_own() -> None:
    undated = fact_of({**OBJECTED, "since": "2019", "until": None})
    assert undated.valid_from is None
    _, rejected = check({**OBJECTED, "since": "2019"})
    assert rejected == {"time not in the text": 1}
    _, rejected = check({**OBJECTED, "since": "soon"})
    assert rejected == {"time that reads as none": 1}
    _, rejected = check({**FOUNDED, "since": "2021-05", "until": "2020"}, context=dated())
    assert rejected == {"time that ends before it begins": 1}


def dated() -> PassageContext:
    return ACME.model_copy(update={"occurred_at": datetime(2024, 6, 2, tzinfo=UTC)})


def test_a_turn_speaks_of_those_who_talk_and_of_its_own_time() -> None:
    turn = PassageContext(
        passage_id="t1",
        text="I saw you in Oslo yesterday.",
        kind=EpisodeKind.CHAT,
        speaker="Ann",
        addressee="Bob",
        occurred_at=datetime(2024, 5, 2, 9, 0, tzinfo=UTC),
    )
    saw = {
        "id": "f1",
        "quote": "I saw you in Oslo yesterday",
        "text": "Ann saw Bob in Oslo on 1 May 2024.",
        "predicate": "see",
        "members": [
            {"role": "subject", "text": "I", "name": "Ann"},
            {"role": "object", "text": "you", "name": "Bob"},
            {"role": "time", "text": "yesterday", "name": "1 May 2024"},
        ],
        "since": "2024-05-01",
        "until": "2024-05-01",
        "attribution": "Ann",
    }
    fields = {"entities": [], "facts": [saw], "intent": "statement", "topics": ["Travel"]}
    extraction, rejected = checked(turn, Claims.model_validate(fields))
    assert not +rejected
    [fact] = extraction.facts
    assert [m.name for m in fact.members] == ["Ann", "Bob", "1 May 2024"]
    assert fact.attribution == "Ann"
    assert fact.valid_from == datetime(2024, 5, 1, tzinfo=UTC)
    assert fact.valid_to == datetime(2024, 5, 2, tzinfo=UTC)
    assert extraction.attributes["intent"] == "statement"
    assert extraction.attributes["topics"] == ("travel",)


def test_links_need_both_facts_and_their_connective() -> None:
    wrong = {**OBJECTED, "id": "f9", "quote": "Bo Lund agreed"}
    links = [LINK, {**LINK, "source": "f9"}, {**LINK, "connective": "although"}]
    extraction, rejected = check(SOLD, wrong, OBJECTED, links=links)
    assert [(link.source, link.target) for link in extraction.links] == [(1, 0)]
    assert rejected == {
        "quote not in the text": 1,
        "link between facts that are not there": 1,
        "connective not in the text": 1,
    }


def test_keywords_must_stand_in_the_text() -> None:
    extraction, rejected = check(keywords=["Bo Lund", "world peace"])
    assert extraction.attributes["keywords"] == ("bo lund",)
    assert rejected == {"keyword not in the text": 1}


SAID = st.sampled_from([*TEXT.replace(".", "").split(), "Bob", "Rome", "1999", "it", " ", "-"])
PHRASES = st.lists(SAID, min_size=1, max_size=4).map(" ".join).filter(str.strip)
STRETCHES = st.tuples(st.integers(0, 90), st.integers(1, 50)).map(
    lambda pair: TEXT[pair[0] : pair[0] + pair[1]]
)
TEXTS = (PHRASES | STRETCHES).filter(str.strip)
TIMES = st.none() | st.sampled_from(["2021", "2021-05", "99999", "soon", "", "9999-12-31", "0000"])
MEMBERS = st.fixed_dictionaries({"role": TEXTS, "text": TEXTS, "name": TEXTS | st.just("")})
FACTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from("abc"),
        "quote": TEXTS,
        "text": TEXTS,
        "predicate": TEXTS,
        "members": st.lists(MEMBERS, min_size=1, max_size=3),
        "since": TIMES,
        "until": TIMES,
        "attribution": st.none() | TEXTS,
        "kind": st.sampled_from(["event", "state"]),
    }
)
LINKS = st.fixed_dictionaries(
    {
        "source": st.sampled_from("abcd"),
        "target": st.sampled_from("abcd"),
        "sense": st.sampled_from(sorted(set(Sense) - {Sense.PREMISE})),
        "connective": TEXTS | st.just(""),
    }
)
ANY_ENTITIES = st.fixed_dictionaries(
    {"name": TEXTS, "type": st.sampled_from(list(EntityType)), "aliases": st.lists(TEXTS)}
)


@settings(deadline=None, max_examples=150)
@given(
    facts=st.lists(FACTS, max_size=4),
    links=st.lists(LINKS, max_size=3),
    entities=st.lists(ANY_ENTITIES, max_size=3),
)
def test_whatever_is_claimed_what_is_taken_stands_in_the_text(
    facts: list[dict[str, Any]], links: list[dict[str, Any]], entities: list[dict[str, Any]]
) -> None:
    extraction, rejected = check(*facts, links=links, entities=entities)
    around = set(words(f"{ACME.title} {TEXT}"))
    for fact in extraction.facts:
        assert 0 <= fact.start < fact.end <= len(TEXT)
        if fact.valid_from and fact.valid_to:
            assert fact.valid_from < fact.valid_to
        for member in fact.members:
            assert member.role
            assert member.name
            if member.start is None:
                assert set(words(member.text)) <= around
            else:
                assert TEXT[member.start : member.end] == member.text
                assert fact.start <= member.start
    for mention in extraction.mentions:
        if mention.start is not None:
            assert TEXT[mention.start : mention.end] == mention.surface
    for link in extraction.links:
        assert {link.source, link.target} <= set(range(len(extraction.facts)))
    assert len(extraction.facts) + sum(rejected.values()) >= len(facts)


STRICT = {
    *("type", "properties", "required", "additionalProperties", "items", "anyOf", "enum"),
    *("$ref", "$defs", "description", "title"),
}


@pytest.mark.parametrize("schema", [Claims, CitedAnswer])
def test_schemas_hold_only_what_strict_decoders_know(schema: Any) -> None:
    def see(part: Any) -> None:
        assert part.keys() <= STRICT
        assert "$ref" not in part or len(part) == 1
        if "properties" in part:
            assert part["required"] == list(part["properties"])
            assert part["additionalProperties"] is False
        inner = [*part.get("properties", {}).values(), *part.get("$defs", {}).values()]
        inner += [*part.get("anyOf", ()), *([part["items"]] if "items" in part else [])]
        for other in inner:
            see(other)

    see(strict_schema(schema))


def test_no_text_claims_what_only_we_derive() -> None:
    link = {"source": "f1", "target": "f2", "sense": "premise"}
    with pytest.raises(ValidationError, match="premise"):
        ClaimedLink.model_validate(link)
    assert ClaimedLink.model_validate({**link, "sense": "cause"}).sense is Sense.CAUSE
