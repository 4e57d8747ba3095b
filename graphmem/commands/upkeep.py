"""The commands about a memory as a whole: what it holds, whether it is sound, its way in and out.

Those are ``stats``, ``doctor``, ``analyse``, ``reindex``, ``delete``, ``export`` and ``import``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from graphmem.build import open_memory
from graphmem.errors import NotFoundError
from graphmem.maintain.transfer import read_manifest
from graphmem.memory import Memory
from graphmem.model.change import Counts
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.model.transfer import ExportFormat
from graphmem.ports.analytics import DAMPING
from graphmem.terminal import (
    AsOfOption,
    JsonOption,
    KnownAtOption,
    MemoryOption,
    NamespaceOption,
    console,
    emit,
    progress_bars,
)


def stats(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    sources: Annotated[bool, typer.Option("--sources", help="List the sources too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a memory holds."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        found = opened.stats()
        held = opened.sources() if sources else []
    if as_json:
        listed = {"sources": [{"source": s, "passages": n} for s, n in held]} if sources else {}
        emit({**found.model_dump(mode="json"), **listed})
        return
    table = Table(
        "what", "value", title=f"{found.location} · {found.namespace}", title_justify="left"
    )
    for name, count in found.counts.model_dump().items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    table.add_row("read without facts", f"{found.episodes_without_facts:,} episodes")
    table.add_row("size", f"{found.size_bytes / 1e6:,.1f} MB")
    table.add_row("embedder", f"{found.embedder or '-'} ({found.dimension or '-'})")
    table.add_row("namespaces", ", ".join(found.namespaces))
    console.print(table)
    if held:
        listing = Table("source", "passages")
        for source, passages in held:
            listing.add_row(escape(source), f"{passages:,}")
        console.print(listing)


def doctor(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Look for damage; ends with 1 when something is wrong."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        problems = opened.doctor()
    if as_json:
        emit({"ok": not problems, "problems": problems})
    elif not problems:
        console.print("[green]All is well.[/green]")
    else:
        table = Table("check", "what is wrong", "remedy")
        for problem in problems:
            table.add_row(escape(problem.check), escape(problem.detail), escape(problem.remedy))
        console.print(table)
    if problems:
        raise typer.Exit(1)


def analyse(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    k: Annotated[int, typer.Option("-k", help="How many entities to show.", min=1)] = 20,
    damping: Annotated[float, typer.Option("--damping", help="Of PageRank.")] = DAMPING,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", help="igraph, or gds on a Neo4j that has it; by default the best."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the entities by the facts that they share, and find their communities."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        _refuse_unknown(opened)
        found = opened.analyse(damping=damping, engine=engine)
    shown = found.model_copy(update={"entities": found.entities[:k]})
    if as_json:
        emit(shown)
        return
    table = Table("entity", "PageRank", "shares facts", "component", "community")
    for entity in shown.entities:
        groups = (str(entity.component), str(entity.community))
        table.add_row(escape(entity.name), f"{entity.pagerank:.4f}", f"{entity.degree:,}", *groups)
    console.print(table)
    console.print(
        f"[dim]{len(found.entities):,} entities that share facts, {found.components:,} components,"
        f" {found.communities:,} communities; computed by {found.engine}[/dim]"
    )


def reindex(
    memory: MemoryOption,
    embedder: Annotated[
        str | None, typer.Option("--embedder", help="By default that of GRAPHMEM_EMBEDDER.")
    ] = None,
    batch: Annotated[int, typer.Option("--batch", help="Passages to a commit.", min=1)] = 256,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Give a memory, in all namespaces, another embedder's vectors; run it again if interrupted."""
    with (
        open_memory(memory, namespace=namespace, read_only=False, create=False) as opened,
        progress_bars() as tell,
    ):
        report = opened.reindex(embedder, batch=batch, progress=tell)
    if as_json:
        emit(report)
        return
    console.print(
        f"{report.passages:,} passages have vectors of {escape(report.embedder)}"
        f" ({report.dimension} dimensions)"
    )
    if embedder is not None:
        console.print(f"From now on, search it with GRAPHMEM_EMBEDDER={escape(embedder)}")


def delete(
    source: Annotated[str, typer.Argument(help="The source, as `stats --sources` lists it.")],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Remove a source and all that nothing else supports."""
    with open_memory(memory, namespace=namespace, read_only=False, create=False) as opened:
        removed = opened.delete_source(source)
    if as_json:
        emit({"source": source, "removed": removed})
        return
    console.print(f"Removed {escape(source)}: {_counted(removed)}")


def export(
    path: Annotated[Path, typer.Argument(help="A folder (jsonl) or a file to make.")],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    format_: Annotated[
        ExportFormat,
        typer.Option("--format", help="jsonl to import again; graphml, hif for other tools."),
    ] = ExportFormat.JSONL,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a memory to files: all of it, or as a graph for other tools."""
    with (
        open_memory(memory, namespace=namespace, read_only=True, create=False) as opened,
        progress_bars() as tell,
    ):
        _refuse_unknown(opened)
        report = opened.export(path, format=format_, as_of=as_of, known_at=known_at, progress=tell)
    if as_json:
        emit(report)
        return
    console.print(
        f"Exported {_counted(report.written)} to {escape(report.path)}"
        f" ({report.bytes / 1e6:,.1f} MB, sha256 {report.digest[:12]})"
    )


def import_(
    path: Annotated[Path, typer.Argument(help="What `graphmem export` made, as jsonl.")],
    memory: MemoryOption,
    namespace: Annotated[
        str | None, typer.Option("--namespace", help="The export's own, which is the default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add an exported memory to another one; run it again if it was interrupted."""
    exported = read_manifest(path).namespace
    with (
        open_memory(
            memory, namespace=namespace or exported, read_only=False, create=True
        ) as opened,
        progress_bars() as tell,
    ):
        report = opened.load(path, progress=tell)
    if as_json:
        emit(report)
        return
    console.print(
        f"Imported {escape(report.path)} as namespace {escape(report.namespace)}:"
        f" {_counted(report.added) or 'nothing'} new of {_counted(report.read) or 'nothing'}"
    )


def _counted(counts: Counts) -> str:
    found = counts.model_dump().items()
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found if count)


def _refuse_unknown(memory: Memory) -> None:
    stats = memory.stats()
    if stats.namespace not in stats.namespaces and stats.namespaces:
        raise NotFoundError(
            f"{stats.location} holds no namespace {stats.namespace!r}",
            remedy=f"Name one of {', '.join(stats.namespaces)}",
        )
