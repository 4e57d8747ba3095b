"""A timeline from facts: what says the same is one entry, in the order in which it held.

Values in, values out: whoever calls has fetched the facts, where they are told and what links them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from graphmem.graph.threads import DERIVED, Thread
from graphmem.model.history import ends_other, is_version, retelling_of
from graphmem.model.knowledge import DiscourseLink, Fact, FactKind, Sense, Supersession
from graphmem.model.time import Interval
from graphmem.model.timeline import Entry, Place, Tie, Way

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_WAYS: Final[Mapping[Sense, tuple[Way, Way]]] = {
    Sense.CAUSE: (Way.SO, Way.BECAUSE),
    Sense.PURPOSE: (Way.SERVES, Way.IN_ORDER_TO),
    Sense.CONDITION: (Way.MAKES_POSSIBLE, Way.IF),
    Sense.CONTRAST: (Way.BUT, Way.BUT),
    Sense.ELABORATION: (Way.ELABORATES, Way.ELABORATED),
    Sense.PRECEDES: (Way.BEFORE, Way.AFTER),
    Sense.SYNCHRONOUS: (Way.WHILE, Way.WHILE),
    Sense.CONJUNCTION: (Way.AND, Way.AND),
    Sense.ANSWER: (Way.ANSWERS, Way.ANSWERED),
    Sense.PREMISE: (Way.IMPLIES, Way.FOLLOWS_FROM),
}
"""How the source of a link stands to its target, and the target to the source."""
_THREADS: Final[Mapping[str, tuple[Way, Way]]] = {
    Thread.EXTENSION: (Way.EXTENDS, Way.EXTENDED),
    Thread.TRANSFORMATION: (Way.CHANGES, Way.CHANGED),
    Thread.IMPLICATION: (Way.FULFILS, Way.FULFILLED),
}
"""How the later fact of two sessions stands to the earlier one, and the earlier to the later."""


@dataclass(frozen=True, slots=True)
class Told:
    """Facts, where each is told, and what links them.

    Links may end at facts outside of `facts`, whose words are in `texts`. `one` has the id that
    stands for all entities held to be one with an id, where that is another.
    """

    facts: Sequence[Fact]
    places: Mapping[str, Sequence[Place]]
    links: Sequence[DiscourseLink] = ()
    supersessions: Sequence[Supersession] = ()
    one: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def entries_of(told: Told) -> list[Entry]:
    """The facts as entries, in order: by valid time, then by when they were told, undated last.

    Facts that say the same of the same members are one entry, unless both are dated apart. The one
    that is dated the closest stands for them. What is told in more detail by those of one entry
    only is in that too.
    """
    superseded = {
        pair.older_id: pair
        for pair in told.supersessions
        if is_version(pair.reason) or ends_other(pair.reason)
    }
    ties = _ties(told)
    entries = []
    for group in _folded(told):
        ids = [fact.id for fact in group]
        places = sorted(
            {place for id in ids for place in told.places.get(id, ())}, key=_order_of_place
        )
        entries.append(
            _entry(
                group[0],
                folded=tuple(ids[1:]),
                places=tuple(places),
                ties=tuple(
                    dict.fromkeys(t for id in ids for t in ties[id] if t.fact_id not in ids)
                ),
                ending=next((superseded[id] for id in ids if id in superseded), None),
                one=told.one,
            )
        )
    return sorted(entries, key=order)


def order(entry: Entry) -> tuple[bool, datetime, datetime, tuple[object, ...]]:
    """What entries are ordered by."""
    place = (entry.places[0].source, entry.places[0].start) if entry.places else ("", 0)
    return entry.at is None, entry.at or _LAST, entry.said_at or _LAST, (*place, entry.text)


def within(entries: Iterable[Entry], span: Interval) -> list[Entry]:
    """Those that held, or if that is not known were told, in the span; undated ones are left out.

    Who is still married since 2010 is so in 2015; what has no end and happened, is in its start.
    """
    return [entry for entry in entries if _reaches(entry, span)]


def _reaches(entry: Entry, span: Interval) -> bool:
    if entry.is_dated:
        return entry.valid.overlaps(span)
    return entry.said_at is not None and span.contains(entry.said_at)


def _folded(told: Told) -> list[list[Fact]]:
    """Facts that say the same together, the best dated of each first."""
    same: defaultdict[tuple[object, ...], list[list[Fact]]] = defaultdict(list)
    for fact in sorted(told.facts, key=_vagueness):
        groups = same[_meaning(fact, told.one)]
        for group in groups:
            if _agree(group[0], fact, told.places):
                group.append(fact)
                break
        else:
            groups.append([fact])
    return _with_less([group for groups in same.values() for group in groups], told)


def _with_less(groups: Sequence[list[Fact]], told: Told) -> list[list[Fact]]:
    """The groups, with those in another one that it alone tells in more detail."""
    of = {fact.id: at for at, group in enumerate(groups) for fact in group}
    more: defaultdict[int, set[int]] = defaultdict(set)
    for pair in told.supersessions:
        if retelling_of(pair.reason) and pair.newer_id in of and pair.older_id in of:
            more[of[pair.older_id]].add(of[pair.newer_id])
    into: dict[int, int] = {}

    def whole(at: int) -> int:
        while at in into:
            at = into[at]
        return at

    # Who is told more by fewer is looked at first, so that what these are in is known.
    for at in sorted(more, key=lambda at: (len(more[at]), at)):
        wholes = {whole(other) for other in more[at]} - {at}
        if len(wholes) == 1:
            into[at] = wholes.pop()
    found = [list(group) for group in groups]
    for at in into:
        found[whole(at)] += groups[at]
    return [group for at, group in enumerate(found) if at not in into]


def _meaning(fact: Fact, one: Mapping[str, str]) -> tuple[object, ...]:
    """What two facts share that say the same, leaving aside when."""
    members = sorted(
        (member.role, one.get(member.entity_id, member.entity_id))
        for member in fact.members
        if member.role != "time"
    )
    return (
        *(fact.predicate, fact.polarity, fact.modality, fact.attribution),
        *(fact.retired_at is None, *members),
    )


def _vagueness(fact: Fact) -> tuple[float, datetime, str]:
    start, end = fact.valid_from, fact.valid_to
    width = (end - start).total_seconds() if start and end else float("inf")
    return width + (start is None and end is None), start or end or _LAST, fact.id


def _agree(dated: Fact, other: Fact, places: Mapping[str, Sequence[Place]]) -> bool:
    """Whether two facts of one meaning can be the same: they share a moment, or one has no time.

    What happened and is told without a time on another day may have happened again; what was so
    until some time is not what is so at no known time.
    """
    if other.valid_from is not None or other.valid_to is not None:
        return dated.valid.overlaps(other.valid)
    if dated.valid_to is not None and other.kind is not FactKind.EVENT:
        return False
    days, on = (
        {place.occurred_at.date() for place in places.get(fact.id, ()) if place.occurred_at}
        for fact in (dated, other)
    )
    return other.kind is not FactKind.EVENT or not days or not on or not days.isdisjoint(on)


def _ties(told: Told) -> Mapping[str, list[Tie]]:
    texts = {**told.texts, **{fact.id: fact.text for fact in told.facts}}
    ties: defaultdict[str, list[Tie]] = defaultdict(list)
    for link in told.links:
        ways = _THREADS.get(link.connective) if link.passage_id is None else None
        if ways is not None and link.sense is Sense.PRECEDES:
            ways = ways[::-1]  # the earlier one is the source there
        of_source, of_target = ways or _WAYS[link.sense]
        for here, there, way in (
            (link.source_id, link.target_id, of_source),
            (link.target_id, link.source_id, of_target),
        ):
            if there in texts:
                words = "" if ways else link.connective
                ties[here].append(Tie(way=way, fact_id=there, text=texts[there], connective=words))
    return ties


def _entry(
    fact: Fact,
    *,
    folded: tuple[str, ...],
    places: tuple[Place, ...],
    ties: tuple[Tie, ...],
    ending: Supersession | None,
    one: Mapping[str, str],
) -> Entry:
    return Entry(
        fact_id=fact.id,
        text=fact.text,
        predicate=fact.predicate,
        kind=fact.kind,
        modality=fact.modality,
        polarity=fact.polarity,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        precision=fact.precision,
        said_at=min((p.occurred_at for p in places if p.occurred_at), default=None),
        recorded_at=fact.recorded_at,
        retired_at=fact.retired_at,
        superseded_by=ending.newer_id if ending else None,
        reason=ending.reason if ending else "",
        derived=fact.attribution == DERIVED,
        entity_ids=tuple(dict.fromkeys(one.get(m.entity_id, m.entity_id) for m in fact.members)),
        places=places,
        ties=ties,
        folded=folded,
    )


def _order_of_place(place: Place) -> tuple[datetime, str, int]:
    return place.occurred_at or _LAST, place.source, place.start
