"""Broad questions to one namespace: what the tree, the communities and graph mode find together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from graphmem.context.fence import citation_of
from graphmem.context.summarise import METHOD
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.bm25 import score as bm25
from graphmem.kernels.text import words
from graphmem.model.retrieval import Citation, Hit, Mode, Query
from graphmem.model.summary import Community, Overview, Portrait, Summary
from graphmem.retrieve.broad import Broad, Layer, descend, is_broad, rank_broadly, topic_of
from graphmem.retrieve.filters import allowed_passages
from graphmem.stages.reading import Reading
from graphmem.stages.summarising import Summarising

Node = Portrait | Summary | Community
_POOL: Final = 100
"""Passages of graph mode that are weighed."""
_SUMMARIES: Final = 4
_FEW: Final = 10
_LARGEST: Final = 0.5
"""The share of all passages from which a node is too general to answer from, unless all are."""


def asks_broadly(query: Query) -> bool:
    """Whether the tree is to be asked too; costs microseconds."""
    return query.mode == Mode.GRAPH and is_broad(query.text)


def search_broadly(reading: Reading, summarising: Summarising, query: Query) -> list[Hit]:
    """The passages that answer a broad question, best first."""
    found = _found(reading, summarising, query)
    compared = ", ".join(found.weights) or "what speaks for all that is held"
    return [
        hit.model_copy(
            update={
                "rank": place,
                "score": found.passages[hit.id],
                "note": f"asked broadly, of {compared}",
            }
        )
        for place, hit in enumerate(reading.hits_of(list(found.passages), query), 1)
    ]


def overview(
    reading: Reading,
    summarising: Summarising,
    query: Query,
    *,
    portraits: Sequence[Portrait] = (),
) -> Overview:
    """Portraits and summaries that answer a broad question, their texts of what is there now.

    Sentences whose sources the query's filters and times leave out are left out.
    """
    found = _found(reading, summarising, query)
    told, done = summarising.told(found.units)
    shown = [
        left
        for node in (*portraits, *told)
        if (left := _restricted(node, found.visible)) is not None
    ]
    return Overview(
        question=query.text,
        summaries=tuple(shown),
        citations=cited(reading, shown, query),
        passages=tuple(found.passages),
        weights=found.weights,
        dropped=done.dropped,
    )


def cited(reading: Reading, nodes: Sequence[Node], query: Query) -> tuple[Citation, ...]:
    """Where the sources of summaries stand: a citation for each passage, in the order of the
    sentences; `start` and `end` are of what the first of them says."""
    first = {source.passage_id: source for node in reversed(nodes) for source in node.sources[::-1]}
    order = dict.fromkeys(source.passage_id for node in nodes for source in node.sources)
    hits = {hit.id: hit for hit in reading.hits_of(list(order), query)}
    return tuple(
        citation_of(
            hits[id_].model_copy(
                update={
                    "start": hits[id_].start + first[id_].start,
                    "end": hits[id_].start + first[id_].end,
                }
            ),
            number,
        )
        for number, id_ in enumerate((id_ for id_ in order if id_ in hits), 1)
    )


def broad_evidence(reading: Reading, summarising: Summarising, query: Query) -> list[Hit]:
    """What a context for a broad question is put together from, best first.

    Sentences that a model wrote come first; those that summaries have of a passage stand before it.
    """
    found = overview(reading, summarising, query.model_copy(update={"k": max(query.k, _POOL)}))
    told = [(node, source) for node in found.summaries for source in node.sources]
    hits = {
        hit.id: hit
        for hit in reading.hits_of(
            list(dict.fromkeys([*(s.passage_id for _, s in told), *found.passages])), query
        )
    }
    before: list[Hit] = []
    beside: defaultdict[str, dict[int, Hit]] = defaultdict(dict)
    for node, source in told:
        if source.passage_id not in hits:
            continue
        said = _said(hits[source.passage_id], node, source.sentence, source.start, source.end)
        if node.method == METHOD:
            beside[source.passage_id][source.start] = said
        elif said.text not in {other.text for other in before}:
            before.append(said)
    return [
        *before,
        *(
            hit
            for id_ in found.passages
            if id_ in hits
            for hit in (*beside[id_].values(), hits[id_])
        ),
    ]


def _said(hit: Hit, node: Node, sentence: int, start: int, end: int) -> Hit:
    """A sentence of a summary as an item that cites its passage."""
    span = {"start": hit.start + start, "end": hit.start + end}
    if node.method == METHOD:
        return hit.model_copy(update={**span, "text": hit.text[start:end], "facts": ()})
    text = node.text.split("\n")[sentence]
    title = f"Summary: {node.name}"
    return hit.model_copy(
        update={**span, "text": text, "title": title, "speaker": None, "facts": ()}
    )


class _Found(NamedTuple):
    """Passages best first with their scores, weights of granularities, ids of the summaries to
    answer from, and of all passages that the query allows."""

    passages: Mapping[str, float]
    weights: Mapping[str, float]
    units: list[str]
    visible: Collection[str]


def _found(reading: Reading, summarising: Summarising, query: Query) -> _Found:
    index = reading.index()
    rows = np.flatnonzero(allowed_passages(index, query)) if len(index) else np.empty(0, np.int64)
    visible = {index.passages.ids[int(row)] for row in rows}
    if not visible:
        return _Found({}, {}, [], visible)
    topic = topic_of(query.text)
    if not topic:
        spoken, units = summarising.speakers(query.k, units=_SUMMARIES)
        passages = {id_: 1.0 / place for place, id_ in enumerate(spoken, 1) if id_ in visible}
        return _Found(passages, {}, units, visible)
    ranked = reading.search(query.model_copy(update={"k": _POOL}), explain=False, rerank=False)
    row_of = index.passages.ids.row_of
    layers, unit_ids = summarising.layers()
    vector = reading.embedded(topic)
    depths = [layer for layer in layers if layer.above is not None]
    broad = rank_broadly(
        vector,
        index.vectors,
        bm25(index.lexical.postings, index.words.query_terms(words(topic))),
        [*layers, *([descend(vector, depths)] if depths else ())],
        np.array([row_of[hit.id] for hit in ranked if hit.id in row_of], np.int64),
        allowed=rows,
        k=query.k,
    )
    ids = [index.passages.ids[int(row)] for row in broad.rows]
    return _Found(
        dict(zip(ids, map(float, broad.scores), strict=True)),
        broad.weights,
        # A small memory has no part that is not nearly all of it.
        _best_units(index, broad, layers, unit_ids) or summarising.speakers(1, units=1)[1],
        visible,
    )


def _best_units(
    index: PassageIndex,
    broad: Broad,
    layers: list[Layer],
    unit_ids: dict[str, list[str]],
) -> list[str]:
    """The units that hold most of what was found best, of all granularities at once; what one
    holds counts for no other."""
    value = np.zeros(len(index))
    value[broad.rows] = 1.0 / (1.0 + np.arange(len(broad.rows)))
    chosen: list[str] = []
    while len(chosen) < _SUMMARIES:
        best: tuple[float, Layer, int] | None = None
        for layer in layers:
            n = len(layer.vectors)
            sizes = np.bincount(layer.owners, minlength=n)
            held = np.bincount(layer.owners, weights=value[layer.members], minlength=n)
            several = np.bincount(layer.owners, weights=value[layer.members] > 0, minlength=n) > 1
            fits = several & (sizes <= max(_FEW, _LARGEST * len(index)))
            shares = np.where(fits, held / np.sqrt(np.maximum(sizes, 1)), 0.0)
            unit = int(np.argmax(shares))
            if shares[unit] > (best[0] if best else 0.0):
                best = float(shares[unit]), layer, unit
        if best is None:
            break
        _, layer, unit = best
        chosen.append(unit_ids[layer.name][unit])
        value[layer.members[layer.owners == unit]] = 0.0
    return chosen


def _restricted(node: Node, visible: Collection[str]) -> Node | None:
    """The node without sentences of passages that may not be seen; ``None`` if none is left.

    What a model wrote may be of all that it cites; each place that states a fact does so by itself.
    """
    unseen = [s for s in node.sources if s.passage_id not in visible]
    hidden = {s.sentence for s in unseen}
    if node.method == METHOD:
        hidden -= {s.sentence for s in node.sources if s.passage_id in visible}
    if not unseen:
        return node if node.text else None
    lines = node.text.split("\n")
    kept = [place for place in range(len(lines)) if place not in hidden]
    if not kept:
        return None
    place_of = {sentence: place for place, sentence in enumerate(kept)}
    return node.model_copy(
        update={
            "text": "\n".join(lines[place] for place in kept),
            "sources": tuple(
                s.model_copy(update={"sentence": place_of[s.sentence]})
                for s in node.sources
                if s.sentence in place_of and s.passage_id in visible
            ),
        }
    )
