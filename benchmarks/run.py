"""Every data set under GRAPHMEM_BENCH, and the ingestion bench: ``python benchmarks/run.py``.

Each folder with a ``queries.jsonl`` is evaluated in all modes in a process of its own; the result
goes to ``benchmarks/results/NAME.json``, without titles to ``NAME-untitled.json``, and of all
passage sets in one memory to ``merged.json``, by the set that a question is from. Memories are made
anew, or kept in a folder of the user's, where the next run finds them filled. The largest passage
set is then ingested against the bare speed of its models (see ``ingest.py``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from corpora import MERGED, UNTITLED, folders_in, has_passages, merged, untitled
from harness import RESULTS, about_run, fresh, write

import ingest
from graphmem.build import embedder_of, load_settings
from graphmem.evaluation.datasets import Dataset, read_dataset
from graphmem.evaluation.report import as_json, rows_of
from graphmem.evaluation.runner import evaluate
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
    parser.add_argument("--merged", action="store_true", help="passage sets in one memory too")
    parser.add_argument("--no-ingest", action="store_true", help="leave the ingestion bench out")
    options = parser.parse_args()
    if options.bench is None:
        parser.error("name the data sets' folder by --bench or GRAPHMEM_BENCH")
    folders = folders_in(options.bench)
    chosen = [path for path in folders if not options.names or path.name in options.names]
    if not chosen:
        parser.error(f"{options.bench} holds {[path.name for path in folders] or 'no data set'}")
    modes = options.modes.split(",")
    budgets = [int(budget) for budget in options.contexts.split(",") if budget]
    for name, read, folder in _runs(chosen, options):
        kept = None if options.memories is None else str(options.memories / name)
        result = fresh(evaluated, read, folder, modes, budgets, kept)
        write({**result, **about_run()}, options.results / f"{name}.json")
    passages = [path for path in chosen if has_passages(path)]
    if options.no_ingest or not passages:
        return 0
    largest = max(passages, key=lambda path: (path / "corpus.jsonl").stat().st_size)
    return ingest.bench(largest, options.results / "ingest.json")


def _runs(
    chosen: Sequence[Path], options: argparse.Namespace
) -> Iterator[tuple[str, Callable[[Any], Dataset], Path | list[Path]]]:
    """What to evaluate: its name, and what reads it from where."""
    passages = [path for path in chosen if has_passages(path)]
    for folder in chosen:
        yield folder.name, read_dataset, folder
        if options.untitled and folder in passages:
            yield f"{folder.name}{UNTITLED}", untitled, folder
    if options.merged and passages:
        yield MERGED, merged, passages


def evaluated(
    read: Callable[[Any], Dataset],
    folder: Path | list[Path],
    modes: list[str],
    budgets: list[int],
    kept: str | None,
) -> dict[str, Any]:
    """The report of one data set, as plain data; its table goes to the terminal."""
    dataset = read(folder)
    with tempfile.TemporaryDirectory(prefix="graphmem-bench-") as temporary:
        place = kept or str(Path(temporary) / "memory")
        report = evaluate(
            dataset,
            lambda: Memory.open(place),
            modes=modes,
            budgets=budgets,
            count=embedder_of(load_settings()).count_tokens if budgets else None,
        )
    print(f"\n{dataset.name}")
    for row in rows_of(report):
        print("  ".join(cell.rjust(9) for cell in row))
    return as_json(report)


if __name__ == "__main__":
    sys.exit(main())
