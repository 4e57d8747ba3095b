"""Broad questions: recognised by how they ask, and answered from what many passages share.

Whether a question is broad is told by its words alone, so that a narrow one is not asked of the
tree at all. A broad one is compared with passages, nodes of the tree by depth and communities; how
much each of these granularities counts is told by how decided it is (the entropy of its
likenesses), and what graph mode found counts for as much as it and the vectors agree.

References
----------
Xu et al. (2025), *From single to multi-granularity: toward long-term memory association and
selection of conversational agents* (MemGAS: the entropy router over granularities); Rezazadeh et
al. (2024), MemTree (collapsed retrieval); Sarthi et al. (2024), *RAPTOR* (collapsed and top-down).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphmem.kernels.arrays import Doubles, Floats, Ints, softmax, top_rows

_SHARPNESS: Final = 30.0
"""What a cosine is multiplied by before it becomes a probability."""
_AGREEING: Final = 20
"""How many of the best are compared to see whether two rankings agree."""
_RANK_OFFSET: Final = 10.0
_WORDS: Final = 0.5
_GRANULAR: Final = 0.3
_GRAPH: Final = 0.5
_COMMON: Final = 0.5
"""What the words, the granularities together, the place in graph mode and likeness to the middle of
the first few weigh beside likeness to the topic, all in deviations from the mean."""
_MIDDLE: Final = 10
_BEAM: Final = 4
DESCENT: Final = "way down"
"""The granularity of the nodes that are met going down the tree."""

_CUES: Final = re.compile(
    r"""
    \b(?:
        what\ (?:is|are|was|were)\ (?:this|these|it|all\ (?:this|of\ this|these))\b.*\babout
      | what\ (?:do|did)\ (?:we|you|i|they)\ (?:all\ |already\ )?know\ (?:about|of)
      | (?:what|which)\ (?:\w+\ )?(?:themes|topics|subjects|trends|patterns)\b
      | (?:(?:what|which)\ (?:is|are|was|were)\ )?(?:the\ )?
        (?:main|key|central|common|recurring|major|important|overall)\ (?:\w+\ )?
        (?:themes?|topics?|subjects?|ideas|points|trends|patterns|threads)\b
      | (?:give|provide|write|show)\ (?:me\ |us\ )?an?\ (?:\w+\ )?
        (?:overview|summary|account|outline|picture|survey|digest)\b
      | (?:an?|the)\ (?:\w+\ )?(?:overview|summary|outline|survey|digest)\ (?:of|on|about)
      | sum\ up | summari[sz]e | recap
      | tell\ (?:me|us)\ (?:all\ |everything\ |more\ |something\ )?about
      | (?:everything|all)\ (?:that\ )?(?:we|you|i|there\ is)\ (?:to\ )?(?:know|have)\b
      | what\ has\ been\ (?:said|told|written|going\ on|happening)\ (?:about|in|with)
    )
  | \b(?:overall|in\ general|generally\ speaking|as\ a\ whole|altogether)\s*[?.]?$
    """,
    re.IGNORECASE | re.VERBOSE,
)


_LEFT_OVER: Final = re.compile(
    r"^(?:(?:of|about|on|in|from|what|that|we|is|are|was|has|have|been|known|know|said|told)(?:\s+|$))+",
    re.IGNORECASE,
)


def is_broad(question: str) -> bool:
    """Whether it asks for what many passages say together, by how it is worded."""
    return _CUES.search(" ".join(question.split())) is not None


def topic_of(question: str) -> str:
    """What a broad question is about, without the words that make it broad; empty if about all."""
    topic = _CUES.sub(" ", " ".join(question.split()))
    return " ".join(_LEFT_OVER.sub("", topic.strip(" ?.!,:;")).split())


@dataclass(frozen=True, slots=True)
class Layer:
    """One granularity: units with a vector each, shape (u, d), and the passages that each holds.

    `members` are passages and `owners` the unit of each, shape (m,). `above` is the unit of the
    depth above that each is part of, shape (u,), for depths of the tree.
    """

    name: str
    vectors: Floats
    members: Ints
    owners: Ints
    above: Ints | None = None

    def take(self, units: Ints, name: str) -> Layer:
        """Some of the units, under another name."""
        place = np.full(len(self.vectors), -1, np.int64)
        place[units] = np.arange(len(units))
        kept = place[self.owners] >= 0
        return Layer(name, self.vectors[units], self.members[kept], place[self.owners[kept]])


@dataclass(frozen=True, slots=True)
class Broad:
    """Passages best first with their scores, and the weight of each granularity."""

    rows: Ints
    scores: Doubles
    weights: Mapping[str, float]


def entropy(likeness: Doubles | Floats) -> float:
    """Of what a question's likenesses to the units of a granularity say, in [0, 1].

    0 where one unit is the only one like it, 1 where all are equally like.
    """
    if len(likeness) < 2:
        return 1.0
    shares = softmax(_SHARPNESS * np.asarray(likeness, np.float64))
    held = shares[shares > 0]
    return float(-(held * np.log(held)).sum() / np.log(len(likeness)))


def agreement(left: Sequence[int], right: Sequence[int]) -> float:
    """The share of the best that two rankings have in common, in [0, 1]."""
    one, other = set(left[:_AGREEING]), set(right[:_AGREEING])
    return len(one & other) / max(1, min(len(one), len(other)))


def rank_broadly(
    vector: Floats,
    vectors: Floats,
    lexical: Doubles | Floats,
    layers: Sequence[Layer],
    ranked: Ints,
    *,
    allowed: Ints,
    k: int,
) -> Broad:
    """Rank passages for a broad question.

    Likeness to the topic, its words, what the granularities say, the place that graph mode gives as
    far as it agrees with likeness, and then likeness to the middle of the best so far: what a theme
    has in common is told better by some of its passages than by its name.

    Parameters
    ----------
    vector
        Of the topic, shape (d,).
    vectors
        Of all passages, shape (n, d).
    lexical
        How far each passage has the words of the topic, shape (n,), at least 0.
    layers
        What holds several passages each.
    ranked
        Passages as graph mode ranks them, best first.
    allowed
        Rows of the passages that the question may be answered from, at least one.
    """
    n = len(vectors)
    own = np.asarray(vectors @ vector, np.float64)
    certain = {"passages": 1.0 - entropy(own[allowed])}
    parts = {"passages": _standard(own, allowed)}
    for layer in layers:
        likeness = np.asarray(layer.vectors @ vector, np.float64)
        certain[layer.name] = 1.0 - entropy(likeness)
        held = np.full(n, likeness.min())
        np.maximum.at(held, layer.members, likeness[layer.owners])
        parts[layer.name] = _standard(held, allowed)
    total = sum(certain.values()) or 1.0
    weights = {name: value / total for name, value in certain.items()}
    nearest = allowed[top_rows(own[allowed], _AGREEING)]
    trust = agreement(nearest.tolist(), ranked.tolist())
    places = np.zeros(n)
    places[ranked] = 1.0 / (1.0 + np.arange(len(ranked)) / _RANK_OFFSET)
    said = parts["passages"] + _WORDS * _standard(np.asarray(lexical, np.float64), allowed)
    said += _GRANULAR * sum(weights[name] * part for name, part in parts.items())
    said += _GRAPH * trust * places
    first = allowed[top_rows(said[allowed], _MIDDLE)]
    said += _COMMON * _standard(vectors @ vectors[first].mean(axis=0), allowed)
    rows = allowed[top_rows(said[allowed], k)]
    return Broad(rows, said[rows], {**weights, "graph": trust})


def descend(vector: Floats, depths: Sequence[Layer]) -> Layer:
    """The units on the way down the tree: at each depth the few likest under those before.

    `depths` begin right below the root.
    """
    beam: Ints | None = None
    found = []
    for depth in depths:
        assert depth.above is not None
        under = (
            np.arange(len(depth.vectors))
            if beam is None
            else np.flatnonzero(np.isin(depth.above, beam))
        )
        likeness = depth.vectors[under] @ vector
        beam = under[top_rows(likeness, _BEAM)]
        found.append(depth.take(beam, DESCENT))
    counts = np.cumsum([0, *(len(part.vectors) for part in found)])
    return Layer(
        name=DESCENT,
        vectors=np.concatenate([part.vectors for part in found]),
        members=np.concatenate([part.members for part in found]),
        owners=np.concatenate([p.owners + at for p, at in zip(found, counts, strict=False)]),
    )


def _standard(values: Doubles | Floats, rows: Ints) -> Doubles:
    """Values moved and scaled so that those of `rows` have mean 0 and deviation 1."""
    chosen = values[rows]
    spread = float(chosen.std()) or 1.0
    return np.asarray((values - chosen.mean()) / spread, np.float64)
