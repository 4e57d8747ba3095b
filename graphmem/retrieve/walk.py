"""The walk: personalised PageRank over passages, names and facts from what the question names."""

from __future__ import annotations

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, top_rows
from graphmem.kernels.walk import DAMPING, personalised_pagerank
from graphmem.retrieve.question import Question

N_DENSE = 20
_DENSE_SHARPNESS = 15.0


def restart_vector(index: PassageIndex, question: Question) -> Doubles:
    """Half on the nearest passages, half on the question's names by rarity; shape (n_nodes,)."""
    restart = np.zeros(index.transition.matrix.shape[0])
    near = top_rows(np.where(question.allowed, question.similarity, -np.inf), N_DENSE)
    if len(near):
        similarity = question.similarity[near].astype(np.float64)
        weights = np.exp(_DENSE_SHARPNESS * (similarity - similarity.max()))
        restart[near] = 0.5 * weights / weights.sum()
    names = question.names
    if len(names):
        rarity = np.maximum(index.incidence.eidf[names], 0.1)
        restart[len(index) + names] = 0.5 * rarity / rarity.sum()
    return restart


def walk(index: PassageIndex, question: Question, *, damping: float = DAMPING) -> Doubles:
    """Share of the walk's time in each passage, shape (n,), 0 for those that are not allowed."""
    restart = restart_vector(index, question)
    if not restart.any():
        return np.zeros(len(index))
    scores = personalised_pagerank(
        index.transition, restart, damping=damping, tolerance=1e-4, max_iterations=30
    )
    return np.where(question.allowed, scores[: len(index)], 0.0)
