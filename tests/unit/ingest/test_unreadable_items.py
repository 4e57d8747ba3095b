"""Items on which reading itself breaks down: they fail by name, and the rest is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.adapters.embedders import make_embedder
from graphmem.adapters.extractors.names import NamesExtractor
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.build import make_ranker
from graphmem.errors import ExtractionError
from graphmem.memory import Memory
from graphmem.model.extraction import Extraction, PassageContext
from graphmem.ports.analytics import Analyst, Partitioner
from graphmem.ports.cypher import CypherRunner
from graphmem.settings import Settings
from graphmem.stages.parts import Parts
from graphmem_ingest.job import ingest


class Fragile(NamesExtractor):
    """Breaks down over the first passage that holds the word, as a worker's process may."""

    def extract(self, passages: Sequence[PassageContext]) -> list[Extraction]:
        bad = [passage.passage_id for passage in passages if "poison" in passage.text]
        if bad:
            raise ExtractionError("Reading ended the process", passage_ids=(bad[0],))
        return super().extract(passages)


def clock() -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC)


def no_runner(namespace: str) -> CypherRunner:
    raise AssertionError(f"nothing asks {namespace} here")


def no_analyst(engine: str | None) -> Analyst:
    raise AssertionError(f"nothing asks {engine} here")


def no_partitioner() -> Partitioner:
    raise AssertionError("nothing draws communities here")


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    parts = Parts(
        store=SqliteStore.open(tmp_path / "mem", clock=clock, create=True),
        extractor=Fragile(),
        embedder=lambda _: make_embedder(Settings()),
        runner=no_runner,
        analyst=no_analyst,
        ranker=make_ranker(),
        partitioner=no_partitioner,
        index_dir=None,
        clock=clock,
    )
    return Memory(parts)


def test_items_that_break_the_reader_fail_by_name_and_the_rest_is_kept(
    memory: Memory, tmp_path: Path
) -> None:
    corpus = tmp_path / "docs"
    corpus.mkdir()
    for n in range(6):
        word = "poison" if n in (1, 4) else "mill"
        (corpus / f"{n}.txt").write_text(f"Ann Reed sold {word} number {n}.")
    with memory:
        report = ingest(memory, [str(corpus)], batch=5)
        assert [Path(failed.item).name for failed in report.failed] == ["1.txt", "4.txt"]
        assert (report.items, report.new, report.exit_code) == (6, 4, 3)
        assert memory.stats().counts.episodes == 4
        assert memory.doctor() == []


def test_what_a_broken_item_was_to_replace_stays(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ann Reed sold the mill.")
    with memory:
        ingest(memory, [str(path)])
        path.write_text("Ann Reed sold the poison.")
        report = ingest(memory, [str(path)])
        assert (report.failures, report.replaced) == (1, 0)
        assert memory.sources() == [(str(path), 1)]
        path.write_text("Ann Reed sold the press.")
        assert ingest(memory, [str(path)]).replaced == 1
