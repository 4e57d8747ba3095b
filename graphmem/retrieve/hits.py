"""Hits: ranked passages with what they state, all of it read from the index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

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
    return [
        _hit(index, ranking, position, _stated(index, places[first:last], shared[first:last]))
        for position, (first, last) in enumerate(pairwise(bounds))
    ]


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
            valid_from=None if valid_from == OPEN_START else from_micros(valid_from),
            valid_to=None if valid_to == OPEN_END else from_micros(valid_to),
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


def _hit(index: PassageIndex, ranking: Ranking, position: int, facts: tuple[FactView, ...]) -> Hit:
    row, passages = int(ranking.rows[position]), index.passages
    occurred = int(passages.occurred_at[row])
    attributes = passages.attributes[row]
    return Hit(
        id=passages.ids[row],
        rank=position + 1,
        score=float(ranking.scores[position]),
        text=passages.texts[row],
        title=passages.titles[row],
        source=passages.sources[row],
        start=int(passages.starts[row]),
        end=int(passages.ends[row]),
        speaker=passages.speakers[row] or None,
        session=passages.sessions[row] or None,
        occurred_at=None if occurred == OPEN_START else from_micros(occurred),
        external_id=passages.external_ids[row] or None,
        attributes=json.loads(attributes) if attributes else {},
        facts=facts,
        note=ranking.note,
    )
