"""Progress for people: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    Progress as Bar,
)

from graphmem_ingest.report import Progress

INTERVAL: Final = 5.0
"""Seconds between two lines where there is no terminal."""

Show = Callable[[Progress], None]


@contextmanager
def shown(console: Console, *, quiet: bool = False) -> Iterator[Show]:
    """Something that shows progress as long as the block lasts; all of it goes to `console`."""
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        with _bar(console) as show:
            yield show
    else:
        yield _lines(console)


@contextmanager
def _bar(console: Console) -> Iterator[Show]:
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[items]}"),
        TextColumn("[cyan]{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("[yellow]{task.fields[left]}"),
        TextColumn("[dim]{task.fields[source]}"),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, items="reading", rate="", left="", source="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                total=1.0,
                completed=progress.share,
                items=_items(progress),
                rate=f"{progress.rate:,.1f}/s",
                left=_left(progress),
                source=escape(_short(progress.source)),
            )

        yield show


def _lines(console: Console) -> Show:
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < INTERVAL:
            return
        last = now
        console.print(
            f"{progress.share:4.0%}  {_items(progress)}  {progress.rate:,.1f}/s  {_left(progress)}"
            f"  {_short(progress.source)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    return show


def _items(progress: Progress) -> str:
    usage = progress.usage
    parts = [f"{progress.items:,} items"]
    parts += [f"{progress.failures:,} failed"] if progress.failures else []
    parts += [f"{usage.calls:,} calls"] if usage.calls else []
    parts += [f"cost {usage.cost:,.2f}"] if usage.cost else []
    return ", ".join(parts)


def _left(progress: Progress) -> str:
    seconds = progress.remaining
    return "" if seconds is None else f"{timedelta(seconds=round(seconds))} left"


def _short(source: str) -> str:
    return source if len(source) <= 40 else "…" + source[-39:]
