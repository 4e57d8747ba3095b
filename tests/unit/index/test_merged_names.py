"""Names of entities that are held to be one stand for each other wherever passages are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graphmem.index.passage_index import PassageIndex, load_index, save_index
from graphmem.model.retrieval import Filter, Mode, Query
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.filters import allowed_passages
from graphmem.retrieve.search import rank

DOCS = (
    ("Nella Frost", "Nella Frost is a singer from Dunmere.", "Dunmere"),
    ("Long Night", "Long Night is a song by Eleanor Snow.", "Eleanor Snow"),
    ("Short Day", "Short Day is a song by Nella Frost.", "Nella Frost"),
    ("Owen Pryce", "Owen Pryce is a painter from Aberwyn.", "Aberwyn"),
    ("Glassmaking", "Glass is made from sand."),
)
MakeIndex = Callable[..., PassageIndex]


@pytest.fixture
def merged(make_index: MakeIndex) -> PassageIndex:
    return make_index(*DOCS, same=[("Eleanor Snow", "Nella Frost")])


@pytest.fixture
def apart(make_index: MakeIndex) -> PassageIndex:
    return make_index(*DOCS)


def _ranked(index: PassageIndex, text: str, asking: Asking) -> list[int]:
    query = Query(text=text, k=3, mode=Mode.GRAPH)
    return [int(row) for row in rank(index, query, asking).rows]


def test_a_question_by_one_name_finds_the_passage_about_the_other(
    merged: PassageIndex, apart: PassageIndex, asking: Asking
) -> None:
    asked = "Where is Eleanor Snow from?"
    assert 0 in _ranked(merged, asked, asking)[:2]  # beside the passage that has the very words
    assert 0 not in _ranked(apart, asked, asking)[:2]
    seeds = [rank(i, Query(text=asked, k=3), asking).question for i in (merged, apart)]
    assert [[seed.passage for seed in q.seeds] if q else None for q in seeds] == [[0], []]


def test_passages_that_name_either_hold_both(merged: PassageIndex, apart: PassageIndex) -> None:
    def naming(index: PassageIndex, entity: str) -> list[int]:
        query = Query(text="x", where=Filter(entity=entity))
        return np.flatnonzero(allowed_passages(index, query)).tolist()

    assert naming(merged, "Eleanor Snow") == naming(merged, "Nella Frost") == [0, 1, 2]
    assert (naming(apart, "Eleanor Snow"), naming(apart, "Nella Frost")) == ([1], [0, 2])


def test_the_walk_goes_through_both_names(merged: PassageIndex, apart: PassageIndex) -> None:
    def meets(index: PassageIndex) -> bool:
        matrix = index.graph.matrix()
        return bool((matrix @ matrix)[1, 2] > 0)

    assert meets(merged)
    assert not meets(apart)


def test_an_index_with_merged_names_is_kept_and_loaded(
    merged: PassageIndex, tmp_path: Path, asking: Asking
) -> None:
    save_index(merged, tmp_path / "index", memory_id="m")
    loaded = load_index(tmp_path / "index", memory_id="m")
    assert loaded is not None
    asked = "Where is Eleanor Snow from?"
    assert _ranked(loaded, asked, asking) == _ranked(merged, asked, asking)
