"""The lexical index: words as numbers, and BM25 over their stems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
import Stemmer

from graphmem.graph.columns import Strings
from graphmem.kernels.arrays import Floats, Ints, Mask, Rows
from graphmem.kernels.bm25 import Postings, build_postings, extend_postings
from graphmem.kernels.text import Token, tokenise

UNKNOWN = -1
_STEMMER = Stemmer.Stemmer("english")
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

    `frequency` is the number of passages with a word, title included; `idf` is
    ``ln((N + 1) / (frequency + 1))``.
    """

    words: Strings
    stems: Rows
    stem_list: Strings
    frequency: Ints
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

    def rows(self, words: Iterable[str]) -> Rows:
        """Rows of folded words, :data:`UNKNOWN` for those that no passage has."""
        known = self.lexicon.words.row_of
        return np.array([known.get(word, UNKNOWN) for word in words], np.int32)

    def stems(self, words: Sequence[str]) -> Rows:
        """Rows of the stems of folded words, :data:`UNKNOWN` for those that no passage has."""
        known = self.lexicon.stem_list.row_of
        found = [known.get(stem, UNKNOWN) for stem in _STEMMER.stemWords(list(words))]
        return np.array(found, np.int32)

    def query_terms(self, words: Sequence[str]) -> Rows:
        """Known stems to score by BM25, function words left out unless there are no others."""
        stems = self.stems([word for word in words if word not in FUNCTION_WORDS])
        if not (stems >= 0).any():
            stems = self.stems(words)
        return stems[stems >= 0]


def build_lexical(heads: Sequence[str], texts: Sequence[str]) -> LexicalIndex:
    """Index passages; `heads` (title, or speaker) count for BM25 but are not in the token table."""
    vocabulary: dict[str, int] = {}
    read = _Read(heads, texts, vocabulary)
    words = Strings.of(vocabulary)
    stems, stem_list = _stemmed(list(vocabulary), Strings.of([]))
    n = len(texts)
    lexicon = _rated(words, stems, stem_list, read.frequency(len(words), n), n)
    postings = build_postings(
        stems[read.everywhere], read.passages, n_terms=len(stem_list), n_documents=n
    )
    return LexicalIndex(lexicon, read.table, postings)


def extend_lexical(index: LexicalIndex, heads: Sequence[str], texts: Sequence[str]) -> LexicalIndex:
    """As :func:`build_lexical` of all, where `heads` and `texts` are those that are new."""
    held, table = index.lexicon, index.tokens
    n_before = len(table.indptr) - 1
    vocabulary = dict(held.words.row_of)
    read = _Read(heads, texts, vocabulary)
    new_words = list(islice(vocabulary, len(held.words), None))
    stems, stem_list = _stemmed(new_words, held.stem_list)
    words, stems = held.words.extended(new_words), np.concatenate((held.stems, stems))
    n = n_before + len(texts)
    frequency = read.frequency(len(words), len(texts))
    frequency[: len(held.frequency)] += held.frequency
    tokens = TokenTable(
        indptr=np.concatenate((table.indptr, table.indptr[-1] + read.table.indptr[1:])),
        words=np.concatenate((table.words, read.table.words)),
        capitals=np.concatenate((table.capitals, read.table.capitals)),
        sentences=np.concatenate((table.sentences, read.table.sentences)),
    )
    postings = extend_postings(
        index.postings,
        stems[read.everywhere],
        n_before + read.passages,
        n_terms=len(stem_list),
        n_documents=n,
    )
    return LexicalIndex(_rated(words, stems, stem_list, frequency, n), tokens, postings)


class _Read:
    """Passages as words, which are numbered in `vocabulary` as they come.

    `everywhere` are the words of texts and heads, `passages` the passage of each, from 0.
    """

    def __init__(
        self, heads: Sequence[str], texts: Sequence[str], vocabulary: dict[str, int]
    ) -> None:
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
        self.table = TokenTable(
            indptr=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            words=np.array(words, np.int32),
            capitals=np.array(capitals, np.bool_),
            sentences=np.array(sentences, np.int32),
        )
        self.everywhere = np.concatenate((self.table.words, np.array(head_words, np.int32)))
        self.passages = np.concatenate(
            (np.repeat(np.arange(n), lengths), np.repeat(np.arange(n), head_lengths))
        )

    def frequency(self, n_words: int, n: int) -> Ints:
        """In how many of these `n` passages each word stands."""
        pairs = np.unique(self.everywhere.astype(np.int64) * max(n, 1) + self.passages)
        return np.bincount(pairs // max(n, 1), minlength=n_words).astype(np.int64)


def _stemmed(words: Sequence[str], held: Strings) -> tuple[Rows, Strings]:
    """Stems of new words by row, and all stems."""
    stemmed = _STEMMER.stemWords(list(words))
    new = [stem for stem in dict.fromkeys(stemmed) if stem not in held.row_of]
    stems = held.extended(new)
    return np.array([stems.row_of[stem] for stem in stemmed], np.int32), stems


def _rated(words: Strings, stems: Rows, stem_list: Strings, frequency: Ints, n: int) -> Lexicon:
    idf = np.log((n + 1) / (frequency + 1)).astype(np.float32)
    return Lexicon(words, stems, stem_list, frequency, idf)


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


def content_stems(text: str) -> set[str]:
    """Stems of the words of a text that are no function words, roughly told apart."""
    return {stem for stem in map(_content_stem, text.lower().split()) if stem}


@lru_cache(maxsize=1 << 15)
def _content_stem(written: str) -> str:
    """The stem of a word with its punctuation; empty for function words."""
    word = written.strip(_PUNCTUATION)
    return "" if word in FUNCTION_WORDS else str(_STEMMER.stemWord(word))


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
    mask = np.ones(len(lexicon.words), np.bool_)
    known = lexicon.words.row_of
    mask[[known[word] for word in FUNCTION_WORDS if word in known]] = False
    return mask
