"""``graphmem ingest`` as users run it: what it prints, what it ends with, how it is stopped."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GRAPHMEM = Path(sys.executable).with_name("graphmem")
Run = Callable[..., subprocess.CompletedProcess[str]]
FAST = ("--depth", "fast")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(GRAPHMEM), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"COLUMNS": "120"},
            timeout=300,
        )

    return run


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "mill.md").write_text("# The Mill\n\nAnn Reed sold the mill of Leeds to Bo Lund.\n")
    (folder / "press.txt").write_text("Bo Lund founded Bright Press in York in 1999.\n")
    return folder


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def start(corpus: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(GRAPHMEM), "ingest", str(corpus), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def write_records(path: Path, count: int, *, first: int = 0) -> Path:
    path.write_text(
        "\n".join(
            json.dumps({"id": str(n), "text": f"Firm {n} of Leeds sold mill {n} to Ann Reed."})
            for n in range(first, first + count)
        )
    )
    return path


def test_a_folder_becomes_a_memory_that_answers(run: Run, docs: Path) -> None:
    done = run("ingest", "docs", "-m", "mem", "--workers", "1")
    assert done.returncode == 0, done.stderr
    lines = " ".join(done.stdout.split())
    assert "items │ 2 from 2 files" in lines
    assert "new │ 2" in lines
    assert "failed │ 0" in lines
    for name in ("unchanged", "replaced", "facts", "entities", "seconds", "items/s"):
        assert f"{name} │" in lines
    found = run("search", "Who founded Bright Press?", "-m", "mem", "--json", "-k", "1")
    [hit] = json.loads(found.stdout)["hits"]
    assert hit["source"] == "docs/press.txt"
    text = (docs / "press.txt").read_text()
    assert text[hit["start"] : hit["end"]] == hit["text"]


def test_json_is_all_there_is_on_standard_output(run: Run, docs: Path) -> None:
    (docs / "void.txt").write_text("")
    done = run("ingest", "docs", "-m", "mem", *FAST, "--json")
    report = report_of(done)
    assert done.returncode == 3
    assert (report["items"], report["new"], report["failures"]) == (2, 2, 1)
    assert report["failed"] == [{"item": "docs/void.txt", "error": "is empty", "remedy": ""}]
    assert report["items_per_s"] > 0


def test_a_second_time_says_that_nothing_is_new(run: Run, docs: Path) -> None:
    run("ingest", "docs", "-m", "mem", *FAST)
    done = run("ingest", "./docs/", "-m", "mem", *FAST)
    assert done.returncode == 0
    assert "unchanged │ 2" in " ".join(done.stdout.split())
    assert "Nothing new: the memory already held all of it." in done.stdout


def test_a_folder_read_fast_first_is_read_in_full_later(run: Run, docs: Path) -> None:
    run("ingest", "docs", "-m", "mem", *FAST)
    full = report_of(
        run("ingest", "docs", "-m", "mem", "--depth", "full", "--workers", "1", "--json")
    )
    assert (full["items"], full["unchanged"]) == (2, 0)
    assert full["facts"] > 0
    assert full["added"]["passages"] == 0
    again = report_of(run("ingest", "docs", "-m", "mem", "--workers", "1", "--json"))
    assert again["unchanged"] == 2


def test_failed_items_are_listed_with_error_and_remedy(run: Run, docs: Path) -> None:
    (docs / "scan.pdf").write_bytes(b"not a pdf")
    (docs / "rows.csv").write_text("id,name\n1,x\n")
    done = run("ingest", "docs", "gone.txt", "-m", "mem", *FAST)
    assert done.returncode == 3
    lines = " ".join(done.stdout.split())
    for item in ("docs/scan.pdf", "docs/rows.csv", "gone.txt"):
        assert item in lines
    assert "Name one of them text, content, body" in lines
    assert "failed │ 3" in lines


def test_quiet_prints_nothing_when_all_is_well(run: Run, docs: Path) -> None:
    done = run("ingest", "docs", "-m", "mem", *FAST, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_namespaces_are_kept_apart(run: Run, docs: Path) -> None:
    run("ingest", "docs/mill.md", "-m", "mem", *FAST, "--namespace", "a")
    report = report_of(
        run("ingest", "docs/mill.md", "-m", "mem", *FAST, "--namespace", "b", "--json")
    )
    assert (report["new"], report["unchanged"]) == (1, 0)
    stats = json.loads(run("stats", "-m", "mem", "--namespace", "b", "--json", "--sources").stdout)
    assert stats["counts"]["episodes"] == 1
    assert stats["namespaces"] == ["a", "b"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--colour",),
        ("--trust", "2"),
        ("--depth", "deep"),
        ("--as", "doc"),
        ("--batch", "0"),
        ("--at", "soon"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_made(
    run: Run, docs: Path, arguments: tuple[str, ...]
) -> None:
    done = run("ingest", "docs", "-m", "mem", *arguments)
    assert done.returncode == 2
    assert arguments[0] in done.stderr or "'soon' is not a time" in done.stderr
    assert not (docs.parent / "mem").exists()


def test_an_interrupt_keeps_what_was_committed_and_the_same_command_goes_on(
    run: Run, tmp_path: Path
) -> None:
    corpus = write_records(tmp_path / "r.jsonl", 400)
    options = ("-m", str(tmp_path / "mem"), *FAST, "--batch", "4", "--json")
    process = start(corpus, *options)
    wait_for_commits(tmp_path / "mem", 3, process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopping behind the current batches" in err
    report = json.loads(out)
    assert report["interrupted"]
    assert 0 < report["items"] < 400
    rest = report_of(run("ingest", str(corpus), *options))
    assert rest["resumed_after"] == report["items"]
    assert rest["items"] == rest["new"] == 400 - report["items"]


def test_a_second_interrupt_stops_at_once(run: Run, tmp_path: Path) -> None:
    corpus = write_records(tmp_path / "r.jsonl", 400)
    options = ("-m", str(tmp_path / "mem"), *FAST, "--json")
    process = start(corpus, *options)
    wait_for_commits(tmp_path / "mem", 1, process)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was committed is kept" in err
    rest = report_of(run("ingest", str(corpus), *options))
    assert rest["resumed_after"] > 0
    assert rest["resumed_after"] + rest["new"] == 400


def wait_for_commits(memory: Path, count: int, process: subprocess.Popen[str]) -> None:
    from graphmem.adapters.stores.sqlite import SqliteStore
    from graphmem.errors import GraphMemError

    def version() -> int:
        try:
            store = SqliteStore.open(memory, create=False, read_only=True, clock=lambda: None)  # type: ignore[arg-type, return-value]
        except GraphMemError:
            return 0
        try:
            return store.version("default")
        finally:
            store.close()

    while version() < count:
        assert process.poll() is None, "it was over before it could be stopped"
        time.sleep(0.01)


def test_two_jobs_at_once_end_with_all_of_both(run: Run, tmp_path: Path) -> None:
    one = write_records(tmp_path / "one.jsonl", 60)
    two = write_records(tmp_path / "two.jsonl", 60, first=40)
    options = ("-m", str(tmp_path / "mem"), *FAST, "--batch", "2", "--json")
    processes = [start(path, *options) for path in (one, two, one)]
    read = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        report = json.loads(out)
        assert report["failures"] == 0
        read.append(report["items"])
    # The same job twice: whichever starts later goes on from where the other has come.
    assert (max(read[0], read[2]), read[1]) == (60, 60)
    stats = json.loads(run("stats", "-m", "mem", "--json").stdout)
    assert stats["counts"]["episodes"] == 120
    assert json.loads(run("doctor", "-m", "mem", "--json").stdout)["ok"]


def test_a_terminal_shows_a_bar_with_rate_and_what_is_read(tmp_path: Path) -> None:
    corpus = write_records(tmp_path / "records.jsonl", 60)
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(GRAPHMEM), "ingest", str(corpus), "-m", str(tmp_path / "mem"), *FAST, "--batch", "4"],
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=os.environ | {"COLUMNS": "140", "TERM": "xterm"},
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += os.read(master, 4096)
        except OSError:
            break
    os.close(master)
    assert process.wait() == 0
    shown = seen.decode()
    assert "━" in shown
    for what in ("items", "/s", "left", "records.jsonl"):
        assert what in shown
