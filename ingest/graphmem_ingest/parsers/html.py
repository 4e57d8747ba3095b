"""Web pages by trafilatura: the text that a page is about, without what surrounds it."""

from __future__ import annotations

import codecs
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from graphmem_ingest.parsers.frames import Block, Bounds, Frame, Head, Refused, Remark

_DATES: Final = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//meta[@name='date' or @name='DC.date' or @name='pubdate']/@content",
    "//meta[@name='dcterms.created']/@content",
    "//time[@pubdate or @itemprop='datePublished']/@datetime",
)
_LINKED: Final = "//script[@type='application/ld+json']/text()"
_ISO: Final = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD: Final = 4096
_CHARSET: Final = re.compile(
    rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?([\w-]+)", re.IGNORECASE
)
_TAG: Final = re.compile(r"<[a-zA-Z!]")
_HIDDEN: Final = "//script|//style|//noscript|//template|//nav|//head|//svg|//iframe|//select"
_BLOCKS: Final = frozenset(
    "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hr li main ol p pre section table td th tr ul".split()
)


def parse(path: Path, _bounds: Bounds) -> Iterator[Frame]:
    """Title, date as far as the page states one, and text."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    text, remark = decoded(path.read_bytes())
    tree, refused = _tree(text)
    if refused:
        yield refused
        return
    yield Head(_title(tree), _published(tree))
    if remark:
        yield Remark(remark)
    main = trafilatura.extract(tree, include_comments=False, favor_recall=True)
    if main and main.strip():
        yield Block(main.strip())
        return
    # The tree is made anew, as it is not to be relied on after an extraction.
    if whole := all_text(_tree(text)[0]):
        yield Remark("no main text was told from the rest of the page: all of it was read")
        yield Block(whole)
    else:
        yield Refused("the page has no text", "A page that scripts fill is saved from a browser")


def decoded(data: bytes) -> tuple[str, str]:
    """A page's text and what is to be remarked of its encoding.

    Its byte order mark comes first, then what it says of itself, then UTF-8; what is none of that
    is taken for Windows-1252, as browsers do.
    """
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    stated = _CHARSET.search(data[:_HEAD])
    for name in filter(None, (marked, stated and stated[1].decode(), "utf-8")):
        try:
            return data.decode(name), ""
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("cp1252", "replace"), "not UTF-8: read as Windows-1252"


def _tree(text: str) -> tuple[Any, Refused | None]:
    from lxml.etree import LxmlError
    from lxml.html import HTMLParser, document_fromstring

    if not _TAG.search(text) or "\x00" in text:
        return None, Refused(
            "no web page: there is no HTML in it", "Give --as txt to read it as text"
        )
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = document_fromstring(text.encode(errors="replace"), parser=parser)
    except LxmlError as error:
        return None, Refused(f"not a readable web page ({error})", "Repair or re-save it")
    # The parser mends what it can and drops the rest without a word: that would be lost unseen.
    for entry in parser.error_log:
        if entry.type_name in ("ERR_RESOURCE_LIMIT", "ERR_NO_MEMORY"):
            return None, Refused(f"not a readable web page ({entry.message})", "Simplify the page")
    return tree, None


def all_text(tree: Any) -> str:
    """All that a page shows, a line for each block; `tree` loses what it does not show."""
    for hidden in tree.xpath(_HIDDEN):
        hidden.drop_tree()
    parts: list[str] = []
    for element in tree.iter():
        is_block = isinstance(element.tag, str) and element.tag in _BLOCKS
        parts.append("\n" if is_block else "")
        parts.append(element.text if isinstance(element.tag, str) and element.text else "")
        # The text behind an element's end follows its children: it is put out when they are done.
        parts.extend(_behind(element))
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _behind(element: Any) -> Iterator[str]:
    """Tails of all elements that end with this one, if it has no children of its own."""
    if len(element):
        return
    while element is not None:
        if isinstance(element.tag, str) and element.tag in _BLOCKS:
            yield "\n"
        yield element.tail or ""
        if element.getnext() is not None:
            return
        element = element.getparent()


def _title(tree: Any) -> str:
    """The page's only top heading, else what it calls itself."""
    headings = tree.xpath("//h1[normalize-space()]")
    stated = [headings[0].text_content()] if len(headings) == 1 else []
    stated += tree.xpath("//meta[@property='og:title']/@content") + tree.xpath("//title/text()")
    return next((" ".join(text.split()) for text in stated if text.strip()), "")


def _published(tree: Any) -> str:
    """The date that the page states, and none that would have to be guessed."""
    stated = [str(value) for path in _DATES for value in tree.xpath(path)]
    for script in tree.xpath(_LINKED):
        stated.extend(re.findall(r'"datePublished"\s*:\s*("[^"]+")', script))
    plain = (json.loads(value) if value.startswith('"') else value for value in stated)
    return next((value.strip() for value in plain if _ISO.fullmatch(value.strip())), "")
