"""Every named query answers alike on both stores, and has something to answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.cypher.embedded import EmbeddedCypher
from graphmem.adapters.cypher.neo4j import Neo4jCypher
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import Entity
from graphmem.model.time import to_micros
from graphmem.ports.cypher import CypherRunner
from graphmem_queries.catalogue import bind, catalogue

DATA = Path(__file__).parent.parent / "data" / "cypher_memory.json"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
ASKED = {
    "about": {"entity": "Bob"},
    "central": {},
    "changes": {"since": "2000"},
    "contradictions": {},
    "find": {"text": "e"},
    "history": {"fact": "fa_joined"},
    "neighbourhood": {"entity": "Ann Lee"},
    "path": {"from": "Ann Lee", "to": "Acme"},
    "sources": {"fact": "fa_sold"},
    "timeline": {"entity": "Ann Lee"},
    "why": {"fact": "fa_joined"},
}


@pytest.fixture(scope="module")
def runners(
    neo4j_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[CypherRunner, CypherRunner]]:
    """Over the same memory: on the embedded engine, and on a server that holds others too."""
    neo4j_server.empty()
    folder = tmp_path_factory.mktemp("memory")
    embedded = SqliteStore.open(folder, clock=lambda: NOW, create=True)
    bolt = Bolt(neo4j_server.url, neo4j_server.auth)
    server = Neo4jStore.open(bolt, clock=lambda: NOW, create=True)
    told = ChangeSet.model_validate_json(DATA.read_text())
    with closing(embedded), closing(server):
        for store in (embedded, server):
            store.apply(told)
            stranger = Entity(id="en_other", name="Eve of another namespace")
            store.apply(ChangeSet(namespace="other", entities=(stranger,)))
        yield EmbeddedCypher(embedded, "default"), Neo4jCypher(server, "default", bolt)


def test_every_query_is_asked() -> None:
    assert ASKED.keys() == catalogue().keys()


TIMED = [name for name, query in catalogue().items() if "as_of" in query.statement]


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(
    "times", [{"as_of": "2015"}, {"known_at": "2024-05-15"}, {"as_of": "2022", "known_at": "2030"}]
)
def test_both_stores_tell_alike_what_was_so_and_believed_when(
    runners: tuple[CypherRunner, CypherRunner], name: str, times: dict[str, str]
) -> None:
    query = catalogue()[name]
    given = bind(query, {**ASKED[name], **times})
    embedded, server = (r.run(query.statement, given) for r in runners)
    assert embedded.rows == server.rows
    if "id" in embedded.columns and name in ("about", "timeline"):
        everything = runners[0].run(
            "MATCH (f:Fact) RETURN f.id, f.valid_from, f.valid_to, f.recorded_at, f.retired_at"
        )
        allowed = {row[0] for row in everything.rows if _is_so(row[1:], given)}
        assert {row[embedded.columns.index("id")] for row in embedded.rows} <= allowed


def _is_so(times: Any, given: Any) -> bool:
    valid_from, valid_to, recorded_at, retired_at = times
    as_of, known_at = to_micros(given["as_of"]), to_micros(given["known_at"])
    if known_at is None:
        believed = retired_at is None
    else:
        believed = recorded_at <= known_at and (retired_at is None or known_at < retired_at)
    held = as_of is None or (
        (valid_from is None or valid_from <= as_of) and (valid_to is None or as_of < valid_to)
    )
    return believed and held


def test_before_anything_was_known_nothing_is_told_and_before_it_held_less(
    runners: tuple[CypherRunner, CypherRunner],
) -> None:
    query = catalogue()["about"]

    def told(**times: str) -> set[Any]:
        found = runners[1].run(query.statement, bind(query, {"entity": "Ann Lee", **times}))
        return set(found.rows)

    assert told(known_at="2000") == set() != told()
    assert told(as_of="1900") < told()


@pytest.mark.parametrize("name", ASKED)
def test_both_stores_answer_alike(runners: tuple[CypherRunner, CypherRunner], name: str) -> None:
    query = catalogue()[name]
    embedded, server = (r.run(query.statement, bind(query, ASKED[name])) for r in runners)
    assert embedded.columns == server.columns
    assert embedded.rows == server.rows
    assert embedded.rows
    assert "Eve" not in repr(server.rows)
