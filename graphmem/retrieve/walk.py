"""The walk: personalised PageRank over passages, names and facts from what the question names."""

from __future__ import annotations

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, top_rows
from graphmem.kernels.ranking import DAMPING, CsrGraph, Restart
from graphmem.model.retrieval import Query
from graphmem.ports.ranker import Ranker
from graphmem.retrieve.filters import allowed_facts, believed
from graphmem.retrieve.question import Question

N_DENSE = 20
_DENSE_SHARPNESS = 15.0


def restart_of(index: PassageIndex, question: Question) -> Restart | None:
    """Half on the nearest passages, half on the question's names by rarity and how surely they are
    meant; ``None`` without."""
    near = top_rows(np.where(question.allowed, question.similarity, -np.inf), N_DENSE)
    begins = question.begins
    names, sure = np.array(list(begins), np.int64), np.array(list(begins.values()))
    if not len(near) and not len(names):
        return None
    similarity = question.similarity[near].astype(np.float64)
    likely = np.exp(_DENSE_SHARPNESS * (similarity - similarity.max(initial=-np.inf)))
    rarity = np.maximum(index.incidence.eidf[names].astype(np.float64), 0.1) * sure
    parts = [part / part.sum() for part in (likely, rarity) if len(part)]
    return Restart.of(np.concatenate((near, len(index) + names)), np.concatenate(parts))


def walk(
    index: PassageIndex,
    query: Query,
    question: Question,
    ranker: Ranker,
    *,
    k: int,
    damping: float = DAMPING,
) -> Doubles:
    """Share of the walk's time in each of the `k` passages where it is most, of those that are
    allowed; shape (n,), 0 for all others."""
    walked = np.zeros(len(index))
    restart = restart_of(index, question)
    if restart is not None:
        graph = graph_of(index, query)
        among = np.zeros(graph.n_nodes, np.bool_)
        among[: len(index)] = question.allowed
        ranked = ranker.rank(graph, restart, k=k, damping=damping, among=among)
        walked[ranked.rows] = ranked.scores
    return walked


def graph_of(index: PassageIndex, query: Query) -> CsrGraph:
    """Where the walk may go: through what is believed at the query's `known_at`, and over facts
    that hold at its `as_of` and are of the kind that its filter asks for. Passages that only its
    filters leave out are on the way of it still.
    """
    return index.graph_among(
        (query.known_in, query.held_in, query.where.fact),
        lambda: np.concatenate(
            (
                believed(index.passages, query),
                np.ones(len(index.names.keys), np.bool_),
                allowed_facts(index, query),
            )
        ),
    )
