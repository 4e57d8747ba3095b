from __future__ import annotations

import pytest

from graphmem.extract.connectives import ADVERBS, COORDINATE, MEDIAL, SUBORDINATE, phrase_at
from graphmem.model.knowledge import Sense


def test_the_longest_phrase_is_taken() -> None:
    words = "he left as soon as possible".split()
    assert phrase_at(SUBORDINATE, words, 2, len(words)) == ("as", "soon", "as")
    assert phrase_at(SUBORDINATE, words, 2, 4) == ("as",)
    assert phrase_at(SUBORDINATE, words, 0, len(words)) == ()


def test_every_sense_that_words_can_say_has_connectives() -> None:
    known = {reading.sense for table in (SUBORDINATE, ADVERBS) for reading in table.values()}
    assert known | set(COORDINATE.values()) == set(Sense) - {Sense.ANSWER, Sense.PREMISE}


@pytest.mark.parametrize("word", sorted(MEDIAL))
def test_what_may_stand_inside_may_stand_first(word: str) -> None:
    assert (word,) in ADVERBS


def test_phrases_are_folded_words() -> None:
    for phrase in (*SUBORDINATE, *ADVERBS):
        assert phrase == tuple(" ".join(phrase).lower().split())
