"""Files and folders that appear whole, under their name, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphmem.errors import InvalidInputError, StoreError, StoreFullError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def placed(path: Path) -> Iterator[tuple[Path, Path]]:
    """Where to make what will stand at `path`, and a folder for scraps that is removed.

    Nothing stands at `path` if the block raises, or if the process is killed.

    Raises
    ------
    InvalidInputError
        Something stands at `path` already, or its folder does not exist.
    StoreFullError, StoreError
        No room on the disk, or what else the system reports.
    """
    if path.exists() or path.is_symlink():
        raise InvalidInputError(
            f"There is something at {path} already", remedy="Name another path, or remove it"
        )
    if not path.parent.is_dir():
        raise InvalidInputError(f"There is no folder {path.parent} to write {path.name} to")
    try:
        workshop = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:100]}.partial-"))
        try:
            (workshop / "scraps").mkdir()
            yield workshop / "made", workshop / "scraps"
            (workshop / "made").rename(path)
            _sync(path.parent)
        finally:
            shutil.rmtree(workshop)
    except OSError as cause:
        if cause.errno in _NO_ROOM:
            raise StoreFullError(
                f"No room left to write {path}", remedy="Free some, or name a path on another disk"
            ) from cause
        raise StoreError(f"{path} cannot be written ({cause.strerror})") from cause


def _sync(folder: Path) -> None:
    """Make a new name in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
