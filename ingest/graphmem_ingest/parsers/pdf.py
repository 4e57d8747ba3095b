"""PDF by pypdf, page by page: the text layer only."""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphmem_ingest.parsers.frames import Block, Bounds, Frame, Head, Lost, Refused, Remark

if TYPE_CHECKING:
    from pypdf import PdfReader

_BROKEN: Final = (
    # What pypdf raises over a page that is not what the standard says, beside its own errors.
    *(ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError),
    *(NotImplementedError, RecursionError, OSError, struct.error, zlib.error),
)
_PLACEHOLDER: Final = re.compile(r"untitled.*|microsoft \w+ - .*|.*\.\w{2,5}|\W*", re.IGNORECASE)
_ENDS: Final = ".!?:;"
_FULL: Final = 0.7
"""Share of the longest line's length from which a line counts as full, so that text runs on."""


def parse(path: Path, bounds: Bounds) -> Iterator[Frame]:
    """Title and text of a PDF; a page that cannot be read is lost, and the rest goes on."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            yield Refused("it is encrypted", "Save it without a password first")
            return
        count = len(reader.pages)
        title = _title(reader.metadata.title if reader.metadata else None)
    except DependencyError:
        yield Refused(
            "it is encrypted with AES", "Save it without a password, or install `cryptography`"
        )
        return
    except (PyPdfError, *_BROKEN) as error:
        yield Refused(
            f"not a readable PDF ({error or type(error).__name__})", "Repair or re-save it"
        )
        return
    if count > bounds.pages:
        yield Refused(
            f"it has {count} pages, over the limit of {bounds.pages}", "Raise --max-pages"
        )
        return
    yield Head(title, _created(reader))
    silent = lost = 0
    before = ""
    for number in range(count):
        try:
            page = unwrap(reader.pages[number].extract_text())
        except (PyPdfError, *_BROKEN) as error:
            lost += 1
            yield Lost(f"page={number + 1}", f"page not readable ({error or type(error).__name__})")
            continue
        if not page:
            silent += 1
            continue
        if before:
            yield Block(_joint(before, page))
        yield Block(page)
        before = page[-1]
    if silent == count:
        yield Refused("it has no text layer", "Run text recognition on it first, as by ocrmypdf")
    elif silent:
        yield Remark(f"{silent} of {count} pages have no text layer")


def _created(reader: PdfReader) -> str:
    """When it says that it was made; one that does not read as a time is as good as none."""
    try:
        created = reader.metadata.creation_date if reader.metadata else None
    except ValueError:
        return ""
    return "" if created is None else created.isoformat()


def unwrap(page: str) -> str:
    """A page's text with the lines of a paragraph joined and words put together at hyphens."""
    lines = [" ".join(line.split()) for line in page.splitlines()]
    full = _FULL * max(map(len, lines), default=0)
    text, last = "", ""
    for line in lines:
        runs_on = last and line and last[-1] not in _ENDS
        if runs_on and last[-1] in "-\u00ad" and last[-2:-1].isalpha() and line[0].islower():
            text = text[:-1]
        elif runs_on and (line[0].islower() or len(last) >= full):
            text += " "
        else:
            text += "\n"
        text += line
        last = line
    return text.strip()


def _joint(last: str, page: str) -> str:
    """What stands between two pages: a sentence that runs on is not cut."""
    return " " if last not in _ENDS and page[0].islower() else "\n\n"


def _title(title: object) -> str:
    text = " ".join(title.split()) if isinstance(title, str) else ""
    return "" if _PLACEHOLDER.fullmatch(text) else text
