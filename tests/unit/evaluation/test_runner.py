"""The run: what is asked where, what is scored, and the report's form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import InvalidInputError
from graphmem.evaluation.datasets import Shape, read_dataset
from graphmem.evaluation.report import as_json, notes_of, rows_of, write_json
from graphmem.evaluation.runner import WARM_UP, evaluate, rank_items, run
from graphmem.model.source import SourceItem

Write = Callable[..., Path]

CORPUS = [
    {"id": "acme", "title": "Acme", "text": "Acme was founded by Ann Lee in Oslo."},
    {"id": "oslo", "title": "Oslo", "text": "Oslo lies by a fjord."},
    {"id": "bolt", "title": "Bolt", "text": "A bolt holds a nut."},
]
QUERIES = [
    {"id": "1", "question": "Who founded Acme in Oslo?", "gold": ["acme", "oslo"], "type": "two"},
    {"id": "2", "question": "What holds a nut?", "gold": ["bolt"], "type": "one"},
    {"id": "3", "question": "Who holds Oslo?", "gold": ["bolt", "acme"], "type": "two"},
    {"id": "4", "question": "What is nowhere?", "gold": []},
]
TURN = {"session": 1, "time": "2024-01-01", "speaker": "Ann"}


def test_the_report_has_the_documented_form(write: Write, memory: Any) -> None:
    dataset = read_dataset(write("toy", queries=QUERIES, corpus=CORPUS))
    report = as_json(evaluate(dataset, lambda: memory, modes=["graph", "bm25"], ks=[1, 2]))
    assert report["dataset"] == "toy"
    assert report["ingest"].keys() >= {"seconds", "items", "items_per_s", "peak_rss_mb"}
    assert report["ingest"]["items"] == 3
    assert report["ingest"]["items_per_s"] > 0
    assert report["ingest"]["peak_rss_mb"] > 10
    assert list(report["modes"]) == ["graph", "bm25"]
    graph = report["modes"]["graph"]
    assert graph.keys() >= {"n", "recall@1", "recall@2", "latency_ms", "by_type"}
    assert graph["latency_ms"].keys() == {"p50", "p95"}
    # Question 1 finds acme, then oslo; 2 finds bolt; 3 finds oslo or bolt first, by one word each.
    assert graph["n"] == 3
    assert graph["by_type"]["one"] == {
        "n": 1,
        "recall@1": 1.0,
        "recall@2": 1.0,
        "ndcg@1": 1.0,
        "ndcg@2": 1.0,
        "mrr": 1.0,
    }
    assert graph["by_type"]["two"]["n"] == 2
    assert report["skipped"] == {"without_gold": 1}
    assert report["modes"]["bm25"]["recall@1"] < graph["recall@1"]
    assert report["machine"]["cores"] >= 1
    assert report["versions"]["graphmem"]
    json.dumps(report)


def test_recall_is_averaged_over_questions(write: Write, memory: Any) -> None:
    dataset = read_dataset(write(queries=QUERIES[:2], corpus=CORPUS))
    report = evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])
    assert report.modes[next(iter(report.modes))].scores.recall == {1: pytest.approx(0.75)}


def test_questions_of_a_conversation_search_only_theirs(write: Write, memory: Any) -> None:
    turns = [
        {**TURN, "conversation": "c1", "id": "D1:1", "text": "I like tea."},
        {**TURN, "conversation": "c1", "id": "D1:2", "text": "And cake."},
        {**TURN, "conversation": "c2", "id": "D1:1", "text": "I like coffee."},
        {**TURN, "conversation": "c2", "id": "D1:2", "text": "I like tea a lot, like you."},
    ]
    asked = {"id": "1", "question": "Who likes tea like you?", "gold": ["D1:1"]}
    queries = [{**asked, "conversation": "c1", "category": 4}]
    dataset = read_dataset(write(queries=queries, turns=turns))
    report = evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])
    [result] = report.modes.values()
    assert result.scores.recall == {1: 1.0}
    assert list(result.by_type) == ["4"]
    assert set(memory.items) == {"c1", "c2"}


def test_an_item_in_pieces_takes_one_place(memory: Any) -> None:
    many = "\n".join(f"tea {n}" for n in range(10))
    items = [SourceItem(source="long", text=many), SourceItem(source="short", text="coffee")]
    list(memory.add_many(items))
    ranked = rank_items(memory, "tea", shape=Shape.PASSAGES, mode="graph", k=2)
    assert ranked.items == ["long", "short"]
    assert [k for _, _, k in memory.asked] == [6, 12]


def test_questions_are_asked_once_after_another_as_warm_up(write: Write, memory: Any) -> None:
    dataset = read_dataset(write(queries=QUERIES[:2], corpus=CORPUS))
    evaluate(dataset, lambda: memory, modes=["graph"], ks=[2])
    questions = [question for _, question, _ in memory.asked]
    assert questions == [WARM_UP, *(query["question"] for query in QUERIES[:2])]


def test_every_mode_has_the_memory_opened_anew_and_closed(write: Write, memory: Any) -> None:
    opened: list[Any] = []

    def open_memory() -> Any:
        assert all(before.closed for before in opened)
        opened.append(memory.with_namespace("default"))
        return opened[-1]

    dataset = read_dataset(write(queries=QUERIES, corpus=CORPUS))
    evaluate(dataset, open_memory, modes=["bm25", "graph"], ks=[1])
    assert len(opened) == 3
    assert all(bound.closed for bound in opened)


def test_a_kept_memory_is_not_filled_twice_and_strangers_are_counted(
    write: Write, memory: Any
) -> None:
    dataset = read_dataset(write(queries=QUERIES, corpus=CORPUS))
    list(memory.add_many([SourceItem(source="stranger", text="Not of this corpus.")]))
    first = evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])
    second = evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])
    assert (first.ingest.unchanged, first.ingest.foreign) == (0, 1)
    assert (second.ingest.unchanged, second.ingest.foreign) == (3, 1)


def test_items_that_fail_are_in_the_report(write: Write, memory: Any) -> None:
    corpus = [*CORPUS, {"id": "void", "text": ""}]
    report = evaluate(read_dataset(write(queries=QUERIES, corpus=corpus)), lambda: memory, ks=[1])
    assert [item["item"] for item in as_json(report)["ingest"]["failed"]] == ["void"]


def test_progress_is_told_for_every_stage(write: Write, memory: Any) -> None:
    told: list[tuple[str, int, int]] = []
    dataset = read_dataset(write(queries=QUERIES, corpus=CORPUS))
    evaluate(
        dataset,
        lambda: memory,
        modes=["graph", "bm25"],
        ks=[1],
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    assert [row for row in told if row[1] == row[2]] == [
        ("ingest", 3, 3),
        ("graph", 3, 3),
        ("bm25", 3, 3),
    ]


def test_a_run_opens_a_memory_closes_it_and_leaves_no_folder(write: Write, memory: Any) -> None:
    opened: list[str] = []

    def open_memory(location: str) -> Any:
        opened.append(location)
        Path(location).mkdir(exist_ok=True)
        return memory

    folder = write(queries=QUERIES, corpus=CORPUS)
    report = run(folder, open_memory=open_memory, modes=["graph"], ks=[1], titles=False)
    assert memory.closed
    assert not Path(opened[0]).exists()
    assert not report.titles
    assert "default" not in memory.items


def test_a_run_at_a_place_keeps_it(write: Write, memory: Any, tmp_path: Path) -> None:
    folder = write(queries=QUERIES, corpus=CORPUS)
    opened: list[str] = []

    def open_memory(location: str) -> Any:
        opened.append(location)
        return memory

    run(folder, open_memory=open_memory, modes=["graph"], ks=[1], location="neo4j://somewhere")
    assert opened == ["neo4j://somewhere"] * 2


@pytest.mark.parametrize(
    "options", [{"modes": ["best"]}, {"modes": []}, {"ks": [0]}, {"ks": []}, {"ks": [5, -1]}]
)
def test_bad_options_are_refused_before_anything_is_read(
    memory: Any, tmp_path: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError, match=r"mode|k of"):
        run(tmp_path / "nowhere", open_memory=lambda _: memory, **options)


def test_the_table_has_a_row_per_mode_and_per_type(write: Write, memory: Any) -> None:
    dataset = read_dataset(write(queries=QUERIES, corpus=CORPUS))
    report = evaluate(dataset, lambda: memory, modes=["graph", "bm25"], ks=[2, 1])
    header, *rows = rows_of(report)
    assert header == ("mode", "type", "n", "R@1", "R@2", "MRR", "p50 ms", "p95 ms")
    assert [row[:3] for row in rows] == [
        *(("graph", "", "3"), ("bm25", "", "3")),
        *(("graph", "one", "1"), ("graph", "two", "2")),
        *(("bm25", "one", "1"), ("bm25", "two", "2")),
    ]
    assert all(len(row) == len(header) for row in rows)


def test_what_bends_the_figures_is_noted(write: Write, memory: Any) -> None:
    corpus = [*CORPUS, {"id": "void", "text": ""}]
    queries = [*QUERIES, {**QUERIES[0], "id": "5", "gold": ["nowhere", "acme"]}]
    dataset = read_dataset(write(queries=queries, corpus=corpus))
    list(memory.add_many([SourceItem(source="stranger", text="x")]))
    list(memory.add_many([SourceItem(source="acme", text="x")]))
    report = evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])
    assert [note.partition(" ")[0] for note in notes_of(report)] == ["1"] * 5
    assert "no gold" in notes_of(report)[0]


def test_a_clean_run_needs_no_note(write: Write, memory: Any) -> None:
    dataset = read_dataset(write(queries=QUERIES[:2], corpus=CORPUS))
    assert notes_of(evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])) == []


def test_the_written_file_is_the_report(write: Write, memory: Any, tmp_path: Path) -> None:
    dataset = read_dataset(write(queries=QUERIES, corpus=CORPUS))
    report = evaluate(dataset, lambda: memory, modes=["graph"], ks=[1])
    write_json(report, tmp_path / "new" / "report.json")
    assert json.loads((tmp_path / "new" / "report.json").read_text("utf-8")) == as_json(report)
