"""What moves a memory: an export's manifest, and what an export and an import did."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from graphmem.model.base import Value
from graphmem.model.change import Counts


class ExportFormat(StrEnum):
    """How a memory is written for elsewhere; only JSONL holds all of it and can be imported."""

    JSONL = "jsonl"
    GRAPHML = "graphml"
    HIF = "hif"


class ExportedFile(Value):
    """A file of an export: SHA-256 in hexadecimal digits, lines and bytes."""

    sha256: str = Field(pattern=r"[0-9a-f]{64}")
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)


class Manifest(Value):
    """What a JSONL export holds; equal contents have equal manifests, whatever store they were in.

    `digest` is the SHA-256 of all the rest, as compact JSON with sorted keys.
    """

    format: str
    version: int
    namespace: str
    embedder: str | None
    dimension: int | None
    files: Mapping[str, ExportedFile]
    digest: str


class ExportReport(Value):
    """What was written; `digest` is the manifest's, or the file's where there is none."""

    path: str
    format: ExportFormat
    namespace: str
    written: Counts
    vectors: int
    bytes: int
    digest: str


class ImportReport(Value):
    """What an export held, and what of it was new to the memory."""

    path: str
    namespace: str
    read: Counts
    vectors: int
    added: Counts
    digest: str


class ReindexReport(Value):
    """What a memory was given the vectors of; `kept` are those that an earlier run had made."""

    embedder: str
    dimension: int
    passages: int
    kept: int
