"""Likeness of words: cosines of static word vectors, looked up when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.kernels.arrays import Floats, Ints, Rows
from graphmem.kernels.similarity import products

EmbedWords = Callable[[Sequence[str]], Floats]
MIN_LIKENESS = 0.3
"""Cosines below it say nothing."""


class WordSpace:
    """The vocabulary of an index as points; threads may share it.

    `embed` gives unit vectors of words, shape (n, d), all zero for those it does not know.
    """

    def __init__(self, vocabulary: Strings, embed: EmbedWords) -> None:
        self._vocabulary = vocabulary
        self._embed = embed
        self._lock = threading.Lock()
        self._known = np.zeros(len(vocabulary), np.bool_)
        self._vectors: Floats = np.empty((0, 0), np.float32)
        self._last: tuple[tuple[str, ...], Floats] = ((), np.empty((0, 0), np.float32))

    def likeness(self, words: Sequence[str], rows: Rows | Ints) -> Floats:
        """How like each of `words` is to each of the vocabulary's `rows`.

        Returns
        -------
        array, shape (len(words), len(rows))
            Cosines, those below :data:`MIN_LIKENESS` as 0; a word of itself is 1.
        """
        asked = self._asked(tuple(words))
        near = products(asked, self._of(np.asarray(rows, np.int64), asked.shape[1]))
        return np.where(near < MIN_LIKENESS, np.float32(0.0), np.minimum(near, np.float32(1.0)))

    def _asked(self, words: tuple[str, ...]) -> Floats:
        """Vectors of a question's words, which several stages ask for one after another."""
        last, vectors = self._last
        if words != last or not words:
            vectors = self._embed(words)
            self._last = words, vectors
        return vectors

    def _of(self, rows: Ints, dimension: int) -> Floats:
        new = np.unique(rows[~self._known[rows]])
        if len(new):
            found = self._embed([self._vocabulary[int(row)] for row in new])
            with self._lock:
                if not self._vectors.shape[1]:
                    # Pages of zeros that are never written take no memory.
                    self._vectors = np.zeros((len(self._vocabulary), dimension), np.float32)
                self._vectors[new] = found
                self._known[new] = True
        if not self._vectors.shape[1]:
            return np.zeros((len(rows), dimension), np.float32)
        return np.asarray(self._vectors[rows])
