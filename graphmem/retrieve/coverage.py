"""Coverage: which of a question's words a passage has words like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Doubles, Floats, Ints, Rows

MIN_IDF = 0.3
"""What a word of a question counts for at least, however common it is."""

Compared = tuple[Rows, Floats, Rows, Floats]
"""Stems and vectors of the vocabulary, then of a question's words."""


def compared(
    index: PassageIndex, words: Sequence[str], space: WordSpace | None, starts: Ints, ends: Ints
) -> Compared:
    """What tells how like `words` are to those of the texts ``tokens[start:end]``: 1 for words of
    one stem, else the cosine of word vectors where there are any."""
    from graphmem.kernels.likeness import unknown

    stems, asked_stems = index.lexical.lexicon.stems, index.words.stems(words)
    if space is None:
        nowhere = np.empty((len(stems), 0), np.float32)
        return stems, nowhere, asked_stems, np.empty((len(words), 0), np.float32)
    asked = space.asked(words)
    new = unknown(starts, ends, index.lexical.tokens.words, space.known)
    return stems, space.vectors(new, asked.shape[1]), asked_stems, asked


def best_likeness(
    index: PassageIndex, passages: Ints, words: Sequence[str], space: WordSpace | None
) -> Floats:
    """For each word its likest in each passage, shape (n_words, n_passages), in [0, 1]."""
    from graphmem.kernels.likeness import likest

    if not len(words) or not len(passages):
        return np.zeros((len(words), len(passages)), np.float32)
    tokens = index.lexical.tokens
    starts, ends = tokens.indptr[passages], tokens.indptr[passages + 1]
    return likest(starts, ends, tokens.words, *compared(index, words, space, starts, ends))


def rarity_shares(index: PassageIndex, words: Sequence[str]) -> Doubles:
    """What each word counts for, by its rarity; shape (n_words,), sums to 1."""
    rows = index.words.rows(words)
    rarest = np.log(len(index) + 1.0)
    idf = np.where(rows >= 0, index.lexical.lexicon.idf[rows], rarest)
    idf = np.maximum(idf, MIN_IDF)
    return np.asarray(idf / max(float(idf.sum()), 1e-9), np.float64)
