from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphmem.model.change import ChangeSet, Neighbourhood
from graphmem.model.extraction import (
    Extraction,
    FactDraft,
    LinkDraft,
    MemberDraft,
    MentionDraft,
    OpeningDraft,
)
from graphmem.model.knowledge import Entity, EntityType, Modality, Polarity, Sense
from graphmem.model.source import Depth, Episode, Message, Passage, SourceItem
from graphmem.resolve.entities import entity_id
from graphmem.resolve.resolve import referred_entities, resolve
from graphmem.segment.segment import segment

NOW = datetime(2024, 5, 1, tzinfo=UTC)
THEN = datetime(2021, 1, 1, tzinfo=UTC)


def episode_of(
    text: str, *, source: str = "doc", trust: float = 0.5
) -> tuple[Episode, list[Passage]]:
    item = SourceItem(source=source, text=text, trust=trust)
    return segment(item, namespace="test", recorded_at=NOW, depth=Depth.FULL)


def fact(
    *members: tuple[str, str],
    predicate: str = "join",
    type: EntityType = EntityType.PERSON,
    **fields: object,
) -> FactDraft:
    drafts = tuple(
        MemberDraft(role=role, text=name, name=name, type=type) for role, name in members
    )
    text = " ".join(name for _, name in members)
    given = {"text": text, "predicate": predicate, "members": drafts, "start": 0, "end": 3}
    return FactDraft.model_validate({**given, **fields})


ANN_ACME = fact(("subject", "Ann"), ("object", "Acme"))


def resolved(
    episodes: Sequence[Episode],
    passages: Sequence[Passage],
    extractions: Sequence[Extraction],
    known: Sequence[Entity] = (),
) -> ChangeSet:
    return resolve(
        episodes,
        passages,
        extractions,
        namespace="test",
        recorded_at=NOW,
        known=Neighbourhood(entities={entity.id: entity for entity in known}),
    )


def of_documents(*drafts: Sequence[FactDraft], trust: Sequence[float] = ()) -> ChangeSet:
    """One document for each list of facts."""
    made = [
        episode_of(f"Text {n}.", source=f"doc:{n}", trust=trust[n] if trust else 0.5)
        for n in range(len(drafts))
    ]
    passages = [passage for _, [passage] in made]
    return resolved(
        [episode for episode, _ in made],
        passages,
        [
            Extraction(passage_id=p.id, facts=tuple(facts))
            for p, facts in zip(passages, drafts, strict=True)
        ],
    )


def test_the_same_fact_of_two_documents_is_one_with_evidence_in_both() -> None:
    worded = ANN_ACME.model_copy(update={"text": "Acme was joined by Ann.", "confidence": 0.7})
    changes = of_documents([worded], [ANN_ACME], trust=(0.3, 0.9))
    [held] = changes.facts
    assert len({row.passage_id for row in changes.evidence}) == 2
    assert {row.fact_id for row in changes.evidence} == {held.id}
    assert (held.trust, held.confidence) == (0.9, 1.0)


def test_the_order_of_members_does_not_make_another_fact() -> None:
    turned = fact(("object", "Acme"), ("subject", "Ann"))
    assert len(of_documents([ANN_ACME], [turned]).facts) == 1


def test_what_is_stated_makes_the_fact() -> None:
    others = [
        ANN_ACME.model_copy(update=change)
        for change in (
            {"predicate": "leave"},
            {"polarity": Polarity.NEGATIVE},
            {"modality": Modality.POSSIBLE},
            {"attribution": "Bob"},
            {"valid_from": THEN},
            {"valid_to": THEN},
        )
    ]
    others.append(fact(("subject", "Acme"), ("object", "Ann")))
    others.append(fact(("subject", "Ann"), ("to", "Acme")))
    assert len(of_documents([ANN_ACME], others).facts) == 1 + len(others)


def test_names_that_differ_in_case_and_accents_are_one_entity() -> None:
    mentions = tuple(
        MentionDraft(surface=name, name=name, start=n, end=n + 1)
        for n, name in enumerate(["Zoë Lee", "ZOE LEE", "Zoe  Lee"])
    )
    episode, [passage] = episode_of("x" * 20)
    changes = resolved([episode], [passage], [Extraction(passage_id=passage.id, mentions=mentions)])
    [entity] = changes.entities
    assert entity.name == "Zoë Lee"
    assert entity.aliases == ()
    assert len(changes.mentions) == 3


def test_aliases_are_those_that_surely_mean_the_entity() -> None:
    mentions = tuple(
        MentionDraft(surface=surface, name="Ada Lovelace", about=about)
        for surface, about in [
            ("Countess", 0.8),
            ("Ada Lovelace", 1.0),
            ("Ada King", 0.9),
            ("Lovelace", 0.0),
        ]
    )
    episode, [passage] = episode_of("x")
    changes = resolved([episode], [passage], [Extraction(passage_id=passage.id, mentions=mentions)])
    [entity] = changes.entities
    assert entity.aliases == ("Ada King", "Countess")


def types_of(*types: EntityType, known: Sequence[Entity] = ()) -> EntityType:
    mentions = tuple(
        MentionDraft(surface="Ann", name="Ann", type=type, start=n, end=n + 3)
        for n, type in enumerate(types)
    )
    episode, [passage] = episode_of("x" * 20)
    extraction = Extraction(passage_id=passage.id, mentions=mentions)
    return resolved([episode], [passage], [extraction], known).entities[0].type


def test_the_type_is_that_of_most_references_and_names_beat_descriptions() -> None:
    person, place, concept = EntityType.PERSON, EntityType.PLACE, EntityType.CONCEPT
    assert types_of(person, place, place) is place
    assert types_of(concept, concept, person) is person
    assert types_of(EntityType.OTHER, EntityType.OTHER, person) is person
    assert types_of(concept, concept, EntityType.OTHER) is EntityType.OTHER
    assert types_of(concept) is concept


def test_what_the_memory_knows_of_an_entity_stays() -> None:
    id = entity_id("Ann", namespace="test")
    known = Entity(id=id, name="ANN", type=EntityType.PERSON)
    assert types_of(EntityType.PLACE, EntityType.PLACE, known=[known]) is EntityType.PERSON
    vague = known.model_copy(update={"type": EntityType.OTHER})
    assert types_of(EntityType.PLACE, known=[vague]) is EntityType.PLACE


def test_entities_to_fetch_are_those_that_resolving_will_name() -> None:
    episode, [passage] = episode_of("x")
    mention = MentionDraft(surface="Bob", name="Bob Lee")
    extraction = Extraction(passage_id=passage.id, mentions=(mention,), facts=(ANN_ACME,))
    fetched = referred_entities([extraction], namespace="test")
    changes = resolved([episode], [passage], [extraction])
    assert sorted(entity.id for entity in changes.entities) == fetched


def test_links_join_facts_and_never_a_fact_to_itself() -> None:
    other = fact(("subject", "Bob"), ("object", "Acme"))
    links = (
        LinkDraft(source=1, target=0, sense=Sense.CAUSE, connective="because", start=4, end=11),
        LinkDraft(source=1, target=0, sense=Sense.CAUSE),
        LinkDraft(source=2, target=0, sense=Sense.CONJUNCTION),
    )
    episode, [passage] = episode_of("x" * 20)
    extraction = Extraction(passage_id=passage.id, facts=(ANN_ACME, other, ANN_ACME), links=links)
    changes = resolved([episode], [passage], [extraction])
    first, second = (f.id for f in changes.facts)
    [link] = changes.discourse
    assert (link.source_id, link.target_id, link.connective) == (second, first, "because")
    assert (link.passage_id, link.start, link.end) == (passage.id, 4, 11)


def answers(turns: Sequence[tuple[str, str]], *, sessions: Sequence[str] = ("s",)) -> list[str]:
    """The answers linked among turns that state one fact each, as "answerer>asker"."""
    episodes: list[Episode] = []
    passages: list[Passage] = []
    for session in sessions:
        own = turns if len(sessions) == 1 else [turns[sessions.index(session)]]
        messages = tuple(Message(name=name, content=content) for name, content in own)
        item = SourceItem(source=session, messages=messages, session=session)
        episode, more = segment(item, namespace="test", recorded_at=NOW, depth=Depth.FULL)
        episodes.append(episode)
        passages += more
    extractions = [
        Extraction(passage_id=p.id, facts=(fact(("subject", f"{p.speaker}{n}"), ("object", "X")),))
        for n, p in enumerate(passages)
    ]
    changes = resolved(episodes, passages, extractions)
    subject = {f.id: f.members[0].text for f in changes.facts}
    assert all(link.sense is Sense.ANSWER for link in changes.discourse)
    return [f"{subject[link.source_id]}>{subject[link.target_id]}" for link in changes.discourse]


def test_a_turn_answers_the_question_before_it() -> None:
    assert answers([("Ann", "Where is it?"), ("Bob", "Here."), ("Ann", "Fine.")]) == ["Bob1>Ann0"]
    assert answers([("Ann", "Where is it? [a photo]"), ("Bob", "Here.")]) == ["Bob1>Ann0"]


def test_nobody_answers_himself_a_statement_or_another_session() -> None:
    assert answers([("Ann", "Where is it?"), ("Ann", "Here.")]) == []
    assert answers([("Ann", "Really? I know."), ("Bob", "Here.")]) == []
    assert answers([("Ann", "Where?"), ("Bob", "Here.")], sessions=("s1", "s2")) == []


def replies(before: str, after: str, *openings: OpeningDraft, speaker: str = "Bob") -> list[Any]:
    """What links two turns that state a fact each: first or second, sense, second or first."""
    messages = (Message(name="Ann", content=before), Message(name=speaker, content=after))
    item = SourceItem(source="s", messages=messages, session="s")
    episode, passages = segment(item, namespace="test", recorded_at=NOW, depth=Depth.FULL)
    first = Extraction(passage_id=passages[0].id, facts=(fact(("subject", "Ann")),))
    second = Extraction(
        passage_id=passages[1].id, facts=(fact(("subject", "Bob")),), openings=openings
    )
    changes = resolved([episode], passages, [first, second])
    place = {f.id: n for n, f in enumerate(changes.facts)}
    assert all(link.passage_id == passages[1].id for link in changes.discourse)
    return [
        (place[link.source_id], link.sense, place[link.target_id], link.connective, link.start)
        for link in changes.discourse
    ]


def test_an_answer_and_a_reply_carry_the_words_that_make_them() -> None:
    yes = OpeningDraft(sense=Sense.ANSWER, connective="yes", start=0, end=3)
    but = OpeningDraft(sense=Sense.CONTRAST, connective="but", start=5, end=8, is_source=False)
    because = OpeningDraft(sense=Sense.CAUSE, connective="because", start=0, end=7)
    assert replies("Is it?", "Yes, but late.", yes, but) == [(1, Sense.ANSWER, 0, "yes", 0)]
    assert replies("Is it?", "It is.") == [(1, Sense.ANSWER, 0, "", None)]
    assert replies("It is.", "Yes, but late.", yes, but) == [(0, Sense.CONTRAST, 1, "but", 5)]
    assert replies("It is.", "Because of it.", because) == [(1, Sense.CAUSE, 0, "because", 0)]
    assert replies("It is.", "But late.", but, speaker="Ann") == [(0, Sense.CONTRAST, 1, "but", 5)]
    assert replies("Is it?", "But late.", but, speaker="Ann") == []
    assert replies("It is.", "It was.") == []


NAMES = st.sampled_from(["Ann", "ann", "Bob", "Acme", "ACME"])
DRAFTS = st.builds(
    lambda members, predicate: fact(*members, predicate=predicate),
    st.lists(st.tuples(st.sampled_from(["subject", "object"]), NAMES), min_size=1, max_size=4),
    st.sampled_from(["join", "leave"]),
)


@given(documents=st.lists(st.lists(DRAFTS, max_size=4), min_size=1, max_size=4), data=st.data())
def test_rows_are_unique_complete_and_the_same_in_any_order(
    documents: list[list[FactDraft]], data: st.DataObject
) -> None:
    changes = of_documents(*documents)
    entities = [entity.id for entity in changes.entities]
    facts = [held.id for held in changes.facts]
    evidence = [(row.fact_id, row.passage_id, row.start, row.end) for row in changes.evidence]
    for rows in (entities, facts, evidence):
        assert len(rows) == len(set(rows))
    for held in changes.facts:
        roles = [(member.role, member.entity_id) for member in held.members]
        assert len(roles) == len(set(roles))
        assert {member.entity_id for member in held.members} <= set(entities)
        assert [member.ordinal for member in held.members] == list(range(len(held.members)))
    assert {row[0] for row in evidence} == set(facts)
    order = data.draw(st.permutations(range(len(documents))))
    again = resolved(
        changes.episodes,
        [changes.passages[n] for n in order],
        [Extraction(passage_id=changes.passages[n].id, facts=tuple(documents[n])) for n in order],
    )
    assert {held.id for held in again.facts} == set(facts)
    assert {entity.id for entity in again.entities} == set(entities)


def test_a_passage_that_comes_twice_is_taken_once() -> None:
    episode, [passage] = episode_of("x")
    extraction = Extraction(passage_id=passage.id, facts=(ANN_ACME,))
    changes = resolved([episode, episode], [passage, passage], [extraction, extraction])
    assert (len(changes.episodes), len(changes.passages), len(changes.evidence)) == (1, 1, 1)
