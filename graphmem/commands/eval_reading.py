"""Measures of ``graphmem eval`` of what is read: extraction, labelled cases, revision, times."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.table import Table

from graphmem.build import (
    embedder_of,
    load_settings,
    make_extractor,
    open_memory,
    scratch_store,
)
from graphmem.commands.measuring import JsonFileOption, refuse_nowhere, tell_result

_WARM_UP = 32
"""Passages that are read before the clock runs: every process loads its model meanwhile."""


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

    refuse_nowhere(json_file)
    refuse_nowhere(facts)
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
    tell_result(result, _extraction_table(result), json_file)


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

    refuse_nowhere(json_file)
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
    tell_result(result, _labelled_table(result), json_file)


def _labelled_table(result: dict[str, Any]) -> Table:
    table = Table("set", "half", "there", "found", "right", "precision", "recall", "F1")
    for name, halves in result["sets"].items():
        table.add_section()
        for half, figures in halves.items():
            counts = (str(figures[key]) for key in ("there", "found", "right"))
            ratios = (f"{100 * figures[key]:.1f}" for key in ("precision", "recall", "f1"))
            table.add_row(name, half, *counts, *ratios)
    return table


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

    refuse_nowhere(json_file)
    refuse_nowhere(unjudged)
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
    tell_result(result, _facts_table(result), json_file)


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

    refuse_nowhere(json_file)
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
    tell_result(result, _entities_table(result), json_file, as_text=scoring.as_text)


def revision(
    cases: Annotated[
        Path, typer.Argument(help="Labelled cases, one a line.", metavar="CASES.jsonl")
    ],
    json_file: JsonFileOption = None,
) -> None:
    """Score what statements do to what is known: added, updated, superseded, retired, known."""
    from graphmem.evaluation import revision as scoring
    from graphmem.evaluation.resources import about
    from graphmem.resolve.states_file import load_states
    from graphmem.stages.trials import operations_of

    refuse_nowhere(json_file)
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
    tell_result(result, _revision_table(result), json_file)


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

    refuse_nowhere(json_file)
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
    tell_result(result, _asof_table(result), json_file)


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
