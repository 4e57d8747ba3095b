"""Likeness of words in texts, beside the same worked out word by word."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from graphmem.kernels.arrays import Doubles, Floats, Ints, Rows
from graphmem.kernels.likeness import MIN_LIKENESS, likest, nearest, unknown

N_WORDS, N_ASKED, DIMENSION = 30, 4, 24


class World(NamedTuple):
    words: Rows
    bounds: Ints
    sentences: Rows
    stems: Rows
    vectors: Floats
    asked_stems: Rows
    asked: Floats

    @property
    def vocabulary(self) -> tuple[Rows, Floats, Rows, Floats]:
        return self.stems, self.vectors, self.asked_stems, self.asked

    def likeness(self, word: int, asked: int) -> float:
        if self.stems[word] == self.asked_stems[asked]:
            return 1.0
        cosine = float(self.vectors[word].astype(np.float64) @ self.asked[asked])
        return min(cosine, 1.0) if cosine >= MIN_LIKENESS else 0.0


def unit(vectors: Doubles) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture(params=range(5))
def world(request: pytest.FixtureRequest) -> World:
    random = np.random.default_rng(request.param)
    bounds = np.concatenate(([0], np.cumsum(random.integers(0, 40, 12)))).astype(np.int64)
    vectors = unit(random.normal(size=(N_WORDS, DIMENSION)))
    near = vectors[:N_ASKED] + 0.2 * random.normal(size=(N_ASKED, DIMENSION))
    return World(
        words=random.integers(0, N_WORDS, int(bounds[-1])).astype(np.int32),
        bounds=bounds,
        sentences=np.cumsum(random.random(int(bounds[-1])) < 0.2).astype(np.int32),
        stems=(np.arange(N_WORDS) // 2).astype(np.int32),
        vectors=vectors,
        asked_stems=np.array([7, -1, 3, -1], np.int32),
        asked=unit(near),
    )


def test_each_text_has_its_likest_word_for_each_that_is_asked(world: World) -> None:
    expected = [
        [
            max((world.likeness(word, asked) for word in world.words[first:last]), default=0.0)
            for first, last in pairwise(world.bounds)
        ]
        for asked in range(N_ASKED)
    ]
    found = likest(world.bounds[:-1], world.bounds[1:], world.words, *world.vocabulary)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert 0 < np.count_nonzero(found) < found.size


def test_words_count_less_the_farther_they_are_and_only_in_the_sentence(world: World) -> None:
    decay = np.array([9.0, 1.0, 1.0, 0.5, 0.25])
    firsts = np.arange(3, len(world.words) - 6, 3, dtype=np.int64)
    afters = firsts + 2
    starts, ends = np.maximum(firsts - 4, 0), np.minimum(afters + 3, len(world.words))
    expected = np.zeros((len(firsts), N_ASKED))
    for text, first in enumerate(firsts):
        for place in range(starts[text], ends[text]):
            if place in (first, first + 1) or world.sentences[place] != world.sentences[first]:
                continue
            away = first - place if place < first else place - first - 1
            for asked in range(N_ASKED):
                value = world.likeness(world.words[place], asked) * decay[away]
                expected[text, asked] = max(expected[text, asked], value)
    found = nearest(
        starts,
        firsts,
        afters,
        ends,
        decay,
        world.words,
        world.sentences,
        *world.vocabulary,
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert 0 < np.count_nonzero(found) < found.size


def test_what_is_unknown_comes_once(world: World) -> None:
    known = np.arange(N_WORDS) % 3 == 0
    starts, ends = world.bounds[2:6], world.bounds[3:7]
    held = world.words[starts[0] : ends[-1]].tolist()
    expected = [word for word in dict.fromkeys(held) if not known[word]]
    assert unknown(starts, ends, world.words, known).tolist() == expected
    assert unknown(starts, ends, world.words, np.ones(N_WORDS, np.bool_)).tolist() == []


def test_without_vectors_only_words_of_one_stem_are_alike(world: World) -> None:
    nowhere = np.empty((N_WORDS, 0), np.float32), np.empty((N_ASKED, 0), np.float32)
    found = likest(
        world.bounds[:-1],
        world.bounds[1:],
        world.words,
        world.stems,
        nowhere[0],
        world.asked_stems,
        nowhere[1],
    )
    assert set(np.unique(found).tolist()) == {0.0, 1.0}
