"""Plain text and Markdown: what is read, from where, and under which title."""

from __future__ import annotations

import codecs
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem.errors import ReaderError
from graphmem_ingest.readers.base import EXTENSIONS, ITEM_CHARS, Format, InputFile, Limits
from graphmem_ingest.readers.isolate import Sandbox
from graphmem_ingest.readers.read import read

Read = Callable[..., Any]


def test_a_text_is_one_item_under_its_files_name(read_file: Read) -> None:
    item = read_file("note.txt", "Ann joined Acme in 2021.\n").item
    assert (item.source, item.text, item.title) == ("note.txt", "Ann joined Acme in 2021.\n", "")
    assert item.replaces


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Ada Lovelace.txt", "Ada Lovelace"),
        ("Ada_Lovelace.txt", "Ada Lovelace"),
        ("notes.txt", ""),
        ("README.txt", ""),
        ("IMG_2041.txt", ""),
        ("2021_Report.txt", ""),
        ("_.txt", ""),
    ],
)
def test_a_plain_text_is_titled_by_a_name_that_reads_like_one(
    read_file: Read, name: str, title: str
) -> None:
    assert read_file(name, "text").item.title == title


def test_offsets_of_a_text_are_those_of_reading_it_in_python(
    read_file: Read, tmp_path: Path
) -> None:
    content = codecs.BOM_UTF8 + "Zoë met Ann.\r\nThey left.\rThe end.\n".encode()
    item = read_file("crlf.txt", content).item
    assert item.text == (tmp_path / "crlf.txt").read_text(encoding="utf-8-sig")


def test_front_matter_gives_title_date_and_attributes_and_keeps_offsets(
    read_file: Read, tmp_path: Path
) -> None:
    front = (
        '---\ntitle: "The Mill"\ndate: 2023-04-05\ntags: [river, "old town"]\n'
        "authors:\n  - Ann\n  - Bo\ndraft:\n# a comment\nplace: Leeds # in the north\n---\n"
    )
    body = "# Another heading\n\nThe mill stands by the river.\n"
    item = read_file("mill.md", front + body).item
    assert item.title == "The Mill"
    assert item.occurred_at == datetime(2023, 4, 5, tzinfo=UTC)
    assert item.attributes == {
        "tags": ("river", "old town"),
        "authors": ("Ann", "Bo"),
        "place": "Leeds",
    }
    assert item.text is not None
    assert item.text.strip() == body.strip()
    assert item.text.index("The mill stands") == (front + body).index("The mill stands")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Some words.\n\n## The *Old* [Mill](http://x) ##\n\n# Later\n", "The Old Mill"),
        ("The Mill\n========\n\n# Later\n", "The Mill"),
        ("```\n# no heading\n```\n\n# The Mill\n", "The Mill"),
        ("No heading at all.\n", ""),
    ],
)
def test_the_first_heading_titles_a_markdown_text(read_file: Read, text: str, title: str) -> None:
    item = read_file("page.md", text).item
    assert (item.title, item.text) == (title, text)


def test_a_rule_at_the_top_is_no_front_matter(read_file: Read) -> None:
    text = "---\nOnce upon a time there was a mill.\n---\nThe end.\n"
    assert read_file("tale.md", text).item.text == text


def test_front_matter_with_a_date_that_is_none_is_refused_by_name(read_file: Read) -> None:
    with pytest.raises(ReaderError, match=r"mill\.md: date: 'soon' is not a time"):
        read_file("mill.md", "---\ndate: soon\n---\nThe mill.\n")


@pytest.mark.parametrize("content", ["", " \n\t\n", codecs.BOM_UTF8, "---\ntitle: x\n---\n \n"])
def test_a_text_of_nothing_is_an_error_and_never_an_empty_success(
    read_file: Read, content: str | bytes
) -> None:
    with pytest.raises(ReaderError, match=r"void\.md is empty"):
        read_file("void.md", content)


def test_a_long_text_comes_in_parts_that_are_the_text(read_file: Read) -> None:
    text = "".join(f"Sentence {n} tells of the mill and its miller.\n" for n in range(20_000))
    items = read_file("long.txt", text).items
    assert "".join(item.text for item in items) == text
    assert [item.source for item in items] == ["long.txt", "long.txt#part=2", "long.txt#part=3"]
    assert all(len(item.text) <= ITEM_CHARS and item.text.endswith("\n") for item in items)
    for item in items[1:]:
        assert text[item.attributes["offset"] :].startswith(item.text[:100])


def test_a_line_over_the_limit_is_refused_and_read_in_parts_once_allowed(read_file: Read) -> None:
    text = "the mill and the miller " * 50_000
    with pytest.raises(ReaderError, match=r"line longer than 1 MB.*--max-line-mb"):
        read_file("line.txt", text, limits=Limits(line_mb=1))
    items = read_file("line.txt", text, limits=Limits(line_mb=2)).items
    assert "".join(item.text for item in items) == text
    assert len(items) == 4


def test_a_file_over_the_limit_is_refused(read_file: Read) -> None:
    with pytest.raises(ReaderError, match=r"big\.txt has 2\.0 MB, over the limit of 1 MB"):
        read_file("big.txt", "word\n" * 400_000, limits=Limits(file_mb=1))


def test_any_text_can_be_read_as_plain_text(read_file: Read) -> None:
    assert read_file("code.md", "x", format=Format.TXT).item.text == "x"


@pytest.mark.parametrize("name", ["long.txt", "long.jsonl", "long.csv", "long.json"])
def test_a_large_file_is_read_in_bounded_memory(
    tmp_path: Path, sandbox: Sandbox, name: str
) -> None:
    text = "The mill stands by the river. " * 40
    contents = {
        "long.txt": lambda n: text * n,
        "long.jsonl": lambda n: f'{{"text": "{text}"}}\n' * n,
        "long.csv": lambda n: "text\n" + f"{text}\n" * n,
        "long.json": lambda n: "[" + ",".join([f'{{"text": "{text}"}}'] * n) + "]",
    }

    def peak(count: int) -> int:
        path = tmp_path / name
        path.write_text(contents[name](count))
        size = path.stat().st_size
        file = InputFile(path=path, source=name, format=EXTENSIONS[path.suffix], size=size)
        tracemalloc.start()
        for _ in read(file, sandbox):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # Four times the file, 3.6 MB more; what grows are the names of records, of some bytes each.
    assert peak(4_000) < peak(1_000) + 1_000_000
