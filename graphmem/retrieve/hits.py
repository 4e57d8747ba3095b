"""Hits: ranked passages with what they state, all of it read from the index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from graphmem.graph.snapshot import OPEN_END, OPEN_START
from graphmem.index.lexical import content_stems
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Ints, ragged
from graphmem.model.retrieval import FactView, Hit, Query
from graphmem.model.time import from_micros
from graphmem.retrieve.filters import allowed_facts
from graphmem.retrieve.pool import Ranking

FACTS_PER_HIT = 8


def hits_of(index: PassageIndex, ranking: Ranking, query: Query) -> list[Hit]:
    """The hits of a ranking, each with the facts that hold for the query."""
    indptr, entries = index.evidence_by_passage
    positions, owner = ragged(indptr, ranking.rows)
    places = entries[positions]
    shared = index.fact_stems.shared(content_stems(query.text), ranking.rows)
    holding = allowed_facts(index, query, index.facts.evidence_facts[places])
    bounds = np.searchsorted(owner[holding], np.arange(len(ranking.rows) + 1)).tolist()
    places, shared = places[holding], shared[holding]
    stated = [
        _stated(index, places[first:last], shared[first:last]) for first, last in pairwise(bounds)
    ]
    return _hits(index, ranking, stated)


def most_alike(texts: Sequence[str], asked: set[str], n: int) -> list[int]:
    """Positions of the `n` texts that share most content words with what is asked, best first;
    ties in the order given."""
    shared = [len(asked & content_stems(text)) for text in texts]
    return sorted(range(len(texts)), key=lambda position: -shared[position])[:n]


def _stated(index: PassageIndex, places: Ints, shared: Ints) -> tuple[FactView, ...]:
    """Facts by their entries of evidence, those that share most words with the question first."""
    facts = index.facts
    places = places[np.argsort(-shared, kind="stable")[:FACTS_PER_HIT]]
    rows = facts.evidence_facts[places]
    return tuple(
        FactView(
            id=id_,
            text=text,
            valid_from=_moment(valid_from),
            valid_to=_moment(valid_to),
            start=start,
            end=end,
        )
        for id_, text, valid_from, valid_to, start, end in zip(
            facts.ids.take(rows),
            facts.texts.take(rows),
            facts.valid_from[rows].tolist(),
            facts.valid_to[rows].tolist(),
            facts.evidence_starts[places].tolist(),
            facts.evidence_ends[places].tolist(),
            strict=True,
        )
    )


def _hits(
    index: PassageIndex, ranking: Ranking, stated: Sequence[tuple[FactView, ...]]
) -> list[Hit]:
    """A hit for each row of the ranking, with the facts that it states."""
    passages, rows = index.passages, ranking.rows
    columns: dict[str, Sequence[Any]] = {
        "id": passages.ids.take(rows),
        "rank": range(1, len(rows) + 1),
        "score": ranking.scores.tolist(),
        "text": passages.texts.take(rows),
        "title": passages.titles.take(rows),
        "source": passages.sources.take(rows),
        "start": passages.starts[rows].tolist(),
        "end": passages.ends[rows].tolist(),
        "speaker": [name or None for name in passages.speakers.take(rows)],
        "session": [name or None for name in passages.sessions.take(rows)],
        "occurred_at": [_moment(at) for at in passages.occurred_at[rows].tolist()],
        "external_id": [id_ or None for id_ in passages.external_ids.take(rows)],
        "attributes": [json.loads(held) if held else {} for held in passages.attributes.take(rows)],
        "facts": stated,
    }
    return [
        Hit(**dict(zip(columns, values, strict=True)), note=ranking.note)
        for values in zip(*columns.values(), strict=True)
    ]


def _moment(at: int) -> datetime | None:
    return None if at in (OPEN_START, OPEN_END) else from_micros(at)
