"""Tables: each row of a CSV or TSV file is a record, named by the header's columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final, TextIO

from graphmem.errors import ReaderError
from graphmem.model.change import FailedItem
from graphmem_ingest.readers.base import MB, InputFile, Note, Read
from graphmem_ingest.readers.encoding import is_damaged, sniff
from graphmem_ingest.readers.lines import lines_of, opened, position
from graphmem_ingest.readers.records import TEXT, Items, Record

_DELIMITERS: Final = ",;\t|"


def read_table(file: InputFile) -> Iterator[Read]:
    """Read a row as a record; columns are told by name, in any case and order.

    The delimiter is the comma, semicolon, tab or bar that the header has most of. A row with more
    cells than the header is a failed item, as is one that does not decode.

    Raises
    ------
    ReaderError
        No rows, no column of text, or a column named twice.
    """
    encoding = sniff(file, whole=False)
    if encoding.note:
        yield Read(Note(file.source, encoding.note), 0)
    csv.field_size_limit(int(file.limits.line_mb * MB))
    with opened(file, encoding, newline="") as stream:
        lines = _Lines(file, stream)
        columns, delimiter = _header(file, lines)
        # Strict, as a quote that does not end would otherwise swallow the rows behind it unseen.
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        found = False
        for read in Items(file).read(_records(file, lines, rows, columns)):
            found = True
            yield read
    if not found:
        raise ReaderError(f"{file.source} has a header and no rows")


class _Lines:
    """The lines that the parser asks for; refuses one over the limit.

    `number` is the line last read, `first` the one at which the row at hand begins.
    """

    def __init__(self, file: InputFile, stream: TextIO) -> None:
        self._file = file
        self._stream = stream
        self._lines = lines_of(file, stream)
        self.number = 0
        self.first = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        if line.text is None:
            raise ReaderError(
                f"the line is longer than {self._file.limits.line_mb:g} MB",
                remedy="Raise --max-line-mb, or look for a quote that does not end",
            )
        return line.text

    @property
    def at(self) -> int:
        """Bytes read so far."""
        return position(self._file, self._stream)


def _header(file: InputFile, lines: _Lines) -> tuple[list[str], str]:
    try:
        header = next((line for line in lines if line.strip()), "")
    except ReaderError as error:
        raise ReaderError(f"{file.source}:1: {error.message}", remedy=error.remedy) from error
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if not set(columns) & set(TEXT):
        raise ReaderError(
            f"{file.source} has no column of text: its columns are "
            + (", ".join(filter(None, columns)) or "not named"),
            remedy=f"Name one of them {', '.join(TEXT)}, in the first line",
        )
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ReaderError(f"{file.source} has several columns named {', '.join(twice)}")
    return columns, delimiter


def _records(
    file: InputFile, lines: _Lines, rows: Iterator[list[str]], columns: list[str]
) -> Iterator[Record | Read]:
    number = 0
    while True:
        lines.first = lines.number + 1
        place = f"{file.source}:{lines.first}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield _failed(
                place,
                f"not CSV: {error} (lines {lines.first} to {lines.number} were left out)",
                "Double the quotes inside of quoted cells, or raise --max-line-mb",
                lines.at,
            )
            continue
        except ReaderError as error:
            yield _failed(place, error.message, error.remedy, lines.at)
            continue
        if not any(cell.strip() for cell in row):
            continue
        number += 1
        if any(map(is_damaged, row)):
            yield _failed(place, "the row is not valid UTF-8", "Save the file as UTF-8", lines.at)
        elif any(cell.strip() for cell in row[len(columns) :]):
            yield _failed(
                place,
                f"{len(row)} cells under {len(columns)} columns",
                "Quote cells that hold the delimiter",
                lines.at,
            )
        else:
            fields = {name: cell for name, cell in zip(columns, row, strict=False) if name}
            yield Record(str(number), place, fields, lines.at)


def _failed(place: str, error: str, remedy: str, at: int) -> Read:
    return Read(FailedItem(item=place, error=error, remedy=remedy), at)
