"""The demo and the numbered examples: run as a user runs them, and telling what they promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NUMBERED = sorted(path.name for path in EXAMPLES.glob("[0-9][0-9]_*.py"))
PROMISES = {
    "01_quickstart.py": ("1 unchanged, 0 added", "born on Greywick", "(note:2, characters 0 to"),
    "02_chat.py": ("His name is Biscuit", "02 October 2023, Nora: Big news", "Nora: Yes, I live"),
    "03_two_times.py": (
        *("In 2012: Mara Ellison", "In 2018-06-01: Jonas Whitlock"),
        *("Believed now: The office of Brightwater Energy is in Saltmere", "Believed before: "),
    ),
    "04_paths.py": (
        "5 passages",
        ". Tidemark Instruments: ",
        "path: Samir Okafor --found--> Tidemark",
    ),
    "05_cypher.py": ("Mara Ellison", "Named queries: about, central", "path: How two entities"),
    "06_files.py": (
        *("first: 3 new, 0 unchanged, 0 replaced", "again: 0 new, 3 unchanged, 0 replaced"),
        *("edited: 1 new, 2 unchanged, 1 replaced", "failed broken.pdf: ", "250 passengers"),
    ),
    "07_async.py": ("Harold Whitlock founded", "Ines Calloway was born in Saltmere"),
    "08_evaluate.py": ("R@2", "two hops"),
}


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("name", NUMBERED)
def test_an_example_does_what_it_promises(name: str, tmp_path: Path) -> None:
    done = run(str(EXAMPLES / name), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for promise in PROMISES[name]:
        assert promise in done.stdout, done.stdout


def test_the_demo_makes_its_memory_anew_and_finds_all_of_its_evidence(tmp_path: Path) -> None:
    memory = tmp_path / "demo-memory"
    memory.mkdir()
    (memory / "graphmem.sqlite3").write_text("what an earlier demo left")
    done = run(str(EXAMPLES / "demo.py"), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = [line for line in done.stdout.splitlines() if re.match(r"\S.*\?  ?", line)]
    assert len(asked) >= 4
    for kind in ("two hops", "comparison", "as of 2018", "why", "from a chat"):
        assert kind in done.stdout
    assert re.search(r"path Tidemark Instruments ─ acquire → Brightwater Energy", done.stdout)
    assert (memory / "graphmem.sqlite3").read_bytes().startswith(b"SQLite format 3")


def test_the_demo_tells_when_evidence_is_missing(tmp_path: Path) -> None:
    # The same demo beside a corpus that lacks the page that its two-hop question needs.
    for path in EXAMPLES.rglob("*"):
        if path.is_file() and path.name != "brightwater-energy.md":
            copied = tmp_path / "examples" / path.relative_to(EXAMPLES)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
    done = run(str(tmp_path / "examples" / "demo.py"), folder=tmp_path)
    assert done.returncode == 1
    assert "missing: Who founded the company that acquired Tidemark Instruments? brightwater-" in (
        " ".join(done.stdout.split())
    )


def test_the_demo_removes_nothing_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "demo-memory").mkdir()
    (tmp_path / "demo-memory" / "letter.txt").write_text("Dear Ann")
    done = run(str(EXAMPLES / "demo.py"), folder=tmp_path)
    assert done.returncode == 1
    assert "is in the way" in done.stderr
    assert (tmp_path / "demo-memory" / "letter.txt").read_text() == "Dear Ann"
