"""Turns stand in the order they were said, and a window never leaves its session."""

from __future__ import annotations

import re

import numpy as np
import pytest
from small_world import Doc, snapshot_of

from graphmem.graph.columns import Strings
from graphmem.index.turns import Turns, turns_of

SAID = ("s1", "s1", "s2", "s1", "s2", None)


@pytest.fixture
def turns() -> Turns:
    docs = [
        Doc("", f"turn {i} of salt", speaker="Ann", session=session)
        for i, session in enumerate(SAID)
    ]
    snapshot = snapshot_of([*docs, Doc("Salt", "Salt is a mineral.")])
    return turns_of(snapshot.passages, snapshot.vectors, np.ones(len(SAID) + 1, np.bool_))


def test_sessions_are_whole_and_documents_are_no_talk(turns: Turns) -> None:
    sessions = np.split(turns.rows, turns.bounds[1:-1])
    assert sorted(part.tolist() for part in sessions) == [[0, 1, 3], [2, 4], [5]]


def test_a_window_is_cut_at_the_session(turns: Turns) -> None:
    first, last = turns.window(1, 2)
    for place, (start, end) in enumerate(zip(first, last, strict=True)):
        assert start <= place < end
        assert len(set(turns.sessions[start:end].tolist())) == 1
        assert place - start <= 1
        assert end - place <= 3


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 1), (2, 0), (3, 3)])
def test_likeness_is_the_cosine_with_the_mean_of_the_window(
    turns: Turns, before: int, after: int
) -> None:
    question = np.random.default_rng(1).normal(size=turns.vectors.shape[1])
    question /= np.linalg.norm(question)
    own = turns.vectors[turns.rows]
    found = turns.likeness(own @ question, before, after)
    first, last = turns.window(before, after)
    for place, (start, end) in enumerate(zip(first, last, strict=True)):
        mean = own[start:end].mean(axis=0)
        assert found[place] == pytest.approx(mean @ question / np.linalg.norm(mean), abs=1e-6)


def test_turns_show_what_their_texts_do(turns: Turns) -> None:
    texts = Strings.of([f"turn {i} of salt" for i in range(len(SAID) + 1)])
    odd = re.compile("[135]")
    for asked in ([2, 0], [0, 1, 2, 3, 4, 5], []):
        places = np.array(asked, np.int64)
        wanted = [float(row % 2) for row in turns.rows[places]]
        assert turns.showing(odd, places, texts).tolist() == wanted


def test_a_memory_without_talk_has_no_turns() -> None:
    snapshot = snapshot_of([Doc("Salt", "Salt is a mineral.")])
    turns = turns_of(snapshot.passages, snapshot.vectors, np.ones(1, np.bool_))
    assert len(turns) == 0
    assert turns.bounds.tolist() == [0]


def test_a_passage_is_found_among_the_turns_or_is_none_of_them(turns: Turns) -> None:
    found = [turns.place_of(row) for row in range(-1, len(SAID) + 3)]
    expected = [
        turns.rows.tolist().index(row) if row in turns.rows else None
        for row in range(-1, len(SAID) + 3)
    ]
    assert found == expected
    assert None in found
