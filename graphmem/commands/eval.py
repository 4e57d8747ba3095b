"""The commands ``graphmem eval``: what a memory recalls of a data set, and measures by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from graphmem.build import embedder_of, load_settings, open_memory
from graphmem.commands.eval_reading import asof, entities, extraction, facts, labelled, revision
from graphmem.commands.measuring import JsonFileOption, refuse_nowhere, tell_result, whole_numbers
from graphmem.errors import InvalidInputError
from graphmem.model.retrieval import Mode
from graphmem.terminal import RerankOption, console, emit, progress_bars

ALL_MODES = ",".join(Mode)


class _Measures(TyperGroup):
    """What does not begin with the name of a measure is measured for retrieval."""

    default = "retrieval"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


measures = typer.Typer(
    cls=_Measures,
    no_args_is_help=True,
    help="Measure: retrieval on the data set DIR, or another measure by its name.",
    subcommand_metavar="DIR | MEASURE ...",
)


@measures.command("retrieval")
def retrieval(
    folder: Annotated[
        Path, typer.Argument(help="queries.jsonl and corpus.jsonl or turns.jsonl.", metavar="DIR")
    ],
    modes: Annotated[str, typer.Option("--modes", help="Which, with commas between.")] = ALL_MODES,
    k: Annotated[str, typer.Option("-k", help="Where rankings are cut.")] = "2,5,10,20",
    contexts: Annotated[
        str | None,
        typer.Option(
            help="Also make contexts of so many tokens: 200,500,1000,2000.", metavar="TOKENS"
        ),
    ] = None,
    titles: Annotated[
        bool, typer.Option("--titles/--no-titles", help="Ingest passages with their titles.")
    ] = True,
    memory: Annotated[
        str | None, typer.Option("-m", "--memory", help="A memory to keep, instead of a new one.")
    ] = None,
    rerank: RerankOption = None,
    json_file: JsonFileOption = None,
) -> None:
    """Ingest a data set, ask its questions in every mode, and score rankings and contexts."""
    from graphmem.evaluation.contexts import contexts_rows
    from graphmem.evaluation.report import as_json, notes_of, rows_of, write_json
    from graphmem.evaluation.runner import run

    refuse_nowhere(json_file)
    with progress_bars() as tell:
        report = run(
            folder,
            open_memory=open_memory,
            modes=[
                Mode(mode) if mode in ALL_MODES.split(",") else mode for mode in modes.split(",")
            ],
            ks=whole_numbers(k, option="-k"),
            budgets=whole_numbers(contexts, option="--contexts") if contexts else (),
            count=embedder_of(load_settings()).count_tokens if contexts else None,
            titles=titles,
            location=memory,
            rerank=rerank,
            progress=tell,
        )
    if json_file == Path("-"):
        emit(as_json(report))
    else:
        if json_file is not None:
            write_json(report, json_file)
        header, *rows = rows_of(report)
        table = Table(*header, title=f"{report.dataset}: {report.questions} questions")
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)
        if report.contexts is not None:
            header, *rows = contexts_rows(report.contexts)
            table = Table(*header, title=f"{report.dataset}: contexts")
            for row in rows:
                table.add_row(*row)
            console.print(table)
        for note in notes_of(report):
            console.print(f"[yellow]note[/yellow] {escape(note)}")
    if report.ingest.failed:
        raise typer.Exit(3)


@measures.command()
def broad(
    folder: Annotated[
        Path, typer.Argument(help="corpus.jsonl or turns.jsonl, queries.jsonl.", metavar="DIR")
    ],
    themes: Annotated[
        Path,
        typer.Argument(
            help="Themes: {id, dataset, question, gold} a line.", metavar="THEMES.jsonl"
        ),
    ],
    budgets: Annotated[
        str, typer.Option("--budgets", help="Tokens of the contexts.", metavar="TOKENS")
    ] = "500,1000,2000",
    memory: Annotated[
        str | None, typer.Option("-m", "--memory", help="A memory to keep, instead of a new one.")
    ] = None,
    json_file: JsonFileOption = None,
) -> None:
    """Ask broad questions of a data set, and score how much of their themes contexts cover."""
    from graphmem.evaluation import broad as scoring
    from graphmem.evaluation.datasets import read_dataset
    from graphmem.evaluation.resources import about
    from graphmem.evaluation.runner import filled

    refuse_nowhere(json_file)
    limits = whole_numbers(budgets, option="--budgets")
    dataset = read_dataset(folder)
    asked = scoring.read_themes(themes, dataset.name)
    with progress_bars() as tell, filled(dataset, open_memory, memory, tell) as opened:
        found = scoring.evaluate_broad(
            opened,
            asked,
            shape=dataset.shape,
            budgets=limits,
            count=embedder_of(load_settings()).count_tokens,
            tell=tell,
        )
    result = {
        "dataset": dataset.name,
        "themes": themes.name,
        "coverage": scoring.broad_json(found),
        **about(),
    }
    header, *rows = scoring.broad_rows(found)
    table = Table(*header, title=f"{dataset.name}: {len(asked)} themes, share of gold cited")
    for row in rows:
        table.add_row(*row)
    tell_result(result, table, json_file)


@measures.command()
def answers(
    folder: Annotated[
        Path, typer.Argument(help="queries.jsonl and corpus.jsonl or turns.jsonl.", metavar="DIR")
    ],
    memory: Annotated[
        str | None, typer.Option("-m", "--memory", help="A memory to keep, instead of a new one.")
    ] = None,
    json_file: JsonFileOption = None,
) -> None:
    """Ask the questions of a data set, and score in which statements their answers stand."""
    from graphmem.evaluation import answers as scoring
    from graphmem.evaluation.contexts import is_open
    from graphmem.evaluation.datasets import read_dataset
    from graphmem.evaluation.resources import about
    from graphmem.evaluation.runner import filled

    refuse_nowhere(json_file)
    dataset = read_dataset(folder)
    if not any(map(is_open, dataset.questions)):
        raise InvalidInputError(
            f"No question of {dataset.name} has an answer other than yes or no",
            remedy="Give questions an answer",
        )
    with progress_bars() as tell, filled(dataset, open_memory, memory, tell) as opened:
        found = scoring.evaluate_answers(opened, dataset.questions, tell=tell)
    result = {"dataset": dataset.name, **scoring.answers_json(found), **about()}
    header, *rows = scoring.answers_rows(found)
    table = Table(*header, title=f"{dataset.name}: {found.asked} questions asked")
    for row in rows:
        table.add_row(*row)
    tell_result(result, table, json_file)


for _measure in (extraction, labelled, facts, entities, revision, asof):
    measures.command()(_measure)
