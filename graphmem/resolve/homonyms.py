"""Homonyms: a document that tells another life under a known name is of another person.

One name is one entity until facts say otherwise. Where a document dates what happens to a person
once, years from when what is known has it, or tells of another calling and people, all that the
document says under this name goes to an entity of its own, called by the name and what tells it
apart: "Ann Lee (born 1950)", "Ann Lee (politician)". The next document that says so finds it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import Entity, EntityType, Fact
from graphmem.model.source import EpisodeKind
from graphmem.resolve.callings import CALLED, called_persons, calling_of, other_calling
from graphmem.resolve.conflicts import DATING, find_conflict, is_functional
from graphmem.resolve.entities import entity_id
from graphmem.resolve.resolve import fact_id

TELLING: Final = DATING | CALLED
"""Predicates of facts that can tell two of one name apart."""
_A_SLIP: Final = timedelta(days=2 * 366)
"""Dates so near each other may be one that somebody got wrong."""


def dated_persons(changes: ChangeSet) -> list[str]:
    """Ids of the persons whose birth or death a document of the batch dates, sorted."""
    persons = {e.id for e in changes.entities if e.type is EntityType.PERSON}
    told = {m.entity_id for fact in changes.facts if is_functional(fact) for m in fact.members}
    return sorted(persons & told)


def told_persons(changes: ChangeSet) -> list[str]:
    """Ids of the persons of whom the batch says what can tell them from others, sorted."""
    return sorted({*dated_persons(changes), *called_persons(changes)})


def kept_apart(changes: ChangeSet, known: Mapping[str, Sequence[Fact]]) -> ChangeSet:
    """The changes with each homonym as an entity of its own.

    `known` are facts that are held of :func:`told_persons`, by their ids: those that date, and
    those that tell a calling. Of two documents of the batch the first one keeps the name.
    """
    wanted = told_persons(changes)
    if not wanted:
        return changes
    episode_of = {passage.id: passage.episode_id for passage in changes.passages}
    stated: dict[str, set[str]] = {}
    for evidence in changes.evidence:
        stated.setdefault(evidence.fact_id, set()).add(episode_of[evidence.passage_id])
    names = {entity.id: entity for entity in changes.entities}
    held = {id: list(known.get(id, ())) for id in wanted}
    telling = _telling(changes, stated, wanted)
    for episode in changes.episodes:
        if episode.kind is not EpisodeKind.DOCUMENT:
            continue
        for id in sorted(telling.get(episode.id, ())):
            told = telling[episode.id].get(id, [])
            other = _told_apart(id, held[id], told)
            if other is None:
                held[id] += told
                continue
            name = f"{names[id].name} ({other})"
            changes = _moved(changes, names[id], name, episode.id, stated, episode_of)
            telling = _telling(changes, stated, wanted)
    return changes


def _telling(
    changes: ChangeSet, stated: Mapping[str, set[str]], wanted: Iterable[str]
) -> dict[str, dict[str, list[Fact]]]:
    """By episode and person, the facts that can tell the person from another, in their order."""
    persons = set(wanted)
    found: dict[str, dict[str, list[Fact]]] = {}
    for fact in changes.facts:
        if fact.predicate in TELLING:
            for id in persons.intersection(member.entity_id for member in fact.members):
                for episode in stated.get(fact.id, ()):
                    found.setdefault(episode, {}).setdefault(id, []).append(fact)
    return found


def _told_apart(id: str, held: Sequence[Fact], told: Sequence[Fact]) -> str | None:
    """What tells the one of a document from the one that is known, if anything does."""
    birth = _other_birth(id, held, told)
    if birth is not None:
        return _said(birth)
    return other_calling(calling_of(id, held), calling_of(id, told))


def _other_birth(id: str, held: Iterable[Fact], told: Iterable[Fact]) -> Fact | None:
    """The fact that tells the one of a document from the one that is known."""
    conflict = find_conflict(((id, fact) for fact in held), ((id, fact) for fact in told))
    if conflict is None:
        return None
    known, other = conflict.left.valid_from, conflict.right.valid_from
    is_slip = known is not None and other is not None and abs(known - other) < _A_SLIP
    return None if is_slip or other is None else conflict.right


def _said(fact: Fact) -> str:
    assert fact.valid_from is not None
    return f"{'died' if fact.predicate == 'die' else 'born'} {fact.valid_from.year}"


def _is_of(fact: Fact, id: str) -> bool:
    return any(member.entity_id == id for member in fact.members)


def _moved(
    changes: ChangeSet,
    entity: Entity,
    name: str,
    episode_id: str,
    stated: dict[str, set[str]],
    episode_of: Mapping[str, str],
) -> ChangeSet:
    """The changes with what one episode says of an entity said of another one."""
    new = entity_id(name, namespace=changes.namespace)
    other = entity.model_copy(update={"id": new, "name": name, "aliases": (entity.name,)})
    ids: dict[str, str] = {}
    facts: list[Fact] = []
    for fact in changes.facts:
        moved = fact
        if _is_of(fact, entity.id) and stated.get(fact.id) == {episode_id}:
            members = tuple(
                m.model_copy(update={"entity_id": new}) if m.entity_id == entity.id else m
                for m in fact.members
            )
            id = fact_id(fact, members, namespace=changes.namespace)
            ids[fact.id] = id
            stated[id] = stated[fact.id]
            moved = fact.model_copy(update={"id": id, "members": members})
        facts.append(moved)
    return changes.model_copy(
        update={
            "entities": (*changes.entities, other),
            "facts": tuple(facts),
            "mentions": tuple(
                m.model_copy(update={"entity_id": new})
                if m.entity_id == entity.id and episode_of[m.passage_id] == episode_id
                else m
                for m in changes.mentions
            ),
            "evidence": tuple(
                e.model_copy(update={"fact_id": ids.get(e.fact_id, e.fact_id)})
                for e in changes.evidence
            ),
            "discourse": tuple(
                link.model_copy(
                    update={
                        "source_id": ids.get(link.source_id, link.source_id),
                        "target_id": ids.get(link.target_id, link.target_id),
                    }
                )
                for link in changes.discourse
            ),
        }
    )
