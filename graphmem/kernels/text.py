"""Words and names: one tokenisation and one normal form for all that compares text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_APOSTROPHES: Final = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "´": "'"})
_SURROGATE = re.compile("[\ud800-\udfff]")


class Token(NamedTuple):
    """A word: folded form, offsets in characters, whether it starts upper-case or with a digit."""

    text: str
    start: int
    end: int
    is_capital: bool


def tokenise(text: str) -> list[Token]:
    """Words of `text`: letters and digits with inner apostrophes, folded by :func:`fold`.

    A possessive ``'s`` is dropped from the form and from `end`. Offsets count characters of `text`
    as given, so ``text[t.start:t.end]`` is the word as written.
    """
    tokens = []
    for match in _WORD.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        if len(word) > 2 and word[-2] in "'’" and word[-1] in "sS":
            word, end = word[:-2], end - 2
        tokens.append(Token(fold(word), start, end, word[0].isupper() or word[0].isdigit()))
    return tokens


@lru_cache(maxsize=1 << 17)
def fold(word: str) -> str:
    """Lower case, without diacritics, with straight apostrophes."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.translate(_APOSTROPHES))
    kept = "".join(c for c in decomposed if c.isalnum() or c == "'")
    return kept.lower() or word.lower()


def words(text: str) -> list[str]:
    """The folded forms of :func:`tokenise`."""
    return [token.text for token in tokenise(text)]


def normalise_name(name: str) -> str:
    """The key under which a name is the same name: folded words joined by one space.

    A name without a letter or digit ("?!") is its own key, stripped and in lower case.
    """
    return " ".join(words(name)) or name.strip().lower()


def well_formed(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD, so that it encodes; same length."""
    return _SURROGATE.sub("\ufffd", text)
