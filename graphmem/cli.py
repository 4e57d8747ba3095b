"""The command line: ``graphmem``.

Commands of other packages are found by the entry point group ``graphmem.commands``; each names a
function that takes the app and adds its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from graphmem import entity_cli
from graphmem.bench_cli import benches
from graphmem.build import open_memory as build_memory
from graphmem.errors import GraphMemError, InvalidInputError, NotFoundError
from graphmem.eval_cli import measures
from graphmem.extract.attributes import NAMES as MINED
from graphmem.maintain.transfer import read_manifest
from graphmem.memory import Memory
from graphmem.model.change import Counts
from graphmem.model.retrieval import Mode
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.model.transfer import ExportFormat
from graphmem.ports.analytics import DAMPING
from graphmem.terminal import (
    JsonOption,
    MemoryOption,
    NamespaceOption,
    RerankOption,
    console,
    emit,
    errors,
    hit_panel,
    progress_bars,
)

__all__ = [
    "JsonOption",
    "MemoryOption",
    "NamespaceOption",
    "app",
    "console",
    "emit",
    "errors",
    "main",
    "open_memory",
]

app = typer.Typer(
    name="graphmem",
    help="A graph-based knowledge memory: ingest, search, ask the graph.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(measures, name="eval")
for command in (entity_cli.entity, entity_cli.merge, entity_cli.unmerge):
    app.command()(command)
app.add_typer(benches, name="bench")


def open_memory(
    location: str,
    namespace: str = DEFAULT_NAMESPACE,
    *,
    read_only: bool = True,
    create: bool = False,
) -> Memory:
    """Open a memory for a command; use it in a ``with`` statement."""
    return build_memory(location, namespace=namespace, read_only=read_only, create=create)


QuestionArgument = Annotated[str, typer.Argument(help="The question.", show_default=False)]
ModeOption = Annotated[Mode, typer.Option("--mode", help="How passages are ranked.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="What held at this time.")]
KnownAtOption = Annotated[str | None, typer.Option("--known-at", help="What was known by then.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", help="Filter, as FIELD=VALUE; may be given again.", metavar="F=V"),
]


@app.command()
def search(
    question: QuestionArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    k: Annotated[int, typer.Option("-k", help="How many hits at most.", min=1)] = 5,
    mode: ModeOption = Mode.GRAPH,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    where: WhereOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each was found.")] = False,
    rerank: RerankOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the passages that answer a question, with the paths that led there."""
    with open_memory(memory, namespace) as opened:
        hits = opened.search(
            question,
            k=k,
            mode=mode,
            as_of=as_of,
            known_at=known_at,
            where=_filter(where or []),
            explain=explain,
            rerank=rerank,
        )
        if not hits:
            _refuse_empty(opened)
    if as_json:
        emit({"question": question, "mode": mode.value, "hits": hits})
        return
    if not hits:
        console.print("Nothing in the memory satisfies the question and its filters.")
    for hit in hits:
        console.print(hit_panel(hit, explain=explain))
    for note in dict.fromkeys(hit.note for hit in hits if hit.note):
        console.print(f"[yellow]note[/yellow] {escape(note)}", soft_wrap=True)


@app.command()
def lookup(
    question: QuestionArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    k: Annotated[int, typer.Option("-k", help="How many hits at most.", min=1)] = 5,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    where: WhereOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the store itself find passages, by vector and by words: no index is built for it."""
    with open_memory(memory, namespace) as opened:
        hits = opened.lookup(
            question, k=k, as_of=as_of, known_at=known_at, where=_filter(where or [])
        )
        if not hits:
            _refuse_empty(opened)
    if as_json:
        emit({"question": question, "hits": hits})
        return
    if not hits:
        console.print("Nothing in the memory satisfies the question and its filters.")
    for hit in hits:
        console.print(hit_panel(hit, explain=False))


@app.command()
def context(
    question: QuestionArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    budget: Annotated[int, typer.Option("--budget", help="Tokens at most.", min=1)] = 1500,
    mode: ModeOption = Mode.GRAPH,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    where: WhereOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put together cited text that answers a question, for a reader or a language model."""
    with open_memory(memory, namespace) as opened:
        found = opened.context(
            question,
            budget=budget,
            mode=mode,
            as_of=as_of,
            known_at=known_at,
            where=_filter(where or []),
        )
        if not found.hits and not found.left_out:
            _refuse_empty(opened)
    if as_json:
        emit(found)
        return
    console.print(found.text, markup=False, highlight=False)
    console.print(
        f"[dim]{found.tokens} of {found.budget} tokens, {len(found.citations)} cited, "
        f"{found.left_out} hits left out[/dim]"
    )


@app.command()
def ask(
    question: QuestionArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    budget: Annotated[int, typer.Option("--budget", help="Tokens recalled at most.", min=1)] = 1500,
    mode: ModeOption = Mode.GRAPH,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    where: WhereOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with citations: by a language model if one is set up, by facts if not."""
    with open_memory(memory, namespace) as opened:
        found = opened.ask(
            question,
            budget=budget,
            mode=mode,
            as_of=as_of,
            known_at=known_at,
            where=_filter(where or []),
        )
        if not found.known:
            _refuse_empty(opened)
    if as_json:
        emit(found)
        return
    console.print(found.text or "Not known.", markup=False, highlight=False, soft_wrap=True)
    cited: dict[str, list[str]] = {}
    for citation in dict.fromkeys(c for statement in found.statements for c in statement.citations):
        place = f"[{citation.start}:{citation.end}]"
        cited.setdefault(f"{citation.marker} {citation.source}", []).append(place)
    for source, places in cited.items():
        listed = escape(" ".join((source, *places)))
        console.print(f"[dim]{listed}[/dim]", soft_wrap=True)
    if found.note:
        console.print(f"[yellow]note[/yellow] {escape(found.note)}", soft_wrap=True)


@app.command()
def stats(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    sources: Annotated[bool, typer.Option("--sources", help="List the sources too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a memory holds."""
    with open_memory(memory, namespace) as opened:
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


@app.command()
def doctor(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Look for damage; ends with 1 when something is wrong."""
    with open_memory(memory, namespace) as opened:
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


@app.command()
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
    with open_memory(memory, namespace) as opened:
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


@app.command()
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
    with open_memory(memory, namespace, read_only=False) as opened, progress_bars() as tell:
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


@app.command()
def delete(
    source: Annotated[str, typer.Argument(help="The source, as `stats --sources` lists it.")],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Remove a source and all that nothing else supports."""
    with open_memory(memory, namespace, read_only=False) as opened:
        removed = opened.delete_source(source)
    if as_json:
        emit({"source": source, "removed": removed})
        return
    console.print(f"Removed {escape(source)}: {_counted(removed)}")


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="A folder (jsonl) or a file to make.")],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    format_: Annotated[
        ExportFormat,
        typer.Option("--format", help="jsonl to import again; graphml, hif for other tools."),
    ] = ExportFormat.JSONL,
    as_json: JsonOption = False,
) -> None:
    """Write a memory to files: all of it, or as a graph for other tools."""
    with open_memory(memory, namespace) as opened, progress_bars() as tell:
        _refuse_unknown(opened)
        report = opened.export(path, format=format_, progress=tell)
    if as_json:
        emit(report)
        return
    console.print(
        f"Exported {_counted(report.written)} to {escape(report.path)}"
        f" ({report.bytes / 1e6:,.1f} MB, sha256 {report.digest[:12]})"
    )


@app.command("import")
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
        open_memory(memory, namespace or exported, read_only=False, create=True) as opened,
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


def _refuse_empty(memory: Memory) -> None:
    """An empty namespace answers nothing: say so, with what there is, instead of "no hits"."""
    stats = memory.stats()
    if not stats.counts.passages:
        held = ", ".join(stats.namespaces) or "none yet"
        raise NotFoundError(
            f"Namespace {stats.namespace!r} of {stats.location} is empty (namespaces: {held})",
            remedy="Run `graphmem ingest PATH -m MEMORY` first, or name another --namespace",
        )


def _filter(pairs: Sequence[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise InvalidInputError(
                f"--where {pair!r} has no '='",
                remedy="Write it as FIELD=VALUE, such as speaker=Ann",
            )
        if name in MINED or name.startswith("attributes."):
            name = name.removeprefix("attributes.")
            attributes[name] = (*attributes.get(name, ()), value)
        else:
            fields[name] = value
    return {**fields, "attributes": attributes} if attributes else fields


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    for point in sorted(entry_points(group="graphmem.commands"), key=lambda point: point.name):
        point.load()(app)
    try:
        # Typer itself ends the process: with 2 on a wrong option, 130 on an interrupt.
        app(args)
    except GraphMemError as error:
        sys.exit(_report(error, as_json="--json" in args))


def _report(error: GraphMemError, *, as_json: bool) -> int:
    if as_json:
        emit({"error": error.message, "remedy": error.remedy})
    errors.print(f"[bold red]error:[/bold red] {escape(str(error))}", soft_wrap=True)
    return error.exit_code
