"""Measure retrieval on a data set of your own; ``graphmem eval FOLDER`` does the same."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from graphmem import Memory
from graphmem.evaluation.report import rows_of
from graphmem.evaluation.runner import run

PASSAGES = [
    ("heron", "Heron turbine", "The Heron turbine was designed by Samir Okafor in 2012."),
    ("samir", "Samir Okafor", "Samir Okafor is an inventor. He was born in Aldmoor in 1959."),
    ("aldmoor", "Aldmoor", "Aldmoor is a market town on the river Ald."),
    ("osprey", "Osprey Shipping", "Osprey Shipping is a ferry company in Port Kestrel."),
    ("kittiwake", "Kittiwake", "The Kittiwake is a ferry that was built in 1987."),
]
QUESTIONS = [
    ("Where was the designer of the Heron turbine born?", ["heron", "samir"], "two hops"),
    ("When was the Kittiwake built?", ["kittiwake"], "one hop"),
]


def main(folder: Path) -> None:
    corpus = [{"id": id, "title": title, "text": text} for id, title, text in PASSAGES]
    queries = [
        {"id": str(number), "question": question, "gold": gold, "type": type}
        for number, (question, gold, type) in enumerate(QUESTIONS)
    ]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")

    report = run(folder, open_memory=Memory.open, modes=["bm25", "dense", "graph"], ks=[1, 2])
    for row in rows_of(report):
        print("  ".join(cell.rjust(8) for cell in row))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
