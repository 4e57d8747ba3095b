"""Searching the store itself: filters first, then the nearest, or those that hold the words.

Nothing is kept ready for it: vectors and texts are read through, those that the filters leave.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from graphmem.adapters.stores.filters import has_attributes
from graphmem.kernels.arrays import top_rows
from graphmem.kernels.bm25 import K1, B
from graphmem.kernels.text import fold, normalise_name, words
from graphmem.model.ids import Kind, content_id
from graphmem.model.retrieval import FactFilter, Query
from graphmem.model.time import to_micros
from graphmem.ports.store import SEVERAL, Found, Vectors

_BATCH: Final = 5_000
_APOSTROPHES: Final = str.maketrans("’ʼ`´", "''''")
_NAMESPACE: Final = "n.namespace_nid = (SELECT nid FROM namespaces WHERE name = :namespace)"
_MENTIONS: Final = """EXISTS (
    SELECT 1 FROM mentions m CROSS JOIN entities t ON t.nid = m.entity_nid
    WHERE m.passage_nid = n.nid AND {entity}
)"""
_AS_OF: Final = """(
    NOT EXISTS (SELECT 1 FROM evidence x WHERE x.passage_nid = n.nid)
    OR EXISTS (
        SELECT 1 FROM evidence x CROSS JOIN facts f ON f.nid = x.fact_nid
        WHERE x.passage_nid = n.nid AND {believed}
        AND {held}
    )
)"""
_STATES: Final = """EXISTS (
    SELECT 1 FROM evidence x CROSS JOIN facts f ON f.nid = x.fact_nid
    WHERE x.passage_nid = n.nid AND {conditions}
)"""
_HAS: Final = "EXISTS (SELECT 1 FROM json_each(f.{column}) WHERE value = :{name})"
_SAID: Final = """EXISTS (
    SELECT 1 FROM evidence y CROSS JOIN passages z ON z.nid = y.passage_nid
    WHERE y.fact_nid = f.nid AND z.speaker = :fact_speaker
)"""
_HELD: Final = """(f.valid_from IS NULL OR f.valid_from < :held_before)
        AND (f.valid_to IS NULL OR :as_of < f.valid_to)"""


def nearest(connection: sqlite3.Connection, query: Query, vector: Vectors) -> list[Found]:
    """The ``query.k`` passages that the query allows whose vectors are nearest, by cosine."""
    conditions, values = _conditions(query)
    rows = connection.execute(
        f"""SELECT n.id, n.attributes, v.vector FROM passages n
        CROSS JOIN episodes e ON e.nid = n.episode_nid
        CROSS JOIN vectors v ON v.key = n.vector_key
        WHERE {_NAMESPACE} AND {conditions} ORDER BY n.nid""",
        values,
    )
    ids: list[str] = []
    scores: list[Any] = [np.empty(0, np.float32)]
    while batch := rows.fetchmany(_BATCH):
        kept = [row for row in batch if has_attributes(row[1], query.where)]
        ids += [row[0] for row in kept]
        matrix = np.frombuffer(b"".join(row[2] for row in kept), "<f4")
        scores.append(matrix.reshape(len(kept), len(vector)) @ vector)
    cosine = np.concatenate(scores)
    return [(ids[row], float(cosine[row])) for row in top_rows(cosine, query.k)]


def find_text(connection: sqlite3.Connection, query: Query, wanted: Sequence[str]) -> list[Found]:
    """The ``query.k`` allowed passages that hold some of the words, by BM25 over the namespace."""
    asked = list(dict.fromkeys(fold(word) for word in wanted))
    if not asked:
        return []
    connection.create_function("folded", 1, _folded, deterministic=True)
    conditions, values = _conditions(query)
    held = " OR ".join(f"instr(folded(n.text), :word{at})" for at in range(len(asked)))
    rows = connection.execute(
        f"""SELECT n.id, n.attributes, n.text, {conditions} FROM passages n
        CROSS JOIN episodes e ON e.nid = n.episode_nid
        WHERE {_NAMESPACE} AND ({held}) ORDER BY n.nid""",
        values | {f"word{at}": word for at, word in enumerate(asked)},
    )
    (n_passages,) = connection.execute(
        f"SELECT count(*) FROM passages n WHERE {_NAMESPACE}", {"namespace": query.namespace}
    ).fetchone()
    ids: list[str] = []
    counts: list[list[int]] = []
    lengths: list[int] = []
    allowed: list[bool] = []
    for id_, attributes, text, is_allowed in rows:
        said = words(text)
        ids.append(id_)
        counts.append([said.count(word) for word in asked])
        lengths.append(len(said))
        allowed.append(bool(is_allowed) and has_attributes(attributes, query.where))
    scores = _rated(np.array(counts).reshape(-1, len(asked)), np.array(lengths), n_passages)
    best = top_rows(np.where(np.array(allowed, np.bool_) & (scores > 0), scores, -np.inf), query.k)
    return [(ids[row], float(scores[row])) for row in best]


def _rated(counts: Any, lengths: Any, n_passages: int) -> Any:
    """BM25 of passages, as far as those that hold a word can tell; shape (n,)."""
    frequency = (counts > 0).sum(axis=0)
    idf = np.log1p((n_passages - frequency + 0.5) / (frequency + 0.5))
    mean = lengths.mean() if len(lengths) else 1.0
    norm = K1 * (1 - B + B * lengths / max(mean, 1.0))
    return (idf * counts * (K1 + 1) / (counts + norm[:, None])).sum(axis=1)


def _folded(text: str) -> str:
    """`text` so that a folded word is found in it; what is found may still be part of a word."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def _conditions(query: Query) -> tuple[str, dict[str, Any]]:
    """What a passage ``n`` of an episode ``e`` must satisfy, and the values that it names."""
    where = query.where
    values = {
        "namespace": query.namespace,
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
        "entity": None,
    }
    if where.entity is not None:
        name = normalise_name(where.entity)
        values["entity"] = content_id(Kind.ENTITY, query.namespace, name)
    says = {
        "source": "e.source = :source",
        "speaker": "n.speaker = :speaker",
        "session": "n.session = :session",
        "since": "n.occurred_at >= :since",
        "until": "n.occurred_at < :until",
        "type": _MENTIONS.format(entity="t.type = :type"),
        "entity": _MENTIONS.format(entity="t.id = :entity"),
        "as_of": _AS_OF.format(believed=_believed("f", query), held=_HELD),
    }
    wanted = [text for name, text in says.items() if values[name] is not None]
    if where.fact is not None:
        conditions, more = _of_facts(where.fact)
        held = [] if query.as_of is None else [_HELD]
        stated = " AND ".join([_believed("f", query), *held, *conditions])
        wanted.append(_STATES.format(conditions=stated))
        values |= more
    return " AND ".join([_believed("e", query), _kept(query), *wanted]), values


def _of_facts(wanted: FactFilter) -> tuple[list[str], dict[str, Any]]:
    """What a fact ``f`` must satisfy, and the values that it names."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for column in ("intent", "kind", "modality", "polarity"):
        value = getattr(wanted, column)
        if value is not None:
            conditions.append(f"f.{column} = :fact_{column}")
            values[f"fact_{column}"] = str(value)
    for column in SEVERAL:
        for at, value in enumerate(getattr(wanted, column)):
            conditions.append(_HAS.format(column=column, name=f"fact_{column}_{at}"))
            values[f"fact_{column}_{at}"] = value
    if wanted.speaker is not None:
        conditions.append(_SAID)
        values["fact_speaker"] = wanted.speaker
    return conditions, values


def _kept(query: Query) -> str:
    """Passages that were not forgotten, or not yet."""
    later = "" if query.known_at is None else " OR :known_at < n.forgotten_at"
    return f"(n.forgotten_at IS NULL{later})"


def _believed(table: str, query: Query) -> str:
    if query.known_at is None:
        return f"{table}.retired_at IS NULL"
    return (
        f"({table}.recorded_at < :known_before AND ({table}.retired_at IS NULL"
        f" OR (:known_at < {table}.retired_at AND {table}.recorded_at < {table}.retired_at)))"
    )
