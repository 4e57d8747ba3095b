"""Broad questions: told by their words, and ranked by what many passages have in common."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graphmem.retrieve.broad import (
    Layer,
    agreement,
    descend,
    entropy,
    is_broad,
    rank_broadly,
    topic_of,
)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What is this about?", ""),
        ("Sum up.", ""),
        ("What do we know about Ann Lee overall?", "Ann Lee"),
        ("Main themes of 2023", "2023"),
        ("What are the main themes of the meetings?", "the meetings"),
        ("Give me an overview of the harbour.", "the harbour"),
        ("Summarise what is known about bees", "bees"),
        ("Tell us everything about the old mill!", "the old mill"),
    ],
)
def test_a_broad_question_is_known_by_its_words_and_has_a_topic(question: str, topic: str) -> None:
    assert is_broad(question)
    assert topic_of(question).casefold() == topic.casefold()


@pytest.mark.parametrize(
    "question",
    [
        "Who founded Brightwater?",
        "When did Ann move to Oslo, and what did she know about it?",
        "What kind of pottery did Melanie make?",
        "Which of the two rivers is longer?",
        "What is the overall length of the bridge in Lima?",
        "What do they call the mayor of Saltmere?",
        "What area was hit by a flood?",
        "",
    ],
)
def test_a_narrow_question_is_none(question: str) -> None:
    assert not is_broad(question)


def test_entropy_is_nothing_where_one_stands_out_and_all_where_none_does() -> None:
    assert entropy(np.array([1.0, 0.0, 0.0, 0.0])) == pytest.approx(0.0, abs=1e-6)
    assert entropy(np.full(7, 0.4)) == pytest.approx(1.0)
    likeness = np.array([0.9, 0.85, 0.8])
    shares = np.exp(30 * likeness) / np.exp(30 * likeness).sum()
    wanted = -(shares * np.log(shares)).sum() / math.log(3)
    assert entropy(likeness) == pytest.approx(wanted)
    assert entropy(np.array([0.3])) == 1.0


def test_agreement_is_the_share_of_the_best_in_common() -> None:
    assert agreement([1, 2, 3, 4], [4, 3, 9, 8]) == 0.5
    assert agreement([], [1]) == 0.0
    assert agreement(list(range(50)), list(range(20, 70))) == 0.0  # beyond the first 20


def _unit(*values: float) -> np.ndarray:  # type: ignore[type-arg]
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


VECTORS = np.stack(
    [_unit(1, 0.2 * n, 0) for n in range(6)] + [_unit(0, 0.1 * n, 1) for n in range(6)]
).astype(np.float32)
NONE = np.empty(0, np.int64)
EVERY = np.arange(12)


def test_a_theme_comes_before_all_else_and_filters_hold() -> None:
    found = rank_broadly(_unit(1, 0.5, 0), VECTORS, np.zeros(12), [], NONE, allowed=EVERY, k=6)
    assert set(found.rows.tolist()) == set(range(6))
    assert np.all(np.diff(found.scores) <= 0)
    some = np.array([0, 7, 8])
    found = rank_broadly(_unit(1, 0.5, 0), VECTORS, np.zeros(12), [], NONE, allowed=some, k=6)
    assert found.rows[0] == 0
    assert set(found.rows.tolist()) == {0, 7, 8}


def test_words_of_the_topic_and_what_holds_a_passage_raise_it() -> None:
    vector = _unit(1, 1, 1)
    words = np.zeros(12)
    words[9] = 5.0
    found = rank_broadly(vector, VECTORS, words, [], NONE, allowed=EVERY, k=12)
    without = rank_broadly(vector, VECTORS, np.zeros(12), [], NONE, allowed=EVERY, k=12)
    assert found.rows.tolist().index(9) < without.rows.tolist().index(9)
    held = Layer(
        "depth 1",
        np.stack([vector, _unit(-1, -1, -1)]).astype(np.float32),
        np.array([11, 10]),
        np.array([0, 1]),
    )
    raised = rank_broadly(vector, VECTORS, np.zeros(12), [held], NONE, allowed=EVERY, k=12)
    places = raised.rows.tolist()
    assert places.index(11) < without.rows.tolist().index(11)
    assert sum(w for name, w in raised.weights.items() if name != "graph") == pytest.approx(1.0)


def test_a_granularity_counts_for_as_much_as_it_is_decided() -> None:
    vector = _unit(1, 0.5, 0)
    near, far, between = vector, _unit(-1, 1, 0), _unit(0.2, 1, 0.3)
    decided = Layer("decided", np.stack([near, far, far]), np.arange(3), np.arange(3))
    torn = Layer("torn", np.stack([between, between, between]), np.arange(3), np.arange(3))
    found = rank_broadly(
        vector, VECTORS, np.zeros(12), [decided, torn], NONE, allowed=EVERY, k=12
    ).weights
    assert found["decided"] > found["passages"] > found["torn"] == pytest.approx(0.0, abs=1e-6)


def test_graph_mode_counts_for_as_much_as_it_and_likeness_agree() -> None:
    # So many that the twenty likest are not all there are.
    vectors = np.stack([_unit(1, 0.01 * n, 0.002 * n) for n in range(60)]).astype(np.float32)
    vector, every = _unit(1, 0, 0), np.arange(60)

    def ranked(first: list[int]) -> tuple[float, list[int]]:
        found = rank_broadly(
            vector, vectors, np.zeros(60), [], np.array(first, np.int64), allowed=every, k=60
        )
        return found.weights["graph"], found.rows.tolist()

    plain = ranked([])[1]
    agreed, helped = ranked([15, *range(15)])
    alone, left = ranked(list(range(59, 39, -1)))
    assert (agreed, alone) == (1.0, 0.0)
    assert helped.index(15) < plain.index(15)
    assert left == plain


def test_the_way_down_keeps_to_the_likest_nodes_under_those_before() -> None:
    top = Layer(
        "depth 1",
        np.stack([_unit(1, 0, 0)] + [_unit(0, 1, 0.1 * n) for n in range(5)]).astype(np.float32),
        np.arange(6),
        np.arange(6),
        above=np.zeros(6, np.int64),
    )
    low = Layer(
        "depth 2",
        np.stack([_unit(1, 0.1, 0), _unit(1, 0, 0), _unit(0, 1, 1)]).astype(np.float32),
        np.array([0, 1, 2, 3]),
        np.array([0, 1, 1, 2]),
        above=np.array([0, 5, 0]),
    )
    found = descend(_unit(1, 0, 0), [top, low])
    held = {int(m) for m in found.members[found.owners >= 4]}
    assert held == {0, 3}  # the second unit is the likest, but hangs under what was not followed
    assert len(found.vectors) == 6
