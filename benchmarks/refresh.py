"""How soon a search sees a write: ``python benchmarks/refresh.py MEMORY [--json FILE]``.

On a copy of the memory in a folder, with its own embedder, times are of one question in graph mode
whose vector is known, so that no model runs:

1. *build*: the first search where no index is kept; and once more with one, which only maps it.
2. *warm*: the same search again, median of several.
3. *after an add*: the first search after one short document was added, median of several; what it
   takes longer than a warm one is the refresh.
4. *behind*: the first search of a memory that is opened again, some adds after its index was kept.

Bar: the refresh takes below 100 ms more than a warm search. Ends with 1 when it is missed. On a
machine that others use too, `load_average` says so, and `build_per_refresh` is what compares.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from harness import RESULTS, about_run, bar, fresh, write

from graphmem.memory import Memory
from graphmem.model.retrieval import Mode

REFRESH_MS = 100.0
QUESTION = "Who is the mother of the director of the film The Amber Gate?"
TIMES = 9


def main() -> int:
    """Run the bench on the memory named; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("memory", type=Path, help="a memory's folder, which stays as it is")
    parser.add_argument("--json", type=Path, default=RESULTS / "refresh.json", help="the result")
    options = parser.parse_args()
    found = fresh(measure, options.memory)
    refresh = bar(found["refresh_ms"], below=REFRESH_MS)
    write({**about_run(), **found, "bars": {"refresh_ms": refresh}}, options.json)
    return 0 if refresh["met"] else 1


def measure(folder: Path) -> dict[str, Any]:
    """All times, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="graphmem-") as scraps:
        copy = Path(scraps) / "memory"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("index", "views"))
        build = _first_search(copy)
        mapped = _first_search(copy)
        with _ready(copy) as memory:
            _search(memory)
            warm = median(_search(memory) for _ in range(TIMES))
            after = []
            for number in range(TIMES):
                _add(memory, number)
                after.append(_search(memory))
            passages = memory.stats().counts.passages
        behind = _first_search(copy)
    return {
        "passages": passages,
        "build_ms": round(build, 1),
        "mapped_ms": round(mapped, 1),
        "warm_ms": round(warm, 1),
        "after_add_ms": round(median(after), 1),
        "refresh_ms": round(median(after) - warm, 1),
        "build_per_refresh": round((build - warm) / (median(after) - warm), 1),
        "behind_ms": round(behind, 1),
        "commits_behind": TIMES,
        "load_average": round(os.getloadavg()[0], 1),
    }


def _ready(folder: Path) -> Memory:
    memory = Memory.open(folder)
    memory._parts.embedder.embed_queries([QUESTION])
    return memory


def _first_search(folder: Path) -> float:
    with _ready(folder) as memory:
        return _search(memory)


def _search(memory: Memory) -> float:
    started = time.perf_counter()
    memory.search(QUESTION, mode=Mode.GRAPH)
    return (time.perf_counter() - started) * 1000


def _add(memory: Memory, number: int) -> None:
    memory.add(
        f"Zara Quillon {number} is a Polish film director born in Krakow in 19{number}0. She met"
        f" Ann Orlov {number} in Paris.",
        title=f"Zara Quillon {number}",
        source=f"bench:{number}",
    )


if __name__ == "__main__":
    sys.exit(main())
