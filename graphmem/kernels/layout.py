"""Layout: which line breaks end something, and which only wrap a line."""

from __future__ import annotations

import re

_MARKER = re.compile(r"[ \t]*(?:#{1,6}|[-*+•>]|\d{1,3}[.)])(?=[ \t])")
_RULE = re.compile(r"[ \t]*(?:={3,}|-{3,}|\*{3,}|_{3,})[ \t]*")
_ENDS = tuple(".!?:;\"”'’)")
_SHORT = 0.6
"""A line this much shorter than the longest one was not broken for want of room."""


def unwrap(text: str) -> str:
    """`text` with a space for each break that only wraps a line, so that ``\\n`` ends something.

    Marks of headings, lists, quotes and rules at the start of a line become spaces too. The result
    has the length of `text`: what stands at an offset of one stands there in the other.
    """
    if "\n" not in text and not _MARKER.match(text):
        return text
    lines = text.replace("\r", " ").split("\n")
    longest = max(map(len, lines))
    made: list[str] = []
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else ""
        made.append(_without_marks(line))
        made.append("\n" if _is_end(line, following, longest) else " ")
    return "".join(made[:-1])


def _without_marks(line: str) -> str:
    mark = _RULE.fullmatch(line) or _MARKER.match(line)
    return " " * mark.end() + line[mark.end() :] if mark else line


def _is_end(line: str, following: str, longest: int) -> bool:
    """Whether the break between two lines ends a heading, an item or a paragraph."""
    before, after = line.strip(), following.strip()
    if not before or not after or _MARKER.match(following) or _RULE.fullmatch(following):
        return True
    if before.startswith("#") or _RULE.fullmatch(line):
        return True
    if not (after[0].isupper() or after[0] in "\"“'‘("):
        return False
    return before.endswith(_ENDS) or len(line) < _SHORT * longest
