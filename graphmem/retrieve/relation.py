"""Relation score: how much the words around a name speak of what the question asks."""

from __future__ import annotations

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.retrieve.question import Question

LEFT, RIGHT = 8, 6
"""Words that are looked at before and after a name, within its sentence."""
_MIN_IDF = 0.3


def relation_scores(index: PassageIndex, question: Question, occurrences: Ints) -> Doubles:
    """Score of each occurrence of a name, in [0, 1], shape (n,).

    The idf-weighted share of the question's residual words that stand in the window, each by its
    nearest place: in full up to distance 2, then falling as exp(-distance / 4).
    """
    if not len(question.residual) or not len(occurrences):
        return np.zeros(len(occurrences))
    stems, decay = _windows(index, occurrences)
    weights = np.maximum(question.residual_idf, _MIN_IDF)
    score = np.zeros(len(occurrences))
    for stem, weight in zip(question.residual, weights, strict=True):
        score += weight * np.where(stems == stem, decay, 0.0).max(axis=1)
    return np.asarray(score / weights.sum())


def _windows(index: PassageIndex, occurrences: Ints) -> tuple[Ints, Doubles]:
    """Stems around each occurrence and how near they are, both of shape (n, LEFT + RIGHT)."""
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
    stems = index.lexical.lexicon.stems[tokens.words[positions]].astype(np.int64)
    near = np.where(distance <= 2, 1.0, np.exp(-distance / 4.0))
    return np.where(inside, stems, -1), near[None, :] * inside
