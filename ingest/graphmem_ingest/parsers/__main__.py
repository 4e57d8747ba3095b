"""The process that parses: ``python -P -m graphmem_ingest.parsers MEMORY_MB``.

It answers each request on standard input, ``{"path", "format", "seconds", "pages", "unpacked",
"ratio"}``, by the frames of one file on standard output, and ends with its input. A parser's
exception ends it, with the traceback on standard error; the caller starts another.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from graphmem_ingest.parsers.frames import Bounds, End, Parser, encode

_PARSERS: Final = {"pdf", "docx", "html"}
_GRACE: Final = 30
"""Seconds beyond its time after which the process ends itself, should its caller be gone."""


def main() -> None:
    """Serve requests until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not come between the frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # The caller decides what an interrupt means; it ends this process by closing its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(int(sys.argv[1]) * 1_000_000)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit_time(int(request["seconds"]) + _GRACE)
        _answer(request, answers)
        _limit_time(0)


def _answer(request: Mapping[str, str | float], answers: BinaryIO) -> None:
    name = str(request["format"])
    assert name in _PARSERS
    parse: Parser = import_module(f"graphmem_ingest.parsers.{name}").parse
    bounds = Bounds(
        pages=int(request["pages"]),
        unpacked=int(request["unpacked"]),
        ratio=float(request["ratio"]),
    )
    for frame in parse(Path(str(request["path"])), bounds):
        answers.writelines(encode(frame))
        answers.flush()
    answers.writelines(encode(End()))
    answers.flush()


def _limit_memory(size: int) -> None:
    """Bound the address space, where the system lets a process bound itself."""
    try:
        import resource
    except ImportError:
        return
    try:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        sys.stderr.write("memory is not limited here\n")


def _limit_time(seconds: int) -> None:
    """Let the system end the process after `seconds`; 0 for never."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


if __name__ == "__main__":
    main()
