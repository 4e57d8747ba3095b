"""Ranking passages: the four modes over one index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Floats, Mask, top_rows
from graphmem.kernels.bm25 import score as bm25
from graphmem.kernels.fusion import reciprocal_rank_fusion
from graphmem.kernels.similarity import products
from graphmem.kernels.text import words as words_of
from graphmem.model.retrieval import Mode, Query
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.conversation import listen, turn_pool
from graphmem.retrieve.filters import allowed_passages
from graphmem.retrieve.fuse import REPEAT_LOSS, fuse, shares, spread, weights_of
from graphmem.retrieve.hops import entity_share
from graphmem.retrieve.passages import passage_pool
from graphmem.retrieve.pool import Pool, Ranking
from graphmem.retrieve.question import placed, read
from graphmem.retrieve.weighing import SHARE, factors_of, gained

_FUSED_DEPTH = 200
_LIKENESS_WEIGHT = 20.0
"""What a cosine weighs where turns and documents meet: near its weight among either."""


def rank(index: PassageIndex, query: Query, asking: Asking) -> Ranking:
    """Rank the passages that the query allows; at most ``query.k``."""
    allowed = allowed_passages(index, query)
    if not allowed.any():
        return Ranking(np.empty(0, np.int64), np.empty(0))
    factors = factors_of(index.passages, query.weigh) if query.weigh else None
    if query.mode == Mode.GRAPH:
        found = pools(index, query, asking, allowed)
        return _graph(found, query.k, learned=asking.learned, factors=factors)
    if query.mode == Mode.BM25:
        scores = _lexical(index, query.text)
        return _by_score(scores, allowed, query.k, "bm25", positive=True, factors=factors)
    similarity = products(index.vectors, asking.embed([query.text])[0])
    if query.mode == Mode.DENSE:
        return _by_score(similarity, allowed, query.k, "dense", factors=factors)
    return _hybrid(index, query, similarity, allowed, factors)


def pools(index: PassageIndex, query: Query, asking: Asking, allowed: Mask) -> list[Pool]:
    """Candidates of graph mode: among turns of talk, among documents, or both, as there are."""
    is_turn = np.asarray(index.passages.speakers.codes > 0)
    talk, documents = allowed & is_turn, allowed & ~is_turn
    found = []
    with asking.beside() as begin:
        embedded = begin(lambda: asking.embed([query.text])[0])
        wording = read(index, query.text, space=asking.space, now=query.as_of or asking.now)
        heard = listen(index, query) if talk.any() else None
        share = entity_share(index, wording, documents) if documents.any() else None
        topic: Floats | None = None
        if heard is not None and heard.topic != query.text:  # reads like a turn, not a question
            embed = asking.embed_texts or asking.embed
            topic = products(index.vectors, embed([heard.topic])[0])
        similarity = products(index.vectors, embedded())
        if heard is not None:
            question = placed(index, wording, similarity=similarity, allowed=talk)
            found.append(turn_pool(index, query, asking, question, heard, topic=topic))
        if share is not None:
            question = placed(index, wording, similarity=similarity, allowed=documents)
            found.append(passage_pool(index, query, asking, question, share=share, begin=begin))
    return found


def _graph(found: Sequence[Pool], k: int, *, learned: bool, factors: Doubles | None) -> Ranking:
    rankings = [weigh(pool, k, learned=learned, factors=factors) for pool in found]
    if len(rankings) == 1:
        return rankings[0]
    turns, passages = rankings
    return _side_by_side(turns, passages, found[0].question.similarity, k)


def weigh(pool: Pool, k: int, *, learned: bool, factors: Doubles | None = None) -> Ranking:
    """The k best candidates in order, by the learned weights or by all signals alike.

    `factors`, shape (n_passages,), are what kinds of memory are weighed by.
    """
    weights = weights_of(pool.kind, pool.signals, learned=learned)
    scores = fuse(pool.signals, weights)
    parts = shares(pool.signals, weights)
    if factors is not None:
        parts[SHARE] = gained(scores, factors[pool.rows])
        scores = scores + parts[SHARE]
    if pool.places is None:
        order = top_rows(scores, k)
    else:
        order, loss = spread(scores, pool.places, k, loss=REPEAT_LOSS)
        parts["repeat"] = -loss
        scores = scores - loss
    return Ranking(
        rows=pool.rows[order],
        scores=scores[order],
        shares={name: part[order] for name, part in parts.items()},
        question=pool.question,
        reaches=pool.reaches,
        turns=pool.turns,
    )


def _side_by_side(turns: Ranking, passages: Ranking, similarity: Floats, k: int) -> Ranking:
    """Turns and documents in one order: by score below the best of their kind, the best two kept
    apart by their likeness to the question."""
    parts = [turns, passages]
    offsets = [_LIKENESS_WEIGHT * float(similarity[part.rows].max()) for part in parts]
    names = dict.fromkeys(name for part in parts for name in part.shares)
    scores = np.concatenate(
        [part.scores - part.scores.max() + up for part, up in zip(parts, offsets, strict=True)]
    )
    levels = np.concatenate(
        [
            np.full(len(part.rows), up - part.scores.max())
            for part, up in zip(parts, offsets, strict=True)
        ]
    )
    order = top_rows(scores, k)
    held = {
        name: np.concatenate([part.shares.get(name, np.zeros(len(part.rows))) for part in parts])
        for name in names
    }
    held["kind"] = levels
    return Ranking(
        rows=np.concatenate([part.rows for part in parts])[order],
        scores=scores[order],
        shares={name: part[order] for name, part in held.items()},
        question=passages.question,
        reaches=passages.reaches,
        turns=turns.turns,
    )


def _lexical(index: PassageIndex, text: str) -> Floats:
    return bm25(index.lexical.postings, index.words.query_terms(words_of(text)))


def _by_score(
    scores: Floats,
    allowed: Mask,
    k: int,
    name: str,
    *,
    positive: bool = False,
    factors: Doubles | None = None,
) -> Ranking:
    keep = allowed & (scores > 0) if positive else allowed
    return _weighed({name: scores.astype(np.float64)}, keep, k, factors)


def _weighed(parts: dict[str, Doubles], keep: Mask, k: int, factors: Doubles | None) -> Ranking:
    """The k best of `keep` by the sum of their parts, kinds of memory weighed."""
    total = np.asarray(sum(parts.values()))
    if factors is not None:
        parts = {**parts, SHARE: gained(total, factors)}
        total = total + parts[SHARE]
    rows = top_rows(np.where(keep, total, -np.inf), k)
    return Ranking(rows, total[rows], {name: part[rows] for name, part in parts.items()})


def _hybrid(
    index: PassageIndex,
    query: Query,
    similarity: Floats,
    allowed: Mask,
    factors: Doubles | None,
) -> Ranking:
    lexical = _by_score(_lexical(index, query.text), allowed, _FUSED_DEPTH, "bm25", positive=True)
    dense = _by_score(similarity, allowed, max(_FUSED_DEPTH, query.k), "dense")
    n = len(index)
    parts = {
        "bm25": reciprocal_rank_fusion([lexical.rows], n),
        "dense": reciprocal_rank_fusion([dense.rows], n),
    }
    return _weighed(parts, parts["bm25"] + parts["dense"] > 0, query.k, factors)
