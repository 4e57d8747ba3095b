"""Hits: ranked passages with what they state, all of it read from the index."""

from __future__ import annotations

import json
from collections.abc import Sequence

from graphmem.graph.snapshot import OPEN_END, OPEN_START
from graphmem.index.lexical import content_stems
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Ints
from graphmem.model.retrieval import FactView, Hit, Query
from graphmem.model.time import from_micros
from graphmem.retrieve.filters import allowed_facts
from graphmem.retrieve.pool import Ranking

FACTS_PER_HIT = 8


def hits_of(index: PassageIndex, ranking: Ranking, query: Query) -> list[Hit]:
    """The hits of a ranking, each with the facts that hold for the query."""
    asked = content_stems(query.text)
    return [
        _hit(index, ranking, position, tuple(_stated(index, int(row), query, asked)))
        for position, row in enumerate(ranking.rows)
    ]


def most_alike(texts: Sequence[str], asked: set[str], n: int) -> list[int]:
    """Positions of the `n` texts that share most content words with what is asked, best first;
    ties in the order given."""
    shared = [len(asked & content_stems(text)) for text in texts]
    return sorted(range(len(texts)), key=lambda position: -shared[position])[:n]


def _stated(index: PassageIndex, row: int, query: Query, asked: set[str]) -> list[FactView]:
    """Facts of a passage, those that share most words with the question first."""
    facts, places = index.facts, _evidence(index, row, query)
    stating = facts.evidence_facts[places].tolist()
    texts = [facts.texts[fact] for fact in stating]
    views = []
    for position in most_alike(texts, asked, FACTS_PER_HIT):
        fact, place = stating[position], int(places[position])
        valid_from, valid_to = int(facts.valid_from[fact]), int(facts.valid_to[fact])
        views.append(
            FactView(
                id=facts.ids[fact],
                text=texts[position],
                valid_from=None if valid_from == OPEN_START else from_micros(valid_from),
                valid_to=None if valid_to == OPEN_END else from_micros(valid_to),
                start=int(facts.evidence_starts[place]),
                end=int(facts.evidence_ends[place]),
            )
        )
    return views


def _evidence(index: PassageIndex, row: int, query: Query) -> Ints:
    """Entries of the evidence of a passage's facts that hold for the query, in its order."""
    indptr, order = index.evidence_by_passage
    places = order[indptr[row] : indptr[row + 1]]
    return places[allowed_facts(index, query, index.facts.evidence_facts[places])]


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
