"""What a person sees: the version, and hits as text that flows."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from graphmem import Memory, Settings

GRAPHMEM = Path(sys.executable).with_name("graphmem")


def run(*arguments: str, columns: int = 100) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(GRAPHMEM), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": str(columns)},
    )


def test_the_version_is_told() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"graphmem {metadata.version('graphmem')}\n")


@pytest.mark.parametrize("command", ["search", "lookup"])
def test_lines_that_were_wrapped_run_on(tmp_path: Path, command: str) -> None:
    wrapped = (
        "The institute at Greywick was founded by Ada Lindqvist in 1931, and\n"
        "it is much older than all of the houses around it.\n\n- a list\n- of two"
    )
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add(wrapped, source="notes.txt")
    shown = run(command, "Who founded the institute?", "-m", str(tmp_path / "mem"), columns=160)
    assert shown.returncode == 0, shown.stderr
    assert "in 1931, and it is much older" in shown.stdout
    assert "│ - a list " in shown.stdout
    assert "│ - of two " in shown.stdout


def test_a_context_is_printed_as_it_is_counted(tmp_path: Path) -> None:
    said = "Ada Lindqvist founded the institute at Greywick, which is older than the houses there."
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add(said)
        text = memory.context("Who founded the institute?").text
    shown = run("context", "Who founded the institute?", "-m", str(tmp_path / "mem"), columns=40)
    assert shown.stdout.startswith(f"{text}\n")
