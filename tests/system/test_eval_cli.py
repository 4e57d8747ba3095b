"""``graphmem eval`` on real memories: both shapes of data set, every mode, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graphmem.settings import Settings

GRAPHMEM = Path(sys.executable).with_name("graphmem")
CORPUS = [
    ("heron", "Heron turbine", "The Heron turbine was designed by Samir Okafor in 2012."),
    ("samir", "Samir Okafor", "Samir Okafor is an inventor. He was born in Aldmoor in 1959."),
    ("aldmoor", "Aldmoor", "Aldmoor is a market town on the river Ald."),
    ("osprey", "Osprey Shipping", "Osprey Shipping is a ferry company in Port Kestrel."),
    ("kittiwake", "Kittiwake", "The Kittiwake is a ferry that was built in 1987."),
    ("rook", "Rook", "Tea is grown in the valley by the people of Rook."),
]
QUERIES: list[dict[str, Any]] = [
    {
        "id": "1",
        "question": "Where was the designer of the Heron turbine born?",
        "gold": ["heron", "samir"],
        "answer": "Aldmoor",
        "type": "bridge",
    },
    {"id": "2", "question": "When was the Kittiwake built?", "gold": ["kittiwake"], "type": "one"},
    {"id": "3", "question": "Who is nobody?", "gold": [], "type": "one"},
]
TURNS = [
    ("c1", 1, "1:56 pm on 8 May, 2023", "D1:1", "Felix", "We adopted a dog called Biscuit."),
    ("c1", 1, "1:56 pm on 8 May, 2023", "D1:2", "Nora", "I am allergic to dogs."),
    ("c1", 2, "6:10 pm on 2 October, 2023", "D2:1", "Nora", "I moved to Saltmere on Saturday!"),
    ("c2", 1, "9:00 am on 1 June, 2023", "D1:1", "Ann", "I moved to Aldmoor, to be near the dog."),
]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def passages(tmp_path: Path) -> Path:
    folder = tmp_path / "ferries"
    rows = [{"id": id, "title": title, "text": text} for id, title, text in CORPUS]
    write_rows(folder / "corpus.jsonl", rows)
    write_rows(folder / "queries.jsonl", QUERIES)
    return folder


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    folder = tmp_path / "chats"
    names = ("conversation", "session", "time", "id", "speaker", "text")
    write_rows(folder / "turns.jsonl", [dict(zip(names, turn, strict=True)) for turn in TURNS])
    asked = {"question": "Where did she move to?", "category": 4}
    queries = [
        {**asked, "id": "1", "conversation": "c1", "gold": ["D2:1"]},
        {**asked, "id": "2", "conversation": "c2", "gold": ["D1:1"]},
    ]
    write_rows(folder / "queries.jsonl", queries)
    return folder


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GRAPHMEM, "eval", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_passages_are_scored_in_every_mode_of_one_run(passages: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = evaluate(passages, "--json", file, "-k", "1,2,5")
    assert done.returncode == 0, done.stderr
    report = json.loads(file.read_text("utf-8"))
    assert report["dataset"] == "ferries"
    assert report["ingest"]["items"] == 6
    assert report["ingest"]["seconds"] > 0
    assert report["ingest"]["peak_rss_mb"] > 50
    assert report["skipped"] == {"without_gold": 1}
    assert set(report["modes"]) == {"bm25", "dense", "hybrid", "graph"}
    for result in report["modes"].values():
        assert result["n"] == 2
        assert 0 <= result["recall@1"] <= result["recall@2"] <= result["recall@5"] <= 1
        assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p95"]
        assert {name: scores["n"] for name, scores in result["by_type"].items()} == {
            "bridge": 1,
            "one": 1,
        }
    assert report["modes"]["graph"]["recall@2"] == 1.0
    assert report["embedder"].startswith(Settings().embedder)
    assert "graph" in done.stdout
    assert "bridge" in done.stdout


def test_a_memory_is_kept_found_again_and_not_filled_twice(passages: Path, tmp_path: Path) -> None:
    reports = []
    for _ in range(2):
        done = evaluate(passages, "-m", tmp_path / "mem", "--modes", "graph", "--json", "-")
        assert done.returncode == 0, done.stderr
        reports.append(json.loads(done.stdout))
    first, second = reports
    assert (first["ingest"]["unchanged"], second["ingest"]["unchanged"]) == (0, 6)
    assert first["modes"]["graph"]["by_type"] == second["modes"]["graph"]["by_type"]


def test_titles_withheld_are_nowhere_in_the_memory(passages: Path, tmp_path: Path) -> None:
    memory = tmp_path / "mem"
    done = evaluate(passages, "--no-titles", "-m", memory, "--modes", "graph", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["titles"] is False
    hits = subprocess.run(
        [GRAPHMEM, "search", "ferry", "-m", memory, "--namespace", "untitled", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(hits.stdout)["hits"]
    assert found
    assert {hit["title"] for hit in found} == {""}


def test_turns_are_searched_within_their_conversation(turns: Path) -> None:
    done = evaluate(turns, "--modes", "dense,graph", "-k", "1,3", "--json", "-")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ingest"]["items"] == 4
    for mode in ("dense", "graph"):
        assert report["modes"][mode]["recall@3"] == 1.0
        assert report["modes"][mode]["by_type"]["4"]["n"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--modes", "graph,best"), "best"),
        (("-k", "2,x"), "2,x"),
        (("-k", "0"), "k of"),
        (("--depth", "3"), "--depth"),
    ],
)
def test_wrong_options_end_with_2(passages: Path, arguments: tuple[str, ...], says: str) -> None:
    done = evaluate(passages, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_data_set_ends_with_2(tmp_path: Path) -> None:
    done = evaluate(tmp_path)
    assert done.returncode == 2
    assert "queries.jsonl" in done.stderr


def test_a_malformed_line_ends_with_1_and_is_named(passages: Path) -> None:
    with (passages / "queries.jsonl").open("a") as file:
        file.write('{"id": "4", "question": \n')
    done = evaluate(passages)
    assert done.returncode == 1
    assert "queries.jsonl, line 4" in " ".join(done.stderr.split())


def test_a_passage_that_cannot_be_ingested_ends_with_3(passages: Path) -> None:
    with (passages / "corpus.jsonl").open("a") as file:
        file.write('{"id": "void", "title": "Void", "text": " "}\n')
    done = evaluate(passages, "--modes", "bm25", "--json", "-")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert [failed["item"] for failed in report["ingest"]["failed"]] == ["void"]


def test_extraction_writes_facts_and_scores_them(passages: Path, tmp_path: Path) -> None:
    openie = [{"id": "heron", "triples": [["Heron turbine", "designed by", "Samir Okafor"]]}]
    write_rows(passages / "openie_llm.jsonl", openie)
    facts, report = tmp_path / "facts.jsonl", tmp_path / "report.json"
    options = ["--workers", "0", "--facts", facts, "--json", report]
    done = subprocess.run(
        [GRAPHMEM, "eval", "extraction", passages / "corpus.jsonl", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in facts.read_text("utf-8").splitlines()]
    [design] = [row for row in rows if row["passage"] == "heron"]
    assert {"Heron turbine", "Samir Okafor", "2012"} <= set(design["members"])
    found = json.loads(report.read_text("utf-8"))
    assert found["facts"]["facts"] == len(rows)
    assert found["coverage"]["all"]["pair_and_predicate_coverage"] == 1.0
    assert "pair coverage" in done.stdout


def test_extraction_of_no_corpus_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [GRAPHMEM, "eval", "extraction", tmp_path / "none.jsonl"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "is not a file" in done.stderr


def test_labelled_cases_are_scored_by_half(tmp_path: Path) -> None:
    folder, report = tmp_path / "labels", tmp_path / "report.json"
    year = {"start": 3, "end": 7, "text": "2019", "precision": "year"}
    label = {**year, "from": "2019-01-01", "to": "2020-01-01"}
    rows = [
        {"source": "own", "text": f"In 2019 Ann left {name}.", "times": [label]}
        for name in ("Acme", "Heron", "Osprey", "Rook", "Tern", "Wren")
    ]
    write_rows(folder / "time.jsonl", rows)
    for name in ("coreference", "discourse"):
        write_rows(folder / f"{name}.jsonl", [])
    done = evaluate("labelled", folder, "--json", report)
    assert done.returncode == 0, done.stderr
    sets = json.loads(report.read_text("utf-8"))["sets"]
    halves = sets["time"].values()
    assert sum(half["right"] for half in halves) == len(rows)
    assert {half["f1"] for half in halves if half["there"]} == {1.0}
    assert "precision" in done.stdout


def test_judged_facts_are_scored_for_documents_and_talk(
    passages: Path, turns: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    passages.rename(data / "ferries")
    turns.rename(data / "chats")
    told = CORPUS[0][2]
    judged = [
        ("ferries", "heron", len(told), told, "right"),
        ("chats", "c1/D2:1", 32, "Nora moved to Saltmere on 30 September 2023.", "wrong"),
        ("chats", "c1/D1:2", 22, "Nora hates dogs.", "wrong"),
    ]
    rows = [
        {
            "source": source,
            "passage": passage,
            "start": 0,
            "end": end,
            "facts": [{"text": text, "verdict": verdict}],
        }
        for source, passage, end, text, verdict in judged
    ]
    file, report, rest = (tmp_path / name for name in ("facts.jsonl", "report.json", "rest.jsonl"))
    write_rows(file, rows)
    done = evaluate("facts", file, data, "--json", report, "--unjudged", rest)
    assert done.returncode == 0, done.stderr
    kinds = json.loads(report.read_text("utf-8"))["kinds"]
    assert kinds["document"]["all"]["precision"] == 1.0
    assert kinds["chat"]["all"]["wrong"] == 1
    assert kinds["chat"]["all"]["unjudged"] == 0.5
    assert "Nora is allergic to dogs." in rest.read_text("utf-8")
    assert "precision" in done.stdout


def test_labels_that_are_not_there_end_with_2(tmp_path: Path) -> None:
    done = evaluate("labelled", tmp_path)
    assert done.returncode == 2
    assert "time.jsonl" in done.stderr


def test_contexts_are_measured_beside_whole_passages(passages: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = evaluate(passages, "--modes", "bm25,graph", "--contexts", "40,200", "--json", file)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))["contexts"]
    assert found["questions"] == 2
    assert found["left_out"] == {"yes_no": 0, "without_answer": 1}
    assert found["budgets"] == [40, 200]
    for text in ("context", "bm25", "graph"):
        assert found[text]["40"]["tokens"] <= 40
        assert found[text]["40"]["gold"] <= found[text]["200"]["gold"]
    assert found["context"]["200"] == {
        "asked": 1,
        "answered": 1.0,
        "answer_words": 1.0,
        "gold": 1.0,
        "tokens": found["context"]["200"]["tokens"],
    }
    assert found["whole"].keys() == {"bm25@10", "graph@10"}


def test_contexts_of_no_number_are_refused(passages: Path) -> None:
    done = evaluate(passages, "--contexts", "many")
    assert done.returncode == 2
    assert "--contexts" in done.stderr


def test_answers_are_measured_by_statements(passages: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    done = evaluate("answers", passages, "--json", file)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["dataset"], found["asked"], found["left_out"]) == ("ferries", 1, 2)
    assert found["by"] == {"facts": 1}
    assert found["first"]["5"] == {"answered": 1.0, "answer_words": 1.0}
    assert "first statements" in done.stdout


def test_answers_of_no_question_are_refused(turns: Path) -> None:
    done = evaluate("answers", turns)
    assert done.returncode == 2
    assert "has an answer other than yes or no" in done.stderr
