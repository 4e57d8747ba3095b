"""What people see in a terminal, and what programs read from it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from rich.tree import Tree

from graphmem.context.spans import unwrapped
from graphmem.errors import InvalidInputError
from graphmem.model.retrieval import FactView, Hit, Path, QuestionView

console = Console()
errors = Console(stderr=True)

MemoryOption = Annotated[
    str, typer.Option("-m", "--memory", help="Folder or URL of the memory.", metavar="MEMORY")
]
NamespaceOption = Annotated[str, typer.Option("--namespace", help="Whose memory.")]
RerankOption = Annotated[
    bool | None,
    typer.Option(
        "--rerank/--no-rerank",
        help="Have GRAPHMEM_RERANKER judge the best again; by default where it is set.",
        show_default=False,
    ),
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="What held then, or in 2019..2021.")
]
KnownAtOption = Annotated[
    str | None, typer.Option("--known-at", help="What was known then, or in a range.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def factors_of(written: Sequence[str]) -> dict[str, float]:
    """What ``--weigh`` was given, by kind; raises `InvalidInputError` for what is no number."""
    factors: dict[str, float] = {}
    for kind, values in pairs_of(written, option="--weigh", example="procedural=2").items():
        try:
            factors[kind] = float(values[-1])
        except ValueError as cause:
            raise InvalidInputError(
                f"--weigh {kind}={values[-1]} names no number", remedy="Write it as procedural=2"
            ) from cause
    return factors


def pairs_of(
    written: Sequence[str], *, option: str = "--where", example: str = "speaker=Ann"
) -> dict[str, tuple[str, ...]]:
    """All values by name of what an option was given as ``NAME=VALUE``.

    Raises
    ------
    InvalidInputError
        One without a name or a sign; tells the option, and the `example` as how to write it.
    """
    values: dict[str, tuple[str, ...]] = {}
    for pair in written:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise InvalidInputError(
                f"{option} {pair!r} is not NAME=VALUE", remedy=f"Write it as {example}"
            )
        values[name.strip()] = (*values.get(name.strip(), ()), value)
    return values


def emit(value: BaseModel | Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a value as JSON on standard output, pydantic values inside included."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, default=_plain, indent=2) + "\n")


def shortened(text: str, size: int = 80) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= size else f"{line[: size - 3]}..."


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return str(value)


_PATHS = 3
"""How many of the ways to a hit are shown."""


class Rate(ProgressColumn):
    """Items a second, once that can be told."""

    def render(self, task: Task) -> Text:
        """The rate of a task."""
        return Text(f"{task.speed:,.1f}/s" if task.speed else "", style="progress.data.speed")


class StageBars:
    """A bar per stage; told by ``(stage, done, total)``."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` in a stage."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done)


@contextmanager
def progress_bars() -> Iterator[StageBars]:
    """Bars on standard error while it is a terminal, nothing otherwise."""
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(Rate(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
        yield StageBars(progress)


def asked_line(asked: QuestionView) -> str:
    """What a question is read as, in a line."""
    parts = {
        "names": asked.names,
        "times": asked.times,
        "leads to": asked.about,
        "asks for": asked.answers,
        "is": asked.cues,
    }
    told = (f"{label} {escape('; '.join(held))}" for label, held in parts.items() if held)
    return f"[magenta]question[/magenta] {' · '.join(told) or 'of no names or times'}"


def hit_panel(hit: Hit, *, explain: bool) -> Panel:
    """A hit: its text and facts; with `explain` its paths and what its score is made of."""
    said = " · ".join(filter(None, [hit.speaker, _day(hit.occurred_at)]))
    tree = Tree(escape(unwrapped(hit.text)), guide_style="dim")
    for fact in hit.facts[:3]:
        tree.add(f"[green]fact[/green] {escape(fact.text)}{_span(fact)}")
    if explain:
        _add_explanation(tree, hit)
    return Panel(
        tree,
        title=f"[bold]{hit.rank}[/bold] {escape(hit.title or said or hit.source)}",
        title_align="left",
        subtitle=escape(f"{hit.source} [{hit.start}:{hit.end}]"),
        subtitle_align="right",
    )


def _add_explanation(tree: Tree, hit: Hit) -> None:
    """The ways to a hit, each with what states it, and its score by what of the question it is."""
    places = 2 if abs(hit.score) >= 1 else 4
    for path in hit.paths[:_PATHS]:
        branch = tree.add(f"[cyan]path[/cyan] {_chain(path)} [dim]{path.score:+.{places}f}[/dim]")
        for fact in dict.fromkeys(step.fact for step in path.steps if step.fact):
            branch.add(f"[dim]{escape(fact)}[/dim]")
    if len(hit.paths) > _PATHS:
        tree.add(f"[dim]{len(hit.paths) - _PATHS} more paths[/dim]")
    branch = tree.add(f"[magenta]score[/magenta] {hit.score:.{places}f}")
    for seed in hit.seeds:
        parts = ", ".join(
            f"{name} {share:+.{places}f}"
            for name, share in sorted(seed.signals.items(), key=lambda part: -abs(part[1]))
        )
        text = f" {escape(seed.text)}" if seed.text else ""
        branch.add(f"[bold]{seed.share:+.{places}f}[/bold] {seed.kind}{text} [dim]({parts})[/dim]")


def _chain(path: Path) -> str:
    first, *following = path.steps
    steps = [escape(first.name)]
    steps.extend(
        f"[dim]─ {escape(step.relation or 'named with')} →[/dim] {escape(step.name)}"
        for step in following
    )
    return " ".join(steps)


def _span(fact: FactView) -> str:
    start, end = _day(fact.valid_from), _day(fact.valid_to)
    return f" [yellow]({start or '…'} to {end or '…'})[/yellow]" if start or end else ""


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
