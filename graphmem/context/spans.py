"""Sentences of a passage and the words that they are compared by; both are kept for speed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from graphmem.extract.fields import stem
from graphmem.extract.lexicon import STOP
from graphmem.kernels.text import words

_END: Final = re.compile(
    # Behind a name these end a sentence only where the next word does not go on with it.
    r"[.!?…](?!(?:(?<=\b[JS]r\.)|(?<=\b(?:Inc|Ltd)\.)|(?<=\bCo\.))\s[a-z])"
    r"(?<!\b[A-Z]\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)(?<!\bvs\.)"
    r"[\"'”’»)\]]*(?=\s)|[。！？]|[\n\r]|\Z"
)
_KEPT: Final = 1 << 14
_FULL_LINE: Final = 50
"""Characters from which on a line is taken to have been wrapped where a word follows."""


@lru_cache(maxsize=_KEPT)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of each sentence or line in characters, without the space around it.

    A line that was wrapped for want of room goes on in the next.
    """
    found, start = [], 0
    for match in _END.finditer(text):
        if match[0] in ("\n", "\r") and _is_wrapped(text, match.start()):
            continue
        raw = text[start : match.end()]
        inner = raw.strip()
        if inner:
            begin = start + raw.index(inner)
            found.append((begin, begin + len(inner)))
        start = match.end()
    return tuple(found)


def unwrapped(text: str) -> str:
    """The text with a space where a line was wrapped for want of room; other lines stay."""
    return "".join(
        " " if char == "\n" and _is_wrapped(text, at) else char for at, char in enumerate(text)
    )


def _is_wrapped(text: str, at: int) -> bool:
    """Whether the line that ends there is full, and the next one begins as a sentence goes on."""
    line = at - 1 - max(text.rfind("\n", 0, at), text.rfind("\r", 0, at))
    return line >= _FULL_LINE and text[at + 1 : at + 2].isalnum()


@lru_cache(maxsize=_KEPT * 4)
def content(text: str) -> frozenset[str]:
    """Stems of the words that are not function words."""
    return frozenset(stem(word) for word in words(text) if word not in STOP)
