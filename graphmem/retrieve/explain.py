"""Explanation: the way from the question to each hit, read off what the ranking itself kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Fact
from graphmem.model.retrieval import Path, Step
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.reach import NOWHERE

_SIGNAL_OF = {
    "link": "link",
    "asked": "share",
    "share": "share",
    "hop2": "hop2",
    "substitution": "substitution",
}
_MAX_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Way:
    """A way in rows: passages, the names that lead from one to the next, its share of the score.

    `names` has one more entry than `passages`: ``names[0]`` (or :data:`NOWHERE`) leads into
    ``passages[0]``, where ``names[1]`` stands, and so on; the hit itself is not among them.
    """

    names: tuple[int, ...]
    passages: tuple[int, ...]
    score: float


def ways_to(ranking: Ranking, position: int) -> list[Way]:
    """The ways to the hit at `position`, strongest first."""
    question = ranking.question
    if question is None:
        return []
    row = int(ranking.rows[position])
    ways = [
        Way(
            (seed.span.name,),
            (),
            _share(ranking, "seed", position) + _share(ranking, "seed_rarity", position),
        )
        for seed in question.seeds
        if seed.passage == row
    ]
    for name, reach in ranking.reaches.items():
        share = _share(ranking, _SIGNAL_OF[name], position)
        if reach.via[row] == NOWHERE or (name != "substitution" and reach.scores[row] <= 0):
            continue
        if name == "substitution":
            share = _share(ranking, "substitution_rank", position)
        if share > 0:
            ways.append(_unwind(ranking, row, name, share))
    best: dict[tuple[int, ...], Way] = {}
    for way in sorted(ways, key=lambda way: -way.score):
        # A name that leads to itself is no step.
        if all(before != after for before, after in pairwise(way.names)):
            best.setdefault(way.names, way)
    return list(best.values())


def _share(ranking: Ranking, signal: str, position: int) -> float:
    return float(ranking.shares[signal][position])


def _unwind(ranking: Ranking, row: int, name: str, share: float) -> Way:
    assert ranking.question is not None
    seeds, reach = ranking.question.seeds, ranking.reaches[name]
    names, passages = [int(reach.via[row])], []
    origin = int(reach.origin[row])
    while origin != NOWHERE and len(names) < _MAX_LENGTH:
        passages.append(origin)
        seeded = [seed.span.name for seed in seeds if seed.passage == origin]
        if seeded:
            names.append(seeded[0])
            break
        before = ranking.reaches["asked"]
        if before.via[origin] == NOWHERE or int(before.origin[origin]) in passages:
            names.append(NOWHERE)
            break
        names.append(int(before.via[origin]))
        origin = int(before.origin[origin])
    return Way(tuple(reversed(names)), tuple(reversed(passages)), share)


def to_path(index: PassageIndex, way: Way, facts: Mapping[int, Sequence[Fact]]) -> Path:
    """A way in words: each step with the fact of the passage that states it, where there is one."""
    labels = [None if name == NOWHERE else index.names.labels[name] for name in way.names]
    steps = [Step(name=labels[0] or _subject(index, way.passages[0]))]
    for position, row in enumerate(way.passages):
        source, target = labels[position], labels[position + 1]
        fact = _stating(facts.get(row, ()), source, target)
        steps.append(
            Step(
                name=target or "",
                relation=fact.predicate if fact else "",
                fact_id=fact.id if fact else None,
                fact=fact.text if fact else "",
            )
        )
    return Path(steps=tuple(steps), score=way.score)


def _subject(index: PassageIndex, row: int) -> str:
    """What a passage is called: its title, or who it is about, or its source."""
    passages, (indptr, homes) = index.passages, index.home_of_passage
    title = passages.titles.values[int(passages.titles.codes[row])]
    at_home = homes[indptr[row] : indptr[row + 1]]
    if title or not len(at_home):
        return title or passages.sources.values[int(passages.sources.codes[row])]
    return index.names.labels[int(at_home[0])]


def _stating(facts: Sequence[Fact], source: str | None, target: str | None) -> Fact | None:
    """The fact with both names among its members, or else with the target."""
    wanted = [normalise_name(name) for name in (source, target) if name]
    best, most = None, 0
    for fact in facts:
        members = {normalise_name(member.text) for member in fact.members}
        members |= {normalise_name(fact.text)} if not members else set()
        held = sum(any(name in member for member in members) for name in wanted)
        if held > most and target and any(wanted[-1] in member for member in members):
            best, most = fact, held
    return best
