"""The behaviour of a Cypher runner, whatever engine it runs on.

The memory is a small one written by hand, with all kinds of nodes and relationships in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.cypher.embedded import EmbeddedCypher
from graphmem.adapters.cypher.neo4j import Neo4jCypher
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.errors import (
    InvalidInputError,
    NotFoundError,
    QueryError,
    ReadOnlyError,
    StoreBusyError,
)
from graphmem.kernels.text import normalise_name
from graphmem.model.change import ChangeSet, Checkpoint, Counts, EditSet
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType, SameAs
from graphmem.model.summary import Community, HierarchyChange, Summary, SummarySource
from graphmem.model.time import to_micros
from graphmem.ports.cypher import CypherRunner
from graphmem.ports.store import GraphStore

DATA = Path(__file__).parent.parent / "data" / "cypher_memory.json"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
Runners = Callable[..., CypherRunner]


@pytest.fixture(params=["embedded", "neo4j"])
def engine(request: pytest.FixtureRequest) -> str:
    """What runs the Cypher of a test, on the store that it belongs to."""
    return str(request.param)


@pytest.fixture
def open_store(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[..., GraphStore]:
    """Opens the memory of a test."""
    if engine == "embedded":
        return lambda read_only=False: SqliteStore.open(
            tmp_path / "memory", clock=lambda: NOW, create=not read_only, read_only=read_only
        )
    server = request.getfixturevalue("neo4j")

    def open_neo4j(read_only: bool = False) -> GraphStore:
        bolt = Bolt(server.url, server.auth, read_only=read_only)
        return Neo4jStore.open(bolt, clock=lambda: NOW, create=not read_only)

    return open_neo4j


@pytest.fixture
def memory(open_store: Callable[..., GraphStore]) -> Iterator[GraphStore]:
    with closing(open_store()) as store:
        store.apply(story())
        yield store


@pytest.fixture
def runners(engine: str, tmp_path: Path) -> Iterator[Runners]:
    """Makes a runner over a namespace of a store."""
    made: list[CypherRunner] = []

    def make(store: Any, namespace: str = "default") -> CypherRunner:
        if engine == "neo4j":
            made.append(Neo4jCypher(store, namespace, store.bolt))
        else:
            made.append(EmbeddedCypher(store, namespace, folder=tmp_path / "memory" / "views"))
        return made[-1]

    yield make
    for runner in made:
        runner.close()


@pytest.fixture
def runner(memory: GraphStore, runners: Runners) -> CypherRunner:
    return runners(memory)


def story() -> ChangeSet:
    return ChangeSet.model_validate_json(DATA.read_text())


def entity_id(name: str, namespace: str = "default") -> str:
    return content_id(Kind.ENTITY, namespace, normalise_name(name))


def values(runner: CypherRunner, statement: str, **parameters: Any) -> list[Any]:
    """The first column of what a statement finds."""
    return [row[0] for row in runner.run(statement, parameters).rows]


def _offsets(start: int | None, end: int | None) -> tuple[int, int]:
    return (-1, -1) if start is None or end is None else (start, end)


def micros(value: Any) -> Any:
    return to_micros(value) if isinstance(value, datetime) else value


# ---------------------------------------------------------------------------- what is there


def test_every_node_is_there_with_the_fields_of_the_model(
    runner: CypherRunner, memory: GraphStore
) -> None:
    told = story()
    held: dict[str, Mapping[str, Any]] = {
        "Episode": {e.id: e.model_dump() for e in told.episodes},
        "Passage": {
            p.id: {
                **p.model_dump(exclude={"episode_id", "vector_key"}),
                "attributes": json.dumps(dict(p.attributes), separators=(",", ":")),
            }
            for p in told.passages
        },
        "Entity": {
            e.id: {**e.model_dump(), "aliases": list(e.aliases)}
            for e in memory.entities([e.id for e in told.entities]).values()
        },
        "Fact": {
            f.id: {
                name: list(value) or None if isinstance(value, tuple) else value
                for name, value in f.model_dump(exclude={"members"}).items()
            }
            for f in told.facts
        },
    }
    for label, expected in held.items():
        nodes = values(runner, f"MATCH (n:{label}) RETURN n")
        assert {node["id"]: node for node in nodes} == {
            id_: {
                "_labels": (label,),
                "namespace": "default",
                **{name: micros(value) for name, value in fields.items() if value is not None},
            }
            for id_, fields in expected.items()
        }


def test_every_relationship_of_the_store_is_there_and_no_other(
    runner: CypherRunner, memory: GraphStore
) -> None:
    counts = memory.counts("default")
    found = dict(runner.run("MATCH ()-[r]->() RETURN type(r), count(*)").rows)
    assert found == {
        "HAS": counts.passages,
        "NEXT": 2,
        "MENTIONS": counts.mentions,
        "ROLE": sum(len(fact.members) for fact in story().facts),
        "EVIDENCE": counts.evidence,
        "DISCOURSE": counts.discourse,
        "SUPERSEDES": counts.supersessions,
        "SAME_AS": counts.same_as,
    }


def test_summaries_are_shown_with_what_they_rest_on_and_not_for_editing(
    runner: CypherRunner, memory: GraphStore
) -> None:
    told = story()
    first, last = told.passages[0].id, told.passages[-1].id
    fact = told.facts[0].id
    runner.run("RETURN 1")  # what is looked at before does not hide what is kept after
    source = SummarySource(sentence=0, passage_id=first, start=0, end=3, fact_id=fact)
    text: dict[str, Any] = {"name": "a", "text": "One.", "method": "facts", "stale": False}
    change = HierarchyChange(
        namespace="default",
        revision=0,
        summaries=(
            Summary(id="su_0", passages=((0, first),), sources=(source,), **text),
            Summary(id="su_1", parent_id="su_0", place=1, depth=1, passages=((0, last),)),
        ),
        communities=(
            Community(id="co_0", members=(told.entities[0].id,), sources=(source,), **text),
        ),
    )
    memory.keep_hierarchy(change, {"su_0": np.ones(2, np.float32)})
    (root,) = runner.run("MATCH (s:Summary) WHERE s.depth = 0 RETURN s").rows[0]
    assert root == {
        "_labels": ("Summary",),
        "id": "su_0",
        "depth": 0,
        "place": 0,
        "namespace": "default",
        **text,
    }
    edges = "MATCH (a)-[r:SUMMARISES|QUOTES|HAS_MEMBER]->(b) RETURN a.id, type(r), b.id, r.place"
    assert set(runner.run(edges).rows) == {
        ("su_0", "SUMMARISES", "su_1", 1),
        ("su_0", "SUMMARISES", first, 0),
        ("su_1", "SUMMARISES", last, 0),
        ("su_0", "SUMMARISES", fact, None),
        ("co_0", "SUMMARISES", fact, None),
        ("su_0", "QUOTES", first, 0),
        ("co_0", "QUOTES", first, 0),
        ("co_0", "HAS_MEMBER", told.entities[0].id, 0),
    }
    for statement in (
        "MATCH (s:Summary {id: 'su_0'}) SET s.text = 'Two.'",
        "MATCH (s:Summary {id: 'su_1'}) DETACH DELETE s",
        "MATCH (s:Summary {id: 'su_1'}), (p:Passage {id: $id}) CREATE (s)-[:QUOTES]->(p)",
    ):
        with pytest.raises(InvalidInputError):
            runner.run(statement, {"id": first}, write=True)
    # What may be written still may.
    name = told.entities[0].id
    runner.run("MATCH (e:Entity {id: $id}) SET e.profile = 'x'", {"id": name}, write=True)
    assert memory.entities([name])[name].profile == "x"
    runner.run("MATCH (f:Fact {id: $id}) DETACH DELETE f", {"id": fact}, write=True)
    assert memory.hierarchy("default").summaries[0].sources[0].fact_id is None


def test_roles_join_a_fact_to_its_members(runner: CypherRunner) -> None:
    rows = runner.run(
        "MATCH (f:Fact)-[r:ROLE]->(e:Entity) RETURN f.id, r.role, r.ordinal, r.text, e.id"
    ).rows
    assert set(rows) == {
        (fact.id, member.role, member.ordinal, member.text, member.entity_id)
        for fact in story().facts
        for member in fact.members
    }


def test_mentions_and_evidence_carry_their_offsets(runner: CypherRunner) -> None:
    mentions = runner.run(
        "MATCH (p:Passage)-[m:MENTIONS]->(e:Entity)"
        " RETURN p.id, e.id, m.surface, m.start, m.`end`, m.about"
    ).rows
    assert sorted(mentions, key=repr) == sorted(
        (
            (*(m.passage_id, m.entity_id, m.surface), *_offsets(m.start, m.end), m.about)
            for m in story().mentions
        ),
        key=repr,
    )
    in_title = "MATCH ()-[m:MENTIONS]->() WHERE m.about = 1.0 RETURN m"
    assert values(runner, in_title) == [{"_type": "MENTIONS", "surface": "Acme", "about": 1.0}]
    quotes = runner.run(
        "MATCH (f:Fact)-[s:EVIDENCE]->(p:Passage)"
        " RETURN f.id, substring(p.text, s.start, s.`end` - s.start)"
    ).rows
    assert dict(quotes)["fa_sold"] == "Acme was sold to Globex in 2020"


def test_links_carry_their_sense_and_reason(runner: CypherRunner) -> None:
    assert runner.run(
        "MATCH (a:Fact)-[d:DISCOURSE]->(b:Fact) RETURN a.id, d.sense, d.connective, b.id"
    ).rows == (("fa_sold", "cause", "so", "fa_joined"),)
    assert runner.run(
        "MATCH (a:Fact)-[s:SUPERSEDES]->(b:Fact) RETURN a.id, s.reason, b.id"
    ).rows == (("fa_joined", "a later employer", "fa_works"),)
    assert runner.run(
        "MATCH (a:Entity)-[s:SAME_AS]->(b:Entity) RETURN a.name, s.score, s.`by`, b.name"
    ).rows == (("Initech", 0.6, "name", "Globex"),)


def test_passages_follow_each_other_within_their_episode(runner: CypherRunner) -> None:
    rows = runner.run("MATCH (a:Passage)-[:NEXT]->(b:Passage) RETURN a.id, b.id").rows
    assert set(rows) == {("pa_founding", "pa_sale"), ("pa_chat1", "pa_chat2")}


def test_nodes_relationships_and_paths_come_back_as_plain_values(runner: CypherRunner) -> None:
    (row,) = runner.run(
        "MATCH p = (f:Fact {id: 'fa_joined'})-[r:ROLE {role: 'object'}]->(e:Entity)"
        " RETURN f, r, e, p, [f.id, {name: e.name}] AS nested"
    ).rows
    fact, role, entity, path, nested = row
    assert fact["_labels"] == ("Fact",)
    assert fact["text"] == "Ann Lee works for Globex."
    assert role == {"_type": "ROLE", "role": "object", "ordinal": 1, "text": "Globex"}
    assert entity["_labels"] == ("Entity",)
    assert path == {"_nodes": [fact, entity], "_relationships": [role]}
    assert nested == ["fa_joined", {"name": "Globex"}]


def test_what_has_no_value_is_null_and_not_made_up(runner: CypherRunner) -> None:
    assert runner.run(
        "MATCH (f:Fact {id: 'fa_likes'}) RETURN f.valid_from, f.name, f.title"
    ).rows == ((None, None, None),)
    assert values(runner, "MATCH (p:Passage) WHERE p.speaker IS NULL RETURN count(*)") == [3]


def test_the_schema_names_what_statements_find(runner: CypherRunner) -> None:
    schema = runner.schema()
    for node in values(runner, "MATCH (n) WHERE n.id IS NOT NULL RETURN n"):
        (label,) = node["_labels"]
        assert node.keys() - {"_labels"} <= set(schema.labels[label])
    for link in values(runner, "MATCH ()-[r]->() RETURN r"):
        assert link.keys() - {"_type"} <= set(schema.relationships[link["_type"]])


# ---------------------------------------------------------------------------- asking


def test_columns_keep_the_names_and_the_order_that_were_asked_for(runner: CypherRunner) -> None:
    result = runner.run("RETURN 1 AS b, 'x' AS a, true AS `c d`, null AS n, 1.5 AS f")
    assert result.columns == ("b", "a", "c d", "n", "f")
    assert result.rows == ((1, "x", True, None, 1.5),)
    assert result.seconds > 0


@pytest.mark.parametrize(
    "hostile", ["Bob' OR true //", "'; MATCH (n) DETACH DELETE n;", "${x}", "\\", "\u202e\x00`"]
)
def test_a_parameter_is_a_value_and_never_a_part_of_the_statement(
    runner: CypherRunner, hostile: str
) -> None:
    assert values(runner, "RETURN $x", x=hostile) == [hostile]
    assert values(runner, "MATCH (e:Entity {name: $x}) RETURN e", x=hostile) == []


def test_a_time_as_a_parameter_compares_with_the_times_held(runner: CypherRunner) -> None:
    statement = "MATCH (f:Fact) WHERE f.valid_from >= $since RETURN f.id ORDER BY f.id"
    oslo = timezone(timedelta(hours=1))
    for moment in (
        date(2020, 1, 1),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 1, 1, 1, tzinfo=oslo),
    ):
        assert values(runner, statement, since=moment) == ["fa_initech", "fa_joined", "fa_sold"]
    later = datetime(2020, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert values(runner, statement, since=later) == ["fa_initech", "fa_joined"]


@pytest.mark.parametrize("value", [object(), 2**63, b"x", {"deep": [2**70]}])
def test_a_parameter_that_cypher_cannot_hold_is_named(runner: CypherRunner, value: Any) -> None:
    with pytest.raises(InvalidInputError, match="parameter x"):
        runner.run("RETURN $x", {"x": value})


def test_a_missing_parameter_is_named(runner: CypherRunner) -> None:
    with pytest.raises(QueryError, match="whose"):
        runner.run("MATCH (e:Entity {name: $whose}) RETURN e")


@pytest.mark.parametrize(
    "statement",
    ["MATCH (e:Entity RETURN e", "SELECT 1", "RETURN", "MATCH (n) RETURN nope(n)", "RETURN 1/0"],
)
def test_a_statement_that_does_not_parse_or_run_says_why(
    runner: CypherRunner, statement: str
) -> None:
    with pytest.raises(QueryError) as caught:
        runner.run(statement)
    assert len(caught.value.message) > 20


@pytest.mark.parametrize("text", ["", "  \n ", "// nothing", "/* nothing */", ";;"])
def test_an_empty_statement_is_refused(runner: CypherRunner, text: str) -> None:
    with pytest.raises(QueryError, match="empty"):
        runner.run(text)


def test_one_statement_is_run_at_a_time(runner: CypherRunner) -> None:
    with pytest.raises(QueryError, match="2 statements"):
        runner.run("RETURN 1; RETURN 2")
    assert runner.run("RETURN ';' AS x; // done").rows == ((";",),)


def test_comments_of_both_kinds_are_passed_over(runner: CypherRunner) -> None:
    statement = "/* all\nof it */ RETURN 1 // here; not\n + 1 /* and */ AS x"
    assert runner.run(statement).rows == ((2,),)
    assert runner.run("RETURN '// kept /* too */' AS x").rows == (("// kept /* too */",),)


def test_a_statement_that_runs_out_of_time_is_stopped(runner: CypherRunner) -> None:
    endless = "UNWIND range(1, 3000000) AS a UNWIND range(1, 1000) AS b RETURN sum(a % b)"
    with pytest.raises(QueryError, match=r"0\.05 s"):
        runner.run(endless, timeout=0.05)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_refused(runner: CypherRunner, timeout: float) -> None:
    with pytest.raises(InvalidInputError, match="time-out"):
        runner.run("RETURN 1", timeout=timeout)


@pytest.mark.parametrize(("cap", "truncated"), [(1, True), (8, True), (9, False), (10, False)])
def test_rows_stop_at_the_cap_and_the_result_says_so(
    runner: CypherRunner, cap: int, truncated: bool
) -> None:
    result = runner.run("MATCH (f:Fact) RETURN f.id ORDER BY f.id", max_rows=cap)
    assert result.truncated is truncated
    assert [row[0] for row in result.rows] == sorted(f.id for f in story().facts)[:cap]


def test_a_cap_below_one_is_refused(runner: CypherRunner) -> None:
    with pytest.raises(InvalidInputError, match="cap"):
        runner.run("RETURN 1", max_rows=0)


def test_a_name_that_nothing_has_is_warned_of(runner: CypherRunner) -> None:
    (warning,) = runner.run("MATCH (e:Entty) RETURN e").warnings
    assert "Entty" in warning
    assert runner.run("MATCH (f:Fact) RETURN f.last_recalled_at").warnings == ()


# ---------------------------------------------------------------------------- reading only


WRITES = [
    "CREATE (:Entity {name: 'X'})",
    "MERGE (e:Entity {name: 'X'})",
    "MERGE (e:Entity {name: 'Bob'}) ON MATCH SET e.type = 'group'",
    "MATCH (e:Entity) SET e.type = 'group'",
    "MATCH (e:Entity) SET e += {type: 'group'} RETURN e",
    "MATCH (e:Entity) REMOVE e.type",
    "MATCH (f:Fact) DETACH DELETE f",
    "MATCH ()-[r:SAME_AS]->() DELETE r",
    "FOREACH (x IN [1] | CREATE (:Entity {name: 'X'}))",
    "CREATE INDEX FOR (e:Entity) ON (e.name)",
    "CREATE CONSTRAINT FOR (e:Entity) REQUIRE e.name IS UNIQUE",
    "PROFILE MATCH (e:Entity) SET e.type = 'group'",
    "/* RETURN 1 */ MATCH (e:Entity) // RETURN\n SET e.type = 'group'",
    "match (e:Entity) sEt e.type = 'group'",
    "MATCH (e:Entity) WITH e SET e.type = 'group' RETURN 'MATCH' AS `RETURN`",
]


@pytest.mark.parametrize("statement", WRITES)
def test_a_statement_that_writes_is_refused_and_changes_nothing(
    runner: CypherRunner, memory: GraphStore, statement: str
) -> None:
    before = values(runner, "MATCH (n) RETURN n")
    with pytest.raises(ReadOnlyError, match="writes"):
        runner.run(statement)
    assert memory.version("default") == 1
    assert values(runner, "MATCH (n) RETURN n") == before


def test_words_of_writing_in_text_are_no_writing(runner: CypherRunner) -> None:
    assert values(runner, "RETURN 'CREATE (n) DELETE SET' AS `SET`") == ["CREATE (n) DELETE SET"]


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "LOAD CSV FROM $file AS row RETURN row",
        "load\n/* */ csv WITH HEADERS FROM $file AS row RETURN row",
        "`LOAD` `CSV` FROM $file AS row RETURN row",
        "RETURN 1 AS row UNION LOAD CSV FROM $file AS row RETURN row",
        "MATCH (e:Entity) RETURN e FORMAT CSV",
        "CALL db.cdc.enable()",
        "CALL db . `cdc` . enable()",
        "CALL `db.cdc.enable`()",
        "CALL db.ontology.declare({})",
    ],
)
def test_what_reaches_beyond_the_graph_is_refused(
    runner: CypherRunner, tmp_path: Path, statement: str, write: bool
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("password\n")
    with pytest.raises(QueryError, match=r"reads files|may not be called|not understood"):
        runner.run(statement, {"file": str(secret)}, write=write)


def test_procedures_that_read_the_graph_and_subqueries_may_be_called(runner: CypherRunner) -> None:
    labels = values(runner, "CALL db.labels() YIELD label RETURN label")
    shown = sorted(label for label in labels if not label.startswith("_"))
    # One engine tells of labels that nothing has yet.
    assert {"Entity", "Episode", "Fact", "Passage"} <= set(shown) <= set(runner.schema().labels)
    assert values(runner, "CALL () { RETURN 1 AS x } RETURN x") == [1]
    assert values(runner, "MATCH (e:Entity) RETURN $call LIMIT 1", call=3) == [3]


# ---------------------------------------------------------------------------- keeping up


def test_a_runner_sees_what_was_committed_after_it_first_looked(
    runner: CypherRunner, memory: GraphStore
) -> None:
    assert values(runner, "MATCH (e:Entity {name: 'Dora'}) RETURN e") == []
    dora = Entity(id=entity_id("Dora"), name="Dora", type=EntityType.PERSON)
    memory.apply(ChangeSet(namespace="default", entities=(dora,)))
    assert values(runner, "MATCH (e:Entity {name: 'Dora'}) RETURN e.id") == [dora.id]
    memory.delete_source("default", "file:press.md")
    assert values(runner, "MATCH (f:Fact {id: 'fa_paris'}) RETURN f") == []


def test_namespaces_never_cross(memory: GraphStore, runners: Runners) -> None:
    other = Entity(id=entity_id("Dora", "other"), name="Dora")
    memory.apply(ChangeSet(namespace="other", entities=(other,)))
    everything = "MATCH (n {namespace: $namespace}) RETURN n.name"
    assert values(runners(memory, "other"), everything) == ["Dora"]
    assert "Dora" not in values(runners(memory), everything)
    assert values(runners(memory, "none"), everything) == []


@pytest.mark.parametrize("engine", ["neo4j"], indirect=True)
def test_a_statement_that_could_cross_namespaces_is_refused_on_a_server(
    memory: GraphStore, runners: Runners
) -> None:
    runner = runners(memory)
    assert values(runner, "MATCH (e:Entity) RETURN count(e)") == [8]
    memory.apply(ChangeSet(namespace="other", entities=(Entity(id="en_x", name="X"),)))
    with pytest.raises(QueryError, match="2 namespaces"):
        runner.run("MATCH (e:Entity) RETURN count(e)")
    assert values(runner, "MATCH (e:Entity {namespace: $namespace}) RETURN count(e)") == [8]
    assert values(runner, "RETURN 1 AS x") == [1]


@pytest.mark.parametrize("engine", ["neo4j"], indirect=True)
@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER eve SET PASSWORD 'password'",
        "CREATE OR REPLACE USER eve SET PASSWORD 'password'",
        "DROP DATABASE neo4j",
        "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
        "SHOW USERS",
        "TERMINATE TRANSACTION 'neo4j-transaction-1'",
        "USE system MATCH (n) RETURN n",
        "/* */ STOP DATABASE neo4j",
    ],
)
def test_the_server_is_not_administered_from_a_memory(
    runner: CypherRunner, statement: str, write: bool
) -> None:
    with pytest.raises(QueryError, match="A statement on a memory does not"):
        runner.run(statement, write=write)


@pytest.mark.parametrize("engine", ["neo4j"], indirect=True)
def test_the_indexes_of_a_server_may_be_asked(runner: CypherRunner, neo4j: Any) -> None:
    bolt = Bolt(neo4j.url, neo4j.auth)
    with closing(bolt), bolt.session("WRITE") as session:
        session.run("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()").consume()
    found = values(
        runner,
        "CALL db.index.fulltext.queryNodes('graphmem_names', $text) YIELD node RETURN node.name",
        text="lee",
    )
    assert found == ["Ann Lee"]


def test_a_closed_runner_looks_again(runner: CypherRunner) -> None:
    runner.close()
    runner.close()
    assert values(runner, "MATCH (e:Entity) RETURN count(e)") == [8]


# ---------------------------------------------------------------------------- writing


def test_fields_of_an_entity_are_set_in_the_store(runner: CypherRunner, memory: GraphStore) -> None:
    result = runner.run(
        "MATCH (e:Entity {name: $name}) SET e.type = 'group', e.aliases = ['B', 'Bobby'],"
        " e.profile = 'A band' RETURN e.type",
        {"name": "Bob"},
        write=True,
    )
    assert result.rows == (("group",),)
    held = memory.entities([entity_id("Bob")])[entity_id("Bob")]
    assert held == Entity(
        id=entity_id("Bob"),
        name="Bob",
        type=EntityType.GROUP,
        aliases=("B", "Bobby"),
        profile="A band",
    )
    assert values(runner, "MATCH (e:Entity {name: 'Bob'}) RETURN e.aliases") == [["B", "Bobby"]]


def test_a_field_taken_away_has_its_default_again(runner: CypherRunner, memory: GraphStore) -> None:
    runner.run("MATCH (e:Entity {name: 'Ann Lee'}) REMOVE e.aliases, e.type", write=True)
    held = memory.entities([entity_id("Ann Lee")])[entity_id("Ann Lee")]
    assert (held.aliases, held.type) == ((), EntityType.OTHER)


@pytest.mark.parametrize(
    "written",
    ["1672531200000000", "datetime('2023-01-01')", "date('2023-01-01')", "'2023'", "$moment"],
)
def test_fields_of_a_fact_are_set_in_the_store_however_the_time_is_written(
    runner: CypherRunner, memory: GraphStore, written: str
) -> None:
    before = memory.facts(["fa_joined"])["fa_joined"]
    runner.run(
        f"MATCH (f:Fact {{id: 'fa_joined'}}) SET f.valid_to = {written}, f.confidence = 0.25,"
        " f.strength = 2.5, f.precision = 'month'",
        {"moment": datetime(2023, 1, 1, tzinfo=UTC)},
        write=True,
    )
    after = memory.facts(["fa_joined"])["fa_joined"]
    expected = {
        "valid_to": datetime(2023, 1, 1, tzinfo=UTC),
        "confidence": 0.25,
        "strength": 2.5,
        "precision": "month",
    }
    assert after.model_dump() == {**before.model_dump(), **expected}
    assert memory.check() == []


def test_a_fact_is_retired_and_believed_again(runner: CypherRunner, memory: GraphStore) -> None:
    runner.run("MATCH (f:Fact {id: 'fa_likes'}) SET f.retired_at = '2024-05-01'", write=True)
    assert memory.facts(["fa_likes"])["fa_likes"].retired_at == datetime(2024, 5, 1, tzinfo=UTC)
    runner.run("MATCH (f:Fact {id: 'fa_likes'}) SET f.retired_at = null", write=True)
    assert memory.facts(["fa_likes"])["fa_likes"].retired_at is None


def test_a_fact_that_only_retired_episodes_state_stays_retired(
    runner: CypherRunner, memory: GraphStore
) -> None:
    memory.apply(ChangeSet(namespace="default", retired_episodes={"ep_press": NOW}))
    with pytest.raises(InvalidInputError, match="fa_paris"):
        runner.run("MATCH (f:Fact {id: 'fa_paris'}) SET f.retired_at = null", write=True)
    assert memory.check() == []


def test_a_created_entity_has_the_id_of_its_name(runner: CypherRunner, memory: GraphStore) -> None:
    (row,) = runner.run(
        "CREATE (e:Entity {name: 'Dora Day', type: 'person'}) RETURN e, [e] AS es", write=True
    ).rows
    assert row[0]["id"] == row[1][0]["id"] == entity_id("Dora Day")
    held = memory.entities([entity_id("dora day")])
    assert list(held.values()) == [
        Entity(id=entity_id("Dora Day"), name="Dora Day", type=EntityType.PERSON)
    ]
    assert memory.check() == []


def test_merging_an_entity_that_is_there_adds_none(
    runner: CypherRunner, memory: GraphStore
) -> None:
    statement = (
        "MERGE (e:Entity {name: $name}) ON CREATE SET e.type = 'place'"
        " ON MATCH SET e.profile = 'seen' RETURN e.profile"
    )
    runner.run(statement, {"name": "Oslo"}, write=True)
    assert memory.counts("default").entities == 9
    runner.run(statement, {"name": "Oslo"}, write=True)
    assert memory.counts("default").entities == 9
    held = memory.entities([entity_id("Oslo")])[entity_id("Oslo")]
    assert (held.type, held.profile) == (EntityType.PLACE, "seen")


def test_links_are_made_and_taken_away(runner: CypherRunner, memory: GraphStore) -> None:
    ends = "MATCH (a:Fact {id: 'fa_likes'}), (b:Fact {id: 'fa_dislikes'}) "
    runner.run(ends + "CREATE (b)-[:DISCOURSE {sense: 'contrast'}]->(a)", write=True)
    runner.run(ends + "CREATE (b)-[:SUPERSEDES {reason: 'corrected'}]->(a)", write=True)
    runner.run(
        "MATCH (a:Entity {name: 'Bob'}), (b:Entity {name: 'Carol'})"
        " MERGE (a)-[s:SAME_AS {score: 0.5}]->(b)",
        write=True,
    )
    two = Counts(discourse=2, supersessions=2, same_as=2)
    assert memory.counts("default").model_dump(
        include={"discourse", "supersessions", "same_as"}
    ) == (two.model_dump(include={"discourse", "supersessions", "same_as"}))
    assert values(runner, "MATCH (:Entity {name: 'Bob'})-[s:SAME_AS]->() RETURN s") == [
        {"_type": "SAME_AS", "score": 0.5, "by": "hand"}
    ]
    runner.run("MATCH ()-[r:DISCOURSE|SUPERSEDES|SAME_AS]->() DELETE r", write=True)
    counts = memory.counts("default")
    assert (counts.discourse, counts.supersessions, counts.same_as) == (0, 0, 0)
    assert counts.facts == 9


def test_a_property_of_a_link_is_replaced(runner: CypherRunner, memory: GraphStore) -> None:
    runner.run("MATCH ()-[s:SAME_AS]->() SET s.score = 0.9", write=True)
    assert values(runner, "MATCH ()-[s:SAME_AS]->() RETURN s.score") == [0.9]
    assert memory.counts("default").same_as == 1


def test_a_deleted_fact_takes_along_what_hangs_on_it(
    runner: CypherRunner, memory: GraphStore
) -> None:
    runner.run("MATCH (f:Fact {id: 'fa_joined'}) DETACH DELETE f", write=True)
    counts = memory.counts("default")
    assert (counts.facts, counts.evidence) == (8, 8)
    assert (counts.discourse, counts.supersessions) == (0, 0)
    assert memory.facts(["fa_joined"]) == {}
    assert memory.check() == []
    assert values(runner, "MATCH (f:Fact {id: 'fa_joined'}) RETURN f") == []


def test_an_entity_named_only_in_a_deleted_fact_goes_with_it(
    runner: CypherRunner, memory: GraphStore
) -> None:
    runner.run("MATCH ()-[s:SAME_AS]->() DELETE s", write=True)
    told = story()
    lone = told.model_copy(
        update={
            "mentions": (),
            "entities": (*told.entities, Entity(id=entity_id("X"), name="X")),
            "facts": (
                told.facts[0].model_copy(
                    update={
                        "id": "fa_lone",
                        "members": (
                            told.facts[0]
                            .members[0]
                            .model_copy(update={"entity_id": entity_id("X")}),
                            told.facts[0].members[1],
                        ),
                    }
                ),
            ),
            "evidence": (told.evidence[0].model_copy(update={"fact_id": "fa_lone"}),),
            "discourse": (),
            "supersessions": (),
            "same_as": (),
        }
    )
    memory.apply(lone)
    assert memory.counts("default").entities == 9
    runner.run("MATCH (f:Fact {id: 'fa_lone'}) DETACH DELETE f", write=True)
    assert memory.entities([entity_id("X")]) == {}
    assert memory.counts("default").entities == 8


REFUSED = {
    "MATCH (e:Entity {name: 'Bob'}) SET e.name = 'Robert'": "name of the Entity 'Bob'",
    "MATCH (e:Entity {name: 'Bob'}) SET e.age = 3": "age of the Entity 'Bob'",
    "MATCH (e:Entity {name: 'Bob'}) SET e.type = 'robot'": "type = 'robot'",
    "MATCH (e:Entity {name: 'Bob'}) SET e.aliases = 'B'": "aliases = 'B'",
    "MATCH (e:Entity {name: 'Bob'}) SET e:Person": "Entity:Person",
    "MATCH (e:Entity {name: 'Bob'}) DETACH DELETE e": "delete the Entity 'Bob'",
    "CREATE (e:Entity {name: 'BOB!'})": "already",
    "CREATE (e:Entity {name: '  '})": "without a name",
    "CREATE (e:Entity)": "without a name",
    "CREATE (e:Entity {id: 'en_mine', name: 'Mine'})": "en_mine",
    "CREATE (e:Entity {name: 'Dora'}) SET e.age = 3": "age",
    "CREATE (p:Person {name: 'Dora'})": "Person",
    "CREATE (f:Fact {id: 'fa_new', text: 'It is so.'})": "create a Fact",
    "CREATE (f:Fact {text: 'It is so.'})": "create a Fact",
    "MATCH (f:Fact {id: 'fa_likes'}) SET f.text = 'Bob loves Acme.'": "text of the Fact",
    "MATCH (f:Fact {id: 'fa_likes'}) SET f.polarity = 'negative'": "polarity of the Fact",
    "MATCH (f:Fact {id: 'fa_likes'}) SET f.confidence = 1.5": "confidence = 1.5",
    "MATCH (f:Fact {id: 'fa_likes'}) SET f.valid_to = 'soon'": "'soon' is not a time",
    "MATCH (f:Fact {id: 'fa_likes'}) SET f.valid_to = true": "valid_to = True",
    "MATCH (f:Fact {id: 'fa_likes'}) SET f.valid_to = 9223372036854775807": "calendar",
    "MATCH (f:Fact {id: 'fa_joined'}) SET f.valid_to = '2020'": "would end at",
    "MATCH (p:Passage {id: 'pa_sale'}) SET p.text = ''": "text of the Passage",
    "MATCH (p:Passage {id: 'pa_sale'}) DETACH DELETE p": "delete the Passage",
    "MATCH (e:Episode) DETACH DELETE e": "delete the Episode",
    "MATCH ()-[r:ROLE]->() DELETE r": "ROLE",
    "MATCH ()-[r:ROLE]->() SET r.role = 'x'": "ROLE",
    "MATCH ()-[r:EVIDENCE]->() DELETE r": "EVIDENCE",
    "MATCH (f:Fact), (e:Entity {name: 'Bob'}) CREATE (f)-[:ROLE {role: 'x'}]->(e)": "ROLE",
    "MATCH (a:Entity {name: 'Bob'}) CREATE (a)-[:KNOWS]->(a)": "KNOWS",
    "MATCH (a:Entity {name: 'Bob'}) CREATE (a)-[:SAME_AS]->(a)": "itself",
    "MATCH (a:Entity {name: 'Bob'}), (f:Fact) CREATE (a)-[:SAME_AS]->(f)": "Entity to Entity",
    "MATCH (a:Entity {name: 'Bob'}), (b:Entity {name: 'Carol'})"
    " CREATE (a)-[:SAME_AS {score: 2}]->(b)": "score = 2",
    "MATCH (a:Entity {name: 'Bob'}), (b:Entity {name: 'Carol'})"
    " CREATE (a)-[:SAME_AS {sure: true}]->(b)": "not sure",
    "MATCH (a:Fact {id: 'fa_likes'}), (b:Fact {id: 'fa_sold'})"
    " CREATE (a)-[:DISCOURSE]->(b)": "sense",
    "MATCH (a:Fact {id: 'fa_likes'}), (b:Fact {id: 'fa_sold'})"
    " CREATE (a)-[:DISCOURSE {sense: 'vibe'}]->(b)": "sense = 'vibe'",
    "CREATE INDEX FOR (e:Entity) ON (e.name)": "indexes",
    "CREATE CONSTRAINT FOR (e:Entity) REQUIRE e.name IS NOT NULL": "indexes",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_what_the_model_cannot_hold_is_refused_by_name_and_changes_nothing(
    runner: CypherRunner, memory: GraphStore, statement: str
) -> None:
    before = values(runner, "MATCH (n) RETURN n")
    with pytest.raises(InvalidInputError) as caught:
        runner.run(statement, write=True)
    assert REFUSED[statement] in caught.value.message
    assert memory.version("default") == 1
    assert values(runner, "MATCH (n) RETURN n") == before


def test_a_pattern_with_a_property_that_there_is_not_is_refused(
    runner: CypherRunner, memory: GraphStore, engine: str
) -> None:
    for statement in (
        "MATCH (e:Entity {age: 3}) RETURN e",
        "CREATE (e:Entity {name: 'X', age: 3})",
    )[engine == "neo4j" :]:  # a server matches nothing, and warns
        with pytest.raises((QueryError, InvalidInputError), match="age"):
            runner.run(statement, write=True)
    assert memory.version("default") == 1


def test_one_bad_change_keeps_the_good_ones_out_too(
    runner: CypherRunner, memory: GraphStore
) -> None:
    with pytest.raises(InvalidInputError):
        runner.run("MATCH (e:Entity) SET e.profile = 'x', e.name = 'x'", write=True)
    assert {e.profile for e in memory.entities([e.id for e in story().entities]).values()} == {""}


@pytest.mark.parametrize(
    "statement",
    [
        "MATCH (n) RETURN count(n)",
        "MATCH (e:Entity) SET e.type = e.type",
        "MERGE (:Entity {name: 'Bob'})",
    ],
)
def test_a_statement_that_comes_to_nothing_writes_nothing(
    runner: CypherRunner, memory: GraphStore, statement: str
) -> None:
    runner.run(statement, write=True)
    assert memory.version("default") == 1


def test_a_failing_statement_leaves_no_trace(runner: CypherRunner, memory: GraphStore) -> None:
    with pytest.raises(QueryError):
        runner.run("MATCH (e:Entity) SET e.type = 'group' RETURN 1/0", write=True)
    assert memory.version("default") == 1
    assert values(runner, "MATCH (e:Entity {type: 'group'}) RETURN e") == []


def test_a_write_to_a_memory_opened_for_reading_is_refused(
    memory: GraphStore, runners: Runners, open_store: Callable[..., GraphStore]
) -> None:
    with closing(open_store(read_only=True)) as reading:
        runner = runners(reading)
        with pytest.raises(ReadOnlyError):
            runner.run("MATCH (e:Entity) SET e.type = 'group'", write=True)
        assert values(runner, "MATCH (e:Entity) RETURN count(e)") == [8]


class Contended:
    """A store in which somebody else commits just before each edit, `times` times."""

    def __init__(self, store: GraphStore, times: int) -> None:
        self._store = store
        self._left = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def edit(self, edits: EditSet) -> Counts:
        if self._left:
            self._left -= 1
            name = f"Passer-by {self._left}"
            passer = Entity(id=entity_id(name), name=name, type=EntityType.PERSON)
            self._store.apply(ChangeSet(namespace="default", entities=(passer,)))
        return self._store.edit(edits)


def test_a_write_meets_the_memory_as_it_is_when_it_is_committed(
    memory: GraphStore, runners: Runners
) -> None:
    runners(Contended(memory, times=2)).run(
        "MATCH (e:Entity {type: 'person'}) SET e.profile = 'a person'", write=True
    )
    names = values(runners(memory), "MATCH (e:Entity {profile: 'a person'}) RETURN e.name")
    assert sorted(names) == ["Ann Lee", "Bob", "Carol", "Passer-by 0", "Passer-by 1"]


def test_a_write_that_never_gets_a_turn_says_so(memory: GraphStore, runners: Runners) -> None:
    with pytest.raises(StoreBusyError, match="written to"):
        runners(Contended(memory, times=99)).run(
            "MATCH (e:Entity {name: 'Bob'}) SET e.type = 'group'", write=True
        )


# ---------------------------------------------------------------------------- edits of the store


def test_an_edit_of_what_is_not_there_is_refused_whole(memory: GraphStore) -> None:
    dora = Entity(id=entity_id("Dora"), name="Dora")
    link = SameAs(left_id=dora.id, right_id="en_nobody", score=1.0, by="hand")
    with pytest.raises(NotFoundError, match="en_nobody"):
        memory.edit(EditSet(namespace="default", version=1, entities=(dora,), same_as=(link,)))
    assert memory.version("default") == 1
    assert memory.entities([dora.id]) == {}


def test_an_edit_reaches_its_own_namespace_only(memory: GraphStore) -> None:
    with pytest.raises(NotFoundError, match="fa_likes"):
        memory.edit(EditSet(namespace="other", version=0, removed_facts=("fa_likes",)))
    assert "fa_likes" in memory.facts(["fa_likes"])


def test_an_edit_says_what_it_added(memory: GraphStore) -> None:
    dora = Entity(id=entity_id("Dora"), name="Dora")
    link = SameAs(left_id=dora.id, right_id=entity_id("Bob"), score=1.0, by="hand")
    added = memory.edit(EditSet(namespace="default", version=1, entities=(dora,), same_as=(link,)))
    assert added == Counts(entities=1, same_as=1)
    assert memory.version("default") == 2


def test_the_schema_names_every_label_that_a_bare_pattern_meets(
    runner: CypherRunner, memory: GraphStore
) -> None:
    memory.apply(story().model_copy(update={"checkpoint": Checkpoint(job="job", position="1")}))
    shape = runner.schema()
    met = {label for (labels,) in runner.run("MATCH (n) RETURN labels(n)").rows for label in labels}
    derived = {"Summary", "Community"}  # nothing was summed up here
    assert met == {*shape.labels, *shape.bookkeeping} - derived


def test_a_statement_that_names_no_namespace_never_shows_another_ones(
    engine: str, runner: CypherRunner, runners: Runners, memory: GraphStore
) -> None:
    theirs = ChangeSet(namespace="other", entities=(Entity(id="en_x", name="Their Own"),))
    memory.apply(theirs)
    asked = "MATCH (e:Entity) RETURN e.name"
    if engine == "neo4j":  # one database holds both
        with pytest.raises(QueryError, match="holds 2 namespaces, and the statement does not say"):
            runner.run(asked)
        asked = "MATCH (e:Entity {namespace: $namespace}) RETURN e.name"
    found = values(runner, asked)
    assert found
    assert "Their Own" not in found
    other = runners(memory, "other")
    assert values(other, "MATCH (e:Entity {namespace: $namespace}) RETURN e.name") == ["Their Own"]
