"""``search --explain`` on a real memory: a tree for people, the same as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings

GRAPHMEM = Path(sys.executable).with_name("graphmem")
CHAT = [
    {"name": "Felix", "content": "Ines and I adopted a dog last week."},
    {"name": "Nora", "content": "What is he called?"},
    {"name": "Felix", "content": "His name is Biscuit. He chews every shoe."},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("explain") / "mem"
    with Memory.open(place, settings=Settings(workers=0)) as memory:
        memory.add(CHAT, session="s1", at="2023-05-08")
    return place


def search(folder: Path, question: str, *options: str) -> str:
    done = subprocess.run(
        [GRAPHMEM, "search", question, "-m", folder, "--explain", *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"COLUMNS": "160"},
    )
    return done.stdout


@pytest.mark.parametrize("mode", ["graph", "hybrid", "dense", "bm25"])
def test_json_has_seeds_paths_and_shares_that_sum_to_the_score(folder: Path, mode: str) -> None:
    found = json.loads(search(folder, "What did Felix call Biscuit?", "--mode", mode, "--json"))
    assert found["hits"]
    for hit in found["hits"]:
        for shares in (hit["signals"].values(), [seed["share"] for seed in hit["seeds"]]):
            assert sum(shares) == pytest.approx(hit["score"])


def test_a_turn_shows_who_what_and_where_a_name_is_spoken(folder: Path) -> None:
    question = "What did Felix say of Biscuit?"
    hits: list[dict[str, Any]] = json.loads(search(folder, question, "--json"))["hits"]
    spoken = next(hit for hit in hits if "Biscuit" in hit["text"])
    seeds = {seed["kind"]: seed for seed in spoken["seeds"]}
    assert seeds["speaker"]["text"] == "Felix"
    assert "Biscuit" in seeds["names"]["text"]
    [path] = [path for path in spoken["paths"] if path["steps"][0]["name"] == "Biscuit"]
    [_, step] = path["steps"]
    assert step["passage_id"] == spoken["id"]
    assert "Biscuit" in step["fact"]
    assert step["fact_id"] is not None
    shown = " ".join(search(folder, question).split())
    assert f"path Biscuit ─ mentioned by → {step['name']}" in shown
    assert step["fact"] in shown
    assert "speaker Felix" in shown
    assert f"score {spoken['score']:.2f}" in shown


def test_a_question_is_shown_as_it_is_read(folder: Path) -> None:
    question = "What did Felix call Biscuitt last week?"
    shown = search(folder, question, "--as-of", "2023-05-10")
    line = next(line for line in shown.splitlines() if line.startswith("question"))
    assert "Biscuitt, for Biscuit" in line
    assert "2023-05-01..2023-05-07" in line
    asked = json.loads(search(folder, question, "--as-of", "2023-05-10", "--json"))["asked"]
    assert asked["times"] == ["2023-05-01..2023-05-07"]
    assert "temporal" in asked["cues"]
