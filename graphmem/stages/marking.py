"""What of recalled passages is superseded: statements that a newer one ended or corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from graphmem.model.history import ends_other
from graphmem.model.retrieval import FactView, Hit, Query
from graphmem.ports.store import GraphStore
from graphmem.retrieve.filters import fact_holds
from graphmem.stages.standing import standing


def with_superseded(store: GraphStore, hits: Sequence[Hit], query: Query) -> list[Hit]:
    """The hits, with the facts in them that a fact believed now supersedes told as that.

    Those that are not believed any more are among them: their words still stand in the passage.
    """
    evidence = store.evidence_in(list(dict.fromkeys(hit.id for hit in hits)))
    stated = {item.fact_id for item in evidence}
    newer_of = {
        link.older_id: link.newer_id
        for link in store.supersessions_of(sorted(stated))
        if link.older_id in stated and ends_other(link.reason)
    }
    if not newer_of:
        return list(hits)
    newer = standing(store, set(newer_of.values()), lambda fact: fact_holds(fact, query))
    facts = store.facts(list(newer_of), members=False)
    said = {older: newer[id].text for older, id in newer_of.items() if id in newer}
    outdated: defaultdict[str, list[FactView]] = defaultdict(list)
    for item in evidence:
        fact = facts.get(item.fact_id)
        if fact is not None and item.fact_id in said:
            view = FactView(
                id=fact.id,
                text=fact.text,
                valid_from=fact.valid_from,
                valid_to=fact.valid_to,
                start=item.start,
                end=item.end,
                superseded_by=said[item.fact_id],
            )
            outdated[item.passage_id].append(view)
    return [_marked(hit, outdated[hit.id]) if hit.id in outdated else hit for hit in hits]


def _marked(hit: Hit, outdated: Sequence[FactView]) -> Hit:
    told = {(view.id, view.start) for view in outdated}
    kept = [view for view in hit.facts if (view.id, view.start) not in told]
    return hit.model_copy(update={"facts": (*kept, *outdated)})
