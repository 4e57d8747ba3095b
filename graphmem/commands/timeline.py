"""The commands ``timeline``, ``profile`` and ``consolidate``: a memory in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.table import Table

from graphmem.build import open_memory
from graphmem.context.reckoning import written
from graphmem.model.knowledge import Modality
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.model.timeline import Entry, Task, Timeline, Way
from graphmem.terminal import (
    AsOfOption,
    JsonOption,
    KnownAtOption,
    MemoryOption,
    NamespaceOption,
    console,
    emit,
    pairs_of,
    progress_bars,
)

_SHOWN: Final = (
    *(Way.BECAUSE, Way.SO, Way.IN_ORDER_TO, Way.AFTER, Way.BEFORE),
    *(Way.EXTENDS, Way.CHANGES, Way.FULFILS, Way.FOLLOWS_FROM),
)
"""Ties that a person is shown: why, what followed, and what of another session it goes on from."""
_MOST_TIES = 3


def timeline(
    of: Annotated[str, typer.Argument(help="An entity or a topic.", show_default=False)],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    since: Annotated[
        str | None, typer.Option("--from", help="From this time on, such as 2023-05.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="To the end of this time.")] = None,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", help="Keep facts by FIELD=VALUE; may be given again.", metavar="F=V"
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Entries shown at most.", min=1)] = 100,
    as_json: JsonOption = False,
) -> None:
    """Tell what is known of someone or something, in the order in which it held."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        found = opened.timeline(
            of, since, until, as_of=as_of, known_at=known_at, where=pairs_of(where or [])
        )
    if as_json:
        emit(found)
        return
    shown = found.model_copy(update={"entries": found.entries[:limit]})
    if not shown.entries:
        console.print(f"{escape(found.of)} is known, but nothing of it in that time.")
        return
    console.print(_table(shown))
    left = len(found.entries) - len(shown.entries)
    if left:
        console.print(f"[dim]{left:,} more; --limit shows them[/dim]")


def profile(
    of: Annotated[str, typer.Argument(help="An entity.", show_default=False)],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what lasts of an entity by aspect, and what it plans."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        found = opened.profile(of, as_of=as_of, known_at=known_at)
        plans = opened.tasks(of, as_of=as_of, known_at=known_at)
    if as_json:
        emit({**found.model_dump(mode="json"), "tasks": plans})
        return
    named = ", ".join((*found.entities, *found.aliases))
    table = Table(title=f"{escape(named)} [dim]{found.type}[/dim]", title_justify="left")
    table.add_column("aspect", no_wrap=True)
    table.add_column("what", ratio=3)
    table.add_column("told in", overflow="fold", ratio=1)
    for aspect, entries in found.aspects.items():
        for entry in entries:
            table.add_row(aspect, escape(entry.text), _where(entry))
    for task in plans:
        for depth, plan in _walked(task):
            text = f"{'  ' * depth}{escape(plan.plan.text)}"
            table.add_row(plan.state.value, text, _where(plan.plan))
    console.print(table)


def _walked(task: Task, depth: int = 0) -> Iterator[tuple[int, Task]]:
    yield depth, task
    for step in task.steps:
        yield from _walked(step, depth + 1)


def consolidate(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    budget: Annotated[
        float | None, typer.Option("--budget", help="Seconds at most; run it again to go on.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Link names and sessions, derive facts and write notes from what was learned since."""
    with (
        open_memory(memory, namespace=namespace, create=False) as opened,
        progress_bars() as tell,
    ):
        report = opened.consolidate(budget_seconds=budget, progress=tell)
    if as_json:
        emit(report)
        return
    table = Table("step", "looked at", "added", "taken back")
    for name, step in report.steps.items():
        row = (step.looked_at, step.added, step.taken_back)
        table.add_row(name, *(f"{count:,}" for count in row))
    console.print(table)
    ended = "Done" if report.finished else "Out of time, run it again to go on"
    console.print(f"{ended} after {report.seconds:.1f} s")


def _table(found: Timeline) -> Table:
    named = ", ".join(found.entities) or f"told about {found.of}"
    table = Table(title=escape(named), title_justify="left", show_lines=False)
    table.add_column("when", no_wrap=True)
    table.add_column("what", ratio=3)
    table.add_column("told in", overflow="fold", ratio=1)
    for entry in found.entries:
        table.add_row(_when(entry), _what(entry), _where(entry))
    return table


def _when(entry: Entry) -> str:
    """When it held, as exactly as that is known; in brackets when it was told instead."""
    if entry.is_dated:
        return escape(written(entry.valid))
    return f"[dim](told {entry.said_at:%-d %b %Y})[/dim]" if entry.said_at else "[dim]-[/dim]"


def _what(entry: Entry) -> str:
    text = escape(entry.text)
    if entry.superseded_by or entry.retired_at:
        reason = f" ({entry.reason})" if entry.reason else ""
        text = f"[strike]{text}[/strike] [yellow]superseded{escape(reason)}[/yellow]"
    if entry.modality is not Modality.ACTUAL:
        text += f" [yellow]{entry.modality.value}[/yellow]"
    if entry.derived:
        text += " [magenta]derived[/magenta]"
    ties = [tie for way in _SHOWN for tie in entry.ties if tie.way is way]
    lines = [f"  [cyan]{tie.way.value}[/cyan] [dim]{escape(tie.text)}[/dim]" for tie in ties]
    return "\n".join((text, *lines[:_MOST_TIES]))


def _where(entry: Entry) -> str:
    if not entry.places:
        return ""
    first, *more = entry.places
    said = f"{first.speaker}, " if first.speaker else ""
    also = f" +{len(more)}" if more else ""
    return escape(f"{said}{first.source}{also}")
