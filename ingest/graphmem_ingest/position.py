"""How far a job has come: what its checkpoints say, and which job they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from graphmem.model.base import Value
from graphmem.model.change import FailedItem
from graphmem.model.ids import digest
from graphmem_ingest.paths import Options
from graphmem_ingest.readers.base import InputFile, Note

KEPT: Final = 10_000
"""Failed items that are kept by name; of more, the number is kept."""


class Place(Value):
    """A border between batches: the next item to read is number `item` of file number `file`.

    `items` items of all files lie before it.
    """

    file: int = 0
    item: int = 0
    items: int = 0


class Findings(Value):
    """What is to be said at the end: items that failed, and notes on some that did not."""

    failed: tuple[FailedItem, ...] = ()
    failures: int = 0
    notes: tuple[Note, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            failed=(self.failed + other.failed)[:KEPT],
            failures=self.failures + other.failures,
            notes=(self.notes + other.notes)[:KEPT],
        )


class Position(Value):
    """A checkpoint of a job.

    All before `committed` is in the memory. What was found is told only up to `reported`, as the
    last batches were still on their way: from there on a resumed job goes through them again.
    `fingerprint` is that of the files up to the one in which `committed` lies.
    """

    committed: Place
    reported: Place
    findings: Findings = Findings()
    fingerprint: str


def job_id(namespace: str, paths: Sequence[str], options: Options, *, variant: str = "") -> str:
    """The same for the same command: its namespace, paths, and all that changes the result."""
    resolved = sorted({str(Path(path).expanduser().absolute()) for path in paths})
    return f"ingest:{digest(namespace, variant, repr(asdict(options)), *resolved)}"


class Fingerprints:
    """Fingerprints of the first files of a list: names, sizes, and when they were last changed."""

    def __init__(self, files: Sequence[InputFile]) -> None:
        self._files = files
        self._state = blake2b(digest_size=16)
        self._count = 0

    def up_to(self, count: int) -> str:
        """That of the first `count` files; `count` never falls from call to call."""
        assert count >= self._count
        for file in self._files[self._count : count]:
            self._state.update(f"{file.source}\0{file.size}\0{file.modified}\0".encode())
        self._count = count
        return self._state.hexdigest()


def resume(position: str | None, files: Sequence[InputFile]) -> Position | None:
    """The position to go on from, if there is one and no file that lies before it has changed."""
    if position is None:
        return None
    try:
        found = Position.model_validate_json(position)
    except ValidationError:
        return None
    count = min(found.committed.file + 1, len(files))
    is_same = Fingerprints(files).up_to(count) == found.fingerprint
    return found if is_same else None
