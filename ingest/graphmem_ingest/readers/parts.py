"""Cutting: a long text, as it streams by, becomes parts that each fit an item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from graphmem.model.source import AttributeValue, SourceItem
from graphmem_ingest.readers.base import ITEM_CHARS, InputFile

_BORDERS: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?]\s"),
    re.compile(r"\s"),
)


class Part(NamedTuple):
    """A piece of a text that begins at character `start` of it."""

    start: int
    text: str


def cut(blocks: Iterable[str], *, limit: int = ITEM_CHARS) -> Iterator[Part]:
    """Join `blocks` and cut the whole into parts of at most `limit` characters.

    A cut falls behind the last paragraph of a part's second half, else behind its last line,
    sentence or word, else where the limit is. The parts together are the text, character by
    character; no more than one part and one block are held.
    """
    start, held = 0, ""
    for block in blocks:
        held += block
        while len(held) > limit:
            end = _border(held, limit)
            yield Part(start, held[:end])
            start, held = start + end, held[end:]
    if held:
        yield Part(start, held)


def _border(text: str, limit: int) -> int:
    for border in _BORDERS:
        ends = [match.end() for match in border.finditer(text, limit // 2, limit)]
        if ends:
            return ends[-1]
    return limit


def items_of(
    file: InputFile,
    blocks: Iterable[str],
    *,
    title: str = "",
    at: datetime | None = None,
    attributes: dict[str, AttributeValue] | None = None,
) -> Iterator[SourceItem]:
    """The items of a document: one under the file's own name, and ``#part=2`` and so on after it.

    Later parts say in their attributes which `part` they are and at which character (`offset`)
    of the document they begin. A part of nothing but white space is left out.
    """
    for number, part in enumerate(cut(blocks), start=1):
        if not part.text.strip():
            continue
        more: dict[str, AttributeValue] = {}
        if number > 1:
            more = {"part": number, "offset": part.start}
        yield file.document(
            file.source if number == 1 else f"{file.source}#part={number}",
            part.text,
            title=title,
            at=at,
            attributes={**(attributes or {}), **more},
        )
