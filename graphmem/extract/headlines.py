"""Titles that name no subject, and subjects that only a heading names.

A headline is a clause ("Acme opens in Aldmoor"): what it tells of is named by itself in the text.
A text without a title may begin with one, on a line of its own.
"""

from __future__ import annotations

import re
from typing import Final

from graphmem.extract.lexicon import CONNECTORS, STOP

_HEADING: Final = re.compile(r"\s*([^\n]{2,80}[^\n\s.!?:;,])[^\S\n]*\n[^\S\n]*\n")
_MOST_WORDS: Final = 8
_VERB: Final = re.compile(r"[a-z]{2,}(?:[^s\W]s|ed)")
_LED_ON: Final = frozenset("the a an its his her their new to on in at for with as from".split())


def is_headline(title: str, text: str) -> bool:
    """Whether a title is a clause: a name that the text has by itself, its verb, and more."""
    parts = title.split()
    if title in text:
        return False
    for place, word in enumerate(parts[1:-1], start=1):
        after = parts[place + 1]
        subject = " ".join(parts[:place])
        is_name = all(part[0].isupper() or part in CONNECTORS for part in parts[:place])
        is_verb = _VERB.fullmatch(word) is not None and word not in STOP
        if is_name and is_verb and (after[0].isupper() or after in _LED_ON):
            # A plural ("Boston Celtics seasons") would follow its name in the text as well.
            return subject in text and f"{subject} {word}" not in text
    return False


def heading_of(text: str) -> str:
    """The first line of a text, where it is a name that the line after the next begins with."""
    found = _HEADING.match(text)
    if found is None or len(found[1].split()) > _MOST_WORDS:
        return ""
    opening = text[found.end() :].lstrip().removeprefix("The ")
    return found[1] if opening.startswith(found[1]) else ""
