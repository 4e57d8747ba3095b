"""What a job says of itself: while it runs, and at its end."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import computed_field

from graphmem.model.base import Value
from graphmem.model.change import Counts, FailedItem
from graphmem.model.usage import Tally, Usage
from graphmem_ingest.readers.base import Note

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_WITH_FAILED_ITEMS = 3
EXIT_INTERRUPTED = 130


class Progress(NamedTuple):
    """How far a job is: `items` of this run, and `done` of `size` bytes.

    `skipped` bytes were done by an earlier run. `usage` is that of a language model, in this run.
    """

    items: int
    failures: int
    done: int
    size: int
    skipped: int
    source: str
    seconds: float
    usage: Usage = Usage()

    @property
    def share(self) -> float:
        """Share of the bytes that is done, in [0, 1]."""
        return min(1.0, self.done / self.size) if self.size else 1.0

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds if self.seconds else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds to go at the rate of this run, ``None`` before there is one."""
        done = self.done - self.skipped
        return self.seconds * (self.size - self.done) / done if done > 0 else None


class Report(Value):
    """What came of a job.

    `items`, `new`, `unchanged`, `replaced`, `added` and `seconds` are those of this run; it began
    behind `resumed_after` items that an earlier run had committed. `replaced` counts outdated
    versions of what was edited, `removed` records that their file no longer has. `failed` names
    those of both runs, at most 10,000 of the `failures` that there were. `reading` tells what a
    language model has cost, and what of its claims or of ready-made triples the text bears out.
    """

    files: int
    items: int
    new: int
    unchanged: int
    replaced: int
    removed: int = 0
    failures: int
    facts: int
    entities: int
    added: Counts = Counts()
    resumed_after: int = 0
    interrupted: bool = False
    seconds: float
    reading: Tally = Tally()
    failed: tuple[FailedItem, ...] = ()
    notes: tuple[Note, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def items_per_s(self) -> float:
        """Items a second, of this run."""
        return round(self.items / self.seconds, 2) if self.seconds else 0.0

    @property
    def exit_code(self) -> int:
        """What the command ends with: 0, or 3 with failed items, 1 when there was nothing else."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        if not self.failures:
            return EXIT_DONE
        is_any_kept = self.new + self.unchanged + self.resumed_after > 0
        return EXIT_WITH_FAILED_ITEMS if is_any_kept else EXIT_FAILED
