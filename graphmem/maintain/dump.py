"""Writing a memory as JSONL: a folder with a file per table and a manifest with their digests.

Every line is one record. Nodes come in the order in which the memory learned them, relations in
that of the node that they start at and then by their text, roles in the order of a fact's members:
so the same contents make the same bytes, from any store.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from graphmem.maintain.records import NODES, Progress, Record, Records
from graphmem.model.change import COUNTED, Counts
from graphmem.model.transfer import ExportedFile, Manifest
from graphmem.ports.store import SCANNABLE

FORMAT: Final = "graphmem-export"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
VECTORS: Final = "vectors"
TABLES: Final = (*SCANNABLE, VECTORS)
"""In the order in which they are written."""


def file_of(table: str) -> str:
    """Name of a table's file."""
    return f"{table}.jsonl"


def write_jsonl(
    records: Records,
    folder: Path,
    *,
    namespace: str,
    embedder: str | None,
    dimension: int | None,
    totals: Counts,
    progress: Progress,
) -> Manifest:
    """Write all of a namespace to `folder`, which is made."""
    folder.mkdir()
    files: dict[str, ExportedFile] = {}
    for table in TABLES:
        total = getattr(totals, "passages" if table == VECTORS else table, 0)
        lines = _vector_lines(records) if table == VECTORS else _lines(records, table)
        with DigestedFile(folder / file_of(table)) as file:
            for line in lines:
                file.write(line)
                if file.rows % 1_000 == 0:
                    progress(table, file.rows, total)
        progress(table, file.rows, total)
        files[file_of(table)] = file.told()
    manifest = sealed(
        format=FORMAT,
        version=VERSION,
        namespace=namespace,
        embedder=embedder,
        dimension=dimension,
        files=files,
    )
    with DigestedFile(folder / MANIFEST) as file:
        text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
        file.write(f"{text}\n".encode())
    return manifest


def sealed(**fields: Any) -> Manifest:
    """A manifest with its digest."""
    unsealed = Manifest(**fields, digest="")
    return unsealed.model_copy(update={"digest": seal_of(unsealed)})


def seal_of(manifest: Manifest) -> str:
    """The digest that a manifest should have."""
    rest = manifest.model_dump(mode="json", exclude={"digest"})
    return sha256(
        json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def counts_of(files: Mapping[str, ExportedFile]) -> Counts:
    """How much of each kind an export holds."""
    return Counts(**{kind: files[file_of(kind)].rows for kind in COUNTED})


class DigestedFile:
    """A new file, with the digest of what was written; on the disk when its block ends."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._hash = sha256()
        self.rows = 0
        self.bytes = 0

    def write(self, data: bytes) -> None:
        """Append; counts as a row."""
        self._file.write(data)
        self._hash.update(data)
        self.rows += 1
        self.bytes += len(data)

    def told(self) -> ExportedFile:
        """What a manifest says of it."""
        return ExportedFile(sha256=self._hash.hexdigest(), rows=self.rows, bytes=self.bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._file:
            if exc is None:
                self._file.flush()
                os.fsync(self._file.fileno())


def _lines(records: Records, table: str) -> Iterator[bytes]:
    lines = ((nid, line_of(record)) for batch in records.of(table) for nid, record in batch)
    if table in NODES or table == "roles":
        return (line for _, line in lines)
    return _in_order(lines)


def _in_order(lines: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    for _, group in groupby(lines, key=itemgetter(0)):
        yield from sorted(line for _, line in group)


def _vector_lines(records: Records) -> Iterator[bytes]:
    for ids, matrix in records.vectors():
        for id_, vector in zip(ids, matrix.astype("<f4", copy=False), strict=True):
            text = base64.b64encode(vector.tobytes()).decode()
            yield line_of({"passage_id": id_, "vector": text})


def line_of(record: Record) -> bytes:
    """A record as a line."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"{text}\n".encode()
