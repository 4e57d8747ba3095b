"""Encodings: what a file says, what its bytes say, and what is no text at all."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable
from typing import Any

import pytest

from graphmem.errors import ReaderError

Read = Callable[..., Any]

GERMAN = "Café Müller öffnete 1962 in Zürich. Die Gäste kamen gern – täglich, „wie immer“.\n"
ENGLISH = "Ann’s café—the “Mill”—closed in 2021 after £3m of losses.\n"
SPANISH = "El niño comió en la montaña de España. ¿Qué pasó después?\n"
POLISH = "Łukasz Żółć mieszka w Łodzi i pracuje w dużej firmie od 2019 roku. Są już święta.\n"
RUSSIAN = "Анна пришла на работу в компанию в 2021 году. Она живёт в Москве.\n"
JAPANESE = "これは日本語の文書です。東京で会議がありました。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, JAPANESE])
def test_unicode_is_read_without_a_remark(read_file: Read, encoding: str, text: str) -> None:
    reading = read_file("a.txt", text.encode(encoding))
    assert (reading.item.text, reading.notes) == (text, [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_told_by_its_zeros(read_file: Read, encoding: str) -> None:
    reading = read_file("a.txt", ENGLISH.encode(encoding))
    assert reading.item.text == ENGLISH
    assert "UTF-16" in reading.notes[0].text


@pytest.mark.parametrize("text", [GERMAN, ENGLISH, SPANISH, "naïve\n", "Zoë left.\n"])
def test_western_text_is_read_as_windows_1252_and_says_so(read_file: Read, text: str) -> None:
    reading = read_file("a.txt", text.encode("cp1252"))
    assert reading.item.text == text
    assert "Windows-1252" in reading.notes[0].text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(POLISH, "cp1250"), (RUSSIAN, "cp1251"), (JAPANESE, "shift_jis"), (RUSSIAN, "koi8_r")],
)
def test_other_code_pages_are_told_by_their_letters(
    read_file: Read, text: str, encoding: str
) -> None:
    reading = read_file("a.txt", (text * 5).encode(encoding))
    assert reading.item.text == text * 5
    assert "not UTF-8" in reading.notes[0].text


def test_a_bad_byte_far_into_the_file_is_not_overlooked(read_file: Read) -> None:
    plain = "The mill stands by the river.\n" * 50_000
    reading = read_file("a.txt", plain.encode() + "Zoë left.".encode("cp1252"))
    assert "".join(item.text for item in reading.items) == plain + "Zoë left."
    assert "Windows-1252" in reading.notes[0].text


def test_a_few_bad_bytes_in_utf8_do_not_turn_the_rest_into_another_encoding(
    read_file: Read,
) -> None:
    reading = read_file("a.txt", GERMAN.encode() + b"bad \xff\xfe byte\n" + GERMAN.encode())
    assert reading.item.text == GERMAN + "bad \ufffd\ufffd byte\n" + GERMAN
    assert "not all of it is UTF-8" in reading.notes[0].text


def test_a_character_cut_off_at_the_end_is_noted(read_file: Read) -> None:
    reading = read_file("a.txt", (GERMAN + "Zoë").encode()[:-1])
    assert reading.item.text == GERMAN + "Zo\ufffd"
    assert reading.notes


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n%abc", "is a PDF, not text.*--as pdf"),
        (b"PK\x03\x04\x14\x00", "zip archive or an Office document"),
        (b"\x1f\x8b\x08\x00", "is gzip"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"some\x00text\x00with\x01zeros\x02", "binary, not text"),
        (bytes(range(256)) * 20, "binary, not text"),
    ],
)
def test_what_is_no_text_is_refused_with_what_it_is(
    read_file: Read, content: bytes, what: str
) -> None:
    with pytest.raises(ReaderError, match=what):
        read_file("a.txt", content)


def test_noise_is_refused(read_file: Read) -> None:
    with pytest.raises(ReaderError, match="binary, not text"):
        read_file("a.txt", os.urandom(10_000))


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF8])
def test_a_mark_in_a_file_of_records_is_no_part_of_the_first(read_file: Read, mark: bytes) -> None:
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-8"
    reading = read_file("a.jsonl", mark + '{"id": "1", "text": "Zoë"}\n'.encode(encoding))
    assert reading.item.text == "Zoë"


def test_records_in_windows_1252_are_read_and_it_is_said(read_file: Read) -> None:
    reading = read_file("a.csv", f"id;text\n1;{GERMAN}".encode("cp1252"))
    assert reading.item.text == GERMAN.strip()
    assert "Windows-1252" in reading.notes[0].text
