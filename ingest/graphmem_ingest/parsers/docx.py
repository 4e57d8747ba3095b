"""Word documents by python-docx: paragraphs and tables, in their order."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from graphmem_ingest.parsers.frames import Block, Bounds, Frame, Head, Refused

if TYPE_CHECKING:
    from docx.table import Table

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SIGNS: Final = {
    f"{_W}tab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
}
_LEFT_OUT: Final = {
    # What was moved away, and the copy of a text box for old readers.
    f"{_W}moveFrom",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_UNSET: Final = datetime(2013, 12, 23, 23, 15, tzinfo=UTC)
"""What stands in documents made by python-docx, whose template is of that day."""
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"


def parse(path: Path, bounds: Bounds) -> Iterator[Frame]:
    """Title, day of making and text of a document; inserted text counts, deleted text does not."""
    from docx import Document
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    refused = _refusal(path, bounds)
    if refused:
        yield refused
        return
    try:
        document = Document(str(path))
        title = " ".join((document.core_properties.title or "").split())
        created = document.core_properties.created
        blocks = list(_blocks(document))
    except (OpcError, LxmlError, LookupError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        yield Refused(f"not a readable Word document ({error})", "Repair or re-save it")
        return
    heading = next((text for text, is_heading in blocks if is_heading and text), "")
    published = "" if created is None or created == _UNSET else created.isoformat()
    yield Head(title or heading, published)
    for text, _ in blocks:
        if text:
            yield Block(text + "\n\n")


def _refusal(path: Path, bounds: Bounds) -> Refused | None:
    """Why the file is not opened: no zip archive, or one that unpacks to too much."""
    with path.open("rb") as stream:
        head = stream.read(8)
    if head.startswith(_OLD_OFFICE):
        return Refused(
            "it is an old Word document, or encrypted", "Save it as .docx without password"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        return Refused(f"not a Word document ({error})", "Repair or re-save it")
    if unpacked > bounds.unpacked:
        limit = f"{bounds.unpacked / 1e6:,.0f} MB"
        return Refused(
            f"it unpacks to {unpacked / 1e6:,.0f} MB, over {limit}", "Raise --max-file-mb"
        )
    if unpacked > bounds.ratio * path.stat().st_size:
        ratio = unpacked / path.stat().st_size
        return Refused(
            f"it unpacks to {ratio:,.0f} times its size", "It may be a zip bomb: look at it"
        )
    return None


def _blocks(container: Any) -> Iterator[tuple[str, bool]]:
    """Texts of paragraphs and tables, and whether each is a heading."""
    from docx.table import Table

    for block in container.iter_inner_content():
        if isinstance(block, Table):
            yield _table(block), False
        else:
            style = block.style.name if block.style is not None else ""
            yield _text(block._element).strip(), style == "Title" or style.startswith("Heading")


def _text(element: Any) -> str:
    if element.tag in _LEFT_OUT:
        return ""
    if element.tag == f"{_W}t":
        return element.text or ""
    return _SIGNS.get(element.tag, "") + "".join(_text(child) for child in element)


def _table(table: Table) -> str:
    """A line for each row; under a header its cells are named, so that a row reads by itself."""
    rows = [_cells(row) for row in table.rows]
    header = rows[0] if rows else []
    if len(rows) < 2 or len(header) < 2 or not all(header) or len(set(header)) < len(header):
        return "\n".join(" | ".join(filter(None, row)) for row in rows if any(row))
    lines = [
        "; ".join(f"{name}: {cell}" for name, cell in zip(header, row, strict=False) if cell)
        if len(row) == len(header)
        else " | ".join(filter(None, row))
        for row in rows[1:]
    ]
    return "\n".join(f"{line}." if line[-1].isalnum() else line for line in lines if line)


def _cells(row: Any) -> list[str]:
    """Texts of a row's cells, each merged cell once."""
    cells = list(dict.fromkeys(cell._tc for cell in row.cells))
    return [" ".join("".join(_text(child) for child in cell).split()) for cell in cells]
