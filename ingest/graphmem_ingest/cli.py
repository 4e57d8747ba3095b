"""``graphmem ingest``: files into a memory, with progress, a report, and a way to go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from graphmem.build import load_settings, open_memory
from graphmem.cli import JsonOption, MemoryOption, NamespaceOption, console, emit, errors
from graphmem.model.source import DEFAULT_NAMESPACE, DEFAULT_TRUST, Depth
from graphmem.model.time import parse_time
from graphmem.model.usage import Tally
from graphmem.settings import Settings
from graphmem_ingest.job import DEFAULT_BATCH
from graphmem_ingest.job import ingest as run
from graphmem_ingest.paths import Options, expand
from graphmem_ingest.progress import shown
from graphmem_ingest.readers.base import Format, Limits
from graphmem_ingest.readers.openie import OpenTriplesFile
from graphmem_ingest.report import Report


class Extractor(StrEnum):
    """What reads passages."""

    SPACY = "spacy"
    LLM = "llm"


_LISTED = 50
"""Failed items and notes that are shown; ``--json`` has them all."""
_DEFAULT = Limits()


def register(app: typer.Typer) -> None:
    """Add the command to `graphmem`."""
    app.command()(ingest)


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders (all below them), and quoted patterns such as 'docs/**/*.md'.",
            metavar="PATH...",
            show_default=False,
        ),
    ],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    depth: Annotated[
        Depth | None,
        typer.Option("--depth", help="fast: names and vectors; full: facts and links too."),
    ] = None,
    extractor: Annotated[
        Extractor | None,
        typer.Option("--extractor", help="What reads: spacy, or llm at GRAPHMEM_LLM_BASE_URL."),
    ] = None,
    openie: Annotated[
        Path | None,
        typer.Option(
            "--openie",
            help="Ready-made triples of a corpus, {id, entities, triples} a line.",
            metavar="FILE",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that read passages.", min=0, max=64)
    ] = None,
    batch: Annotated[
        int, typer.Option("--batch", help="Items that are committed together.", min=1)
    ] = DEFAULT_BATCH,
    trust: Annotated[
        float, typer.Option("--trust", help="How far these sources are trusted.", min=0.0, max=1.0)
    ] = DEFAULT_TRUST,
    as_format: Annotated[
        Format | None, typer.Option("--as", help="Read all files as this, whatever their name.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="When it was written, for what states no time.", metavar="TIME"),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew; do not resume an interrupted job.")
    ] = False,
    max_file_mb: Annotated[
        float, typer.Option(help="Largest text, html, pdf or docx file.", min=0.001)
    ] = _DEFAULT.file_mb,
    max_line_mb: Annotated[
        float, typer.Option(help="Longest line or record.", min=0.001)
    ] = _DEFAULT.line_mb,
    max_pages: Annotated[int, typer.Option(help="Most pages of a pdf.", min=1)] = _DEFAULT.pages,
    max_seconds: Annotated[
        float, typer.Option(help="Longest time for parsing an html, pdf or docx file.", min=0.01)
    ] = _DEFAULT.seconds,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, and no table unless items failed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read files into a memory: txt, md, html, pdf, docx, csv, json and jsonl.

    What cannot be read is named at the end and stops nothing. A job that was interrupted goes on
    where it was when the same command is given again. What a file said before is replaced.

    Ends with 0 when all was read, 3 when some items failed, 1 when all of them did, 2 for a wrong
    option or when no file is there, 130 when interrupted.
    """
    options = Options(
        format=as_format,
        trust=trust,
        at=None if at is None else parse_time(at),
        limits=Limits(
            file_mb=max_file_mb, line_mb=max_line_mb, pages=max_pages, seconds=max_seconds
        ),
    )
    # Before a memory is made for nothing.
    found = expand(paths, options)
    triples = OpenTriplesFile(openie, limits=options.limits) if openie else None
    settings = load_settings(
        **_given(depth=depth, workers=workers, extractor=extractor and extractor.value)
    )
    with (
        open_memory(memory, namespace=namespace, settings=settings, create=True) as opened,
        _interruptible() as should_stop,
        shown(errors, quiet=quiet) as show,
    ):
        report = run(
            opened,
            paths,
            found=found,
            triples=triples,
            options=options,
            batch=batch,
            restart=restart,
            variant=_variant(settings, openie),
            on_progress=show,
            should_stop=should_stop,
        )
    if as_json:
        emit(report)
    elif not quiet or report.failures or report.interrupted:
        _print(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Let a first interrupt end the job behind its current batches, and a second one at once."""
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os.write(
                2, b"\nStopped; what was committed is kept, the same command goes on behind it\n"
            )
            raise KeyboardInterrupt
        asked = True
        os.write(2, b"\nStopping behind the current batches; interrupt again to stop at once\n")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _variant(settings: Settings, openie: Path | None) -> str:
    """What makes it another job: how deep it reads, with what, and which triples."""
    read = settings.depth if settings.extractor == "spacy" else settings.extractor
    if openie is None:
        return read
    status = openie.stat()
    return f"{read} {openie.absolute()} {status.st_size} {status.st_mtime_ns}"


def _given(**settings: Any) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


def _print(report: Report) -> None:
    if report.failed:
        console.print(_listing("failed", [(f.item, f.error, f.remedy) for f in report.failed]))
        if report.failures > _LISTED:
            console.print(f"… and {report.failures - _LISTED:,} more; --json lists them")
    for note in report.notes[:_LISTED]:
        console.print(f"[yellow]note[/yellow] {escape(note.item)}: {escape(note.text)}")
    console.print(_summary(report))
    if rows := _told(report.reading):
        console.print(_listing_of(rows))
    if report.interrupted:
        console.print(
            "[yellow]Interrupted.[/yellow] What was committed is kept; the same command goes on "
            "behind it."
        )
    elif report.items and report.unchanged == report.items:
        console.print("Nothing new: the memory already held all of it.")


def _listing(title: str, rows: list[tuple[str, str, str]]) -> Table:
    table = Table("item", "error", "remedy", title=f"[red]{title}[/red]", title_justify="left")
    for row in rows[:_LISTED]:
        table.add_row(*map(escape, row))
    return table


def _listing_of(rows: dict[str, str]) -> Table:
    table = Table("reading", "count")
    for row in rows.items():
        table.add_row(*map(escape, row))
    return table


def _told(reading: Tally) -> dict[str, str]:
    """What there is to tell of reading, by name; nothing where spaCy read it all."""
    usage = reading.usage
    counts = {
        "calls": usage.calls,
        "retries": usage.retries,
        "tokens in": usage.prompt_tokens,
        "tokens out": usage.completion_tokens,
        "cache hits": usage.cache_hits,
        "replies mended": usage.repaired,
        "replies cut off": usage.cut_off,
        **{f"rejected: {why}": count for why, count in reading.rejected.items()},
        **{f"unplaced: {why}": count for why, count in reading.unplaced.items()},
        **{f"fallback: {why}": count for why, count in reading.fallbacks.items()},
    }
    rows = {name: f"{count:,}" for name, count in counts.items() if count}
    return {**rows, "cost": f"{usage.cost:,.4f}"} if usage.cost else rows


def _summary(report: Report) -> Table:
    table = Table("what", "value", title="ingested", title_justify="left")
    rows = {
        "items": f"{report.items:,} from {report.files:,} files",
        "resumed behind": f"{report.resumed_after:,} items" if report.resumed_after else "",
        "new": f"{report.new:,}",
        "unchanged": f"{report.unchanged:,}",
        "replaced": f"{report.replaced:,}",
        "removed": f"{report.removed:,}" if report.removed else "",
        "failed": f"[red]{report.failures:,}[/red]" if report.failures else "0",
        "facts": f"{report.facts:,}",
        "entities": f"{report.entities:,}",
        "seconds": f"{report.seconds:,.1f}",
        "items/s": f"{report.items_per_s:,.1f}",
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, value)
    return table
