"""What a run costs: memory with child processes; where it ran."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import graphmem
from graphmem.evaluation.resources import (
    PeakMemory,
    about_machine,
    commit,
    resident_bytes,
    versions,
)

MB = 10**6


def test_the_peak_outlives_what_caused_it() -> None:
    before = resident_bytes()
    with PeakMemory(interval=0.01) as peak:
        held = bytearray(b"x") * (200 * MB)
        during = resident_bytes()
        time.sleep(0.2)
        del held
    assert during - before > 150 * MB
    assert peak.bytes >= during
    assert peak.megabytes == peak.bytes / MB


def test_memory_of_grandchildren_counts() -> None:
    grandchild = "x = bytearray(b'x') * 150_000_000; print('up', flush=True); input()"
    child = (
        "import subprocess, sys;"
        f"p = subprocess.Popen([sys.executable, '-c', {grandchild!r}], stdin=subprocess.PIPE);"
        "input(); p.communicate(b'\\n')"
    )
    before = resident_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        during = resident_bytes()
        process.communicate(b"\n")
    assert during - before > 140 * MB
    assert resident_bytes() < during - 100 * MB


def test_the_machine_is_described() -> None:
    about = about_machine()
    assert about["processor"]
    assert int(about["cores"]) >= 1
    assert int(about["memory_mb"]) > 100


def test_versions_name_what_is_installed() -> None:
    found = versions()
    assert found["graphmem"]
    assert found["numpy"]
    assert found["python"].split(".")[0] == str(sys.version_info.major)


def test_the_commit_is_the_one_git_names() -> None:
    root = Path(graphmem.__file__).parent.parent
    if not (root / ".git").exists():
        pytest.skip("not run from a git work tree")
    git = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
    )
    assert commit() == git.stdout.strip()
