"""Cutting a long text into spans that tile it: at paragraph, else sentence, else word borders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.errors import InvalidInputError

_PARAGRAPH = re.compile(r"\n[ \t\r\f\v]*\n")
_SENTENCE = re.compile(
    r"[.!?…](?<!\b[A-Z]\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)(?<!\bvs\.)"
    r"[\"'”’»)\]]*(?=\s)|[。！？]"
)
_SOLID = re.compile(r"\S")
_SOLIDS = re.compile(r"\S*")
_HEADING_CHARS = 80
_CLOSING = ".!?:;,…。\"'”’)"
_STACKED_HEADINGS = 2
_SMALLEST_SHARE = 4


def tiles(text: str, *, max_chars: int) -> Iterator[tuple[int, int]]:
    """Spans ``(start, end)`` of at most `max_chars` characters, in order.

    What lies between two spans, before the first and after the last, is whitespace. A heading stays
    with what follows it. Takes time linear in the length of `text`, whatever it holds.

    Raises
    ------
    InvalidInputError
        `max_chars` is less than 1.
    """
    if max_chars < 1:
        raise InvalidInputError(f"Passages of {max_chars} characters hold nothing")
    position, length = 0, len(text)
    while True:
        position = _skip_space(text, position)
        if position == length:
            return
        limit = position + max_chars
        border = length if limit >= length else _border(text, position, limit)
        end = border
        while text[end - 1].isspace():
            end -= 1
        yield position, end
        position = border


def _skip_space(text: str, position: int) -> int:
    solid = _SOLID.search(text, position)
    return solid.start() if solid else len(text)


def _border(text: str, start: int, limit: int) -> int:
    """Where to cut ``text[start:limit]``, after `start`.

    The last border of the best kind that leaves no tiny passage, or else any border at all.
    """
    window = text[start : limit + 1]
    least = (limit - start) // _SMALLEST_SHARE
    for last in (_last_paragraph, _last_line, _last_sentence, _last_space):
        spot = last(window, least)
        if spot > least:
            return _before_heading(text, start, start + spot, least)
    spot = _last_space(window, 0)
    return start + spot if spot > 0 else limit


def _last_paragraph(window: str, least: int) -> int:
    return max((match.start() for match in _PARAGRAPH.finditer(window, least)), default=0)


def _last_line(window: str, least: int) -> int:
    return window.rfind("\n", least)


def _last_sentence(window: str, least: int) -> int:
    ends = (match.end() for match in _SENTENCE.finditer(window, least))
    return max((end for end in ends if end < len(window)), default=0)


def _last_space(window: str, least: int) -> int:
    reverse = _SOLIDS.match(window[:least:-1])
    assert reverse is not None
    return len(window) - 1 - reverse.end()


def _before_heading(text: str, start: int, border: int, least: int) -> int:
    """Move a border in front of the headings, two at most, that it would leave behind."""
    for _ in range(_STACKED_HEADINGS):
        end = border
        while end > start and text[end - 1].isspace():
            end -= 1
        line = text.rfind("\n", start, end) + 1
        if text[end : end + 1] != "\n" or line <= start + least:
            break
        if not _is_heading(text[line:end], stands_alone=text[line - 2 : line] == "\n\n"):
            break
        border = line
    return border


def _is_heading(line: str, *, stands_alone: bool) -> bool:
    """Whether a line reads as a heading: marked as one, or short, alone and no sentence."""
    line = line.strip()
    if line.startswith("#"):
        return len(line) <= _HEADING_CHARS
    return stands_alone and 0 < len(line) <= _HEADING_CHARS and line[-1] not in _CLOSING
