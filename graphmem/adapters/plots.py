"""Pictures of measurements, by matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graphmem.errors import ConfigurationError


def cost_against_size(sweep: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Median time of each backend against the stored edges, both on a logarithmic scale.

    Parameters
    ----------
    sweep
        Comparisons as :func:`graphmem.evaluation.ranking_report.as_json` gives them.
    path
        Of the picture to write; its ending says of which kind.

    Raises
    ------
    ConfigurationError
        matplotlib is not installed.
    """
    figure = _figure()
    axes = figure.add_subplot()
    names = sorted(
        {name for found in sweep for name in found["backends"]},
        key=lambda name: -_last_time(sweep, name),
    )
    for name in names:
        points = [
            (found["graph"]["stored_edges"], found["backends"][name]["median_ms"])
            for found in sweep
            if name in found["backends"]
        ]
        ours = name.startswith("push")
        axes.plot(
            *zip(*points, strict=True),
            marker="o" if ours else ".",
            linewidth=2.5 if ours else 1.2,
            label=name,
        )
    questions = sweep[-1]["questions"]
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="stored edges (power-law graph)",
        ylabel="median time of a question, ms",
        title=(
            f"Personalised PageRank: top {questions['k']}, {questions['seeds']} random seeds, "
            f"damping {questions['damping']}"
        ),
    )
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(path)


def _last_time(sweep: Sequence[Mapping[str, Any]], name: str) -> float:
    """At the largest size that the backend was measured at."""
    return float([f["backends"][name]["median_ms"] for f in sweep if name in f["backends"]][-1])


def cost_as_it_grows(kinds: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Mean time of an insertion, and the tree's height, against the logarithm of what it holds.

    Parameters
    ----------
    kinds
        By the name of what was inserted: ``sizes``, ``block_ms`` and ``heights``, as
        ``benchmarks/memtree.py`` gives them.
    path
        Of the picture to write; its ending says of which kind.

    Raises
    ------
    ConfigurationError
        matplotlib is not installed.
    """
    figure = _figure()
    times, heights = figure.subplots(2, 1, sharex=True)
    for name, found in kinds.items():
        times.plot(found["sizes"], found["block_ms"], label=name, linewidth=1.2)
        heights.plot(found["sizes"], found["heights"], label=name, linewidth=1.2)
    times.set(ylabel="mean of a block, ms", title="Adding a vector of 384 dimensions to the tree")
    times.set_ylim(bottom=0)
    heights.set(xscale="log", xlabel="vectors in the tree", ylabel="height of the tree")
    for axes in (times, heights):
        axes.grid(visible=True, which="major", alpha=0.3)
    times.legend(frameon=False)
    figure.savefig(path)


def _figure() -> Any:
    """An empty figure; raises `ConfigurationError` without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as cause:
        raise ConfigurationError(
            "A plot needs matplotlib", remedy="pip install 'graphmem[bench]'"
        ) from cause
    figure = Figure(figsize=(8.5, 5.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
