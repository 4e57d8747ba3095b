"""Names in a question: as they are spelt, misspelt, and places that it has the adjectives of.

A misspelt name counts nearly as one that is not. A place counts half by its adjective, and only for
where a search begins: the question asks for what is Norwegian, and not for Norway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from graphmem.index.lexical import FUNCTION_WORDS
from graphmem.index.matching import Match
from graphmem.index.occurrences import CAPITAL_SHARE
from graphmem.index.passage_index import PassageIndex
from graphmem.index.peoples import place_of
from graphmem.kernels.text import Token

_OF_ADJECTIVE = 0.5
"""How sure it is that a question with a place's adjective is about the place."""
_TELLING = 4
"""Letters of a word that can be told to be a misspelt name by itself."""
_CONTEXT = 8
"""Words before and after a misspelt one that can be of the same name."""


@dataclass(frozen=True, slots=True)
class Span:
    """A name in the question: its row, its words, how rare they are together, and the characters
    that they stand on.

    `sure` is how surely it is meant, in [0, 1]. `instead` is what the question has in the place of
    the name, where those are other words.
    """

    name: int
    start: int
    end: int
    idf: float
    place: tuple[int, int]
    sure: float = 1.0
    instead: str = ""


def names_in(index: PassageIndex, text: str, tokens: list[Token]) -> list[Span]:
    """The names in a question, in its order, without overlap.

    Where none is found as it is spelt, a word that looks like a name may be misspelt; the name it
    is then of takes the place of shorter ones that stand in it.
    """
    rarity = _rarity(index, tokens)
    # A question typed in lower case names things too; one with capitals marks its names by them.
    is_cased = any(token.is_capital for token in tokens[1:])
    spans = [
        _span(index, tokens, match, rarity)
        for match in index.matcher.find([token.text for token in tokens])
        if _is_named(index, tokens, match, is_cased=is_cased)
    ]
    for position in _unnamed(index, tokens, spans, is_cased=is_cased):
        found = _misspelt(index, text, tokens, position, rarity, is_cased=is_cased)
        if found is not None:
            beside = [
                span for span in spans if not found.start <= span.start < span.end <= found.end
            ]
            if all(span.end <= found.start or found.end <= span.start for span in beside):
                spans = [*beside, found]
    return sorted(spans, key=lambda span: span.start)


def peoples_in(
    index: PassageIndex, text: str, tokens: list[Token], spans: Sequence[Span]
) -> list[Span]:
    """Places by their adjectives, which may be names themselves, of a people, but no parts of one;
    none that is named."""
    parts = {
        at for span in spans if span.end - span.start > 1 for at in range(span.start, span.end)
    }
    named = {span.name for span in spans}
    found: dict[int, Span] = {}
    for at, token in enumerate(tokens):
        if not token.is_capital or at in parts or token.text in FUNCTION_WORDS:
            continue
        row = place_of(token.text, index.names)
        if row is not None:
            span = _span(index, tokens, (row, at, at + 1), _rarity(index, tokens))
            if span.name not in named:
                instead = text[token.start : token.end]
                found.setdefault(span.name, replace(span, sure=_OF_ADJECTIVE, instead=instead))
    return list(found.values())


def _rarity(index: PassageIndex, tokens: Sequence[Token]) -> list[float]:
    """How rare each word is."""
    rarest = float(np.log(len(index) + 1.0))
    idf = index.lexical.lexicon.idf
    rows = index.words.rows([token.text for token in tokens])
    return [float(idf[row]) if row >= 0 else rarest for row in rows]


def _span(
    index: PassageIndex, tokens: Sequence[Token], match: Match, rarity: Sequence[float]
) -> Span:
    found, start, end = match
    place = tokens[start].start, tokens[end - 1].end
    return Span(int(index.meanings[found]), start, end, sum(rarity[start:end]), place)


def _is_named(
    index: PassageIndex, tokens: Sequence[Token], match: Match, *, is_cased: bool
) -> bool:
    """Whether words that are spelt as a name are one here."""
    found, start, end = match
    if not is_cased:
        return end - start > 1 or bool(index.n_homes[int(index.meanings[found])])
    content = [token for token in tokens[start:end] if token.text not in FUNCTION_WORDS]
    n_capital = sum(token.is_capital for token in content)
    return n_capital >= CAPITAL_SHARE * max(len(content), 1)


def _unnamed(
    index: PassageIndex, tokens: Sequence[Token], spans: Sequence[Span], *, is_cased: bool
) -> list[int]:
    """Positions of words outside of names that look like one: by a capital, or in a question
    without them as no passage has them."""
    inside = {at for span in spans for at in range(span.start, span.end)}
    outside = [
        at
        for at, token in enumerate(tokens)
        if at not in inside and token.text not in FUNCTION_WORDS
    ]
    if is_cased:
        return [at for at in outside if tokens[at].is_capital]
    return [at for at in outside if not _is_known(index, tokens[at].text)]


def _is_known(index: PassageIndex, word: str) -> bool:
    return bool(index.words.rows([word])[0] >= 0)


def _misspelt(
    index: PassageIndex,
    text: str,
    tokens: Sequence[Token],
    position: int,
    rarity: Sequence[float],
    *,
    is_cased: bool,
) -> Span | None:
    """The longest name that a word is of if a few of its letters are wrong.

    A short word, or one that passages have as it is written, has to have more of the name beside
    it.
    """
    first = max(position - _CONTEXT, 0)
    words = [token.text for token in tokens[first : position + _CONTEXT + 1]]
    at = position - first
    least = 2 if len(words[at]) < _TELLING or _is_known(index, words[at]) else 1
    ways = []
    for word, wrong in index.spelling.near(words[at]):
        for found, start, end in index.matcher.find([*words[:at], word, *words[at + 1 :]]):
            match = found, first + start, first + end
            n_words = sum(part not in FUNCTION_WORDS for part in words[start:end])
            if (
                start <= at < end
                and n_words >= least
                and _is_named(index, tokens, match, is_cased=is_cased)
            ):
                ways.append((start - end, wrong, match))
    if not ways:
        return None
    _, wrong, match = min(ways)
    span = _span(index, tokens, match, rarity)
    n_letters = sum(len(token.text) for token in tokens[span.start : span.end])
    return replace(span, sure=1.0 - wrong / n_letters, instead=text[slice(*span.place)])
