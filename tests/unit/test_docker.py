"""The Docker files, as far as they can be judged without Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from graphmem.adapters.servers.distribution import VERSION
from graphmem.settings import Settings

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
INSTRUCTIONS = [
    line.split(maxsplit=1) for line in re.findall(r"^[A-Z]+ .*$", DOCKERFILE, re.MULTILINE)
]
EXACT = re.compile(r"[a-z0-9/]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")


def values(instruction: str) -> list[str]:
    return [value for name, value in INSTRUCTIONS if name == instruction]


def test_images_are_pinned_to_an_exact_version() -> None:
    bases = [value.partition(" AS ")[0] for value in values("FROM")]
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    assert len(bases) == 2
    assert images == [f"neo4j:{VERSION}-community"]
    assert [name for name in (*bases, *images) if not EXACT.fullmatch(name)] == []


def test_nothing_runs_as_root_or_can_become_it() -> None:
    assert values("USER")[-1].isdecimal()
    assert values("USER")[-1] != "0"
    assert SERVICES["neo4j"]["user"].partition(":")[0] not in {"0", "root"}
    for service in SERVICES.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.get("privileged", False)


def test_everything_has_a_health_check_and_a_bound_on_memory() -> None:
    assert len(values("HEALTHCHECK")) == 1
    for service in SERVICES.values():
        assert service["healthcheck"].keys() == {
            *("test", "interval", "timeout", "retries", "start_period")
        }
        assert service["mem_limit"]
    assert SERVICES["graphmem"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}


def test_no_secret_stands_in_them_and_the_server_is_reached_from_this_machine_only() -> None:
    named = re.compile(r"password|secret|token|api_?key", re.IGNORECASE)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not named.search(name) or value.startswith("/run/secrets/"), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert [line for line in (*values("ENV"), *values("ARG")) if named.search(line)] == []
    assert COMPOSE["secrets"] == {"neo4j_password": {"file": "./secrets/neo4j_password"}}
    ignored = (DOCKER.parent / ".gitignore").read_text().split()
    assert "/docker/secrets/" in ignored


@pytest.mark.parametrize("name", sorted(SERVICES["graphmem"]["environment"]))
def test_the_settings_of_the_container_are_ours(name: str) -> None:
    assert name.removeprefix("GRAPHMEM_").lower() in Settings.model_fields


def test_what_the_image_is_built_from_is_there_and_not_ignored() -> None:
    root = DOCKER.parent
    shown = {line.removeprefix("!") for line in (root / ".dockerignore").read_text().split()}
    sources = [
        part for line in values("COPY") if "--from" not in line for part in line.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (root / source).exists()
        assert source in shown
