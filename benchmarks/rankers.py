"""Where push and power iteration meet, and what a batch gains; against igraph: ``graphmem bench``.

``python benchmarks/rankers.py [--seed 7]`` writes ``results/rankers.json``. Each time is the best
of several.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import RESULTS, about_run, write

from graphmem.adapters.rankers.push import PushRanker
from graphmem.adapters.rankers.scipy import PowerRanker
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import CsrGraph, Restart
from graphmem.ports.ranker import Ranker

N_WALKS, N_SEEDS = 10, 10


def restarts(graph: CsrGraph, *, seed: int) -> list[Restart]:
    """Walks from random nodes that have edges, equally from each."""
    random = np.random.default_rng(seed + 1)
    rows = np.flatnonzero(graph.strengths > 0)
    return [Restart.of(random.choice(rows, N_SEEDS, replace=False)) for _ in range(N_WALKS)]


def best_of(repeats: int, ask: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of the quickest of several calls, and what it gave."""
    quickest, answer = np.inf, None
    for _ in range(repeats):
        begun = time.perf_counter()
        answer = ask()
        quickest = min(quickest, 1e3 * (time.perf_counter() - begun))
    return quickest, answer


def meeting_points(*, seed: int) -> list[dict[str, float]]:
    """Milliseconds of push and of power iteration by size and share of nodes restarted from."""
    found = []
    random = np.random.default_rng(seed)
    rankers: dict[str, Ranker] = {"push": PushRanker(), "scipy": PowerRanker()}
    for n_edges in (1_000, 10_000, 100_000, 1_000_000):
        graph = power_law_graph(n_edges // 10, n_edges, random=random)
        for share in (0.0, 0.01, 0.03, 0.1, 0.3, 1.0):
            rows = random.choice(graph.n_nodes, max(1, int(share * graph.n_nodes)), replace=False)
            walk = Restart.of(rows, random.random(len(rows)) + 0.1)
            row = {"stored_edges": graph.n_edges, "restart_share": share}
            for name, ranker in rankers.items():
                ranker.rank(graph, walk)
                row[f"{name}_ms"] = round(
                    best_of(7, lambda r=ranker, g=graph, w=walk: r.rank(g, w))[0], 3
                )
            print(row, flush=True)
            found.append(row)
    return found


def batches(graph: CsrGraph, *, seed: int) -> dict[str, float]:
    """Milliseconds a walk, 64 walks one by one and in a batch."""
    walks = [walk for more in range(7) for walk in restarts(graph, seed=seed + 100 * more)][:64]
    found = {}
    for ranker in (PushRanker(), PowerRanker()):
        ranker.rank(graph, walks[0])
        alone, _ = best_of(2, lambda r=ranker: [r.rank(graph, walk) for walk in walks])
        together, _ = best_of(2, lambda r=ranker: r.rank_many(graph, walks))
        found[f"{ranker.name}_alone_ms"] = round(alone / len(walks), 3)
        found[f"{ranker.name}_batch_ms"] = round(together / len(walks), 3)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    result: dict[str, Any] = {**about_run(), "graph_seed": given.seed}
    result["auto"] = meeting_points(seed=given.seed)
    graph = power_law_graph(10_000, 100_000, random=np.random.default_rng(given.seed))
    result["batches"] = batches(graph, seed=given.seed)
    write(result, RESULTS / "rankers.json")


if __name__ == "__main__":
    main()
