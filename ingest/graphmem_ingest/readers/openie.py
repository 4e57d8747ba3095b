"""Ready-made triples: ``{"id", "entities", "triples"}`` a line, as HippoRAG releases them.

The file is read once to check every line; after that its lines are fetched as documents ask for
them by id, so that no more than the places of its lines are held.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from graphmem.errors import ReaderError
from graphmem.kernels.text import well_formed
from graphmem.model.change import FailedItem
from graphmem.model.source import OpenTriples, SourceItem
from graphmem_ingest.readers.base import MB, InputFile, Limits, Note, Read

_REMEDY: Final = (
    'Write {"id": "...", "entities": ["..."], "triples": [["subject", "predicate", "object"]]}'
)
_PART: Final = "#part="
_TRIPLE: Final = 3
_NAMED = 5


class OpenTriplesFile:
    """A file of triples by the id of the document that they are from.

    `failed` names the lines that are none, which are left out, and those with triples that are
    none, of which the others are taken.

    Raises
    ------
    ReaderError
        The file cannot be read, or none of its lines holds triples.
    """

    def __init__(self, path: Path, *, limits: Limits | None = None) -> None:
        self._path = path
        self._limits = limits or Limits()
        self._places: dict[str, int] = {}
        self._unasked: set[str] = set()
        self._without = 0
        self.failed: list[FailedItem] = []
        try:
            self._check()
        except OSError as cause:
            raise ReaderError(f"{path} cannot be read: {cause.strerror or cause}") from cause
        if not self._places:
            raise ReaderError(
                f"{path} holds no triples",
                remedy=f"{_REMEDY} a line",
            )
        self._unasked = set(self._places)

    def of(self, id: str) -> OpenTriples | None:
        """The triples of a document, ``None`` where the file has no line for it."""
        place = self._places.get(id)
        if place is None:
            return None
        self._unasked.discard(id)
        with self._path.open("rb") as stream:
            stream.seek(place)
            return _parsed(stream.readline()).triples

    def given(self, file: InputFile, values: Iterator[Read]) -> Iterator[Read]:
        """What was read of a corpus, each document with its triples.

        A record without an id goes by its number in the file. A document that is read in parts has
        them with its first.
        """
        for read in values:
            value = read.value
            if isinstance(value, SourceItem) and value.text is not None:
                id = value.source.removeprefix(file.source).removeprefix("#")
                triples = None if _PART in id else self.of(id)
                if triples is not None:
                    yield Read(value.model_copy(update={"triples": triples}), read.at)
                    continue
                self._without += 1
            yield read

    def notes(self) -> tuple[Note, ...]:
        """What file and corpus lack of each other, once all of the corpus is read."""
        found = []
        if self._unasked:
            named = ", ".join(sorted(self._unasked)[:_NAMED])
            more = ", …" if len(self._unasked) > _NAMED else ""
            found.append(f"{len(self._unasked):,} of its ids are no document's: {named}{more}")
        if self._without:
            found.append(f"{self._without:,} documents have no line in it: they were read here")
        return tuple(Note(str(self._path), text) for text in found)

    def _check(self) -> None:
        limit = int(self._limits.line_mb * MB)
        place, number = 0, 0
        lines: dict[str, int] = {}
        with self._path.open("rb") as stream:
            for line in stream:
                number += 1
                start, place = place, place + len(line)
                if not line.strip():
                    continue
                try:
                    if len(line) > limit:
                        raise ValueError(f"longer than {self._limits.line_mb:g} MB")  # noqa: TRY301 - as all others
                    found = _parsed(line)
                    if found.id in lines:
                        raise ValueError(f"id {found.id!r} was on line {lines[found.id]} already")  # noqa: TRY301
                except (ValueError, RecursionError) as error:
                    why = "nested too deep" if isinstance(error, RecursionError) else str(error)
                    self._fail(number, why)
                else:
                    lines[found.id], self._places[found.id] = number, start
                    if found.bad:
                        self._fail(number, _bad(found.bad))

    def _fail(self, number: int, why: str) -> None:
        item = f"{self._path}:{number}"
        self.failed.append(FailedItem(item=item, error=why, remedy=_REMEDY))


class _Line(NamedTuple):
    """A line's id and triples, and what stands among them and is none."""

    id: str
    triples: OpenTriples
    bad: list[object]


def _parsed(line: bytes) -> _Line:
    """Read a line; raises `ValueError` that says what is wrong with all of it."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"not an object but a {type(found).__name__}")  # noqa: TRY004 - its content is wrong
    id = found.get("id")
    if isinstance(id, bool) or not isinstance(id, str | int) or not str(id).strip():
        raise ValueError("no id in it")
    entities = found.get("entities", [])
    if not isinstance(entities, list) or not all(isinstance(name, str) for name in entities):
        raise ValueError("its entities are no list of texts")
    triples = found.get("triples")
    if not isinstance(triples, list):
        raise ValueError("its triples are no list")  # noqa: TRY004 - its content is wrong
    good = [triple for triple in triples if _is_triple(triple)]
    stated = OpenTriples(
        entities=tuple(well_formed(name) for name in entities if name.strip()),
        triples=tuple((well_formed(s), well_formed(p), well_formed(o)) for s, p, o in good),
    )
    bad = [triple for triple in triples if not _is_triple(triple)]
    return _Line(" ".join(str(id).split()), stated, bad)


def _is_triple(value: object) -> bool:
    if not isinstance(value, list) or len(value) != _TRIPLE:
        return False
    return all(isinstance(part, str) and part.strip() for part in value)


def _bad(triples: list[object]) -> str:
    shown = json.dumps(triples[0], ensure_ascii=False)[:80]
    more = f" and {len(triples) - 1} more" if len(triples) > 1 else ""
    return f"not three texts: {shown}{more}; its other triples were taken"
