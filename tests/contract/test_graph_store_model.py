"""Any history of batches and deletions leaves a store as a naive model of the port says.

The model keeps values in dictionaries and finds what nothing supports by looking at everything.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.model.change import COUNTED, ChangeSet, Counts
from graphmem.model.knowledge import EntityType, Mention
from graphmem.model.source import Depth

NAMESPACES = ("one", "two")
SOURCES = ("a", "b", "c")
NAMES = ("Ann", "Bob", "Cem")
FACTS = {
    "Ann knows Bob": ("Ann", "Bob"),
    "Bob knows Cem": ("Bob", "Cem"),
    "Cem works": ("Cem",),
    "Ann works": ("Ann",),
}
TEXTS = ("first text", "second text", "third text")


class ReferenceStore:
    """One namespace's content as plain values; `vectors` are those that a passage uses."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, Any]] = {
            kind: {} for kind in ("episodes", "passages", "entities", "facts")
        }
        self.relations: dict[str, dict[Any, Any]] = {
            kind: {} for kind in ("mentions", "evidence", "discourse", "supersessions", "same_as")
        }
        self.vectors: dict[str, tuple[float, ...]] = {}

    def apply(self, changes: ChangeSet, vectors: Mapping[str, Any]) -> Counts:
        before = self.counts()
        for episode in changes.episodes:
            held = self.values["episodes"].setdefault(episode.id, episode)
            depth = Depth.FULL if Depth.FULL in (held.depth, episode.depth) else held.depth
            revived = held.model_copy(update={"depth": depth, "retired_at": None})
            self.values["episodes"][episode.id] = revived
        for passage in changes.passages:
            self.values["passages"].setdefault(passage.id, passage)
            self.vectors[passage.vector_key] = tuple(vectors[passage.vector_key].tolist())
        for entity in changes.entities:
            held = self.values["entities"].setdefault(entity.id, entity)
            update: dict[str, Any] = {
                "aliases": tuple(dict.fromkeys(held.aliases + entity.aliases))
            }
            if held.type == EntityType.OTHER:
                update["type"] = entity.type
            self.values["entities"][entity.id] = held.model_copy(update=update)
        for fact in changes.facts:
            held = self.values["facts"].setdefault(fact.id, fact)
            self.values["facts"][fact.id] = held.model_copy(update={"retired_at": None})
        for kind, relations in self.relations.items():
            for relation in getattr(changes, kind):
                relations.setdefault(_key(kind, relation), relation)
        for id_, moment in sorted(changes.retired_episodes.items(), key=lambda item: item[1]):
            self._retire_episode(id_, moment)
        after = self.counts()
        return Counts(**{kind: getattr(after, kind) - getattr(before, kind) for kind in COUNTED})

    def delete_source(self, source: str, moment: datetime) -> Counts:
        before = self.counts()
        values, relations = self.values, self.relations
        _keep(values["episodes"], lambda e: e.source != source)
        _keep(values["passages"], lambda p: p.episode_id in values["episodes"])
        for kind in ("mentions", "evidence"):
            _keep(relations[kind], lambda r: r.passage_id in values["passages"])
        _keep(relations["discourse"], lambda d: d.passage_id in values["passages"])
        stated = {e.fact_id for e in relations["evidence"].values()}
        _keep(values["facts"], lambda f: f.id in stated)
        _keep(relations["discourse"], lambda d: {d.source_id, d.target_id} <= stated)
        _keep(relations["supersessions"], lambda s: {s.newer_id, s.older_id} <= stated)
        named = {m.entity_id for m in relations["mentions"].values()} | {
            member.entity_id for fact in values["facts"].values() for member in fact.members
        }
        _keep(values["entities"], lambda e: e.id in named)
        _keep(relations["same_as"], lambda s: {s.left_id, s.right_id} <= named)
        used = {p.vector_key for p in values["passages"].values()}
        self.vectors = {key: vector for key, vector in self.vectors.items() if key in used}
        self._retire_unsupported(moment)
        after = self.counts()
        return Counts(**{kind: getattr(before, kind) - getattr(after, kind) for kind in COUNTED})

    def counts(self) -> Counts:
        return Counts(
            **{kind: len(held) for kind, held in {**self.values, **self.relations}.items()}
        )

    def contents(self) -> dict[str, Any]:
        relations = {kind: list(held.values()) for kind, held in self.relations.items()}
        return {
            **self.values,
            "mentions": {
                (m.passage_id, m.entity_id, m.surface, m.start, m.end, m.about)
                for m in relations["mentions"]
            },
            "evidence": {(e.fact_id, e.passage_id, e.start, e.end) for e in relations["evidence"]},
            "discourse": sorted(
                (d.source_id, d.target_id, d.sense, d.connective) for d in relations["discourse"]
            ),
            "supersessions": {
                (s.newer_id, s.older_id, s.reason) for s in relations["supersessions"]
            },
            "same_as": {(s.left_id, s.right_id, s.score, s.by) for s in relations["same_as"]},
            "vectors": {p.id: self.vectors[p.vector_key] for p in self.values["passages"].values()},
        }

    def _retire_episode(self, id_: str, moment: datetime) -> None:
        episode = self.values["episodes"][id_]
        if episode.retired_at is None:
            self.values["episodes"][id_] = episode.model_copy(update={"retired_at": moment})
            self._retire_unsupported(moment)

    def _retire_unsupported(self, moment: datetime) -> None:
        living = {
            e.fact_id
            for e in self.relations["evidence"].values()
            if self.values["episodes"][self.values["passages"][e.passage_id].episode_id].retired_at
            is None
        }
        for fact in list(self.values["facts"].values()):
            if fact.retired_at is None and fact.id not in living:
                retired = fact.model_copy(update={"retired_at": moment})
                self.values["facts"][fact.id] = retired


def _key(kind: str, relation: Any) -> Any:
    if kind == "supersessions":
        return relation.newer_id, relation.older_id
    if kind == "same_as":
        return relation.left_id, relation.right_id, relation.by
    if kind == "mentions":
        return relation.model_copy(update={"about": 0.0})
    return relation


def _keep(held: dict[Any, Any], wanted: Callable[[Any], bool]) -> None:
    for key in [key for key, value in held.items() if not wanted(value)]:
        del held[key]


class Add(NamedTuple):
    """Add a document; `replaces` retires the source's other episodes.

    `titled` are named by its title; `mentions` says whether its text names who its facts are about.
    """

    source: str
    passages: dict[str, tuple[str, ...]]
    depth: Depth
    aliases: dict[str, tuple[str, ...]]
    types: dict[str, EntityType]
    same_as: tuple[tuple[str, str], ...]
    titled: tuple[str, ...]
    mentions: bool
    replaces: bool


class Delete(NamedTuple):
    """Delete a source."""

    source: str


documents = st.builds(
    Add,
    source=st.sampled_from(SOURCES),
    passages=st.dictionaries(
        st.sampled_from(TEXTS),
        st.lists(st.sampled_from(sorted(FACTS)), max_size=3, unique=True).map(tuple),
        min_size=1,
        max_size=2,
    ),
    depth=st.sampled_from(Depth),
    aliases=st.dictionaries(
        st.sampled_from(NAMES), st.lists(st.sampled_from("xyz"), max_size=2).map(tuple)
    ),
    types=st.dictionaries(
        st.sampled_from(NAMES),
        st.sampled_from((EntityType.OTHER, EntityType.PERSON, EntityType.PLACE)),
    ),
    same_as=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=1).map(
        tuple
    ),
    titled=st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
    mentions=st.booleans(),
    replaces=st.booleans(),
)
histories = st.lists(
    st.tuples(
        st.sampled_from(NAMESPACES),
        st.one_of(documents, documents, st.builds(Delete, st.sampled_from(SOURCES))),
    ),
    min_size=1,
    max_size=12,
)


def batch_of(make: Any, step: Add, moment: datetime, held: Mapping[str, Any]) -> ChangeSet:
    """The ChangeSet of a step, with links between whatever facts and entities it holds."""
    stated = {text: {f: FACTS[f] for f in facts} for text, facts in step.passages.items()}
    changes = make.document(step.source, stated, depth=step.depth)
    # Nobody comes without support: a member of a fact, or named by the title.
    members = {name for facts in stated.values() for names in facts.values() for name in names}
    present = {*members, *step.titled}
    entities = tuple(
        make.entity(
            name,
            aliases=tuple(dict.fromkeys(step.aliases.get(name, ()))),
            type=step.types.get(name, EntityType.OTHER),
        )
        for name in NAMES
        if name in present
    )
    titled = tuple(
        Mention(
            passage_id=changes.passages[0].id,
            entity_id=make.entity(name).id,
            surface=name,
            about=1.0,
        )
        for name in step.titled
    )
    texts = list(dict.fromkeys(fact.text for fact in changes.facts))
    retired = {
        id_: moment
        for id_, episode in held.items()
        if step.replaces and episode.source == step.source and id_ != changes.episodes[0].id
    }
    return changes.model_copy(
        update={
            "entities": entities,
            "mentions": (*(changes.mentions if step.mentions else ()), *titled),
            "supersessions": tuple(
                make.supersession(newer, older) for newer, older in pairwise(texts)
            ),
            "same_as": tuple(
                make.same_as(left, right)
                for left, right in step.same_as
                if {left, right} <= present
            ),
            "retired_episodes": retired,
        }
    )


RUN = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("opener", ["sqlite"], indirect=True)
@settings(RUN, max_examples=80)
@given(history=histories)
def test_a_history_leaves_what_the_model_says(
    opener: Any, maker: Any, contents: Any, history: list[tuple[str, Add | Delete]]
) -> None:
    follow(opener, maker, contents, history)


@pytest.mark.parametrize("opener", ["neo4j"], indirect=True)
@settings(RUN, max_examples=12)
@given(history=histories)
def test_a_history_leaves_what_the_model_says_on_a_server(
    opener: Any, maker: Any, contents: Any, history: list[tuple[str, Add | Delete]]
) -> None:
    follow(opener, maker, contents, history)


def follow(opener: Any, maker: Any, contents: Any, history: list[tuple[str, Add | Delete]]) -> None:
    """Take every step of `history` on a store and on the model, and compare after each."""
    now = [maker().at(0)]
    with tempfile.TemporaryDirectory() as place:
        store = opener(at=Path(place), clock=lambda: now[0])
        expected = {namespace: ReferenceStore() for namespace in NAMESPACES}
        for day, (namespace, step) in enumerate(history):
            make, model = maker(namespace), expected[namespace]
            now[0] = make.at(day)
            before = {ns: (store.version(ns), contents(store, ns)) for ns in NAMESPACES}
            if isinstance(step, Delete):
                done = store.delete_source(namespace, step.source)
                assert done == model.delete_source(step.source, now[0])
            else:
                changes = batch_of(make, step, now[0], model.values["episodes"])
                vectors = make.vectors(changes)
                assert store.apply(changes, vectors=vectors) == model.apply(changes, vectors)
            for ns, (version, earlier) in before.items():
                shown = contents(store, ns)
                assert shown == expected[ns].contents()
                assert store.version(ns) == version + (shown != earlier)
                assert store.counts(ns) == expected[ns].counts()
        assert store.check() == []
        store.close()
