"""Entity profiles as summaries: what lasts of those that a broad question names, from facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from graphmem.context.summarise import METHOD
from graphmem.graph.persona import aspects_of
from graphmem.graph.timeline import entries_of
from graphmem.model.knowledge import Evidence
from graphmem.model.retrieval import Query
from graphmem.model.summary import Portrait, SummarySource
from graphmem.model.timeline import Entry
from graphmem.ports.store import GraphStore
from graphmem.retrieve.broad import topic_of
from graphmem.stages.choosing import holding
from graphmem.stages.known_names import KnownNames
from graphmem.stages.telling import entities_called, gathered, named_in

_MOST: Final = 3
"""Entities that are told of in one answer."""
_MOST_OF_ASPECT: Final = 3
_MOST_SENTENCES: Final = 10


def portraits_of(store: GraphStore, names: KnownNames, query: Query) -> list[Portrait]:
    """What is so, and lasts, of the entities that a broad question names, in its times.

    A sentence is a fact's statement; one that several passages state has them all as sources. Those
    of whom nothing lasting is told are left out.
    """
    topic = topic_of(query.text)
    if not topic:
        return []
    ids = named_in(store, names, topic) or entities_called(store, names, topic)
    standing = names.standing_for(ids)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for id_ in ids:
        groups[standing.get(id_, id_)].append(id_)
    found = [_portrait(store, names, query, own, one) for own, one in sorted(groups.items())]
    told = [portrait for portrait in found if portrait.text]
    return sorted(told, key=lambda portrait: -len(portrait.sources))[:_MOST]


def _portrait(
    store: GraphStore, names: KnownNames, query: Query, own: str, ids: Sequence[str]
) -> Portrait:
    stated = store.facts_with(sorted({own, *ids}))
    facts = store.facts(list(dict.fromkeys(id_ for found in stated.values() for id_ in found)))
    held = holding(store, facts.values(), query)
    aspects = aspects_of(
        entries_of(gathered(store, names, held, query)),
        frozenset({own, *ids}),
        is_of_now=query.as_of is None and query.known_at is None,
    )
    entries = [entry for found in aspects.values() for entry in found[:_MOST_OF_ASPECT]]
    entries = entries[:_MOST_SENTENCES]
    evidence: defaultdict[str, list[Evidence]] = defaultdict(list)
    for item in store.evidence_of([id_ for entry in entries for id_ in _saying(entry)]):
        evidence[item.fact_id].append(item)
    shown = store.entities([own])
    return Portrait(
        id=own,
        name=shown[own].name if own in shown else "",
        text="\n".join(entry.text for entry in entries),
        method=METHOD,
        sources=tuple(
            source for place, entry in enumerate(entries) for source in _of(place, entry, evidence)
        ),
    )


def _saying(entry: Entry) -> tuple[str, ...]:
    """The fact of an entry, and those that say the same."""
    return entry.fact_id, *entry.folded


def _of(
    place: int, entry: Entry, evidence: Mapping[str, Sequence[Evidence]]
) -> list[SummarySource]:
    return [
        SummarySource(
            sentence=place,
            passage_id=item.passage_id,
            start=item.start,
            end=item.end,
            fact_id=item.fact_id,
        )
        for id_ in _saying(entry)
        for item in evidence.get(id_, ())
    ]
