"""Locating: where phrases that someone else took from a text stand in it.

Words are compared as everywhere, without case, accents and punctuation, so a phrase that was
tidied up is found as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from graphmem.extract.lexicon import CALENDAR, STOP
from graphmem.kernels.text import tokenise, words

NO_MEMBER: Final = "member not in the text"
SAYS_MORE: Final = "sentence says more than the text"
"""Why what someone else says of a text is rejected."""
_ARTICLES = ("a", "an", "the")
_YEAR_DIGITS = 3
"""A number of so many digits must stand in the text; a shorter one may be a word there."""


class Span(NamedTuple):
    """Characters ``[start, end)`` of a text."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Whether the other one lies within."""
        return self.start <= other.start and other.end <= self.end


class Locator:
    """Finds phrases in one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenise(text)
        self._places: dict[str, list[int]] = {}
        for position, token in enumerate(self._tokens):
            self._places.setdefault(token.text, []).append(position)

    def spans(self, phrase: str) -> list[Span]:
        """Where `phrase` stands, in order; an article before it may be missing."""
        wanted = words(phrase)
        if not wanted:
            start = self._text.find(phrase.strip()) if phrase.strip() else -1
            return [Span(start, start + len(phrase.strip()))] if start >= 0 else []
        found = self._runs(wanted)
        if not found and wanted[0] in _ARTICLES and len(wanted) > 1:
            found = self._runs(wanted[1:])
        return found

    def _runs(self, wanted: Sequence[str]) -> list[Span]:
        tokens, found = self._tokens, []
        for first in self._places.get(wanted[0], ()):
            run = tokens[first : first + len(wanted)]
            if [token.text for token in run] == wanted:
                found.append(Span(run[0].start, run[-1].end))
        return found


def nearest(spans: Sequence[Span], to: Span) -> Span | None:
    """The span with the fewest characters between it and `to`, the first of equals."""
    return min(spans, key=lambda s: max(s.start - to.end, to.start - s.end, 0), default=None)


def cover(spans: Sequence[Span]) -> Span:
    """From the beginning of the first to the end of the last."""
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def beyond(sentence: str, told: Set[str]) -> list[str]:
    """Names and numbers of a sentence that are not among the words `told`.

    The first word is not looked at, as any may begin with a capital; of dates, days and months may
    be worked out.
    """
    found = []
    for position, token in enumerate(tokenise(sentence)):
        if token.text in told or token.text in STOP:
            continue
        if token.text.isdigit():
            is_new = len(token.text) >= _YEAR_DIGITS
        else:
            is_new = token.is_capital and position > 0 and token.text not in CALENDAR
        if is_new:
            found.append(token.text)
    return found
