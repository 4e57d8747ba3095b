"""The history of a statement: when it was stated, what it was believed to be, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from graphmem.errors import NotFoundError
from graphmem.model.change import Operation
from graphmem.model.history import UNDONE, Effect, Event, History, Reason, Retelling, reason_of
from graphmem.model.knowledge import Fact, Supersession
from graphmem.ports.store import GraphStore


def history_of(store: GraphStore, fact_id: str) -> History:
    """What became of a statement, by its id or that of any of its beliefs.

    Raises
    ------
    NotFoundError
        The memory holds no such fact.
    """
    root = statement_of(store, fact_id)
    links = store.supersessions_of([root])
    family = [root, *(link.newer_id for link in _versions(links, root))]
    links = store.supersessions_of(family)
    others = {id for link in links for id in (link.newer_id, link.older_id)}
    facts = store.facts(sorted({*family, *others}))
    held = sorted((facts[id] for id in family), key=lambda f: (f.recorded_at, f.id != root, f.id))
    acted = [(link, reason) for link in links if (reason := reason_of(link.reason))]
    events = [
        *_statements(store, root),
        *_beliefs(facts, acted, family),
        *_details(facts, acted, family),
        *_retirements(facts, acted, family, root),
        *_undone(facts, links, root),
    ]
    return History(
        statement=facts[root],
        beliefs=tuple(f for f in held if f.retired_at is None or f.retired_at > f.recorded_at),
        events=tuple(sorted(events, key=lambda event: event.at)),
        effects=tuple(
            Effect(
                operation=reason.operation,
                rule=reason.rule,
                fact_id=link.older_id,
                text=facts[link.older_id].text,
            )
            for link, reason in acted
            if link.newer_id in family and link.older_id not in family
        ),
    )


def statement_of(store: GraphStore, fact_id: str) -> str:
    """The id of the statement that a fact is a version of, or its own."""
    if not store.facts([fact_id], members=False):
        raise NotFoundError(
            f"The memory holds no fact {fact_id!r}",
            remedy="`graphmem search --json` shows the ids of facts",
        )
    for link in store.supersessions_of([fact_id]):
        reason = reason_of(link.reason)
        if link.newer_id == fact_id and reason and reason.is_version:
            return link.older_id
    return fact_id


def _versions(links: Iterable[Supersession], root: str) -> list[Supersession]:
    return [
        link
        for link in links
        if link.older_id == root and (reason := reason_of(link.reason)) and reason.is_version
    ]


def _statements(store: GraphStore, root: str) -> list[Event]:
    """When it was stated, and where: first, and again."""
    found: dict[tuple[datetime, str], None] = {}
    passages = store.passages([item.passage_id for item in store.evidence_of([root])])
    episodes = store.episodes([passage.episode_id for passage in passages.values()])
    for episode in sorted(episodes.values(), key=lambda e: (e.recorded_at, e.id)):
        found.setdefault((episode.recorded_at, episode.source))
    return [
        Event(
            at=at,
            operation=Operation.NOOP if position else Operation.ADD,
            rule="stated again" if position else "stated",
            source=source,
        )
        for position, (at, source) in enumerate(found)
    ]


Acted = Sequence[tuple[Supersession, Reason]]


def _beliefs(facts: dict[str, Fact], acted: Acted, family: Sequence[str]) -> Iterable[Event]:
    """When it came to be believed with another valid time."""
    for link, reason in acted:
        if link.newer_id not in family or not reason.is_version:
            continue
        belief = facts[link.newer_id]
        by = [
            other.newer_id
            for other, why in acted
            if other.older_id == belief.id and (why.rule, why.why) == (reason.rule, reason.why)
        ]
        yield Event(
            at=belief.recorded_at,
            operation=reason.operation,
            rule=reason.rule,
            reason=reason.why,
            by=by[0] if by else None,
            belief=belief,
        )


def _details(facts: dict[str, Fact], acted: Acted, family: Sequence[str]) -> Iterable[Event]:
    """Who said the same: more of it, or what was known of it already."""
    for link, reason in acted:
        is_detail = reason.rule.endswith("detailed") or reason.rule in set(Retelling)
        if is_detail and link.older_id in family and link.newer_id not in family:
            yield Event(
                at=max(facts[link.newer_id].recorded_at, facts[link.older_id].recorded_at),
                operation=reason.operation,
                rule=reason.rule,
                reason=reason.why,
                by=link.newer_id,
            )


def _retirements(
    facts: dict[str, Fact], acted: Acted, family: Sequence[str], root: str
) -> Iterable[Event]:
    """When it came to be believed no longer, with nothing in its place."""
    begun = {facts[id].recorded_at for id in family if id != root}
    ended = {at for id in family if (at := facts[id].retired_at) is not None}
    for at in sorted(ended - begun):
        by = [
            (link.newer_id, reason)
            for link, reason in acted
            if link.older_id in family and reason.operation is Operation.RETIRE
        ]
        by = [(id, reason) for id, reason in by if facts[id].recorded_at <= at]
        if by:
            id, reason = by[-1]
            yield Event(
                at=at, operation=Operation.RETIRE, rule=reason.rule, reason=reason.why, by=id
            )
        else:
            yield Event(at=at, operation=Operation.RETIRE, rule="what states it was retired")


def _undone(facts: dict[str, Fact], links: Iterable[Supersession], root: str) -> Iterable[Event]:
    """Which acts upon it were taken back by hand."""
    for link in links:
        if link.newer_id == root and link.reason.startswith(UNDONE):
            at = datetime.fromisoformat(link.reason.removeprefix(UNDONE).strip())
            yield Event(
                at=at,
                operation=Operation.UPDATE,
                rule="undone by hand",
                reason=facts[link.older_id].text,
                by=link.older_id,
            )
