"""What of a batch tells again what is known: in other words, with more detail, or with less.

Who tells the same adds where it is told to the known fact, which is reinforced, and is believed by
that. Who tells more is a fact of its own that updates the known one: it tells that too, so where it
stands is evidence of both. Who tells less is known already, by the one that tells more.

Known facts are looked for by the rarest name of a statement, or where its names are in very many
passages, as those of speakers are, by the thing that it is about: the cost of writing does not rise
with how much is told of somebody. Consolidation looks further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from graphmem.graph.threads import DERIVED
from graphmem.model.change import ChangeSet, Operation, Revision
from graphmem.model.history import Reason, Retelling, retelling_of
from graphmem.model.knowledge import DiscourseLink, Evidence, Fact, Supersession
from graphmem.ports.store import GraphStore
from graphmem.resolve.alike import Telling, form_of, relation, spellings
from graphmem.resolve.claims import readings_of
from graphmem.resolve.states import States

_EVERYWHERE: Final = 32
"""Passages that name somebody, from which on nothing is looked for by that name."""
_AT_REST: Final = 512
"""The same where nobody waits."""


class Retold(NamedTuple):
    """The batch with what it tells again, and what each statement that does so did."""

    changes: ChangeSet
    revisions: tuple[Revision, ...] = ()
    operations: Mapping[str, Operation] = {}


class _Pair(NamedTuple):
    """A statement of the batch, a fact that is known or in the batch too, and how the one tells
    the other again."""

    new: Fact
    known: Fact
    how: Retelling


def twins_of(store: GraphStore, fact_ids: Sequence[str]) -> dict[str, str]:
    """The believed facts that stand for statements in other words, by the id of these."""
    links = store.supersessions_of(fact_ids) if fact_ids else []
    standing = {
        link.older_id: link.newer_id
        for link in links
        if retelling_of(link.reason) is Retelling.SAME
    }
    held = store.facts(sorted(standing.values()), members=False)
    return {
        id: other
        for id, other in standing.items()
        if other in held and held[other].retired_at is None
    }


def linked_as(
    links: Iterable[DiscourseLink], standing: Mapping[str, str]
) -> Iterator[DiscourseLink]:
    """Links between what stands for facts, by the ids of these; none of a fact with itself."""

    def end(id: str) -> str:
        while id in standing:
            id = standing[id]
        return id

    for link in links:
        source, target = end(link.source_id), end(link.target_id)
        if source != target:
            yield link.model_copy(update={"source_id": source, "target_id": target})


def retell(
    store: GraphStore,
    changes: ChangeSet,
    fresh: Sequence[Fact],
    *,
    names: Mapping[str, str],
    states: States,
    are_held: bool = False,
) -> Retold:
    """The batch, with what its `fresh` statements tell again of what is known.

    Parameters
    ----------
    fresh
        Statements of the batch that are new, and tell of no state.
    names
        Of the members of these, by id.
    are_held
        Whether they are in the store already: of two in other words, the first recorded stands.
    """
    stated: defaultdict[str, list[Evidence]] = defaultdict(list)
    for item in changes.evidence:
        stated[item.fact_id].append(item)
    ours = _tellings(fresh, names, _days_in(changes))
    if not ours:
        return Retold(changes)
    most = _AT_REST if are_held else _EVERYWHERE
    theirs = _known_like(store, ours, names, states, most=most)
    pairs = list(_pairs(ours, theirs, are_held=are_held))
    return _told(store, changes, pairs, stated) if pairs else Retold(changes)


def merged(
    store: GraphStore,
    retold: Retold,
    stated: Sequence[Evidence],
    tied: Collection[tuple[str, str]],
    now: datetime,
) -> ChangeSet:
    """Of what held statements tell again, that which is new: ties, and what is merged, with what
    led to it and what it led to."""
    links = {
        (link.newer_id, link.older_id): link
        for link in retold.changes.supersessions
        if (link.newer_id, link.older_id) not in tied
    }
    standing = {
        older: newer
        for (newer, older), link in links.items()
        if retelling_of(link.reason) is Retelling.SAME
    }
    told = {id for pair in links for id in pair}
    known = frozenset(stated)
    links_of_merged = store.discourse_of(sorted(standing)) if standing else ()
    return ChangeSet(
        namespace=retold.changes.namespace,
        supersessions=tuple(links.values()),
        evidence=tuple(
            item for item in retold.changes.evidence if item.fact_id in told and item not in known
        ),
        discourse=tuple(linked_as(links_of_merged, standing)),
        retired_facts=dict.fromkeys(standing, now),
        reinforced=tuple(sorted(set(standing.values()))),
    )


def _pairs(
    ours: Sequence[Telling], theirs: Sequence[Telling], *, are_held: bool
) -> Iterator[_Pair]:
    """Each new statement with all that it tells again; of two in a batch the first is known."""
    by_kernel: defaultdict[tuple[object, ...], list[Telling]] = defaultdict(list)
    for telling in theirs:
        by_kernel[telling.form.kernel].append(telling)
    for telling in sorted(ours, key=lambda each: each.fact.id):
        alike = by_kernel[telling.form.kernel]
        found = [
            _Pair(telling.fact, other.fact, how)
            for other in alike
            if (how := relation(telling, other)) is not None
        ]
        same = next((p for p in found if p.how is Retelling.SAME), None)
        if same is not None and are_held and _age(same.new) < _age(same.known):
            same = None
        if same is not None and same.known.trust >= same.new.trust:
            yield same  # and nothing else: what it is to others, the known one is
            continue
        yield from (pair for pair in found if pair.how is not Retelling.SAME)
        if not are_held:
            alike.append(telling)


def _age(fact: Fact) -> tuple[datetime, str]:
    return fact.recorded_at, fact.id


def _told(
    store: GraphStore,
    changes: ChangeSet,
    pairs: Sequence[_Pair],
    stated: Mapping[str, Sequence[Evidence]],
) -> Retold:
    """The batch with these pairs: evidence of what is told again, links, and what is reinforced."""
    facts = {fact.id: fact for fact in changes.facts}
    held = {p.known.id for p in pairs if p.how is Retelling.LESS and p.known.id not in facts}
    where = defaultdict(list, {id: list(items) for id, items in stated.items()})
    for item in store.evidence_of(sorted(held)) if held else ():
        where[item.fact_id].append(item)
    evidence: list[Evidence] = []
    links: list[Supersession] = []
    revisions: list[Revision] = []
    done: dict[str, Operation] = {}
    same: dict[str, str] = {}
    for new, known, how in pairs:
        is_more = how is Retelling.MORE
        operation = Operation.UPDATE if is_more else Operation.NOOP
        by, of = (new, known) if is_more else (known, new)
        reason = str(Reason(operation, how.value, by.text))
        links.append(Supersession(newer_id=by.id, older_id=of.id, reason=reason))
        revisions.append(
            Revision(operation=operation, rule=how.value, fact_id=of.id, by=by.id, reason=by.text)
        )
        # Whatever tells more tells that too; of two in other words, the known one is believed.
        told, of_it = (known, new) if how is not Retelling.LESS else (new, known)
        evidence += [i.model_copy(update={"fact_id": told.id}) for i in where[of_it.id]]
        if how is Retelling.SAME:
            facts[new.id] = new.model_copy(update={"retired_at": new.recorded_at})
            same[new.id] = known.id
        done[new.id] = max(operation, done.get(new.id, operation), key=_STRENGTH.index)
    again = {pair.known.id for pair in pairs} - facts.keys()
    return Retold(
        changes.model_copy(
            update={
                "facts": tuple(facts.values()),
                "evidence": (*changes.evidence, *dict.fromkeys(evidence)),
                "discourse": tuple(linked_as(changes.discourse, same)),
                "supersessions": (*changes.supersessions, *links),
                "reinforced": tuple(sorted({*changes.reinforced, *again})),
            }
        ),
        tuple(revisions),
        done,
    )


_STRENGTH: Final = (Operation.NOOP, Operation.UPDATE)


def _known_like(
    store: GraphStore,
    fresh: Sequence[Telling],
    names: Mapping[str, str],
    states: States,
    *,
    most: int,
) -> list[Telling]:
    """Believed facts that may be told again by these, each found by the rarest name in it."""
    named = {
        each.fact.id: [id for id in each.form.core if names[id][:1].isupper()] for each in fresh
    }
    where = store.passages_naming(sorted({id for ids in named.values() for id in ids}), limit=most)
    wanted: dict[str, None] = {}
    predicates: set[str] = set()
    for fact, form, _ in fresh:
        counts = {id: len(where.get(id, ())) for id in named[fact.id]}
        rarest = min(counts, key=lambda id: counts[id])
        if counts[rarest] == most:
            # The one in the most words is the rarest, as far as can be told without looking.
            things = [id for id in form.core if id not in counts]
            rarest = max(things, key=lambda id: (len(names.get(id, "")), id), default="")
        if rarest:
            wanted[rarest] = None
            predicates |= spellings(fact)
    if not wanted:
        return []
    found = store.facts_with(list(wanted), predicates=sorted(predicates))
    ids = list(dict.fromkeys(id for held in found.values() for id in held))
    facts = [
        fact
        for fact in store.facts(ids).values()
        if fact.retired_at is None and fact.attribution != DERIVED
    ]
    missing = {m.entity_id for fact in facts for m in fact.members} - names.keys()
    known = {**names, **{id: e.name for id, e in store.entities(sorted(missing)).items()}}
    plain = [fact for fact in facts if not readings_of(fact, states, known)]
    return _tellings(plain, known, _days_of(store, [fact.id for fact in plain]))


def _tellings(
    facts: Iterable[Fact], names: Mapping[str, str], days: Mapping[str, frozenset[date]]
) -> list[Telling]:
    return [
        Telling(fact, form, days.get(fact.id, frozenset()))
        for fact in facts
        if (form := form_of(fact, names)) is not None
    ]


def _days_in(changes: ChangeSet) -> dict[str, frozenset[date]]:
    """The days on which the statements of a batch were told."""
    episodes = {episode.id: episode.occurred_at for episode in changes.episodes}
    said = {p.id: p.occurred_at or episodes.get(p.episode_id) for p in changes.passages}
    return _days(changes.evidence, said)


def _days_of(store: GraphStore, fact_ids: Sequence[str]) -> dict[str, frozenset[date]]:
    """The days on which known facts were told."""
    evidence = store.evidence_of(fact_ids)
    passages = store.passages(sorted({item.passage_id for item in evidence}))
    episodes = store.episodes(sorted({passage.episode_id for passage in passages.values()}))
    said = {
        id: passage.occurred_at or episodes[passage.episode_id].occurred_at
        for id, passage in passages.items()
    }
    return _days(evidence, said)


def _days(
    evidence: Iterable[Evidence], said: Mapping[str, datetime | None]
) -> dict[str, frozenset[date]]:
    found: defaultdict[str, set[date]] = defaultdict(set)
    for item in evidence:
        at = said.get(item.passage_id)
        if at is not None:
            found[item.fact_id].add(at.date())
    return {id: frozenset(days) for id, days in found.items()}
