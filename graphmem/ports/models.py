"""The ports of everything that reads language: embedders and extractors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth


class Embedder(Protocol):
    """Turns text into unit vectors."""

    @property
    def name(self) -> str:
        """What identifies the vectors: model and quantisation."""

    @property
    def dimension(self) -> int:
        """Length of a vector, probed from the model."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of passages, float32, shape (n, dimension), L2 norm 1, in the order given."""

    def embed_queries(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of questions; differs from `embed` for models with a query prefix."""

    def embed_variants(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of a few short texts that are asked for together, as near those of `embed` as
        makes no difference to a ranking, and quicker; a text's may hang a little on the others."""

    def embed_words(self, words: Sequence[str]) -> npt.NDArray[np.float32]:
        """Static vectors of single words, float32, shape (n, d), L2 norm 1, or 0 where unknown.

        Words of like meaning are near each other; no run of the model. Their `d` is not that of
        texts, and is 0 for a model that has no word vectors to give.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, special tokens left out."""


class Extractor(Protocol):
    """Reads passages; holds nothing of what it read."""

    @property
    def name(self) -> str:
        """What identifies the extraction: method, model and version."""

    @property
    def depth(self) -> Depth:
        """Whether it reads facts and links, or names only."""

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        """One extraction per passage, in the order given."""

    def close(self) -> None:
        """Let go of models and processes; a second call does nothing."""
