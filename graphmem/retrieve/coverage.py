"""Coverage: which of a question's words a passage has words like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Doubles, Floats, Ints, ragged
from graphmem.retrieve.relation import MIN_IDF, word_likeness


def best_likeness(
    index: PassageIndex, passages: Ints, words: Sequence[str], space: WordSpace | None
) -> Floats:
    """For each word its likest in each passage, shape (n_words, n_passages), in [0, 1]."""
    found = np.zeros((len(words), len(passages)), np.float32)
    positions, owner = ragged(index.lexical.tokens.indptr, passages)
    if not len(words) or not len(positions):
        return found
    vocabulary, inverse = np.unique(index.lexical.tokens.words[positions], return_inverse=True)
    near = word_likeness(index, words, vocabulary, space)
    starts = np.flatnonzero(np.concatenate(([True], owner[1:] != owner[:-1])))
    found[:, owner[starts]] = np.maximum.reduceat(near[:, inverse], starts, axis=1)
    return found


def rarity_shares(index: PassageIndex, words: Sequence[str]) -> Doubles:
    """What each word counts for, by its rarity; shape (n_words,), sums to 1."""
    rows = index.words.rows(words)
    rarest = np.log(len(index) + 1.0)
    idf = np.where(rows >= 0, index.lexical.lexicon.idf[rows], rarest)
    idf = np.maximum(idf, MIN_IDF)
    return np.asarray(idf / max(float(idf.sum()), 1e-9), np.float64)
