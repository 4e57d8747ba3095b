"""What a parser yields, and how it crosses the pipe: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple


class Bounds(NamedTuple):
    """What a parser may spend on one file: pages, bytes unpacked, unpacked to packed size."""

    pages: int
    unpacked: int
    ratio: float


class Head(NamedTuple):
    """What a document says of itself; comes first. `published` is ISO 8601, empty for unknown."""

    title: str = ""
    published: str = ""


class Block(NamedTuple):
    """Text, with the white space that divides it from the next."""

    text: str


class Lost(NamedTuple):
    """A part of the document that could not be read; the rest goes on."""

    part: str
    error: str


class Remark(NamedTuple):
    """Something about the document that its owner should know."""

    text: str


class Refused(NamedTuple):
    """The document cannot be read; nothing comes after it."""

    error: str
    remedy: str = ""


class End(NamedTuple):
    """The document was read to its end."""


Frame = Head | Block | Lost | Remark | Refused | End
Parser = Callable[[Path, Bounds], Iterator[Frame]]
_KINDS: Final = {kind.__name__: kind for kind in (Head, Block, Lost, Remark, Refused, End)}
_PIECE: Final = 1 << 16


def encode(frame: Frame) -> Iterator[bytes]:
    """The lines of a frame; a long block becomes several, so that lines stay short."""
    if isinstance(frame, Block) and len(frame.text) > _PIECE:
        for start in range(0, len(frame.text), _PIECE):
            yield from encode(Block(frame.text[start : start + _PIECE]))
        return
    yield json.dumps([type(frame).__name__, *frame]).encode() + b"\n"


def decode(line: bytes) -> Frame:
    """The frame of a line; raises `ValueError` for anything else."""
    match json.loads(line):
        case [str(kind), *fields] if kind in _KINDS and all(isinstance(f, str) for f in fields):
            return _KINDS[kind](*fields)
    raise ValueError("not a frame")
