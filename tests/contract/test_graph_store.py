"""What every graph store does: values come back, and a store is shared, closed and opened again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.errors import (
    ReadOnlyError,
    StoreError,
)
from graphmem.model.change import ChangeSet, Checkpoint, Counts, EditSet
from graphmem.model.knowledge import (
    EntityType,
    Evidence,
    FactKind,
    Member,
    Modality,
    Polarity,
)
from graphmem.model.source import Depth, EpisodeKind
from graphmem.model.time import Precision
from graphmem.ports.store import GraphStore

ANN = {"Ann knows Bob": ("Ann", "Bob"), "Ann works": ("Ann",)}
CEM = {"Cem works": ("Cem",)}


def rows(store: GraphStore, namespace: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    with store.read(namespace) as view:
        return [row for batch in view.scan(table, columns) for row in batch]


# --- what is put in comes back ----------------------------------------------------------------


def test_a_new_store_holds_nothing(store: GraphStore) -> None:
    assert store.namespaces() == []
    assert store.version("default") == 0
    assert store.counts("default") == Counts()
    assert store.sources("default") == []
    assert store.checkpoint("job") is None
    assert store.check() == []
    info = store.info()
    assert (info.embedder, info.dimension) == (None, None)
    assert info.memory_id


def test_every_field_of_a_value_comes_back(store: GraphStore, make: Any) -> None:
    episode = make.episode(
        "note:1",
        kind=EpisodeKind.EVENT,
        occurred_at=make.at(-0.123),
        retired_at=make.at(7),
        trust=0.25,
        depth=Depth.FAST,
    )
    passage = make.passage(
        episode,
        "Ann knows Bob",
        ordinal=3,
        start=40,
        end=53,
        speaker="Ann",
        session="s1",
        occurred_at=make.at(1),
        external_id="x7",
        attributes={"n": 1, "x": 1.5, "flag": True, "word": "w", "none": 0, "both": ("a", "é")},
    )
    ann = make.entity("Ann", type=EntityType.PERSON, aliases=("Annie", "A."), profile="A person.")
    bob = make.entity("Bob")
    fact = make.fact(
        "Ann knows Bob",
        (),
        members=(
            Member(role="object", entity_id=bob.id, text="Bob", ordinal=1, start=10, end=13),
            Member(role="subject", entity_id=ann.id, text="Ann"),
            Member(role="subject", entity_id=ann.id, text="she", ordinal=2),
        ),
        polarity=Polarity.NEGATIVE,
        modality=Modality.POSSIBLE,
        attribution="Cem",
        kind=FactKind.STATE,
        confidence=0.5,
        trust=0.125,
        valid_from=make.at(-700000),
        valid_to=make.at(2),
        precision=Precision.YEAR,
        retired_at=make.at(9),
        strength=2.5,
        recalls=3,
        last_recalled_at=make.at(4),
    )
    evidence = Evidence(fact_id=fact.id, passage_id=passage.id, start=0, end=13)
    store.apply(
        ChangeSet(
            namespace="default",
            episodes=(episode,),
            passages=(passage,),
            entities=(ann, bob),
            facts=(fact,),
            evidence=(evidence,),
        )
    )
    assert store.episodes([episode.id]) == {episode.id: episode}
    assert store.passages([passage.id]) == {passage.id: passage}
    assert store.entities([bob.id, ann.id]) == {ann.id: ann, bob.id: bob}
    assert store.facts([fact.id]) == {fact.id: fact}
    alone = fact.model_copy(update={"members": ()})
    assert store.facts([fact.id], members=False) == {fact.id: alone}
    assert store.evidence_of([fact.id]) == [evidence]
    attributes = store.passages([passage.id])[passage.id].attributes
    assert [type(value) for value in attributes.values()] == [int, float, bool, str, int, tuple]


def test_unknown_ids_are_left_out_and_the_rest_comes_in_the_order_asked_for(
    store: GraphStore, make: Any
) -> None:
    names = [f"name {n}" for n in range(1000)]
    entities = tuple(make.entity(name) for name in names)
    store.apply(ChangeSet(namespace="default", entities=entities))
    asked = [entity.id for entity in reversed(entities)]
    found = store.entities([*asked, "en_unknown", asked[0]])
    assert list(found) == asked
    assert store.entities([]) == {}
    assert store.facts(["fa_unknown"]) == {}


def test_content_survives_closing_and_opening_again(
    opener: Callable[..., GraphStore], make: Any, contents: Any
) -> None:
    store = opener()
    changes = make.document("a", {"text": ANN})
    store.apply(changes, vectors=make.vectors(changes))
    before, memory_id = contents(store, "default"), store.info().memory_id
    store.close()
    again = opener()
    assert contents(again, "default") == before
    assert again.version("default") == 1
    assert again.info().memory_id == memory_id


HOSTILE = [
    "'; DROP TABLE facts; --",
    '"quoted" `ticks` \\ %s {0} ?1 :name',
    "nul\0inside\0",
    "\0",
    "👩‍👩‍👧‍👦 ﷽ é \u202e \ufeff",
    "line\r\nbreak\ttab",
    "",
    "*",
    "x" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_is_never_more_than_data(
    store: GraphStore, maker: Any, contents: Any, text: str
) -> None:
    make = maker(text)
    changes = make.document(
        text, {text: {text: (text,)}}, checkpoint=Checkpoint(job=text, position=text)
    )
    (entity,) = changes.entities
    changes = changes.model_copy(
        update={
            "entities": (entity.model_copy(update={"aliases": (text, "b"), "profile": text}),),
            "passages": tuple(
                p.model_copy(update={"attributes": {text: text}, "speaker": text, "session": text})
                for p in changes.passages
            ),
        }
    )
    store.apply(changes, vectors=make.vectors(changes))
    shown = contents(store, text)
    assert list(shown["passages"].values()) == list(changes.passages)
    assert list(shown["entities"].values()) == list(changes.entities)
    assert list(shown["facts"].values()) == list(changes.facts)
    assert len(shown["mentions"]) == len(shown["evidence"]) == len(shown["vectors"]) == 1
    assert store.namespaces() == [text]
    assert store.sources(text) == [(text, 1)]
    assert store.checkpoint(text) == text
    assert store.check() == []
    assert store.delete_source(text, text).facts == 1
    assert store.namespaces() == []


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.text(st.characters(exclude_categories=["Cs"])),
    aliases=st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True).map(tuple),
)
def test_names_and_aliases_come_back_as_they_are(
    store: GraphStore, make: Any, name: str, aliases: tuple[str, ...]
) -> None:
    entity = make.entity(name, id=f"en_{name!r}{aliases!r}", aliases=aliases)
    store.apply(ChangeSet(namespace="default", entities=(entity,)))
    assert store.entities([entity.id]) == {entity.id: entity}
    scanned = rows(store, "default", "entities", "id", "name", "aliases")
    assert (entity.id, name, list(aliases)) in [(i, n, json.loads(a)) for i, n, a in scanned]


# --- opening, closing, sharing ----------------------------------------------------------------


def test_a_store_opened_for_reading_refuses_to_write_and_sees_what_others_do(
    opener: Callable[..., GraphStore], make: Any, contents: Any
) -> None:
    writer = opener()
    changes = make.document("a", {"one": ANN})
    writer.apply(changes)
    reader = opener(read_only=True)
    for write in (
        lambda: reader.apply(make.document("b", {"two": CEM})),
        lambda: reader.delete_source("default", "a"),
        lambda: reader.clear_checkpoint("j"),
        lambda: reader.set_embedder("model", 4),
        lambda: reader.edit(EditSet(namespace="default", version=1)),
    ):
        with pytest.raises(ReadOnlyError):
            write()
    assert contents(reader, "default") == contents(writer, "default")
    writer.apply(make.document("b", {"two": CEM}))
    assert reader.version("default") == 2
    assert contents(reader, "default") == contents(writer, "default")
    assert reader.check() == []


def test_a_closed_store_says_so(store: GraphStore, make: Any) -> None:
    store.apply(make.document("a", {"one": ANN}))
    store.close()
    store.close()
    for use in (
        lambda: store.counts("default"),
        lambda: store.apply(make.document("b", {"two": CEM})),
        lambda: store.facts(["x"]),
    ):
        with pytest.raises(StoreError, match="closed"):
            use()


def test_threads_may_share_a_store(store: GraphStore, maker: Any) -> None:
    started = threading.Barrier(6)
    torn: list[Counts] = []

    def write(number: int) -> Counts:
        make = maker(f"ns{number % 2}")
        started.wait()
        total = Counts()
        for n in range(10):
            total += store.apply(make.document(f"{number}-{n}", {f"{number}-{n}": ANN}))
        return total

    def read() -> None:
        started.wait()
        for _ in range(40):
            for namespace in ("ns0", "ns1"):
                counts = store.counts(namespace)
                if not counts.episodes * 2 == counts.evidence == counts.mentions:
                    torn.append(counts)

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        readers = [pool.submit(read) for _ in range(2)]
        added = sum((future.result() for future in writers), Counts())
        for future in readers:
            future.result()
    assert torn == []
    assert added == store.counts("ns0") + store.counts("ns1")
    assert (store.version("ns0"), store.version("ns1")) == (20, 20)
    assert added.episodes == 40
    assert added.facts == 4
    assert store.check() == []


def test_the_store_says_how_much_room_it_takes(store: GraphStore, make: Any) -> None:
    before = store.size_bytes()
    if store.info().backend == "neo4j":  # its disk is the server's
        assert before == 0
        return
    store.apply(make.document("a", {"x" * 3_000_000: {}}))
    assert store.size_bytes() >= before + 3_000_000
