"""A small world built by hand: passages, what they are about and whom they name; no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import (
    OPEN_END,
    OPEN_START,
    Category,
    Entities,
    Facts,
    Mentions,
    Numbers,
    Passages,
    Snapshot,
)
from graphmem.kernels.arrays import Floats
from graphmem.kernels.text import words


@dataclass(frozen=True)
class Doc:
    """A passage of a test: its subject's names, and the other names in it."""

    title: str
    text: str
    names: tuple[str, ...] = ()
    aliases: tuple[tuple[str, float], ...] = ()
    speaker: str = ""
    occurred_at: int | None = None
    retired_at: int | None = None
    recorded_at: int = 0
    session: str | None = None


DIMENSION = 64


def likeness(texts: Sequence[str]) -> Floats:
    """Hashed bags of words, unit length: a stand-in whose likeness is plain to see."""
    rows = np.zeros((len(texts), DIMENSION), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in words(text):
            row[sum(map(ord, word)) % DIMENSION] += 1.0
        row[0] += 1e-3
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def snapshot_of(docs: Sequence[Doc]) -> Snapshot:
    """The snapshot of the given passages; facts are left out."""
    rows: dict[str, int] = {}
    mentions: list[tuple[int, int, str, float]] = []
    for passage, doc in enumerate(docs):
        if doc.title:
            subject = rows.setdefault(doc.title, len(rows))
            mentions.append((passage, subject, doc.title, 1.0))
            mentions.extend((passage, subject, alias, about) for alias, about in doc.aliases)
        mentions.extend((passage, rows.setdefault(n, len(rows)), n, 0.0) for n in doc.names)
    n, surfaces = len(docs), Category.of([surface for _, _, surface, _ in mentions])
    zeros, empty = np.zeros(n, np.int64), np.empty(0, np.int64)
    ids = [f"pa_{row}" for row in range(n)]
    nothing = Category.of([None] * n)
    return Snapshot(
        passages=Passages(
            ids=Strings.of(ids),
            texts=Strings.of(doc.text for doc in docs),
            titles=Category.of(doc.title for doc in docs),
            episodes=Category.of(ids),
            sources=Category.of(f"doc:{row}" for row in range(n)),
            speakers=Category.of(doc.speaker for doc in docs),
            sessions=Category.of(doc.session for doc in docs),
            external_ids=nothing,
            attributes=nothing,
            starts=zeros,
            ends=np.array([len(doc.text) for doc in docs], np.int64),
            occurred_at=np.array(
                [OPEN_START if d.occurred_at is None else d.occurred_at for d in docs], np.int64
            ),
            recorded_at=np.array([doc.recorded_at for doc in docs], np.int64),
            retired_at=np.array(
                [OPEN_END if d.retired_at is None else d.retired_at for d in docs], np.int64
            ),
        ),
        entities=Entities(
            Strings.of(f"en_{row}" for row in range(len(rows))),
            Strings.of(rows),
            Category.of("person" for _ in rows),
            Category.of("[]" for _ in rows),
        ),
        mentions=Mentions(
            np.array([passage for passage, *_ in mentions], np.int32),
            np.array([entity for _, entity, *_ in mentions], np.int32),
            surfaces,
            np.array([about for *_, about in mentions], np.float32),
        ),
        facts=Facts(
            Strings.of([]),
            Strings.of([]),
            *(empty for _ in range(4)),
            np.zeros(1, np.int64),
            *(empty.astype(np.int32) for _ in range(3)),
            *(empty for _ in range(2)),
        ),
        numbers=Numbers(np.arange(n), np.arange(len(rows)), empty),
        vectors=likeness([f"{doc.title}\n{doc.text}" for doc in docs]),
    )
