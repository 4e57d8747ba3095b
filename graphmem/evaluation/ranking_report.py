"""What a comparison of rankers found, as plain data and as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphmem.evaluation.ranking import BASELINE, Comparison, Measured, Questions, recall
from graphmem.evaluation.ranking_growth import Growth


def as_json(comparison: Comparison) -> dict[str, Any]:
    """``{"graph", "questions", "backends": {NAME: {...}}, "absent": {NAME: reason}}``, rounded.

    Times of a backend are over the random questions, those of the hubs stand apart; ``of_igraph``
    are its times over igraph's median, and its hubs over igraph's hubs.
    """
    asked = comparison.questions
    backends = {n: _backend(comparison, m) for n, m in comparison.measured.items()}
    for found in backends.values():
        if BASELINE in backends:
            found["of_igraph"] = _ratios(found, backends[BASELINE])
    return {
        "graph": dict(comparison.graph),
        "questions": {
            "n": len(asked.restarts),
            "seeds": len(asked.hubs.rows),
            "k": asked.k,
            "damping": asked.damping,
            "rounds": asked.rounds,
        },
        "backends": backends,
        "absent": dict(comparison.absent),
    }


def write_json(report: Mapping[str, Any], path: Path) -> None:
    """Write a report to a file."""
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def rows_of(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The table for people, a header first, the fastest on top.

    Times are in milliseconds, ``faster`` is igraph's median over a back end's.
    """
    header = ("backend", "median", "p95", "faster", "recall", "touched", "hubs", "peak MB")
    ordered = sorted(found["backends"].items(), key=lambda pair: pair[1]["median_ms"])
    return [header, *(_row(name, backend) for name, backend in ordered)]


def growth(sweep: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """By backend, the median cost at the largest size over that at the smallest, each size measured
    by itself."""
    first, last = sweep[0]["backends"], sweep[-1]["backends"]
    return {
        name: round(last[name]["median_ms"] / first[name]["median_ms"], 3)
        for name in first
        if name in last
    }


def in_turn(grown: Growth) -> dict[str, Any]:
    """The same where sizes were asked in turn: medians by size, and how rounds differ."""
    return {
        "median_ms": [_rounded(ms) for ms in grown.medians],
        "growth": round(grown.ratio, 3),
        "rounds": len(grown.by_round),
        "growth_by_round": {
            name: round(float(np.percentile(grown.by_round, share)), 3)
            for name, share in (("least", 0), ("median", 50), ("most", 100))
        },
    }


def _backend(comparison: Comparison, measured: Measured) -> dict[str, Any]:
    k = comparison.questions.k
    recalls = [
        recall(rows, comparison.exact[:, at], k) for at, (rows, _) in enumerate(measured.tops)
    ]
    errors = [
        np.abs(scores - comparison.exact[rows, at]).max(initial=0.0)
        for at, (rows, scores) in enumerate(measured.tops)
    ]
    hubs, *times = measured.times
    found: dict[str, Any] = {
        "median_ms": _rounded(np.median(times)),
        "p95_ms": _rounded(np.percentile(times, 95)),
        f"top{k}_recall": round(float(np.mean(recalls[1:])), 4),
        f"least_top{k}_recall": round(min(recalls[1:]), 4),
        "touched_edges": int(np.median(measured.touched[1:])),
        "touched_at_least": not measured.counts_edges,
        "questions": len(times),
        "peak_mb": round(measured.peak_mb, 1),
        "first_ms": _rounded(measured.first_ms),
        "max_error": float(f"{max(errors):.2e}"),
        "hubs": {
            "ms": _rounded(hubs),
            f"top{k}_recall": round(recalls[0], 4),
            "touched_edges": int(measured.touched[0]),
        },
    }
    if measured.certain:
        found["certain"] = round(float(np.mean(measured.certain[1:])), 4)
        found["hubs"]["certain"] = bool(measured.certain[0])
    if measured.batch is not None:
        size, ms = measured.batch
        found["batch"] = {"size": size, "ms_per_question": _rounded(ms)}
    missing = _left_out(comparison.questions, measured)
    if missing:
        found["left_out"] = missing
    return found


def _left_out(asked: Questions, measured: Measured) -> str:
    """What there was no time for; empty if there was for all."""
    n, batch = len(asked.all), measured.batch
    parts = [f"{n - len(measured.times)} of {n} questions"] if len(measured.times) < n else []
    if batch is not None and batch[0] < asked.batch:
        parts.append(f"{asked.batch - batch[0]} of {asked.batch} in a batch")
    return f"{' and '.join(parts)}, after {asked.seconds:g} seconds" if parts else ""


def _ratios(found: Mapping[str, Any], baseline: Mapping[str, Any]) -> dict[str, float]:
    of = {
        "median": found["median_ms"] / baseline["median_ms"],
        "p95": found["p95_ms"] / baseline["median_ms"],
        "hubs": found["hubs"]["ms"] / baseline["hubs"]["ms"],
    }
    return {name: float(f"{ratio:.4g}") for name, ratio in of.items()}


def _row(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    (share,) = (value for key, value in found.items() if key.startswith("top"))
    of = found.get("of_igraph")
    return (
        name,
        _short(found["median_ms"]),
        _short(found["p95_ms"]),
        _short(1 / of["median"]) if of else "",
        f"{share:.3f}",
        ("≥" if found["touched_at_least"] else "") + _short(found["touched_edges"]),
        _short(found["hubs"]["ms"]),
        _short(found["peak_mb"]),
    )


def _short(number: float) -> str:
    """Three digits, and a letter for thousands and millions."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}" if number >= 0.1 else f"{number:.1g}"


def _rounded(ms: float) -> float:
    return float(f"{ms:.4g}")
