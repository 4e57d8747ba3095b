"""How like a question's words are to the words of texts; importing this loads numba.

A text is a stretch ``words[start:end]`` of rows of a vocabulary. Each row that comes by is compared
once with all of the question's words, however often it comes.
"""

from __future__ import annotations

import numpy as np
from numba import types

from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows
from graphmem.kernels.compiled import (
    DOUBLES,
    INTS,
    MASK,
    ROWS,
    SINGLES,
    TO_ROWS,
    TO_SINGLES,
    TO_TABLE,
    compiled,
)

MIN_LIKENESS = 0.3
"""Cosines below it say nothing."""

_VOCABULARY = (ROWS, SINGLES, ROWS, SINGLES)
"""Stems and vectors of the vocabulary, then of the question's words."""


@compiled(TO_ROWS, INTS, INTS, ROWS, MASK)
def unknown(starts: Ints, ends: Ints, words: Rows, known: Mask) -> Rows:
    """Rows in the texts that are not `known`, each once, as they come."""
    is_found = known.copy()
    found = np.empty(min(np.sum(np.maximum(ends - starts, 0)), len(known)), np.int32)
    n_found = 0
    for text in range(len(starts)):
        for place in range(starts[text], ends[text]):
            word = words[place]
            if not is_found[word]:
                is_found[word] = True
                found[n_found] = word
                n_found += 1
    return found[:n_found].copy()


@compiled(types.float32, types.int64, types.int64, *_VOCABULARY, reassociated=True)
def _likeness(
    word: int, asked: int, stems: Rows, vectors: Floats, asked_stems: Rows, asked_vectors: Floats
) -> np.float32:
    """1 for words of one stem, else the cosine."""
    if stems[word] == asked_stems[asked]:
        return np.float32(1.0)
    cosine = np.float32(0.0)
    for axis in range(vectors.shape[1]):
        cosine += vectors[word, axis] * asked_vectors[asked, axis]
    if cosine < MIN_LIKENESS:
        return np.float32(0.0)
    return min(cosine, np.float32(1.0))


@compiled(types.none, types.int64, TO_SINGLES, *_VOCABULARY)
def _compare(
    word: int,
    near: Floats,
    stems: Rows,
    vectors: Floats,
    asked_stems: Rows,
    asked_vectors: Floats,
) -> None:
    """Write into its row of `near` how like a word is to each that is asked."""
    for asked in range(len(asked_stems)):
        near[word, asked] = _likeness(word, asked, stems, vectors, asked_stems, asked_vectors)


@compiled(TO_SINGLES, INTS, INTS, ROWS, *_VOCABULARY)
def likest(
    starts: Ints,
    ends: Ints,
    words: Rows,
    stems: Rows,
    vectors: Floats,
    asked_stems: Rows,
    asked_vectors: Floats,
) -> Floats:
    """Each asked word's likest in each text, shape (n_asked, n_texts), 0 in an empty one."""
    n_asked = len(asked_stems)
    near = np.empty((len(stems), n_asked), np.float32)
    is_near = np.zeros(len(stems), np.bool_)
    found = np.zeros((n_asked, len(starts)), np.float32)
    for text in range(len(starts)):
        for place in range(starts[text], ends[text]):
            word = words[place]
            if not is_near[word]:
                is_near[word] = True
                _compare(word, near, stems, vectors, asked_stems, asked_vectors)
            for asked in range(n_asked):
                found[asked, text] = max(found[asked, text], near[word, asked])
    return found


@compiled(TO_TABLE, INTS, INTS, INTS, INTS, DOUBLES, ROWS, ROWS, *_VOCABULARY)
def nearest(
    starts: Ints,
    firsts: Ints,
    afters: Ints,
    ends: Ints,
    decay: Doubles,
    words: Rows,
    sentences: Rows,
    stems: Rows,
    vectors: Floats,
    asked_stems: Rows,
    asked_vectors: Floats,
) -> Doubles:
    """How like each asked word the likest is in each text, times `decay` at its distance from the
    words ``firsts:afters`` in it, 1 for those beside them; shape (n_texts, n_asked).

    Only words of the sentence that ``firsts`` is in are looked at.
    """
    n_asked = len(asked_stems)
    near = np.empty((len(stems), n_asked), np.float32)
    is_near = np.zeros(len(stems), np.bool_)
    found = np.zeros((len(starts), n_asked))
    for text in range(len(starts)):
        first, after = firsts[text], afters[text]
        for place in range(starts[text], ends[text]):
            if first <= place < after or sentences[place] != sentences[first]:
                continue
            word = words[place]
            if not is_near[word]:
                is_near[word] = True
                _compare(word, near, stems, vectors, asked_stems, asked_vectors)
            away = decay[first - place if place < first else place - after + 1]
            for asked in range(n_asked):
                found[text, asked] = max(found[text, asked], near[word, asked] * away)
    return found
