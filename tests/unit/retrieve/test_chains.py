"""A chain counts as its ends hold the question between them and as what ties them is rare."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from graphmem.index.passage_index import PassageIndex
from graphmem.retrieve.bridges import rarity_of
from graphmem.retrieve.chains import N_PARTNERS, chained
from graphmem.retrieve.question import Question, analyse
from graphmem.retrieve.reach import NOWHERE, Reach

MakeIndex = Callable[..., PassageIndex]
QUESTION = "Where was the mother of the director of The Glass Harbour born?"


def chains(index: PassageIndex, text: str, scores: list[float]) -> tuple[Question, Reach]:
    n = len(index)
    question = analyse(
        index, text, similarity=np.zeros(n, np.float32), allowed=np.ones(n, np.bool_)
    )
    return question, chained(index, question, np.arange(n), np.array(scores))


def by_hand(
    index: PassageIndex, question: Question, scores: list[float], row: int
) -> tuple[float, int]:
    """The best chain of a passage and its partner, set by set."""
    incidence, (starts, homes) = index.incidence, index.home_of_passage
    asked = set(question.names.tolist())

    def names(of: int) -> set[int]:
        return set(incidence.names[incidence.indptr[of] : incidence.indptr[of + 1]].tolist())

    def parts(of: int) -> set[str | int]:
        tokens = index.lexical.tokens
        words = tokens.words[tokens.indptr[of] : tokens.indptr[of + 1]]
        stems = set(index.lexical.lexicon.stems[words].tolist())
        wanted = index.words.stems(question.residual_words).tolist()
        spoken = {w for w, s in zip(question.residual_words, wanted, strict=True) if s in stems}
        return spoken | (names(of) & asked)

    weights: dict[str | int, float] = {
        word: max(float(idf), 0.3)
        for word, idf in zip(question.residual_words, question.residual_idf, strict=True)
    }
    for span in question.spans:
        weights[span.name] = max(weights.get(span.name, 0.0), span.idf)
    found = []
    for other in range(len(index)):
        shared = sorted((names(row) & names(other)) - asked) if other != row else []
        rare = dict(zip(shared, rarity_of(index, np.array(shared, np.int32)), strict=True))
        ties = []
        for about in (row, other):
            own = set(homes[starts[about] : starts[about + 1]].tolist())
            ties.append(sum(rare[name] * (1.0 if name in own else 0.5) for name in shared))
        held = sum(weights[part] for part in parts(row) | parts(other))
        share = held / sum(weights.values())
        found.append((min(max(ties), 1.0) * share * scores[other] / max(scores), -other))
    best = max(found)
    return best[0], -best[1]


def test_chains_are_what_they_are_by_hand(films: PassageIndex) -> None:
    scores = [3.0, 2.0, 0.5, 1.0, 0.2, 1.5]
    question, reach = chains(films, QUESTION, scores)
    for row in range(len(films)):
        value, partner = by_hand(films, question, scores, row)
        assert reach.scores[row] == pytest.approx(value, rel=1e-5)
        leads = value > 0 and scores[partner] > scores[row]  # from the better of the two only
        assert reach.origin[row] == (partner if leads else NOWHERE)
    assert reach.scores.max() > 0


def test_the_name_that_ties_is_told(films: PassageIndex) -> None:
    _, reach = chains(films, QUESTION, [3.0, 2.0, 0.5, 1.0, 0.2, 1.5])
    assert films.names.labels[int(reach.via[1])] == "Mara Lindqvist"
    assert reach.origin[1] == 0


def test_a_passage_that_shares_no_name_is_in_no_chain(films: PassageIndex) -> None:
    _, reach = chains(films, QUESTION, [1.0] * 6)
    assert reach.scores[5] == 0
    assert reach.via[5] == NOWHERE


def test_what_is_asked_about_ties_nothing(make_index: MakeIndex) -> None:
    index = make_index(("Ann", "Ann sang.", "Ann"), ("", "Ann was born in May.", "Ann"))
    _, reach = chains(index, "Where was Ann born?", [1.0, 1.0])
    assert not reach.scores.any()


def test_partners_are_the_best_candidates_only(make_index: MakeIndex) -> None:
    texts = [("", f"Bea Low met number {i}.", "Bea Low") for i in range(N_PARTNERS + 5)]
    index = make_index(*texts)
    scores = [float(len(texts) - i) for i in range(len(texts))]
    _, reach = chains(index, "Who met whom?", scores)
    assert reach.origin.tolist() == [NOWHERE] + [0] * (len(texts) - 1)
