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
    passages, 0 for none beside this one; `threads` are the embedder's and a search's. `neo4j_user`
    and `neo4j_password`, or the file that holds it, are for memories at a ``neo4j://`` URL;
    `neo4j_home` is where ``graphmem neo4j start`` keeps its server.

    `extractor` reads passages at depth ``full``: ``spacy``, or ``llm``, the model `llm_model` at
    the OpenAI-compatible `llm_base_url`. `llm_timeout` seconds bound an exchange; budgets hold for
    as long as a memory is open, and prices are per million tokens. When a budget is used up, other
    passages are read by spaCy (``fallback``), or it is an error (``stop``).

    `reranker` judges what a search has found again: ``llm``, or
    ``cross-encoder:MODEL_OR_FOLDER``; nothing does by default. It is given the `rerank_depth` best,
    and its best judgement counts `rerank_weight` times the range of their scores.

    `states` is a file of states that can change, such as where one lives, beside those that are
    known: see ``graphmem/resolve/states.toml``; with `learn_states`, what a memory shows by itself
    to have one value at a time is one too. `reviser` is who decides between statements of one
    state that nothing orders: ``rules`` leave them side by side, ``llm`` asks the model.

    `fusion` says by which weights mode ``graph`` adds up its signals: those that were ``learned``,
    or ``equal`` ones. `ranker` walks its graph: local ``push``, power iteration by ``scipy`` or on
    a GPU (``cupy``), ``igraph``, or whichever suits each walk (``auto``).
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
    extractor: Literal["spacy", "llm"] = "spacy"
    llm_base_url: str | None = None
    llm_model: str | None = None
    llm_api_key: SecretStr | None = None
    llm_api_key_file: Path | None = None
    llm_timeout: float = Field(120.0, gt=0.0)
    llm_concurrency: int = Field(4, ge=1, le=256)
    llm_retries: int = Field(4, ge=0, le=20)
    llm_reply_tokens: int = Field(4096, ge=1)
    llm_budget_calls: int | None = Field(None, ge=0)
    llm_budget_tokens: int | None = Field(None, ge=0)
    llm_budget_cost: float | None = Field(None, ge=0.0)
    llm_price_in: float = Field(0.0, ge=0.0)
    llm_price_out: float = Field(0.0, ge=0.0)
    llm_over_budget: Literal["fallback", "stop"] = "fallback"
    llm_cache: bool = True
    reranker: str | None = None
    reranker_device: str | None = None
    rerank_depth: int = Field(20, ge=1, le=1_000)
    rerank_weight: float = Field(1.0, ge=0.0)
    states: Path | None = None
    learn_states: bool = True
    reviser: Literal["rules", "llm"] = "rules"
    fusion: Literal["learned", "equal"] = "learned"
    ranker: Literal["auto", "push", "scipy", "igraph", "cupy"] = "auto"
    bench: Path | None = None
