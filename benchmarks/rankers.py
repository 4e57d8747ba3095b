"""Where push and power iteration meet, what a batch gains, and what a graph takes on disk.

Against igraph and others: ``graphmem bench rank``.

``python benchmarks/rankers.py [--seed 7]`` writes ``results/rankers.json``. Each time is the best
of several.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from harness import RESULTS, about_run, write

from graphmem.adapters.rankers.push import PushRanker
from graphmem.adapters.rankers.scipy import PowerRanker
from graphmem.graph.columns import Strings
from graphmem.graph.hypergraph import open_hypergraph, save_beside, stored_bytes
from graphmem.graph.nodes import NodeKind, Nodes
from graphmem.graph.slots import Edges, row_chunks, write_rows
from graphmem.graph.snapshot import OPEN_END
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


def on_disk(graph: CsrGraph) -> dict[str, float]:
    """Bytes a stored edge of a memory's graph, roles and times included, and ms to open it."""
    n, random = graph.n_nodes, np.random.default_rng(0)
    times = random.integers(10**15, 2 * 10**15, n)
    codes = np.zeros(n, np.uint8)
    nodes = Nodes(
        kinds=np.sort(random.integers(0, len(NodeKind), n)).astype(np.uint8),
        nids=np.arange(n, dtype=np.int32),
        spaces=codes,
        types=codes,
        valid_from=times,
        valid_to=times + 10**13,
        recorded_at=times,
        retired_at=np.full(n, OPEN_END),
        namespaces=Strings.of(["default"]),
        type_names=Strings.of([""]),
    )

    def chunks() -> Iterator[Edges]:
        for first, last in row_chunks(np.diff(graph.indptr)):
            targets = graph.indices[graph.indptr[first] : graph.indptr[last]]
            plain = np.ones(len(targets), np.float32)
            yield Edges(targets, plain, np.zeros(len(targets), np.uint8))

    with tempfile.TemporaryDirectory(prefix="graphmem-graph-") as temporary:
        folder = Path(temporary)
        write_rows(folder, graph.indptr, chunks())
        save_beside(
            folder,
            nodes=nodes,
            indptr=graph.indptr,
            strengths=graph.strengths,
            role_names=Strings.of([""]),
            versions={"default": 1},
        )
        opened, _ = best_of(5, lambda: open_hypergraph(folder))
        return {
            "nodes": n,
            "stored_edges": graph.n_edges,
            "bytes_per_stored_edge": round(stored_bytes(folder) / graph.n_edges, 3),
            "open_ms": round(opened, 3),
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    result: dict[str, Any] = {**about_run(), "graph_seed": given.seed}
    result["auto"] = meeting_points(seed=given.seed)
    graph = power_law_graph(10_000, 100_000, random=np.random.default_rng(given.seed))
    result["batches"] = batches(graph, seed=given.seed)
    large = power_law_graph(1_000_000, 10_000_000, random=np.random.default_rng(given.seed))
    result["on_disk"] = on_disk(large)
    write(result, RESULTS / "rankers.json")


if __name__ == "__main__":
    main()
