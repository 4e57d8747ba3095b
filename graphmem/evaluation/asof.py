"""What was so, and what was believed, at a given time: generated histories whose truth is known.

Each person's states change a few times; each change is told once, on the day it happens or some
days later, as a text or as a ready-made triple, and what is told comes in shuffled, in batches. A
question asks for one state at one day, some as it was believed after one of the batches. It is
answered rightly by exactly the statement that the construction says: of what had come in by then,
the last whose value had begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from graphmem.model.change import AddReport
from graphmem.model.retrieval import Hit
from graphmem.model.source import OpenTriples, SourceItem

BATCHES: Final = 3
_START: Final = datetime(2010, 1, 1, tzinfo=UTC)
_DAYS: Final = 365
_HITS: Final = 10
_FIRST: Final = (
    "Alma Boris Carla Deniz Edgar Farah Gunnar Hilda Imran Judit Kamal Linnea Milos Nadira Olaf"
    " Petra Quirin Rosalia Stefan Tamsin"
).split()
_LAST: Final = (
    "Abernathy Bergstrom Castellan Dvorak Eriksen Falconer Grabowski Hartwell Ibarra Jankowski"
    " Kaplan Lindgren Marchand Novotny Okafor Pellegrino Quintero Rasmussen Szabo Thornton"
).split()
_CITIES: Final = (
    "Lisbon Helsinki Prague Vienna Dublin Athens Zagreb Riga Bergen Seville Turin Ghent Malmo Graz"
).split()
_FIRMS: Final = (
    "Brightline Corvid Northgate Helios Quayside Lumenex Tidewater Foxglove Ironbark Silverpine"
).split()
_COLORS: Final = "blue green red yellow purple orange black white brown gray".split()
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)


class Given(StrEnum):
    """How statements are handed over."""

    TRIPLES = "triples"
    TEXT = "text"


class State(NamedTuple):
    """A kind of state: its values, how it is asked for, stated and changed."""

    name: str
    values: Sequence[str]
    question: str
    triple: str
    holds: str
    starts: str


_STATES: Final = (
    State(
        "home",
        _CITIES,
        "Where does {who} live?",
        "lives in",
        "{who} lives in {value}.",
        "{who} moved to {value} in {month} {year}.",
    ),
    State(
        "work",
        _FIRMS,
        "Where does {who} work?",
        "works at",
        "{who} works at {value}.",
        "{who} joined {value} in {month} {year}.",
    ),
    State(
        "color",
        _COLORS,
        "What is the favorite color of {who}?",
        "favorite color is",
        "{who}'s favorite color is {value}.",
        "{who}'s favorite color is now {value}.",
    ),
)


class Told(NamedTuple):
    """One statement: of which history, from when its value holds, when it was said, in what."""

    history: str
    position: int
    since: datetime
    item: SourceItem


class Asked(NamedTuple):
    """One question, of what held at `as_of`, and the source that answers it.

    `batch` is after how many batches it is to have been believed, ``None`` for all.
    """

    text: str
    history: str
    as_of: datetime
    batch: int | None
    answer: str


class World(NamedTuple):
    """What is told, in batches, and what is asked."""

    batches: Sequence[Sequence[Told]]
    questions: Sequence[Asked]


class Searched(Protocol):
    """What of a memory is needed."""

    def add_many(self, items: Iterable[SourceItem], *, batch: int = 64) -> Iterator[AddReport]:
        """Remember items."""

    def search(
        self, question: str, *, k: int, as_of: datetime, known_at: datetime | None
    ) -> list[Hit]:
        """The passages that answer."""


def make_world(*, people: int, given: Given, seed: int) -> World:
    """Histories of so many people, at most 400, and two questions about each period of each."""
    chance = np.random.default_rng(seed)
    names = [f"{first} {last}" for last in _LAST for first in _FIRST]
    told: list[Told] = []
    for at in chance.permutation(len(names))[:people]:
        for state in _STATES:
            told.extend(_history(names[at], state, given, chance))
    order = chance.permutation(len(told))
    batches = [[told[at] for at in part] for part in np.array_split(order, BATCHES)]
    return World(batches, list(_questions(told, batches, chance)))


def _history(who: str, state: State, given: Given, chance: np.random.Generator) -> Iterator[Told]:
    values = chance.permutation(np.array(state.values))[: int(chance.integers(3, 5))]
    since = _START + timedelta(days=int(chance.integers(0, _DAYS)))
    history = f"{state.name} of {who}"
    for position, value in enumerate(map(str, values)):
        # What names its month begins with that month; else it is known from when it was said.
        is_named = position > 0 and given is Given.TEXT and state.starts.endswith("{year}.")
        moment = since.replace(day=1) if is_named else since
        pattern = state.starts if position else state.holds
        text = pattern.format(who=who, value=value, month=_MONTHS[since.month - 1], year=since.year)
        said = since + timedelta(days=40 if is_named else 0)
        triple = (who, state.triple, value)
        yield Told(
            history,
            position,
            moment,
            SourceItem(
                source=f"{history}: {position}",
                text=text,
                occurred_at=said,
                triples=OpenTriples(entities=(who,), triples=(triple,))
                if given is Given.TRIPLES
                else None,
            ),
        )
        since += timedelta(days=int(chance.integers(200, 900)))


def _questions(
    told: Sequence[Told], batches: Sequence[Sequence[Told]], chance: np.random.Generator
) -> Iterator[Asked]:
    patterns = {state.name: state.question for state in _STATES}
    by_history: dict[str, list[Told]] = {}
    for one in told:
        by_history.setdefault(one.history, []).append(one)
    for history, statements in by_history.items():
        name, _, who = history.partition(" of ")
        text = patterns[name].format(who=who)
        for earlier, later in pairwise(statements):
            # Not in the months around a change, which say neither the one nor the other day.
            span = (later.since - earlier.item.occurred_at).days if earlier.item.occurred_at else 0
            day = (earlier.item.occurred_at or earlier.since) + timedelta(
                days=int(chance.integers(1, max(span, 2)))
            )
            yield Asked(text, history, day, None, earlier.item.source)
            batch = int(chance.integers(1, BATCHES))
            known = [one for part in batches[:batch] for one in part if one.history == history]
            begun = [one for one in known if one.since <= day]
            if begun:
                last = max(begun, key=lambda one: one.since)
                yield Asked(text, history, day, batch, last.item.source)


def evaluate(world: World, memory: Searched, *, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Tell the world to a memory, ask, and score; errors are listed by question.

    A question counts as right if, of all statements of its history, exactly the one that answers it
    is found. `clock` gives the memory's transaction time.
    """
    recorded = []
    for batch in world.batches:
        for _ in memory.add_many([told.item for told in batch]):
            pass
        recorded.append(clock())
    outcomes = []
    for asked in world.questions:
        hits = memory.search(
            asked.text,
            k=_HITS,
            as_of=asked.as_of,
            known_at=None if asked.batch is None else recorded[asked.batch - 1],
        )
        found = [hit.source for hit in hits if hit.source.startswith(f"{asked.history}: ")]
        outcomes.append((asked, found))
    return _scores(outcomes)


def _scores(outcomes: Sequence[tuple[Asked, list[str]]]) -> dict[str, Any]:
    groups: Mapping[str, list[bool]] = {"as_of": [], "as_of and known_at": []}
    errors = []
    for asked, found in outcomes:
        is_right = found == [asked.answer]
        groups["as_of" if asked.batch is None else "as_of and known_at"].append(is_right)
        if not is_right:
            errors.append(
                {
                    "question": asked.text,
                    "as_of": f"{asked.as_of:%Y-%m-%d}",
                    "batches": asked.batch,
                    "answer": asked.answer,
                    "found": found,
                }
            )
    n = len(outcomes)
    return {
        "questions": n,
        "right": (n - len(errors)) / n if n else 0.0,
        "by_kind": {
            kind: {"n": len(told), "right": sum(told) / len(told) if told else 0.0}
            for kind, told in groups.items()
        },
        "errors": errors,
    }
