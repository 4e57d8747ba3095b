"""JSON: a record a line, an array of records, or one record; read one record at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, TextIO

from graphmem.errors import ReaderError
from graphmem.model.change import FailedItem
from graphmem_ingest.readers.base import MB, InputFile, Note, Read
from graphmem_ingest.readers.encoding import Encoding, is_damaged, sniff
from graphmem_ingest.readers.lines import Line, lines_of, opened, position
from graphmem_ingest.readers.records import Items, Record

_BLOCK: Final = 1 << 16
_SPACE: Final = re.compile(r"\s*")
_BETWEEN: Final = re.compile(r"[\s,]*")
_SCALAR: Final = re.compile(r"[-+\w.]")
_LITERAL: Final = 16
"""More characters than a literal or an escape has."""
_FAILURES: Final = (ValueError, RecursionError)
"""What the parser raises: syntax, a number of thousands of digits, brackets nested too deep."""


def read_jsonl(file: InputFile) -> Iterator[Read]:
    """Read a record a line; a line that is none is a failed item, named with its number."""
    encoding = sniff(file, whole=False)
    yield from _noted(file, encoding)
    found = False
    with opened(file, encoding) as stream:
        for read in Items(file).read(_record_of(file, line) for line in _filled(file, stream)):
            found = True
            yield read
    if not found:
        raise ReaderError(f"{file.source} is empty: it holds blank lines only")


def read_json(file: InputFile) -> Iterator[Read]:
    """Read the elements of an array, or the one object, or the objects that follow each other.

    Behind a syntax error nothing more can be read: it fails the rest of the file.
    """
    encoding = sniff(file, whole=False)
    yield from _noted(file, encoding)
    found = False
    with opened(file, encoding) as stream:
        for read in Items(file).read(_elements(file, stream)):
            found = True
            yield read
    if not found:
        raise ReaderError(f"{file.source} is empty: it holds no record")


def _noted(file: InputFile, encoding: Encoding) -> Iterator[Read]:
    if encoding.note:
        yield Read(Note(file.source, encoding.note), 0)


def _filled(file: InputFile, stream: TextIO) -> Iterator[Line]:
    return (line for line in lines_of(file, stream) if line.text is None or line.text.strip())


def _record_of(file: InputFile, line: Line) -> Record | Read:
    place = f"{file.source}:{line.number}"
    if line.text is None:
        return _failed(
            place,
            f"the line is longer than {file.limits.line_mb:g} MB",
            "Raise --max-line-mb, or break the record up",
            line.at,
        )
    if is_damaged(line.text):
        return _failed(place, "the line is not valid UTF-8", "Save the file as UTF-8", line.at)
    try:
        value = json.loads(line.text.rstrip())
    except _FAILURES as error:
        why = _why(error, lines_before=line.number - 1)
        return _failed(place, f"not JSON: {why}", "Write one JSON object a line", line.at)
    return _as_record(value, str(line.number), place, line.at)


def _as_record(value: object, number: str, place: str, at: int) -> Record | Read:
    if isinstance(value, Mapping):
        return Record(number, place, value, at)
    kind = type(value).__name__
    return _failed(place, f"not an object but a {kind}", 'Write it as {"text": "..."}', at)


def _elements(file: InputFile, stream: TextIO) -> Iterator[Record | Read]:
    """Decode values out of a window over the file; no more than one value over it is held."""
    limit = int(file.limits.line_mb * MB)
    window = _Window(stream)
    is_array = window.skip(_SPACE) == "["
    if is_array:
        window.drop(1)
    count = 0
    while (first := window.skip(_BETWEEN)) and not (is_array and first == "]"):
        count += 1
        number = str(count) if is_array or count > 1 else ""
        place = f"{file.source}#{number}".removesuffix("#")
        try:
            value = window.decode(limit)
        except _FAILURES as error:
            why = _why(error, lines_before=window.lines)
            yield _failed(
                place,
                f"not JSON: {why}; nothing behind it was read",
                "Mend it, or write one object a line as .jsonl",
                file.size,
            )
            return
        at = position(file, stream)
        if is_damaged(window.taken):
            yield _failed(place, "the record is not valid UTF-8", "Save the file as UTF-8", at)
        else:
            yield _as_record(value, number, place, at)
    if is_array and not first:
        yield _failed(file.source, "the array does not end: the file is cut off", "", file.size)
    window.drop(1)
    if first and window.skip(_SPACE):
        yield _failed(file.source, "more follows behind the array; it was not read", "", file.size)


class _Window:
    """A stretch of a text file from which JSON values are taken off the front.

    `lines` have been left behind; `taken` is the text of the last value.
    """

    def __init__(self, stream: TextIO) -> None:
        self.lines = 0
        self.taken = ""
        self._stream = stream
        self._text = ""
        self._start = 0
        self._decode = json.JSONDecoder().raw_decode

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Pass over what matches; returns the character behind it, empty at the end."""
        while True:
            match = pattern.match(self._text, self._start)
            assert match is not None
            self._start = match.end()
            if self._start < len(self._text) or not self._grow(_BLOCK):
                return self._text[self._start : self._start + 1]

    def drop(self, count: int) -> None:
        """Pass over `count` characters."""
        self._start += count

    def decode(self, limit: int) -> object:
        """Take the next value off; raises `ValueError` if it is none or longer than `limit`."""
        while True:
            try:
                value, end = self._decode(self._text, self._start)
            except json.JSONDecodeError as error:
                held = len(self._text) - self._start
                if not self._is_cut_off(error):
                    raise
                if held > limit:
                    raise ValueError(f"longer than {limit / MB:g} MB (--max-line-mb)") from error
                # Each try doubles what is seen, so that all tries together cost two of the last.
                if not self._grow(max(_BLOCK, held)):
                    raise
            else:
                # A number may be cut off too, and what is left of it would still read as one.
                if end == len(self._text) and _SCALAR.match(self._text[-1]) and self._grow(_BLOCK):
                    continue
                self.taken = self._text[self._start : end]
                self._start = end
                return value

    def _is_cut_off(self, error: json.JSONDecodeError) -> bool:
        """Whether the value may go on behind the window: a string, or what fails at its end."""
        return error.msg.startswith("Unterminated") or error.pos > len(self._text) - _LITERAL

    def _grow(self, count: int) -> bool:
        more = self._stream.read(count)
        self.lines += self._text.count("\n", 0, self._start)
        self._text = self._text[self._start :] + more
        self._start = 0
        return bool(more)


def _why(error: BaseException, *, lines_before: int) -> str:
    if isinstance(error, json.JSONDecodeError):
        message = error.msg.removesuffix(" at")
        return f"{message} at line {lines_before + error.lineno}, column {error.colno}"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)


def _failed(place: str, error: str, remedy: str, at: int) -> Read:
    return Read(FailedItem(item=place, error=error, remedy=remedy), at)
