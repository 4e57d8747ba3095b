"""Files to read, made by code, and one way to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from graphmem.model.change import FailedItem
from graphmem.model.source import SourceItem
from graphmem_ingest.readers.base import EXTENSIONS, Format, InputFile, Limits, Note
from graphmem_ingest.readers.isolate import Sandbox
from graphmem_ingest.readers.read import read


class Reading:
    """What came out of a file, by kind."""

    def __init__(self, values: Sequence[SourceItem | FailedItem | Note]) -> None:
        self.values = list(values)
        self.items = [value for value in values if isinstance(value, SourceItem)]
        self.failed = [value for value in values if isinstance(value, FailedItem)]
        self.notes = [value for value in values if isinstance(value, Note)]

    @property
    def item(self) -> SourceItem:
        """The only item there is."""
        [item] = self.items
        return item


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def read_file(tmp_path: Path, sandbox: Sandbox) -> Callable[..., Reading]:
    """Write bytes or text under a name and read the file back as its extension says."""

    def read_back(
        name: str,
        content: bytes | str,
        *,
        limits: Limits | None = None,
        format: Format | None = None,
    ) -> Reading:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        file = InputFile(
            path=path,
            source=name,
            format=format or EXTENSIONS[path.suffix],
            size=path.stat().st_size,
            limits=limits or Limits(),
        )
        return Reading([value for value, _ in read(file, sandbox)])

    return read_back


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    """A PDF by hand: lines of text for each page, ``None`` for a page without a text layer."""

    def pdf(*pages: Sequence[str] | None, title: str = "") -> bytes:
        font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
        info = b"<</Title(" + title.encode("latin-1") + b")>>"
        kids = b" ".join(b"%d 0 R" % (5 + 2 * n) for n in range(len(pages)))
        objects = [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
            font,
            info,
        ]
        for number, lines in enumerate(pages):
            shown = b"0 0 100 100 re f" if lines is None else _shown(lines)
            objects.append(
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
                b"/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % (6 + 2 * number)
            )
            objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown))
        body, offsets = b"%PDF-1.7\n", []
        for number, data in enumerate(objects, start=1):
            offsets.append(len(body))
            body += b"%d 0 obj\n%s\nendobj\n" % (number, data)
        rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(offsets) + 1, rows)
        end = b"trailer<</Size %d/Root 1 0 R/Info 4 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        return body + table + end % (len(offsets) + 1, len(body))

    return pdf


def _shown(lines: Sequence[str]) -> bytes:
    escaped = [
        line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
        for line in lines
    ]
    return b"BT /F1 12 Tf 14 TL 72 720 Td " + b" T* ".join(b"(%s) Tj" % e for e in escaped) + b" ET"
