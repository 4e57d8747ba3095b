"""Plain text and Markdown.

Offsets of what is found are characters of the decoded file with its line ends as ``\\n`` and
without a byte order mark: those of ``Path.read_text(encoding="utf-8-sig")``. Front matter is
blanked out, not cut out, so that this holds behind it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Final, TextIO

from graphmem.errors import InvalidInputError, ReaderError
from graphmem.model.source import AttributeValue
from graphmem.model.time import parse_time
from graphmem_ingest.readers.base import Format, InputFile, Note, Read
from graphmem_ingest.readers.encoding import is_damaged, mend, sniff
from graphmem_ingest.readers.lines import opened, position
from graphmem_ingest.readers.parts import items_of

_BLOCK: Final = 1 << 16
_FRONT: Final = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD: Final = re.compile(r"([A-Za-z_][\w -]*):(?:\s+(.*))?")
_LINE: Final = re.compile(r"[A-Za-z_][\w -]*:(\s|$)|\s|-\s|#|$")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_UNDERLINED: Final = re.compile(r"^ {0,3}(\S.*)\n {0,3}(?:=+|-{3,})[ \t]*$", re.MULTILINE)
_FENCE: Final = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands before a Markdown text: its title, its date, and the rest as attributes."""

    length: int = 0
    title: str = ""
    at: datetime | None = None
    attributes: dict[str, AttributeValue] = field(default_factory=dict)


def read_text(file: InputFile) -> Iterator[Read]:
    """Read a text as one item, or as parts where it is very long.

    A Markdown text is titled by its front matter, else by its first heading; a plain one by its
    name where that reads like one ("Ada Lovelace.txt").
    """
    encoding = sniff(file, whole=True)
    if encoding.note:
        yield Read(Note(file.source, encoding.note), 0)
    with opened(file, encoding) as stream:
        first = mend(stream.read(_BLOCK))
        front, title = FrontMatter(), title_of_name(file.path.stem)
        if file.format is Format.MD:
            front = front_matter(first, source=file.source)
            title = front.title or heading(first[front.length :])
        first = re.sub(r"[^\n]", " ", first[: front.length]) + first[front.length :]
        items = items_of(
            file,
            chain([first], _blocks(stream)),
            title=title,
            at=front.at,
            attributes=front.attributes,
        )
        item = None
        for item in items:
            yield Read(item, position(file, stream))
    if item is None:
        raise ReaderError(f"{file.source} is empty: it holds white space only")


def _blocks(stream: TextIO) -> Iterator[str]:
    while block := stream.read(_BLOCK):
        yield mend(block) if is_damaged(block) else block


def title_of_name(stem: str) -> str:
    """A file's name as a title; empty where it reads like no name ("notes", "README", "IMG_20")."""
    words = stem.replace("_", " ").split()
    is_name = any(word[0].isupper() and word[1:].islower() for word in words)
    return " ".join(words) if is_name and not any(c.isdigit() for c in words[0]) else ""


def heading(text: str) -> str:
    """The first heading of a Markdown text, without its markup, or nothing; code is passed over."""
    plain = _FENCE.sub("", text)
    found = [match for match in (_HEADING.search(plain), _UNDERLINED.search(plain)) if match]
    if not found:
        return ""
    first = min(found, key=lambda match: match.start())
    return re.sub(r"[*_`]", "", _LINK.sub(r"\1", first[1])).strip()


def front_matter(text: str, *, source: str) -> FrontMatter:
    """Read the front matter that `text` begins with: ``name: value`` lines and plain lists.

    ``title`` and ``date`` (or ``published``, ``created``) are taken as such, a list becomes an
    attribute with several values, and what is nested deeper is left out.

    Raises
    ------
    ReaderError
        The date does not read as a time.
    """
    match = _FRONT.match(text)
    lines = (match[1] or "").splitlines() if match else []
    # A text may as well begin with a rule: front matter is nothing but fields, lists and comments.
    if not match or not all(_LINE.match(line) for line in lines):
        return FrontMatter()
    fields = _fields(lines)
    title = _joined(fields.pop("title", ""))
    dates = [_joined(fields.pop(name, "")) for name in ("date", "published", "created")]
    date = next(filter(None, dates), "")
    try:
        at = parse_time(date) if date else None
    except InvalidInputError as cause:
        raise ReaderError(f"{source}: date: {cause.message}", remedy=cause.remedy) from cause
    attributes: dict[str, AttributeValue] = {name: value for name, value in fields.items() if value}
    return FrontMatter(match.end(), title, at, attributes)


def _fields(lines: list[str]) -> dict[str, str | tuple[str, ...]]:
    fields: dict[str, str | tuple[str, ...]] = {}
    name = ""
    for line in lines:
        item = re.fullmatch(r"\s*-\s+(.+)", line)
        named = _FIELD.fullmatch(line)
        if named:
            name, value = named[1].strip().lower(), (named[2] or "").strip()
            if value.startswith("[") and value.endswith("]"):
                parts = (_unquoted(part) for part in value[1:-1].split(","))
                fields[name] = tuple(filter(None, parts))
            else:
                fields[name] = "" if value in ("|", ">", "null", "~") else _unquoted(value)
        elif item and name:
            before = fields[name]
            before = before if isinstance(before, tuple) else tuple(filter(None, [before]))
            fields[name] = (*before, *filter(None, [_unquoted(item[1])]))
    return fields


def _joined(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.sub(r"\s+#.*", "", value)
