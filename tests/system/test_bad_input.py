"""Bad input, each kind tried on the command line: named, explained, survived."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from graphmem_ingest.readers.base import EXTENSIONS

GRAPHMEM = Path(sys.executable).with_name("graphmem")
LIMIT_MB = 500
"""What a command may need at most for input that it refuses or reads line by line."""


class Done(NamedTuple):
    """How a command ended. `peak_mb` is its largest resident set."""

    code: int
    out: str
    err: str
    peak_mb: float
    seconds: float

    @property
    def lines(self) -> str:
        """Standard output with its white space made plain."""
        return " ".join(self.out.split())


Ingest = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with one good file beside the bad ones to come."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHMEM_DEPTH", "fast")
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "good.txt").write_text("Ann Reed sold the mill of Leeds to Bo Lund in 1999.\n")
    return tmp_path


@pytest.fixture
def ingest(folder: Path) -> Ingest:
    def ingest(*arguments: str, wrapped: str = "") -> Done:
        return run("ingest", *arguments, "-m", "mem", wrapped=wrapped)

    return ingest


def run(*arguments: str, wrapped: str = "") -> Done:
    """Run `graphmem`, after the shell commands `wrapped` if there are any."""
    command = [str(GRAPHMEM), *arguments]
    if wrapped:
        command = ["sh", "-c", f'{wrapped}; exec "$@"', "sh", *command]
    out, err = Path("stdout.log"), Path("stderr.log")
    began = time.monotonic()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
        peak_mb = 0.0
        while process.poll() is None:
            peak_mb = max(peak_mb, peak_of(process.pid))
            time.sleep(0.02)
    return Done(
        process.returncode, out.read_text(), err.read_text(), peak_mb, time.monotonic() - began
    )


def peak_of(pid: int) -> float:
    """Most memory a process held, in MB; its rusage would count what it was forked from."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def held() -> int:
    """Episodes in the memory."""
    episodes: int = json.loads(run("stats", "-m", "mem", "--json").out)["counts"]["episodes"]
    return episodes


def test_a_missing_file(ingest: Ingest) -> None:
    done = ingest("gone.txt")
    assert done.code == 2
    assert "gone.txt: no such file" in done.err
    assert not Path("mem").exists()


def test_a_missing_file_among_others(ingest: Ingest) -> None:
    done = ingest("good.txt", "gone.txt")
    assert done.code == 3
    assert "gone.txt │ no such file" in done.lines
    assert held() == 1


def test_a_pattern_that_matches_nothing(ingest: Ingest) -> None:
    done = ingest("*.docx")
    assert done.code == 2
    assert "*.docx: no file matches" in done.err


def test_errors_are_json_where_json_was_asked_for(ingest: Ingest) -> None:
    done = ingest("gone.txt", "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"] == "gone.txt: no such file"


def test_an_empty_file_of_any_kind(ingest: Ingest, folder: Path) -> None:
    names = [f"void{extension}" for extension in EXTENSIONS]
    for name in names:
        (folder / name).write_bytes(b"")
    done = ingest("good.txt", *names)
    assert done.code == 3
    for name in names:
        assert f"{name} │ is empty" in done.lines
    assert "new │ 1" in done.lines


def test_nothing_but_empty_files_is_a_failure(ingest: Ingest, folder: Path) -> None:
    (folder / "void.csv").write_bytes(b"")
    done = ingest("void.*")
    assert done.code == 1
    assert "failed │ 1" in done.lines


def test_a_wrong_encoding(ingest: Ingest, folder: Path) -> None:
    (folder / "latin.txt").write_bytes("Zoë Müller öffnete das Café in Zürich.\n".encode("cp1252"))
    done = ingest("latin.txt")
    assert done.code == 0
    assert "note latin.txt: not UTF-8: read as Windows-1252" in done.lines
    found = run("search", "Who opened the café?", "-m", "mem", "--json", "-k", "1")
    assert "Zoë Müller öffnete das Café" in found.out


def test_a_binary_file_under_a_texts_name(ingest: Ingest, folder: Path) -> None:
    (folder / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(1000))
    (folder / "noise.md").write_bytes(os.urandom(5000))
    done = ingest("good.txt", "image.txt", "noise.md")
    assert done.code == 3
    assert "image.txt │ is a PNG image, not text" in done.lines
    assert "noise.md │ is full of control bytes: it is binary, not text" in done.lines
    assert held() == 1


def write_line(path: Path, *, before: str, after: str) -> None:
    """Write 100 MB without a line end between `before` and `after`."""
    with path.open("w") as stream:
        stream.write(before)
        for _ in range(100):
            stream.write("the mill and the miller! " * 40_000)
        stream.write(after)


def test_a_text_of_one_line_of_100_mb(ingest: Ingest, folder: Path) -> None:
    write_line(folder / "line.txt", before="", after="")
    done = ingest("good.txt", "line.txt")
    assert done.code == 3
    assert "line.txt │ has a line longer than 10 MB" in done.lines
    assert "raise --max-line-mb" in done.lines
    assert 50 < done.peak_mb < LIMIT_MB
    assert held() == 1


def test_a_record_of_one_line_of_100_mb(ingest: Ingest, folder: Path) -> None:
    record = '{"text": "Bo Lund left."}'
    write_line(
        folder / "line.jsonl", before=f'{record}\n{{"text": "', after='"}\n{"text": "Ann left."}\n'
    )
    done = ingest("line.jsonl")
    assert done.code == 3
    assert "line.jsonl:2 │ the line is longer than 10 MB │ Raise --max-line-mb" in done.lines
    assert "new │ 2" in done.lines
    assert 50 < done.peak_mb < LIMIT_MB


def test_a_row_and_an_element_of_100_mb(ingest: Ingest, folder: Path) -> None:
    write_line(folder / "line.csv", before="id,text\n1,Bo left.\n2,", after="\n3,Ann left.\n")
    write_line(folder / "line.json", before='[{"text": "Bo left."}, {"text": "', after='"}]')
    done = ingest("line.csv", "line.json")
    assert done.code == 3
    assert "line.csv:3 │ the line is longer than 10 MB" in done.lines
    assert "line.json#2 │ not JSON: longer than 10 MB (--max-line-mb)" in done.lines
    assert "new │ 3" in done.lines
    assert 50 < done.peak_mb < LIMIT_MB


def test_a_malformed_line(ingest: Ingest, folder: Path) -> None:
    (folder / "r.jsonl").write_text(
        '{"text": "Bo left."}\n{"text": "cut o\n{"text": "Ann left."}\n'
    )
    done = ingest("r.jsonl")
    assert done.code == 3
    assert "r.jsonl:2 │ not JSON: Unterminated string starting at line 2, column 10" in done.lines
    assert "new │ 2" in done.lines


def test_an_unreadable_pdf(ingest: Ingest, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(2000))
    done = ingest("good.txt", "broken.pdf")
    assert done.code == 3
    assert "broken.pdf │ not a readable PDF" in done.lines
    assert held() == 1


def test_a_file_that_may_not_be_read(ingest: Ingest, folder: Path) -> None:
    path = folder / "secret.txt"
    path.write_text("x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("the super-user may read everything")
    done = ingest("good.txt", "secret.txt")
    assert done.code == 3
    assert "secret.txt │ cannot be read: Permission denied" in done.lines


def test_an_unknown_extension(ingest: Ingest, folder: Path) -> None:
    (folder / "sheet.xlsx").write_bytes(b"PK\x03\x04")
    done = ingest("good.txt", "sheet.xlsx")
    assert done.code == 3
    assert (
        "sheet.xlsx │ files that end in '.xlsx' are not read │ Known are .csv, .docx" in done.lines
    )


def test_an_unknown_option(ingest: Ingest) -> None:
    done = ingest("good.txt", "--colour")
    assert done.code == 2
    assert "No such option: --colour" in done.err


def test_a_memory_of_a_newer_schema(ingest: Ingest) -> None:
    ingest("good.txt")
    with sqlite3.connect("mem/graphmem.sqlite3") as store:
        store.execute("PRAGMA user_version = 999")
    store.close()
    done = ingest("good.txt")
    assert done.code == 1
    assert "was written by a newer graphmem" in done.err


def test_a_memory_that_is_something_else(ingest: Ingest, folder: Path) -> None:
    (folder / "mem").mkdir()
    (folder / "mem" / "graphmem.sqlite3").write_text("no memory at all, but somebody's notes")
    done = ingest("good.txt")
    assert done.code == 1
    assert "error:" in done.err
    assert "Traceback" not in done.err


needs_unshare = pytest.mark.skipif(
    not shutil.which("unshare"), reason="no unshare here to mount a disk with"
)


def write_records(path: Path, count: int) -> None:
    path.write_text(
        "\n".join(
            json.dumps({"id": str(n), "text": f"Firm {n} sold mill {n} to Ann Reed."})
            for n in range(count)
        )
    )


def test_a_disk_that_is_full(ingest: Ingest, folder: Path) -> None:
    write_records(folder / "r.jsonl", 240)
    # A limit on a file's size ends in the same place as a full disk, and needs no right to mount.
    full = ingest("r.jsonl", "--batch", "8", wrapped="ulimit -f 1200")
    check_full_and_resume(full, ingest)


def ingest_on_a_disk_of(size: str, folder: Path) -> Done:
    """`graphmem ingest` of 240 records on a disk of its own, what it left copied to ``mem``."""
    write_records(folder / "r.jsonl", 240)
    (folder / "mem").mkdir()
    script = (
        f"mount -t tmpfs -o size={size} graphmem-test mem || exit 77; "
        '"$@"; code=$?; cp -r mem kept; exit $code'
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    words = ["ingest", "r.jsonl", "-m", "mem", "--batch", "8"]
    done = subprocess.run(
        [*command, str(GRAPHMEM), *words], capture_output=True, text=True, check=False
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("no disk can be mounted here")
    (folder / "mem").rmdir()
    (folder / "kept").rename(folder / "mem")
    return Done(done.returncode, done.stdout, done.stderr, 0.0, 0.0)


@needs_unshare
def test_a_disk_that_is_really_full(ingest: Ingest, folder: Path) -> None:
    check_full_and_resume(ingest_on_a_disk_of("1m", folder), ingest)


@needs_unshare
@pytest.mark.parametrize("size", ["300k", "450k"])
def test_a_disk_too_full_for_an_empty_memory(size: str, folder: Path) -> None:
    done = ingest_on_a_disk_of(size, folder)
    assert done.code == 1
    assert "there is no room left to write" in " ".join(done.err.split())
    assert not list((folder / "mem").iterdir())


def check_full_and_resume(full: Done, ingest: Ingest) -> None:
    """A full disk ended the job clearly; with room, the same command brings it to its end."""
    assert full.code == 1, full.err
    message = " ".join(full.err.split())
    assert "Traceback" not in message
    assert "items are safe in the memory" in message
    assert "run the same command again" in message
    kept = held()
    assert 0 < kept < 240
    rest = json.loads(ingest("r.jsonl", "--batch", "8", "--json").out)
    assert rest["resumed_after"] == kept
    assert rest["new"] == 240 - kept
    assert json.loads(run("doctor", "-m", "mem", "--json").out)["ok"]


def test_two_writers_at_once(ingest: Ingest, folder: Path) -> None:
    ingest("good.txt")
    (folder / "more.txt").write_text("Bo Lund left Leeds.\n")
    with sqlite3.connect("mem/graphmem.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        writer = subprocess.Popen(
            [str(GRAPHMEM), "ingest", "more.txt", "-m", "mem", "--quiet"],
            stderr=subprocess.PIPE,
            text=True,
        )
        # It waits for its turn, while readers do not have to.
        assert held() == 1
        time.sleep(max(0.0, 3.0 - (time.monotonic() - began)))
        assert writer.poll() is None
        other.execute("ROLLBACK")
    other.close()
    _, err = writer.communicate(timeout=60)
    assert writer.returncode == 0, err
    assert held() == 2
