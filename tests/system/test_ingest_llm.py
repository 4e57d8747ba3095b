"""``graphmem ingest`` with a language model, as users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_llm import ScriptedLLM, says, sends

from graphmem import Memory, Settings

GRAPHMEM = Path(sys.executable).with_name("graphmem")
KEY = "sk-very-secret-55"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, llm_server: ScriptedLLM) -> Run:
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        llm = {"BASE_URL": llm_server.url, "MODEL": "small", "API_KEY": KEY, "RETRIES": "1"}
        values = {**llm, "CACHE": "false", **settings}
        named = {f"GRAPHMEM_LLM_{name}": value for name, value in values.items()}
        return subprocess.run(
            [str(GRAPHMEM), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"COLUMNS": "120", "GRAPHMEM_WORKERS": "0"} | named,
            timeout=300,
        )

    return run


def answer(quote: str, subject: str, predicate: str, object_: str) -> dict[str, Any]:
    members = [("subject", subject), ("object", object_)]
    fact = {
        "id": "a",
        "quote": quote,
        "text": f"{subject} {predicate} {object_}.",
        "predicate": predicate,
        "members": [{"role": role, "text": name, "name": name} for role, name in members],
    }
    return {"entities": [], "facts": [fact], "topics": ["milling"]}


MILL = answer("Ann Reed sold the mill of Leeds to Bo Lund", "Ann Reed", "parted with", "the mill")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "mill.txt").write_text("Ann Reed sold the mill of Leeds to Bo Lund.\n")
    (tmp_path / "press.txt").write_text("Bo Lund founded Bright Press in York in 1999.\n")
    return tmp_path


def test_the_model_reads_and_spacy_reads_what_it_cannot(
    run: Run, docs: Path, llm_server: ScriptedLLM
) -> None:
    broken = sends(500, {"error": {"message": f"{KEY} is overloaded"}})
    llm_server.by_text([("mill of Leeds", says(MILL))], otherwise=broken)
    ingest = ("ingest", "mill.txt", "press.txt", "-m", "mem", "--extractor", "llm")
    done = run(*ingest, PRICE_IN="3", PRICE_OUT="15")
    assert done.returncode == 0, done.stderr
    lines = " ".join(done.stdout.split())
    assert "calls │ 3" in lines
    assert "retries │ 1" in lines
    assert "tokens in │ 100" in lines
    assert "cost │ 0.0006" in lines
    assert "fallback: status 500 │ 1" in lines
    assert KEY not in done.stdout + done.stderr
    settings = Settings(workers=0)
    with Memory.open(docs / "mem", settings=settings, read_only=True) as memory:
        facts = {row[0] for row in memory.cypher("MATCH (f:Fact) RETURN f.text").rows}
        assert facts == {
            "Ann Reed parted with the mill.",
            "Bo Lund founded Bright Press in York in 1999.",
        }
        [hit] = memory.search("mill", where={"topics": "milling"})
        assert hit.source == "mill.txt"
    held = b"".join(path.read_bytes() for path in (docs / "mem").rglob("*") if path.is_file())
    assert KEY.encode() not in held


def test_a_budget_can_stop_the_job_and_what_was_committed_stays(
    run: Run, docs: Path, llm_server: ScriptedLLM
) -> None:
    llm_server.script(says(MILL))
    options = ("-m", "mem", "--extractor", "llm", "--batch", "1", "--json")
    ingest = ("ingest", "mill.txt", "press.txt", *options)
    done = run(*ingest, BUDGET_CALLS="1", OVER_BUDGET="stop")
    assert done.returncode == 1
    assert "GRAPHMEM_LLM_BUDGET_CALLS" in json.loads(done.stdout)["remedy"]
    llm_server.script(says(answer("Bo Lund founded Bright Press", "Bo Lund", "set up", "York")))
    more = run(*ingest)
    report = json.loads(more.stdout)
    assert (report["resumed_after"], report["new"]) == (1, 1)
    assert report["reading"]["usage"]["calls"] == 1


@pytest.mark.parametrize(
    ("settings", "options", "word"),
    [
        ({"BASE_URL": ""}, (), "GRAPHMEM_LLM_BASE_URL"),
        ({"MODEL": ""}, (), "GRAPHMEM_LLM_MODEL"),
        ({"BUDGET_COST": "1"}, (), "GRAPHMEM_LLM_PRICE_IN"),
        ({"TIMEOUT": "0"}, (), "GRAPHMEM_LLM_TIMEOUT"),
        ({}, ("--depth", "fast"), "--extractor llm"),
    ],
)
def test_a_model_that_is_not_set_up_is_wrong_usage(
    run: Run, docs: Path, settings: dict[str, str], options: tuple[str, ...], word: str
) -> None:
    done = run("ingest", "mill.txt", "-m", "mem", "--extractor", "llm", *options, **settings)
    assert done.returncode == 2
    assert word in " ".join(done.stderr.split())
    assert KEY not in done.stderr


def test_a_wrong_key_ends_the_job(run: Run, docs: Path, llm_server: ScriptedLLM) -> None:
    llm_server.script(sends(401, {"error": {"message": f"Incorrect API key: {KEY}"}}))
    done = run("ingest", "mill.txt", "-m", "mem", "--extractor", "llm")
    assert done.returncode == 2
    assert "Incorrect API key: ***" in " ".join(done.stderr.split())
    assert KEY not in done.stdout + done.stderr
