"""What an evaluation found, as values, as plain data and as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from graphmem.evaluation.contexts import ContextsResult, contexts_json
from graphmem.evaluation.datasets import Shape
from graphmem.evaluation.metrics import Latency, Scores
from graphmem.model.base import Value
from graphmem.model.change import FailedItem
from graphmem.model.retrieval import Mode


class Ingest(Value):
    """What ingestion took. `unchanged` and `foreign` count source items: passages or sessions.

    `unchanged` were held already, so a rate says nothing about them; `foreign` are in the memory
    and not in the data set, so they compete for every place.
    """

    seconds: float
    items: int
    peak_rss_mb: float
    unchanged: int = 0
    foreign: int = 0
    failed: tuple[FailedItem, ...] = ()


class ModeResult(Value):
    """How one mode did: over all questions, and by type of question.

    `notes` count the questions by what was told of how their order came about.
    """

    scores: Scores
    latency: Latency
    by_type: Mapping[str, Scores]
    notes: Mapping[str, int] = Field(default_factory=dict)


class Report(Value):
    """What an evaluation found; :func:`as_json` has the form in which it is written.

    `reranked` are the same modes with their hits judged again by the `reranker`.
    """

    dataset: str
    shape: Shape
    titles: bool
    questions: int
    skipped_without_gold: int
    unknown_gold: tuple[str, ...]
    ingest: Ingest
    modes: Mapping[Mode, ModeResult]
    embedder: str | None
    reranked: Mapping[Mode, ModeResult] = Field(default_factory=dict)
    reranker: str | None = None
    contexts: ContextsResult | None = None
    about: Mapping[str, Any] = Field(default_factory=dict)


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain data, rounded: ``{"dataset", "ingest", "modes", ...}``."""
    ingest = report.ingest
    rate = ingest.items / ingest.seconds if ingest.seconds else 0.0
    return {
        "dataset": report.dataset,
        "shape": report.shape.value,
        "titles": report.titles,
        "questions": report.questions,
        "skipped": {"without_gold": report.skipped_without_gold},
        "unknown_gold": list(report.unknown_gold),
        "ingest": {
            "seconds": round(ingest.seconds, 3),
            "items": ingest.items,
            "items_per_s": round(rate, 2),
            "peak_rss_mb": round(ingest.peak_rss_mb, 1),
            "unchanged": ingest.unchanged,
            "foreign": ingest.foreign,
            "failed": [item.model_dump() for item in ingest.failed],
        },
        "modes": {mode.value: _mode_json(result) for mode, result in report.modes.items()},
        **_reranked_json(report),
        **({"contexts": contexts_json(report.contexts)} if report.contexts else {}),
        "embedder": report.embedder,
        **report.about,
    }


def write_json(report: Report, path: Path) -> None:
    """Write :func:`as_json` to a file, its folder made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(as_json(report), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def rows_of(report: Report) -> list[tuple[str, ...]]:
    """The table for people, in percent, a header first: a row per mode, then one per type too."""
    results = [(mode.value, result) for mode, result in report.modes.items()]
    results += [(f"{mode.value} + rerank", result) for mode, result in report.reranked.items()]
    cuts = sorted({k for _, result in results for k in result.scores.recall})
    header = ("mode", "type", "n", *(f"R@{k}" for k in cuts), "MRR", "p50 ms", "p95 ms")

    def row(mode: str, type: str, scores: Scores, latency: Latency | None) -> tuple[str, ...]:
        times = (f"{latency.p50:.1f}", f"{latency.p95:.1f}") if latency else ("", "")
        recalls = (f"{100 * scores.recall[k]:.1f}" for k in cuts)
        return (mode, type, str(scores.n), *recalls, f"{100 * scores.mrr:.1f}", *times)

    overall = [row(mode, "", r.scores, r.latency) for mode, r in results]
    typed = [
        row(mode, type, scores, None)
        for mode, result in results
        for type, scores in result.by_type.items()
    ]
    return [header, *overall, *typed]


def notes_of(report: Report) -> list[str]:
    """What a reader of the table must know: skipped, unknown, held already, foreign, failed."""
    ingest = report.ingest
    counted = (
        (report.skipped_without_gold, "questions have no gold and were skipped"),
        (len(report.unknown_gold), "gold ids are not in the corpus; they count as missed"),
        (ingest.unchanged, "items were in the memory already; the ingest rate says nothing"),
        (ingest.foreign, "sources in the memory are not of this data set and compete with it"),
        (len(ingest.failed), "items could not be ingested"),
    )
    told = [f"{count:,} {what}" for count, what in counted if count]
    for mode, result in report.reranked.items():
        told += [f"{mode.value}: {n:,} questions: {note}" for note, n in result.notes.items()]
    return told


def _reranked_json(report: Report) -> dict[str, Any]:
    """The modes once more, where there is a reranker."""
    if report.reranker is None:
        return {}
    modes = {
        mode.value: {**_mode_json(result), "notes": dict(result.notes)}
        for mode, result in report.reranked.items()
    }
    return {"reranked": {"by": report.reranker, "modes": modes}}


def _mode_json(result: ModeResult) -> dict[str, Any]:
    return {
        **_scores_json(result.scores),
        "latency_ms": {name: round(ms, 2) for name, ms in result.latency.model_dump().items()},
        "by_type": {name: _scores_json(scores) for name, scores in result.by_type.items()},
    }


def _scores_json(scores: Scores) -> dict[str, Any]:
    return {
        "n": scores.n,
        **{f"recall@{k}": round(value, 4) for k, value in scores.recall.items()},
        **{f"ndcg@{k}": round(value, 4) for k, value in scores.ndcg.items()},
        "mrr": round(scores.mrr, 4),
    }
