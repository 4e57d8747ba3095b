"""Which facts stand for statements, in what a query takes to be known."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from graphmem.model.history import is_version
from graphmem.model.knowledge import Fact
from graphmem.model.retrieval import Query
from graphmem.ports.store import GraphStore


def standing(
    store: GraphStore, fact_ids: Collection[str], is_kept: Callable[[Fact], bool]
) -> dict[str, Fact]:
    """By the ids of statements, the version of each that is kept, or itself: the last recorded.

    Those of which neither is kept are left out.
    """
    wanted = set(fact_ids)
    versions = [
        (link.older_id, link.newer_id)
        for link in (store.supersessions_of(sorted(wanted)) if wanted else ())
        if link.older_id in wanted and is_version(link.reason)
    ]
    of = [*((id, id) for id in sorted(wanted)), *versions]
    facts = store.facts(sorted({id for _, id in of}), members=False)
    kept = [(root, facts[id]) for root, id in of if id in facts and is_kept(facts[id])]
    return dict(sorted(kept, key=lambda each: (each[1].recorded_at, each[1].id)))


def as_known(fact: Fact, query: Query) -> Fact:
    """The fact as it was to whoever asked then: what retired it later was not known."""
    known = query.known_in
    end: datetime | None = None if known is None else known.end
    if fact.retired_at is None or end is None or fact.retired_at < end:
        return fact
    return fact.model_copy(update={"retired_at": None})
