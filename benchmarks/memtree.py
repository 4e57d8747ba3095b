"""What adding a passage to the tree costs as it grows: ``python benchmarks/memtree.py``.

Vectors of 384 dimensions are inserted one by one, embedding aside, of four kinds: *clustered* in
three levels, as texts are; *scattered*, where nothing is like anything; *alike*, all the same; and
*on a line*, each a little further than the last. The latter two push a tree to be deep. Each block
of a hundredth of the insertions gives a mean; the tree's height and what was built anew are told.

Bar: 100,000 clustered and scattered ones at below 3 ms each on average, in every block. Ends with 1
when it is missed. On a machine that others use too, `load_average` says so.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from harness import RESULTS, about_run, bar, fresh, write

from graphmem.adapters.plots import cost_as_it_grows
from graphmem.index.tree import Tree
from graphmem.kernels.arrays import Floats
from graphmem.kernels.memtree import deepest_allowed

MS = 3.0
DIMENSION = 384
BLOCKS = 100
KINDS = {"clustered": 1.0, "scattered": 1.0, "alike": 0.2, "on a line": 0.2}
"""With the share of the insertions that each is measured with."""


def main() -> int:
    """Run the bench; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-n", type=int, default=100_000, help="insertions, a multiple of 500")
    parser.add_argument("--json", type=Path, default=RESULTS / "memtree.json", help="the result")
    options = parser.parse_args()
    kinds = {name: fresh(measure, name, int(options.n * s)) for name, s in KINDS.items()}
    slowest = max(max(kinds[name]["block_ms"]) for name in ("clustered", "scattered"))
    held = bar(slowest, below=MS)
    write(
        {
            **about_run(),
            "load_average": os.getloadavg(),
            "dimension": DIMENSION,
            "kinds": kinds,
            "bars": {"slowest_block_ms": held},
        },
        options.json,
    )
    cost_as_it_grows(kinds, options.json.with_suffix(".png"))
    return 0 if held["met"] else 1


def measure(kind: str, n: int) -> dict[str, Any]:
    """Mean milliseconds by block, and the tree at the end."""
    vectors = _vectors(kind, n)
    warm = Tree(DIMENSION)  # compiles, or loads what was compiled
    for at in range(64):
        warm.insert(str(at), vectors[at])
    tree, block = Tree(DIMENSION), n // BLOCKS
    sizes, means, heights, slowest = [], [], [], 0.0
    for first in range(0, n, block):
        began = time.perf_counter()
        for at in range(first, first + block):
            before = time.perf_counter()
            tree.insert(str(at), vectors[at])
            slowest = max(slowest, time.perf_counter() - before)
        means.append(round(1e3 * (time.perf_counter() - began) / block, 4))
        sizes.append(first + block)
        heights.append(tree.shape().height)
    shape = tree.shape()
    return {
        "insertions": n,
        "mean_ms": round(float(np.mean(means)), 4),
        "slowest_ms": round(1e3 * slowest, 2),
        "growth_per_doubling_ms": round(float(np.polyfit(np.log2(sizes), means, 1)[0]), 5),
        "nodes": shape.nodes,
        "height": shape.height,
        "height_allowed": deepest_allowed(n),
        "rebuilt_per_insertion": round(tree.rebuilt / n, 4),
        "sizes": sizes,
        "block_ms": means,
        "heights": heights,
    }


def _vectors(kind: str, n: int) -> Floats:
    rng = np.random.default_rng(0)
    if kind == "clustered":
        centre = 2.0 * rng.normal(size=DIMENSION)
        levels = [rng.normal(size=(12**depth, DIMENSION)) for depth in (1, 2, 3)]
        chosen = rng.integers(0, 12**3, n)
        found = centre + 0.8 * rng.normal(size=(n, DIMENSION))
        for depth, own in enumerate(levels):
            found += (1.2, 1.0, 0.8)[depth] * own[chosen // 12 ** (2 - depth)]
    elif kind == "scattered":
        found = rng.normal(size=(n, DIMENSION))
    elif kind == "alike":
        found = np.repeat(rng.normal(size=(1, DIMENSION)), n, axis=0)
    else:
        ends = rng.normal(size=(2, DIMENSION))
        angles = np.linspace(0, math.pi / 2, n)[:, None]
        found = np.cos(angles) * ends[0] + np.sin(angles) * ends[1]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found.astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
