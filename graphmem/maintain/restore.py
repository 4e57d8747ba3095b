"""Reading a JSONL export back: verified whole first, then applied in bounded batches.

An import that was killed can be run again: ids follow from contents, so what is there already stays
as it is. Into a namespace that holds something, an import is merged by the rules of a `ChangeSet`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from graphmem.errors import InvalidInputError, NotFoundError, StoreError, StoreFormatError
from graphmem.maintain.dump import (
    FORMAT,
    MANIFEST,
    TABLES,
    VECTORS,
    VERSION,
    counts_of,
    file_of,
    seal_of,
)
from graphmem.maintain.records import Progress
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.knowledge import (
    DiscourseLink,
    Entity,
    Evidence,
    Fact,
    Mention,
    SameAs,
    Supersession,
)
from graphmem.model.source import Episode, Passage
from graphmem.model.transfer import ImportReport, Manifest
from graphmem.ports.store import GraphStore, Vectors

ROWS: Final = 2_000
BYTES: Final = 8_000_000
"""What a batch holds at most, and one record more."""

_RELATIONS: Final[Mapping[str, type[BaseModel]]] = {
    "discourse": DiscourseLink,
    "supersessions": Supersession,
    "same_as": SameAs,
}
_AGAIN: Final = "Export the memory again, or copy the export again from where it is whole"

V = TypeVar("V", bound=BaseModel)


class _Line(NamedTuple):
    """A record and where it stands."""

    file: str
    number: int
    size: int
    record: dict[str, Any]


class _Item(NamedTuple):
    """A value of a batch with what belongs to it, and its size in bytes."""

    size: int
    value: Any
    more: Any = None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the export in `folder`.

    Raises
    ------
    NotFoundError
        Nothing is at `folder`.
    StoreFormatError
        Not an export, one of a newer format, or one whose manifest is damaged.
    """
    path = folder / MANIFEST
    if not folder.exists():
        raise NotFoundError(f"There is nothing at {folder} to import")
    if not path.is_file():
        raise StoreFormatError(
            f"{folder} is not an export of a memory: it has no {MANIFEST}",
            remedy="Import a folder that `graphmem export` wrote; GraphML and HIF are for others",
        )
    try:
        told = json.loads(_read(path))
    except (json.JSONDecodeError, UnicodeDecodeError) as cause:
        raise _damaged(path, "is not JSON") from cause
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise StoreFormatError(f"{path} is not the manifest of an exported memory")
    version = told.get("version")
    if isinstance(version, int) and version > VERSION:
        raise StoreFormatError(
            f"{folder} was written by a newer graphmem"
            f" (export format {version}; this one knows {VERSION})",
            remedy="Upgrade graphmem to import it",
        )
    try:
        manifest = Manifest.model_validate(told)
    except ValidationError as cause:
        raise _damaged(path, _first(cause)) from cause
    if manifest.version != VERSION or manifest.digest != seal_of(manifest):
        raise _damaged(path, "does not have the digest that it states")
    if manifest.files.keys() != {file_of(table) for table in TABLES}:
        raise _damaged(path, "does not name the files of an export")
    return manifest


def verify(folder: Path, *, progress: Progress) -> Manifest:
    """The manifest, once every file has its digest; errors as :func:`read_manifest`."""
    manifest = read_manifest(folder)
    total = sum(file.bytes for file in manifest.files.values())
    done = 0
    for name, told in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise _damaged(path, "is missing")
        if path.stat().st_size != told.bytes:
            raise _damaged(path, f"has {path.stat().st_size} bytes instead of {told.bytes}")
        found = sha256()
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    found.update(block)
                    done += len(block)
                    progress("verify", done, total)
        except OSError as cause:
            raise StoreError(f"{path} cannot be read ({cause.strerror})") from cause
        if found.hexdigest() != told.sha256:
            raise _damaged(path, "does not have the digest that the manifest states")
    return manifest


def import_memory(
    store: GraphStore, folder: Path, *, namespace: str, progress: Progress, rows: int = ROWS
) -> ImportReport:
    """Verify the export in `folder`, then add all of it to `namespace`, which must be its own.

    A commit takes `rows` at most.

    Raises
    ------
    NotFoundError, StoreFormatError
        As of :func:`read_manifest`, or a file is damaged: the message names it, nothing is added.
        A file that holds its digest and yet makes no sense ends the import where it is found.
    InvalidInputError
        The export is of another namespace, which its ids are made of.
    EmbedderMismatchError
        The memory's vectors are another embedder's.
    """
    manifest = verify(folder, progress=progress)
    if manifest.namespace != namespace:
        raise InvalidInputError(
            f"{folder} holds the namespace {manifest.namespace!r}, not {namespace!r},"
            " and ids follow from the namespace",
            remedy=f"Import it as --namespace {manifest.namespace!r}, into a memory of its own if"
            " that one is taken, or ingest the sources into the other namespace",
        )
    if manifest.embedder is not None and manifest.dimension is not None:
        store.set_embedder(manifest.embedder, manifest.dimension)
    read = counts_of(manifest.files)
    added = Counts()
    for stage, changes, vectors in _batches(folder, manifest, rows):
        try:
            added += store.apply(changes, vectors=vectors)
        except InvalidInputError as cause:
            raise StoreFormatError(
                f"{file_of(stage)}: {cause.message}; what came before it was imported",
                remedy=_AGAIN,
            ) from cause
        progress(stage, getattr(added, stage), getattr(read, stage))
    return ImportReport(
        path=str(folder),
        namespace=namespace,
        read=read,
        vectors=manifest.files[file_of(VECTORS)].rows,
        added=added,
        digest=manifest.digest,
    )


def _batches(
    folder: Path, manifest: Manifest, rows: int
) -> Iterator[tuple[str, ChangeSet, dict[str, Vectors]]]:
    """Change sets in an order in which what is referred to comes first."""
    namespace = manifest.namespace

    def changed(**fields: Any) -> ChangeSet:
        return ChangeSet(namespace=namespace, **fields)

    def bounded(items: Iterable[_Item]) -> Iterator[list[_Item]]:
        return _bounded(items, rows)

    for items in bounded(_values(folder, "episodes", Episode, namespace=namespace)):
        yield "episodes", changed(episodes=_parts(items)), {}
    for items in bounded(_passages(folder, manifest.dimension)):
        vectors = {item.value.vector_key: item.more for item in items if item.more is not None}
        yield "passages", changed(passages=_parts(items)), vectors
    for items in bounded(_values(folder, "entities", Entity)):
        yield "entities", changed(entities=_parts(items)), {}
    for items in bounded(_values(folder, "mentions", Mention)):
        yield "mentions", changed(mentions=_parts(items)), {}
    for items in bounded(_facts(folder)):
        evidence = tuple(chain.from_iterable(item.more for item in items))
        yield "facts", changed(facts=_parts(items), evidence=evidence), {}
    for table, kind in _RELATIONS.items():
        for items in bounded(_values(folder, table, kind)):
            yield table, changed(**{table: _parts(items)}), {}


def _parts(items: Iterable[_Item]) -> tuple[Any, ...]:
    return tuple(item.value for item in items)


def _bounded(items: Iterable[_Item], rows: int) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += item.size
        if len(batch) >= rows or size >= BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _values(folder: Path, table: str, kind: type[V], **fields: Any) -> Iterator[_Item]:
    for line in _lines(folder, table):
        yield _Item(line.size, _made(kind, line, **fields))


def _passages(folder: Path, dimension: int | None) -> Iterator[_Item]:
    vectors = _Groups(_lines(folder, VECTORS), "passage_id")
    for line in _lines(folder, "passages"):
        passage = _made(Passage, line)
        found = vectors.take(passage.id)
        vector = _vector(found[0], dimension) if found else None
        yield _Item(line.size + sum(one.size for one in found), passage, vector)
    vectors.refuse_rest()


def _facts(folder: Path) -> Iterator[_Item]:
    """Facts with their members, and the evidence that is committed with them."""
    roles = _Groups(_lines(folder, "roles"), "fact_id")
    evidence = _Groups(_lines(folder, "evidence"), "fact_id")
    for line in _lines(folder, "facts"):
        id_ = line.record.get("id")
        members, stated = roles.take(id_), evidence.take(id_)
        given = [{k: v for k, v in one.record.items() if k != "fact_id"} for one in members]
        fact = _made(Fact, line, members=given)
        size = line.size + sum(one.size for one in (*members, *stated))
        yield _Item(size, fact, [_made(Evidence, one) for one in stated])
    roles.refuse_rest()
    evidence.refuse_rest()


class _Groups:
    """Lines of a file that is in the order of another one, handed out by what they belong to."""

    def __init__(self, lines: Iterator[_Line], key: str) -> None:
        self._lines = lines
        self._key = key
        self._next = next(lines, None)

    def take(self, owner: object) -> list[_Line]:
        """Those that belong to `owner`, if it is their turn."""
        taken = []
        while self._next is not None and self._next.record.get(self._key) == owner:
            taken.append(self._next)
            self._next = next(self._lines, None)
        return taken

    def refuse_rest(self) -> None:
        """Raise if a line belonged to nothing."""
        if self._next is not None:
            raise _wrong(
                self._next.file, self._next.number, f"{self._key} names nothing, or is out of order"
            )


def _lines(folder: Path, table: str) -> Iterator[_Line]:
    name = file_of(table)
    try:
        with (folder / name).open("rb") as file:
            for number, data in enumerate(file, start=1):
                try:
                    record = json.loads(data.decode())
                except (json.JSONDecodeError, UnicodeDecodeError) as cause:
                    raise _wrong(name, number, "is not JSON") from cause
                if not isinstance(record, dict):
                    raise _wrong(name, number, "is not a JSON object")
                yield _Line(name, number, len(data), record)
    except OSError as cause:
        raise StoreError(f"{folder / name} cannot be read ({cause.strerror})") from cause


def _made(kind: type[V], line: _Line, **fields: Any) -> V:
    try:
        return kind.model_validate({**line.record, **fields})
    except ValidationError as cause:
        raise _wrong(line.file, line.number, _first(cause)) from cause


def _vector(line: _Line, dimension: int | None) -> Vectors:
    text = line.record.get("vector")
    try:
        data = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except (binascii.Error, ValueError) as cause:
        raise _wrong(line.file, line.number, "vector: not base64") from cause
    if not data or len(data) % 4 or (dimension is not None and len(data) != 4 * dimension):
        raise _wrong(
            line.file,
            line.number,
            f"vector: {len(data)} bytes are not {dimension or 'some'} float32",
        )
    return np.frombuffer(data, "<f4").astype(np.float32)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise StoreError(f"{path} cannot be read ({cause.strerror})") from cause


def _first(cause: ValidationError) -> str:
    first = cause.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'record'}: {first['msg']}"


def _damaged(path: Path, what: str) -> StoreFormatError:
    return StoreFormatError(f"{path} {what}; nothing was imported", remedy=_AGAIN)


def _wrong(file: str, number: int, what: str) -> StoreFormatError:
    return StoreFormatError(
        f"{file}, line {number}: {what}; what came before it was imported", remedy=_AGAIN
    )
