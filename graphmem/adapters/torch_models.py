"""Models of sentence-transformers, an extra: from a folder or the hub, errors in our words."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from graphmem.errors import ConfigurationError, ModelUnavailableError

_BLOCK = 1 << 20


def identity_of(model: str) -> tuple[str, str]:
    """Where to load a model from, and what identifies it: a folder by a digest of its weights."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return str(folder), f"{folder.resolve().name}@{_digest(folder)[:12]}"
    return model, model


def load_model(
    kind: Literal["SentenceTransformer", "CrossEncoder"],
    model: str,
    *,
    setting: str,
    device: str | None,
    offline: bool,
) -> Any:
    """The model; `setting` is the environment's variable by which its kind is named.

    Raises
    ------
    ConfigurationError
        The package is not installed, or there is no such device.
    ModelUnavailableError
        The model is neither there nor to be fetched.
    """
    try:
        import sentence_transformers
    except ModuleNotFoundError as cause:
        raise ConfigurationError(
            f"The model {model} of {setting} needs a package that is not installed ({cause.name})",
            remedy="pip install 'graphmem[sentence-transformers]'",
        ) from cause
    except (ImportError, OSError) as cause:
        # glibc keeps room for libraries that want thread-local storage at once: torch's, sklearn's
        # and the Cypher engine's together overfill it.
        raise ConfigurationError(
            f"sentence-transformers is installed but cannot be loaded: {cause}",
            remedy="If it speaks of the static TLS block, start Python with "
            "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=8192; else install it again",
        ) from cause
    make = getattr(sentence_transformers, kind)
    try:
        return make(model, device=device, local_files_only=offline)
    except (OSError, ValueError) as cause:
        state = " with fetching switched off" if offline else ""
        raise ModelUnavailableError(
            f"The model {model} cannot be loaded{state}: {cause}",
            remedy="Name a folder that holds it, or run once with a network connection",
        ) from cause
    except RuntimeError as cause:  # torch's only error for a device that is not there
        raise ConfigurationError(
            f"The model {model} does not load on the device {device}: {cause}",
            remedy=f"Set {setting}_DEVICE to one that torch has, or leave it unset",
        ) from cause


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    weights = [path for path in folder.rglob("*") if path.suffix in {".safetensors", ".bin"}]
    for path in sorted(weights):
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
