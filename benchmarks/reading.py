"""What reading costs: ``python benchmarks/reading.py CORPUS.jsonl [--json FILE] [--limit N]``.

CPU time for a passage, of one process with one thread, in one run and over the same passages:

1. *Pipeline*: spaCy's own, as the model comes, parsed documents thrown away.
2. *Reading*: names, facts, links and attributes, by the extractor that reading processes run.
3. *Passing*: what goes through the pipes to a reading process and back, as JSON, on both ends.

Each is measured chunk by chunk, `ROUNDS` times, and the least of a chunk counts: that is what the
work takes where nothing else runs, while a clock would tell how busy the machine was. Passages a
second on two processes are those that two cores have the CPU time for, passing included and
embedding not. Ends with 1 when that is below the bar.

Beside it stands what the clock says: two real reading processes over the same passages, which is
true of a machine on which nothing else runs. They have read once before, and the quickest of
`ROUNDS` counts; of how loaded the machine was tells `load`, the processes that wanted to run.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness import RESULTS, about_run, bar, fresh, write

from graphmem.adapters.extractors.pool import PooledExtractor
from graphmem.adapters.extractors.spacy import SpacyExtractor, model_package
from graphmem.adapters.extractors.worker import EXTRACTIONS, PASSAGES
from graphmem.evaluation.datasets import read_passages
from graphmem.model.extraction import PassageContext

PASSAGES_PER_S = 120.0
ROUNDS = 4
_PROCESSES = 2
_CHUNK = 32


def main() -> int:
    """Measure and write the result file; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="passages: {id, title, text} a line")
    parser.add_argument("--json", type=Path, default=RESULTS / "reading.json", help="the result")
    parser.add_argument("--limit", type=int, default=512, help="take so many passages only")
    options = parser.parse_args()
    cost = fresh(measured, options.corpus, options.limit)
    clock = fresh(clocked, options.corpus, options.limit)
    rate = 1000 * _PROCESSES / (cost["reading_ms"] + cost["passing_ms"])
    reached = bar(rate, at_least=PASSAGES_PER_S)
    write(
        {
            "corpus": options.corpus.resolve().parent.name,
            "passages": cost.pop("passages"),
            "cpu_per_passage": cost,
            "passages_per_s_on_two_processes": reached,
            "passages_per_s_by_the_clock": clock,
            **about_run(),
        },
        options.json,
    )
    print(cost, reached, clock)
    return 0 if reached["met"] else 1


def measured(corpus: Path, limit: int) -> dict[str, float]:
    """Milliseconds of CPU time for a passage, by part."""
    passages = list(read_passages(corpus)[:limit])
    chunks = [passages[at : at + _CHUNK] for at in range(0, len(passages), _CHUNK)]
    language: Any = importlib.import_module(model_package()).load()
    extractor = SpacyExtractor()

    def pipeline(chunk: Sequence[PassageContext]) -> None:
        for _ in language.pipe([passage.text for passage in chunk], batch_size=64):
            pass

    def passing(chunk: Sequence[PassageContext]) -> None:
        PASSAGES.validate_json(PASSAGES.dump_json(list(chunk)))
        EXTRACTIONS.validate_json(EXTRACTIONS.dump_json(read[id(chunk)]))

    read = {id(chunk): extractor.extract(chunk) for chunk in chunks}
    parts: dict[str, Callable[[Sequence[PassageContext]], object]] = {
        "pipeline_ms": pipeline,
        "reading_ms": extractor.extract,
        "passing_ms": passing,
    }
    least = {name: [float("inf")] * len(chunks) for name in parts}
    for _ in range(ROUNDS):
        for at, chunk in enumerate(chunks):
            for name, part in parts.items():
                begun = time.process_time()
                part(chunk)
                least[name][at] = min(least[name][at], time.process_time() - begun)
    shares = {name: round(1000 * sum(best) / len(passages), 2) for name, best in least.items()}
    return {"passages": len(passages), **shares}


def clocked(corpus: Path, limit: int) -> dict[str, float]:
    """Passages a second by the clock, of two reading processes, and the machine's load before."""
    passages = list(read_passages(corpus)[:limit])
    load = os.getloadavg()[0]
    extractor = PooledExtractor(SpacyExtractor, workers=_PROCESSES)
    try:
        extractor.extract(passages)
        least = float("inf")
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            extractor.extract(passages)
            least = min(least, time.perf_counter() - begun)
    finally:
        extractor.close()
    return {"measured": round(len(passages) / least, 1), "load": round(load, 1)}


if __name__ == "__main__":
    raise SystemExit(main())
