"""Facts of the store that a query asks for: when they held, what they are and who said them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from graphmem.model.knowledge import Fact
from graphmem.model.retrieval import Query
from graphmem.ports.store import GraphStore
from graphmem.retrieve.filters import fact_holds


def holding(store: GraphStore, facts: Iterable[Fact], query: Query) -> list[Fact]:
    """Those that are believed and valid when the query asks, and that its filter of facts keeps."""
    wanted = query.where.fact
    kept = [fact for fact in facts if fact_holds(fact, query)]
    if wanted is None:
        return kept
    kept = [fact for fact in kept if wanted.fits(fact)]
    if wanted.speaker is None:
        return kept
    said = _speakers(store, [fact.id for fact in kept])
    return [fact for fact in kept if wanted.speaker in said.get(fact.id, ())]


def _speakers(store: GraphStore, fact_ids: Sequence[str]) -> Mapping[str, set[str]]:
    evidence = store.evidence_of(fact_ids)
    passages = store.passages(list({item.passage_id for item in evidence}))
    said: defaultdict[str, set[str]] = defaultdict(set)
    for item in evidence:
        passage = passages.get(item.passage_id)
        if passage is not None and passage.speaker is not None:
            said[item.fact_id].add(passage.speaker)
    return said
