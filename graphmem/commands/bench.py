"""The commands ``graphmem bench``: rankers beside each other, on a made graph or on a memory's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from graphmem.build import open_memory
from graphmem.contenders import CONTENDERS, gds
from graphmem.errors import InvalidInputError
from graphmem.evaluation import ranking
from graphmem.evaluation.ranking_growth import growth_in_turn
from graphmem.evaluation.ranking_report import as_json, growth, in_turn, rows_of, write_json
from graphmem.evaluation.resources import about
from graphmem.kernels.powerlaw import power_law_graph
from graphmem.kernels.ranking import DAMPING, CsrGraph
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.terminal import console, emit, progress_bars

_NODES, _EDGES = 10_000, 100_000
_DEGREE = 10
"""Edges a node of the graphs of a sweep."""
_QUICK_MS, _IN_TURN_SECONDS = 100.0, 10.0
"""Back ends that answer in so many milliseconds at every size are asked of all sizes in turn, too,
for so long at most: what takes longer grows by more than a busy machine can hide."""

benches = typer.Typer(no_args_is_help=True, help="Measure parts of the engine beside others.")


@benches.callback()
def bench() -> None:
    """Measure parts of the engine beside others."""


@benches.command()
def rank(
    memory: Annotated[
        str | None,
        typer.Option("-m", "--memory", help="Rank on this memory's graph.", metavar="MEMORY"),
    ] = None,
    namespace: Annotated[
        str, typer.Option("--namespace", help="Whose memory.")
    ] = DEFAULT_NAMESPACE,
    nodes: Annotated[
        int | None, typer.Option("--nodes", help=f"Of a power-law graph; by default {_NODES:,}.")
    ] = None,
    edges: Annotated[
        int | None, typer.Option("--edges", help=f"Of the same; by default {_EDGES:,}.")
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option("--sizes", help="A sweep: edges of graphs of a tenth as many nodes."),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", help="Nodes that a walk restarts from.")] = 10,
    questions: Annotated[int, typer.Option("--questions", help="Walks at random seeds.")] = 11,
    rounds: Annotated[
        int, typer.Option("--rounds", help="How often each is asked; the best time counts.")
    ] = 2,
    seconds: Annotated[
        float, typer.Option("--seconds", help="How long each back end is asked at most.")
    ] = 120.0,
    threads: Annotated[
        int, typer.Option("--threads", help="Of each library for one question; 0 for its choice.")
    ] = 1,
    batch: Annotated[
        int, typer.Option("--batch", help="Questions at once, beside one by one; 0 for none.")
    ] = 0,
    damping: Annotated[
        float, typer.Option("--damping", help="Chance to follow an edge.")
    ] = DAMPING,
    backends: Annotated[
        str | None, typer.Option("--backends", help="Which, with commas between; igraph always.")
    ] = None,
    neo4j: Annotated[
        str | None, typer.Option("--neo4j", help="A server with Graph Data Science to measure too.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of all that is random.")] = 0,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw cost against size to this PNG.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file, - for stdout.")
    ] = None,
) -> None:
    """Rank nodes by personalised PageRank with every back end there is, on one graph."""
    for path in (plot, json_file):
        if path is not None and not path.parent.is_dir():
            raise InvalidInputError(f"There is no folder {path.parent} to write {path.name} to")
    chosen = _chosen(backends)
    if neo4j is not None:
        chosen["neo4j-gds"] = partial(gds, neo4j)
    if memory is not None and (nodes, edges, sizes) != (None, None, None):
        raise InvalidInputError(
            "A memory has its own graph", remedy="Leave --nodes, --edges and --sizes out"
        )
    if plot is not None and sizes is None:
        raise InvalidInputError("A plot needs several sizes", remedy="Name them: --sizes 1e4,1e5")

    kept: list[tuple[Path, ranking.Questions]] = []

    def compared(graph: CsrGraph, about: Mapping[str, Any]) -> dict[str, Any]:
        asked = ranking.draw_questions(
            graph,
            n=questions,
            seeds=seeds,
            random=np.random.default_rng(seed),
            damping=damping,
            rounds=rounds,
            seconds=seconds,
            batch=batch,
        )
        folder = Path(tempfile.mkdtemp(dir=temporary))
        with progress_bars() as tell:
            found = ranking.compare(
                graph, asked, chosen, about=about, folder=folder, threads=threads, progress=tell
            )
        kept.append((folder, asked))
        return {**as_json(found), "threads": threads}

    def made(n_nodes: int, n_edges: int) -> dict[str, Any]:
        graph = power_law_graph(n_nodes, n_edges, random=np.random.default_rng(seed))
        return compared(graph, {"kind": "power-law", "seed": seed})

    def keep(report: Mapping[str, Any]) -> None:
        if json_file is not None and json_file != Path("-"):
            write_json(report, json_file)

    reports: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="graphmem-rank-") as temporary:
        for measured in _each(memory, namespace, nodes, edges, sizes, made=made, compared=compared):
            # What was measured is kept, whatever becomes of the rest.
            reports = sorted([*reports, measured], key=lambda found: found["graph"]["stored_edges"])
            report = _report(reports, is_sweep=sizes is not None)
            if plot is not None:
                from graphmem.adapters.plots import cost_against_size

                cost_against_size(reports, plot)
            keep(report)
        if len(reports) > 1:
            report = _with_growth(report, chosen, kept[::-1], threads=threads, seconds=seconds)
            keep(report)
    if json_file == Path("-"):
        emit(report)
        return
    for found in reports:
        _show(found)


def _each(
    memory: str | None,
    namespace: str,
    nodes: int | None,
    edges: int | None,
    sizes: str | None,
    *,
    made: Callable[[int, int], dict[str, Any]],
    compared: Callable[[CsrGraph, Mapping[str, Any]], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """What was measured on each of the graphs, the largest first: it is the one that matters."""
    if memory is not None:
        with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
            yield compared(opened.walk_graph(), {"kind": "memory", "memory": memory})
    elif sizes is not None:
        for size in reversed(_sizes(sizes)):
            yield made(max(size // _DEGREE, 2), size)
    else:
        yield made(nodes or _NODES, edges or _EDGES)


def _report(reports: Sequence[dict[str, Any]], *, is_sweep: bool) -> dict[str, Any]:
    """The largest graph's, with all of a sweep, and where it was measured."""
    return {
        **reports[-1],
        **({"sweep": reports, "growth": growth(reports)} if is_sweep else {}),
        **about(),
        "load": os.getloadavg(),
    }


def _with_growth(
    report: dict[str, Any],
    chosen: Mapping[str, Callable[[], ranking.Contender]],
    graphs: Sequence[tuple[Path, ranking.Questions]],
    *,
    threads: int,
    seconds: float,
) -> dict[str, Any]:
    """With the growth of quick back ends as it is where sizes are asked in turn."""
    found = {}
    for name, make in chosen.items():
        costs = [part["backends"].get(name, {}).get("median_ms") for part in report["sweep"]]
        if all(cost is not None and cost <= _QUICK_MS for cost in costs):
            grown = growth_in_turn(
                make, graphs, threads=threads, seconds=min(seconds, _IN_TURN_SECONDS)
            )
            if not isinstance(grown, str):
                found[name] = in_turn(grown)
    ratios = {name: part["growth"] for name, part in found.items()}
    return {**report, "growth": {**report["growth"], **ratios}, "in_turn": found}


def _chosen(backends: str | None) -> dict[str, Any]:
    if backends is None:
        return dict(CONTENDERS)
    names = [ranking.BASELINE, *filter(None, backends.split(","))]
    unknown = [name for name in names if name not in CONTENDERS]
    if unknown:
        raise InvalidInputError(
            f"There is no back end {unknown[0]!r}", remedy=f"There is {', '.join(CONTENDERS)}"
        )
    return {name: make for name, make in CONTENDERS.items() if name in names}


def _sizes(text: str) -> list[int]:
    try:
        sizes = sorted({int(float(part)) for part in text.split(",")})
    except (ValueError, OverflowError) as cause:
        raise InvalidInputError(
            f"--sizes {text!r}", remedy="Write numbers of edges: --sizes 1e4,1e5,1e6"
        ) from cause
    if sizes[0] < 1:
        raise InvalidInputError(f"A graph of {sizes[0]} edges is not worth measuring")
    return sizes


def _show(found: Mapping[str, Any]) -> None:
    graph, asked = found["graph"], found["questions"]
    title = (
        f"{graph['nodes']:,} nodes, {graph['edges']:,} edges, each stored twice; "
        f"{asked['n']} questions of {asked['seeds']} seeds, ms"
    )
    header, *rows = rows_of(found)
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for at, column in enumerate(header):
        table.add_column(column, justify="right" if at else "left", no_wrap=not at)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
    for name, reason in found["absent"].items():
        console.print(f"[yellow]left out[/yellow] {escape(name)}: {escape(reason)}", soft_wrap=True)
