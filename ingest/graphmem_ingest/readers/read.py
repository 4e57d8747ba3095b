"""One way to read a file of any format."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

from graphmem.errors import ReaderError
from graphmem_ingest.readers.base import MB, Format, InputFile, Read, Reader
from graphmem_ingest.readers.isolate import Sandbox
from graphmem_ingest.readers.jsonl import read_json, read_jsonl
from graphmem_ingest.readers.table import read_table
from graphmem_ingest.readers.text import read_text

_READERS: Final[Mapping[Format, Reader]] = {
    Format.TXT: read_text,
    Format.MD: read_text,
    Format.CSV: read_table,
    Format.JSON: read_json,
    Format.JSONL: read_jsonl,
}
_WHOLE: Final = {Format.TXT, Format.MD, Format.HTML, Format.PDF, Format.DOCX}


def read(file: InputFile, sandbox: Sandbox) -> Generator[Read]:
    """Read a file from its beginning; html, pdf and docx in the `sandbox`.

    Raises
    ------
    ReaderError
        The file as a whole cannot be read, is empty, or is over a limit; what came before it stays.
    """
    if not file.size:
        raise ReaderError(f"{file.source} is empty")
    if file.format in _WHOLE and file.size > file.limits.file_mb * MB:
        raise ReaderError(
            f"{file.source} has {file.size / MB:,.1f} MB, over the limit of "
            f"{file.limits.file_mb:g} MB",
            remedy="Raise --max-file-mb, or break it up",
        )
    try:
        yield from _READERS.get(file.format, sandbox.read)(file)
    except OSError as cause:
        raise ReaderError(
            f"{file.source} cannot be read: {cause.strerror or cause}",
            remedy="See that it is there and that you may read it",
        ) from cause
