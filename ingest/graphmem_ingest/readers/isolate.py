"""Parsers behind a wall: a child process reads what may crash, hang or swell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from datetime import datetime
from io import BytesIO
from types import TracebackType
from typing import IO, Final, Self

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.kernels.text import well_formed
from graphmem.model.change import FailedItem
from graphmem.model.time import parse_time
from graphmem_ingest.parsers.frames import Block, End, Frame, Head, Lost, Refused, Remark, decode
from graphmem_ingest.readers.base import MB, InputFile, Limits, Note, Read
from graphmem_ingest.readers.parts import items_of

_UNPACKED: Final = 10
"""A document's parts may be this many times the limit of a file, unpacked."""
_TAIL: Final = 4_000


class Sandbox:
    """One child process that parses one file after the other; replaced when it fails.

    A file costs at most `limits.seconds` of waiting and `limits.memory_mb` of address space; where
    a parser breaks, hangs or runs out of it, that file fails and no other.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._child: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] = BytesIO()

    def read(self, file: InputFile) -> Iterator[Read]:
        """Read a document as one item, or as parts where it is very long.

        Raises
        ------
        ReaderError
            The file cannot be read, or costs more than it may.
        """
        # What the system refuses is told from here, where it is known to be that.
        file.path.open("rb").close()
        frames = self._frames(file)
        beside: list[FailedItem | Note] = []
        item = None
        try:
            first = next(frames)
            head = first if isinstance(first, Head) else Head()
            blocks = _texts(file, frames, beside)
            for item in items_of(file, blocks, title=well_formed(head.title), at=_time(head)):
                yield Read(item, file.size)
        finally:
            frames.close()
        if item is None and not beside:
            raise ReaderError(f"{file.source} has no text")
        yield from (Read(value, file.size) for value in beside)

    def _frames(self, file: InputFile) -> Generator[Frame]:
        """Frames of a file up to its end; without its end, the child is not used again."""
        is_done = False
        try:
            child = self._started()
            _send(child, file)
            left = file.limits.seconds
            while True:
                began = time.monotonic()
                frame = _receive(child, left)
                left -= time.monotonic() - began
                is_done = isinstance(frame, End | Refused)
                if isinstance(frame, Refused):
                    _receive(child, left)
                    raise ReaderError(f"{file.source}: {frame.error}", remedy=frame.remedy)
                if frame is None:
                    raise self._failure(file, child, is_late=left <= 0)
                if is_done:
                    return
                yield frame
        finally:
            if not is_done:
                self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - close() does
            # Without -P, modules in the user's own folder would be imported as ours.
            command = [sys.executable, "-P", "-m", "graphmem_ingest.parsers"]
            self._child = subprocess.Popen(  # noqa: S603 - all of the command is ours
                [*command, str(self._limits.memory_mb)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
            )
        return self._child

    def _failure(
        self, file: InputFile, child: subprocess.Popen[bytes], *, is_late: bool
    ) -> ReaderError:
        status = child.wait()
        if is_late:
            return ReaderError(
                f"{file.source}: reading it takes longer than {file.limits.seconds:g} s",
                remedy="Raise --max-seconds",
            )
        said = _last_lines(self._said)
        if "MemoryError" in "".join(said[-1:]):
            why = f"reading it takes more than {self._limits.memory_mb} MB of memory"
        elif status < 0:
            why = f"its parser was ended by signal {-status}"
        else:
            why = f"its parser failed ({said[-1] if said else f'status {status}'})"
        return ReaderError(f"{file.source}: {why}", remedy="Repair or re-save it")

    def close(self) -> None:
        """End the child; a second call does nothing."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _send(child: subprocess.Popen[bytes], file: InputFile) -> None:
    limits = file.limits
    request = {
        "path": os.fspath(file.path.absolute()),
        "format": file.format.value,
        "seconds": limits.seconds,
        "pages": limits.pages,
        "unpacked": limits.file_mb * MB * _UNPACKED,
        "ratio": limits.ratio,
    }
    assert child.stdin is not None
    child.stdin.write(json.dumps(request).encode() + b"\n")
    child.stdin.flush()


def _receive(child: subprocess.Popen[bytes], seconds: float) -> Frame | None:
    """The next frame; ``None`` when the child has ended, as it does when the time is up."""
    assert child.stdout is not None
    timer = threading.Timer(max(0.0, seconds), child.kill)
    timer.start()
    try:
        line = child.stdout.readline()
    finally:
        timer.cancel()
    return decode(line) if line.endswith(b"\n") else None


def _last_lines(stream: IO[bytes]) -> list[str]:
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL))
    return stream.read().decode(errors="replace").strip().splitlines()


def _texts(
    file: InputFile, frames: Iterator[Frame], beside: list[FailedItem | Note]
) -> Iterator[str]:
    for frame in frames:
        match frame:
            case Block(text):
                yield well_formed(text).replace("\x00", "\ufffd")
            case Lost(part, error):
                beside.append(FailedItem(item=f"{file.source}#{part}", error=error))
            case Remark(text):
                beside.append(Note(file.source, text))


def _time(head: Head) -> datetime | None:
    try:
        return parse_time(head.published) if head.published else None
    except InvalidInputError:
        # A page's own date is a hint: one that does not read is as good as none.
        return None
