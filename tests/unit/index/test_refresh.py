"""An index that follows the store is the one that would be built anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.graph.columns import Strings
from graphmem.graph.growth import CannotGrowError
from graphmem.graph.snapshot import Category, read_snapshot
from graphmem.index.passage_index import PassageIndex, build_index, refresh_index
from graphmem.model.change import ChangeSet, EditSet
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType, Evidence, Fact, Member, Mention, SameAs
from graphmem.model.source import Episode, EpisodeKind, Passage
from graphmem.ports.store import GraphStore

NOW = datetime(2024, 5, 1, tzinfo=UTC)
DIMENSION = 4
PLAIN = ("Mara Lindqvist", "Aberwyn", "Ingrid Sorel", "Tallow Bay", "Owen Pryce", "Dunmere")
NESTED = ("Lee", "Ann Lee", "Ann Lee Prize", "Lee Bay", "Bay", "Bay of Lee", "The Ann", "Ann")
FILLERS = "was born in of the harbour directed a film and its mayor ann bay prize lee".split()


class World:
    """Documents over a list of names, whose entities and facts follow from numbers."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def document(self, number: int, *, named: bool = True) -> ChangeSet:
        chance = np.random.default_rng(number)
        title = str(chance.choice(self.names)) if chance.random() < 0.7 else ""
        episode = Episode(
            id=content_id(Kind.EPISODE, str(number)),
            namespace="default",
            source=f"s{number}",
            title=title,
            kind=EpisodeKind.DOCUMENT,
            occurred_at=None,
            recorded_at=NOW,
            digest=str(number),
        )
        passages, mentions, facts, evidence = [], [], [], []
        for ordinal in range(int(chance.integers(1, 4))):
            here = [str(name) for name in chance.choice(self.names, 3)]
            text = " ".join(
                str(word)
                for name in here
                for word in (*chance.choice(FILLERS, chance.integers(1, 5)), name)
            )
            text += chance.choice([".", ". Then nothing.", ""])
            passage = Passage(
                id=content_id(Kind.PASSAGE, f"{number} {ordinal}"),
                episode_id=episode.id,
                text=text,
                start=0,
                end=len(text),
                ordinal=ordinal,
                speaker=str(chance.choice(["Ann", "Bo"])) if number % 3 == 0 else None,
                vector_key=Passage.key_of(f"{number} {ordinal}"),
            )
            passages.append(passage)
            if named:
                # Names that no recogniser saw stay to be found by the dictionary.
                mentions += [self.mention(passage, name, 0.0) for name in here[:2]]
                if title:
                    mentions.append(self.mention(passage, title, float(chance.choice([1, 0.5]))))
                fact = self._fact(here[:2])
                facts.append(fact)
                evidence.append(
                    Evidence(fact_id=fact.id, passage_id=passage.id, start=0, end=len(text))
                )
        members = [member.entity_id for fact in facts for member in fact.members]
        wanted = {mention.entity_id for mention in mentions} | set(members)
        entities = [self.entity(name) for name in self.names]
        return ChangeSet(
            namespace="default",
            episodes=(episode,),
            passages=tuple(passages),
            entities=tuple(entity for entity in entities if entity.id in wanted),
            mentions=tuple(mentions),
            facts=tuple(facts),
            evidence=tuple(evidence),
        )

    def entity(self, name: str, **more: Any) -> Entity:
        kinds = (EntityType.PERSON, EntityType.OTHER, EntityType.CONCEPT)
        values = {"type": kinds[len(name) % 3], **more}
        return Entity(id=content_id(Kind.ENTITY, name), name=name, **values)

    def vectors(self, changes: ChangeSet) -> dict[str, Any]:
        made = {}
        for passage in changes.passages:
            seed = int(passage.vector_key[:8], 16)
            made[passage.vector_key] = np.random.default_rng(seed).random(DIMENSION, np.float32)
        return made

    def mention(self, passage: Passage, name: str, about: float) -> Mention:
        return Mention(
            passage_id=passage.id,
            entity_id=content_id(Kind.ENTITY, name),
            surface=name.upper() if about == 0.5 else name,
            about=about,
        )

    def _fact(self, names: list[str]) -> Fact:
        text = " knows ".join(sorted(names))
        return Fact(
            id=content_id(Kind.FACT, text),
            text=text,
            predicate="knows",
            members=tuple(
                Member(role=f"r{at}", entity_id=content_id(Kind.ENTITY, name), text=name)
                for at, name in enumerate(sorted(names))
            ),
            recorded_at=NOW,
        )


def same(one: Any, other: Any, where: str = "index") -> None:
    """Fail where two tables differ; a category is what it says, however it counts."""
    if isinstance(one, Category):
        left, right = list(one.values), list(other.values)
        said = [left[code] for code in one.codes], [right[code] for code in other.codes]
        assert said[0] == said[1], where
    elif isinstance(one, Strings):
        assert list(one) == list(other), where
        assert (one.blob.dtype, one.offsets.dtype) == (np.uint8, np.int64), where
        if "row_of" in one.__dict__:
            assert dict(one.row_of) == {value: row for row, value in enumerate(one)}, where
    elif is_dataclass(one):
        for field in fields(one):
            name = f"{where}.{field.name}"
            same(getattr(one, field.name), getattr(other, field.name), name)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert np.array_equal(one, other), where
    else:
        assert one == other, where


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    folder = tmp_path_factory.mktemp("memory")
    with closing(SqliteStore.open(folder, create=True, clock=lambda: NOW)) as opened:
        opened.set_embedder("toy", DIMENSION)
        yield opened


def empty(store: GraphStore) -> None:
    for source, _ in store.sources("default"):
        store.delete_source("default", source)
    for number in range(20):
        store.delete_source("default", f"s{number}")


def fresh(store: GraphStore) -> PassageIndex:
    with store.read("default") as reader:
        return build_index(read_snapshot(reader, dimension=DIMENSION), version=reader.version)


def followed(index: PassageIndex, store: GraphStore) -> PassageIndex:
    with store.read("default", since=index.version) as reader:
        return refresh_index(index, reader)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "add",
                "add",
                "add",
                "bare",
                "late",
                "retire",
                "delete",
                "alias",
                "type",
                "edit",
                "merge",
            ]
        ),
        st.integers(0, 11),
        st.booleans(),
    ),
    min_size=3,
    max_size=14,
)


def take(store: GraphStore, world: World, step: str, number: int) -> None:
    name = world.names[number % len(world.names)]
    changes = world.document(number)
    held = store.entities([content_id(Kind.ENTITY, name)])
    if step == "add":
        store.apply(changes, vectors=world.vectors(changes))
    elif step == "bare":
        bare = world.document(number, named=False)
        store.apply(bare)
    elif step == "late":
        store.apply(ChangeSet(namespace="default"), vectors=world.vectors(changes))
    elif step == "retire":
        episodes = [e for e in store.episodes_of("default", f"s{number}") if not e.retired_at]
        retired = {episode.id: NOW + timedelta(days=number) for episode in episodes}
        store.apply(ChangeSet(namespace="default", retired_episodes=retired))
    elif step == "delete":
        store.delete_source("default", f"s{number}")
    elif step == "alias" and held:
        aliases = (*world.names, "Old Harbour", "Ann of the Bay")
        alias = aliases[(5 * number + 3) % len(aliases)]
        again = world.entity(name, aliases=(alias, f"{name} {number}"))
        store.apply(ChangeSet(namespace="default", entities=(again,)))
    elif step == "merge":
        names = (name, world.names[(number + 1) % len(world.names)])
        left, right = (content_id(Kind.ENTITY, each) for each in names)
        if len(store.entities([left, right])) == 2:
            pair = SameAs(left_id=left, right_id=right, score=1.0, by="test")
            store.apply(ChangeSet(namespace="default", same_as=(pair,)))
    elif step == "type" and held:
        kind = EntityType.PERSON if number % 2 else EntityType.PLACE
        again = world.entity(name, type=kind)
        store.apply(ChangeSet(namespace="default", entities=(again,)))
    elif step == "edit" and changes.facts and store.facts([changes.facts[0].id]):
        fact = changes.facts[0].model_copy(update={"valid_to": NOW, "retired_at": NOW})
        version = store.version("default")
        store.edit(EditSet(namespace="default", version=version, facts=(fact,)))


@pytest.mark.parametrize("names", [PLAIN, NESTED], ids=["plain", "names in names"])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_a_followed_index_is_the_one_built_anew(
    store: GraphStore, names: tuple[str, ...], steps: list[tuple[str, int, bool]]
) -> None:
    empty(store)
    world = World(names)
    take(store, world, "add", 3)
    index = fresh(store)
    for step, number, looks in [*steps, ("add", 7, True)]:
        take(store, world, step, number)
        if looks:
            try:
                index = followed(index, store)
            except CannotGrowError:
                index = fresh(store)
            anew = fresh(store)
            assert index.version == anew.version
            same(index.columns, anew.columns)


def test_adding_and_retiring_is_followed_and_never_a_reason_to_build_anew(
    store: GraphStore,
) -> None:
    empty(store)
    world = World(NESTED)
    take(store, world, "add", 0)
    index = fresh(store)
    for number in range(1, 10):
        take(store, world, "add", number)
        take(store, world, "retire", number - 1)
        index = followed(index, store)
    same(index.columns, fresh(store).columns)


@pytest.mark.parametrize("declared", [True, False])
def test_an_older_entity_takes_over_a_name_that_it_gains(store: GraphStore, declared: bool) -> None:
    empty(store)
    world = World(PLAIN)
    bob, ann = world.entity("Bob", type=EntityType.PERSON), world.entity("ann lee")
    changes = world.document(0, named=False)
    about = world.mention(changes.passages[0], "Bob", 1.0)
    surface = about.model_copy(update={"surface": "ann lee"})
    entities = (bob, ann) if declared else (bob,)
    mentions = () if declared else (surface,)
    store.apply(changes.model_copy(update={"entities": entities, "mentions": mentions}))
    index = fresh(store)
    again = world.entity("Bob", aliases=("Ann Lee",))
    store.apply(ChangeSet(namespace="default", entities=(again,)))
    index = followed(index, store)
    same(index.columns, fresh(store).columns)
    row = index.matcher.row("ann lee")
    assert row is not None
    assert index.names.labels[row] == "Ann Lee"
    assert index.columns.snapshot.entities.names[int(index.names.entities[row])] == "Bob"


def test_a_removal_is_a_reason_to_build_anew(store: GraphStore) -> None:
    empty(store)
    world = World(PLAIN)
    take(store, world, "add", 0)
    take(store, world, "add", 1)
    index = fresh(store)
    take(store, world, "delete", 1)
    with pytest.raises(CannotGrowError):
        followed(index, store)


def test_what_is_followed_leaves_the_index_before_it_as_it_was(store: GraphStore) -> None:
    empty(store)
    world = World(NESTED)
    take(store, world, "add", 0)
    index, before = fresh(store), fresh(store)
    take(store, world, "retire", 0)
    for number in range(1, 6):
        take(store, world, "add", number)
    assert len(followed(index, store)) > len(index)
    same(index.columns, before.columns)
