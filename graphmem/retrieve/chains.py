"""Chains: how much of the question a passage holds together with one that a name ties it to.

Of a question with a hop in it each passage that answers it holds a part, and both hold the name
that leads from one to the other. A passage that only reads like the question has no such other,
and one that is tied to a good one by chance adds nothing to what that holds.
"""

from __future__ import annotations

import numpy as np

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Floats, Ints, Rows, ragged, top_rows
from graphmem.kernels.similarity import products
from graphmem.retrieve.bridges import rarity_of
from graphmem.retrieve.coverage import MIN_IDF, best_likeness
from graphmem.retrieve.question import Question
from graphmem.retrieve.reach import Reach

N_CHAINED, N_PARTNERS = 40, 25
_MENTIONED = 0.5
"""What ties by a name that a passage has, beside one that the passage is about."""


def chained(index: PassageIndex, question: Question, rows: Ints, scores: Doubles) -> Reach:
    """The best chain of each of the best candidates, at most 1, and the way to it over its partner.

    A way leads from the better of the two only, so that no two lead to each other.

    `rows` are the candidates and `scores`, shape (n_candidates,), how good each is by itself. A
    chain counts as its partner does, as the name is rare that ties the two, and as the share of
    the question's words and names that they hold between them.
    """
    reach = Reach.nothing(len(index))
    order = top_rows(scores, N_CHAINED)
    rows = rows[order]
    held, weights = _held(index, question, rows)
    strength = np.clip(scores[order], 0.0, None)
    if not len(weights) or not strength.any():
        return reach
    partners = slice(0, N_PARTNERS)
    names, has, about = _names_in(index, question, rows)
    ties = _ties(has * rarity_of(index, names), _MENTIONED * has + (1 - _MENTIONED) * about)
    between = np.zeros_like(ties)
    for word, weight in zip(held, weights, strict=True):
        between += weight * np.maximum(word[:, None], word[None, partners])
    chains = ties * between * (strength[partners] / strength[0])
    best = chains.argmax(axis=1)
    value = chains[np.arange(len(rows)), best]
    tied = value > 0
    if tied.any():
        shared = has[tied] * has[best[tied]] * rarity_of(index, names)
        reach.scores[rows[tied]] = value[tied]
        behind = best[tied] < np.flatnonzero(tied)
        reach.origin[rows[tied][behind]] = rows[best[tied][behind]]
        reach.via[rows[tied][behind]] = names[shared.argmax(axis=1)[behind]]
    return reach


def _held(index: PassageIndex, question: Question, rows: Ints) -> tuple[Floats, Doubles]:
    """How far each passage holds each word and name of the question, shape (n_parts, n_rows), and
    what each of these counts for, shape (n_parts,), in all 1."""
    words = best_likeness(index, rows, question.residual_words, question.space)
    idf = dict.fromkeys(question.names.tolist(), 0.0)
    for span in question.spans:
        idf[span.name] = max(idf[span.name], span.idf)
    places, owner = ragged(index.incidence.indptr, rows)
    spoken = np.zeros((len(idf), len(rows)), np.float32)
    for at, name in enumerate(idf):
        spoken[at, owner[index.incidence.names[places] == name]] = 1.0
    weights = np.concatenate((np.maximum(question.residual_idf, MIN_IDF), list(idf.values())))
    return np.concatenate((words, spoken)), weights / max(float(weights.sum()), 1e-9)


def _names_in(index: PassageIndex, question: Question, rows: Ints) -> tuple[Rows, Floats, Floats]:
    """The names of two of the passages or more that the question has not, and which passage has
    which and is about which; both of shape (n_rows, n_names)."""
    places, owner = ragged(index.incidence.indptr, rows)
    found = index.incidence.names[places]
    names, count = np.unique(found, return_counts=True)
    names = names[(count > 1) & ~np.isin(names, question.names)]
    indptr, homes = index.home_of_passage
    home_places, home_owner = ragged(indptr, rows)
    return (
        names,
        _marked(names, owner, found, len(rows)),
        _marked(names, home_owner, homes[home_places], len(rows)),
    )


def _marked(names: Rows, owner: Ints, found: Rows, n_rows: int) -> Floats:
    """1 where an owner has a name."""
    mask = np.zeros((n_rows, len(names)), np.float32)
    at = np.searchsorted(names, found)
    known = at < len(names)
    known[known] = names[at[known]] == found[known]
    mask[owner[known], at[known]] = 1.0
    return mask


def _ties(rare: Floats, leads: Floats) -> Floats:
    """How surely each passage is tied to each partner, either way; shape (n_rows, n_partners)."""
    there = products(rare, leads[:N_PARTNERS])
    back = products(leads, rare[:N_PARTNERS])
    ties = np.minimum(np.maximum(there, back), np.float32(1.0))
    np.fill_diagonal(ties, 0.0)
    return ties
