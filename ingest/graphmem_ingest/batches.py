"""From files to batches: the same files give the same batches, from any border on."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from graphmem.errors import ReaderError
from graphmem.model.change import FailedItem
from graphmem.model.source import SourceItem
from graphmem_ingest.position import Findings, Place
from graphmem_ingest.readers.base import InputFile, Note, Read
from graphmem_ingest.readers.isolate import Sandbox
from graphmem_ingest.readers.openie import OpenTriplesFile
from graphmem_ingest.readers.read import read

BATCH_CHARS: Final = 400_000
"""Characters at which a batch is closed, however few its items are."""


Held = Mapping[str, set[str]]
"""Sources within files, by file, that the memory held when the job began."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that are committed together, what was found beside them, and where they end.

    `outdated` are sources within files read to their end by now that these no longer have. `done`
    bytes of all files are read; `source` names the file at hand.
    """

    items: tuple[SourceItem, ...]
    findings: Findings
    outdated: tuple[str, ...]
    end: Place
    done: int
    source: str


def batches_of(
    files: Sequence[InputFile],
    sandbox: Sandbox,
    *,
    start: Place,
    size: int,
    held: Held | None = None,
    triples: OpenTriplesFile | None = None,
) -> Generator[Batch]:
    """Read `files` from `start` on into batches of `size` items, or of `BATCH_CHARS` if fewer.

    A batch is closed by the item that fills it, so its end depends on nothing that comes later. The
    last one may have no items. Documents get their `triples`.
    """
    open_batch = _Open()
    done = sum(file.size for file in files[: start.file])
    place = start
    for number, file in enumerate(files[start.file :], start=start.file):
        skip = start.item if number == start.file else 0
        place = Place(file=number, item=skip, items=place.items)
        unseen = set((held or {}).get(file.source, ()))
        is_whole = True
        with closing(_values(file, sandbox, triples)) as values:
            for value, at in values:
                is_item = isinstance(value, SourceItem)
                is_whole = is_whole and not isinstance(value, FailedItem)
                if isinstance(value, SourceItem):
                    unseen.discard(value.source)
                if skip:
                    skip -= is_item
                    continue
                open_batch.take(value)
                if is_item:
                    place = Place(file=number, item=place.item + 1, items=place.items + 1)
                    if open_batch.is_full(size):
                        yield open_batch.close(place, done + at, file.source)
                        open_batch = _Open()
        done += file.size
        if is_whole:
            open_batch.outdated.extend(sorted(unseen))
        elif unseen:
            open_batch.take(Note(file.source, "what it held before and no longer has was kept"))
    if open_batch.is_due:
        yield open_batch.close(place, done, files[-1].source)


class _Open:
    """A batch that is being filled."""

    def __init__(self) -> None:
        self.outdated: list[str] = []
        self._items: list[SourceItem] = []
        self._found: list[FailedItem | Note] = []
        self._chars = 0

    @property
    def is_due(self) -> bool:
        """Whether there is anything in it."""
        return bool(self._items or self._found or self.outdated)

    def take(self, value: SourceItem | FailedItem | Note) -> None:
        """Put a value into it."""
        if isinstance(value, SourceItem):
            self._items.append(value)
            self._chars += len(value.text or "") + sum(len(m.content) for m in value.messages)
        else:
            self._found.append(value)

    def is_full(self, size: int) -> bool:
        """Whether it holds `size` items, or as much text as a batch may."""
        return len(self._items) >= size or self._chars >= BATCH_CHARS

    def close(self, end: Place, done: int, source: str) -> Batch:
        """What it holds, as a batch that ends at `end`."""
        failed = tuple(value for value in self._found if isinstance(value, FailedItem))
        notes = tuple(value for value in self._found if isinstance(value, Note))
        return Batch(
            tuple(self._items),
            Findings() + Findings(failed=failed, failures=len(failed), notes=notes),
            tuple(self.outdated),
            end,
            done,
            source,
        )


def _values(file: InputFile, sandbox: Sandbox, triples: OpenTriplesFile | None) -> Generator[Read]:
    """What a file holds; why it cannot be read further is its last value."""
    try:
        with closing(read(file, sandbox)) as values:
            yield from triples.given(file, values) if triples else values
    except ReaderError as error:
        yield Read(_failed(file, error), file.size)


def _failed(file: InputFile, error: ReaderError) -> FailedItem:
    message = error.message.removeprefix(file.source).removeprefix(":").strip()
    return FailedItem(item=file.source, error=message, remedy=error.remedy)
