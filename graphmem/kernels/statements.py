"""Cypher as text: its tokens, and where its statements end.

Text in single or double quotes escapes with a backslash, names in backticks by doubling them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string> '(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" )
    | (?P<quoted> `(?:``|[^`])*` )
    | (?P<word> [^\W\d]\w* )
    | (?P<space> \s+ )
    | (?P<open> /\*.* | ['"`].* )
    | (?P<symbol> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of a statement; `kind` is the name of its group."""

    kind: str
    text: str

    @property
    def name(self) -> str | None:
        """The identifier or keyword in lower case, in backticks or not; ``None`` for the rest."""
        if self.kind == "word":
            return self.text.lower()
        if self.kind == "quoted":
            return self.text[1:-1].replace("``", "`").lower()
        return None


def split_statements(text: str) -> tuple[list[str], str]:
    """Statements that end in a semicolon, and what stands after the last one.

    Comments are left out, blank statements too. The rest holds an unfinished statement, empty when
    there is none.
    """
    statements: list[str] = []
    current: list[str] = []
    for token in tokens_of(text):
        if token.kind == "symbol" and token.text == ";":
            statements.append("".join(current).strip())
            current = []
        else:
            current.append(" " if token.kind == "comment" else token.text)
    return [statement for statement in statements if statement], "".join(current).strip()


def tokens_of(text: str) -> Iterator[Token]:
    """All of a text, in order; joined, they are the text."""
    for match in _TOKEN.finditer(text):
        assert match.lastgroup is not None
        yield Token(match.lastgroup, match.group())
