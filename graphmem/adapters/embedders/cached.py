"""Questions come again: a search, then its context, then the same question with another filter."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from graphmem.adapters.embedders.texts import checked
from graphmem.ports.models import Embedder


class QueryCache:
    """An embedder that remembers the vectors of the last `size` different questions, and of the
    variants that were last asked for together."""

    def __init__(self, embedder: Embedder, *, size: int = 1024) -> None:
        self._embedder = embedder
        self._size = size
        self._vectors: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._variants: tuple[tuple[str, ...], npt.NDArray[np.float32]] | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The embedder's."""
        return self._embedder.name

    @property
    def dimension(self) -> int:
        """The embedder's."""
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The embedder's: passages have their cache in the store, by content."""
        return self._embedder.embed(texts)

    def embed_queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of questions, shape (n, dimension); only new ones reach the model."""
        given = checked(texts)
        with self._lock:
            known = {text: self._vectors[text] for text in given if text in self._vectors}
        new = [text for text in dict.fromkeys(given) if text not in known]
        if new:
            known.update(zip(new, self._embedder.embed_queries(new), strict=True))
        with self._lock:
            for text in dict.fromkeys(given):
                self._vectors[text] = known[text]
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
        rows = [known[text] for text in given]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimension)

    def embed_variants(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The embedder's; the same texts again, as for more hits of a question, not anew."""
        given, held = tuple(checked(texts)), self._variants
        if held is None or held[0] != given:
            self._variants = held = given, self._embedder.embed_variants(given)
        return held[1].copy()

    def embed_words(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """The embedder's."""
        return self._embedder.embed_words(words)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The embedder's."""
        return self._embedder.count_tokens(texts)
