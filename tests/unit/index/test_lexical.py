"""Words are counted as stems, and sentences end where a reader ends them."""

from __future__ import annotations

import numpy as np
import pytest

from graphmem.index.lexical import Words, build_lexical, sentence_numbers
from graphmem.kernels.bm25 import score
from graphmem.kernels.text import tokenise


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One two. Three", [0, 0, 1]),
        ("Dr. No met J. Smith. He left", [0, 0, 0, 0, 0, 1, 1]),
        ("a line that\nis wrapped", [0, 0, 0, 0, 0]),
        ("A heading\n\nA paragraph", [0, 0, 1, 1]),
        ("Version 1.5 is out", [0, 0, 0, 0, 0]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[int]) -> None:
    assert sentence_numbers(text, tokenise(text)) == sentences


def test_a_word_is_found_in_another_form_and_in_the_title() -> None:
    index = build_lexical(["Ports", ""], ["the sea", "harbours and ships"])
    words = Words(index.lexicon)
    assert np.flatnonzero(score(index.postings, words.query_terms(["harbour"]))).tolist() == [1]
    assert np.flatnonzero(score(index.postings, words.query_terms(["port"]))).tolist() == [0]


def test_function_words_do_not_score_unless_there_is_nothing_else() -> None:
    index = build_lexical(["", ""], ["the cat", "a dog of the house"])
    words = Words(index.lexicon)
    assert len(words.query_terms(["the", "cat"])) == 1
    assert len(words.query_terms(["of", "the"])) == 2
    assert len(words.query_terms(["zebra"])) == 0
