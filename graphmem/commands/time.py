"""The commands about what is believed and kept: ``graphmem history``, ``forget`` and ``erase``."""

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
from graphmem.model.states import LearnedState
from graphmem.stages.inputs import policy_of
from graphmem.terminal import JsonOption, MemoryOption, NamespaceOption, console, emit, shortened

_MOST_SHOWN = 20
_MOST_TOLD = 120

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


def states(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    learned: Annotated[
        bool, typer.Option("--learned", help="Only what this memory shows by itself.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what can be said to change: known states, and those that `consolidate` has learned."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        found = [rule for rule in opened.states() if rule.learned or not learned]
    if as_json:
        emit({"states": found})
        return
    table = Table("state", "values", "told by", "shown by")
    for rule in found:
        table.add_row(
            escape(rule.name),
            "one for good" if rule.is_once else "one at a time",
            escape(shortened(", ".join(rule.patterns), _MOST_TOLD)),
            _shown_by(rule.learned) if rule.learned else "",
        )
    console.print(table)
    if not any(rule.learned for rule in found):
        console.print("This memory has shown none by itself so far; `consolidate` looks for them.")


def _shown_by(state: LearnedState) -> str:
    return (
        f"{state.agreeing} of {state.trials} agree, of {state.examples} holders:"
        f" at least {100 * state.bound:.0f} %"
    )


def forget(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    at_most: Annotated[
        int | None, typer.Option("--at-most", help="How many passages to keep at most.")
    ] = None,
    share: Annotated[
        float | None, typer.Option("--share", help="Which share of passages to forget, 0 to 1.")
    ] = None,
    below: Annotated[
        float | None, typer.Option("--below", help="Forget what is retained less, 0 to 1.")
    ] = None,
    strength_days: Annotated[
        float, typer.Option("--strength-days", help="Days in which a usual passage fades to 37 %.")
    ] = 30.0,
    min_age_days: Annotated[
        float, typer.Option("--min-age-days", help="Forget nothing younger.")
    ] = 0.0,
    keep_days: Annotated[
        float, typer.Option("--keep-days", help="Days for which it can be restored.")
    ] = 30.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be forgotten.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Take back all that was forgotten.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget what is retained least, by age, recall and how much it tells; recoverable."""
    if restore:
        with open_memory(memory, namespace=namespace, create=False) as opened:
            back = opened.restore()
        if as_json:
            emit({"restored": back.model_dump(mode="json")})
        else:
            console.print(f"{back.passages} passages and {back.facts} facts are back.")
        return
    policy = policy_of(
        at_most=at_most,
        share=share,
        below=below,
        strength_days=strength_days,
        min_age_days=min_age_days,
        keep_days=keep_days,
    )
    with open_memory(memory, namespace=namespace, read_only=dry_run, create=False) as opened:
        report = opened.forget(policy, dry_run=dry_run)
    if as_json:
        emit(report)
        return
    table = Table("retained", "age", "recalls", "passage")
    for faded in report.faded[:_MOST_SHOWN]:
        table.add_row(
            f"{100 * faded.retention:.1f} %",
            f"{faded.age_days:.0f} days",
            str(faded.recalls),
            escape(shortened(faded.text)),
        )
    console.print(table)
    said = "would be forgotten" if dry_run else "are forgotten"
    console.print(f"{len(report.faded)} of {report.looked_at} passages {said}.")
    if not dry_run:
        console.print(
            f"Until {report.recoverable_until:%Y-%m-%d}, `graphmem forget --restore` takes them"
            f" back; {report.erased.passages} that were forgotten before are erased."
        )


def erase(
    memory: MemoryOption,
    source: Annotated[
        str | None, typer.Argument(help="A source, as it was ingested.", show_default=False)
    ] = None,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    entity: Annotated[
        str | None, typer.Option("--entity", help="All that mentions this name or id.")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="An episode, passage or fact, by its id.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be erased.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove for good what a source says, what mentions a name, or what an id names."""
    with open_memory(memory, namespace=namespace, read_only=dry_run, create=False) as opened:
        report = opened.erase(source, entity=entity, id=id, dry_run=dry_run)
    if as_json:
        emit(report)
        return
    if dry_run:
        console.print(f"{report.passages} passages would be erased.")
        return
    removed = report.removed
    console.print(
        f"Erased: {removed.passages} passages, {removed.facts} facts, {removed.entities} entities;"
        f" {report.reworded} that others state too were reworded.\nEmptied:"
        f" {', '.join(report.places)}. Exports that were written before are not touched."
    )
    if report.left:
        console.print(f"[yellow]note[/yellow] {escape(report.left)}", soft_wrap=True)


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
