"""From what the user names to the files to read: files, folders and patterns."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from graphmem.errors import InvalidInputError
from graphmem.model.change import FailedItem
from graphmem.model.source import DEFAULT_TRUST
from graphmem_ingest.readers.base import EXTENSIONS, Format, InputFile, Limits

_MEMORY: Final = "graphmem.sqlite3"
"""A folder with this file in it is a memory and holds nothing to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How files are read. `format` overrides what their names say, `at` is the time of those that
    state none."""

    format: Format | None = None
    trust: float = DEFAULT_TRUST
    at: datetime | None = None
    limits: Limits = field(default_factory=Limits)


class Found(NamedTuple):
    """Files in the order in which they are read, and what was named but is none."""

    files: list[InputFile]
    failed: list[FailedItem]


def expand(paths: Sequence[str], options: Options | None = None) -> Found:
    """List the files that `paths` name, sorted by source, each once.

    A folder stands for all files in it and below; hidden ones (``.name``) and memories are left
    out. What names no file may be a pattern (``docs/**/*.md``). A file's source is its path as
    given, made plain: ``./docs/../a.md`` is ``a.md``, and ``c#.md`` is ``c%23.md``. So the same
    words name the same sources; a path from the root does so from anywhere.

    Raises
    ------
    InvalidInputError
        There is no file at all behind `paths`.
    """
    options = options or Options()
    failed: list[FailedItem] = []
    named: dict[str, str] = {}
    real: set[str] = set()
    for path in sorted(_named(paths, failed)):
        resolved = os.path.realpath(path)
        if resolved in real:
            continue
        real.add(resolved)
        source = _source(path)
        if source in named:
            # Behind a link, two files may have one plain name: the second goes by its real one.
            source = _source(resolved)
        while source in named:
            source += "~"
        named[source] = path
    files: list[InputFile] = []
    for source, path in sorted(named.items()):
        file = _input(Path(path), source, options)
        if isinstance(file, InputFile):
            files.append(file)
        else:
            failed.append(file)
    if not named:
        raise InvalidInputError(
            "; ".join(f"{item.item}: {item.error}" for item in failed) or "No path was given",
            remedy="Name files, folders or patterns that exist",
        )
    return Found(files, failed)


def _named(paths: Sequence[str], failed: list[FailedItem]) -> Iterator[str]:
    for path in map(os.path.expanduser, paths):
        if os.path.lexists(path):
            matches = [path]
        elif glob.has_magic(path):
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - any root, and literal names
        else:
            matches = []
        if not matches:
            error = "no file matches" if glob.has_magic(path) else "no such file"
            failed.append(FailedItem(item=_printable(path), error=error))
        for match in matches:
            if not Path(match).is_dir():
                yield match
                continue
            inside = list(_inside(match, failed))
            yield from inside
            if not inside and len(matches) == 1:
                failed.append(FailedItem(item=_printable(match), error="no files in this folder"))


def _inside(folder: str, failed: list[FailedItem]) -> Iterator[str]:
    """Files below a folder; links to folders are followed, each folder once."""

    def refused(error: OSError) -> None:
        why = error.strerror or str(error)
        failed.append(FailedItem(item=_printable(str(error.filename)), error=why))

    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=refused):
        resolved = os.path.realpath(place)
        if resolved in seen or _MEMORY in names:
            folders.clear()
            continue
        seen.add(resolved)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield str(Path(place) / name)


def _input(path: Path, source: str, options: Options) -> InputFile | FailedItem:
    try:
        status = path.stat()
    except OSError as error:
        return FailedItem(item=source, error=error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode):
        return FailedItem(item=source, error="not a file that can be read to its end")
    format = options.format or EXTENSIONS.get(path.suffix.lower())
    if format is None:
        return FailedItem(
            item=source,
            error=f"files that end in {path.suffix!r} are not read"
            if path.suffix
            else "its name does not say what it is",
            remedy=f"Known are {', '.join(sorted(EXTENSIONS))}; --as FORMAT reads any",
        )
    return InputFile(
        path=path,
        source=source,
        format=format,
        size=status.st_size,
        modified=status.st_mtime_ns,
        trust=options.trust,
        at=options.at,
        limits=options.limits,
    )


def _source(path: str) -> str:
    # Behind the sign stands the record: a.jsonl#12.
    return _printable(Path(os.path.normpath(path)).as_posix()).replace("#", "%23")


def _printable(path: str) -> str:
    """A path as text; bytes of a name that are not UTF-8 are written out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
