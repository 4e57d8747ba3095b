"""Pages, PDF and Word documents, read behind the wall."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from docx import Document
from docx.oxml import parse_xml
from pypdf import PdfReader, PdfWriter

from graphmem.errors import ReaderError
from graphmem_ingest.readers.base import ITEM_CHARS, Format, Limits

Read = Callable[..., Any]
MakePdf = Callable[..., bytes]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def word(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# ---------------------------------------------------------------------- html


def test_a_page_gives_its_main_text_title_and_stated_date(read_file: Read) -> None:
    story = "".join(
        f"<p>Paragraph {n} of the story tells how the old mill of Leeds was sold to Ann.</p>"
        for n in range(5)
    )
    content = page(
        f"<nav><a href='/'>Home</a> <a href='/x'>Shop</a></nav><main><h1>The Mill</h1>{story}"
        "<table><tr><th>Year</th><th>Owner</th></tr><tr><td>1890</td><td>Bo</td></tr></table>"
        "</main><footer>All rights reserved. Cookies.</footer><script>var x = 'hidden';</script>",
        "<title>The Mill - Leeds News</title>"
        '<meta property="article:published_time" content="2021-05-03T10:00:00+01:00">',
    )
    item = read_file("a.html", content).item
    assert item.title == "The Mill"
    assert item.occurred_at == datetime(2021, 5, 3, 9, tzinfo=UTC)
    assert "Paragraph 4 of the story" in item.text
    assert "1890" in item.text
    assert "hidden" not in item.text
    assert "Shop" not in item.text


def test_a_page_without_a_main_text_is_read_whole(read_file: Read) -> None:
    item = read_file("a.html", page("<h1>Hours</h1><div>Open <b>daily</b> till<br>five</div>")).item
    assert item.title == "Hours"
    assert [word for word in item.text.split() if word != "Hours"] == [
        "Open",
        "daily",
        "till",
        "five",
    ]


def test_a_link_list_falls_back_to_all_that_the_page_shows(read_file: Read) -> None:
    links = "".join(f"<li><a href='/{n}'>Mill {n}</a></li>" for n in range(3))
    reading = read_file("a.html", page(f"<ul>{links}</ul><style>p {{color: red}}</style>"))
    assert reading.item.text.split("\n") == ["Mill 0", "Mill 1", "Mill 2"]


def test_a_page_in_another_encoding_reads_as_it_says(read_file: Read) -> None:
    head = '<meta charset="windows-1252"><title>Café Müller</title>'
    content = page("<p>" + "Die Gäste kamen gern ins Café. " * 10 + "</p>", head)
    item = read_file("a.html", content.encode("cp1252")).item
    assert item.title == "Café Müller"
    assert "Die Gäste kamen gern ins Café." in item.text


def test_a_page_that_says_nothing_of_its_encoding_is_read_as_browsers_do(read_file: Read) -> None:
    reading = read_file("a.html", page("<p>Die Gäste kamen – gern.</p>").encode("cp1252"))
    assert reading.item.text == "Die Gäste kamen – gern."
    assert reading.notes == [("a.html", "not UTF-8: read as Windows-1252")]


@pytest.mark.parametrize(
    "content", [page("<script>render()</script>"), page(""), "<html></html>", "<p> </p>"]
)
def test_a_page_without_text_is_an_error(read_file: Read, content: str) -> None:
    with pytest.raises(ReaderError, match=r"a\.html: .*(no text|no HTML)"):
        read_file("a.html", content)


# ---------------------------------------------------------------------- pdf


def test_a_pdf_is_one_item_with_its_lines_joined(read_file: Read, make_pdf: MakePdf) -> None:
    content = make_pdf(
        [
            "The Mill",
            "The old mill of Leeds was sold to Ada",
            "Lovelace, who had won a remark-",
            "able sum of",
        ],
        ["money. She keeps it."],
        title="A History",
    )
    item = read_file("a.pdf", content).item
    assert (item.source, item.title) == ("a.pdf", "A History")
    assert item.text == (
        "The Mill\nThe old mill of Leeds was sold to Ada Lovelace, who had won a remarkable sum "
        "of money. She keeps it."
    )


@pytest.mark.parametrize(
    ("stated", "at"),
    [
        ("D:20210503100000+01'00'", datetime(2021, 5, 3, 9, tzinfo=UTC)),
        ("D:20210503", datetime(2021, 5, 3, tzinfo=UTC)),
        ("last Tuesday", None),
        (None, None),
    ],
)
def test_a_pdf_was_written_when_it_says_so_and_not_when_its_file_was(
    read_file: Read, make_pdf: MakePdf, stated: str | None, at: datetime | None
) -> None:
    writer = PdfWriter(io.BytesIO(make_pdf(["The mill was sold to Ada."])))
    writer.metadata = {} if stated is None else {"/CreationDate": stated}
    out = io.BytesIO()
    writer.write(out)
    assert read_file("a.pdf", out.getvalue()).item.occurred_at == at


@pytest.mark.parametrize("title", ["untitled", "Microsoft Word - draft", "report.docx", "-"])
def test_a_title_that_a_program_made_up_is_none(
    read_file: Read, make_pdf: MakePdf, title: str
) -> None:
    assert read_file("a.pdf", make_pdf(["Text."], title=title)).item.title == ""


def test_a_scan_is_an_error_and_never_an_empty_success(read_file: Read, make_pdf: MakePdf) -> None:
    with pytest.raises(ReaderError, match=r"a\.pdf: it has no text layer\. .*text recognition"):
        read_file("a.pdf", make_pdf(None, None))


def test_scanned_pages_among_others_are_noted(read_file: Read, make_pdf: MakePdf) -> None:
    reading = read_file("a.pdf", make_pdf(["Text."], None))
    assert reading.item.text == "Text."
    assert reading.notes == [("a.pdf", "1 of 2 pages have no text layer")]


def test_an_encrypted_pdf_is_refused_and_an_open_one_read(
    read_file: Read, make_pdf: MakePdf
) -> None:
    def encrypted(*passwords: str) -> bytes:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf(["Secret text."]))))
        writer.encrypt(*passwords, algorithm="RC4-128")
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    with pytest.raises(ReaderError, match=r"a\.pdf: it is encrypted\. Save it without a password"):
        read_file("a.pdf", encrypted("hidden", "owner"))
    assert read_file("b.pdf", encrypted("", "owner")).item.text == "Secret text."


def test_a_pdf_that_needs_aes_is_refused_with_the_remedy(
    read_file: Read, make_pdf: MakePdf
) -> None:
    aes = (
        b"/Encrypt<</Filter/Standard/V 5/R 6/Length 256/P -4/EncryptMetadata true"
        b"/CF<</StdCF<</CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>/StmF/StdCF/StrF/StdCF"
        b"/O<"
        + b"00" * 48
        + b">/U<"
        + b"00" * 48
        + b">/OE<"
        + b"00" * 32
        + b">/UE<"
        + b"00" * 32
        + b">/Perms<"
        + b"00" * 16
        + b">>>/ID[<00><00>]/Root"
    )
    with pytest.raises(ReaderError, match=r"a\.pdf: it is encrypted"):
        read_file("a.pdf", make_pdf(["Text."]).replace(b"/Root", aes))


@pytest.mark.parametrize(
    "content",
    [b"garbage " * 100, b"%PDF-1.7\n" + b"x" * 500, b"%PDF-1.7\ntrailer<</Root 1 0 R>>\n%%EOF"],
)
def test_an_unreadable_pdf_is_refused(read_file: Read, content: bytes) -> None:
    with pytest.raises(ReaderError, match=r"a\.pdf: not a readable PDF"):
        read_file("a.pdf", content)


def test_a_pdf_cut_off_in_the_middle_is_never_an_empty_success(
    read_file: Read, make_pdf: MakePdf
) -> None:
    whole = make_pdf(*[[f"Page {n} of the story."] for n in range(20)])
    for share in (0.2, 0.5, 0.9):
        with suppress(ReaderError):
            reading = read_file("a.pdf", whole[: int(len(whole) * share)])
            assert reading.items or reading.failed


def test_a_broken_page_is_lost_by_name_and_the_rest_is_kept(
    read_file: Read, make_pdf: MakePdf
) -> None:
    content = make_pdf(["First page."], ["Second page."], ["Third page."])
    # The second page's stream claims a filter whose data it does not have.
    marker = content.index(b"(Second page.)")
    start = content.rindex(b"<</Length", 0, marker)
    broken = content[:start] + content[start:].replace(b"<</Length", b"<</Filter[/No]/L", 1)
    reading = read_file("a.pdf", broken)
    assert reading.item.text == "First page.\n\nThird page."
    [failed] = reading.failed
    assert failed.item == "a.pdf#page=2"
    assert "page not readable" in failed.error


def test_a_pdf_with_too_many_pages_is_refused(read_file: Read, make_pdf: MakePdf) -> None:
    with pytest.raises(ReaderError, match=r"3 pages, over the limit of 2\. Raise --max-pages"):
        read_file("a.pdf", make_pdf(["a"], ["b"], ["c"]), limits=Limits(pages=2))


def test_a_long_pdf_comes_in_parts(read_file: Read, make_pdf: MakePdf) -> None:
    lines = [f"Line {n} of the story of the mill tells of the miller." for n in range(1_000)]
    items = read_file("a.pdf", make_pdf(*[lines] * 12)).items
    assert [item.source for item in items] == ["a.pdf", "a.pdf#part=2"]
    assert sum(len(item.text) for item in items) > 12 * 50_000
    assert all(len(item.text) <= ITEM_CHARS for item in items)


# ---------------------------------------------------------------------- docx


def test_a_word_document_gives_paragraphs_and_tables_in_order(read_file: Read) -> None:
    document = Document()
    document.core_properties.title = "The Mill"
    document.add_heading("History", level=1)
    document.add_paragraph("The mill was built in 1890.")
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(
        table.rows, [("Year", "Owner"), ("1890", "Bo"), ("1901", "Ann")], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_paragraph("It closed in 2001.")
    item = read_file("a.docx", word(document)).item
    assert item.title == "The Mill"
    assert item.text.strip() == (
        "History\n\nThe mill was built in 1890.\n\nYear: 1890; Owner: Bo.\nYear: 1901; Owner: Ann."
        "\n\nIt closed in 2001."
    )


def test_the_first_heading_titles_a_document_without_properties(read_file: Read) -> None:
    document = Document()
    document.add_paragraph("Before.")
    document.add_heading("The Mill", level=1)
    assert read_file("a.docx", word(document)).item.title == "The Mill"


def test_a_word_document_was_written_when_it_says_so(read_file: Read) -> None:
    document = Document()
    document.add_paragraph("The mill was sold to Ada.")
    assert read_file("a.docx", word(document)).item.occurred_at is None  # its template's day
    document.core_properties.created = datetime(2021, 5, 3, 9, tzinfo=UTC)
    document.core_properties.modified = datetime(2023, 1, 1, tzinfo=UTC)
    assert read_file("b.docx", word(document)).item.occurred_at == datetime(
        2021, 5, 3, 9, tzinfo=UTC
    )


def test_merged_cells_count_once(read_file: Read) -> None:
    document = Document()
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Owners"
    table.cell(1, 0).text, table.cell(1, 1).text = "Bo", "Ann"
    assert read_file("a.docx", word(document)).item.text.strip() == "Owners\nBo | Ann"


def test_tracked_changes_read_as_accepted(read_file: Read) -> None:
    document = Document()
    paragraph = document.add_paragraph("The mill was ")
    for xml in (
        f"<w:del {W}><w:r><w:delText>sold</w:delText></w:r></w:del>",
        f"<w:ins {W}><w:r><w:t>given</w:t></w:r></w:ins>",
        f"<w:moveFrom {W}><w:r><w:t> away</w:t></w:r></w:moveFrom>",
        f"<w:r {W}><w:tab/><w:t>to Ann</w:t></w:r>",
    ):
        paragraph._element.append(parse_xml(xml))
    assert read_file("a.docx", word(document)).item.text.strip() == "The mill was given\tto Ann"


def test_a_word_document_without_text_is_an_error(read_file: Read) -> None:
    with pytest.raises(ReaderError, match=r"a\.docx has no text"):
        read_file("a.docx", word(Document()))


def test_what_is_no_word_document_is_refused(read_file: Read) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "no document in here")
    for content, error in (
        (b"no zip at all", "not a Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100, "old Word document, or encrypted"),
        (archive.getvalue(), "not a readable Word document"),
        (word(Document())[:5000], "not a Word document"),
    ):
        with pytest.raises(ReaderError, match=error):
            read_file("a.docx", content)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(read_file: Read) -> None:
    out = io.BytesIO(word(Document()))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/bomb.bin", bytes(30_000_000))
    with pytest.raises(ReaderError, match=r"unpacks to \d+ times its size"):
        read_file("a.docx", out.getvalue())
    with pytest.raises(ReaderError, match=r"unpacks to 31 MB, over 10 MB. Raise --max-file-mb"):
        read_file("a.docx", out.getvalue(), limits=Limits(file_mb=1))


def test_the_format_can_be_given_instead_of_told_by_the_name(
    read_file: Read, make_pdf: MakePdf
) -> None:
    assert read_file("a.bin", make_pdf(["Text."]), format=Format.PDF).item.text == "Text."
