"""Vectors of words are asked for once each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Floats

VECTORS = {"wife": (1.0, 0.0), "husband": (0.6, 0.8), "sand": (0.0, 1.0), "": (0.0, 0.0)}


class Embed:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, words: Sequence[str]) -> Floats:
        self.asked += words
        return np.array([VECTORS[word] for word in words], np.float32).reshape(len(words), 2)


def test_what_was_looked_up_is_known_and_stays() -> None:
    space = WordSpace(Strings.of(["husband", "sand", "wife"]), Embed())
    space.vectors(np.array([2], np.int32), 2)
    found = space.vectors(np.array([0], np.int32), 2)
    np.testing.assert_array_equal(
        found, np.array([VECTORS["husband"], (0, 0), VECTORS["wife"]], np.float32)
    )
    assert space.known.tolist() == [True, False, True]


def test_the_words_of_a_question_are_embedded_once_in_a_row() -> None:
    embed = Embed()
    space = WordSpace(Strings.of(["husband"]), embed)
    for _ in range(3):
        np.testing.assert_array_equal(
            space.asked(["wife", ""]), np.array([VECTORS["wife"], VECTORS[""]], np.float32)
        )
    assert embed.asked == ["wife", ""]


def test_an_embedder_without_word_vectors_gives_points_of_no_dimension() -> None:
    space = WordSpace(Strings.of(["husband"]), lambda words: np.empty((len(words), 0), np.float32))
    assert space.asked(["wife"]).shape == (1, 0)
    assert space.vectors(np.array([0], np.int32), 0).shape == (1, 0)
