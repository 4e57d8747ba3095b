"""Ranking passages: the four modes over one index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, top_rows
from graphmem.kernels.bm25 import score as bm25
from graphmem.kernels.fusion import reciprocal_rank_fusion, reciprocal_ranks
from graphmem.kernels.text import words as words_of
from graphmem.model.retrieval import Mode, Query
from graphmem.retrieve.bridges import find_bridges, substitute, together
from graphmem.retrieve.filters import allowed_passages, dated_passages
from graphmem.retrieve.fuse import fuse, shares
from graphmem.retrieve.hops import entity_share, first_hop, merged, second_hop
from graphmem.retrieve.question import Question, analyse
from graphmem.retrieve.reach import Reach
from graphmem.retrieve.walk import walk

Embed = Callable[[Sequence[str]], Floats]
_FUSED_DEPTH = 200
_N_ANCHORS_HOP, _N_ANCHORS_DENSE = 8, 5
_WALK_RANKS = 30
_SUBSTITUTION_RANKS = 15
_RARE_WORDS = 2.3
"""Words as rare as can be that a name must have to be sure of itself."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Passages best first, their scores, and, in graph mode, what explains them."""

    rows: Ints
    scores: Doubles
    shares: Mapping[str, Doubles] = field(default_factory=dict)
    question: Question | None = None
    reaches: Mapping[str, Reach] = field(default_factory=dict)


def rank(index: PassageIndex, query: Query, embed: Embed) -> Ranking:
    """Rank the passages that the query allows; at most ``query.k``."""
    allowed = allowed_passages(index, query)
    if not allowed.any():
        return Ranking(np.empty(0, np.int64), np.empty(0))
    if query.mode == Mode.BM25:
        return _by_score(_lexical(index, query.text), allowed, query.k, "bm25", positive=True)
    similarity = index.vectors @ embed([query.text])[0]
    if query.mode == Mode.DENSE:
        return _by_score(similarity, allowed, query.k, "dense")
    if query.mode == Mode.HYBRID:
        return _hybrid(index, query, similarity, allowed)
    return _graph(index, query, similarity, allowed, embed)


def _lexical(index: PassageIndex, text: str) -> Floats:
    return bm25(index.lexical.postings, index.words.query_terms(words_of(text)))


def _by_score(
    scores: Floats, allowed: Mask, k: int, name: str, *, positive: bool = False
) -> Ranking:
    keep = allowed & (scores > 0) if positive else allowed
    rows = top_rows(np.where(keep, scores, -np.inf), k)
    found = scores[rows].astype(np.float64)
    return Ranking(rows, found, {name: found})


def _hybrid(index: PassageIndex, query: Query, similarity: Floats, allowed: Mask) -> Ranking:
    lexical = _by_score(_lexical(index, query.text), allowed, _FUSED_DEPTH, "bm25", positive=True)
    dense = _by_score(similarity, allowed, max(_FUSED_DEPTH, query.k), "dense")
    n = len(index)
    parts = {
        "bm25": reciprocal_rank_fusion([lexical.rows], n),
        "dense": reciprocal_rank_fusion([dense.rows], n),
    }
    fused = parts["bm25"] + parts["dense"]
    rows = top_rows(np.where(fused > 0, fused, -np.inf), query.k)
    return Ranking(rows, fused[rows], {name: part[rows] for name, part in parts.items()})


def _graph(
    index: PassageIndex, query: Query, similarity: Floats, allowed: Mask, embed: Embed
) -> Ranking:
    question = analyse(index, query.text, similarity=similarity, allowed=allowed)
    signals, reaches = _signals(index, question, embed)
    if query.as_of is not None:
        signals["dated"] = dated_passages(index, query)
    candidates = np.flatnonzero(_candidates(question, signals, query.k) & allowed)
    scores = fuse(signals, candidates)
    order = top_rows(scores, query.k)
    rows = candidates[order]
    return Ranking(rows, scores[order], shares(signals, rows), question, reaches)


def _signals(
    index: PassageIndex, question: Question, embed: Embed
) -> tuple[dict[str, Doubles], dict[str, Reach]]:
    n = len(index)
    seed, rarity = np.zeros(n), np.zeros(n)
    rarest = _RARE_WORDS * np.log(n + 1.0)
    for found in question.seeds:
        seed[found.passage] = max(seed[found.passage], found.strength)
        value = found.strength * min(1.0, found.span.idf / rarest)
        rarity[found.passage] = max(rarity[found.passage], value)
    link, asked = first_hop(index, question)
    share = entity_share(index, question)
    anchors = _anchors(question, seed, asked)
    hop2 = second_hop(index, question, anchors)
    bridges = find_bridges(index, question, anchors, limit=20)
    replaced = substitute(index, question, bridges, embed)
    walked = walk(index, question)
    residual = bm25(index.lexical.postings, question.residual)
    signals = {
        "dense": question.similarity.astype(np.float64),
        "seed": seed,
        "seed_rarity": rarity,
        "link": link.scores,
        "share": np.maximum(share.scores, asked.scores),
        "hop2": hop2.scores,
        "walk": reciprocal_ranks(walked, _WALK_RANKS),
        "substitution": replaced.scores,
        "substitution_rank": reciprocal_ranks(
            _shifted(replaced.scores, question.allowed), _SUBSTITUTION_RANKS
        ),
        "lexical": residual / max(float(residual.max(initial=0.0)), 1e-9),
        "together": together(index, bridges),
    }
    reaches = {"link": link, "asked": asked, "share": share, "hop2": hop2, "substitution": replaced}
    return signals, reaches


def _shifted(scores: Doubles, allowed: Mask) -> Doubles:
    """Scores moved above 0, so that the best ones can be ranked."""
    return np.where(allowed, scores - scores.min() + 1e-9, 0.0) if scores.any() else scores


def _anchors(question: Question, seed: Doubles, asked: Reach) -> dict[int, float]:
    """Passages to go on from: the seeds, the best of the first hop, and the nearest."""
    masked = np.where(question.allowed, question.similarity, -np.inf)
    near = top_rows(masked, _N_ANCHORS_DENSE)
    peak = float(question.similarity[near[0]]) if len(near) else 0.0
    hop = top_rows(np.where(asked.scores > 0, asked.scores, -np.inf), _N_ANCHORS_HOP)
    return merged(
        [
            {int(row): float(seed[row]) for row in np.flatnonzero(seed > 0)},
            {int(row): float(asked.scores[row]) for row in hop},
            {
                int(row): 0.5 * float(np.exp(15.0 * (question.similarity[row] - peak)))
                for row in near
            },
        ]
    )


def _candidates(question: Question, signals: Mapping[str, Doubles], k: int) -> Mask:
    """Passages worth scoring: the best of each signal, and all that the graph touched."""
    chosen = np.zeros(len(question.similarity), np.bool_)
    for name, limit in (("dense", max(40, k)), ("lexical", 20), ("walk", 20), ("substitution", 15)):
        chosen[top_rows(np.where(question.allowed, signals[name], -np.inf), limit)] = True
    for name in ("seed", "link", "share", "hop2", "together"):
        chosen |= signals[name] > 0
    return chosen
