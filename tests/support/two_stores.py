"""A memory on each of the two stores, for tests of what both have to do alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from graphmem import Memory
from graphmem.settings import Settings

NOW: Final = datetime(2024, 6, 1, tzinfo=UTC)
"""When all of it is recorded."""
Opener = Callable[[pytest.FixtureRequest, Path], Memory]


def settings() -> Settings:
    """Those of the user, but that passages are read in the test's own process."""
    return Settings(workers=0, cache_dir=Settings().cache_dir)


def in_folder(_: pytest.FixtureRequest, folder: Path) -> Memory:
    """An embedded memory."""
    return Memory.open(folder / "memory", settings=settings(), clock=lambda: NOW)


def on_server(request: pytest.FixtureRequest, _: Path) -> Memory:
    """A memory on the Neo4j server of the test run, which is emptied first."""
    server = request.getfixturevalue("neo4j")
    return Memory.open(server.url, auth=server.auth, settings=settings(), clock=lambda: NOW)


BOTH: Final = (pytest.param(in_folder, id="sqlite"), pytest.param(on_server, id="neo4j"))
"""Parameters of a fixture that is given an :data:`Opener`."""
