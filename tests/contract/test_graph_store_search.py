"""Searching the store itself: filters hold before the cut, as if all were looked at by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from graphmem.kernels.text import words
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import EntityType, Evidence, Fact, Mention, Modality
from graphmem.model.retrieval import FactFilter, Filter, Query
from graphmem.model.source import Episode, Passage
from graphmem.ports.store import GraphStore

N, DIMENSION = 120, 8
SAID = ("Ann found Acme in Oslo", "Bob's boat left the bay", "Acme sold a boat", "O'Brien rests")
PEOPLE = ("Ann", "Bob")


class World:
    """Passages of all kinds in one namespace, and what is known of each."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.rows: list[tuple[Episode, Passage, Fact | None, EntityType, np.ndarray]] = []
        chance = np.random.default_rng(7)
        for n in range(N):
            kind = (EntityType.PERSON, EntityType.PLACE, EntityType.OTHER)[n % 3]
            episode = make.episode(
                f"s{n % 4}",
                f"{n}",
                recorded_at=make.at(n % 10),
                retired_at=make.at(n % 10 + 5) if n % 5 == 0 else None,
            )
            text = f"{SAID[n % 4]} number {n}"
            passage = make.passage(
                episode,
                text,
                speaker=PEOPLE[n % 2] if n % 3 else None,
                session=f"c{n % 6}",
                occurred_at=make.at(n) if n % 7 else None,
                attributes={"colour": ("red", "blue")[n % 2], "n": n % 3, "is": n % 2 == 0},
            )
            valid = {"valid_from": make.at(n), "valid_to": make.at(n + 30)} if n % 2 else {}
            mined = {
                "topics": (("music",), (), ("music", "food"))[n % 3],
                "event_types": ("meeting",) if n % 5 else (),
                "tags": ("née",) if n % 8 == 1 else (),
                "keywords": (f"number {n % 2}",),
                "intent": ("plan", None, "statement")[n % 3],
                "modality": (Modality.ACTUAL, Modality.INTENDED)[n % 2],
            }
            name = f"name{n % 9}"
            fact = make.fact(f"fact {n}", (name,), recorded_at=make.at(n % 10), **valid, **mined)
            vector = chance.normal(size=DIMENSION).astype(np.float32)
            made = fact if n % 4 and episode.retired_at is None else None
            self.rows.append((episode, passage, made, kind, vector / np.linalg.norm(vector)))

    def put_into(self, store: GraphStore) -> None:
        """In batches, with the vectors."""
        for start in range(0, N, 40):
            part = self.rows[start : start + 40]
            names = [f"name{n % 9}" for n in range(start, start + len(part))]
            kinds = {name: kind for name, (*_, kind, _) in zip(names, part, strict=True)}
            changes = ChangeSet(
                namespace=self.make.namespace,
                episodes=tuple(row[0] for row in part),
                passages=tuple(row[1] for row in part),
                entities=tuple(self.make.entity(name, type=kinds[name]) for name in kinds),
                mentions=tuple(
                    Mention(passage_id=row[1].id, entity_id=self.make.entity(name).id, surface=name)
                    for name, row in zip(names, part, strict=True)
                ),
                facts=tuple(row[2] for row in part if row[2]),
                evidence=tuple(
                    Evidence(fact_id=row[2].id, passage_id=row[1].id, start=0, end=3)
                    for row in part
                    if row[2]
                ),
            )
            store.apply(changes, vectors={row[1].vector_key: row[4] for row in part})

    def allowed(self, query: Query) -> list[int]:
        """By hand, one condition after the other."""
        where, found = query.where, []
        for n, (episode, passage, fact, _, _) in enumerate(self.rows):
            attributes = passage.attributes
            name = f"name{n % 9}"
            kind = (EntityType.PERSON, EntityType.PLACE, EntityType.OTHER)[(n % 9) % 3]
            at = passage.occurred_at
            conditions = [
                _believed(episode.recorded_at, episode.retired_at, query),
                where.source in (None, episode.source),
                where.speaker in (None, passage.speaker),
                where.session in (None, passage.session),
                where.since is None or (at is not None and at >= where.since),
                where.until is None or (at is not None and at < where.until),
                where.type in (None, kind.value),
                where.entity is None or where.entity.lower() == name.lower(),
                all(str(attributes.get(k)) == str(v) for k, v in where.attributes.items()),
                query.as_of is None or fact is None or _holds(fact, query),
                where.fact is None or (fact is not None and _suits(fact, passage, query)),
            ]
            if all(conditions):
                found.append(n)
        return found


def _believed(recorded: datetime, retired: datetime | None, query: Query) -> bool:
    if query.known_at is None:
        return retired is None
    return any(
        recorded <= moment and (retired is None or moment < retired)
        for moment in _moments(query.known_at, query.known_until)
    )


def _holds(fact: Fact, query: Query) -> bool:
    assert query.as_of is not None
    believed = _believed(fact.recorded_at, fact.retired_at, query)
    return believed and any(
        fact.valid.contains(moment) for moment in _moments(query.as_of, query.as_of_until)
    )


def _suits(fact: Fact, passage: Passage, query: Query) -> bool:
    wanted = query.where.fact
    assert wanted is not None
    several = ("topics", "event_types", "keywords", "tags")
    alone = ("intent", "kind", "modality", "polarity")
    return (
        _believed(fact.recorded_at, fact.retired_at, query)
        and (query.as_of is None or _holds(fact, query))
        and all(set(getattr(wanted, name)) <= set(getattr(fact, name)) for name in several)
        and all(getattr(wanted, name) in (None, getattr(fact, name)) for name in alone)
        and wanted.speaker in (None, passage.speaker)
    )


def _moments(start: datetime, end: datetime | None) -> list[datetime]:
    """The moment itself, or of a range every quarter of a day, as all here lies further apart."""
    if end is None:
        return [start]
    return [start + timedelta(hours=at) for at in range(0, (end - start) // timedelta(hours=1), 6)]


@pytest.fixture
def world(store: GraphStore, maker: Any) -> World:
    """A world, beside another namespace whose passages are as near."""
    store.set_embedder("toy", DIMENSION)  # a server makes its index for it
    other = World(maker("other"))
    other.put_into(store)
    made = World(maker())
    made.put_into(store)
    return made


QUERIES: Sequence[Callable[[Any], dict[str, Any]]] = (
    lambda _: {},
    lambda _: {"where": Filter(source="s2")},
    lambda _: {"where": Filter(speaker="Bob", session="c1")},
    lambda make: {"where": Filter(since=make.at(20), until=make.at(60))},
    lambda _: {"where": Filter(type="place")},
    lambda _: {"where": Filter(entity="NAME4")},
    lambda _: {"where": Filter(attributes={"colour": "red", "n": 1})},
    lambda _: {"where": Filter(attributes={"is": True})},
    lambda make: {"known_at": make.at(6)},
    lambda make: {"as_of": make.at(50)},
    lambda make: {"as_of": make.at(50), "known_at": make.at(7), "where": Filter(source="s1")},
    lambda make: {"as_of": make.at(40), "as_of_until": make.at(60)},
    lambda make: {"as_of": make.at(40), "as_of_until": make.at(45), "known_at": make.at(6)},
    lambda make: {"known_at": make.at(2), "known_until": make.at(5)},
    lambda _: {"where": Filter(fact=FactFilter(topics="music"))},
    lambda _: {"where": Filter(fact=FactFilter(topics=("food", "music"), tags="née"))},
    lambda _: {"where": Filter(fact=FactFilter(intent="plan", speaker="Bob"))},
    lambda _: {"where": Filter(fact=FactFilter(modality="intended", kind="event"), source="s3")},
    lambda make: {
        "as_of": make.at(50),
        "known_at": make.at(6),
        "where": Filter(fact=FactFilter(event_types="meeting", keywords="number 1")),
    },
    lambda _: {"where": Filter(fact=FactFilter(topics="') OR true //", polarity="negative"))},
    lambda _: {"where": Filter(source="nowhere")},
    lambda _: {"where": Filter(source='"; MATCH (n) DETACH DELETE n //', speaker="' OR 1=1 --")},
)


@pytest.mark.parametrize("few", [1, 7])
def test_the_nearest_are_those_of_comparing_all_that_the_filters_leave(
    store: GraphStore, world: World, few: int
) -> None:
    # Several at once, as filling a store takes longer than asking it.
    vector = world.rows[17][4]
    for make_query in QUERIES:
        query = Query(text="x", k=few, **make_query(world.make))
        found = store.nearest(query, vector)
        allowed = world.allowed(query)
        near = sorted(allowed, key=lambda n: -float(world.rows[n][4] @ vector))[:few]
        assert [id_ for id_, _ in found] == [world.rows[n][1].id for n in near], query
        scores = [float(world.rows[n][4] @ vector) for n in near]
        assert np.allclose([score for _, score in found], scores, atol=1e-5)


@pytest.mark.parametrize("asked", [["Acme"], ["boat", "Oslo"], ["bob", "O'Brien"], ["ann", "17"]])
def test_texts_are_those_that_hold_a_word_and_the_cut_comes_last(
    store: GraphStore, world: World, asked: list[str]
) -> None:
    everything = store.find_text(Query(text="x", k=10_000, known_at=None), asked)
    for make_query in QUERIES:
        query = Query(text="x", k=10_000, **make_query(world.make))
        found = store.find_text(query, asked)
        wanted = {word.lower() for word in asked}
        holding = {
            world.rows[n][1].id
            for n in world.allowed(query)
            if wanted & set(words(world.rows[n][1].text))
        }
        assert {id_ for id_, _ in found} == holding, query
        few = store.find_text(query.model_copy(update={"k": 3}), asked)
        assert few == found[:3]
        if query.known_at is None:
            # What is left out changes neither the scores nor the order of the rest.
            assert found == [pair for pair in everything if pair[0] in holding]


def test_two_words_count_more_than_one(store: GraphStore, world: World) -> None:
    ((best, _),) = store.find_text(Query(text="x", k=1), ["boat", "number", "46"])
    assert best == world.rows[46][1].id


@pytest.mark.parametrize(
    "hostile",
    ['"', "\\", "*", "text:Acme", "Acme~", "(", "AND", "a OR", "[a TO b]", "\0", "’", "'; DROP"],
)
def test_a_question_is_never_syntax(store: GraphStore, world: World, hostile: str) -> None:
    found = store.find_text(Query(text="x", k=10_000), [hostile])
    held = set(words(hostile))
    holding = {p.id for _, p, *_ in world.rows if held & set(words(p.text))} if held else set()
    assert {id_ for id_, _ in found} <= holding or hostile == "text:Acme"
    assert store.counts("default").passages == N


def test_nothing_is_found_where_nothing_is(store: GraphStore) -> None:
    query = Query(text="x", namespace="unknown")
    assert store.nearest(query, np.ones(4, np.float32)) == []
    assert store.find_text(query, ["word"]) == []
    assert store.find_text(query, []) == []
