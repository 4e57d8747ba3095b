"""Every data set under GRAPHMEM_BENCH, and the ingestion bench: ``python benchmarks/run.py``.

Each folder with a ``queries.jsonl`` is evaluated in all modes in a process of its own; the result
goes to ``benchmarks/results/NAME.json``, and without titles to ``NAME-untitled.json``. Memories are
made anew, or kept in a folder of the user's, where the next run finds them filled. The largest
passage set is then ingested against the bare speed of its models (see ``ingest.py``).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from harness import RESULTS, about_run, fresh, write

import ingest
from graphmem.build import embedder_of, load_settings
from graphmem.evaluation.report import as_json, rows_of
from graphmem.evaluation.runner import DEFAULT_KS, run
from graphmem.memory import Memory
from graphmem.model.retrieval import Mode


def main() -> int:
    """Run what the arguments ask for; 1 when a bar of the ingestion bench is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="data sets (default: all there are)")
    parser.add_argument("--bench", type=Path, default=load_settings().bench, help="their folder")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where results are written")
    parser.add_argument("--modes", default=",".join(Mode), help="comma-separated")
    parser.add_argument("--contexts", default="", help="budgets of contexts, comma-separated")
    parser.add_argument("--memories", type=Path, help="folder of memories to keep, as trained on")
    parser.add_argument("--untitled", action="store_true", help="passage sets without titles too")
    parser.add_argument("--no-ingest", action="store_true", help="leave the ingestion bench out")
    options = parser.parse_args()
    if options.bench is None:
        parser.error("name the data sets' folder by --bench or GRAPHMEM_BENCH")
    folders = sorted(path.parent for path in options.bench.glob("*/queries.jsonl"))
    chosen = [path for path in folders if not options.names or path.name in options.names]
    if not chosen:
        parser.error(f"{options.bench} holds {[path.name for path in folders] or 'no data set'}")
    for folder in chosen:
        is_passages = (folder / "corpus.jsonl").is_file()
        for titles in (True, False) if options.untitled and is_passages else (True,):
            name = folder.name if titles else f"{folder.name}-untitled"
            kept = None if options.memories is None else str(options.memories / name)
            budgets = [int(budget) for budget in options.contexts.split(",") if budget]
            result = fresh(evaluated, folder, options.modes.split(","), titles, budgets, kept)
            write({**result, **about_run()}, options.results / f"{name}.json")
    passages = [path for path in chosen if (path / "corpus.jsonl").is_file()]
    if options.no_ingest or not passages:
        return 0
    largest = max(passages, key=lambda path: (path / "corpus.jsonl").stat().st_size)
    return ingest.bench(largest, options.results / "ingest.json")


def evaluated(
    folder: Path, modes: list[str], titles: bool, budgets: list[int], kept: str | None
) -> dict[str, Any]:
    """The report of one data set, as plain data; its table goes to the terminal."""
    report = run(
        folder,
        open_memory=Memory.open,
        modes=modes,
        ks=DEFAULT_KS,
        titles=titles,
        budgets=budgets,
        count=embedder_of(load_settings()).count_tokens if budgets else None,
        location=kept,
    )
    print(f"\n{folder.name}{'' if titles else ', titles withheld'}")
    for row in rows_of(report):
        print("  ".join(cell.rjust(9) for cell in row))
    return as_json(report)


if __name__ == "__main__":
    sys.exit(main())
