"""Rankers on power-law graphs: time against igraph, and where push and power iteration meet.

``python benchmarks/rankers.py [--edges 10000000] [--seed 7]`` writes ``results/rankers.json``. Each
time is the best of several, each median and 95th percentile over ten walks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from harness import RESULTS, about_run, write

from graphmem.adapters.rankers.igraph import IgraphRanker
from graphmem.adapters.rankers.push import PushRanker
from graphmem.adapters.rankers.scipy import PowerRanker
from graphmem.kernels.ranking import CsrGraph, Ranked, Restart
from graphmem.ports.ranker import Ranker

N_WALKS, N_SEEDS, K = 10, 10, 100
EXPONENT = 2.5


def power_law(n_edges: int, *, seed: int) -> CsrGraph:
    """A Chung-Lu graph of a node for ten edges, numbered at random, without loops."""
    random, n = np.random.default_rng(seed), n_edges // 10
    expected = (np.arange(n) + 10.0) ** (-1 / (EXPONENT - 1))
    cumulated = np.cumsum(expected) / expected.sum()
    names = random.permutation(n)
    keys = np.empty(0, np.int64)
    while len(keys) < n_edges:
        ends = names[np.searchsorted(cumulated, random.random((2, n_edges // 2)))]
        low, high = ends.min(axis=0), ends.max(axis=0)
        keys = np.unique(np.concatenate((keys, (low * n + high)[low != high])))
    keys = random.choice(keys, n_edges, replace=False)
    low, high = keys // n, keys % n
    sources, targets = np.concatenate((low, high)), np.concatenate((high, low))
    order = np.lexsort((targets, sources))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=n))))
    return CsrGraph.of(indptr, targets[order], is_symmetric=True)


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


def times(spent: Sequence[float]) -> dict[str, float]:
    return {
        "median_ms": round(float(np.median(spent)), 4),
        "p95_ms": round(float(np.percentile(spent, 95)), 4),
    }


def compare(graph: CsrGraph, walks: Sequence[Restart], *, repeats: int) -> dict[str, Any]:
    """Push, quick and certain, and power iteration, against igraph's answer and time."""
    made = IgraphRanker().converted(graph)  # igraph's form of the graph costs it no time
    solved = [best_of(1, lambda w=walk: solve(made.graph, w)) for walk in walks]
    exact = [np.asarray(scores) for _, scores in solved]
    push = PushRanker()
    asked: dict[str, Callable[[Restart], Ranked]] = {
        "push": lambda walk: push.rank(graph, walk, k=K),
        "push, certain": lambda walk: push.rank(graph, walk, k=K, certain=True),
    }
    figures: dict[str, Any] = {"igraph": times([spent for spent, _ in solved])}
    for name, ask in asked.items():
        ask(Restart.of([0]))
        found = [best_of(repeats, lambda w=walk, a=ask: a(w)) for walk in walks]
        figures[name] = {
            **times([spent for spent, _ in found]),
            "of_igraph": round(
                figures["igraph"]["median_ms"] / float(np.median([spent for spent, _ in found])), 1
            ),
            "p95_of_igraph": round(
                figures["igraph"]["median_ms"]
                / float(np.percentile([spent for spent, _ in found], 95)),
                1,
            ),
            **recalls([ranked for _, ranked in found], exact),
            "touched_edges": int(np.median([ranked.touched_edges for _, ranked in found])),
            "certain": float(np.mean([ranked.certificate.is_certain for _, ranked in found])),
        }
    return figures


def solve(graph: Any, walk: Restart) -> Any:
    """PRPACK's scores of all nodes; the walk restarts from its rows equally."""
    return graph.personalized_pagerank(
        damping=0.5, reset_vertices=walk.rows.tolist(), directed=False
    )


def recalls(found: Sequence[Ranked], exact: Sequence[np.ndarray]) -> dict[str, float]:
    """Share of igraph's top 100, as it is and with ties within the tolerance counted equal."""
    plain, tied = [], []
    for one, scores in zip(found, exact, strict=True):
        best = np.argsort(-scores, kind="stable")[:K]
        enough = scores[best[-1]] - one.certificate.tolerance
        plain.append(len(np.intersect1d(one.rows, best)) / K)
        tied.append(float(np.mean(scores[one.rows] >= enough)))
    return {
        "top100_recall": round(float(np.mean(plain)), 4),
        "top100_recall_lowest": min(plain),
        "top100_recall_ties_equal": round(float(np.mean(tied)), 4),
    }


def meeting_points(*, seed: int) -> list[dict[str, float]]:
    """Milliseconds of push and of power iteration by size and share of nodes restarted from."""
    found = []
    random = np.random.default_rng(seed)
    rankers: dict[str, Ranker] = {"push": PushRanker(), "scipy": PowerRanker()}
    for n_edges in (1_000, 10_000, 100_000, 1_000_000):
        graph = power_law(n_edges, seed=seed)
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
    options.add_argument("--edges", type=int, default=10_000_000)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    result: dict[str, Any] = {**about_run(), "graph_seed": given.seed}
    result["auto"] = meeting_points(seed=given.seed)
    result["batches"] = batches(power_law(100_000, seed=given.seed), seed=given.seed)
    result["sizes"] = {}
    n_edges = 100_000
    while n_edges <= given.edges:
        graph = power_law(n_edges, seed=given.seed)
        hubs = Restart.of(np.argsort(-graph.strengths, kind="stable")[:N_SEEDS])
        walks = restarts(graph, seed=given.seed)
        result["sizes"][str(n_edges)] = figures = {
            "random": compare(graph, walks, repeats=5),
            "hubs": compare(graph, [hubs], repeats=5),
        }
        print(n_edges, figures, flush=True)
        n_edges *= 10
    write(result, RESULTS / "rankers.json")


if __name__ == "__main__":
    main()
