"""What the benches share: a fresh process per measurement, and result files that say where from."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from graphmem.evaluation.resources import about

RESULTS = Path(__file__).parent / "results"
HASH_SEED = "0"

_T = TypeVar("_T")


def fresh(function: Callable[..., _T], *arguments: Any) -> _T:
    """The result of `function`, run in a new interpreter with a fixed hash seed.

    So no measurement inherits another's memory, models or caches, and sets iterate the same way.
    """
    os.environ["PYTHONHASHSEED"] = HASH_SEED
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def about_run() -> dict[str, Any]:
    """Machine, versions, commit (with whether the work tree differs from it) and seed."""
    return {
        **about(),
        "dirty": _is_dirty(),
        "seed": {"PYTHONHASHSEED": HASH_SEED},
    }


def write(result: Mapping[str, Any], path: Path) -> None:
    """Write a result file, its folder made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {path}")


def bar(
    measured: float, *, at_least: float | None = None, below: float | None = None
) -> dict[str, Any]:
    """What was to be reached, what was measured, and whether that meets it."""
    met = (at_least is None or measured >= at_least) and (below is None or measured < below)
    limit = {"at_least": at_least} if below is None else {"below": below}
    return {**limit, "measured": round(measured, 3), "met": met}


def _is_dirty() -> bool:
    # Result files of the same run do not count: they differ by being written.
    done = subprocess.run(
        ["git", "status", "--porcelain", "--", ".", ":!benchmarks/results"],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode != 0 or bool(done.stdout.strip())
