"""Static vectors of a vocabulary's words, looked up when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.kernels.arrays import Floats, Mask, Rows

EmbedWords = Callable[[Sequence[str]], Floats]


class WordSpace:
    """The vocabulary of an index as points; threads may share it.

    `embed` gives unit vectors of words, shape (n, d), all zero for those it does not know.
    """

    def __init__(self, vocabulary: Strings, embed: EmbedWords) -> None:
        self._vocabulary = vocabulary
        self._embed = embed
        self._lock = threading.Lock()
        self._vectors: Floats | None = None
        self._last: tuple[tuple[str, ...], Floats] = ((), np.empty((0, 0), np.float32))
        self.known: Mask = np.zeros(len(vocabulary), np.bool_)
        """Which rows of the vocabulary have their vectors."""

    def asked(self, words: Sequence[str]) -> Floats:
        """Vectors of a question's words, shape (len(words), d): several stages ask for the same one
        after another."""
        wanted = tuple(words)
        last, vectors = self._last
        if wanted != last or not wanted:
            vectors = self._embed(wanted)
            self._last = wanted, vectors
        return vectors

    def vectors(self, new: Rows, dimension: int) -> Floats:
        """Vectors of the vocabulary, shape (n_words, dimension), zero where they are not `known`;
        those of the `new` rows are looked up now."""
        found = self._embed([self._vocabulary[int(row)] for row in new]) if len(new) else None
        with self._lock:
            if self._vectors is None:
                # Pages of zeros that are never written take no memory.
                self._vectors = np.zeros((len(self._vocabulary), dimension), np.float32)
            if found is not None:
                self._vectors[new] = found
                self.known[new] = True
            return self._vectors
