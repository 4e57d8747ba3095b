"""Looking for damage: the file's own structure first, then what the model promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from graphmem.model.change import Problem

_MAX_SHOWN: Final = 3
_RESTORE: Final = "Restore the memory's folder from a copy, or ingest its sources into a new one"
_AGAIN: Final = "Delete the source that it comes from and ingest it again"


class _Promise(NamedTuple):
    """A query for ids of what breaks a promise."""

    check: str
    says: str
    query: str
    remedy: str = _AGAIN


_PROMISES: Final = (
    _Promise(
        "facts without evidence",
        "facts that no passage states",
        "SELECT id FROM facts f WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE fact_nid = f.nid)",
    ),
    _Promise(
        "facts without members",
        "facts that are about nothing",
        "SELECT id FROM facts f WHERE NOT EXISTS (SELECT 1 FROM roles WHERE fact_nid = f.nid)",
    ),
    _Promise(
        "facts left living",
        "facts still believed though every episode that states them is retired",
        """SELECT id FROM facts f WHERE retired_at IS NULL
        AND EXISTS (SELECT 1 FROM evidence WHERE fact_nid = f.nid)
        AND NOT EXISTS (
            SELECT 1 FROM evidence x CROSS JOIN passages q ON q.nid = x.passage_nid
            CROSS JOIN episodes o ON o.nid = q.episode_nid
            WHERE x.fact_nid = f.nid AND o.retired_at IS NULL AND q.forgotten_at IS NULL
        )""",
    ),
    _Promise(
        "passages without a vector",
        "passages without a vector, while others have one",
        """SELECT id FROM passages p
        WHERE NOT EXISTS (SELECT 1 FROM vectors WHERE key = p.vector_key)
        AND EXISTS (SELECT 1 FROM vectors)""",
    ),
    _Promise(
        "vectors of nothing",
        "vectors that no passage uses",
        """SELECT key FROM vectors v
        WHERE NOT EXISTS (SELECT 1 FROM passages WHERE vector_key = v.key)""",
        "They only take room; report it, as it should not happen",
    ),
)

_LAST_OFFSETS: Final = """
    SELECT id, text,
        (SELECT max("end") FROM mentions WHERE passage_nid = p.nid),
        (SELECT max("end") FROM evidence WHERE passage_nid = p.nid)
    FROM passages p"""


def check(connection: sqlite3.Connection) -> list[Problem]:
    """All that is wrong with the file; one problem per kind, with a few ids as examples."""
    return _structure(connection) or _content(connection)


def _structure(connection: sqlite3.Connection) -> list[Problem]:
    lines = [line for (line,) in connection.execute("PRAGMA integrity_check(10)")]
    if lines != ["ok"]:
        return [Problem(check="damage", detail="; ".join(lines), remedy=_RESTORE)]
    dangling = [
        f"{table} refers to {parent} that are not there"
        for table, parent in dict.fromkeys(
            (table, parent)
            for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check")
        )
    ]
    return [Problem(check="dangling references", detail=d, remedy=_RESTORE) for d in dangling]


def _content(connection: sqlite3.Connection) -> list[Problem]:
    problems: list[Problem] = []
    for promise in _PROMISES:
        ids = (id_ for (id_,) in connection.execute(promise.query))
        problems.extend(_problem(promise.check, promise.says, ids, promise.remedy))
    for name, says, outside in _outside(connection.execute(_LAST_OFFSETS)):
        problems.extend(_problem(name, says, outside, _AGAIN))
    return problems


def _outside(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, str, list[str]]]:
    # Counted here, because SQLite's length() stops at the first NUL.
    mentions, evidence = [], []
    for id_, text, last_mention, last_evidence in rows:
        if last_mention is not None and last_mention > len(text):
            mentions.append(id_)
        if last_evidence is not None and last_evidence > len(text):
            evidence.append(id_)
    yield "mentions outside their passage", "passages with a mention beyond their end", mentions
    yield "evidence outside its passage", "passages with evidence beyond their end", evidence


def _problem(name: str, says: str, ids: Iterable[str], remedy: str) -> Iterator[Problem]:
    rest = iter(ids)
    shown = list(islice(rest, _MAX_SHOWN))
    if shown:
        more = sum(1 for _ in rest)
        examples = ", ".join(repr(id_) for id_ in shown) + (", ..." if more else "")
        yield Problem(check=name, detail=f"{len(shown) + more} {says}: {examples}", remedy=remedy)
