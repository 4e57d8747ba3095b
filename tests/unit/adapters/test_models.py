"""Model files, fetched from a real repository on loopback."""

from __future__ import annotations

import hashlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from graphmem.adapters.models import ModelFile, ModelSource, read_model
from graphmem.errors import ModelUnavailableError

MODEL = b"weights " * 50_000
TOKENIZER = b'{"version": "1.0"}'
JAR = "org/example/tiny/1.0/tiny-1.0.jar"


def _file(name: str, entry: str, data: bytes) -> ModelFile:
    return ModelFile(name, entry, len(data), hashlib.sha256(data).hexdigest())


SOURCE = ModelSource(
    "tiny",
    "org.example",
    "tiny",
    "1.0",
    (
        _file("model.onnx", "tiny-q.onnx", MODEL),
        _file("tokenizer.json", "tiny-tokenizer.json", TOKENIZER),
    ),
)


@dataclass
class Repository:
    """A Maven repository over HTTP; `answer` may be changed to make it misbehave."""

    url: str = ""
    jar: bytes = b""
    requests: list[str] = field(default_factory=list)
    cut_after: int | None = None
    stall: threading.Event | None = None
    stalled: threading.Event = field(default_factory=threading.Event)

    @property
    def named(self) -> dict[str, str]:
        return {"here": self.url}


def _jar(path: Path, entries: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path.read_bytes()


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    held = Repository()
    held.jar = _jar(tmp_path / "made.jar", {"tiny-q.onnx": MODEL, "tiny-tokenizer.json": TOKENIZER})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.requests.append(self.path)
            if self.path != f"/{JAR}":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(held.jar)))
            self.end_headers()
            self.wfile.write(held.jar[: held.cut_after])
            self.wfile.flush()
            if held.stall is not None:
                held.stalled.set()
                held.stall.wait(30)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield held
    if held.stall is not None:
        held.stall.set()
    server.shutdown()
    server.server_close()
    thread.join()


def _read(cache: Path, repository: Repository) -> dict[str, bytes]:
    return read_model(SOURCE, cache_dir=cache, repositories=repository.named)


def test_a_model_is_fetched_once_and_then_read_from_the_cache(
    tmp_path: Path, repository: Repository, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = {"model.onnx": MODEL, "tokenizer.json": TOKENIZER}
    assert _read(tmp_path, repository) == expected
    fetches = repository.requests.count(f"/{JAR}")
    assert _read(tmp_path, repository) == expected
    assert read_model(SOURCE, cache_dir=tmp_path, offline=True) == expected
    assert repository.requests.count(f"/{JAR}") == fetches == 1
    held = sorted(path.name for path in (tmp_path / "models" / "tiny").iterdir())
    assert held == ["model.onnx", "tokenizer.json"]
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data[:0],
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    ],
    ids=["cut short", "empty", "one bit"],
)
def test_a_damaged_file_is_fetched_again(
    harm: Callable[[bytes], bytes], tmp_path: Path, repository: Repository
) -> None:
    _read(tmp_path, repository)
    path = tmp_path / "models" / "tiny" / "model.onnx"
    path.write_bytes(harm(MODEL))
    with pytest.raises(ModelUnavailableError, match=r"model\.onnx is damaged"):
        read_model(SOURCE, cache_dir=tmp_path, offline=True)
    assert _read(tmp_path, repository)["model.onnx"] == MODEL
    assert path.read_bytes() == MODEL


def test_offline_says_what_is_missing_where_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError) as raised:
        read_model(SOURCE, cache_dir=tmp_path, offline=True)
    said = str(raised.value)
    assert "model.onnx is missing and tokenizer.json is missing" in said
    assert str(tmp_path / "models" / "tiny") in said
    assert "switched off" in said
    assert "GRAPHMEM_EMBEDDER=onnx:FOLDER" in raised.value.remedy


def test_no_network_is_the_same_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="fetching it failed") as raised:
        read_model(SOURCE, cache_dir=tmp_path, repositories={"gone": "http://127.0.0.1:9"})
    assert str(tmp_path / "models" / "tiny") in str(raised.value)
    assert "Run once with a network connection" in raised.value.remedy


def test_an_artifact_that_is_not_there_is_reported(tmp_path: Path, repository: Repository) -> None:
    other = ModelSource("other", "org.example", "other", "1.0", SOURCE.files)
    with pytest.raises(ModelUnavailableError, match="other"):
        read_model(other, cache_dir=tmp_path, repositories=repository.named)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"tiny-q.onnx": MODEL[::-1], "tiny-tokenizer.json": TOKENIZER}, "has SHA-256"),
        ({"tiny-q.onnx": MODEL * 2, "tiny-tokenizer.json": TOKENIZER}, "has SHA-256"),
        ({"tiny-q.onnx": MODEL}, "not the expected archive"),
    ],
    ids=["other bytes", "too long", "entry missing"],
)
def test_what_fails_its_digest_is_refused_and_not_kept(
    entries: dict[str, bytes], said: str, tmp_path: Path, repository: Repository
) -> None:
    repository.jar = _jar(tmp_path / "bad.jar", entries)
    with pytest.raises(ModelUnavailableError, match=said):
        _read(tmp_path, repository)
    assert not (tmp_path / "models" / "tiny").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path, repository: Repository) -> None:
    repository.jar = b"<html>please log in</html>"
    with pytest.raises(ModelUnavailableError, match="not the expected archive"):
        _read(tmp_path, repository)


def test_a_transfer_cut_short_is_refused_and_the_next_one_succeeds(
    tmp_path: Path, repository: Repository
) -> None:
    repository.cut_after = len(repository.jar) // 2
    with pytest.raises(ModelUnavailableError):
        _read(tmp_path, repository)
    repository.cut_after = None
    assert _read(tmp_path, repository)["model.onnx"] == MODEL


def test_a_cache_that_cannot_be_used_says_so(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailableError) as raised:
        _read(tmp_path, repository)
    assert "GRAPHMEM_CACHE_DIR" in raised.value.remedy


def _process(cache: Path, repository: Repository) -> subprocess.Popen[bytes]:
    script = f"""
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("cases", {__file__!r})
cases = sys.modules["cases"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)
read = cases.read_model(
    cases.SOURCE, cache_dir=Path({str(cache)!r}), repositories={repository.named!r}
)
assert read["model.onnx"] == cases.MODEL
"""
    return subprocess.Popen([sys.executable, "-c", script], env={**os.environ})


def test_processes_that_fetch_at_the_same_time_all_succeed(
    tmp_path: Path, repository: Repository
) -> None:
    processes = [_process(tmp_path, repository) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    held = sorted(path.name for path in (tmp_path / "models" / "tiny").iterdir())
    assert held == ["model.onnx", "tokenizer.json"]


def test_a_process_killed_while_it_fetches_leaves_nothing_to_trip_over(
    tmp_path: Path, repository: Repository
) -> None:
    repository.cut_after, repository.stall = len(repository.jar) // 2, threading.Event()
    process = _process(tmp_path, repository)
    assert repository.stalled.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    repository.stall.set()
    repository.cut_after = repository.stall = None
    assert _read(tmp_path, repository)["model.onnx"] == MODEL
