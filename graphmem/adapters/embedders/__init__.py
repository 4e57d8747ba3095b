"""Embedders, and the one place that chooses between them."""

from __future__ import annotations

from pathlib import Path

from graphmem.errors import ConfigurationError
from graphmem.ports.models import Embedder
from graphmem.settings import Settings

_ONNX_FOLDER = "onnx:"
_SENTENCE_TRANSFORMERS = "sentence-transformers:"


def make_embedder(settings: Settings, *, name: str | None = None) -> Embedder:
    """The embedder of that name, by default the one that the settings name.

    Raises
    ------
    ConfigurationError
        The name is unknown, or needs a package that is not installed.
    ModelUnavailableError
        The model's files are neither there nor to be fetched.
    """
    from graphmem.adapters.embedders.cached import QueryCache

    return QueryCache(_make(settings, settings.embedder if name is None else name))


def _make(settings: Settings, name: str) -> Embedder:
    from graphmem.adapters.embedders.catalogue import KNOWN
    from graphmem.adapters.embedders.local import read_folder
    from graphmem.adapters.embedders.onnx import OnnxEmbedder
    from graphmem.adapters.models import read_model

    if name in KNOWN:
        known = KNOWN[name]
        files = read_model(known.source, cache_dir=settings.cache_dir, offline=settings.offline)
        return OnnxEmbedder(known.recipe, files, threads=settings.threads)
    if folder := _after(_ONNX_FOLDER, name):
        recipe, files = read_folder(Path(folder).expanduser())
        return OnnxEmbedder(recipe, files, threads=settings.threads)
    if model := _after(_SENTENCE_TRANSFORMERS, name):
        from graphmem.adapters.embedders.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(
            model, device=settings.embedder_device, offline=settings.offline
        )
    choices = [*KNOWN, f"{_ONNX_FOLDER}FOLDER", f"{_SENTENCE_TRANSFORMERS}NAME_OR_FOLDER"]
    raise ConfigurationError(
        f"There is no embedder {name!r}", remedy=f"Choose one of {', '.join(choices)}"
    )


def _after(prefix: str, name: str) -> str:
    return name.removeprefix(prefix) if name.startswith(prefix) else ""
