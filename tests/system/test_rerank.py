"""``search --rerank`` and ``eval --rerank`` with a language model at a scripted endpoint."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripted_llm import Request, ScriptedLLM, Step, says, sends

from graphmem import Memory, Settings
from graphmem.errors import ConfigurationError

GRAPHMEM = Path(sys.executable).with_name("graphmem")
NOTES = {
    "tea": "Tea grows on the hills of Rook.",
    "ferry": "The Kittiwake is a ferry that was built in 1987.",
    "harbour": "The ferry leaves the harbour of Port Kestrel at noon.",
    "ines": "Ines Calloway owns a ferry company.",
}
QUESTION = "When does the ferry leave?"


def prefers(word: str) -> Any:
    """A model that finds passages with a word relevant, and no others."""

    def respond(request: Request) -> Step:
        listed = re.findall(r"^\[(\d+)\] (.*)$", request.user, re.MULTILINE)
        verdicts = [
            {"id": int(id), "relevant": word in text, "grade": 3 if word in text else 0}
            for id, text in listed
        ]
        return says({"passages": verdicts})

    return respond


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        for name, text in NOTES.items():
            memory.add(text, source=f"note:{name}")
    return tmp_path / "mem"


def settings_of(server: ScriptedLLM, **more: Any) -> Settings:
    return Settings(
        workers=0,
        reranker="llm",
        llm_base_url=server.url,
        llm_model="small",
        llm_cache=False,
        llm_retries=0,
        **more,
    )


def run(*arguments: str | Path, server: ScriptedLLM | None, **env: str) -> Any:
    named = {}
    if server is not None:
        named = {
            "GRAPHMEM_RERANKER": "llm",
            "GRAPHMEM_LLM_BASE_URL": server.url,
            "GRAPHMEM_LLM_MODEL": "small",
            "GRAPHMEM_LLM_CACHE": "false",
            "GRAPHMEM_LLM_RETRIES": "0",
        }
    return subprocess.run(
        [GRAPHMEM, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | named | env,
    )


@pytest.mark.parametrize("mode", ["graph", "hybrid", "dense"])
def test_what_the_model_finds_relevant_comes_first_and_the_score_says_why(
    folder: Path, llm_server: ScriptedLLM, mode: str
) -> None:
    llm_server.respond = prefers("Ines")
    # One hit is asked for: the reranker is given more than that to choose from.
    with Memory.open(folder, settings=settings_of(llm_server, rerank_weight=2.0)) as memory:
        [hit] = memory.search(QUESTION, k=1, mode=mode, explain=True)
        [plain] = memory.search(QUESTION, k=1, mode=mode, rerank=False)
    assert (hit.source, hit.rank) == ("note:ines", 1)
    assert hit.signals["rerank"] > 0
    assert sum(hit.signals.values()) == pytest.approx(hit.score)
    assert hit.note == "Reranked by llm:small/rerank.v1"
    assert plain.source != "note:ines"
    assert (plain.note, len(llm_server.requests)) == ("", 1)


def test_where_the_model_fails_the_order_stays_and_the_hits_say_so(
    folder: Path, llm_server: ScriptedLLM
) -> None:
    llm_server.script(sends(500, {"error": "out of order"}))
    with Memory.open(folder, settings=settings_of(llm_server)) as memory:
        hits = memory.search(QUESTION, explain=True)
        plain = memory.search(QUESTION, rerank=False)
    assert [hit.id for hit in hits] == [hit.id for hit in plain]
    assert [hit.score for hit in hits] == [hit.score for hit in plain]
    assert {hit.signals["rerank"] for hit in hits} == {0.0}
    assert all(hit.note.startswith("Not reranked: ") for hit in hits)


def test_nothing_is_reranked_unless_it_is_set_up(folder: Path) -> None:
    with Memory.open(folder, settings=Settings(workers=0)) as memory:
        assert memory.reranker is None
        assert "rerank" not in memory.search(QUESTION, explain=True)[0].signals
        with pytest.raises(ConfigurationError, match="GRAPHMEM_RERANKER"):
            memory.search(QUESTION, rerank=True)


def test_the_command_says_that_it_reranked_or_why_not(
    folder: Path, llm_server: ScriptedLLM
) -> None:
    llm_server.respond = prefers("Port Kestrel")
    asked = ("search", QUESTION, "-m", folder)
    done = run(*asked, "--json", server=llm_server)
    found = json.loads(done.stdout)["hits"]
    assert found[0]["source"] == "note:harbour"
    assert found[0]["note"] == "Reranked by llm:small/rerank.v1"
    assert "Reranked by llm:small" in run(*asked, "--explain", server=llm_server).stdout
    broke = run(*asked, server=llm_server, GRAPHMEM_LLM_BUDGET_CALLS="0")
    assert broke.returncode == 0
    assert "Not reranked: budget of calls used up" in broke.stdout
    none = run(*asked, "--rerank", server=None)
    assert none.returncode == 2
    assert "GRAPHMEM_RERANKER" in none.stderr


def test_an_evaluation_scores_modes_with_and_without(
    tmp_path: Path, llm_server: ScriptedLLM
) -> None:
    """Mechanics only: the endpoint is scripted to know the answer, so the gain means nothing."""
    data = tmp_path / "ferries"
    data.mkdir()
    corpus = [{"id": name, "title": "", "text": text} for name, text in NOTES.items()]
    (data / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    query = {"id": "1", "question": QUESTION, "gold": ["ines"]}
    (data / "queries.jsonl").write_text(json.dumps(query) + "\n")
    llm_server.respond = prefers("Ines")
    command = ("eval", data, "--modes", "dense", "-k", "1", "-m", tmp_path / "mem")
    done = run(*command, "--json", "-", server=llm_server, GRAPHMEM_RERANK_WEIGHT="2")
    report = json.loads(done.stdout)
    assert report["modes"]["dense"]["recall@1"] == 0.0
    assert report["reranked"]["by"] == "llm"
    judged = report["reranked"]["modes"]["dense"]
    assert judged["recall@1"] == 1.0
    assert judged["notes"] == {"Reranked by llm:small/rerank.v1": 1}
    shown = run(*command, server=llm_server, GRAPHMEM_LLM_BUDGET_CALLS="0", COLUMNS="120").stdout
    assert "dense + rerank" in shown
    assert "1 questions: Not reranked: budget of calls used up" in shown
    off = run(*command, "--no-rerank", "--json", "-", server=llm_server)
    assert "reranked" not in json.loads(off.stdout)
    none = run(*command, "--rerank", server=None)
    assert (none.returncode, "GRAPHMEM_RERANKER" in none.stderr) == (2, True)
