"""Facts that a filter asks for, by their columns, are those that one by one satisfy it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small_world import Doc, snapshot_of

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import Category, Traits
from graphmem.index.traits import facts_of
from graphmem.model.knowledge import Fact, FactKind, Modality, Polarity
from graphmem.model.retrieval import FactFilter

VALUES = ("a", 'a "b"', "née", "ab", "[]")
LISTS = st.lists(st.sampled_from(VALUES), max_size=3, unique=True).map(tuple)
NOW = datetime(2024, 1, 1, tzinfo=UTC)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    return Fact(
        id="",
        text="",
        predicate="",
        members=(),
        recorded_at=NOW,
        kind=draw(st.sampled_from(FactKind)),
        modality=draw(st.sampled_from(Modality)),
        polarity=draw(st.sampled_from(Polarity)),
        intent=draw(st.none() | st.sampled_from(VALUES)),
        topics=draw(LISTS),
        event_types=draw(LISTS),
        tags=draw(LISTS),
        keywords=draw(LISTS),
    )


FILTERS = st.builds(
    FactFilter,
    topics=LISTS,
    event_types=LISTS,
    tags=LISTS,
    keywords=LISTS,
    intent=st.none() | st.sampled_from(VALUES),
    kind=st.none() | st.sampled_from(FactKind),
    modality=st.none() | st.sampled_from(Modality),
    polarity=st.none() | st.sampled_from(Polarity),
    speaker=st.none() | st.sampled_from(("Ann", "Bob")),
)


@given(
    held=st.lists(st.tuples(facts(), st.lists(st.integers(0, 2), max_size=3)), max_size=6),
    wanted=FILTERS,
)
def test_columns_tell_as_facts_do_one_by_one(
    held: list[tuple[Fact, list[int]]], wanted: FactFilter
) -> None:
    speakers = ("Ann", "Bob", "")
    world = snapshot_of([Doc("", f"turn {name}", speaker=name) for name in speakers])
    pairs = [(row, said) for row, (_, places) in enumerate(held) for said in places]
    columns = replace(
        world.facts,
        ids=Strings.of("" for _ in held),
        evidence_facts=np.array([row for row, _ in pairs], np.int32),
        evidence_passages=np.array([said for _, said in pairs], np.int32),
    )
    every = [fact for fact, _ in held]
    traits = Traits(
        kinds=Category.of(fact.kind for fact in every),
        modalities=Category.of(fact.modality for fact in every),
        polarities=Category.of(fact.polarity for fact in every),
        intents=Category.of(fact.intent for fact in every),
        topics=Category.of(map(_json, (fact.topics for fact in every))),
        event_types=Category.of(map(_json, (fact.event_types for fact in every))),
        tags=Category.of(map(_json, (fact.tags for fact in every))),
        keywords=Category.of(map(_json, (fact.keywords for fact in every))),
    )
    mined = ("intent", "topics", "event_types", "tags", "keywords")
    if held and not any(getattr(fact, name) for fact in every for name in mined):
        wanted = wanted.model_copy(update={name: FactFilter().model_dump()[name] for name in mined})
    found = facts_of(wanted, traits, columns, world.passages)
    assert found.tolist() == [
        wanted.fits(fact) and wanted.speaker in (None, *(speakers[said] for said in places))
        for fact, places in held
    ]


def _json(values: tuple[str, ...]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
