"""The passages of a data set on disk as an extractor is told of them, by the ids gold names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from graphmem.evaluation.datasets import read_dataset, read_passages
from graphmem.model.extraction import PassageContext
from graphmem.model.source import Depth
from graphmem.segment.segment import contexts_of, segment

_NOW: Final = datetime(2024, 1, 1, tzinfo=UTC)


def passages_in(folder: Path) -> dict[str, PassageContext]:
    """Passages by their id; turns, with those before them, by ``conversation/id``.

    Of a turn that is cut in several passages the first stands for it.

    Raises
    ------
    InvalidInputError, ReaderError
        As :func:`graphmem.evaluation.datasets.read_dataset`.
    """
    corpus = folder / "corpus.jsonl"
    if corpus.is_file():
        return {passage.passage_id: passage for passage in read_passages(corpus)}
    found: dict[str, PassageContext] = {}
    for conversation, items in read_dataset(folder).corpora.items():
        for item in items:
            episode, passages = segment(
                item, namespace=conversation, recorded_at=_NOW, depth=Depth.FULL
            )
            for passage, context in zip(passages, contexts_of([episode], passages), strict=True):
                found.setdefault(f"{conversation}/{passage.external_id}", context)
    return found
