"""The wall: what a parser does to itself costs one file and nothing else."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document

from graphmem.errors import ReaderError
from graphmem.model.source import SourceItem
from graphmem_ingest.readers.base import Format, InputFile, Limits
from graphmem_ingest.readers.isolate import Sandbox

MakePdf = Callable[..., bytes]


def input_file(path: Path, content: bytes, limits: Limits | None = None) -> InputFile:
    path.write_bytes(content)
    return InputFile(
        path=path,
        source=path.name,
        format=Format(path.suffix.removeprefix(".")),
        size=len(content),
        limits=limits or Limits(),
    )


def texts(sandbox: Sandbox, file: InputFile) -> list[str | None]:
    return [value.text for value, _ in sandbox.read(file) if isinstance(value, SourceItem)]


def children() -> list[str]:
    return subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "graphmem_ingest.parsers"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()


def test_one_process_reads_file_after_file_and_ends_with_the_sandbox(
    tmp_path: Path, make_pdf: MakePdf
) -> None:
    before = set(children())
    with Sandbox() as sandbox:
        seen = set()
        for name in ("a.pdf", "b.pdf"):
            assert texts(sandbox, input_file(tmp_path / name, make_pdf([name]))) == [name]
            seen |= set(children()) - before
        assert len(seen) == 1
    assert set(children()) == before


def test_a_file_that_takes_too_long_fails_and_the_next_is_read(
    tmp_path: Path, make_pdf: MakePdf
) -> None:
    slow = make_pdf(*[[f"Line {n}." for n in range(500)]] * 200)
    with Sandbox() as sandbox:
        with pytest.raises(ReaderError, match=r"slow\.pdf: .*longer than 0\.05 s.*--max-seconds"):
            texts(sandbox, input_file(tmp_path / "slow.pdf", slow, Limits(seconds=0.05)))
        assert texts(sandbox, input_file(tmp_path / "b.pdf", make_pdf(["Fine."]))) == ["Fine."]


@pytest.mark.skipif(
    os.uname().sysname != "Linux", reason="other systems do not bound address space"
)
def test_a_file_that_needs_too_much_memory_fails_and_the_next_is_read(
    tmp_path: Path, make_pdf: MakePdf
) -> None:
    limits = Limits(memory_mb=150)
    huge = b"<html><body>" + b"<p>The mill stands by the river.</p>" * 200_000
    with Sandbox(limits) as sandbox:
        with pytest.raises(ReaderError, match=r"huge\.html: .*(more than 150 MB of memory|ended)"):
            texts(sandbox, input_file(tmp_path / "huge.html", huge))
        assert texts(sandbox, input_file(tmp_path / "b.pdf", make_pdf(["Fine."]))) == ["Fine."]


def test_a_parser_that_dies_fails_its_file_and_the_next_is_read(
    tmp_path: Path, make_pdf: MakePdf
) -> None:
    before = set(children())
    long = make_pdf(*[[f"Line {n} of the story." for n in range(1_000)]] * 100)
    with Sandbox() as sandbox:
        stream = sandbox.read(input_file(tmp_path / "long.pdf", long))
        next(stream)
        [child] = set(children()) - before
        os.kill(int(child), signal.SIGKILL)
        with pytest.raises(ReaderError, match=r"long\.pdf: its parser was ended by signal 9"):
            list(stream)
        assert texts(sandbox, input_file(tmp_path / "b.pdf", make_pdf(["Fine."]))) == ["Fine."]


def test_a_file_given_up_half_way_does_not_leak_into_the_next(
    tmp_path: Path, make_pdf: MakePdf
) -> None:
    long = make_pdf(*[[f"Line {n} of the story." for n in range(1_000)]] * 30)
    with Sandbox() as sandbox:
        stream = sandbox.read(input_file(tmp_path / "long.pdf", long))
        next(stream)
        stream.close()
        assert texts(sandbox, input_file(tmp_path / "b.pdf", make_pdf(["Fine."]))) == ["Fine."]


def test_modules_in_the_users_folder_are_not_imported(
    tmp_path: Path, make_pdf: MakePdf, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the wrong place')")
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        assert texts(sandbox, input_file(tmp_path / "b.pdf", make_pdf(["Fine."]))) == ["Fine."]


def test_a_page_nested_too_deep_fails_and_loses_nothing_unseen(tmp_path: Path) -> None:
    deep = b"<html><body>" + b"<div>" * 100_000 + b"The mill."
    with Sandbox() as sandbox, pytest.raises(ReaderError, match=r"deep\.html: .*Excessive depth"):
        texts(sandbox, input_file(tmp_path / "deep.html", deep))


def test_a_parser_that_raises_is_named_with_its_last_words(tmp_path: Path) -> None:
    whole, damaged = io.BytesIO(), io.BytesIO()
    Document().save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<a/>" if name == "word/document.xml" else source.read(name))
    with Sandbox() as sandbox, pytest.raises(ReaderError, match=r"parser failed \(AttributeError"):
        texts(sandbox, input_file(tmp_path / "damaged.docx", damaged.getvalue()))
