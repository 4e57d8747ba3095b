"""From a location and settings to a memory: the only place where back ends are named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from graphmem.errors import ConfigurationError
from graphmem.memory import Memory
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.parts import Parts
from graphmem.ports.cypher import CypherRunner
from graphmem.ports.models import Extractor
from graphmem.ports.store import Clock
from graphmem.settings import Settings

_SCHEMES = ("sqlite",)


def open_memory(
    location: str | Path,
    *,
    namespace: str = DEFAULT_NAMESPACE,
    auth: tuple[str, str] | None = None,
    settings: Settings | None = None,
    read_only: bool = False,
    create: bool = True,
    clock: Clock | None = None,
) -> Memory:
    """Put a memory together; parameters and errors are those of :meth:`Memory.open`."""
    settings = settings or load_settings()
    folder = _folder_of(location)
    if auth is not None:
        raise ConfigurationError(
            "A memory in a folder takes no user and password", remedy="Leave auth out"
        )
    clock = clock or _system_clock

    from graphmem.adapters.embedders import make_embedder
    from graphmem.adapters.stores.sqlite import SqliteStore

    store = SqliteStore.open(folder, create=create, read_only=read_only, clock=clock)

    def runner(namespace: str) -> CypherRunner:
        # Not before it is asked for: the engine beside torch overfills what the loader has room for.
        from graphmem.adapters.cypher.embedded import EmbeddedCypher

        return EmbeddedCypher(store, namespace, folder=folder / "views")

    parts = Parts(
        store=store,
        extractor=_extractor(settings),
        embedder=lambda: make_embedder(settings),
        runner=runner,
        index_dir=folder / "index",
        clock=clock,
    )
    return Memory(parts, namespace=namespace)


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; raises `ConfigurationError` that names the variable."""
    try:
        return Settings(**overrides)
    except ValidationError as cause:
        first = cause.errors()[0]
        name = "GRAPHMEM_" + "_".join(map(str, first["loc"])).upper()
        raise ConfigurationError(f"{name}={first['input']!r}: {first['msg']}") from cause


def _extractor(settings: Settings) -> Extractor:
    if settings.depth == "fast":
        from graphmem.adapters.extractors.names import NamesExtractor

        return NamesExtractor()
    from graphmem.adapters.extractors.spacy import SpacyExtractor

    if settings.workers < 2:
        return SpacyExtractor()
    from graphmem.adapters.extractors.pool import PooledExtractor

    return PooledExtractor(SpacyExtractor, workers=settings.workers)


def _folder_of(location: str | Path) -> Path:
    text = str(location)
    if "://" not in text:
        return Path(location).expanduser()
    url = urlsplit(text)
    if url.scheme not in _SCHEMES:
        raise ConfigurationError(
            f"{text!r}: no store answers to {url.scheme}://",
            remedy=f"Name a folder, or a URL that begins with {', '.join(_SCHEMES)}://",
        )
    return Path(unquote(url.netloc + url.path)).expanduser()


def _system_clock() -> datetime:
    return datetime.now(UTC)
