"""Moving a memory: exported whole to files, imported from them, or made into another graph."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from graphmem.errors import InvalidInputError
from graphmem.maintain.dump import VECTORS, DigestedFile, counts_of, file_of, write_jsonl
from graphmem.maintain.elements import edge_tables, node_tables
from graphmem.maintain.graphml import write_graphml
from graphmem.maintain.hif import write_hif
from graphmem.maintain.moment import MomentReader
from graphmem.maintain.places import placed
from graphmem.maintain.records import Progress, Records
from graphmem.maintain.restore import import_memory, read_manifest, verify
from graphmem.model.time import Interval
from graphmem.model.transfer import ExportFormat, ExportReport
from graphmem.ports.graphs import GraphMaker
from graphmem.ports.store import GraphStore

__all__ = [
    "Progress",
    "export_memory",
    "import_memory",
    "make_graph",
    "read_manifest",
    "silent",
    "verify",
]


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def export_memory(
    store: GraphStore,
    namespace: str,
    path: Path,
    *,
    format: ExportFormat | str = ExportFormat.JSONL,
    held: Interval | None = None,
    known: Interval | None = None,
    progress: Progress = silent,
) -> ExportReport:
    """Write a namespace to `path`: a folder for JSONL, a file otherwise; whole or not at all.

    All of it is of one moment, whoever writes meanwhile. Memory stays the same however much it is.
    `held` and `known` leave out what did not hold, or was not believed, at some time of them.

    Raises
    ------
    InvalidInputError
        An unknown format, or a `path` that exists or cannot be.
    StoreFullError, StoreError
        It cannot be written.
    """
    chosen = _format(format)
    vectors = 0
    with (
        placed(path) as (made, scraps),
        _records(store, namespace, scraps, held=held, known=known) as records,
    ):
        if chosen is ExportFormat.JSONL:
            info = store.info()
            manifest = write_jsonl(
                records,
                made,
                namespace=namespace,
                embedder=info.embedder,
                dimension=info.dimension,
                totals=store.counts(namespace),
                progress=progress,
            )
            written, digest = counts_of(manifest.files), manifest.digest
            size = sum(file.bytes for file in manifest.files.values())
            vectors = manifest.files[file_of(VECTORS)].rows
        else:
            write = write_graphml if chosen is ExportFormat.GRAPHML else write_hif
            with DigestedFile(made) as file:
                written = write(records, file.write, namespace=namespace)
            size, digest = file.bytes, file.told().sha256
    return ExportReport(
        path=str(path),
        format=chosen,
        namespace=namespace,
        written=written,
        vectors=vectors,
        bytes=size,
        digest=digest,
    )


def make_graph(store: GraphStore, namespace: str, maker: GraphMaker, *, passages: bool) -> Any:
    """A namespace as another library's graph; see :mod:`graphmem.maintain.elements`."""
    with (
        tempfile.TemporaryDirectory(prefix="graphmem-") as scraps,
        _records(store, namespace, Path(scraps)) as records,
    ):
        return maker(
            node_tables(records, passages=passages), edge_tables(records, passages=passages)
        )


@contextmanager
def _records(
    store: GraphStore,
    namespace: str,
    scraps: Path,
    *,
    held: Interval | None = None,
    known: Interval | None = None,
) -> Iterator[Records]:
    with store.read(namespace) as whole:
        is_all = held is None and known is None
        reader = whole if is_all else MomentReader(whole, held=held, known=known)
        with closing(Records(reader, scraps)) as records:
            yield records


def _format(name: ExportFormat | str) -> ExportFormat:
    try:
        return ExportFormat(name)
    except ValueError as cause:
        raise InvalidInputError(
            f"{name!r} is not a format", remedy=f"Take one of {', '.join(ExportFormat)}"
        ) from cause
