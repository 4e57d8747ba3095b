"""From files to batches: the same files give the same batches, from any border on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from graphmem.errors import ReaderError
from graphmem.model.change import FailedItem
from graphmem.model.source import SourceItem
from graphmem_ingest.position import Findings, Place
from graphmem_ingest.readers.base import InputFile, Note, Read
from graphmem_ingest.readers.isolate import Sandbox
from graphmem_ingest.readers.read import read

BATCH_CHARS: Final = 400_000
"""Characters at which a batch is closed, however few its items are."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that are committed together, what was found beside them, and where they end.

    `done` bytes of all files are read by then; `source` names the file at hand.
    """

    items: tuple[SourceItem, ...]
    findings: Findings
    end: Place
    done: int
    source: str


def batches_of(
    files: Sequence[InputFile], sandbox: Sandbox, *, start: Place, size: int
) -> Generator[Batch]:
    """Read `files` from `start` on into batches of `size` items, or of `BATCH_CHARS` if fewer.

    A batch is closed by the item that fills it, so its end depends on nothing that comes later. The
    last one may hold findings only.
    """
    done = sum(file.size for file in files[: start.file])
    place = start
    items: list[SourceItem] = []
    found: list[FailedItem | Note] = []
    chars = 0
    source = ""
    for number, file in enumerate(files[start.file :], start=start.file):
        if number > start.file:
            place = Place(file=number, items=place.items)
        source = file.source
        with closing(_values(file, sandbox, skip=place.item)) as values:
            for value, at in values:
                if not isinstance(value, SourceItem):
                    found.append(value)
                    continue
                items.append(value)
                chars += _chars(value)
                place = Place(file=number, item=place.item + 1, items=place.items + 1)
                if len(items) >= size or chars >= BATCH_CHARS:
                    yield Batch(tuple(items), _findings(found), place, done + at, source)
                    items, found, chars = [], [], 0
        done += file.size
    if items or found:
        yield Batch(tuple(items), _findings(found), place, done, source)


def _values(file: InputFile, sandbox: Sandbox, *, skip: int) -> Generator[Read]:
    """What a file holds behind its first `skip` items; why it cannot be read is its last value."""
    try:
        with closing(read(file, sandbox)) as values:
            for value, at in values:
                if skip:
                    skip -= isinstance(value, SourceItem)
                else:
                    yield Read(value, at)
    except ReaderError as error:
        yield Read(_failed(file, error), file.size)


def _failed(file: InputFile, error: ReaderError) -> FailedItem:
    message = error.message.removeprefix(file.source).removeprefix(":").strip()
    return FailedItem(item=file.source, error=message, remedy=error.remedy)


def _findings(found: Sequence[FailedItem | Note]) -> Findings:
    failed = [value for value in found if isinstance(value, FailedItem)]
    notes = [value for value in found if isinstance(value, Note)]
    return Findings() + Findings(failed=tuple(failed), failures=len(failed), notes=tuple(notes))


def _chars(item: SourceItem) -> int:
    return len(item.text or "") + sum(len(message.content) for message in item.messages)
