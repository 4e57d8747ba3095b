"""Data sets written line by line, and a memory that ranks by shared words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from graphmem.kernels.text import words
from graphmem.model.change import AddReport, Counts, FailedItem, Stats
from graphmem.model.retrieval import Hit, Mode
from graphmem.model.source import SourceItem

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a data set folder: ``write(queries=[...], corpus=[...] or turns=[...])``."""

    def write(name: str = "toy", **files: Iterable[Any]) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for stem, rows in files.items():
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            (folder / f"{stem}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    return write


class WordMemory:
    """A memory in plain lists: a passage per line of a text or per message, ranked by shared words.

    ``graph`` ranks as said; the other modes rank the other way round, so that modes differ.
    """

    def __init__(self) -> None:
        self.items: dict[str, dict[str, SourceItem]] = {}
        self.asked: list[tuple[str, str, int]] = []
        self.namespace = "default"
        self.closed = False

    def with_namespace(self, namespace: str) -> WordMemory:
        bound = WordMemory()
        bound.items, bound.asked, bound.namespace = self.items, self.asked, namespace
        return bound

    def add_many(self, items: Iterable[SourceItem]) -> Iterator[AddReport]:
        held = self.items.setdefault(self.namespace, {})
        for item in items:
            if item.text == "":
                failed = FailedItem(item=item.source, error="empty")
                yield AddReport(items=1, failed=(failed,))
                continue
            unchanged = int(item.source in held)
            held[item.source] = item
            yield AddReport(items=1, unchanged=unchanged)

    reranker = None

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        mode: Mode | str = Mode.GRAPH,
        rerank: bool | None = None,
    ) -> list[Hit]:
        assert not rerank  # there is nothing to do it
        self.asked.append((str(mode), question, k))
        scored = [
            (len(set(words(question)) & set(words(f"{title} {text}"))), source, title, text, id)
            for source, title, text, id in self._passages()
        ]
        scored.sort(key=lambda row: row[0], reverse=mode == Mode.GRAPH)
        return [
            Hit(
                id=f"pa_{rank}",
                rank=rank,
                score=score,
                text=text,
                title=title,
                source=source,
                start=0,
                end=len(text),
                external_id=id,
            )
            for rank, (score, source, title, text, id) in enumerate(scored[:k], start=1)
        ]

    def sources(self) -> list[tuple[str, int]]:
        return sorted((source, 1) for source in self.items.get(self.namespace, {}))

    def stats(self) -> Stats:
        return Stats(
            location="",
            backend="lists",
            namespace=self.namespace,
            namespaces=tuple(self.items),
            version=1,
            schema_version=1,
            embedder="words",
            dimension=None,
            size_bytes=0,
            counts=Counts(),
        )

    def close(self) -> None:
        self.closed = True

    def _passages(self) -> Sequence[tuple[str, str, str, str | None]]:
        return [
            row
            for item in self.items.get(self.namespace, {}).values()
            for row in (
                [(item.source, item.title, line, None) for line in (item.text or "").splitlines()]
                or [(item.source, "", message.content, message.id) for message in item.messages]
            )
        ]


@pytest.fixture
def memory() -> WordMemory:
    """An empty memory."""
    return WordMemory()
