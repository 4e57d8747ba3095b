"""Candidates among documents: what the names in a question lead to, hop by hop."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Mask, top_rows
from graphmem.kernels.bm25 import score as bm25
from graphmem.kernels.fusion import reciprocal_ranks
from graphmem.model.retrieval import Query
from graphmem.retrieve.asking import Asking, Begin
from graphmem.retrieve.bridges import find_bridges, substitute, together
from graphmem.retrieve.chains import chained
from graphmem.retrieve.dates import near_dates, near_years
from graphmem.retrieve.filters import dated_passages
from graphmem.retrieve.fuse import PASSAGES
from graphmem.retrieve.hops import first_hop, merged, second_hop, targets_of
from graphmem.retrieve.pool import Pool
from graphmem.retrieve.question import Question
from graphmem.retrieve.reach import Reach
from graphmem.retrieve.sought import fitting
from graphmem.retrieve.walk import walk

_N_ANCHORS_HOP, _N_ANCHORS_DENSE = 8, 5
_WALK_RANKS = 30
_SUBSTITUTION_RANKS = 15
_RARE_WORDS = 2.3
"""Words as rare as can be that a name must have to be sure of itself."""


def passage_pool(
    index: PassageIndex,
    query: Query,
    asking: Asking,
    question: Question,
    *,
    share: Reach,
    begin: Begin,
) -> Pool:
    """The candidates among the passages that are allowed; `share` is their share of the relation
    asked for, and `begin` begins work that goes on beside."""
    signals, reaches = _signals(index, query, question, asking, share, begin)
    if query.as_of is not None:
        signals["dated"] = dated_passages(index, query)
    rows = np.flatnonzero(_candidates(question, signals, query.k) & question.allowed)
    alike = np.sum([values[rows] for values in signals.values()], axis=0)
    reaches["chain"] = chained(index, question, rows, alike)
    signals["chain"] = reaches["chain"].scores
    held = {name: values[rows] for name, values in signals.items()}
    reached = np.maximum.reduce([held[name] for name in ("link", "share", "hop2")])
    held["sought"] = fitting(index, question.sought, rows) * np.clip(reached, 0.0, 1.0)
    return Pool(
        kind=PASSAGES,
        rows=rows,
        signals=held,
        question=question,
        reaches=reaches,
    )


def _signals(
    index: PassageIndex,
    query: Query,
    question: Question,
    asking: Asking,
    share: Reach,
    begin: Begin,
) -> tuple[dict[str, Doubles], dict[str, Reach]]:
    n = len(index)
    seed, rarity = np.zeros(n), np.zeros(n)
    rarest = _RARE_WORDS * np.log(n + 1.0)
    for found in question.seeds:
        seed[found.passage] = max(seed[found.passage], found.strength)
        value = found.strength * min(1.0, found.span.idf / rarest)
        rarity[found.passage] = max(rarity[found.passage], value)
    link, asked = first_hop(index, question)
    anchors = _anchors(question, seed, asked)
    targets = targets_of(index, question, np.array(list(anchors), np.int64))
    bridges = find_bridges(index, question, anchors, targets, limit=20)
    embed = asking.embed_texts or asking.embed
    asked_on = begin(lambda: substitute(index, question, bridges, embed))
    hop2 = second_hop(index, question, anchors, targets)
    walked = walk(index, query, question, asking.ranker, k=_WALK_RANKS)
    residual = bm25(index.lexical.postings, question.residual)
    shared, dates = together(index, bridges), _dated(index, question)
    replaced = asked_on()
    signals = {
        "dense": question.similarity.astype(np.float64),
        "seed": seed,
        "seed_rarity": rarity,
        "link": link.scores,
        "share": np.maximum(share.scores, asked.scores),
        "hop2": hop2.scores,
        "walk": walked / max(float(walked.max(initial=0.0)), 1e-12),
        "substitution": replaced.scores,
        "substitution_rank": reciprocal_ranks(
            _shifted(replaced.scores, question.allowed), _SUBSTITUTION_RANKS
        ),
        "lexical": residual / max(float(residual.max(initial=0.0)), 1e-9),
        "together": shared,
        "date": dates,
    }
    reaches = {"link": link, "asked": asked, "share": share, "hop2": hop2, "substitution": replaced}
    return signals, reaches


def _dated(index: PassageIndex, question: Question) -> Doubles:
    """How well each passage fits the times that are asked for, by its own, its facts' or those that
    it writes."""
    n = len(index)
    if not question.dates:
        return np.zeros(n)
    told = near_dates(question.dates, index.passages.occurred_at, index.facts, n=n)
    return np.maximum(told, near_years(question.dates, index.years, n=n))


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
