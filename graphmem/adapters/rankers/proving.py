"""Pushing on until the top k is proven."""

from __future__ import annotations

import numpy as np

from graphmem.adapters.rankers.walks import ROUNDING, Question, Weighed, ranked
from graphmem.kernels.arrays import Doubles, Rows
from graphmem.kernels.candidates import Candidates
from graphmem.kernels.hubs import HubTable
from graphmem.kernels.local import Levels, Workspace
from graphmem.kernels.ranking import CsrGraph, Ranked

BAND = 1.3
"""How far from the k-th score, as a factor, a ranking looks at nodes once more."""
_MANY, _SURE, _FASTEST, _SLOWEST = 0.1, 0.8, 0.5, 0.6
"""The threshold falls to what seems to decide all but this share of what is open, in steps."""
_SPREAD = 3.0
"""It begins where the heaviest node that no table knows is as uncertain as this part of the k-th
score."""
_EFFORT = 0.5
"""Edges that are followed for a closer look, at most, by those that were followed before."""
_LEAVES, _WORTH = 0.3, 25
"""A walk from a node is hoped to leave this part of the doubt of a pull, for so many times its
edges..."""
_ENOUGH, _SMALL = 50, 100
"""...and gains little by more than so many times these and a few."""


def prove(
    graph: CsrGraph,
    asked: Question,
    room: Workspace,
    mirror: Workspace,
    weighed: Weighed,
    table: HubTable | None,
    *,
    edges: int,
    levels: Levels,
    budget: int,
) -> Ranked:
    """Push on from where `room` is until the best are proven, or `budget` edges were followed.

    `edges` were followed so far; `levels` tell in which order and how low it may be pushed.
    `mirror` is room for walks from those that are in question.
    """
    least = levels.least
    candidates = Candidates(room)
    if table is not None:
        candidates.ask_hubs(table)
    following = _beginning(graph, asked, room, weighed, table)
    while True:
        if room.is_done and least <= following < room.epsilon:
            edges += room.descend(
                Levels(following, by_steepness=levels.by_steepness),
                k=asked.k,
                among=asked.among,
                max_edges=max(budget - edges, 1),
            )
        candidates.weigh(
            asked.k, band=BAND, among=asked.among, heavy=weighed.heavy, others=weighed.others
        )
        shrink, followed = _decide(asked, candidates, mirror, table, effort=edges)
        edges += followed
        candidates.hold()
        chosen = candidates.best(asked.k)
        lowest, rival, _ = candidates.contest(chosen, asked.k, asked.tolerance)
        found = candidates.found(
            chosen, lowest, rival, heavy=weighed.heavy, among=asked.among, edges=edges
        )
        answer = ranked(graph, asked, weighed, found)
        if answer.certificate.is_certain or not room.is_done or room.epsilon <= least:
            return answer
        following = max(room.epsilon * shrink, least)


def _beginning(
    graph: CsrGraph, asked: Question, room: Workspace, weighed: Weighed, table: HubTable | None
) -> float:
    """The threshold at which proving begins: infinite where strengths do not tell."""
    unknown = weighed.strength(0 if table is None else len(table.rows))
    if not graph.is_symmetric or not unknown * asked.damping * room.kth > 0.0:
        return np.inf
    return room.kth / (_SPREAD * asked.damping**2 * unknown)


def _decide(
    asked: Question,
    candidates: Candidates,
    mirror: Workspace,
    table: HubTable | None,
    *,
    effort: int,
) -> tuple[float, int]:
    """Look closer at the nodes that may change sides, where that is likely to decide on which.

    `effort` are the edges that were followed so far. Returns the factor by which the threshold
    should fall for what is open to be decided, and the edges followed.
    """
    opened, gaps, widths = _open(asked, candidates)
    if table is not None and np.isin(candidates.nodes(opened), table.rows).any():
        candidates.ask_hubs(table)
        candidates.recall()
        opened, gaps, widths = _open(asked, candidates)
    pulled = _affordable(candidates, opened[asked.damping * widths <= gaps], effort, 1)
    edges = candidates.pull(pulled)
    opened, gaps, widths = _open(asked, candidates)
    widths[~np.isin(opened, pulled)] *= asked.damping  # once they are pulled
    if candidates.is_mirrored and len(opened):
        reached = _affordable(candidates, opened[_LEAVES * widths <= gaps], effort, _WORTH)
        most = int(_EFFORT * effort) // max(len(reached), 1)
        for position, degree in zip(reached, candidates.degrees(reached), strict=True):
            enough = min(most, _ENOUGH * (_SMALL + int(degree)))
            edges += candidates.reach(position, mirror, max_edges=enough)
        opened, gaps, widths = _open(asked, candidates)
        widths[~np.isin(opened, reached)] *= _LEAVES
    needs = gaps / np.maximum(widths, ROUNDING)
    needed = float(np.quantile(needs, _MANY)) if len(needs) else 1.0
    return min(max(_SURE * needed, _FASTEST), _SLOWEST), edges


def _affordable(candidates: Candidates, positions: Rows, effort: int, times: int) -> Rows:
    """Those of fewest edges, which come to a part of `effort` if each is followed `times`."""
    degrees = candidates.degrees(positions)
    order = np.argsort(degrees, kind="stable")
    return positions[order[np.cumsum(degrees[order]) * times <= _EFFORT * effort]]


def _open(asked: Question, candidates: Candidates) -> tuple[Rows, Doubles, Doubles]:
    """Who may yet be on either side of the border of the best, how far they seem to be from it, and
    how far they could be off: by more than that."""
    chosen = candidates.best(asked.k)
    inside, outside = candidates.divide(chosen)
    border = (inside + outside) / 2
    _, _, contenders = candidates.contest(chosen, asked.k, asked.tolerance)
    estimates, lows, highs = candidates.bounds(contenders)
    is_inside = np.isin(contenders, chosen)
    gaps = np.abs(estimates - border) + asked.tolerance / 2
    widths = np.where(is_inside, estimates - lows, highs - estimates)
    is_open = widths > gaps
    return contenders[is_open], gaps[is_open], widths[is_open]
