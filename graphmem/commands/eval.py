"""The commands ``graphmem eval``: retrieval on a data set, extraction on a corpus and on labels."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from graphmem.build import (
    embedder_of,
    load_settings,
    make_extractor,
    open_memory,
    scratch_store,
)
from graphmem.errors import InvalidInputError
from graphmem.model.retrieval import Mode
from graphmem.terminal import RerankOption, console, emit, progress_bars

ALL_MODES = ",".join(Mode)
JsonFileOption = Annotated[
    Path | None, typer.Option("--json", help="Write the report to this file, - for stdout.")
]
_WARM_UP = 32
"""Passages that are read before the clock runs: every process loads its model meanwhile."""


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

    _refuse_nowhere(json_file)
    with progress_bars() as tell:
        report = run(
            folder,
            open_memory=open_memory,
            modes=[
                Mode(mode) if mode in ALL_MODES.split(",") else mode for mode in modes.split(",")
            ],
            ks=_whole_numbers(k, option="-k"),
            budgets=_whole_numbers(contexts, option="--contexts") if contexts else (),
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

    _refuse_nowhere(json_file)
    limits = _whole_numbers(budgets, option="--budgets")
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
    _tell(result, table, json_file)


@measures.command()
def extraction(
    corpus: Annotated[
        Path, typer.Argument(help="Passages: {id, title, text} a line.", metavar="CORPUS.jsonl")
    ],
    openie: Annotated[
        Path | None,
        typer.Option(
            help="Triples to cover: {id, triples} a line; openie_llm.jsonl beside CORPUS if there.",
            metavar="FILE",
        ),
    ] = None,
    facts: Annotated[
        Path | None, typer.Option("--facts", help="Write the facts to this file.", metavar="FILE")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Reading processes.", min=0, show_default=False)
    ] = None,
    json_file: JsonFileOption = None,
) -> None:
    """Read a corpus, and score its facts: coverage of another's triples, size, and looks."""
    from graphmem.evaluation import extraction as scoring
    from graphmem.evaluation.resources import about, cpu_seconds

    _refuse_nowhere(json_file)
    _refuse_nowhere(facts)
    beside = corpus.with_name("openie_llm.jsonl")
    passages, triples = scoring.load(corpus, openie or (beside if beside.is_file() else None))
    settings = load_settings() if workers is None else load_settings(workers=workers)
    extractor = make_extractor(settings)
    try:
        extractor.extract(passages[:_WARM_UP])
        begun, used = time.perf_counter(), cpu_seconds()
        found = extractor.extract(passages)
        seconds, after = time.perf_counter() - begun, cpu_seconds()
    finally:
        extractor.close()
    cpu = None if used is None or after is None else after - used
    if facts is not None:
        scoring.write_facts(facts, found)
    result = {
        "corpus": corpus.resolve().parent.name,
        "command": f"graphmem eval extraction {corpus.name} --workers {settings.workers}",
        "extractor": extractor.name,
        "workers": settings.workers,
        **scoring.report(passages, found, triples, seconds=seconds, cpu=cpu),
        **about(),
    }
    _tell(result, _extraction_table(result), json_file)


@measures.command()
def labelled(
    folder: Annotated[
        Path,
        typer.Argument(help="time.jsonl, coreference.jsonl and discourse.jsonl.", metavar="DIR"),
    ],
    json_file: JsonFileOption = None,
) -> None:
    """Score times, coreference and discourse links on labelled cases, by half."""
    from graphmem.evaluation import labelled as scoring
    from graphmem.evaluation.resources import about

    _refuse_nowhere(json_file)
    extractor = make_extractor(load_settings(workers=0))
    try:
        outcomes = scoring.evaluate(folder, extractor.extract)
    finally:
        extractor.close()
    result = {
        "extractor": extractor.name,
        "sets": scoring.as_json(outcomes),
        **about(),
    }
    _tell(result, _labelled_table(result), json_file)


def _labelled_table(result: dict[str, Any]) -> Table:
    table = Table("set", "half", "there", "found", "right", "precision", "recall", "F1")
    for name, halves in result["sets"].items():
        table.add_section()
        for half, figures in halves.items():
            counts = (str(figures[key]) for key in ("there", "found", "right"))
            ratios = (f"{100 * figures[key]:.1f}" for key in ("precision", "recall", "f1"))
            table.add_row(name, half, *counts, *ratios)
    return table


@measures.command()
def facts(
    judged: Annotated[
        Path, typer.Argument(help="Judged facts, an excerpt a line.", metavar="FACTS.jsonl")
    ],
    data: Annotated[
        Path, typer.Argument(help="The folder of the data sets that they are of.", metavar="DIR")
    ],
    unjudged: Annotated[
        Path | None,
        typer.Option(help="Write the facts that nobody has judged to this file.", metavar="FILE"),
    ] = None,
    json_file: JsonFileOption = None,
) -> None:
    """Read judged excerpts again, and score the facts: how many are right of those judged."""
    from graphmem.evaluation import judged as scoring
    from graphmem.evaluation.resources import about
    from graphmem.stages.excerpts import passages_in

    _refuse_nowhere(json_file)
    _refuse_nowhere(unjudged)
    excerpts = scoring.read_excerpts(judged)
    corpora = {name: passages_in(data / name) for name in {e.source for e in excerpts}}
    passages = scoring.passages_of(excerpts, corpora)
    extractor = make_extractor(load_settings(workers=0))
    try:
        found = list(scoring.stated(excerpts, passages, extractor.extract(passages)))
    finally:
        extractor.close()
    if unjudged is not None:
        scoring.write_unjudged(unjudged, found)
    result = {
        "set": judged.name,
        "extractor": extractor.name,
        "kinds": scoring.report(found),
        **about(),
    }
    _tell(result, _facts_table(result), json_file)


def _facts_table(result: dict[str, Any]) -> Table:
    table = Table(
        *("kind", "half", "facts", "right", "wrong", "fragment", "precision", "unjudged"),
        title=f"{result['set']}: facts of judged excerpts",
    )
    for kind, halves in result["kinds"].items():
        table.add_section()
        for half, row in halves.items():
            counts = (str(row[name]) for name in ("facts", "right", "wrong", "fragment"))
            precision = "-" if row["precision"] is None else f"{100 * row['precision']:.1f}"
            table.add_row(kind, half, *counts, precision, f"{100 * row['unjudged']:.1f}")
    return table


@measures.command()
def entities(
    pairs: Annotated[
        Path,
        typer.Argument(help="Labelled pairs of mentions, one a line.", metavar="PAIRS.jsonl"),
    ],
    json_file: JsonFileOption = None,
) -> None:
    """Resolve labelled pairs of mentions, and score which were held to be one entity."""
    from graphmem.evaluation import entities as scoring
    from graphmem.evaluation.resources import about
    from graphmem.resolve.likeness import SAME_AT
    from graphmem.stages.judging import judged

    _refuse_nowhere(json_file)
    labelled = scoring.read_pairs(pairs)
    settings = load_settings(workers=0)
    extractor, embedder = make_extractor(settings), embedder_of(settings)
    try:
        found = scoring.report(
            labelled, lambda asked: judged(asked, extractor=extractor, embedder=embedder)
        )
    finally:
        extractor.close()
    result = {
        "set": pairs.name,
        **found,
        "extractor": extractor.name,
        "embedder": embedder.name,
        "same_at": SAME_AT,
        **about(),
    }
    _tell(result, _entities_table(result), json_file, as_text=scoring.as_text)


@measures.command()
def revision(
    cases: Annotated[
        Path, typer.Argument(help="Labelled cases, one a line.", metavar="CASES.jsonl")
    ],
    json_file: JsonFileOption = None,
) -> None:
    """Score what statements do to what is known: added, updated, superseded, retired, known."""
    from graphmem.evaluation import revision as scoring
    from graphmem.evaluation.resources import about
    from graphmem.resolve.states import load_states
    from graphmem.stages.trials import operations_of

    _refuse_nowhere(json_file)
    labelled = scoring.read_cases(cases)
    settings = load_settings(workers=0)
    extractor = make_extractor(settings)
    states = load_states(settings.states)
    try:
        with scratch_store() as store:
            found = scoring.report(
                labelled,
                lambda asked: operations_of(asked, extractor=extractor, store=store, states=states),
            )
    finally:
        extractor.close()
    result = {
        "set": cases.name,
        **found,
        "extractor": extractor.name,
        **about(),
    }
    _tell(result, _revision_table(result), json_file)


@measures.command()
def asof(
    people: Annotated[
        int, typer.Option("--people", min=1, max=400, help="Histories of how many.")
    ] = 12,
    seed: Annotated[int, typer.Option("--seed", help="Which histories.")] = 7,
    json_file: JsonFileOption = None,
) -> None:
    """Ask what was so, and believed, at given days of generated histories with known truth."""
    from graphmem.evaluation import asof as scoring
    from graphmem.evaluation.resources import about

    _refuse_nowhere(json_file)
    moments = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=at) for at in count())
    found = {}
    for given in scoring.Given:
        world = scoring.make_world(people=people, given=given, seed=seed)
        with TemporaryDirectory(prefix="graphmem-eval-") as folder:
            memory = open_memory(
                Path(folder) / "memory",
                settings=load_settings(workers=0),
                clock=lambda: next(moments),
            )
            with memory:
                found[given.value] = scoring.evaluate(world, memory, clock=lambda: next(moments))
    result = {
        "people": people,
        "seed": seed,
        "given": found,
        **about(),
    }
    _tell(result, _asof_table(result), json_file)


def _asof_table(result: dict[str, Any]) -> Table:
    table = Table("given as", "asked", "questions", "right")
    for name, scores in result["given"].items():
        table.add_section()
        for kind, row in scores["by_kind"].items():
            table.add_row(name, kind, str(row["n"]), f"{100 * row['right']:.1f}")
        table.add_row(name, "all", str(scores["questions"]), f"{100 * scores['right']:.1f}")
    return table


def _revision_table(result: dict[str, Any]) -> Table:
    table = Table(
        *("half", "operation", "cases", "precision", "recall", "F1"),
        title=f"{result['set']}: {result['cases']} cases",
    )
    for half, scores in result["halves"].items():
        table.add_section()
        for operation, row in scores["by_operation"].items():
            rates = [f"{100 * row[name]:.1f}" for name in ("precision", "recall", "f1")]
            table.add_row(half, operation, str(row["n"]), *rates)
        table.add_row(half, "all", str(scores["n"]), "", "", f"{100 * scores['f1']:.1f}")
    return table


def _entities_table(result: dict[str, Any]) -> Table:
    table = Table(
        *("half", "kind", "pairs", "same", "precision", "recall", "F1", "wrong", "missed"),
        title=f"{result['set']}: {result['pairs']} pairs",
    )
    for half, scores in result["halves"].items():
        table.add_section()
        for kind, row in (("all", scores), *scores["by_kind"].items()):
            rates = [row[name] for name in ("precision", "recall", "f1")]
            shown = ["-" if rate is None else f"{100 * rate:.1f}" for rate in rates]
            counts = [str(row[name]) for name in ("n", "same", "wrong", "missed")]
            table.add_row(half, kind, *counts[:2], *shown, *counts[2:])
    return table


def _extraction_table(result: dict[str, Any]) -> Table:
    table = Table("", "figure", title=f"{result['corpus']}: {result['passages_per_s']} passages/s")
    for name, value in result["facts"].items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    for part, covered in result.get("coverage", {}).items():
        table.add_section()
        for name, value in covered.items():
            table.add_row(f"{part.replace('_', ' ')}: {name.replace('_', ' ')}", f"{value:,}")
    return table


def _indented(result: dict[str, Any]) -> str:
    return f"{json.dumps(result, indent=2)}\n"


def _tell(
    result: dict[str, Any],
    table: Table,
    json_file: Path | None,
    *,
    as_text: Callable[[dict[str, Any]], str] = _indented,
) -> None:
    """Print the result as JSON where that is asked for, or else write its file and the table."""
    if json_file == Path("-"):
        emit(result)
        return
    if json_file is not None:
        json_file.write_text(as_text(result), encoding="utf-8")
    console.print(table)


def _refuse_nowhere(file: Path | None) -> None:
    if file is not None and not file.parent.is_dir():
        raise InvalidInputError(f"There is no folder {file.parent} to write {file.name} to")


def _whole_numbers(text: str, *, option: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as cause:
        raise InvalidInputError(
            f"{option} {text!r}", remedy=f"Write whole numbers: {option} 2,5,10"
        ) from cause
