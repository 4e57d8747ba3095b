"""A folder that holds an exported embedding model, as model hubs lay it out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from graphmem.adapters.embedders.catalogue import (
    KNOWN,
    MODEL_FILE,
    TOKENIZER_FILE,
    Pooling,
    Recipe,
)
from graphmem.errors import ConfigurationError, ModelUnavailableError

_DEFAULT_MAX_TOKENS = 512


def read_folder(folder: Path) -> tuple[Recipe, dict[str, bytes]]:
    """The recipe and the files of the model in a folder.

    The folder holds ``model.onnx`` (or ``onnx/model.onnx``) and ``tokenizer.json``. A model whose
    digest is known is used by its own recipe, and its vectors are those of the known name. Another
    is used as its sentence-transformers files say: ``1_Pooling/config.json`` (mean when there is
    none), ``sentence_bert_config.json`` (512 tokens) and the prompts "query" and "document" or
    "passage" of ``config_sentence_transformers.json``.

    Raises
    ------
    ModelUnavailableError
        A file is missing.
    ConfigurationError
        A pooling other than by the first token or the mean, or a configuration that is not JSON.
    """
    files = {
        MODEL_FILE: _read_first(folder, (MODEL_FILE, f"onnx/{MODEL_FILE}")),
        TOKENIZER_FILE: _read_first(folder, (TOKENIZER_FILE,)),
    }
    digest = hashlib.sha256(files[MODEL_FILE]).hexdigest()
    for known in KNOWN.values():
        if known.source.files[0].sha256 == digest:
            return known.recipe, files
    prompts = _config(folder / "config_sentence_transformers.json").get("prompts", {})
    recipe = Recipe(
        name=f"{folder.resolve().name}@{digest[:12]}",
        pooling=_pooling(folder / "1_Pooling" / "config.json"),
        max_tokens=_config(folder / "sentence_bert_config.json").get(
            "max_seq_length", _DEFAULT_MAX_TOKENS
        ),
        query_prefix=prompts.get("query", ""),
        passage_prefix=prompts.get("document", prompts.get("passage", "")),
    )
    return recipe, files


def _read_first(folder: Path, names: tuple[str, ...]) -> bytes:
    for name in names:
        try:
            return (folder / name).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as cause:
            raise ModelUnavailableError(f"{folder / name} cannot be read: {cause}") from cause
    raise ModelUnavailableError(
        f"{folder} holds no {' or '.join(names)}",
        remedy=f"Put an ONNX export of the model there: {MODEL_FILE} and {TOKENIZER_FILE}",
    )


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as cause:
        raise ConfigurationError(f"{path} is not JSON: {cause}") from cause
    if not isinstance(config, dict):
        raise ConfigurationError(f"{path} holds a {type(config).__name__}, not an object")
    return config


def _pooling(path: Path) -> Pooling:
    config = _config(path)
    mode = config.get("pooling_mode")
    if mode is None:
        chosen = sorted(key for key, on in config.items() if key.startswith("pooling_mode_") and on)
        mode = " and ".join(key.removeprefix("pooling_mode_") for key in chosen) or "mean"
    modes: dict[str, Pooling] = {
        "cls": "cls",
        "cls_token": "cls",
        "mean": "mean",
        "mean_tokens": "mean",
    }
    if mode not in modes:
        raise ConfigurationError(
            f"{path} asks for pooling by {mode}, which the ONNX embedder does not know",
            remedy="Name the folder with sentence-transformers: instead of onnx:",
        )
    return modes[mode]
