"""The batch job: read, hand over in batches, and remember how far it got with each commit.

A job that was killed goes on behind its last commit when it is started again in the same words, and
ends with the memory that an unbroken run makes: batches begin and end at the same items.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from graphmem.errors import InvalidInputError, StoreBusyError, StoreError, StoreFullError
from graphmem.memory import Memory
from graphmem.model.change import AddReport, Checkpoint
from graphmem.model.source import SourceItem
from graphmem_ingest.batches import Batch, batches_of
from graphmem_ingest.paths import Found, Options, expand
from graphmem_ingest.position import Findings, Fingerprints, Place, Position, job_id, resume
from graphmem_ingest.readers.base import InputFile
from graphmem_ingest.readers.isolate import Sandbox
from graphmem_ingest.readers.openie import OpenTriplesFile
from graphmem_ingest.report import Progress, Report

DEFAULT_BATCH = 64


def ingest(
    memory: Memory,
    paths: Sequence[str],
    *,
    options: Options | None = None,
    found: Found | None = None,
    triples: OpenTriplesFile | None = None,
    batch: int = DEFAULT_BATCH,
    restart: bool = False,
    variant: str = "",
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Read files into a memory; what cannot be read is named in the report and stops nothing.

    Parameters
    ----------
    paths
        Files, folders and patterns; see :func:`graphmem_ingest.paths.expand` for the sources that
        they get.
    found
        What `paths` stand for, where the caller has listed it.
    triples
        Ready-made triples, which take the place of what would be read in the documents.
    batch
        Items that are committed together at most.
    restart
        Begin at the first file, whatever an earlier run has left behind.
    variant
        What else tells this job from another, such as the depth to which passages are read.
    should_stop
        Asked before each batch; batches that are on their way are still committed.

    Raises
    ------
    InvalidInputError
        No file is behind `paths`, or `batch` is less than 1.
    StoreError
        As the memory raises it; what was committed is kept, and the same call goes on behind it.
    """
    options = options or Options()
    if batch < 1:
        raise InvalidInputError(f"A batch of {batch} items holds nothing")
    found = found or expand(paths, options)
    job = _Job(
        memory,
        job_id(memory.namespace, paths, options, variant=variant),
        found.files,
        on_progress or (lambda _: None),
        restart=restart,
        triples=triples,
    )
    failed = (*found.failed, *(triples.failed if triples else ()))
    beside = Findings() + Findings(failed=failed, failures=len(failed))
    with Sandbox(options.limits) as sandbox:
        return job.run(sandbox, beside, size=batch, should_stop=should_stop)


class _Job:
    """One run of a job over a list of files."""

    def __init__(
        self,
        memory: Memory,
        job: str,
        files: Sequence[InputFile],
        on_progress: Callable[[Progress], None],
        *,
        restart: bool,
        triples: OpenTriplesFile | None,
    ) -> None:
        self._memory = memory
        self._id = job
        self._files = files
        self._triples = triples
        self._on_progress = on_progress
        self._size = sum(file.size for file in files)
        self._fingerprints = Fingerprints(files)
        position = None if restart else resume(memory.checkpoint(job), files)
        self._start = position.reported if position else Place()
        self._committed = position.committed if position else Place()
        self._reported = self._start
        self._findings = position.findings if position else Findings()
        self._skipped = sum(file.size for file in files[: self._committed.file])
        self._total = AddReport()
        self._new = 0
        self._removed = 0
        self._on_way: deque[Batch] = deque()
        self._began = time.monotonic()
        self._stopped = False

    def run(
        self, sandbox: Sandbox, beside: Findings, *, size: int, should_stop: Callable[[], bool]
    ) -> Report:
        """Read and commit to the end, or until `should_stop`."""
        held = _held(self._memory, self._files)
        batches = batches_of(
            self._files,
            sandbox,
            start=self._start,
            size=size,
            held=held,
            triples=self._triples,
        )
        with closing(batches):
            handed = self._hand_over(batches, should_stop)
            try:
                for report in self._memory.add_batches(handed):
                    self._account(self._on_way.popleft(), report)
            except (StoreFullError, StoreBusyError) as error:
                raise self._with_remedy(error) from error
        # What is left was found behind the last item and needs no commit.
        while self._on_way:
            self._conclude(self._on_way.popleft())
        if not self._stopped:
            self._memory.clear_checkpoint(self._id)
            self._note_triples()
        return self._report(beside)

    def _hand_over(
        self, batches: Iterator[Batch], should_stop: Callable[[], bool]
    ) -> Iterator[tuple[Sequence[SourceItem], Checkpoint | None]]:
        for batch in batches:
            if should_stop():
                self._stopped = True
                return
            self._on_way.append(batch)
            if batch.items:
                yield batch.items, self._checkpoint(batch)

    def _checkpoint(self, batch: Batch) -> Checkpoint | None:
        if self._is_again(batch):
            return None
        position = Position(
            committed=batch.end,
            reported=self._reported,
            findings=self._findings,
            fingerprint=self._fingerprints.up_to(batch.end.file + 1),
        )
        return Checkpoint(job=self._id, position=position.model_dump_json())

    def _is_again(self, batch: Batch) -> bool:
        """Whether an earlier run has committed the batch: only what was found is not known yet."""
        return batch.end.items <= self._committed.items

    def _account(self, batch: Batch, report: AddReport) -> None:
        failed = Findings(failed=report.failed, failures=len(report.failed))
        self._findings += failed
        self._conclude(batch)
        if not self._is_again(batch):
            # Ids would grow with the job: only their number is kept.
            self._total += report.model_copy(update={"episode_ids": (), "failed": ()})
            self._new += len(report.episode_ids)
        self._on_progress(
            Progress(
                items=self._total.items,
                failures=self._findings.failures,
                done=batch.done,
                size=self._size,
                skipped=self._skipped,
                source=batch.source,
                seconds=time.monotonic() - self._began,
                usage=self._total.reading.usage,
            )
        )

    def _conclude(self, batch: Batch) -> None:
        """Take note of what was found beside a batch that is in the memory by now."""
        self._findings += batch.findings
        self._removed += sum(self._memory.retire_source(source) > 0 for source in batch.outdated)
        self._reported = batch.end

    def _note_triples(self) -> None:
        """Say what had no triples, and which had no document; a resumed run cannot tell."""
        if self._triples and not self._start.items:
            self._findings += Findings(notes=self._triples.notes())

    def _with_remedy(self, error: StoreError) -> StoreError:
        kept = self._committed.items + self._total.items
        return type(error)(
            error.message,
            remedy=f"{kept:,} items are safe in the memory. {error.remedy}. Then run the same "
            "command again: it goes on behind them",
        )

    def _report(self, beside: Findings) -> Report:
        findings = beside + self._findings
        return Report(
            files=len(self._files),
            items=self._total.items,
            new=self._new,
            unchanged=self._total.unchanged,
            replaced=self._total.replaced,
            removed=self._removed,
            failures=findings.failures,
            facts=self._total.added.facts,
            entities=self._total.added.entities,
            added=self._total.added,
            resumed_after=self._committed.items,
            interrupted=self._stopped,
            seconds=time.monotonic() - self._began,
            reading=self._total.reading,
            failed=findings.failed,
            notes=findings.notes,
        )


def _held(memory: Memory, files: Sequence[InputFile]) -> dict[str, set[str]]:
    """Sources within `files` (``file#record``) that the memory holds, by file."""
    names = {file.source for file in files}
    held: dict[str, set[str]] = {}
    for source, _ in memory.sources():
        file, sign, _ = source.partition("#")
        if sign and file in names:
            held.setdefault(file, set()).add(source)
    return held
