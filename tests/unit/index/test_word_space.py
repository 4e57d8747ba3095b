"""Words are compared by their vectors, which are asked for once each."""

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


def test_likeness_is_the_cosine_and_what_is_far_is_nothing() -> None:
    space = WordSpace(Strings.of(["husband", "sand", "wife"]), Embed())
    found = space.likeness(["wife", ""], np.array([2, 0, 1, 2]))
    np.testing.assert_allclose(found, [[1, 0.6, 0, 1], [0, 0, 0, 0]], atol=1e-6)


def test_a_word_of_the_vocabulary_is_embedded_once() -> None:
    embed = Embed()
    space = WordSpace(Strings.of(["husband", "sand"]), embed)
    for _ in range(3):
        space.likeness(["wife"], np.array([0, 1, 0]))
    assert embed.asked.count("husband") == embed.asked.count("sand") == 1


def test_without_vectors_no_word_is_like_another() -> None:
    space = WordSpace(Strings.of(["husband"]), lambda words: np.empty((len(words), 0), np.float32))
    assert space.likeness(["wife"], np.array([0])).tolist() == [[0.0]]
