"""``graphmem ask`` and ``Memory.ask``, with an endpoint and without."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripted_llm import ScriptedLLM, says

from graphmem import AsyncMemory, Memory, Settings

GRAPHMEM = Path(sys.executable).with_name("graphmem")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add("Ines Calloway founded Brightwater in Saltmere in 2011.", source="note:1")
        memory.add("Saltmere is a town by the sea.", source="note:2")
    return tmp_path / "mem"


def ask(folder: Path, *options: str, **settings: str) -> Any:
    command = [str(GRAPHMEM), "ask", "Who founded Brightwater?", "-m", str(folder), *options]
    named = {f"GRAPHMEM_LLM_{name}": value for name, value in settings.items()}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | named,
    )


def test_without_a_model_the_command_shows_facts_and_says_so(folder: Path) -> None:
    done = ask(folder)
    assert done.returncode == 0
    first = done.stdout.splitlines()[0]
    assert first == "Ines Calloway founded Brightwater in Saltmere in 2011. [1]"
    assert "[1] note:1 [0:" in done.stdout
    assert "No language model is set up" in done.stdout


def test_with_a_model_the_command_shows_its_answer(folder: Path, llm_server: ScriptedLLM) -> None:
    source = {"item": 1, "quote": "Ines Calloway founded Brightwater"}
    statements = [{"text": "Ines Calloway did.", "sources": [source]}]
    llm_server.script(says({"known": True, "statements": statements}))
    done = ask(folder, "--json", BASE_URL=llm_server.url, MODEL="small", CACHE="false")
    found = json.loads(done.stdout)
    assert (found["text"], found["by"]) == ("Ines Calloway did. [1]", "small")
    assert found["statements"][0]["citations"][0]["source"] == "note:1"


def test_an_empty_memory_is_told_from_an_unknown_answer(
    folder: Path, llm_server: ScriptedLLM
) -> None:
    llm_server.script(says({"known": False, "statements": []}))
    model = {"BASE_URL": llm_server.url, "MODEL": "small", "CACHE": "false"}
    done = ask(folder, **model)
    assert (done.returncode, done.stdout) == (0, "Not known.\n")
    assert ask(folder, "--namespace", "other", **model).returncode == 1


def test_async_code_asks_alike(folder: Path) -> None:
    async def asked() -> str:
        async with AsyncMemory(Memory.open(folder, read_only=True)) as memory:
            return (await memory.ask("Who founded Brightwater?")).text

    assert asyncio.run(asked()).startswith("Ines Calloway founded Brightwater")
