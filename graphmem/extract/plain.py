"""A text as a parser likes it: without asides, editors' marks and blanks of tokenised sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LEFT_OUT = re.compile(
    r"\s?\([^()]{0,200}\)(?=[\s,.;:]|$)"
    r"|\s?\[(?:[\d ,–-]{1,9}|(?i:note|nb|n) \d+|(?i:edit|sic|update|vague|dubious|disputed"
    r"|who|when|where|which|why|(?:by|according to) whom|(?:[\w ]{1,30} )?needed)\??)\]"
    r"|(?<=[^\W\d_]-) (?=[^\W\d_])|(?<=\w) (?=['’]s\b)"
)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text with parts left out. `kept` are the spans of the original that it is made of."""

    text: str
    kept: tuple[tuple[int, int], ...]

    def original(self, offsets: Sequence[int]) -> list[int]:
        """Where characters of `text`, in rising order, stand in the original."""
        found: list[int] = []
        spans = iter(self.kept)
        start, end = next(spans, (0, 0))
        before = 0
        for offset in offsets:
            while offset - before >= end - start:
                before += end - start
                following = next(spans, None)
                if following is None:
                    break
                start, end = following
            found.append(start + offset - before)
        return found


def plain(text: str) -> Plain:
    """Leave out parentheses, marks such as "[citation needed]", and blanks that do not belong."""
    kept: list[tuple[int, int]] = []
    position = 0
    for match in _LEFT_OUT.finditer(text):
        if match.start() > position:
            kept.append((position, match.start()))
        position = match.end()
    if position < len(text):
        kept.append((position, len(text)))
    return Plain("".join(text[start:end] for start, end in kept), tuple(kept))
