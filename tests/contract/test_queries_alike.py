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
    "facts": {"topic": "business", "event_type": "employment"},
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


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "times",
    [
        {"as_of": "2015"},
        {"known_at": "2024-05-15"},
        {"as_of": "2022", "known_at": "2030"},
        {"as_of": "2016..2017"},
        {"as_of": "2019..2022", "known_at": "2024-01..2024-02"},
        {"known_at": "2024-03-03..2024-03-04"},
    ],
)
def test_both_stores_tell_alike_what_was_so_and_believed_when(
    runners: tuple[CypherRunner, CypherRunner], name: str, times: dict[str, str]
) -> None:
    query = catalogue()[name]
    given = bind(query, {**ASKED[name], **times})
    embedded, server = (r.run(query.statement, given) for r in runners)
    assert embedded.rows == server.rows
    if name in ("about", "timeline"):
        everything = runners[0].run(
            "MATCH (f:Fact) RETURN f.id, f.valid_from, f.valid_to, f.recorded_at, f.retired_at"
        )
        allowed = {row[0] for row in everything.rows if _is_so(row[1:], given)}
        assert {row[embedded.columns.index("id")] for row in embedded.rows} <= allowed


def _is_so(times: Any, given: Any) -> bool:
    valid_from, valid_to, recorded_at, retired_at = times
    held, known = (
        None if given[name] is None else (to_micros(given[name]), to_micros(given[f"{name}_until"]))
        for name in ("as_of", "known_at")
    )
    believed = retired_at is None if known is None else _meet((recorded_at, retired_at), known)
    return believed and (held is None or _meet((valid_from, valid_to), held))


def _meet(left: tuple[Any, Any], right: tuple[Any, Any]) -> bool:
    """Whether two half-open spans share a moment; ``None`` is an open end."""
    latest = max(start for start in (left[0], right[0]) if start is not None)
    ends = [end for end in (left[1], right[1]) if end is not None]
    return not ends or latest < min(ends)


def _rows(runner: CypherRunner, name: str, **given: str) -> tuple[Any, ...]:
    query = catalogue()[name]
    return runner.run(query.statement, bind(query, given)).rows


def test_a_range_tells_what_held_at_any_time_of_it(
    runners: tuple[CypherRunner, CypherRunner],
) -> None:
    def told(**times: str) -> set[Any]:
        return {row[2] for row in _rows(runners[1], "about", entity="Ann Lee", **times)}

    assert told(as_of="2016..2020") == {"Ann Lee works for Acme."}
    works = {"Ann Lee works for Acme.", "Ann Lee works for Globex."}
    assert told(as_of="2020..2021") == works
    assert told(as_of="2020-06-01") == {"Ann Lee works for Acme."}
    everyone = {*works, "Ann Lee works for Initech.", "Ann Lee founded Acme."}
    assert told(known_at="2024..2024") == everyone  # one of which was believed for three days only
    assert told(known_at="2024-03-06..2024-12") == everyone - {"Ann Lee works for Initech."}


def test_a_path_goes_over_what_held_then(runners: tuple[CypherRunner, CypherRunner]) -> None:
    ends = {"from": "Ann Lee", "to": "Acme"}
    for runner in runners:
        assert _rows(runner, "path", **ends, as_of="2023") == ()
        [row] = _rows(runner, "path", **ends, as_of="2020-06-01")
        assert list(row[0]) == ["Ann Lee", "Ann Lee works for Acme.", "Acme"]
        # When she worked for the buyer of it, and it was still being sold.
        found = _rows(runner, "path", **{"from": "Bob", "to": "Globex"}, as_of="2020..2021")
        assert {row[1] for row in found} == {2}


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


@pytest.mark.parametrize(
    ("name", "wanted", "ids"),
    [
        ("facts", {"intent": "preference", "speaker": "Bob"}, {"fa_likes"}),
        ("facts", {"tag": "jobs"}, {"fa_likes"}),
        ("facts", {"keyword": 'acme "labs"'}, {"fa_likes"}),
        ("facts", {"topic": "work", "event_type": "employment"}, {"fa_works"}),
        ("timeline", {"entity": "Ann Lee", "topic": "work"}, {"fa_works"}),
        ("timeline", {"entity": "Acme", "event_type": "transaction"}, {"fa_sold"}),
        ("timeline", {"entity": "Bob", "intent": "preference"}, {"fa_likes", "fa_dislikes"}),
    ],
)
def test_both_stores_choose_facts_by_what_was_mined_of_them(
    runners: tuple[CypherRunner, CypherRunner], name: str, wanted: dict[str, str], ids: set[str]
) -> None:
    query = catalogue()[name]
    embedded, server = (r.run(query.statement, bind(query, wanted)) for r in runners)
    assert embedded.rows == server.rows
    assert {row[embedded.columns.index("id")] for row in embedded.rows} == ids


def test_both_stores_show_the_same_properties_of_facts(
    runners: tuple[CypherRunner, CypherRunner],
) -> None:
    statement = "MATCH (f:Fact {namespace: $namespace}) RETURN f.id AS id, f ORDER BY id"
    embedded, server = (runner.run(statement).rows for runner in runners)
    assert [dict(row[1]) for row in embedded] == [dict(row[1]) for row in server]
    shown = {row[0]: row[1] for row in server}
    assert shown["fa_likes"]["tags"] == ["jobs"]
    assert "topics" not in shown["fa_likes"]
