"""Graph mode finds over two hops what likeness alone does not, and says how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_world import Doc

from graphmem.index.passage_index import PassageIndex
from graphmem.model.retrieval import Filter, Mode, Query
from graphmem.model.time import from_micros
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.explain import ways_to
from graphmem.retrieve.fuse import PASSAGES, TURNS, learned_weights, spread, weights_of
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.search import rank

MakeIndex = Callable[..., PassageIndex]
QUESTION = "Where was the mother of the director of The Glass Harbour born?"


def titles(index: PassageIndex, ranking: Ranking) -> list[str]:
    column = index.passages.titles
    return [column.values[int(column.codes[row])] for row in ranking.rows]


def test_a_chain_of_three_passages_is_found(films: PassageIndex, asking: Asking) -> None:
    ranking = rank(films, Query(text=QUESTION, k=4), asking)
    assert {"The Glass Harbour", "Mara Lindqvist", "Ingrid Sorel"} <= {*titles(films, ranking)}


def test_likeness_alone_does_not_find_it(films: PassageIndex, asking: Asking) -> None:
    ranking = rank(films, Query(text=QUESTION, k=3, mode=Mode.BM25), asking)
    assert "Ingrid Sorel" not in titles(films, ranking)


def test_the_way_to_the_last_hop_is_told(films: PassageIndex, asking: Asking) -> None:
    ranking = rank(films, Query(text=QUESTION, k=6), asking)
    ways = ways_to(ranking, titles(films, ranking).index("Ingrid Sorel"))
    chains = [[films.names.labels[name] for name in way.names if name >= 0] for way in ways]
    assert ["The Glass Harbour", "Mara Lindqvist", "Ingrid Sorel"] in chains


def test_the_shares_of_a_score_add_up_to_it(films: PassageIndex, asking: Asking) -> None:
    ranking = rank(films, Query(text=QUESTION, k=6), asking)
    total = np.sum(list(ranking.shares.values()), axis=0)
    assert np.allclose(total, ranking.scores)
    assert (np.diff(ranking.scores) <= 0).all()


@pytest.mark.parametrize("mode", list(Mode))
def test_the_same_question_gives_the_same_ranking(
    films: PassageIndex, asking: Asking, mode: Mode
) -> None:
    first, second = (rank(films, Query(text=QUESTION, k=6, mode=mode), asking) for _ in range(2))
    assert first.rows.tolist() == second.rows.tolist()
    assert first.scores.tolist() == second.scores.tolist()


def test_signals_count_alike_where_weights_are_not_wanted(
    films: PassageIndex, asking: Asking
) -> None:
    query = Query(text=QUESTION, k=6)
    ranking = rank(films, query, replace(asking, learned=False))
    assert {"The Glass Harbour", "Mara Lindqvist", "Ingrid Sorel"} <= {*titles(films, ranking)[:4]}
    learned = learned_weights(PASSAGES)
    assert learned is not None
    held = rank(films, query, asking)
    row = int(ranking.rows[0])
    at = held.rows.tolist().index(row)
    assert held.shares.keys() <= ranking.shares.keys()
    for name, part in held.shares.items():
        assert part[at] == pytest.approx(learned[name] * ranking.shares[name][0])


def test_signals_count_alike_where_no_weights_were_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphmem.retrieve.fuse.files", lambda _: tmp_path)
    learned_weights.cache_clear()
    try:
        assert weights_of(TURNS, ["a", "b"], learned=True) == {"a": 1.0, "b": 1.0}
    finally:
        learned_weights.cache_clear()


@pytest.mark.parametrize("mode", list(Mode))
def test_filters_hold_before_the_cut(make_index: MakeIndex, asking: Asking, mode: Mode) -> None:
    docs = [("", f"Harbour number {i} is full of ships.") for i in range(30)]
    index = make_index(*docs)
    query = Query(text="harbour ships", k=2, mode=mode, where=Filter(source="doc:29"))
    assert rank(index, query, asking).rows.tolist() == [29]


def test_a_filter_by_entity_keeps_what_mentions_it(films: PassageIndex, asking: Asking) -> None:
    query = Query(text="harbours", k=9, where=Filter(entity="ingrid sorel"))
    assert set(titles(films, rank(films, query, asking))) == {
        "Mara Lindqvist",
        "Ingrid Sorel",
    }


def test_nothing_retired_is_found_unless_it_was_known_then(
    make_world: Callable[..., PassageIndex], asking: Asking
) -> None:
    index = make_world(recorded=(0, 100), retired=(100, None))
    now = rank(index, Query(text="Who leads Acme?", k=5), asking)
    then = rank(index, Query(text="Who leads Acme?", k=5, known_at=from_micros(50)), asking)
    assert now.rows.tolist() == [1]
    assert then.rows.tolist() == [0]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "question", ["zzzz", "?!", "the of and", "é", "Ann " * 2000, "a' OR 1=1 --"]
)
def test_any_question_gets_a_ranking(
    films: PassageIndex, asking: Asking, mode: Mode, question: str
) -> None:
    ranking = rank(films, Query(text=question, k=3, mode=mode), asking)
    assert len(ranking.rows) <= 3
    assert np.isfinite(ranking.scores).all()


def test_a_memory_without_names_is_still_searched(make_index: MakeIndex, asking: Asking) -> None:
    index = make_index(("", "it rained all day"), ("", "we ate bread"))
    assert rank(index, Query(text="bread", k=1), asking).rows.tolist() == [1]


@pytest.mark.parametrize("kind", [PASSAGES, TURNS])
def test_no_signal_counts_against_a_candidate(kind: str) -> None:
    weights = learned_weights(kind)
    assert weights is not None
    assert min(weights.values()) >= 0


def test_where_several_answers_are_asked_for_one_beside_another_counts_less() -> None:
    scores, places = np.array([1.0, 0.9, 0.8, 0.1]), np.array([10, 13, 14, 40])
    order, lost = spread(scores, places, 3, loss=0.2)
    assert order.tolist() == [0, 2, 1]  # 14 is not beside 10, and 13 is beside both
    assert lost.tolist() == pytest.approx([0.0, 0.4, 0.0, 0.0])


def test_talk_and_documents_of_one_memory_are_ranked_together(
    make_index: MakeIndex, asking: Asking
) -> None:
    index = make_index(
        Doc("Aberwyn", "Aberwyn is a port with a lighthouse.", ("Aberwyn",)),
        Doc("", "I climbed the lighthouse yesterday.", speaker="Ann"),
        Doc("", "Was it windy?", speaker="Bob"),
    )
    ranking = rank(index, Query(text="Which lighthouse did Ann climb?", k=3), asking)
    assert sorted(ranking.rows.tolist()) == [0, 1, 2]
    assert np.allclose(np.sum(list(ranking.shares.values()), axis=0), ranking.scores)
