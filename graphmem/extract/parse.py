"""A dependency parse as plain columns: what the rules read, whichever parser made it.

Labels are those of spaCy's English models (ClearNLP dependencies, Penn tags, universal parts of
speech, OntoNotes entity types).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Parse:
    """A parsed text, one entry a token in every column.

    `heads` are token positions, a root's its own; `starts` and `ends` characters of `text`.
    `sentences` are token ranges; `entities` token ranges with their type. `children`, and `left`
    and `right` (the subtree's first token, and its last), are worked out from the heads.
    """

    text: str
    words: Sequence[str]
    lemmas: Sequence[str]
    pos: Sequence[str]
    tags: Sequence[str]
    deps: Sequence[str]
    heads: Sequence[int]
    starts: Sequence[int]
    ends: Sequence[int]
    sentences: Sequence[tuple[int, int]]
    entities: Sequence[tuple[int, int, str]] = ()
    children: Sequence[Sequence[int]] = field(init=False)
    left: Sequence[int] = field(init=False)
    right: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.words)
        children: list[list[int]] = [[] for _ in range(size)]
        left, right = list(range(size)), list(range(size))
        for token in range(size):
            if self.heads[token] != token:
                children[self.heads[token]].append(token)
            above = token
            while above != self.heads[above]:
                above = self.heads[above]
                left[above] = min(left[above], token)
                right[above] = max(right[above], token)
        object.__setattr__(self, "children", children)
        object.__setattr__(self, "left", left)
        object.__setattr__(self, "right", right)

    def __len__(self) -> int:
        return len(self.words)

    def child(self, token: int, *deps: str) -> int | None:
        """The first child in one of the relations."""
        for kid in self.children[token]:
            if self.deps[kid] in deps:
                return kid
        return None

    def slice(self, first: int, last: int) -> str:
        """The text from token `first` up to, not including, token `last`."""
        return self.text[self.starts[first] : self.ends[last - 1]]

    def tokens_in(self, start: int, end: int) -> tuple[int, int]:
        """The range of tokens that overlap characters ``[start, end)``."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)
