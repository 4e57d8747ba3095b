"""Explanation of talk: where a name of the question is spoken, in a turn or close to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten

from graphmem.index.passage_index import PassageIndex
from graphmem.index.turns import Turns
from graphmem.kernels.arrays import Rows
from graphmem.model.knowledge import Fact
from graphmem.model.retrieval import Path, Step
from graphmem.retrieve.pool import Ranking
from graphmem.retrieve.stating import stating

REACH = 3
"""How many turns around one its widest signals look at."""
_LABEL = 40


@dataclass(frozen=True, slots=True)
class Heard:
    """A name spoken in the turn `spoken`, which is `distance` turns after the hit or, below 0,
    before it; at 0 it is the hit. `score` is its part of the walk's share."""

    name: int
    hit: int
    spoken: int
    distance: int
    score: float

    @property
    def passages(self) -> tuple[int, ...]:
        """The turn in which the name is spoken."""
        return (self.spoken,)


def around(turns: Turns, place: int) -> list[int]:
    """Places within reach in the same session, the nearest first, the earlier of two."""
    first, last = (int(ends[place]) for ends in turns.window(REACH, REACH))
    return sorted(range(first, last), key=lambda other: (abs(other - place), other))


def heard_near(index: PassageIndex, ranking: Ranking, position: int) -> list[Heard]:
    """For each name of the question the nearest turn that has it, the nearest first.

    The walk goes out from the names together: its share is given to them in equal parts.
    """
    row, turns = int(ranking.rows[position]), ranking.turns
    place = None if turns is None else turns.place_of(row)
    if turns is None or place is None or ranking.question is None:
        return []
    near = [(other - place, int(turns.rows[other])) for other in around(turns, place)]
    found = []
    for name in ranking.question.names.tolist():
        spoken = next(((at, turn) for at, turn in near if name in names_in(index, turn)), None)
        if spoken is not None:
            found.append((name, *spoken))
    walked = ranking.shares.get("walk")
    share = float(walked[position]) / len(found) if found and walked is not None else 0.0
    heard = [Heard(name, row, turn, distance, share) for name, distance, turn in found]
    return sorted(heard, key=lambda one: (abs(one.distance), one.distance, one.name))


def names_in(index: PassageIndex, passage: int) -> Rows:
    """Rows of the names that stand in a passage, or that it is about."""
    start, end = index.incidence.indptr[passage : passage + 2]
    return index.incidence.names[start:end]


def heard_path(index: PassageIndex, heard: Heard, facts: Mapping[int, Sequence[Fact]]) -> Path:
    """In words: the name, the turn that speaks it with the fact that states it, the hit."""
    label = index.names.labels[heard.name]
    fact = stating(facts.get(heard.spoken, ()), None, label)
    steps = [
        Step(name=label),
        Step(
            name=_said(index, heard.spoken),
            relation="mentioned by",
            fact_id=fact.id if fact else None,
            fact=fact.text if fact else "",
            passage_id=index.passages.ids[heard.spoken],
        ),
    ]
    if heard.distance:
        n, side = abs(heard.distance), "before" if heard.distance > 0 else "after"
        relation = f"{n} turn{'s' if n > 1 else ''} {side} it"
        steps.append(
            Step(
                name=_said(index, heard.hit),
                relation=relation,
                passage_id=index.passages.ids[heard.hit],
            )
        )
    return Path(steps=tuple(steps), score=heard.score)


def _said(index: PassageIndex, row: int) -> str:
    speakers = index.passages.speakers
    text = shorten(index.passages.texts[row], _LABEL, placeholder=" …")
    return f"{speakers.values[int(speakers.codes[row])]}: {text}"
