"""Relation score: how much the words around a name speak of what the question asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Doubles, Floats, Ints, Rows
from graphmem.retrieve.question import Question

LEFT, RIGHT = 8, 6
"""Words that are looked at before and after a name, within its sentence."""
MIN_IDF = 0.3
"""What a word of a question counts for at least, however common it is."""


def relation_scores(index: PassageIndex, question: Question, occurrences: Ints) -> Doubles:
    """Score of each occurrence of a name, in [0, 1], shape (n,).

    The idf-weighted share of the question's residual words that words in the window are like, each
    by its best place: likeness in full up to distance 2, then falling as exp(-distance / 4).
    """
    if not question.residual_words or not len(occurrences):
        return np.zeros(len(occurrences))
    words, decay = _windows(index, occurrences)
    vocabulary, inverse = np.unique(words, return_inverse=True)
    near = word_likeness(index, question.residual_words, vocabulary, question.space)
    weights = np.maximum(question.residual_idf, MIN_IDF)
    score = np.zeros(len(occurrences))
    for likeness, weight in zip(near, weights, strict=True):
        if likeness.any():
            score += weight * (likeness[inverse].reshape(words.shape) * decay).max(axis=1)
    return np.asarray(score / weights.sum())


def word_likeness(
    index: PassageIndex, words: Sequence[str], vocabulary: Ints | Rows, space: WordSpace | None
) -> Floats:
    """How like each word is to each row of the vocabulary, shape (n_words, n_rows), in [0, 1]:
    1 for words of one stem, else the cosine of word vectors where there are any."""
    stems = index.lexical.lexicon.stems[vocabulary]
    same = index.words.stems(words)[:, None] == stems[None, :]
    if space is None:
        return np.asarray(same, np.float32)
    return np.asarray(np.maximum(space.likeness(words, vocabulary), same), np.float32)


def _windows(index: PassageIndex, occurrences: Ints) -> tuple[Rows, Doubles]:
    """Words around each occurrence and how near they are, both of shape (n, LEFT + RIGHT)."""
    tokens, found = index.lexical.tokens, index.occurrences
    passages = np.searchsorted(found.indptr, occurrences, side="right") - 1
    base = tokens.indptr[passages]
    first, after = base + found.starts[occurrences], base + found.ends[occurrences]
    left = np.arange(-LEFT, 0)
    right = np.arange(RIGHT)
    positions = np.concatenate((first[:, None] + left, after[:, None] + right), axis=1)
    distance = np.concatenate((-left, right + 1)).astype(np.float64)
    inside = (positions >= base[:, None]) & (positions < tokens.indptr[passages + 1][:, None])
    positions = np.where(inside, positions, first[:, None])
    inside &= tokens.sentences[positions] == tokens.sentences[first][:, None]
    near = np.where(distance <= 2, 1.0, np.exp(-distance / 4.0))
    return tokens.words[positions], near[None, :] * inside
