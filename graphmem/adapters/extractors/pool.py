"""Reading in parallel processes, each with its own model.

Workers are started by command line and spoken to over pipes, so nothing of the caller's script is
imported again, and a script needs no ``__main__`` guard. They end with their owner, however that
ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from graphmem.adapters.extractors.worker import (
    EXTRACTIONS,
    FAILED,
    PASSAGES,
    error_of,
    read_frame,
    reference_to,
    write_frame,
)
from graphmem.errors import ConfigurationError, ExtractionError, GraphMemError
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.model.source import Depth
from graphmem.ports.models import Extractor

_SMALL_BATCH = 16
_SMALLEST_CHUNK, _LARGEST_CHUNK = 8, 32
_CHUNKS_PER_WORKER = 2
_DEATHS_IN_A_ROW = 3
_EXIT_SECONDS = 5.0
_START_SECONDS = 60.0  # imports and a model, on a machine that may have much else to do
_CLOSED: Final = "The extractor was closed while it read"
_COMMAND: Final = (
    "import os, signal, sys, json; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "os.environ.update(OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1'); "
    "sys.path[:] = json.loads(sys.argv[1]); "
    "from graphmem.adapters.extractors.worker import main; main()"
)

_Chunk = tuple[int, Sequence[PassageContext]]


class PooledExtractor:
    """Reads in `workers` processes made by a factory that another process can import.

    A worker that dies costs a second reading of its passages, one at a time. Those on which it dies
    again are named in an `ExtractionError`. Batches of a few passages are read in this process, as
    long as no worker runs yet. Safe to use from several threads.
    """

    def __init__(
        self, make: Callable[[], Extractor], *, workers: int, timeout: float = 300.0
    ) -> None:
        if workers < 1:
            raise ConfigurationError(f"{workers} workers read nothing", remedy="Take at least 1")
        self._reference = reference_to(make)
        self._local = make()
        self._timeout = timeout
        self._lock = threading.Lock()
        self._workers = [_Worker(self._reference, timeout) for _ in range(workers)]
        self._is_started = False
        self._is_closed = False
        weakref.finalize(self, _close_all, self._workers)

    @property
    def name(self) -> str:
        """What identifies the extraction: that of the extractor in the workers."""
        return self._local.name

    @property
    def depth(self) -> Depth:
        """That of the extractor in the workers."""
        return self._local.depth

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        """One extraction per passage, in the order given.

        Raises
        ------
        ExtractionError
            Reading some of the passages ended its process twice, or took too long.
        """
        with self._lock:
            if self._is_closed:
                raise GraphMemError("The extractor is closed")
            if len(passages) < _SMALL_BATCH and not self._is_started:
                return self._local.extract(passages)
            self._is_started = True
            return self._extract(passages)

    def close(self) -> None:
        """End all workers at once, also in the middle of a batch; a second call does nothing."""
        self._is_closed = True
        _close_all(self._workers)
        self._local.close()

    def _extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        found: list[Extraction | None] = [None] * len(passages)
        chunks = deque(_chunked(passages, len(self._workers)))
        failed: list[str] = []

        def work(worker: _Worker) -> None:
            while chunks:
                try:
                    start, chunk = chunks.popleft()
                except IndexError:  # another thread took the last one
                    return
                for offset, extraction in enumerate(self._read(worker, chunk)):
                    found[start + offset] = extraction
                    if extraction is None:
                        failed.append(chunk[offset].passage_id)

        with ThreadPoolExecutor(len(self._workers), "graphmem-pool") as threads:
            try:
                for done in [threads.submit(work, worker) for worker in self._workers]:
                    done.result()
            finally:
                chunks.clear()  # after an error or an interrupt, no thread begins another
        if failed:
            raise ExtractionError(
                f"Reading {len(failed)} of {len(passages)} passages ended the process: "
                + ", ".join(failed[:5]),
                remedy="Leave them out, or read them at depth fast",
                passage_ids=tuple(failed),
            )
        return [extraction for extraction in found if extraction is not None]

    def _read(
        self, worker: _Worker, chunk: Sequence[PassageContext]
    ) -> Sequence[Extraction | None]:
        """A chunk's extractions; ``None`` for a passage that ends the process on its own."""
        whole = worker.read(chunk)
        if whole is not None:
            return whole
        found: list[Extraction | None] = []
        deaths = 0
        for passage in chunk:
            one = worker.read([passage]) if deaths < _DEATHS_IN_A_ROW else None
            deaths = deaths + 1 if one is None else 0
            found.append(one[0] if one else None)
        return found


class _Worker:
    """One process, started when it is first needed and again after it has died."""

    def __init__(self, reference: str, timeout: float) -> None:
        self._reference = reference
        self._timeout = timeout
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def read(self, passages: Sequence[PassageContext]) -> list[Extraction] | None:
        """The extractions, or ``None`` if the process died or hung over them."""
        process = self._process or self._start()
        reply = self._exchange(process, PASSAGES.dump_json(list(passages)), self._timeout)
        if reply is None:
            self.stop()
            return None
        if reply[:1] == FAILED:
            raise error_of(reply)
        return EXTRACTIONS.validate_json(reply[1:])

    def stop(self) -> None:
        """End the process, if one runs; the next passages start another."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # what was not yet sent has nobody to go to
            process.stdin.close()
        process.stdout.close()

    def close(self) -> None:
        """End the process and start none again."""
        self._is_closed = True
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_closed:
                raise GraphMemError(_CLOSED)
            process = subprocess.Popen(  # noqa: S603 - this interpreter, a constant command
                [sys.executable, "-c", _COMMAND, json.dumps([str(path) for path in sys.path])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self._process = process
        seconds = max(_START_SECONDS, self._timeout)
        if self._exchange(process, self._reference.encode(), seconds) is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_EXIT_SECONDS)  # its own status tells more than being killed
            self.stop()
            if self._is_closed:
                raise GraphMemError(_CLOSED)
            raise ExtractionError(
                f"A process to read passages ended with status {process.returncode} at its start",
                remedy="Its message is on standard error; workers=0 reads without processes",
            )
        return process

    def _exchange(
        self, process: subprocess.Popen[bytes], body: bytes, seconds: float
    ) -> bytes | None:
        """Send a frame and take the answer; ``None`` if there is none within the time."""
        assert process.stdin is not None
        assert process.stdout is not None
        alarm = threading.Timer(seconds, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            write_frame(process.stdin, body)
            return read_frame(process.stdout)
        except (BrokenPipeError, ValueError):  # it is dead, or closed under our hands
            return None
        finally:
            alarm.cancel()


def _close_all(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.close()


def _chunked(passages: Sequence[PassageContext], workers: int) -> list[_Chunk]:
    even = -(-len(passages) // (workers * _CHUNKS_PER_WORKER))
    size = min(max(even, _SMALLEST_CHUNK), _LARGEST_CHUNK)
    return [(start, passages[start : start + size]) for start in range(0, len(passages), size)]
