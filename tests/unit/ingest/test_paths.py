"""What the user names, and the files that it stands for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphmem.errors import InvalidInputError
from graphmem_ingest.paths import Options, expand
from graphmem_ingest.readers.base import Format


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of files, with the working directory at its root."""
    for name in (
        "b.txt",
        "a.md",
        "sub/c.jsonl",
        "sub/deep/d.HTML",
        "sub/image.png",
        "sub/Makefile",
        ".hidden.txt",
        ".git/config.txt",
        "mem/graphmem.sqlite3",
        "mem/views/notes.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sources(*paths: str) -> list[str]:
    return [file.source for file in expand(paths).files]


def test_a_folder_is_all_files_below_it_in_order_without_hidden_ones_and_memories(
    folder: Path,
) -> None:
    found = expand(["."])
    assert [file.source for file in found.files] == [
        "a.md",
        "b.txt",
        "sub/c.jsonl",
        "sub/deep/d.HTML",
    ]
    assert [file.format for file in found.files] == ["md", "txt", "jsonl", "html"]
    assert [item.item for item in found.failed] == ["sub/Makefile", "sub/image.png"]
    assert "files that end in '.png' are not read" in found.failed[1].error
    assert ".pdf" in found.failed[1].remedy
    assert "--as" in found.failed[1].remedy


def test_a_pattern_is_what_it_matches(folder: Path) -> None:
    assert sources("*.txt", "sub/**/*.HTML") == ["b.txt", "sub/deep/d.HTML"]
    assert sources("s*") == ["sub/c.jsonl", "sub/deep/d.HTML"]


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(folder: Path) -> None:
    (folder / "x[1].txt").write_text("x")
    assert sources("x[1].txt") == ["x[1].txt"]


@pytest.mark.parametrize(
    "paths", [("./b.txt",), ("sub/../b.txt",), ("b.txt", "./b.txt"), (".//b.txt", "*.txt")]
)
def test_one_file_has_one_source_however_it_is_written(
    folder: Path, paths: tuple[str, ...]
) -> None:
    assert sources(*paths) == ["b.txt"]


def test_a_path_from_the_root_names_the_same_source_from_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder / "b.txt")
    here = sources(path)
    monkeypatch.chdir("/")
    assert sources(path) == here == [path]


def test_a_file_behind_a_link_is_read_once_and_loops_end(folder: Path) -> None:
    (folder / "sub" / "again").symlink_to(folder, target_is_directory=True)
    (folder / "sub" / "twin.txt").symlink_to(folder / "b.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    found = expand(["."])
    assert [file.source for file in found.files] == [
        "a.md",
        "b.txt",
        "sub/c.jsonl",
        "sub/deep/d.HTML",
    ]
    assert "loop.txt" in [item.item for item in found.failed]


def test_two_files_with_one_plain_name_behind_a_link_stay_two(folder: Path) -> None:
    (folder / "sub" / "b.txt").write_text("y")
    (folder / "link").symlink_to(folder / "sub" / "deep", target_is_directory=True)
    found = sources("b.txt", "link/../b.txt")
    assert found == [str((folder / "sub" / "b.txt").resolve()), "b.txt"] or found == [
        str((folder / "b.txt").resolve()),
        "b.txt",
    ]
    assert len(found) == 2


def test_what_is_missing_among_others_fails_by_name(folder: Path) -> None:
    found = expand(["b.txt", "gone.txt", "*.docx"])
    assert [file.source for file in found.files] == ["b.txt"]
    assert [(item.item, item.error) for item in found.failed] == [
        ("gone.txt", "no such file"),
        ("*.docx", "no file matches"),
    ]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("gone.txt", "gone.txt: no such file"),
        ("*.docx", r"\*.docx: no file matches"),
        ("empty", "empty: no files in this folder"),
    ],
)
def test_when_there_is_no_file_at_all_it_is_an_error(folder: Path, path: str, error: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(InvalidInputError, match=error) as raised:
        expand([path])
    assert raised.value.exit_code == 2


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    found = expand(["pipe.txt", "b.txt"])
    assert [(item.item, item.error) for item in found.failed] == [
        ("pipe.txt", "not a file that can be read to its end")
    ]


def test_the_sign_before_a_record_is_not_in_a_files_source(folder: Path) -> None:
    for name in ("c#.md", "c%23.md"):
        (folder / name).write_text("x")
    assert sources("c#.md") == ["c%23.md"]
    assert len(set(sources("c*.md"))) == 2


def test_a_given_format_goes_before_the_name(folder: Path) -> None:
    found = expand(["sub/Makefile", "a.md"], Options(format=Format.TXT))
    assert [file.format for file in found.files] == [Format.TXT, Format.TXT]
    assert not found.failed


def test_a_name_that_is_not_utf8_becomes_a_source_that_is(folder: Path) -> None:
    Path(os.fsdecode(b"caf\xe9.txt")).write_text("x")
    assert "caf\\xe9.txt" in sources(".")
