"""Trying revision out: what texts, told one after another, do to what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from graphmem.evaluation.revision import Case, Told
from graphmem.model.change import Neighbourhood, Operation
from graphmem.model.extraction import Extraction
from graphmem.model.source import Episode, Passage, SourceItem
from graphmem.ports.models import Extractor
from graphmem.ports.store import GraphStore
from graphmem.resolve.entities import referred_entities
from graphmem.resolve.resolve import resolve
from graphmem.resolve.states import States
from graphmem.segment.segment import contexts_of, segment
from graphmem.stages.revising import revise

_START = datetime(2026, 1, 1, tzinfo=UTC)
_STRENGTH = (
    Operation.RETIRE,
    Operation.SUPERSEDE,
    Operation.UPDATE,
    Operation.ADD,
    Operation.NOOP,
)


def operations_of(
    cases: Sequence[Case], *, extractor: Extractor, store: GraphStore, states: States
) -> list[Operation]:
    """What the last text of each case does: the strongest of what its statements do.

    Each case has a namespace of its own in `store`, which is to be empty.
    """
    found = []
    for number, case in enumerate(cases):
        namespace = f"case {number}"
        done: set[Operation] = set()
        for minute, told in enumerate((*case.known, case.new)):
            done = _tell(store, told, namespace, minute, extractor=extractor, states=states)
        found.append(next((op for op in _STRENGTH if op in done), Operation.NOOP))
    return found


def _tell(
    store: GraphStore,
    told: Told,
    namespace: str,
    minute: int,
    *,
    extractor: Extractor,
    states: States,
) -> set[Operation]:
    now = _START + timedelta(minutes=minute)
    item = SourceItem(
        source=f"text {minute}", text=told.text, occurred_at=told.at, trust=told.trust
    )
    episode, passages = segment(item, namespace=namespace, recorded_at=now, depth=extractor.depth)
    extractions = _read(extractor, episode, passages)
    known = store.entities(referred_entities(extractions, namespace=namespace))
    changes = resolve(
        [episode],
        passages,
        extractions,
        namespace=namespace,
        recorded_at=now,
        known=Neighbourhood(entities=known),
        states=states,
    )
    revised = revise(store, changes, states=states, same=lambda id: [id], now=now)
    store.apply(revised.changes)
    return {operation for operation, count in revised.operations.items() if count}


def _read(extractor: Extractor, episode: Episode, passages: Sequence[Passage]) -> list[Extraction]:
    return extractor.extract(contexts_of([episode], passages))
