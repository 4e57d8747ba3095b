"""GDS and APOC: found and used where a server has them, reading only, and never needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import igraph
import numpy as np
import pytest

from graphmem import Memory
from graphmem.adapters.analytics import gds
from graphmem.adapters.bolt import Bolt
from graphmem.adapters.cypher.neo4j import Neo4jCypher
from graphmem.adapters.servers import distribution
from graphmem.adapters.servers import neo4j as servers
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.errors import ConfigurationError, InvalidInputError, QueryError, ReadOnlyError
from graphmem.model.change import ChangeSet
from graphmem.settings import Settings

CACHE = Settings().cache_dir
STORY = Path(__file__).parents[1] / "data" / "cypher_memory.json"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def fill(server: Any) -> None:
    """Put the small memory of the Cypher tests into an emptied server."""
    server.empty()
    bolt = Bolt(server.url, server.auth)
    with closing(Neo4jStore.open(bolt, clock=lambda: NOW, create=True)) as store:
        store.apply(ChangeSet.model_validate_json(STORY.read_text()))


def graphmem(*arguments: str | Path, server: Any) -> Any:
    """What a command printed as JSON."""
    done = subprocess.run(
        [Path(sys.executable).with_name("graphmem"), *map(str, arguments), "--json"],
        env={**os.environ, "GRAPHMEM_NEO4J_PASSWORD_FILE": str(server.home / "password")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_a_server_says_what_it_was_started_with_and_keeps_it(neo4j_with_plugins: Any) -> None:
    home = neo4j_with_plugins.home
    code, told = graphmem("neo4j", "status", "--home", home, server=neo4j_with_plugins)
    assert (code, told["running"], told["plugins"]) == (0, True, ["apoc", "gds"])
    assert servers.start(home, cache_dir=CACHE).plugins == ("apoc", "gds")
    with pytest.raises(ConfigurationError, match="runs with the plugins apoc, gds"):
        servers.start(home, cache_dir=CACHE, plugins=["gds"])
    with pytest.raises(InvalidInputError, match="no plugin 'bloom'"):
        servers.start(home, cache_dir=CACHE, plugins=["bloom"])
    with closing(Bolt(neo4j_with_plugins.url, neo4j_with_plugins.auth)) as bolt:
        assert gds.version(bolt) == distribution.PLUGINS["gds"].version


def test_the_same_analysis_with_gds_and_without(neo4j_with_plugins: Any, neo4j: Any) -> None:
    answers = []
    for server, engine in ((neo4j_with_plugins, "gds 2.13.9"), (neo4j, "igraph")):
        fill(server)
        code, found = graphmem("analyse", "-m", server.url, "-k", "100", server=server)
        assert code == 0
        assert found["engine"] == engine
        answers.append(found)
    first, second = answers
    assert len(first["entities"]) >= 3
    for mine, other in zip(first["entities"], second["entities"], strict=True):
        assert mine.pop("pagerank") == pytest.approx(other.pop("pagerank"), abs=1e-8)
        # So small a graph has no clear communities: which are drawn is each engine's own.
        assert isinstance(mine.pop("community"), int)
        assert isinstance(other.pop("community"), int)
        assert mine == other


def test_an_engine_that_is_not_there_is_named(neo4j: Any, tmp_path: Path) -> None:
    settings = Settings(workers=0)
    with Memory.open(neo4j.url, auth=neo4j.auth, settings=settings) as memory:
        with pytest.raises(ConfigurationError, match="has no GDS"):
            memory.analyse(engine="gds")
        with pytest.raises(ConfigurationError, match="no engine 'cuda'"):
            memory.analyse(engine="cuda")
    with (
        Memory.open(tmp_path / "memory", settings=settings) as memory,
        pytest.raises(ConfigurationError, match="GDS is a part of Neo4j"),
    ):
        memory.analyse(engine="gds")


def test_a_graph_of_no_database_is_ranked_as_igraph_ranks_it(neo4j_with_plugins: Any) -> None:
    random = np.random.default_rng(5)
    ring = np.arange(400)
    sources = np.concatenate([ring, random.integers(0, 400, 1200)])
    targets = np.concatenate([np.roll(ring, -1), random.integers(0, 400, 1200)])
    keep = sources != targets
    sources, targets = sources[keep], targets[keep]
    weights = random.uniform(0.5, 2.0, len(sources))
    graph = igraph.Graph(n=400, edges=list(zip(sources, targets, strict=True)))
    expected = graph.personalized_pagerank(
        reset_vertices=[7, 90], damping=0.5, weights=weights.tolist()
    )
    with closing(Bolt(neo4j_with_plugins.url, neo4j_with_plugins.auth)) as bolt:
        with gds.projected(bolt, sources, targets, weights) as made:
            assert made.nodes == 400
            found = made.pagerank([7, 90], damping=0.5, k=400)
        left = bolt.read(lambda tx: tx.run("CALL gds.graph.list() YIELD graphName").values())
    assert left == []
    assert dict(found) == pytest.approx({n: 2 * x for n, x in enumerate(expected)}, abs=1e-7)


@pytest.fixture
def runner(neo4j_with_plugins: Any) -> Iterator[Neo4jCypher]:
    fill(neo4j_with_plugins)
    bolt = Bolt(neo4j_with_plugins.url, neo4j_with_plugins.auth)
    with closing(Neo4jStore.open(bolt, clock=lambda: NOW, create=False)) as store:
        yield Neo4jCypher(store, "default", bolt)


def test_a_statement_may_project_rank_and_compute(runner: Neo4jCypher) -> None:
    projected = runner.run(
        "MATCH (a:Entity {namespace: $namespace})<-[:ROLE]-(f:Fact)-[:ROLE]->(b:Entity)"
        " WITH gds.graph.project('mine', a, b) AS g RETURN g.nodeCount > 2"
    )
    assert projected.rows == ((True,),)
    ranked = runner.run(
        "CALL gds.pageRank.stream('mine') YIELD nodeId, score"
        " RETURN gds.util.asNode(nodeId).name AS name ORDER BY score DESC LIMIT 1"
    )
    assert ranked.rows == (("Acme",),)
    assert runner.run("CALL gds.graph.drop('mine') YIELD graphName RETURN 1").rows == ((1,),)
    assert runner.run("RETURN apoc.coll.sum([1, 2]) AS n").rows == ((3.0,),)
    paths = runner.run(
        "MATCH (e:Entity {name: 'Acme', namespace: $namespace})"
        " CALL apoc.path.subgraphNodes(e, {maxLevel: 1}) YIELD node RETURN count(node) > 1"
    )
    assert paths.rows == ((True,),)


@pytest.mark.parametrize(
    "statement",
    [
        "CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value",
        "CALL apoc.cypher.run('MATCH (n) DETACH DELETE n', {}) YIELD value RETURN value",
        "CALL apoc.periodic.iterate('MATCH (n) RETURN n', 'DELETE n', {})",
        "CALL apoc.export.json.all('x', {stream: true})",
        "CALL gds.pageRank.write('g', {writeProperty: 'x'})",
        "CALL gds.graph.export('g', {dbName: 'x'})",
        "CALL `gds`.`beta`.`graph`.`generate`('x', 10, 2)",
        "RETURN apoc.cypher.runFirstColumnSingle('CALL apoc.load.json(\"x\")', {}) AS x",
        "RETURN `apoc`.cypher . runFirstColumnMany('RETURN 1', {}) AS x",
        "WITH 1 AS x WHERE apoc /* */ .cypher.runFirstColumnSingle('RETURN 1', {}) = 1 RETURN x",
        "RETURN genai.vector.encode('text', 'OpenAI', {})",
    ],
)
def test_what_reads_files_runs_statements_or_writes_is_refused(
    runner: Neo4jCypher, statement: str
) -> None:
    for write in (False, True):
        with pytest.raises((QueryError, ReadOnlyError), match="may not be"):
            runner.run(statement, write=write)
