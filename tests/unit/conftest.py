"""A small world built by hand: passages, what they are about and whom they name; no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import (
    OPEN_END,
    OPEN_START,
    Category,
    Entities,
    Facts,
    Mentions,
    Numbers,
    Passages,
    Snapshot,
)
from graphmem.index.passage_index import PassageIndex, build_index
from graphmem.kernels.arrays import Floats
from graphmem.kernels.text import words


@dataclass(frozen=True)
class Doc:
    """A passage of a test: its subject's names, and the other names in it."""

    title: str
    text: str
    names: tuple[str, ...] = ()
    aliases: tuple[tuple[str, float], ...] = ()
    speaker: str = ""
    occurred_at: int | None = None
    retired_at: int | None = None
    recorded_at: int = 0


DIMENSION = 64


def likeness(texts: Sequence[str]) -> Floats:
    """Hashed bags of words, unit length: a stand-in whose likeness is plain to see."""
    rows = np.zeros((len(texts), DIMENSION), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in words(text):
            row[sum(map(ord, word)) % DIMENSION] += 1.0
        row[0] += 1e-3
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def snapshot_of(docs: Sequence[Doc]) -> Snapshot:
    """The snapshot of the given passages; facts are left out."""
    rows: dict[str, int] = {}
    mentions: list[tuple[int, int, str, float]] = []
    for passage, doc in enumerate(docs):
        if doc.title:
            subject = rows.setdefault(doc.title, len(rows))
            mentions.append((passage, subject, doc.title, 1.0))
            mentions.extend((passage, subject, alias, about) for alias, about in doc.aliases)
        mentions.extend((passage, rows.setdefault(n, len(rows)), n, 0.0) for n in doc.names)
    n, surfaces = len(docs), Category.of([surface for _, _, surface, _ in mentions])
    zeros, empty = np.zeros(n, np.int64), np.empty(0, np.int64)
    ids = [f"pa_{row}" for row in range(n)]
    nothing = Category.of([None] * n)
    return Snapshot(
        passages=Passages(
            ids=Strings.of(ids),
            texts=Strings.of(doc.text for doc in docs),
            titles=Category.of(doc.title for doc in docs),
            episodes=Category.of(ids),
            sources=Category.of(f"doc:{row}" for row in range(n)),
            speakers=Category.of(doc.speaker for doc in docs),
            sessions=nothing,
            external_ids=nothing,
            attributes=nothing,
            starts=zeros,
            ends=np.array([len(doc.text) for doc in docs], np.int64),
            occurred_at=np.array(
                [OPEN_START if d.occurred_at is None else d.occurred_at for d in docs], np.int64
            ),
            recorded_at=np.array([doc.recorded_at for doc in docs], np.int64),
            retired_at=np.array(
                [OPEN_END if d.retired_at is None else d.retired_at for d in docs], np.int64
            ),
        ),
        entities=Entities(
            Strings.of(f"en_{row}" for row in range(len(rows))),
            Strings.of(rows),
            Category.of("person" for _ in rows),
            Category.of("[]" for _ in rows),
        ),
        mentions=Mentions(
            np.array([passage for passage, *_ in mentions], np.int32),
            np.array([entity for _, entity, *_ in mentions], np.int32),
            surfaces,
            np.array([about for *_, about in mentions], np.float32),
        ),
        facts=Facts(
            Strings.of([]),
            *(empty for _ in range(4)),
            np.zeros(1, np.int64),
            *(empty.astype(np.int32) for _ in range(3)),
        ),
        numbers=Numbers(np.arange(n), np.arange(len(rows)), empty),
        vectors=likeness([f"{doc.title}\n{doc.text}" for doc in docs]),
    )


@pytest.fixture
def embed() -> Callable[[Sequence[str]], Floats]:
    """The embedder that the indexes of these tests are built with."""
    return likeness


MakeIndex = Callable[..., PassageIndex]


@pytest.fixture
def make_index() -> MakeIndex:
    """From passages, as :class:`Doc` or as (title, text, names...), to their index."""

    def make(*docs: Doc | tuple[str, ...]) -> PassageIndex:
        made = [d if isinstance(d, Doc) else Doc(d[0], d[1], tuple(d[2:])) for d in docs]
        return build_index(snapshot_of(made), version=1)

    return make


FILMS = (
    Doc(
        "The Glass Harbour",
        "The Glass Harbour is a 1954 film directed by Mara Lindqvist and shot in Aberwyn.",
        ("Mara Lindqvist", "Aberwyn"),
    ),
    Doc(
        "Mara Lindqvist",
        "Mara Lindqvist was a director. Her mother was Ingrid Sorel, a painter.",
        ("Ingrid Sorel",),
    ),
    Doc(
        "Ingrid Sorel", "Ingrid Sorel was born in Tallow Bay and painted harbours.", ("Tallow Bay",)
    ),
    Doc("Aberwyn", "Aberwyn is a port. Its mayor is Owen Pryce.", ("Owen Pryce",)),
    Doc("Owen Pryce", "Owen Pryce was born in Dunmere.", ("Dunmere",)),
    Doc("Glassmaking", "Glass is made from sand in harbours of industry."),
)
"""A film, its director, her mother; and a town and its mayor beside the way."""


@pytest.fixture
def films(make_index: MakeIndex) -> PassageIndex:
    """The index of :data:`FILMS`."""
    return make_index(*FILMS)


@pytest.fixture
def make_world(make_index: MakeIndex) -> MakeIndex:
    """Two accounts of who leads Acme, recorded and retired at the given microseconds."""

    def make(recorded: tuple[int, int], retired: tuple[int | None, int | None]) -> PassageIndex:
        leaders = ("Ann", "Bob")
        docs = [
            Doc("Acme", f"{name} leads Acme.", recorded_at=at, retired_at=until)
            for name, at, until in zip(leaders, recorded, retired, strict=True)
        ]
        return make_index(*docs)

    return make
