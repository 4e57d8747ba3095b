"""Indexes of a small world, built by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from small_world import Doc, likeness, snapshot_of

from graphmem.build import make_ranker
from graphmem.graph.snapshot import Category
from graphmem.index.passage_index import PassageIndex, build_index
from graphmem.kernels.arrays import Floats
from graphmem.retrieve.asking import Asking


@pytest.fixture
def embed() -> Callable[[Sequence[str]], Floats]:
    """The embedder that the indexes of these tests are built with."""
    return likeness


@pytest.fixture
def asking(embed: Callable[[Sequence[str]], Floats]) -> Asking:
    """What questions of these tests may ask: that embedder, and a ranker."""
    return Asking(embed, make_ranker())


MakeIndex = Callable[..., PassageIndex]


@pytest.fixture
def make_index() -> MakeIndex:
    """From passages, as :class:`Doc` or as (title, text, names...), to their index.

    `same` are pairs of names whose entities are held to be one, `types` those of entities that are
    nobody's.
    """

    def make(
        *docs: Doc | tuple[str, ...],
        same: Sequence[tuple[str, str]] = (),
        types: Mapping[str, str] = MappingProxyType({}),
    ) -> PassageIndex:
        made = [d if isinstance(d, Doc) else Doc(d[0], d[1], tuple(d[2:])) for d in docs]
        snapshot = snapshot_of(made)
        rows = {name: row for row, name in enumerate(snapshot.entities.names)}
        pairs = np.array([[rows[a], rows[b]] for a, b in same], np.int32).reshape(-1, 2)
        kinds = Category.of(types.get(name, "person") for name in snapshot.entities.names)
        entities = replace(snapshot.entities, types=kinds)
        return build_index(replace(snapshot, same=pairs, entities=entities), version=1)

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
