"""The lexical index: words as numbers, and BM25 over their stems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import Stemmer

from graphmem.graph.columns import Strings
from graphmem.kernels.arrays import Floats, Ints, Mask, Rows
from graphmem.kernels.bm25 import Postings, build_postings
from graphmem.kernels.text import Token, tokenise

UNKNOWN = -1
_PUNCTUATION = ".,;:!?'\"()[]“”‘’"
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Passages' words in order; those of passage ``p`` are at ``indptr[p]:indptr[p + 1]``.

    `words` are rows of the vocabulary, `sentences` number the sentences of a passage from 0.
    """

    indptr: Ints
    words: Rows
    capitals: Mask
    sentences: Rows


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The vocabulary of folded words, their stems and how rare they are.

    `idf` is ``ln((N + 1) / (df + 1))`` over passages, title included.
    """

    words: Strings
    stems: Rows
    stem_list: Strings
    idf: Floats


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """Words and BM25 of a namespace."""

    lexicon: Lexicon
    tokens: TokenTable
    postings: Postings


class Words:
    """Looks words up in a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._stemmer = Stemmer.Stemmer("english")

    @cached_property
    def _word_row(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.lexicon.words)}

    @cached_property
    def _stem_row(self) -> dict[str, int]:
        return {stem: row for row, stem in enumerate(self.lexicon.stem_list)}

    def rows(self, words: Iterable[str]) -> Rows:
        """Rows of folded words, :data:`UNKNOWN` for those that no passage has."""
        known = self._word_row
        return np.array([known.get(word, UNKNOWN) for word in words], np.int32)

    def stems(self, words: Sequence[str]) -> Rows:
        """Rows of the stems of folded words, :data:`UNKNOWN` for those that no passage has."""
        known = self._stem_row
        found = [known.get(stem, UNKNOWN) for stem in self._stemmer.stemWords(list(words))]
        return np.array(found, np.int32)

    def content_stems(self, text: str) -> set[str]:
        """Stems of the words of a text that are no function words, roughly told apart."""
        words = [word.strip(_PUNCTUATION) for word in text.lower().split()]
        return set(self._stemmer.stemWords([word for word in words if word not in FUNCTION_WORDS]))

    def query_terms(self, words: Sequence[str]) -> Rows:
        """Known stems to score by BM25, function words left out unless there are no others."""
        stems = self.stems([word for word in words if word not in FUNCTION_WORDS])
        if not (stems >= 0).any():
            stems = self.stems(words)
        return stems[stems >= 0]


def build_lexical(heads: Sequence[str], texts: Sequence[str]) -> LexicalIndex:
    """Index passages; `heads` (title, or speaker) count for BM25 but are not in the token table."""
    vocabulary: dict[str, int] = {}
    lengths: list[int] = []
    words: list[int] = []
    capitals: list[bool] = []
    sentences: list[int] = []
    head_lengths: list[int] = []
    head_words: list[int] = []
    for head, text in zip(heads, texts, strict=True):
        tokens = tokenise(text)
        lengths.append(len(tokens))
        words.extend(vocabulary.setdefault(token.text, len(vocabulary)) for token in tokens)
        capitals.extend(token.is_capital for token in tokens)
        sentences.extend(sentence_numbers(text, tokens))
        head_tokens = tokenise(head)
        head_lengths.append(len(head_tokens))
        head_words.extend(vocabulary.setdefault(t.text, len(vocabulary)) for t in head_tokens)
    n = len(lengths)
    table = TokenTable(
        indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        words=np.array(words, np.int32),
        capitals=np.array(capitals, np.bool_),
        sentences=np.array(sentences, np.int32),
    )
    everywhere = np.concatenate((table.words, np.array(head_words, np.int32)))
    passages = np.concatenate(
        (np.repeat(np.arange(n), lengths), np.repeat(np.arange(n), head_lengths))
    )
    lexicon, stems = _lexicon(list(vocabulary), everywhere, passages, n)
    postings = build_postings(
        stems[everywhere], passages, n_terms=len(lexicon.stem_list), n_documents=n
    )
    return LexicalIndex(lexicon, table, postings)


def _lexicon(words: Sequence[str], tokens: Rows, passages: Ints, n: int) -> tuple[Lexicon, Rows]:
    known: dict[str, int] = {}
    stemmed = Stemmer.Stemmer("english").stemWords(list(words))
    stems = np.array([known.setdefault(stem, len(known)) for stem in stemmed], np.int32)
    pairs = np.unique(tokens.astype(np.int64) * max(n, 1) + passages)
    frequency = np.bincount(pairs // max(n, 1), minlength=len(words))
    idf = np.log((n + 1) / (frequency + 1)).astype(np.float32)
    return Lexicon(Strings.of(words), stems, Strings.of(known), idf), stems


def sentence_numbers(text: str, tokens: Sequence[Token]) -> list[int]:
    """The sentence of each token, from 0: one ends at a blank line, or ``.!?`` before a capital."""
    numbers: list[int] = []
    number = 0
    for position, token in enumerate(tokens):
        if position:
            gap = text[tokens[position - 1].end : token.start]
            is_stop = any(mark in gap for mark in ".!?") and token.is_capital
            # An initial ("J. Smith") or a short title ("Dr. No") ends no sentence.
            is_short = gap.startswith(".") and len(tokens[position - 1].text) <= 2
            if (is_stop and not is_short) or _BLANK_LINE.search(gap):
                number += 1
        numbers.append(number)
    return numbers


FUNCTION_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being between
    both but by can could did do does doing during each for from further had has have having
    he her here hers him his how i if in into is it its itself just me more most my no nor not
    of off on once only or other our ours out over own same she should so some such than that
    the their theirs them then there these they this those through to too under until up very
    was we were what when where which while who whom whose why will with would you your yours
    """.split()
)
"""English function words: no content of their own, so they neither score nor name a relation."""


def content_words(lexicon: Lexicon) -> Mask:
    """Which words of the vocabulary are no function words."""
    return np.array([word not in FUNCTION_WORDS for word in lexicon.words], np.bool_)
