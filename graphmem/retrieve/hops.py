"""Hops: from a passage over the names in it to the passages that are about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from graphmem.index.names import passages_of
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, ragged, top_rows
from graphmem.retrieve.question import Question, Wording
from graphmem.retrieve.reach import Reach
from graphmem.retrieve.relation import relation_scores

_FLOOR = 0.03
"""Relation score of a name with none of the question's words about it: it may still be the way."""
_TARGET_SHARPNESS = 10.0
_SHARE_RANKS = 20
_AKIN, _LEAST_FIT = 3.5, 0.1
"""Standard deviations above the usual from which on two passages have surely to do with each other,
and what it counts that they share a name where they are no more alike than usual."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Names in a set of passages, a row per (passage, name) with the best relation score there."""

    owner: Ints
    names: Rows
    relation: Doubles


def targets_of(index: PassageIndex, question: Question, passages: Ints) -> Targets:
    """The names that stand in the passages; `owner` is the position in `passages`."""
    occurrences, owner = ragged(index.occurrences.indptr, passages)
    scores = relation_scores(index, question, occurrences)
    n_names = max(len(index.names.keys), 1)
    keys = owner * n_names + index.occurrences.names[occurrences]
    unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    best = np.zeros(len(unique))
    np.maximum.at(best, inverse, scores)
    order = np.argsort(first)  # as they stand in the text: what is named first wins a tie
    unique = unique[order]
    return Targets(unique // n_names, (unique % n_names).astype(np.int32), best[order])


@dataclass(frozen=True, slots=True)
class HomeLinks:
    """Ways from targets to the homes of their names; `target` is the position in the targets."""

    target: Ints
    passages: Rows
    weights: Doubles
    shares: Doubles


def home_links(
    index: PassageIndex, question: Question, targets: Targets, origins: Ints
) -> HomeLinks:
    """All homes of the targets, whose owners are `origins`; `shares` split a name among its homes,
    as softmax, sum 1. A home counts as it fits the passage that the name stands in."""
    names = index.names
    positions, owner = ragged(names.home_indptr, targets.names)
    keep = question.allowed[names.home_passages[positions]]
    positions, owner = positions[keep], owner[keep]
    passages = names.home_passages[positions]
    weights = names.home_weights[positions].astype(np.float64)
    logits = 2.0 * np.log(weights) + _TARGET_SHARPNESS * question.similarity[passages]
    peaks = np.full(len(targets.names), -np.inf)
    np.maximum.at(peaks, owner, logits)
    powers = np.exp(logits - peaks[owner])
    sums = np.bincount(owner, weights=powers, minlength=len(targets.names))
    shares = np.asarray(powers / sums[owner], np.float64)
    likeness = np.vecdot(index.vectors[origins[targets.owner[owner]]], index.vectors[passages])
    weights *= fit_of(index, likeness)
    return HomeLinks(owner, passages, weights, shares)


def fit_of(index: PassageIndex, likeness: Floats) -> Doubles:
    """How surely two passages speak of one thing where they share a name, by how much more alike
    they are than any two: many a name is an ordinary word elsewhere, or somebody else's."""
    mean, deviation = index.usual_likeness
    beyond = (likeness.astype(np.float64) - mean) / max(deviation, 1e-9)
    return np.asarray(np.clip(beyond / _AKIN, _LEAST_FIT, 1.0))


def first_hop(index: PassageIndex, question: Question) -> tuple[Reach, Reach]:
    """From the seeds to the homes of the names in them.

    Returns
    -------
    plain, asked : Reach
        By the strength of the seed alone, and by the share that the relation asked for has of it.
    """
    plain, asked = Reach.nothing(len(index)), Reach.nothing(len(index))
    strengths = _strongest(question)
    if not strengths:
        return plain, asked
    origins = np.array(list(strengths), np.int64)
    targets = targets_of(index, question, origins)
    links = home_links(index, question, targets, origins)
    for position, (origin, strength) in enumerate(strengths.items()):
        mine = (targets.owner[links.target] == position) & (links.passages != origin)
        target = links.target[mine]
        value = (targets.relation[target] + _FLOOR) * links.shares[mine] * links.weights[mine]
        via = targets.names[target]
        simple = strength * links.weights[mine] * links.shares[mine]
        plain.raise_to(links.passages[mine], simple, origin=origin, via=via)
        share = strength * value / (value.sum() + 0.02)
        asked.raise_to(links.passages[mine], share, origin=origin, via=via)
    return plain, asked


def _strongest(question: Question) -> dict[int, float]:
    strengths: dict[int, float] = {}
    for seed in question.seeds:
        strengths[seed.passage] = max(strengths.get(seed.passage, 0.0), seed.strength)
    return strengths


def entity_share(index: PassageIndex, question: Wording, allowed: Mask) -> Reach:
    """Allowed passages that mention a name of the question, by their share of the relation asked
    for."""
    reach = Reach.nothing(len(index))
    for name in question.names:
        passages, occurrences = _standing(index, int(name))
        keep = allowed[passages]
        passages, occurrences = passages[keep], occurrences[keep]
        values = relation_scores(index, question, occurrences) + _FLOOR
        best = np.zeros(len(index))
        np.maximum.at(best, passages, values)
        shares = best / (best.sum() + 0.05)
        top = top_rows(np.where(shares > 0, shares, -np.inf), _SHARE_RANKS)
        via = np.full(len(top), name, np.int32)
        reach.raise_to(top.astype(np.int32), shares[top], origin=-1, via=via)
    return reach


def _standing(index: PassageIndex, name: int) -> tuple[Ints, Ints]:
    """Passages in which a name stands and where: (passages, occurrences)."""
    passages = passages_of(index.incidence, np.array([name]))[0]
    occurrences, owner = ragged(index.occurrences.indptr, passages)
    mine = index.occurrences.names[occurrences] == name
    return passages[owner[mine]].astype(np.int64), occurrences[mine]


def second_hop(
    index: PassageIndex, question: Question, anchors: Mapping[int, float], targets: Targets
) -> Reach:
    """From anchor passages to the homes of the names in them, `targets`, by relation and
    strength."""
    reach = Reach.nothing(len(index))
    if not anchors:
        return reach
    links = home_links(index, question, targets, np.array(list(anchors), np.int64))
    value = (targets.relation + _FLOOR)[links.target] * links.weights
    value /= np.maximum(index.n_homes[targets.names[links.target]], 1)
    for position, (origin, strength) in enumerate(anchors.items()):
        mine = (targets.owner[links.target] == position) & (links.passages != origin)
        share = strength * value[mine] / (value[mine].sum() + 0.02)
        via = targets.names[links.target[mine]]
        reach.raise_to(links.passages[mine], share, origin=origin, via=via)
    return reach


def merged(parts: Iterable[Mapping[int, float]]) -> dict[int, float]:
    """The higher strength of each passage."""
    strengths: dict[int, float] = {}
    for part in parts:
        for passage, strength in part.items():
            strengths[passage] = max(strengths.get(passage, 0.0), strength)
    return strengths
