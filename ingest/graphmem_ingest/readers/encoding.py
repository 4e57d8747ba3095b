"""Which encoding a text file has, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from graphmem.errors import ReaderError
from graphmem_ingest.readers.base import MB, InputFile

_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_BOMS: Final = (
    # UTF-32's mark begins with UTF-16's, so it is looked for first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES: Final = (
    (b"%PDF-", "a PDF", "pdf"),
    (b"PK\x03\x04", "a zip archive or an Office document", "docx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", ""),
    (b"\x1f\x8b", "gzip", ""),
    (b"\x89PNG\r\n", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
    (b"GIF8", "a GIF image", ""),
    (b"SQLite format 3\x00", "an SQLite data base", ""),
    (b"\x7fELF", "a program", ""),
)
_WESTERN: Final = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœšžßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒŠŽ")
_MARKS: Final = frozenset("‘’‚“”„–—…•€™‹›\u00a0\u00ad")
_SIGNS: Final = frozenset("£¥§©®°«»¿¡·±²³µ¶½¼¾×ªº")
_KNOWN: Final = _WESTERN | _MARKS | _SIGNS
_ESCAPED: Final = re.compile("[\udc80-\udcff\x00]")
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to decode a file; `note` says what was assumed, empty where nothing was."""

    name: str
    note: str = ""


def sniff(file: InputFile, *, whole: bool) -> Encoding:
    """Tell the encoding of a text file: by its mark, UTF-8, or what fits its bytes best.

    Parameters
    ----------
    whole
        Whether to look at all of it, and at the length of its lines, as for a document; of files
        of records only the beginning is looked at, as each record is checked by itself.

    Raises
    ------
    ReaderError
        The file is empty, binary, or a line is over the limit.
    """
    with file.path.open("rb") as stream:
        head = stream.read(_CHUNK)
    if not head:
        raise ReaderError(f"{file.source} is empty")
    for signature, what, format in _SIGNATURES:
        if head.startswith(signature):
            raise ReaderError(
                f"{file.source} is {what}, not text",
                remedy=f"Name it .{format} or give --as {format}" if format else "Convert it first",
            )
    if whole:
        _refuse_long_lines(file)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    if marked:
        return Encoding(marked)
    if len(head) - len(head.translate(None, _CONTROL)) > 0.02 * len(head):
        return _wide(file, head)
    bad = _first_bad_byte(file.path, whole=whole)
    if bad is None:
        return Encoding("utf-8")
    with file.path.open("rb") as stream:
        stream.seek(max(0, bad - _SAMPLE // 2))
        before, _, after = stream.read(_SAMPLE).partition(b"\n")
    # From the middle of a file, the first line is left out: it may begin inside a character.
    return _guess(after if bad > _SAMPLE // 2 and after else before + b"\n" + after)


def is_damaged(text: str) -> bool:
    """Whether text decoded with ``surrogateescape`` holds bytes that are no text."""
    return _ESCAPED.search(text) is not None


def mend(text: str) -> str:
    """Text with each byte that is no text shown as U+FFFD; same length."""
    return _ESCAPED.sub("\ufffd", text)


def _refuse_long_lines(file: InputFile) -> None:
    limit = file.limits.line_mb * MB
    length = 0
    with file.path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            first, *rest = chunk.replace(b"\r", b"\n").split(b"\n")
            longest = max(length + len(first), *(len(line) for line in rest), 0)
            length = len(rest[-1]) if rest else length + len(first)
            if longest > limit:
                raise ReaderError(
                    f"{file.source} has a line longer than {file.limits.line_mb:g} MB",
                    remedy="Break it into lines, or raise --max-line-mb",
                )


def _wide(file: InputFile, head: bytes) -> Encoding:
    """UTF-16 without its mark has a zero in every other byte of ASCII text; else it is binary."""
    pairs = len(head) // 2
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        others = head.count(0) - zeros.count(0)
        if zeros.count(0) > 0.4 * pairs and others < 0.02 * pairs:
            return Encoding(name, "read as UTF-16, which it does not say")
    raise ReaderError(
        f"{file.source} is full of control bytes: it is binary, not text", remedy="Convert it first"
    )


def _first_bad_byte(path: Path, *, whole: bool) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return done - held + error.start
            done += len(chunk)
            if not whole:
                return None
        return done if decoder.getstate()[0] else None


def _guess(sample: bytes) -> Encoding:
    escaped = sample.decode("utf-8", "surrogateescape")
    bad = len(_ESCAPED.findall(escaped))
    if sum(not char.isascii() for char in escaped) - bad > bad:
        return Encoding("utf-8", "not all of it is UTF-8: the rest is shown as \ufffd")
    if _is_western(sample):
        return Encoding("cp1252", "not UTF-8: read as Windows-1252")

    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    name = best.encoding if best else "cp1252"
    return Encoding(name, f"not UTF-8: read as {name}, by the look of its letters")


def _is_western(sample: bytes) -> bool:
    """Whether the bytes read as a Western European language in Windows-1252.

    Its letters with accents are few among plain ones, and its signs do not stand inside words; in
    text of another script or code page one of the two is not so.
    """
    text = sample.decode("cp1252", "replace")
    accented = sum(char in _WESTERN for char in text)
    plain = sum(char.isascii() and char.isalpha() for char in text)
    foreign = sum(not char.isascii() and char not in _KNOWN for char in text)
    inside = sum(
        a.isalpha() and b in _SIGNS and c.isalpha() for (a, b), (_, c) in pairwise(pairwise(text))
    )
    return accented <= 0.25 * plain and foreign + inside <= 0.02 * (accented + 50)
