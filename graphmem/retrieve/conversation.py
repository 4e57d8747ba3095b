"""Ranking turns of talk: what was said, what was said around it, by whom and when.

A turn says little by itself ("Her name is Luna!"), so most signals look at its neighbours in the
session too. Whole-memory signals choose the candidates; those that read words are for them only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphmem.graph.snapshot import Category
from graphmem.index.lexical import FUNCTION_WORDS
from graphmem.index.passage_index import PassageIndex
from graphmem.index.turns import Turns, turns_of
from graphmem.index.word_space import WordSpace
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, ragged, top_rows
from graphmem.kernels.bm25 import score as bm25
from graphmem.kernels.text import words as words_of
from graphmem.model.retrieval import Query
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.coverage import best_likeness, rarity_shares
from graphmem.retrieve.dates import near_dates
from graphmem.retrieve.filters import believed
from graphmem.retrieve.fuse import BESIDE, TURNS, fuse, weights_of
from graphmem.retrieve.kinds import KINDS, asks_for_several, kinds_asked
from graphmem.retrieve.pool import Pool
from graphmem.retrieve.question import Question
from graphmem.retrieve.said import as_said
from graphmem.retrieve.walk import walk

N_CANDIDATES = 400
_WALKED = 1000
"""Turns that the walk's time in is told apart."""
_SESSION_BEST = 3
_NEIGHBOUR = 0.6
_TELLING = 10.0
"""Words as rare as can be that a turn tells much by."""
_FIRST_PERSON = re.compile(r"\b(?:I|I'm|I've|I'd|I'll|[Mm]y|[Mm]e|[Ww]e|[Oo]ur|[Uu]s)\b")
_QUESTION = re.compile(r"\?\s*$")
_ASKING = re.compile(r"\?")
_ROLES: Final = {"user": {"i", "me", "my", "mine"}, "assistant": {"you", "your", "yours"}}
"""How a question names somebody who is called by a role only."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A question put to the turns of a memory, shape (n_turns,) where an array.

    `topic` is the likeness to what a speaker whom the question names would say in answer; `named`
    are the codes of these.
    """

    index: PassageIndex
    turns: Turns
    text: str
    allowed: Mask
    similarity: Doubles
    topic: Doubles
    named: frozenset[int]

    @property
    def words(self) -> list[str]:
        """Content words of the question, speakers' names left out, each once."""
        values = self.index.passages.speakers.values
        speakers = {word for code in self.named for word in words_of(values[code])}
        asked = dict.fromkeys(words_of(self.text))
        return [word for word in asked if word not in FUNCTION_WORDS and word not in speakers]

    def below_best(self, values: Doubles) -> Doubles:
        """How far each turn is behind the best that is allowed; at most 0 for those."""
        return np.asarray(values - values[self.allowed].max(initial=-np.inf))

    def of_best(self, values: Floats | Doubles) -> Doubles:
        """Each as a share of the best that is allowed."""
        best = float(values[self.allowed].max(initial=0.0))
        return np.asarray(values / best if best > 0 else np.zeros(len(values)), np.float64)


@dataclass(frozen=True, slots=True)
class Listening:
    """What is heard of a question before its vector is known: the `turns` it is put to, the codes
    of the speakers that are `named`, and its `topic`: what it asks for, as these would say it."""

    turns: Turns
    named: frozenset[int]
    topic: str


def listen(index: PassageIndex, query: Query) -> Listening:
    """Turns that the query is put to: those believed at its `known_at`."""
    turns = (
        index.turns
        if query.known_at is None
        else turns_of(index.passages, index.vectors, believed(index.passages, query))
    )
    named = _named(index.passages.speakers, turns, query.text)
    speakers = [index.passages.speakers.values[code] for code in sorted(named)]
    return Listening(turns, named, as_said(query.text, speakers) if named else query.text)


def turn_pool(
    index: PassageIndex,
    query: Query,
    asking: Asking,
    question: Question,
    heard: Listening,
    *,
    topic: Floats | None,
) -> Pool:
    """The candidates among the turns that are allowed; `topic` are all passages' cosines with what
    was heard to be the question's topic, ``None`` where that is the question itself.

    Turns that may not be returned still are the neighbours of those that may.
    """
    turns = heard.turns
    talk = Talk(
        index=index,
        turns=turns,
        text=query.text,
        allowed=question.allowed[turns.rows],
        similarity=question.similarity[turns.rows].astype(np.float64),
        topic=(question.similarity if topic is None else topic)[turns.rows].astype(np.float64),
        named=heard.named,
    )
    walked = walk(index, query, question, asking.ranker, k=max(_WALKED, query.k))
    dates = near_dates(question.dates, index.passages.occurred_at, index.facts, n=len(index))
    whole = _whole_signals(talk, walked[turns.rows], dates[turns.rows])
    weights = weights_of(TURNS, whole, learned=asking.learned)
    first = np.where(talk.allowed, fuse(whole, weights), -np.inf)
    candidates = np.sort(top_rows(first, max(N_CANDIDATES, query.k)))
    signals = {name: values[candidates] for name, values in whole.items()}
    return Pool(
        kind=TURNS,
        rows=turns.rows[candidates],
        signals=signals | _close_signals(talk, candidates, asking),
        question=question,
        places=_apart(turns, candidates) if asks_for_several(query.text) else None,
        turns=turns,
    )


def _apart(turns: Turns, candidates: Ints) -> Ints:
    """Where turns stand, with sessions so far from each other that none is beside another."""
    return np.asarray(candidates + (BESIDE + 1) * turns.sessions[candidates], np.int64)


def _named(speakers: Category, turns: Turns, text: str) -> frozenset[int]:
    """Codes of the speakers that the question names."""
    asked = set(words_of(text))
    named = set()
    for code in np.unique(speakers.codes[turns.rows]).tolist():
        parts = words_of(speakers.values[code])
        if parts and (set(parts[:1]) <= asked or _ROLES.get(parts[0], set()) & asked):
            named.add(code)
    return frozenset(named)


def _whole_signals(talk: Talk, walked: Doubles, dates: Doubles) -> dict[str, Doubles]:
    """Signals of all turns, shape (n_turns,) each; `walked` is the walk's share by turn, `dates`
    how well it fits the times asked for."""
    turns, index = talk.turns, talk.index
    terms = index.words.query_terms(words_of(talk.text))
    own = bm25(index.lexical.postings, terms)[turns.rows]
    speakers = index.passages.speakers.codes[turns.rows]
    lexical, near = talk.of_best(own), talk.below_best(talk.similarity)
    # Where all are named, the name tells nothing.
    is_telling = 0 < len(talk.named) < len(np.unique(speakers))
    return {
        "lexical": lexical,
        "lexical_around": talk.of_best(_window_bm25(index, turns, terms, before=3, after=3)),
        "topic": talk.below_best(talk.topic),
        "topic_around": talk.below_best(turns.likeness(talk.topic, 1, 1)),
        "dense_around": talk.below_best(turns.likeness(talk.similarity, 1, 1)),
        "dense_before": talk.below_best(turns.likeness(talk.similarity, 2, 0)),
        "dense_wide": talk.below_best(turns.likeness(talk.similarity, 3, 3)),
        "session": talk.below_best(_session_means(turns, near + 0.1 * lexical)),
        "speaker": is_telling * np.isin(speakers, list(talk.named)).astype(np.float64),
        "date": dates,
        "walk": talk.of_best(walked),
    }


def _close_signals(talk: Talk, candidates: Ints, asking: Asking) -> dict[str, Doubles]:
    """Signals of the candidates only, shape (len(candidates),) each, from their words."""
    turns, texts = talk.turns, talk.index.passages.texts

    def shows(pattern: re.Pattern[str]) -> Doubles:
        return turns.showing(pattern, candidates, texts)

    speakers = talk.index.passages.speakers.codes[turns.rows]
    is_named = np.isin(speakers[candidates], list(talk.named))
    words, words_around = _word_signals(talk, candidates, asking.space)
    signals = {
        "words": words,
        "words_around": words_around,
        "telling": _telling(talk.index, turns.rows[candidates]),
        "statement": 1.0 - shows(_QUESTION),
        "first_person": shows(_FIRST_PERSON) * is_named,
        "reply": _replies(talk, candidates, speakers),
    }
    asked = {kind.name for kind in kinds_asked(talk.text)}
    for kind in KINDS:
        shown = shows(kind.shown) if kind.name in asked else np.zeros(len(candidates))
        signals[f"kind_{kind.name}"] = shown
    return signals


def _telling(index: PassageIndex, rows: Ints) -> Doubles:
    """How much turns tell, by how many rare words they have, in [0, 1]."""
    positions, owner = ragged(index.lexical.tokens.indptr, rows)
    words = index.lexical.tokens.words[positions]
    rarity = index.lexical.lexicon.idf[words] * index.content[words] / np.log(len(index) + 1.0)
    return np.minimum(np.bincount(owner, weights=rarity, minlength=len(rows)) / _TELLING, 1.0)


def _replies(talk: Talk, candidates: Ints, speakers: Rows) -> Doubles:
    """1 for a turn that follows another's question."""
    turns, before = talk.turns, candidates - 1
    is_after = (before >= 0) & (turns.sessions[before] == turns.sessions[candidates])
    is_after &= speakers[before] != speakers[candidates]
    replies = np.zeros(len(candidates))
    replies[is_after] = turns.showing(_ASKING, before[is_after], talk.index.passages.texts)
    return replies


def _word_signals(talk: Talk, candidates: Ints, space: WordSpace | None) -> tuple[Doubles, Doubles]:
    """Share of the question's words, weighed by rarity, that a turn has words like; and with its
    neighbours' words, counted less. Likeness is by stem where there are no word vectors."""
    index, turns = talk.index, talk.turns
    words = talk.words
    if not words or not len(candidates):
        return np.zeros(len(candidates)), np.zeros(len(candidates))
    first, last = turns.window(1, 1)
    beside = [candidates + shift for shift in (-1, 0, 1)]
    heard = np.unique(
        np.concatenate([at[(at >= first[candidates]) & (at < last[candidates])] for at in beside])
    )
    own = np.zeros((len(words), len(turns)))
    own[:, heard] = best_likeness(index, turns.rows[heard], words, space)
    around = own[:, candidates].copy()
    for shift in (-1, 1):
        at = candidates + shift
        inside = (at >= first[candidates]) & (at < last[candidates])
        shifted = own[:, np.clip(at, 0, len(turns) - 1)] * (_NEIGHBOUR * inside)
        around = np.maximum(around, shifted)
    share = rarity_shares(index, words)
    return share @ own[:, candidates], share @ around


def _window_bm25(
    index: PassageIndex, turns: Turns, terms: Rows, *, before: int, after: int
) -> Floats:
    """BM25 over windows of turns as the documents; shape (n_turns,)."""
    first, last = turns.window(before, after)
    lengths = np.diff(index.lexical.tokens.indptr)[turns.rows]
    sums = np.concatenate(([0], np.cumsum(lengths)))
    sizes = (sums[last] - sums[first]).astype(np.float64)
    place = np.full(len(index), -1, np.int64)
    place[turns.rows] = np.arange(len(turns))
    score = np.zeros(len(turns))
    mean = max(float(sizes.mean()), 1e-9) if len(sizes) else 1.0
    for term in np.unique(terms):
        start, end = index.lexical.postings.indptr[term : term + 2]
        counts = np.zeros(len(turns))
        held = place[index.lexical.postings.documents[start:end]]
        counts[held[held >= 0]] = 1.0
        sums = np.concatenate(([0.0], np.cumsum(counts)))
        windowed = sums[last] - sums[first]
        frequency = np.count_nonzero(windowed)
        idf = np.log1p((len(turns) - frequency + 0.5) / (frequency + 0.5))
        score += idf * windowed * 2.2 / (windowed + 1.2 * (0.25 + 0.75 * sizes / mean))
    return score.astype(np.float32)


def _session_means(turns: Turns, likely: Doubles) -> Doubles:
    """For each turn the mean of the best turns of its session, shape (n_turns,)."""
    order = np.lexsort((-likely, turns.sessions))
    is_top = np.arange(len(turns)) - turns.bounds[turns.sessions] < _SESSION_BEST
    owners, n = turns.sessions[is_top], len(turns.bounds) - 1
    sums = np.bincount(owners, weights=likely[order][is_top], minlength=n)
    return np.asarray((sums / np.maximum(np.bincount(owners, minlength=n), 1))[turns.sessions])
