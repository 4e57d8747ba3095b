"""Compiled once on a machine: what a process pays before its first push."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_KERNELS = """
import numba
from graphmem.kernels import answering, bounding, choosing, descending, hubs, push, steepest
modules = (push, steepest, descending, bounding, choosing, answering, hubs)
found = (k for module in modules for k in vars(module).values())
kernels = [k for k in found if isinstance(k, numba.core.dispatcher.Dispatcher)]
assert kernels
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels))
"""


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    assert int(run(_KERNELS, NUMBA_CACHE_DIR=str(tmp_path))) > 0
    assert run(_KERNELS, NUMBA_CACHE_DIR=str(tmp_path)) == "0"


def test_importing_graphmem_and_naming_a_ranker_loads_no_compiler() -> None:
    code = """
import sys, graphmem.cli, graphmem.build
graphmem.build.make_ranker("auto")
print("numba" in sys.modules)
"""
    assert run(code) == "False"
