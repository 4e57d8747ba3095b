"""Lines of files of records, one by one and never longer than the limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, TextIO

from graphmem_ingest.readers.base import MB, InputFile
from graphmem_ingest.readers.encoding import Encoding

_SKIP: Final = 1 << 20


class Line(NamedTuple):
    """A line with its end, by its number from 1; ``None`` for one that is over the limit.

    Bytes that did not decode are lone surrogates. `at` bytes of the file are read by then.
    """

    number: int
    text: str | None
    at: int


@contextmanager
def opened(file: InputFile, encoding: Encoding, *, newline: str | None = None) -> Iterator[TextIO]:
    """Open a text file so that a byte which does not decode spoils no more than its own line."""
    with file.path.open(
        encoding=encoding.name, errors="surrogateescape", newline=newline
    ) as stream:
        yield stream


def lines_of(file: InputFile, stream: TextIO) -> Iterator[Line]:
    """All lines; of one that is over the limit no more than the limit is ever held."""
    limit = int(file.limits.line_mb * MB)
    number = 0
    while text := stream.readline(limit + 1):
        number += 1
        if len(text) > limit and not text.endswith("\n"):
            while (rest := stream.readline(_SKIP)) and not rest.endswith("\n"):
                pass
            yield Line(number, None, position(file, stream))
        else:
            yield Line(number, text, position(file, stream))


def position(file: InputFile, stream: TextIO) -> int:
    """Bytes read so far, a buffer's length ahead at most."""
    return min(file.size, stream.buffer.tell())
