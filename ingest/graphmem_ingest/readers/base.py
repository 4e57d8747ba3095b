"""What all readers share: formats, limits, the file at hand, and what they hand back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from graphmem.model.change import FailedItem
from graphmem.model.source import DEFAULT_TRUST, AttributeValue, EpisodeKind, Message, SourceItem

MB: Final = 1_000_000
ITEM_CHARS: Final = 400_000
"""Characters of one item at most; a longer document is read in parts."""
ITEM_MESSAGES: Final = 2_000
"""Messages of one item at most; a longer session is read in parts."""


class Format(StrEnum):
    """How a file is read."""

    TXT = "txt"
    MD = "md"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


EXTENSIONS: Final[Mapping[str, Format]] = {
    ".txt": Format.TXT,
    ".text": Format.TXT,
    ".md": Format.MD,
    ".markdown": Format.MD,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may cost; beyond it, it is refused by name.

    `file_mb` bounds documents that are read whole (text, html, pdf, docx); `line_mb` a line of any
    text, and a record. `pages`, `ratio` (unpacked to packed), `seconds` and `memory_mb` bound the
    parsers that run in a process of their own. A megabyte is 1,000,000 bytes.
    """

    file_mb: float = 100.0
    line_mb: float = 10.0
    pages: int = 5_000
    ratio: float = 200.0
    seconds: float = 120.0
    memory_mb: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file to read; `source` is the name under which the memory will know it.

    `size` in bytes and `modified` in nanoseconds are those of when it was listed.
    """

    path: Path
    source: str
    format: Format
    size: int
    modified: int = 0
    trust: float = DEFAULT_TRUST
    at: datetime | None = None
    limits: Limits = field(default_factory=Limits)

    def document(
        self,
        source: str,
        text: str,
        *,
        title: str = "",
        at: datetime | None = None,
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> SourceItem:
        """An item of text that takes the place of what `source` held before."""
        return SourceItem(
            source=source,
            text=text,
            title=title,
            occurred_at=at or self.at,
            trust=self.trust,
            attributes=attributes or {},
            replaces=True,
        )

    def chat(
        self,
        source: str,
        messages: tuple[Message, ...],
        *,
        title: str = "",
        session: str | None = None,
        at: datetime | None = None,
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> SourceItem:
        """An item of messages that takes the place of what `source` held before."""
        return SourceItem(
            source=source,
            messages=messages,
            title=title,
            kind=EpisodeKind.CHAT,
            session=session,
            occurred_at=at or next((m.at for m in messages if m.at), None) or self.at,
            trust=self.trust,
            attributes=attributes or {},
            replaces=True,
        )


class Note(NamedTuple):
    """Something about an item that was ingested which its owner should know."""

    item: str
    text: str


class Read(NamedTuple):
    """What a reader comes upon; `at` bytes of the file are read by then, for progress."""

    value: SourceItem | FailedItem | Note
    at: int


Reader = Callable[[InputFile], Iterator[Read]]
"""Reads a file from its beginning: same file, same sequence. Raises `ReaderError` when the file as
a whole cannot be read; what is wrong with a part of it comes as a `FailedItem` in its place."""
