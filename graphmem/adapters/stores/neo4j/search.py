"""Searching on the server: by its vector and full-text indexes, with the filters there.

An index knows no filter, so more is fetched than is wanted, and more again until enough remains.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import neo4j

from graphmem.adapters.bolt import Bolt, listed, rows
from graphmem.adapters.stores.filters import has_attributes
from graphmem.adapters.stores.neo4j.statements import of_generation, statements
from graphmem.kernels.text import fold, normalise_name
from graphmem.model.ids import Kind, content_id, digest
from graphmem.model.retrieval import FactFilter, Query
from graphmem.model.time import to_micros
from graphmem.ports.store import Found, Vectors

_OWN: Final = statements("search")
_FETCH: Final = 200
_TIMES: Final = 10
"""How many times as many as are wanted are fetched from an index."""
_ALL: Final = 2**31 - 1


def nearest(bolt: Bolt, query: Query, vector: Vectors) -> list[Found]:
    """The ``query.k`` passages that the query allows whose vectors are nearest, by cosine.

    Of the index, which is approximate, while enough of what it gives is allowed; of all otherwise.
    """

    def find(tx: neo4j.ManagedTransaction) -> list[Found]:
        space, generation = _place(tx, query)
        if space is None:
            return []
        given = {**_values(query), "space": space, "vector": vector.tolist()}

        def found(name: str, **more: int) -> list[Found]:
            statement = _with_conditions(of_generation(_OWN[name], generation), query)
            return _best(listed(tx, statement, **given, **more), query)

        has_index = rows(tx, of_generation(statements("schema")["vector_index"], generation))
        near = found("nearest", fetch=max(_FETCH, _TIMES * query.k)) if has_index else []
        if len(near) == query.k:
            return near
        return found("nearest_of_all", limit=_ALL if query.where.attributes else query.k)

    return bolt.read(find)


def find_text(bolt: Bolt, query: Query, wanted: Sequence[str]) -> list[Found]:
    """The ``query.k`` allowed passages that hold some of the words, by the index's BM25."""
    text = any_of(wanted)
    if not text:
        return []

    def find(tx: neo4j.ManagedTransaction) -> list[Found]:
        space, _ = _place(tx, query)
        if space is None:
            return []
        rows(tx, _OWN["refresh"])
        statement = _with_conditions(_OWN["find_text"], query)
        fetch = max(_FETCH, _TIMES * query.k)
        while True:
            ((size, found),) = rows(
                tx, statement, **_values(query), space=space, text=text, fetch=fetch
            )
            best = _best(found, query)
            if len(best) == query.k or size < fetch:
                return best
            fetch *= _TIMES

    return bolt.read(find)


def any_of(wanted: Sequence[str]) -> str:
    """A Lucene query for any of the words, as written and folded, with and without a possessive.

    Each is a phrase in quotes, within which only quotes and backslashes are syntax.
    """
    forms = dict.fromkeys(
        f"{form}{ending}"
        for word in wanted
        for form in (word.lower(), fold(word))
        for ending in ("", "'s")
    )
    return " OR ".join('"' + re.sub(r'(["\\])', r"\\\1", form) + '"' for form in forms)


def _place(tx: neo4j.ManagedTransaction, query: Query) -> tuple[int | None, int]:
    found = rows(tx, statements("scan")["state"], key=digest(query.namespace))
    return (found[0][0], found[0][3]) if found else (None, 0)


def _best(found: Sequence[Any], query: Query) -> list[Found]:
    allowed = (row for row in found if has_attributes(row[2], query.where))
    ordered = sorted(allowed, key=lambda row: (-row[1], row[3]))
    return [(id_, float(score)) for id_, score, _, _ in ordered[: query.k]]


def _with_conditions(statement: str, query: Query) -> str:
    given = _values(query)
    names = ("source", "speaker", "session", "since", "until", "type", "entity", "as_of")
    chosen = [
        "living" if query.known_at is None else "known_at",
        *(name for name in names if given[name] is not None),
    ]
    of_fact = ["fact_believed", *(["fact_held"] if query.as_of is not None else ())]
    parts = [_with_facts(name, of_fact) for name in chosen]
    if query.where.fact is not None:
        of_fact += [f"fact_{name}" for name in FactFilter.model_fields if given[f"fact_{name}"]]
        parts.append(_with_facts("fact", of_fact))
    conditions = " AND ".join(f"({part})" for part in parts)
    return statement.replace("{conditions}", conditions)


def _with_facts(name: str, of_fact: Sequence[str]) -> str:
    return _OWN[name].replace("{of_fact}", " AND ".join(f"({_OWN[part]})" for part in of_fact))


def _values(query: Query) -> dict[str, Any]:
    """What the conditions name."""
    where = query.where
    name = None if where.entity is None else normalise_name(where.entity)
    return {
        "known_at": to_micros(query.known_at),
        "known_before": None if query.known_in is None else to_micros(query.known_in.end),
        "as_of": to_micros(query.as_of),
        "held_before": None if query.held_in is None else to_micros(query.held_in.end),
        "source": where.source,
        "speaker": where.speaker,
        "session": where.session,
        "type": where.type,
        "since": to_micros(where.since),
        "until": to_micros(where.until),
        "entity": None if name is None else content_id(Kind.ENTITY, query.namespace, name),
        **_of_facts(where.fact or FactFilter()),
    }


def _of_facts(wanted: FactFilter) -> dict[str, Any]:
    given = wanted.model_dump(mode="json")
    return {f"fact_{name}": value for name, value in given.items()}
