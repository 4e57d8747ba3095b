"""A server that speaks TLS, and one that is read-only: what is refused says why and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory
from graphmem.adapters.bolt import Bolt
from graphmem.adapters.servers import neo4j as servers
from graphmem.errors import ConfigurationError, ReadOnlyError
from graphmem.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
SETTINGS = Settings(workers=0, depth="fast")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for this machine, with its key beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no `openssl` to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout private.key -out public.crt -days 2"
    )
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-subj", "/CN=localhost", "-addext", names],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "public.crt"


@pytest.fixture(scope="module")
def secured(
    certificate: Path, tmp_path_factory: pytest.TempPathFactory, starter: Callable[..., Any]
) -> Iterator[Any]:
    """A server that encrypts what asks for it, with a memory in it."""
    home = tmp_path_factory.mktemp("secured") / "home"
    policy = "dbms.ssl.policy.bolt"
    settings = {
        f"{policy}.enabled": "true",
        f"{policy}.base_directory": str(certificate.parent),
        f"{policy}.private_key": "private.key",
        f"{policy}.public_certificate": certificate.name,
        f"{policy}.client_auth": "NONE",
        "server.bolt.tls_level": "OPTIONAL",
    }
    try:
        server = starter(home, settings=settings)
        with Memory.open(server.url, auth=server.auth, settings=SETTINGS) as memory:
            memory.add("Ann Reed lives in Oslo.", source="note:1")
        yield server
    finally:
        servers.stop(home)


def told(server: Any, scheme: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What ``graphmem stats`` says at a URL of this scheme."""
    command = [Path(sys.executable).with_name("graphmem"), "stats", "--json", "-m"]
    return subprocess.run(
        [*command, server.url.replace("bolt:", f"{scheme}:")],
        env={
            **os.environ,
            "GRAPHMEM_NEO4J_PASSWORD_FILE": str(server.home / "password"),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("scheme", ["bolt+ssc", "neo4j+ssc"])
def test_a_connection_is_encrypted_without_checking_who_answers(secured: Any, scheme: str) -> None:
    url = secured.url.replace("bolt:", f"{scheme}:")
    with Memory.open(url, auth=secured.auth, settings=SETTINGS, read_only=True) as memory:
        assert memory.stats().counts.passages == 1


@pytest.mark.parametrize("scheme", ["bolt+s", "neo4j+s"])
def test_a_certificate_that_is_not_trusted_is_named_at_once(secured: Any, scheme: str) -> None:
    url = secured.url.replace("bolt:", f"{scheme}:")
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match=r"not trusted \(self-signed") as caught:
        Memory.open(url, auth=secured.auth, settings=SETTINGS)
    assert "bolt+ssc://" in caught.value.remedy
    with (
        closing(Bolt(url, secured.auth, retry_seconds=120.0)) as bolt,
        pytest.raises(ConfigurationError, match="not trusted"),
    ):
        bolt.read(lambda tx: tx.run("RETURN 1").values())
    assert time.monotonic() - began < 20


def test_a_certificate_that_is_trusted_opens_the_memory(secured: Any, certificate: Path) -> None:
    done = told(secured, "neo4j+s", SSL_CERT_FILE=str(certificate))
    assert done.returncode == 0, done.stderr
    assert '"passages": 1' in done.stdout


def test_a_server_without_tls_says_so(neo4j_server: Any) -> None:
    done = told(neo4j_server, "bolt+ssc")
    assert done.returncode == 2
    assert "does not answer in TLS" in done.stderr


def test_a_read_only_database_is_read_and_refuses_to_be_written(
    secured: Any, starter: Callable[..., Any]
) -> None:
    """The nearest that Neo4j's free edition has to a user who may only read."""
    servers.stop(secured.home)
    server = starter(secured.home, settings={"server.databases.read_only": "neo4j"})
    with Memory.open(server.url, auth=server.auth, settings=SETTINGS, read_only=True) as memory:
        assert [hit.text for hit in memory.search("Who lives in Oslo?")] == [
            "Ann Reed lives in Oslo."
        ]
        assert memory.cypher("MATCH (p:Passage) RETURN count(p)").rows == ((1,),)
        assert memory.doctor() == []
    with Memory.open(server.url, auth=server.auth, settings=SETTINGS) as memory:
        for write in (
            lambda: memory.add("Bo Lund lives in Bergen.", source="note:2"),
            lambda: memory.delete_source("note:1"),
            lambda: memory.cypher("CREATE (e:Entity {name: 'Cy'})", write=True),
        ):
            with pytest.raises(ReadOnlyError, match="read-only mode"):
                write()
        assert memory.stats().counts.passages == 1
