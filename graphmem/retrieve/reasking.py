"""Asking on: a question with a name that was found out in the place of what it stands for.

"Who is the spouse of the director of Jump for Glory?" asks of Raoul Walsh who his spouse is, so
that is what is asked again: "Who is the spouse of Raoul Walsh?". A passage that answers it is like
that, and like the question with the name only put behind it are many others too.
"""

from __future__ import annotations

import re
from typing import Final

from graphmem.index.lexical import FUNCTION_WORDS

_OF: Final = "of|by|for|from|in|at|on|with|to"
_CONTENT: Final = rf"(?!(?:{'|'.join(sorted(FUNCTION_WORDS))})\b)[\w'’-]+"
_HEAD: Final = re.compile(
    rf"\b(?:the|an?)\s+(?:{_CONTENT}\s+){{1,4}}(?:{_OF})\s+(?:the\s+)?(?:{_CONTENT}\s+){{0,2}}$",
    re.IGNORECASE,
)
"""What comes before a name in "the director of the film NAME"."""
_STOP: Final = rf"(?=\s+(?!of\b)(?:{'|'.join(sorted(FUNCTION_WORDS))})\b|\s*[?,.;]|\s*$)"
_OWNED: Final = re.compile(
    rf"^['’]s?\s+(?:(?:{_CONTENT}\s+){{0,2}}?{_CONTENT}{_STOP}"
    rf"|{_CONTENT}(?:\s+of\s+{_CONTENT})?)"
)
"""What comes after it in "NAME's main director"."""
_ARTICLE: Final = re.compile(r"\b(?:the|an?)\s+$", re.IGNORECASE)
_NOUN: Final = re.compile(rf"^\s+(?=[a-z]){_CONTENT}")
"""What comes after it in "the NAME singer"."""
_OPENING, _CLOSING = "\"“'‘", '"”'


def asked_on(text: str, start: int, end: int, label: str) -> str:
    """The question with `label` in the place of the name at ``text[start:end]`` and of the words
    that say what it is to that name, where it says so.

    Of what is nested only the innermost is replaced: what the name itself leads to.
    """
    before, after = text[:start].rstrip(_OPENING), text[end:].lstrip(_CLOSING)
    head, owned = _HEAD.search(before), _OWNED.match(after)
    article, noun = _ARTICLE.search(before), _NOUN.match(after)
    if owned:
        before, after = before[: article.start()] if article else before, after[owned.end() :]
    elif head:
        before = before[: head.start()]
    elif article and noun:
        before, after = before[: article.start()], after[noun.end() :]
    return " ".join(f"{before} {label} {after}".replace("?", " ").split()) + "?"
