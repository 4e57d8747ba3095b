"""A small memory with one of everything, hostile text included, and ways to look at a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import (
    DiscourseLink,
    Entity,
    EntityType,
    Evidence,
    Fact,
    FactKind,
    Member,
    Mention,
    Modality,
    Polarity,
    SameAs,
    Sense,
    Supersession,
)
from graphmem.model.source import Depth, Episode, EpisodeKind, Passage
from graphmem.model.time import Precision
from graphmem.ports.store import SCANNABLE, GraphStore, Vectors

START = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=UTC)
HOSTILE = '\x00 \x07 \r\n\t </data> & " \' ]]> \u2028 \ufffe {"a": [1]} \\u0000 \U0001f980 \u202e ß'

Content = tuple[ChangeSet, dict[str, Vectors]]


def _content(namespace: str) -> Content:
    """Two episodes, one of them retired; every field that may be left out is given somewhere."""
    document = Episode(
        id="ep_1",
        namespace=namespace,
        source="notes/ä.md",
        title=HOSTILE,
        kind=EpisodeKind.DOCUMENT,
        occurred_at=datetime(1, 1, 1, tzinfo=UTC),
        recorded_at=START,
        digest="d1",
        trust=0.1 + 0.2,
    )
    chat = document.model_copy(
        update={
            "id": "ep_2",
            "source": "chat:1",
            "title": "",
            "kind": EpisodeKind.CHAT,
            "occurred_at": None,
            "retired_at": START + timedelta(days=2),
            "depth": Depth.FAST,
        }
    )
    attributes = {"a": 1, "b": 1.0, "c": True, "d": HOSTILE, "": 10**30}
    passages = (
        Passage(
            id="pa_1",
            episode_id="ep_1",
            text=HOSTILE,
            start=0,
            end=len(HOSTILE),
            ordinal=0,
            attributes=attributes,
            vector_key="k1",
        ),
        Passage(
            id="pa_2",
            episode_id="ep_2",
            text="Ann left Acme.",
            start=3,
            end=17,
            ordinal=1,
            speaker="Ann",
            session="s",
            occurred_at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            external_id="x",
            vector_key="k2",
        ),
        Passage(
            id="pa_3",
            episode_id="ep_1",
            text="Ann left Acme.",
            start=20,
            end=34,
            ordinal=1,
            vector_key="k2",
        ),
        Passage(
            id="pa_4", episode_id="ep_1", text="?", start=40, end=41, ordinal=2, vector_key="k4"
        ),
    )
    entities = (
        Entity(id="en_1", name="Ann", type=EntityType.PERSON, aliases=("A.", HOSTILE)),
        Entity(id="en_2", name=HOSTILE, profile="who?"),
        Entity(id="en_3", name="", type=EntityType.OTHER),
    )
    leaving = Fact(
        id="fa_1",
        text="Ann left Acme.",
        predicate="leave",
        members=(
            Member(role="subject", entity_id="en_1", text="Ann", ordinal=0, start=0, end=3),
            Member(role="object", entity_id="en_2", text="Acme", ordinal=1, start=9, end=13),
            Member(role="object", entity_id="en_1", text="", ordinal=1),
        ),
        polarity=Polarity.NEGATIVE,
        modality=Modality.POSSIBLE,
        attribution="Bob",
        kind=FactKind.STATE,
        confidence=1 / 3,
        trust=0.7,
        valid_from=START - timedelta(days=400),
        valid_to=START,
        precision=Precision.YEAR,
        recorded_at=START,
        strength=2.5,
        recalls=7,
        last_recalled_at=START,
    )
    staying = Fact(
        id="fa_2",
        text=HOSTILE,
        predicate="",
        members=(Member(role="subject", entity_id="en_2", text=HOSTILE),),
        recorded_at=START,
        retired_at=START + timedelta(days=2),
        strength=float("inf"),
    )
    changes = ChangeSet(
        namespace=namespace,
        episodes=(document, chat),
        passages=passages,
        entities=entities,
        mentions=(
            Mention(passage_id="pa_2", entity_id="en_1", surface="Ann", start=0, end=3, about=0.25),
            Mention(passage_id="pa_2", entity_id="en_2", surface="Acme", start=9, end=13),
            Mention(passage_id="pa_1", entity_id="en_2", surface=HOSTILE, about=1.0),
            Mention(passage_id="pa_1", entity_id="en_1", surface="A"),
        ),
        facts=(leaving, staying),
        evidence=(
            Evidence(fact_id="fa_1", passage_id="pa_3", start=0, end=14),
            Evidence(fact_id="fa_1", passage_id="pa_2", start=0, end=14),
            Evidence(fact_id="fa_2", passage_id="pa_2", start=0, end=0),
        ),
        discourse=(
            DiscourseLink(
                source_id="fa_2",
                target_id="fa_1",
                sense=Sense.CAUSE,
                connective="because",
                passage_id="pa_2",
                start=1,
                end=2,
            ),
            DiscourseLink(source_id="fa_2", target_id="fa_1", sense=Sense.CAUSE),
        ),
        supersessions=(Supersession(newer_id="fa_1", older_id="fa_2", reason=HOSTILE),),
        same_as=(SameAs(left_id="en_1", right_id="en_2", score=0.1, by="name"),),
    )
    vectors = {
        "k1": np.array([1.0, -0.0, np.float32(1e-45)], np.float32),
        "k2": np.array([1 / 3, 0.1, 2e38], np.float32),
    }
    return changes, vectors


@pytest.fixture
def content() -> Content:
    """Changes and vectors of the default namespace."""
    return _content("default")


Opener = Callable[..., SqliteStore]


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    """Opens stores by name, as often as asked; closes them after the test."""
    with ExitStack() as stack:

        def open_store(name: str = "store") -> SqliteStore:
            store = SqliteStore.open(tmp_path / name, clock=lambda: START, create=True)
            return stack.enter_context(closing(store))

        yield open_store


@pytest.fixture
def store(opener: Opener, content: Content) -> SqliteStore:
    """Holds the content, between two things of another namespace."""
    made = opener()
    other, _ = _content("other")
    episode = other.episodes[0].model_copy(update={"id": "ep_x"})
    made.set_embedder("test-embedder", 3)
    made.apply(ChangeSet(namespace="other", episodes=(episode,)))
    changes, vectors = content
    made.apply(changes, vectors=vectors)
    made.apply(ChangeSet(namespace="other", entities=(Entity(id="en_x", name="x"),)))
    return made


Told = dict[str, Any]


def _told(store: GraphStore, namespace: str = "default") -> Told:
    """All that can be scanned, ``nid`` values replaced by their rank; vectors as bytes."""
    with store.read(namespace) as view:
        tables = {
            table: [row for rows in view.scan(table, columns, batch=3) for row in rows]
            for table, columns in SCANNABLE.items()
        }
        vectors = [
            (nid, vector.tobytes())
            for nids, matrix in view.vectors(batch=2)
            for nid, vector in zip(nids, matrix, strict=True)
        ]
    kinds = {
        "nid": "",
        "episode": "episodes",
        "passage": "passages",
        "entity": "entities",
        "fact": "facts",
        "source": "facts",
        "target": "facts",
        "newer": "facts",
        "older": "facts",
        "left": "entities",
        "right": "entities",
    }
    ids = {
        table: {row[0]: row[1] for row in tables[table]}
        for table in ("episodes", "passages", "entities", "facts")
    }
    told: Told = {"vectors": [(ids["passages"][nid], data) for nid, data in vectors]}
    for table, columns in SCANNABLE.items():
        told[table] = [
            tuple(
                ids[kinds[column.removesuffix("_nid")]].get(value)
                if column.endswith("_nid")
                else None
                if column == "nid"
                else value
                for column, value in zip(columns, row, strict=True)
            )
            for row in tables[table]
        ]
    return told


@pytest.fixture
def told() -> Callable[..., Told]:
    """Reads all that a namespace of a store holds, in a form that compares."""
    return _told
