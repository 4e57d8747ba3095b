"""Settings: the one place that reads the environment.

Every field can be set by a variable ``GRAPHMEM_<FIELD>``, or handed to :meth:`Memory.open`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "graphmem"


def _data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "graphmem"


class Settings(BaseSettings):
    """What a memory is opened with.

    `embedder` is ``bge-small-en-v1.5``, ``all-minilm-l6-v2`` or ``e5-small-v2`` (int8, ONNX),
    ``onnx:FOLDER``, or ``sentence-transformers:NAME_OR_FOLDER``. `workers` are processes that read
    passages, 0 for none beside this one; `threads` are the embedder's. `neo4j_user` and
    `neo4j_password`, or the file that holds it, are for memories at a ``neo4j://`` URL;
    `neo4j_home` is where ``graphmem neo4j start`` keeps its server.
    """

    model_config = SettingsConfigDict(env_prefix="GRAPHMEM_", frozen=True, extra="forbid")

    cache_dir: Path = Field(default_factory=_cache_dir)
    embedder: str = "bge-small-en-v1.5"
    embedder_device: str | None = None
    depth: Literal["fast", "full"] = "full"
    workers: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), ge=0, le=64)
    threads: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), ge=1, le=64)
    offline: bool = False
    neo4j_user: str = "neo4j"
    neo4j_password: SecretStr | None = None
    neo4j_password_file: Path | None = None
    neo4j_home: Path = Field(default_factory=lambda: _data_dir() / "neo4j")
    bench: Path | None = None
