"""Reranking moves the head of a ranking, and its score still says why."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import LLMBudgetError
from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Mode, Query
from graphmem.ports.reranker import Judged
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.rerank import RERANK, lifted, reranked
from graphmem.retrieve.search import rank

QUESTION = "Where was the mother of the director of The Glass Harbour born?"
numbers = st.floats(-1e3, 1e3)


class ByWord:
    """Holds passages with its word to be the ones; keeps what it was given to read."""

    name = "by-word"

    def __init__(self, word: str) -> None:
        self.word = word
        self.read: list[str] = []

    def judge(self, question: str, texts: Sequence[str]) -> Judged:
        assert question == QUESTION
        self.read = list(texts)
        return Judged(tuple(float(self.word in text) for text in texts))


class Broke:
    """Cannot be paid any more."""

    name = "broke"

    def judge(self, question: str, texts: Sequence[str]) -> Judged:
        raise LLMBudgetError(
            f"The budget is used up: {question!r}, {len(texts)} texts",
            reason="budget of calls used up",
        )


def ranking_of(scores: Sequence[float]) -> Ranking:
    ordered = np.sort(np.array(scores, np.float64))[::-1]
    return Ranking(np.arange(len(ordered)), ordered, {"one": ordered / 4, "two": ordered * 3 / 4})


@given(scores=st.lists(numbers, min_size=1, max_size=12), data=st.data())
def test_the_order_is_that_of_the_scores_and_shares_sum_to_them(
    scores: list[float], data: st.DataObject
) -> None:
    before = ranking_of(scores)
    judged = data.draw(st.lists(numbers, max_size=len(scores)))
    after = lifted(before, judged, weight=data.draw(st.floats(0, 5)))
    assert sorted(after.rows.tolist()) == before.rows.tolist()
    assert (np.diff(after.scores) <= 0).all()
    np.testing.assert_allclose(
        np.sum(list(after.shares.values()), axis=0), after.scores, rtol=1e-9, atol=1e-6
    )
    assert (after.shares[RERANK] >= 0).all()
    # What was not judged keeps its place.
    assert after.rows[len(judged) :].tolist() == before.rows[len(judged) :].tolist()


@given(scores=st.lists(st.integers(-50, 50), min_size=2, max_size=12))
def test_judgements_outweigh_the_ranking_when_their_weight_says_so(scores: list[int]) -> None:
    before = ranking_of([float(score) for score in scores])
    judged = [float(n) for n in range(len(scores))]
    # A step of the judgement is worth more than all that the ranking has between its ends.
    after = lifted(before, judged, weight=len(scores))
    assert after.rows.tolist() == list(reversed(range(len(scores))))


def test_judgements_that_are_all_alike_change_nothing() -> None:
    after = lifted(ranking_of([3, 2, 2]), [0.5, 0.5, 0.5], weight=1.0)
    assert after.rows.tolist() == [0, 1, 2]
    assert not after.shares[RERANK].any()


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_can_be_judged_again(films: PassageIndex, asking: Asking, mode: Mode) -> None:
    ranking = rank(films, Query(text=QUESTION, k=5, mode=mode), asking)
    judge = ByWord("glass" if mode == Mode.BM25 else "mayor")
    after = reranked(films, QUESTION, ranking, judge, depth=5, weight=3.0)
    texts = [films.passages.texts[int(row)] for row in after.rows]
    moved = [n for n, row in enumerate(ranking.rows) if judge.word in films.passages.texts[row]]
    if moved:
        assert judge.word in texts[0]
    np.testing.assert_allclose(np.sum(list(after.shares.values()), axis=0), after.scores)
    assert after.note == "Reranked by by-word"


def test_only_as_many_as_asked_for_are_read_and_under_their_title(
    films: PassageIndex, asking: Asking
) -> None:
    ranking = rank(films, Query(text=QUESTION, k=6), asking)
    judge = ByWord("Aberwyn")
    reranked(films, QUESTION, ranking, judge, depth=2, weight=1.0)
    assert len(judge.read) == 2
    assert any(text.startswith("The Glass Harbour: The Glass Harbour is") for text in judge.read)


def test_without_a_judgement_the_order_stays_and_says_so(
    films: PassageIndex, asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    ranking = rank(films, Query(text=QUESTION, k=6), asking)
    with caplog.at_level(logging.WARNING):
        after = reranked(films, QUESTION, ranking, Broke(), depth=6, weight=1.0)
    assert after.rows.tolist() == ranking.rows.tolist()
    assert after.scores.tolist() == ranking.scores.tolist()
    assert not after.shares[RERANK].any()
    assert after.note == "Not reranked: budget of calls used up"
    assert "budget" in caplog.text
