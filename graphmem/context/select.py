"""Choosing pieces of text under a budget, so that together they cover the most.

What a set of pieces is worth is monotone and submodular: each group (a passage) counts a concave
function of the shares of it that were chosen, and each topic (a word of the question) counts once.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

CONCAVITY: Final = 0.9
"""The exponent of a group's covered share: at 1 a second piece is worth as much as the first."""
ROOT: Final = 0.5
"""The power of the cost that a gain is divided by: below 1, fewer and fuller sentences are taken.

Gain per token (a power of 1) has the guarantee, and prefers the shortest sentences; this one held
more answers, so it stands unless it is worth too little beside the other.
"""
_ENOUGH: Final = 0.9
"""The least share of the worth of what has the guarantee."""
_SAME: Final = 0.9
"""The share of their words in common from which two pieces say the same."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What may be chosen: a `share` in [0, 1] of a group, for a `cost` in tokens, at least 1.

    Pieces under one `head` pay its `head_cost` once. `words` are compared to find repetition. A
    piece may be a part of another, whose row is `whole`: it is taken for what is left of the
    budget, and not beside that. Shares of a piece's parts together are at most its own.
    """

    group: int
    share: float
    cost: int
    head: str = ""
    head_cost: int = 0
    words: frozenset[str] = frozenset()
    whole: int | None = None


@dataclass(slots=True)
class _Chosen:
    """What was chosen so far, and what it covers."""

    weights: Sequence[float]
    topics: Mapping[str, float]
    concavity: float
    pieces: list[int] = field(default_factory=list)
    shares: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    said: set[str] = field(default_factory=set)
    heads: set[str] = field(default_factory=set)
    worth: float = 0.0
    cost: int = 0

    def gain(self, piece: Piece) -> float:
        held = self.shares[piece.group]
        more: float = (held + piece.share) ** self.concavity - held**self.concavity
        fresh = sum(self.topics[word] for word in piece.words & self.topics.keys() - self.said)
        return self.weights[piece.group] * more + fresh

    def price(self, piece: Piece) -> int:
        return piece.cost + (0 if piece.head in self.heads else piece.head_cost)

    def take(self, row: int, piece: Piece) -> None:
        self.worth += self.gain(piece)
        self.cost += self.price(piece)
        self.pieces.append(row)
        self.shares[piece.group] += piece.share
        self.said |= piece.words & self.topics.keys()
        self.heads.add(piece.head)


def select(
    pieces: Sequence[Piece],
    weights: Sequence[float],
    *,
    topics: Mapping[str, float],
    budget: int,
    concavity: float = CONCAVITY,
) -> list[int]:
    """Rows of the pieces to take, in the order of their gain; a repetition is taken once.

    Greedy by gain per root of the tokens. Where its worth falls below nine tenths of the better of
    greedy by gain per token and the best single piece, that is taken instead. So, where costs add
    up, the worth is at least 0.9 (1 - 1/e) / 2 of the best that is possible with whole pieces;
    parts of others, which fill the rest, only add to it. A head that several pieces share makes
    them cheaper together than the bound reckons.

    Parameters
    ----------
    weights
        Of each group, at least 0.
    topics
        Words that are worth having once, with what each is worth.
    budget
        Tokens.
    concavity
        The exponent of a group's covered share, in (0, 1].

    References
    ----------
    Khuller, Moss and Naor (1999), *The budgeted maximum coverage problem*. Lin and Bilmes (2010,
    2011), *A class of submodular functions for document summarization*: the same for submodular
    functions, and the power of the cost. Leskovec et al. (2007), *Cost-effective outbreak detection
    in networks*: gains are reckoned anew only when they come up.
    """
    chosen = _greedy(pieces, _Chosen(weights, topics, concavity), budget, ROOT)
    sure = _greedy(pieces, _Chosen(weights, topics, concavity), budget, 1.0)
    for row, piece in enumerate(pieces):
        alone = _Chosen(weights, topics, concavity)
        if alone.price(piece) <= budget and alone.gain(piece) > sure.worth:
            alone.take(row, piece)
            sure = alone
    return (chosen if chosen.worth >= _ENOUGH * sure.worth else sure).pieces


def _greedy(pieces: Sequence[Piece], chosen: _Chosen, budget: int, power: float) -> _Chosen:
    """Fill `chosen`, which is empty, by gain per power of the tokens: with whole pieces, and what
    is left with parts of those that found no room."""
    _fill(pieces, [row for row, p in enumerate(pieces) if p.whole is None], chosen, budget, power)
    taken = set(chosen.pieces)
    parts = [row for row, p in enumerate(pieces) if p.whole is not None and p.whole not in taken]
    if parts:
        _fill(pieces, parts, chosen, budget, power)
    return chosen


def _fill(
    pieces: Sequence[Piece], rows: Sequence[int], chosen: _Chosen, budget: int, power: float
) -> None:
    under: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        under[pieces[row].head].append(row)

    def entry(row: int) -> tuple[float, int]:
        piece = pieces[row]
        return -chosen.gain(piece) / chosen.price(piece) ** power, row

    queue = [entry(row) for row in rows]
    heapq.heapify(queue)
    gone: set[int] = set()
    while queue:
        key, row = heapq.heappop(queue)
        if row in gone:
            continue
        piece = pieces[row]
        if chosen.cost + chosen.price(piece) > budget:
            continue  # cheaper once its head stands: it is queued again then
        now = entry(row)
        if now[0] > key:  # gains only fall, so what comes up unchanged is the best
            if now[0] < 0:
                heapq.heappush(queue, now)
            continue
        gone.add(row)
        if repeats(piece.words, (pieces[other].words for other in chosen.pieces)):
            continue
        opens = piece.head not in chosen.heads
        chosen.take(row, piece)
        if opens:
            for other in under[piece.head]:
                if other not in gone:
                    heapq.heappush(queue, entry(other))


def repeats(said: frozenset[str], before: Iterable[frozenset[str]]) -> bool:
    """Whether a piece says what one before it says, by the words of both."""
    return any(len(said & other) >= _SAME * len(said | other) for other in before if said and other)
