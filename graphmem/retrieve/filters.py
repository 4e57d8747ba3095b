"""What a query allows: filters and both times as a mask over passages and over facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from graphmem.graph.snapshot import OPEN_END, OPEN_START, Category, Facts, Passages
from graphmem.index.names import passages_of
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Doubles, Ints, Mask, Rows
from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import Fact
from graphmem.model.retrieval import Query, has_value
from graphmem.model.source import AttributeValue
from graphmem.model.time import Interval, to_micros

_ALL = slice(None)


def allowed_passages(index: PassageIndex, query: Query) -> Mask:
    """Passages that the query may return, shape (n,).

    With `as_of`, a passage whose facts are all dated, none of them to hold then, is left out.
    """
    passages, where = index.passages, query.where
    mask = believed(passages, query)
    for column, wanted in (
        (passages.sources, where.source),
        (passages.speakers, where.speaker),
        (passages.sessions, where.session),
    ):
        if wanted is not None:
            mask &= column.equal_to(wanted)
    since, until = to_micros(where.since), to_micros(where.until)
    if since is not None:
        mask &= passages.occurred_at >= since
    if until is not None:
        mask &= (passages.occurred_at < until) & (passages.occurred_at != OPEN_START)
    if where.attributes:
        mask &= _having(passages.attributes, where.attributes)
    if where.type is not None:
        mask &= _mentions(index, np.flatnonzero(index.names.types.equal_to(where.type)))
    if where.entity is not None:
        mask &= _mentions(index, _bearing(index, where.entity))
    if where.fact is not None:
        mask &= _stating(index, allowed_facts(index, query))
    if query.as_of is not None:
        mask &= _holds_as_of(index, query)
    return np.asarray(mask)


def allowed_facts(index: PassageIndex, query: Query, rows: Rows | slice = _ALL) -> Mask:
    """Which facts, or which of some `rows`, are believed at `known_at`, valid at `as_of` and of
    the kind that is asked for."""
    facts = index.facts
    mask = believed(facts, query, rows)
    if query.where.fact is not None:
        mask &= index.facts_of(query.where.fact)[rows]
    held = query.held_in
    if held is not None:
        mask &= facts.valid_from[rows] < _micros(held.end)
        mask &= _micros(held.start) < facts.valid_to[rows]
    return np.asarray(mask)


def dated_passages(index: PassageIndex, query: Query) -> Doubles:
    """1 for passages that state a dated fact which holds at `as_of`, else 0; shape (n,)."""
    facts = index.facts
    dated = (facts.valid_from != OPEN_START) | (facts.valid_to != OPEN_END)
    holding = allowed_facts(index, query) & dated
    return _stating(index, holding).astype(np.float64)


def fact_holds(fact: Fact, query: Query) -> bool:
    """Whether one fact, as the store gives it, is believed at `known_at` and valid at `as_of`."""
    held = query.held_in
    return is_believed(fact, query) and (held is None or fact.valid.overlaps(held))


def is_believed(fact: Fact, query: Query) -> bool:
    """As :func:`believed`, for one fact as the store gives it."""
    known = query.known_in
    if known is None:
        return fact.retired_at is None
    return fact.recorded_at != fact.retired_at and (
        Interval(fact.recorded_at, fact.retired_at).overlaps(known)
    )


def believed(table: Passages | Facts, query: Query, rows: Rows | slice = _ALL) -> Mask:
    """What is in the memory at `known_at`, or now."""
    known, retired_at = query.known_in, table.retired_at[rows]
    if known is None:
        return np.asarray(retired_at == OPEN_END)
    recorded_at = table.recorded_at[rows]
    # What was retired as it was recorded never was believed.
    mask = (recorded_at < _micros(known.end)) & (recorded_at < retired_at)
    return np.asarray(mask & (_micros(known.start) < retired_at))


def _micros(moment: datetime | None) -> int:
    micros = to_micros(moment)
    assert micros is not None
    return micros


def _having(column: Category, wanted: Mapping[str, AttributeValue]) -> Mask:
    """Passages with these attributes, which the column has as JSON objects."""
    written = [text for value in wanted.values() for text in _written(value)]

    def holds(attributes: str) -> bool:
        # Most have other values: where the text of one is missing, they need not be parsed.
        if not attributes or not all(text in attributes for text in written):
            return False
        held = json.loads(attributes)
        return all(has_value(held.get(name), value) for name, value in wanted.items())

    return column.where(holds)


def _written(value: AttributeValue) -> list[str]:
    """How the texts that are asked for are written in JSON; other values may be put otherwise."""
    texts = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    return [
        json.dumps(text, ensure_ascii=False)[1:-1]
        for text in texts
        if text not in ("True", "False")
    ]


def _bearing(index: PassageIndex, name: str) -> Ints:
    key = normalise_name(name)
    found = {
        int(index.meanings[row])
        for row, _, _ in index.matcher.find(key.split(" "))
        if index.names.keys[row] == key
    }
    return np.array(sorted(found), np.int64)


def _mentions(index: PassageIndex, names: Ints) -> Mask:
    mask = np.zeros(len(index), np.bool_)
    mask[passages_of(index.incidence, names)[0]] = True
    return mask


def _stating(index: PassageIndex, chosen: Mask) -> Mask:
    """Passages that state one of the chosen facts."""
    mask = np.zeros(len(index), np.bool_)
    mask[index.facts.evidence_passages[chosen[index.facts.evidence_facts]]] = True
    return mask


def _holds_as_of(index: PassageIndex, query: Query) -> Mask:
    valid = allowed_facts(index, query)
    passages, facts = index.facts.evidence_passages, index.facts.evidence_facts
    n_valid = np.bincount(passages, weights=valid[facts], minlength=len(index))
    n_all = np.bincount(passages, minlength=len(index))
    return np.asarray((n_valid > 0) | (n_all == 0))
