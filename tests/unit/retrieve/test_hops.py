"""What a name leads to counts as it fits the passage that the name stands in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.retrieve.hops import fit_of, home_links, targets_of
from graphmem.retrieve.question import analyse

MakeIndex = Callable[..., PassageIndex]


def test_the_fit_rises_with_likeness_from_what_is_usual(films: PassageIndex) -> None:
    films.__dict__["usual_likeness"] = (0.4, 0.1)
    likeness = np.array([-1.0, 0.4, 0.575, 0.75, 1.0], np.float32)
    assert np.allclose(fit_of(films, likeness), [0.1, 0.1, 0.5, 1.0, 1.0])


def test_usual_likeness_is_that_of_any_two_passages(films: PassageIndex) -> None:
    cosines = [
        float(films.vectors[a] @ films.vectors[b])
        for a in range(len(films))
        for b in range(a + 1, len(films))
    ]
    assert np.allclose(films.usual_likeness, (np.mean(cosines), np.std(cosines)), atol=1e-6)


def test_one_passage_alone_is_as_like_others_as_can_be_said(make_index: MakeIndex) -> None:
    assert make_index(("Ann", "Ann sang.", "Ann")).usual_likeness == (0.0, 1.0)


def test_a_home_that_has_nothing_to_do_with_the_passage_counts_little(films: PassageIndex) -> None:
    n = len(films)
    question = analyse(films, "", similarity=np.zeros(n, np.float32), allowed=np.ones(n, np.bool_))
    targets = targets_of(films, question, np.array([0]))
    links = home_links(films, question, targets, np.array([0]))
    near = np.vecdot(films.vectors[0], films.vectors[links.passages])
    # The test world's homes all have weight 1.
    assert np.allclose(links.weights, fit_of(films, near))
