"""Bridges: names that the anchors lead to, and the question asked again with one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphmem.index.names import passages_of
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, ragged
from graphmem.kernels.similarity import products
from graphmem.retrieve.hops import Targets
from graphmem.retrieve.question import Question
from graphmem.retrieve.reach import Reach
from graphmem.retrieve.reasking import asked_on

N_SUBSTITUTED = 5
"""Bridges that a question is asked again with at most."""
_BY_WORD, _SPARED, _FEWEST = 5.0, 2, 2
"""Bridges for each word as rare as can be that a question has beside its names, how many fewer for
all of them, and how many are worth asking again at least: what asks for less than one such word is
followed by the hops."""
N_TOGETHER = 12
_CONFIDENCE_WEIGHT = 0.033
_MAX_PENALTY = 0.15
_OWN_RARITY = 0.25


@dataclass(frozen=True, slots=True)
class Bridges:
    """Names that may stand between the question and its answer, best first.

    `confidence` in [0, 1]; `origins` is the anchor that each comes from.
    """

    names: Rows
    confidence: Doubles
    origins: Rows


def find_bridges(
    index: PassageIndex,
    question: Question,
    anchors: Mapping[int, float],
    targets: Targets,
    *,
    limit: int,
) -> Bridges:
    """The `limit` best names in the anchors, `targets`, that the question does not name."""
    if not anchors:
        return Bridges(np.empty(0, np.int32), np.empty(0), np.empty(0, np.int32))
    origins = np.array(list(anchors), np.int64)
    strengths = np.array(list(anchors.values()))
    new = ~np.isin(targets.names, question.names)
    owner, names, relation = targets.owner[new], targets.names[new], targets.relation[new]
    rarity = rarity_of(index, names)
    own = _is_own(index, names, owner, origins)
    rho = (relation + 0.05) * np.where(own, np.maximum(rarity, _OWN_RARITY), rarity)
    totals = np.bincount(owner, weights=rho, minlength=len(origins)) + 0.1
    confidence = strengths[owner] * rho / totals[owner]
    order = np.argsort(-confidence, kind="stable")
    _, first = np.unique(names[order], return_index=True)
    best = order[np.sort(first)][:limit]
    return Bridges(names[best], confidence[best], origins[owner[best]].astype(np.int32))


def rarity_of(index: PassageIndex, names: Rows) -> Floats:
    """How rare each name is: 1 for the rarest, and something for the most common."""
    return np.asarray(np.clip(index.incidence.eidf[names] / 7.0, 0.15, 1.0), np.float32)


def _is_own(index: PassageIndex, names: Rows, owner: Ints, passages: Ints) -> Mask:
    """Whether each name is at home in its owner among the passages."""
    indptr, homes = index.home_of_passage
    n_names = max(len(index.n_homes), 1)
    positions, host = ragged(indptr, passages)
    return np.isin(owner * n_names + names, host * n_names + homes[positions])


def substitute(
    index: PassageIndex,
    question: Question,
    bridges: Bridges,
    embed: Callable[[Sequence[str]], Floats],
) -> Reach:
    """Ask again with each of the best bridges in the place of the name that leads to it, with the
    more of them the more the question says beside its names.

    The score is the best cosine with such a question, less a penalty for a bridge that is less
    certain than the best; it is relative to the best passage, so at most 0 there and below.
    """
    reach = Reach.nothing(len(index))
    names = bridges.names[: _n_substituted(question, n_passages=len(index))]
    reach.scores[:] = -np.inf
    if not len(names):
        reach.scores[:] = 0.0
        return reach
    asked = [
        _asked_again(index, question, index.names.labels[int(name)], int(origin))
        for name, origin in zip(names, bridges.origins, strict=False)
    ]
    similarity = products(index.vectors, embed(asked))
    confidence = bridges.confidence[: len(names)]
    penalty = np.clip(_CONFIDENCE_WEIGHT * np.log(confidence / confidence.max()), -_MAX_PENALTY, 0)
    total = similarity + penalty
    best = total.argmax(axis=1)
    reach.scores = np.take_along_axis(total, best[:, None], 1)[:, 0].astype(np.float64)
    reach.scores -= reach.scores[question.allowed].max(initial=-np.inf)
    reach.via = names[best]
    reach.origin = bridges.origins[best]
    return reach


def _asked_again(index: PassageIndex, question: Question, label: str, origin: int) -> str:
    """The question about `label`, which comes from the passage `origin`; about nothing else where
    it is not told which of several names that one is about or has."""
    about = {seed.span for seed in question.seeds if seed.passage == origin}
    start, end = index.incidence.indptr[origin : origin + 2]
    held = index.incidence.names[start:end]
    span = next((span for span in question.spans if span in about), None)
    span = span or next((span for span in question.spans if span.name in held), None)
    if span is None and len(question.spans) == 1:
        span = question.spans[0]
    if span is None:
        return f"{question.masked} {label}?".strip()
    return asked_on(question.text, *span.place, label)


def _n_substituted(question: Question, *, n_passages: int) -> int:
    words = float(question.residual_idf.sum()) / np.log(n_passages + 1.0)
    n = min(int(_BY_WORD * words) - _SPARED, N_SUBSTITUTED)
    return n if n >= _FEWEST else 0


def together(index: PassageIndex, bridges: Bridges) -> Doubles:
    """Confidence of the best bridges in each passage, summed, its own anchors not counted."""
    names = bridges.names[:N_TOGETHER]
    passages, owner, _ = passages_of(index.incidence, names)
    elsewhere = passages != bridges.origins[owner]
    weights = bridges.confidence[owner] * elsewhere
    return np.bincount(passages, weights=weights, minlength=len(index)).astype(np.float64)
