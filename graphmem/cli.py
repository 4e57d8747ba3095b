"""The command line: ``graphmem``.

Commands of other packages are found by the entry point group ``graphmem.commands``; each names a
function that takes the app and adds its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, Any

import typer
from rich.markup import escape

from graphmem.build import open_memory as build_memory
from graphmem.commands import entity as entity_cli
from graphmem.commands import summary as summary_cli
from graphmem.commands import time as time_cli
from graphmem.commands import timeline as timeline_cli
from graphmem.commands import upkeep as upkeep_cli
from graphmem.commands.bench import benches
from graphmem.commands.eval import measures
from graphmem.errors import GraphMemError, NotFoundError
from graphmem.extract.attributes import NAMES as MINED
from graphmem.memory import Memory
from graphmem.model.retrieval import Mode
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.stages.inputs import OF_FACT
from graphmem.terminal import (
    AsOfOption,
    JsonOption,
    KnownAtOption,
    MemoryOption,
    NamespaceOption,
    RerankOption,
    asked_line,
    console,
    emit,
    errors,
    factors_of,
    hit_panel,
    pairs_of,
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


def _version(asked: bool) -> None:
    if asked:
        console.print(f"graphmem {metadata.version('graphmem')}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """What stands before a command."""


app.add_typer(measures, name="eval")
for command in (
    entity_cli.entity,
    entity_cli.merge,
    entity_cli.unmerge,
    time_cli.history,
    time_cli.states,
    time_cli.forget,
    time_cli.erase,
):
    app.command()(command)
for summing in (summary_cli.overview, summary_cli.tree, summary_cli.communities):
    app.command()(summing)
for told in (timeline_cli.timeline, timeline_cli.profile, timeline_cli.consolidate):
    app.command()(told)
app.add_typer(benches, name="bench")


def open_memory(
    location: str,
    namespace: str = DEFAULT_NAMESPACE,
    *,
    read_only: bool = True,
) -> Memory:
    """Open a memory that there is for a command; use it in a ``with`` statement."""
    return build_memory(location, namespace=namespace, read_only=read_only, create=False)


QuestionArgument = Annotated[str, typer.Argument(help="The question.", show_default=False)]
ModeOption = Annotated[Mode, typer.Option("--mode", help="How passages are ranked.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", help="Filter, as FIELD=VALUE; may be given again.", metavar="F=V"),
]


WeighOption = Annotated[
    list[str] | None,
    typer.Option(
        "--weigh",
        help="Count a kind of memory more or less; may be given again.",
        metavar="K=N",
    ),
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
    weigh: WeighOption = None,
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
            weigh=factors_of(weigh or []),
            explain=explain,
            rerank=rerank,
        )
        if not hits:
            _refuse_empty(opened)
        asked = opened.understand(question, as_of=as_of) if explain else None
    if as_json:
        told = {} if asked is None else {"asked": asked}
        emit({"question": question, **told, "mode": mode.value, "hits": hits})
        return
    if asked is not None:
        console.print(asked_line(asked), soft_wrap=True)
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
    weigh: WeighOption = None,
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
            weigh=factors_of(weigh or []),
        )
        if not found.hits and not found.left_out:
            _refuse_empty(opened)
    if as_json:
        emit(found)
        return
    console.print(found.text, markup=False, highlight=False, soft_wrap=True)
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
    weigh: WeighOption = None,
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
            weigh=factors_of(weigh or []),
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


for upkeep in (
    upkeep_cli.stats,
    upkeep_cli.doctor,
    upkeep_cli.analyse,
    upkeep_cli.reindex,
    upkeep_cli.delete,
    upkeep_cli.export,
):
    app.command()(upkeep)
app.command("import")(upkeep_cli.import_)


def _refuse_empty(memory: Memory) -> None:
    """An empty namespace answers nothing: say so, with what there is, instead of "no hits"."""
    stats = memory.stats()
    if not stats.counts.passages:
        held = ", ".join(stats.namespaces) or "none yet"
        raise NotFoundError(
            f"Namespace {stats.namespace!r} of {stats.location} is empty (namespaces: {held})",
            remedy="Run `graphmem ingest PATH -m MEMORY` first, or name another --namespace",
        )


def _filter(written: Sequence[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    attributes: dict[str, tuple[str, ...]] = {}
    for name, values in pairs_of(written).items():
        if name in MINED or name.startswith("attributes."):
            attributes[name.removeprefix("attributes.")] = values
        else:
            fields[name] = values if name.startswith(OF_FACT) else values[-1]
    return {**fields, "attributes": attributes} if attributes else fields


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    for point in sorted(
        metadata.entry_points(group="graphmem.commands"), key=lambda point: point.name
    ):
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
