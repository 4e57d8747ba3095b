"""The steps of consolidation, on a store: names, threads, derived facts, notes.

Another step is one more :class:`~graphmem.maintain.consolidate.Step` in :func:`steps_of`: it is
given, in pieces, the ids of entities and facts that changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from graphmem.errors import StoreBusyError
from graphmem.graph.threads import DERIVED, link_of, strands, things_of
from graphmem.maintain.consolidate import Changed, Made, Step
from graphmem.maintain.derive import PREDICATES, Derivation, derive, premises_of, times_of
from graphmem.maintain.notes import note_of
from graphmem.model.change import ChangeSet, EditSet, Operation
from graphmem.model.consolidation import StepReport
from graphmem.model.history import Reason, is_version
from graphmem.model.ids import version_id
from graphmem.model.knowledge import DiscourseLink, Evidence, Fact, SameAs, Sense, Supersession
from graphmem.ports.store import Clock, GraphStore, scanned
from graphmem.resolve.claims import readings_of
from graphmem.resolve.states import States
from graphmem.stages.known_names import KnownNames
from graphmem.stages.learning import keep, learned_in, relearn
from graphmem.stages.retelling import merged, retell
from graphmem.stages.revising import revise
from graphmem.stages.standing import standing
from graphmem.stages.telling import places_of, scenes_of

_CROWD: Final = 200
"""Facts of an entity from which on it is no thread between sessions: it is in all of them."""
_TRIES: Final = 3
_AT_ONCE: Final = 64
_TAGGED: Final = 12
"""Passages of an entity whose topics become tags of its note, at most."""


def steps_of(
    store: GraphStore, names: KnownNames, clock: Clock, *, states: States, learns: bool
) -> tuple[Step, ...]:
    """All steps, in the order in which they run.

    `states` are those that are known without this memory; unless it `learns`, it learns none.
    """
    work = _Work(store, names, clock)
    learning = (Step("states", work.learner(states), whole=True),) if learns else ()
    return (
        Step("names", work.link_names),
        *learning,
        Step("duplicates", work.merger(states)),
        Step("mentions", work.look_back, whole=True),
        Step("threads", work.thread_sessions),
        Step("derived", work.derive_facts),
        Step("notes", work.write_notes),
    )


def take_back(store: GraphStore, namespace: str, facts: Sequence[Fact], now: datetime) -> int:
    """Take back those of the derived facts that do not follow any more; returns how many.

    One that lacks a premise is removed; one of which a premise is no longer believed, or holds at
    another time than it did, is retired.
    """
    derived = {fact.id: fact for fact in facts if fact.attribution == DERIVED}
    links = [
        link
        for link in store.discourse_of(list(derived))
        if link.sense is Sense.PREMISE and link.target_id in derived
    ]
    premises = store.facts([link.source_id for link in links], members=False)
    resting: dict[str, list[DiscourseLink]] = {}
    for link in links:
        resting.setdefault(link.target_id, []).append(link)
    removed, retired = [], []
    for id, fact in derived.items():
        of_it = resting.get(id, [])
        needed = premises_of(of_it[0].connective) if of_it else 1
        # A premise that was revised is there twice: as it was believed, and as it is.
        believed = [
            premise for link in of_it if (premise := premises[link.source_id]).retired_at is None
        ]
        times = fact.valid_from, fact.valid_to
        if len(of_it) < needed:
            removed.append(id)
        elif fact.retired_at is None and (
            len(believed) < needed or times_of(fact.predicate, believed) != times
        ):
            retired.append(fact.model_copy(update={"retired_at": now}))
    if removed or retired:
        _edit(
            store,
            namespace,
            lambda version: EditSet(
                namespace=namespace,
                version=version,
                facts=tuple(retired),
                removed_facts=tuple(removed),
            ),
        )
    return len(removed) + len(retired)


def noted_in(store: GraphStore, namespace: str, sources: Iterable[str]) -> list[str]:
    """Ids of the entities with a note that the sources tell of: what to settle once these go."""
    wanted = set(sources)
    tables = ("entities", "passages", "evidence", "roles")
    with store.read(namespace, tables) as reader:
        entities = scanned(reader, "entities", "nid", "id", "profile")
        noted = {nid: id for nid, id, note in entities if note}
        if not noted:
            return []
        held = scanned(reader, "passages", "nid", "source")
        passages = {nid for nid, source in held if source in wanted}
        evidence = scanned(reader, "evidence", "fact_nid", "passage_nid")
        facts = {fact for fact, passage in evidence if passage in passages}
        roles = scanned(reader, "roles", "fact_nid", "entity_nid")
        return sorted(
            {noted[entity] for fact, entity in roles if fact in facts and entity in noted}
        )


def settle(store: GraphStore, names: KnownNames, clock: Clock, noted: Sequence[str]) -> int:
    """After a removal: take back what was derived from what is gone, and write these notes anew.

    Returns how many facts were taken back.
    """
    with store.read(names.namespace, ("facts",)) as reader:
        facts = scanned(reader, "facts", "id", "attribution")
        derived = [id for id, attribution in facts if attribution == DERIVED]
    gone = take_back(store, names.namespace, list(store.facts(derived).values()), clock())
    work = _Work(store, names, clock)
    for at in range(0, len(noted), _AT_ONCE):
        work.write_notes(Changed(tuple(noted[at : at + _AT_ONCE]), ()))
    return gone


class _Work:
    """What the steps do, on one namespace."""

    def __init__(self, store: GraphStore, names: KnownNames, clock: Clock) -> None:
        self._store = store
        self._names = names
        self._clock = clock
        self._namespace = names.namespace

    def link_names(self, changed: Changed) -> Made:
        """Names that are one by what is known by now are linked, by the rules of writing."""
        links = tuple(self._names.relinked(changed.entities))
        report = StepReport(looked_at=len(changed.entities), added=len(links))
        return Made(report, self._changes(same_as=links) if links else None)

    def learner(self, states: States) -> Callable[[Changed], Made]:
        """What learns the states that the memory shows by itself, and revises what they tell of."""

        def learn_states(_: Changed) -> Made:
            found = relearn(self._store, self._namespace, names=self._names, states=states)
            if found is None:
                return Made(StepReport())
            known = states.with_learned(found.states)
            for at in range(0, len(found.statements), _AT_ONCE):
                ids = found.statements[at : at + _AT_ONCE]
                revised = revise(
                    self._store,
                    ChangeSet(namespace=self._namespace),
                    states=known,
                    same=lambda id: self._names.one(id)[0],
                    now=self._clock(),
                    also=list(self._store.facts(ids).values()),
                    restated=ids,
                )
                self._store.apply(revised.changes)
            # Kept last: a run that is killed before looks again, and comes to the same.
            keep(self._store, self._namespace, found.states)
            new = len(found.states) - len(found.known)
            report = StepReport(looked_at=found.looked_at, added=new, taken_back=len(found.gone))
            return Made(report)

        return learn_states

    def look_back(self, _: Changed) -> Made:
        """Names that became known are mentions in the passages of before, too."""
        looked_at, added = self._names.look_back()
        return Made(StepReport(looked_at=looked_at, added=added))

    def merger(self, states: States) -> Callable[[Changed], Made]:
        """What merges statements in other words, and ties those that tell more to those of less."""

        def merge_duplicates(changed: Changed) -> Made:
            store = self._store
            known = states.with_learned(learned_in(store, self._namespace))
            found = [
                fact
                for fact in store.facts(changed.facts).values()
                if fact.retired_at is None and fact.attribution != DERIVED
            ]
            members = {m.entity_id for fact in found for m in fact.members}
            names = {id: entity.name for id, entity in store.entities(sorted(members)).items()}
            fresh = [fact for fact in found if not readings_of(fact, known, names)]
            links = store.supersessions_of([fact.id for fact in fresh]) if fresh else []
            tied = {(link.newer_id, link.older_id) for link in links}
            stated = tuple(store.evidence_of([fact.id for fact in fresh]))
            retold = retell(
                store,
                ChangeSet(namespace=self._namespace, evidence=stated),
                fresh,
                names=names,
                states=known,
                are_held=True,
            )
            changes = merged(store, retold, stated, tied, self._clock())
            done = len(changes.supersessions)
            report = StepReport(looked_at=len(changed.facts), added=done)
            return Made(report, changes if done else None)

        return merge_duplicates

    def thread_sessions(self, changed: Changed) -> Made:
        """Facts are linked to those of other sessions that they extend, change or fulfil."""
        fresh = self._store.facts(changed.facts)
        timed = scenes_of(list(fresh.values()), places_of(self._store, changed.facts))
        if not timed:
            return Made(StepReport(looked_at=len(changed.facts)))
        facts = self._around([scene.fact for scene in timed])
        places = places_of(self._store, list(facts))
        one = self._names.standing_for(m.entity_id for f in facts.values() for m in f.members)
        held = {
            (link.source_id, link.target_id) for link in self._store.discourse_of(changed.facts)
        }
        links = tuple(
            link
            for link in map(link_of, strands(scenes_of(list(facts.values()), places), one=one))
            if not fresh.keys().isdisjoint((link.source_id, link.target_id))
            and (link.source_id, link.target_id) not in held
        )
        report = StepReport(looked_at=len(changed.facts), added=len(links))
        return Made(report, self._changes(discourse=links) if links else None)

    def derive_facts(self, changed: Changed) -> Made:
        """What facts say together is added, and taken back where it does not follow any more."""
        if not changed.facts:
            return Made(StepReport())
        store = self._store
        facts = store.facts(changed.facts)
        followed = [
            link.target_id
            for link in store.discourse_of(changed.facts)
            if link.sense is Sense.PREMISE
        ]
        gone = take_back(
            store,
            self._namespace,
            list({**facts, **store.facts(followed)}.values()),
            self._clock(),
        )
        members = {
            member.entity_id
            for fact in facts.values()
            if fact.predicate in PREDICATES and fact.attribution is None
            for member in fact.members
        }
        one = self._names.standing_for(members)
        ids = sorted({id for member in members for id in self._names.one(member)[0]})
        near = store.facts_with(ids, predicates=PREDICATES)
        known = store.facts(list(dict.fromkeys(id for found in near.values() for id in found)))
        entities = store.entities(
            sorted(
                {m.entity_id for fact in known.values() for m in fact.members} | set(one.values())
            )
        )
        one = self._names.standing_for(entities)
        made = derive(
            known.values(),
            entities,
            namespace=self._namespace,
            recorded_at=self._clock(),
            episodes={
                id: frozenset(place.episode_id for place in places)
                for id, places in places_of(store, list(known)).items()
            },
            one={id: other for id, other in one.items() if other in entities},
        )
        ids = [derivation.fact.id for derivation in made]
        believed = standing(store, ids, lambda fact: fact.retired_at is None)
        new = [derivation for derivation in made if derivation.fact.id not in believed]
        report = StepReport(looked_at=len(changed.facts), added=len(new), taken_back=gone)
        return Made(report, self._derived(new) if new else None)

    def write_notes(self, changed: Changed) -> Made:
        """Notes on entities are written anew from all that is told of them by now."""
        store = self._store
        named = store.entities(changed.entities)
        entities = {id: entity for id, entity in named.items() if entity.type.is_name}
        if not entities:
            return Made(StepReport())
        held = store.facts_with(list(entities))
        facts = store.facts(list(dict.fromkeys(id for found in held.values() for id in found)))
        others = store.entities(sorted({m.entity_id for f in facts.values() for m in f.members}))
        tags = self._tags(list(entities))
        notes = {}
        for id, entity in entities.items():
            told = [facts[fact] for fact in held.get(id, ()) if facts[fact].retired_at is None]
            note = note_of(entity, told, others, tags=tags.get(id, ()))
            if note != entity.profile:
                notes[id] = note
        if notes:
            _edit(
                store,
                self._namespace,
                lambda version: EditSet(
                    namespace=self._namespace,
                    version=version,
                    entities=tuple(
                        entity.model_copy(update={"profile": notes[id]})
                        for id, entity in store.entities(list(notes)).items()
                    ),
                ),
            )
        return Made(StepReport(looked_at=len(entities), added=len(notes)))

    def _around(self, facts: Sequence[Fact]) -> Mapping[str, Fact]:
        """The facts, and those that are about the same thing, unless that is in everything."""
        things = {id for fact in facts for id in things_of(fact)}
        held = self._store.facts_with(sorted(things))
        near = [id for found in held.values() if len(found) <= _CROWD for id in found]
        found = self._store.facts(list(dict.fromkeys((*(fact.id for fact in facts), *near))))
        return {id: fact for id, fact in found.items() if fact.retired_at is None}

    def _tags(self, ids: Sequence[str]) -> dict[str, list[str]]:
        where = self._store.passages_naming(ids, limit=_TAGGED)
        passages = self._store.passages(sorted({id for found in where.values() for id in found}))
        found: dict[str, list[str]] = {}
        for id, held in where.items():
            for passage in (passages[p] for p in held if p in passages):
                topics = passage.attributes.get("topics", ())
                found.setdefault(id, []).extend(topics if isinstance(topics, tuple | list) else ())
        return found

    def _derived(self, made: Sequence[Derivation]) -> ChangeSet:
        facts, evidence, links = [], [], []
        versions: list[Supersession] = []
        told = [derivation.fact.id for derivation in made]
        family = Counter(
            link.older_id for link in self._store.supersessions_of(told) if is_version(link.reason)
        )
        held = self._store.facts(told, members=False)
        for derived, rule, premises in made:
            fact = derived
            if derived.id in held:  # it was taken back before, and what was so stays to be read
                id = version_id(derived.id, family[derived.id] + 1)
                fact = derived.model_copy(update={"id": id})
                reason = Reason(Operation.ADD, "derived again", derived.text, is_version=True)
                versions.append(Supersession(newer_id=id, older_id=derived.id, reason=str(reason)))
            facts.append(fact)
            links += [
                DiscourseLink(
                    source_id=premise.id, target_id=fact.id, sense=Sense.PREMISE, connective=rule
                )
                for premise in premises
            ]
            stated = self._store.evidence_of([premise.id for premise in premises])
            evidence += [item.model_copy(update={"fact_id": fact.id}) for item in stated]
        unique = {(e.fact_id, e.passage_id, e.start, e.end): e for e in evidence}
        changes = self._changes(facts=facts, evidence=unique.values(), discourse=links)
        return changes.model_copy(update={"supersessions": tuple(versions)})

    def _changes(
        self,
        *,
        facts: Iterable[Fact] = (),
        evidence: Iterable[Evidence] = (),
        discourse: Iterable[DiscourseLink] = (),
        same_as: Iterable[SameAs] = (),
    ) -> ChangeSet:
        return ChangeSet(
            namespace=self._namespace,
            facts=tuple(facts),
            evidence=tuple(evidence),
            discourse=tuple(discourse),
            same_as=tuple(same_as),
        )


def _edit(store: GraphStore, namespace: str, edits: Callable[[int], EditSet]) -> None:
    """Commit edits, worked out anew where somebody else has written in between."""
    for left in reversed(range(_TRIES)):
        try:
            store.edit(edits(store.version(namespace)))
        except StoreBusyError:
            if not left:
                raise
        else:
            return
