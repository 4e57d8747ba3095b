"""Explanation: the way from the question to each hit, read off what the ranking itself kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Fact
from graphmem.model.retrieval import Path, Step
from graphmem.retrieve.heard import Heard, heard_near, heard_path
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.reach import NOWHERE
from graphmem.retrieve.stating import stating

_SIGNAL_OF = {
    "link": "link",
    "asked": "share",
    "share": "share",
    "hop2": "hop2",
    "substitution": "substitution",
    "chain": "chain",
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


def leads_to(index: PassageIndex, ranking: Ranking, position: int) -> Sequence[Way | Heard]:
    """How the hit at `position` was come by: over names, or where they are spoken around it."""
    turns, row = ranking.turns, int(ranking.rows[position])
    if turns is None or turns.place_of(row) is None:
        return ways_to(ranking, position)
    return heard_near(index, ranking, position)


def ways_to(ranking: Ranking, position: int) -> list[Way]:
    """The ways to the document at `position`, strongest first."""
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
        # A name that leads to itself is no step, nor is a passage.
        if row not in way.passages and all(
            before != after for before, after in pairwise(way.names)
        ):
            best.setdefault(way.names, way)
    return list(best.values())


def _share(ranking: Ranking, signal: str, position: int) -> float:
    part = ranking.shares.get(signal)
    return 0.0 if part is None else float(part[position])


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


def to_path(index: PassageIndex, way: Way | Heard, facts: Mapping[int, Sequence[Fact]]) -> Path:
    """A way in words: each step with the fact of the passage that states it, where there is one."""
    if isinstance(way, Heard):
        return heard_path(index, way, facts)
    labels = [None if name == NOWHERE else index.names.labels[name] for name in way.names]
    first = labels[0] or _subject(index, way.passages[0])
    # A passage that leads on by the name that it is called by itself is one step with that.
    is_own = labels[0] is None and normalise_name(first) == normalise_name(labels[1] or "")
    steps = [] if is_own else [Step(name=first)]
    for position, row in enumerate(way.passages):
        source, target = labels[position], labels[position + 1]
        fact = stating(facts.get(row, ()), source, target)
        steps.append(
            Step(
                name=target or "",
                relation=fact.predicate if fact else "",
                fact_id=fact.id if fact else None,
                fact=fact.text if fact else "",
                passage_id=index.passages.ids[row],
            )
        )
    return Path(steps=tuple(steps), score=way.score)


def _subject(index: PassageIndex, row: int) -> str:
    """What a passage is called: its title, or who it is about, or its source, a file by its own
    name alone."""
    passages, (indptr, homes) = index.passages, index.home_of_passage
    title = passages.titles[row]
    at_home = homes[indptr[row] : indptr[row + 1]]
    if title or not len(at_home):
        return title or _last_part(passages.sources[row])
    return index.names.labels[int(at_home[0])]


def _last_part(source: str) -> str:
    scheme, mark, _ = source.partition("://")
    is_file = not mark or scheme == "file"
    return (source.rstrip("/").rpartition("/")[2] or source) if is_file else source
