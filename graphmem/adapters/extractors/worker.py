"""A reading process: extracts what it gets over a pipe until the pipe ends.

Frames are a length in eight bytes and JSON. The first says which extractor to make, as
``module:name``; each one after it holds passages. A reply is the extractions, or the error that the
extractor raised on purpose; on any other the process ends, which its owner notices.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from pydantic import TypeAdapter

from graphmem import errors
from graphmem.errors import GraphMemError
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.ports.models import Extractor

PASSAGES: TypeAdapter[list[PassageContext]] = TypeAdapter(list[PassageContext])
EXTRACTIONS: TypeAdapter[list[Extraction]] = TypeAdapter(list[Extraction])
READ, FAILED = b"r", b"f"

_LENGTH_BYTES = 8
_LOOK_FOR_PARENT_SECONDS = 0.5


def main() -> None:
    """Serve standard input until it ends; what code under it prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, replies)
    except BrokenPipeError:  # nobody waits for the answer any more
        os._exit(1)


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Make the extractor that the first frame names, then answer the others."""
    reference = read_frame(requests)
    if reference is None:
        return
    extractor = made_of(reference.decode())()
    write_frame(replies, READ)
    is_first = True
    while (request := read_frame(requests)) is not None:
        write_frame(replies, _answer(extractor, request))
        if is_first:  # the model is loaded now, and stays: the collector need not walk it again
            gc.freeze()
            is_first = False


def _answer(extractor: Extractor, request: bytes) -> bytes:
    try:
        extractions = extractor.extract(PASSAGES.validate_json(request))
    except GraphMemError as error:
        fields = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
        return FAILED + json.dumps(fields).encode()
    return READ + EXTRACTIONS.dump_json(extractions)


def reference_to(make: Callable[[], Extractor]) -> str:
    """``module:name`` of a function or class that another process can import.

    Raises
    ------
    ConfigurationError
        It is a lambda, nested, or of the script that runs.
    """
    module, name = make.__module__, make.__qualname__
    if module == "__main__" or "<" in name:
        raise errors.ConfigurationError(
            f"Reading processes cannot import {name!r} of {module!r}",
            remedy="Define it at the top of a module, or use workers=0",
        )
    return f"{module}:{name}"


def made_of(reference: str) -> Callable[[], Extractor]:
    """What :func:`reference_to` refers to."""
    module, _, name = reference.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    make: Callable[[], Extractor] = found
    return make


def error_of(reply: bytes) -> GraphMemError:
    """The error that a worker's extractor raised."""
    fields = json.loads(reply[1:])
    kind = getattr(errors, fields["error"], GraphMemError)
    error: GraphMemError = kind(fields["message"], remedy=fields["remedy"])
    return error


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame, or ``None`` where the stream ends."""
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "little")
    body = stream.read(length)
    return body if len(body) == length else None


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Write one frame at once."""
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "little") + body)
    stream.flush()


def _end_with_parent(parent: int) -> None:
    """End this process when its parent is gone, even in the middle of a passage."""
    while os.getppid() == parent:
        time.sleep(_LOOK_FOR_PARENT_SECONDS)
    os._exit(1)
