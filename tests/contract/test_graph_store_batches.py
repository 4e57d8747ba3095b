"""A batch is committed whole or not at all; what is held is merged, retired and never crossed."""

from __future__ import annotations

from typing import Any

import pytest

from graphmem.errors import (
    InvalidInputError,
)
from graphmem.model.change import ChangeSet, Checkpoint, Counts
from graphmem.model.knowledge import (
    DiscourseLink,
    EntityType,
    Evidence,
    Mention,
    Sense,
)
from graphmem.model.source import Depth
from graphmem.ports.store import GraphStore

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}
CEM = {"Cem works": ("Cem",)}


def rows(store: GraphStore, namespace: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    with store.read(namespace) as view:
        return [row for batch in view.scan(table, columns) for row in batch]


# --- committing a batch -----------------------------------------------------------------------


def test_the_same_batch_twice_adds_nothing(store: GraphStore, make: Any, contents: Any) -> None:
    changes = make.document("a", {"one": ANN, "two": CEM})
    vectors = make.vectors(changes)
    added = store.apply(changes, vectors=vectors)
    assert added == Counts(
        episodes=1, passages=2, entities=3, mentions=3, facts=3, evidence=3, discourse=1
    )
    assert added == store.counts("default")
    before = contents(store, "default")
    assert store.apply(changes, vectors=vectors) == Counts()
    assert contents(store, "default") == before
    assert store.version("default") == 1


def test_only_what_is_new_is_counted(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {"one": ANN}))
    added = store.apply(make.document("b", {"two": {**ANN, **CEM}}))
    assert added == Counts(
        episodes=1, passages=1, entities=1, mentions=3, facts=1, evidence=3, discourse=2
    )


def test_the_version_rises_with_every_change_and_only_then(store: GraphStore, make: Any) -> None:
    first = make.document("a", {"one": ANN})
    store.apply(first)
    store.apply(ChangeSet(namespace="default"))
    store.apply(ChangeSet(namespace="default", checkpoint=Checkpoint(job="j", position="1")))
    assert store.version("default") == 1
    store.apply(first, vectors=make.vectors(first))
    assert store.version("default") == 2
    store.delete_source("default", "unknown")
    assert store.version("default") == 2
    store.delete_source("default", "a")
    assert store.version("default") == 3
    assert store.version("other") == 0


def test_aliases_are_united_and_only_an_unknown_type_is_replaced(
    store: GraphStore, make: Any
) -> None:
    def held() -> tuple[str, tuple[str, ...], EntityType, str]:
        (entity,) = store.entities([make.entity("Ann").id]).values()
        return entity.name, entity.aliases, entity.type, entity.profile

    def add(name: str = "Ann", **fields: Any) -> None:
        entity = make.entity("Ann", **fields).model_copy(update={"name": name})
        assert store.apply(ChangeSet(namespace="default", entities=(entity,))).entities == 0

    first = make.entity("Ann", aliases=("x", "y"), profile="first")
    store.apply(ChangeSet(namespace="default", entities=(first,)))
    add("ANN", aliases=("z", "y"), type=EntityType.PLACE, profile="second")
    assert held() == ("Ann", ("x", "y", "z"), EntityType.PLACE, "first")
    add(type=EntityType.PERSON)
    assert held() == ("Ann", ("x", "y", "z"), EntityType.PLACE, "first")
    assert store.version("default") == 2


def test_what_is_stated_twice_in_one_batch_is_merged(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"one": ANN}, depth=Depth.FAST)
    (episode,) = changes.episodes
    first, *rest = changes.facts
    added = store.apply(
        changes.model_copy(
            update={
                "episodes": (episode, episode.model_copy(update={"depth": Depth.FULL})),
                "passages": changes.passages * 2,
                "entities": (
                    make.entity("Ann", aliases=("x",)),
                    *changes.entities,
                    make.entity("Ann", type=EntityType.PLACE, aliases=("y",)),
                ),
                "mentions": changes.mentions * 2,
                "facts": (first.model_copy(update={"retired_at": make.at(1)}), *rest, first),
                "evidence": changes.evidence * 2,
                "discourse": changes.discourse * 2,
            }
        )
    )
    assert added == store.counts("default")
    assert added.facts == 2
    assert store.episodes([episode.id])[episode.id].depth is Depth.FULL
    assert store.facts([first.id])[first.id].retired_at is None
    ann = store.entities([make.entity("Ann").id])[make.entity("Ann").id]
    assert (ann.aliases, ann.type) == (("x", "y"), EntityType.PERSON)


def test_depth_rises_and_never_falls(store: GraphStore, make: Any) -> None:
    fast = make.document("a", {"one": {}}, depth=Depth.FAST)
    full = make.document("a", {"one": {}}, depth=Depth.FULL)
    id_ = fast.episodes[0].id
    for changes, depth in ((fast, Depth.FAST), (full, Depth.FULL), (fast, Depth.FULL)):
        store.apply(changes)
        assert store.episodes([id_])[id_].depth is depth
    assert store.version("default") == 2


def test_relations_are_told_apart_by_where_they_stand(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"Ann knows Bob": ANN})
    (passage,) = changes.passages
    ann, fact, other = changes.entities[0].id, changes.facts[0].id, changes.facts[1].id
    mentions = (
        Mention(passage_id=passage.id, entity_id=ann, surface="Ann", start=0, end=3),
        Mention(passage_id=passage.id, entity_id=ann, surface="Ann", start=4, end=7),
        Mention(passage_id=passage.id, entity_id=ann, surface="Annie", about=1.0),
        Mention(passage_id=passage.id, entity_id=ann, surface="An", about=0.5),
    )
    evidence = (
        Evidence(fact_id=fact, passage_id=passage.id, start=0, end=3),
        Evidence(fact_id=fact, passage_id=passage.id, start=4, end=6),
    )
    links = (
        DiscourseLink(source_id=fact, target_id=other, sense=Sense.CONTRAST),
        DiscourseLink(source_id=fact, target_id=other, sense=Sense.CONTRAST, start=0, end=2),
        DiscourseLink(source_id=other, target_id=fact, sense=Sense.CONTRAST),
    )
    more = {"mentions": mentions, "evidence": evidence, "discourse": links}
    added = store.apply(changes.model_copy(update=more))
    assert (added.mentions, added.evidence, added.discourse) == (4, 2, 3)
    again = store.apply(ChangeSet(namespace="default", **more))
    assert again == Counts()
    assert rows(store, "default", "mentions", "surface", "start", "end", "about") == [
        ("An", None, None, 0.5),
        ("Annie", None, None, 1.0),
        ("Ann", 0, 3, 0.0),
        ("Ann", 4, 7, 0.0),
    ]


# --- whole or not at all ----------------------------------------------------------------------


def _dangling(make: Any) -> dict[str, ChangeSet]:
    changes = make.document("a", {"one": ANN})
    lost = "fa_lost"
    link = changes.discourse[0].model_copy(update={"target_id": lost})
    broken: dict[str, dict[str, Any]] = {
        "episode of a passage": {"episodes": ()},
        "passage of a mention": {"passages": (), "evidence": (), "discourse": ()},
        "entity of a mention": {"entities": changes.entities[1:], "facts": (), "evidence": ()},
        "entity of a member": {"entities": (), "mentions": ()},
        "fact of evidence": {"facts": changes.facts[1:], "discourse": ()},
        "fact of a link": {"discourse": (link,)},
        "passage of a link": {
            "discourse": (changes.discourse[0].model_copy(update={"passage_id": "pa_lost"}),)
        },
        "fact of a supersession": {"supersessions": (make.supersession("Ann works", "lost"),)},
        "entity of same_as": {"same_as": (make.same_as("Ann", "lost"),)},
        "retired episode": {"retired_episodes": {"ep_lost": make.at(1)}},
    }
    return {name: changes.model_copy(update=update) for name, update in broken.items()}


def test_a_dangling_reference_refuses_the_whole_batch(store: GraphStore, make: Any) -> None:
    for name, changes in _dangling(make).items():
        marked = changes.model_copy(update={"checkpoint": Checkpoint(job="j", position=name)})
        with pytest.raises(InvalidInputError, match="the batch refers to"):
            store.apply(marked)
        assert store.counts("default") == Counts(), name
        assert store.checkpoint("j") is None, name
    assert store.version("default") == 0


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 3), (3, 2), (None, 3), (0, None), (-1, -1), (2**63, 2**63)]
)
def test_an_impossible_span_refuses_the_whole_batch(
    store: GraphStore, make: Any, start: int | None, end: int | None
) -> None:
    changes = make.document("a", {"one": ANN})
    bad = changes.mentions[0].model_copy(update={"start": start, "end": end})
    with pytest.raises(InvalidInputError):
        store.apply(changes.model_copy(update={"mentions": (*changes.mentions, bad)}))
    assert store.counts("default") == Counts()


@pytest.mark.parametrize(
    "update",
    [
        {"strength": float("nan")},
        {"recalls": 2**63},
        {"text": "lone \ud800 surrogate"},
    ],
    ids=["not a number", "too large", "not Unicode"],
)
def test_a_value_that_cannot_be_stored_refuses_the_whole_batch(
    store: GraphStore, make: Any, update: dict[str, Any]
) -> None:
    changes = make.document("a", {"one": ANN})
    facts = (changes.facts[0], changes.facts[1].model_copy(update=update))
    with pytest.raises(InvalidInputError):
        store.apply(changes.model_copy(update={"facts": facts}))
    assert store.counts("default") == Counts()


def test_attributes_that_json_has_no_word_for_are_refused(store: GraphStore, make: Any) -> None:
    episode = make.episode("a")
    passage = make.passage(episode, "text", attributes={"x": float("inf")})
    with pytest.raises(InvalidInputError, match="not finite"):
        store.apply(ChangeSet(namespace="default", episodes=(episode,), passages=(passage,)))


def test_a_checkpoint_commits_with_its_batch(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {"1": ANN}, checkpoint=Checkpoint(job="j", position="1")))
    store.apply(make.document("b", {"2": ANN}, checkpoint=Checkpoint(job="j", position="2")))
    store.apply(ChangeSet(namespace="x", checkpoint=Checkpoint(job="k", position="9")))
    assert (store.checkpoint("j"), store.checkpoint("k")) == ("2", "9")
    store.clear_checkpoint("j")
    store.clear_checkpoint("unknown")
    assert (store.checkpoint("j"), store.checkpoint("k")) == (None, "9")


# --- namespaces -------------------------------------------------------------------------------


def test_namespaces_never_cross(store: GraphStore, maker: Any, contents: Any) -> None:
    one, two = maker("one"), maker("two")
    store.apply(one.document("a", {"text": ANN}))
    before = contents(store, "one")
    store.apply(two.document("a", {"text": ANN}))
    assert store.namespaces() == ["one", "two"]
    assert contents(store, "one") == before
    assert store.version("one") == 1
    store.delete_source("two", "a")
    assert contents(store, "one") == before
    assert store.namespaces() == ["one"]
    assert (store.version("one"), store.version("two")) == (1, 2)


def test_an_id_of_another_namespace_is_refused(store: GraphStore, maker: Any) -> None:
    one, two = maker("one"), maker("two")
    store.apply(one.document("a", {"text": ANN}))
    stolen = ChangeSet(namespace="two", entities=(one.entity("Ann", aliases=("Mallory",)),))
    with pytest.raises(InvalidInputError, match="another namespace"):
        store.apply(stolen)
    changes = two.document("a", {"text": ANN})
    foreign = changes.mentions[0].model_copy(update={"entity_id": one.entity("Ann").id})
    with pytest.raises(InvalidInputError, match="another namespace"):
        store.apply(changes.model_copy(update={"mentions": (foreign,)}))
    with pytest.raises(InvalidInputError, match="of namespace 'one'"):
        store.apply(ChangeSet(namespace="two", episodes=(one.episode("b"),)))
    assert store.namespaces() == ["one"]
    assert store.entities([one.entity("Ann").id])[one.entity("Ann").id].aliases == ()


# --- retiring ---------------------------------------------------------------------------------


def test_retiring_an_episode_retires_what_nothing_living_states(
    store: GraphStore, make: Any
) -> None:
    old = make.document("a", {"old text": {**ANN, **CEM}})
    store.apply(old)
    store.apply(make.document("b", {"other": CEM}))
    retires = {old.episodes[0].id: make.at(1)}
    store.apply(make.document("a", {"new text": {"Ann works": ("Ann",)}}, retires=retires))
    facts = {f.text: f.retired_at for f in store.facts([f.id for f in old.facts]).values()}
    assert facts == {"Ann knows Bob": make.at(1), "Ann works": None, "Cem works": None}
    assert store.episodes([old.episodes[0].id])[old.episodes[0].id].retired_at == make.at(1)
    assert store.check() == []


def test_a_second_retirement_changes_nothing(store: GraphStore, make: Any) -> None:
    old = make.document("a", {"text": ANN})
    id_ = old.episodes[0].id
    store.apply(old)
    for day in (1, 2):
        store.apply(ChangeSet(namespace="default", retired_episodes={id_: make.at(day)}))
    assert store.episodes([id_])[id_].retired_at == make.at(1)
    assert {f.retired_at for f in store.facts([old.facts[0].id]).values()} == {make.at(1)}
    assert store.version("default") == 2


def test_a_fact_is_retired_with_the_last_episode_that_states_it(
    store: GraphStore, make: Any
) -> None:
    first, last = make.document("a", {"1": ANN}), make.document("b", {"2": ANN})
    store.apply(first)
    store.apply(last)
    # Handed over in the wrong order on purpose.
    retired = {last.episodes[0].id: make.at(2), first.episodes[0].id: make.at(1)}
    store.apply(ChangeSet(namespace="default", retired_episodes=retired))
    assert {f.retired_at for f in store.facts([f.id for f in first.facts]).values()} == {make.at(2)}


def test_what_comes_again_lives_again(store: GraphStore, make: Any) -> None:
    changes = make.document("a", {"text": ANN})
    id_ = changes.episodes[0].id
    store.apply(changes)
    store.apply(ChangeSet(namespace="default", retired_episodes={id_: make.at(1)}))
    assert store.apply(changes) == Counts()
    assert store.episodes([id_])[id_].retired_at is None
    assert {f.retired_at for f in store.facts([f.id for f in changes.facts]).values()} == {None}
    assert store.version("default") == 3
    assert store.check() == []
