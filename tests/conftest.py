"""What tests share: a real Neo4j, started when the first asks, and how examples are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from scripted_llm import ScriptedLLM

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.servers import distribution
from graphmem.adapters.servers import neo4j as servers
from graphmem.errors import StoreError
from graphmem.settings import Settings

# How long an example takes says what else the machine does: no reason for a test to fail.
hypothesis_settings.register_profile(
    "graphmem", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("graphmem")

# Short-lived: compiled fast rather than well, and plans made for an empty database are kept.
JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
SERVER_SETTINGS = {"dbms.cypher.min_replan_interval": "1h"}


class Neo4jServer(NamedTuple):
    """Where it answers, to whom, and its folder."""

    url: str
    auth: tuple[str, str]
    home: Path

    def empty(self) -> None:
        """Remove all that the database holds; it is another memory from then on.

        The node that says which memory it is stays, for the schema hangs on it.
        """
        bolt = Bolt(self.url, self.auth)
        try:
            with bolt.session("WRITE") as session:
                session.run(
                    "MATCH (n) WHERE NOT n:_Memory"
                    " CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS"
                ).consume()
                session.run(
                    "MATCH (n:_Memory) REMOVE n.embedder, n.dimension, n.generation, n.stale,"
                    " n.next_embedder, n.next_dimension, n.next_generation"
                    " SET n.memory_id = replace(randomUUID(), '-', '')"
                ).consume()
                shown = session.run("SHOW VECTOR INDEXES YIELD name RETURN name").values()
                for (name,) in shown:
                    session.run(f"DROP INDEX {name}").consume()
        finally:
            bolt.close()


def start_neo4j(home: Path, **options: Any) -> Neo4jServer:
    """Start a server in `home`, or find the one that runs there; `settings` are added to ours."""
    settings = {**SERVER_SETTINGS, **options.pop("settings", {})}
    java_options = (*JAVA_OPTIONS, *options.pop("java_options", ()))
    status = servers.start(
        home,
        cache_dir=Settings().cache_dir,
        heap="768m",
        page_cache="64m",
        java_options=java_options,
        settings=settings,
        **options,
    )
    assert status.url is not None
    password = Path(status.password_file).read_text()
    return Neo4jServer(status.url, (status.user, password), home)


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """The server of this test run."""
    home = tmp_path_factory.mktemp("neo4j")
    try:
        yield start_neo4j(home)
    finally:
        servers.stop(home)


@pytest.fixture(scope="session")
def starter() -> Callable[..., Neo4jServer]:
    """Starts a server of a test's own."""
    return start_neo4j


@pytest.fixture(scope="session")
def neo4j_with_plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """Another server, with GDS and APOC."""
    home = tmp_path_factory.mktemp("neo4j-plugins")
    try:
        for part in distribution.PLUGINS.values():
            distribution.jars(Settings().cache_dir, part=part)
    except StoreError as error:
        pytest.skip(f"the plugins are not to be had: {error}")
    try:
        yield start_neo4j(home, plugins=tuple(distribution.PLUGINS))
    finally:
        servers.stop(home)


@pytest.fixture
def neo4j(neo4j_server: Neo4jServer) -> Neo4jServer:
    """The server, with nothing in it."""
    neo4j_server.empty()
    return neo4j_server


@pytest.fixture
def llm_server() -> Iterator[ScriptedLLM]:
    """A language model's endpoint on loopback, which answers as it is told."""
    server = ScriptedLLM()
    yield server
    server.close()
