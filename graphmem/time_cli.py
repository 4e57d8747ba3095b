"""The commands about what was believed when: ``graphmem history``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from graphmem.build import open_memory
from graphmem.model.history import Event, History
from graphmem.model.knowledge import Fact
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.terminal import JsonOption, MemoryOption, NamespaceOption, console, emit

FactArgument = Annotated[
    str, typer.Argument(help="A fact's id, as `search --json` shows it.", show_default=False)
]


def history(
    fact: FactArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    undo: Annotated[
        str | None,
        typer.Option("--undo", help="Take back what this fact did to it.", metavar="FACT"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show when a fact was stated, what it was believed to be, and what changed that and why."""
    with open_memory(memory, namespace=namespace, read_only=undo is None, create=False) as opened:
        if undo is not None:
            opened.undo(fact, by=undo)
        found = opened.history(fact)
    if as_json:
        emit(found)
        return
    _show(found)


def _show(found: History) -> None:
    console.print(f"[bold]{escape(found.statement.text)}[/bold] [dim]{found.statement.id}[/dim]")
    table = Table("recorded", "operation", "rule", "by", "believed to hold")
    for event in found.events:
        table.add_row(
            f"{event.at:%Y-%m-%d %H:%M:%S}",
            event.operation.value,
            escape(event.rule),
            escape(_by(event)),
            _held(event.belief) if event.belief else "",
        )
    console.print(table)
    for effect in found.effects:
        console.print(
            f"{effect.operation.value} [dim]{escape(effect.rule)}[/dim] of {escape(effect.text)}"
            f" [dim]{effect.fact_id}[/dim]"
        )
    living = [belief for belief in found.beliefs if belief.retired_at is None]
    now = ", ".join(_held(belief) for belief in living) or "not at all"
    console.print(f"Believed now: {now}")


def _by(event: Event) -> str:
    return f"{event.reason}\n{event.by}" if event.by else event.source or event.reason


def _held(fact: Fact) -> str:
    if fact.valid_from is None and fact.valid_to is None:
        return "at no known time"
    return f"{_day(fact.valid_from)} to {_day(fact.valid_to)}"


def _day(moment: datetime | None) -> str:
    return "..." if moment is None else f"{moment:%Y-%m-%d}"
