"""Relation score: how much the words around a name speak of what the question asks."""

from __future__ import annotations

from typing import Final

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Ints
from graphmem.retrieve.coverage import MIN_IDF, compared
from graphmem.retrieve.question import Wording

LEFT, RIGHT = 8, 6
"""Words that are looked at before and after a name, within its sentence."""
_IN_FULL = 2
_FAR = 4.0
_AWAY: Final = np.arange(max(LEFT, RIGHT) + 1, dtype=np.float64)
_DECAY: Final = np.where(_AWAY <= _IN_FULL, 1.0, np.exp(-_AWAY / _FAR))


def relation_scores(index: PassageIndex, question: Wording, occurrences: Ints) -> Doubles:
    """Score of each occurrence of a name, in [0, 1], shape (n,).

    The idf-weighted share of the question's residual words that words in the window are like, each
    by its best place: likeness in full up to distance 2, then falling as exp(-distance / 4).
    """
    from graphmem.kernels.likeness import nearest

    if not question.residual_words or not len(occurrences):
        return np.zeros(len(occurrences))
    tokens, found = index.lexical.tokens, index.occurrences
    passages = np.searchsorted(found.indptr, occurrences, side="right") - 1
    starts, ends = tokens.indptr[passages], tokens.indptr[passages + 1]
    first, after = starts + found.starts[occurrences], starts + found.ends[occurrences]
    starts, ends = np.maximum(first - LEFT, starts), np.minimum(after + RIGHT, ends)
    near = nearest(
        starts,
        first,
        after,
        ends,
        _DECAY,
        tokens.words,
        tokens.sentences,
        *compared(index, question.residual_words, question.space, starts, ends),
    )
    weights = np.maximum(question.residual_idf, MIN_IDF)
    return np.asarray((near * weights).sum(axis=1) / weights.sum())
