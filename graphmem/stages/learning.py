"""What a memory shows of states by itself, kept beside the graph and used by what is written next.

It is learned by consolidation, anew once what is told has grown by a tenth. Only what is stated
counts, and not what came to be believed of it: no rule confirms itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from graphmem.kernels.text import normalise_name
from graphmem.model.base import Value
from graphmem.model.change import ChangeSet, Checkpoint
from graphmem.model.history import is_version
from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.states import LearnedState
from graphmem.ports.store import GraphStore, StoreReader, scanned
from graphmem.resolve.learned import Observation, Shape, learn
from graphmem.resolve.states import States
from graphmem.stages.known_names import KnownNames
from graphmem.stages.parts import Parts

_JOB: Final = "states"
"""Under what is kept beside the graph which states were learned."""
_GROWTH: Final = 0.1
_HOLDERS: Final = ("subject", "object")
_TABLES: Final = (
    *("facts", "roles", "evidence", "passages", "entities", "episodes", "supersessions"),
)
_ASIDE: Final = frozenset("time topic extent during before after until since".split())
"""Roles of members that are no value of a state."""


class _Learned(Value):
    """What was learned, when there were so many facts."""

    facts: int = 0
    states: tuple[LearnedState, ...] = ()


class Relearned(NamedTuple):
    """What the states are now, those of them that were known, those that are not any more, and ids
    of the statements that may be believed otherwise by that."""

    looked_at: int
    states: tuple[LearnedState, ...]
    known: tuple[LearnedState, ...]
    gone: tuple[LearnedState, ...]
    statements: tuple[str, ...]


def learned_in(store: GraphStore, namespace: str) -> tuple[LearnedState, ...]:
    """The states that the memory has shown by itself, as they were learned last."""
    return _held(store, namespace).states


def states_in(parts: Parts, namespace: str) -> States:
    """The states that are known, with those that the memory has shown by itself."""
    learned = learned_in(parts.store, namespace) if parts.learns_states else ()
    return parts.states.with_learned(learned) if learned else parts.states


def relearn(
    store: GraphStore, namespace: str, *, names: KnownNames, states: States
) -> Relearned | None:
    """What the memory shows by now; ``None`` where it has not grown enough to look again."""
    held = _held(store, namespace)
    n = store.counts(namespace).facts
    if abs(n - held.facts) <= _GROWTH * held.facts:
        return None
    with store.read(namespace, _TABLES) as reader:
        told = _told(reader)
        observed, where = _observed(reader, told, names)
    found = tuple(learn(observed, never=states.shapes))
    before = {_shape(state) for state in held.states}
    after = {_shape(state) for state in found}
    return Relearned(
        looked_at=len(told),
        states=found,
        known=tuple(state for state in found if _shape(state) in before),
        gone=tuple(state for state in held.states if _shape(state) not in after),
        statements=tuple(sorted({id for shape in before ^ after for id in where.get(shape, ())})),
    )


def keep(store: GraphStore, namespace: str, states: Sequence[LearnedState]) -> None:
    """Have these be the states that the memory shows, from now on."""
    learned = _Learned(facts=store.counts(namespace).facts, states=tuple(states))
    checkpoint = Checkpoint(job=f"{_JOB}:{namespace}", position=learned.model_dump_json())
    store.apply(ChangeSet(namespace=namespace, checkpoint=checkpoint))


def forget_learned(store: GraphStore, namespace: str) -> None:
    """Have the memory show nothing by itself until it is looked at anew."""
    if learned_in(store, namespace):
        store.clear_checkpoint(f"{_JOB}:{namespace}")


def _shape(state: LearnedState) -> Shape:
    return state.predicate, state.holder, state.value


def _held(store: GraphStore, namespace: str) -> _Learned:
    return _read(store.checkpoint(f"{_JOB}:{namespace}") or "{}")


@lru_cache(maxsize=64)
def _read(position: str) -> _Learned:
    return _Learned.model_validate_json(position)


class _Statement(NamedTuple):
    """A fact as it was stated, with its members as (role, entity), in their order."""

    id: str
    predicate: str
    is_event: bool
    start: int | None
    end: int | None
    members: list[tuple[str, int]]


def _told(reader: StoreReader) -> dict[int, _Statement]:
    """What is stated as being so, by anybody's own account, by ``nid``; versions are left out."""
    linked = scanned(reader, "supersessions", "newer_nid", "reason")
    versions = {newer for newer, reason in linked if is_version(reason)}
    wanted = (Polarity.POSITIVE, Modality.ACTUAL, None)
    columns = ("nid", "id", "predicate", "kind", "valid_from", "valid_to")
    rows = scanned(reader, "facts", *columns, "polarity", "modality", "attribution")
    told = {
        nid: _Statement(id, predicate, kind == FactKind.EVENT, start, end, [])
        for nid, id, predicate, kind, start, end, *stated in rows
        if tuple(stated) == wanted and nid not in versions
    }
    for fact, entity, role in scanned(reader, "roles", "fact_nid", "entity_nid", "role"):
        if fact in told:
            told[fact].members.append((role, entity))
    return told


def _observed(
    reader: StoreReader, told: dict[int, _Statement], names: KnownNames
) -> tuple[dict[Shape, list[Observation]], dict[Shape, list[str]]]:
    """Where each shape is told with which value, and ids of the statements that do."""
    episodes = dict(scanned(reader, "episodes", "nid", "occurred_at"))
    columns = ("nid", "id", "episode_nid", "occurred_at", "retired_at")
    passages = {
        nid: (id, episodes.get(episode) if at is None else at)
        for nid, id, episode, at, retired_at in scanned(reader, "passages", *columns)
        if retired_at is None
    }
    where: defaultdict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for fact, passage in scanned(reader, "evidence", "fact_nid", "passage_nid"):
        if fact in told and passage in passages:
            where[fact].append(passages[passage])
    named = scanned(reader, "entities", "nid", "id", "name")
    entities = {nid: (id, name) for nid, id, name in named}
    one = names.standing_for(id for id, _ in entities.values())
    observed: defaultdict[Shape, list[Observation]] = defaultdict(list)
    statements: defaultdict[Shape, list[str]] = defaultdict(list)
    for nid, fact in told.items():
        for shape, holder, value in _shapes(fact, entities):
            statements[shape].append(fact.id)
            for passage, at in where[nid]:
                observed[shape].append(
                    Observation(
                        one.get(holder, holder),
                        frozenset((normalise_name(value),)),
                        passage,
                        # What happened may happen again with another: it is so once, if at all.
                        None if fact.is_event else at,
                        None if fact.is_event else fact.start,
                        None if fact.is_event else fact.end,
                    )
                )
    return observed, statements


def _shapes(
    fact: _Statement, entities: dict[int, tuple[str, str]]
) -> Iterator[tuple[Shape, str, str]]:
    """Each pair of one holder that is named and a value: the shape, the holder's id, the value."""
    own = set(fact.predicate.split())
    for of in _HOLDERS:
        holders = [entity for role, entity in fact.members if role == of]
        if len(holders) != 1 or not entities[holders[0]][1][:1].isupper():
            continue
        for role, entity in fact.members:
            value = entities[entity][1]
            # "She is the daughter of X": the daughter tells no more than the predicate.
            is_said = set(normalise_name(value).split()) <= own
            if role != of and role not in _ASIDE and not is_said:
                yield (fact.predicate, of, role), entities[holders[0]][0], value
