"""Sentences of a passage and the words that they are compared by; both are kept for speed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from graphmem.extract.fields import stem
from graphmem.extract.lexicon import STOP
from graphmem.kernels.text import words

_END: Final = re.compile(
    r"[.!?…](?<!\b[A-Z]\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)(?<!\bvs\.)"
    r"[\"'”’»)\]]*(?=\s)|[。！？]|[\n\r]|\Z"
)
_KEPT: Final = 1 << 14


@lru_cache(maxsize=_KEPT)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of each sentence or line in characters, without the space around it."""
    found, start = [], 0
    for match in _END.finditer(text):
        raw = text[start : match.end()]
        inner = raw.strip()
        if inner:
            begin = start + raw.index(inner)
            found.append((begin, begin + len(inner)))
        start = match.end()
    return tuple(found)


@lru_cache(maxsize=_KEPT * 4)
def content(text: str) -> frozenset[str]:
    """Stems of the words that are not function words."""
    return frozenset(stem(word) for word in words(text) if word not in STOP)
