"""Where names stand in passages, so that a name is linked also where no recogniser saw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from graphmem.graph.columns import Strings
from graphmem.index.lexical import LexicalIndex, Lexicon, TokenTable, content_words
from graphmem.index.matching import Match, NameFinder, NameMatcher
from graphmem.kernels.arrays import Ints, Mask, Rows, compress, ragged

CAPITAL_SHARE = 0.6
"""Share of a match's content words that must be capitalised for it to be a name."""
_MANY = 300
"""Passages from which on an automaton finds names sooner than looking each of them up."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Names in passages, sorted by passage and position; `starts` and `ends` count words in it."""

    indptr: Ints
    names: Rows
    starts: Rows
    ends: Rows


@dataclass(frozen=True, slots=True)
class Sought:
    """Names to find, in the order of their `keys`; `has_home` and `is_person` are of shape (n,)."""

    keys: Strings
    has_home: Mask
    is_person: Mask


def find_occurrences(names: Sought, lexicon: Lexicon, tokens: TokenTable) -> Occurrences:
    """Every name in every passage; where a name without a home holds names with one, those too,
    but for single words of a person's: "Cee Lo Green" is not about green."""
    passages = np.arange(len(tokens.indptr) - 1)
    found = _found(names, lexicon, tokens, passages)
    order = np.arange(len(found))
    return _ordered(*found.T, order=order, n_passages=len(passages))


def extend_occurrences(
    before: Occurrences,
    moved: Ints,
    unsettled: Rows,
    names: Sought,
    lexical: LexicalIndex,
) -> Occurrences:
    """As :func:`find_occurrences` of all, from those of before.

    `moved` are the rows that the names of before have now; `unsettled` those of names that may
    stand in passages of before where they did not: only there these are searched anew.
    """
    n_before, n = len(before.indptr) - 1, len(lexical.tokens.indptr) - 1
    stale = np.zeros(n, np.bool_)
    stale[n_before:] = True
    for name in unsettled:
        stale[_standing(names.keys[int(name)].split(" "), lexical)] = True
    found = _found(names, lexical.lexicon, lexical.tokens, np.flatnonzero(stale))
    owners = np.repeat(np.arange(n_before), np.diff(before.indptr))
    stays = ~stale[owners]
    passages = np.concatenate((owners[stays], found[:, 0]))
    order = np.argsort(passages, kind="stable")
    return _ordered(
        passages,
        np.concatenate((moved[before.names[stays]], found[:, 1])),
        np.concatenate((before.starts[stays], found[:, 2])),
        np.concatenate((before.ends[stays], found[:, 3])),
        order=order,
        n_passages=n,
    )


def _ordered(
    passages: Ints, names: Ints, starts: Ints, ends: Ints, *, order: Ints, n_passages: int
) -> Occurrences:
    return Occurrences(
        indptr=compress(passages, n_passages),
        names=names[order].astype(np.int32),
        starts=starts[order].astype(np.int32),
        ends=ends[order].astype(np.int32),
    )


def _standing(words: list[str], lexical: LexicalIndex) -> Rows:
    """Passages in whose text the words follow each other."""
    lexicon, tokens, postings = lexical.lexicon, lexical.tokens, lexical.postings
    known = lexicon.words.row_of
    if any(word not in known for word in words):
        return np.empty(0, np.int32)
    rows = np.array([known[word] for word in words], np.int64)
    rarest = int(np.argmin(lexicon.frequency[rows]))
    stem = lexicon.stems[rows[rarest]]
    holders = postings.documents[postings.indptr[stem] : postings.indptr[stem + 1]]
    places, owner = ragged(tokens.indptr, holders)
    here = tokens.words[places] == rows[rarest]
    starts, passages = places[here] - rarest, holders[owner[here]]
    inside = (starts >= tokens.indptr[passages]) & (
        starts + len(rows) <= tokens.indptr[passages + 1]
    )
    starts, passages = starts[inside], passages[inside]
    for at, row in enumerate(rows):
        same = tokens.words[starts + at] == row
        starts, passages = starts[same], passages[same]
    return np.asarray(passages, np.int32)


def _found(sought: Sought, lexicon: Lexicon, tokens: TokenTable, passages: Ints) -> Ints:
    """Rows of (passage, name, start, end) for these passages, in that order, shape (n, 4).

    Where two start together, the longer one comes first.
    """
    matches, inner = _ways(sought, lexicon, tokens, many=len(passages) > _MANY)
    content = content_words(lexicon)
    found: list[tuple[int, int, int, int]] = []
    for passage in passages.tolist():
        here = slice(tokens.indptr[passage], tokens.indptr[passage + 1])
        is_content = content[tokens.words[here]]
        content_sums = _sums(is_content)
        capital_sums = _sums(tokens.capitals[here] & is_content)
        for name, start, end in matches(here):
            n_content = content_sums[end] - content_sums[start]
            if capital_sums[end] - capital_sums[start] < CAPITAL_SHARE * max(n_content, 1):
                continue
            found.append((passage, name, start, end))
            if not sought.has_home[name]:
                least = 2 if sought.is_person[name] else 1
                found.extend(
                    (passage, row, start + a, start + b)
                    for row, a, b in inner(name)
                    if b - a >= least
                )
    table = np.array(found, np.int64).reshape(-1, 4)
    return np.asarray(table[np.lexsort((-table[:, 3], table[:, 2], table[:, 0]))])


def _sums(mask: Mask) -> list[int]:
    return [0, *np.cumsum(mask).tolist()]


def _ways(
    sought: Sought, lexicon: Lexicon, tokens: TokenTable, *, many: bool
) -> tuple[Callable[[slice], Iterable[Match]], Callable[[int], list[Match]]]:
    """What finds names in a passage's words, and those with a home inside a name without one."""
    keys, has_home = sought.keys, sought.has_home
    if many:
        return _by_automaton(keys, lexicon, tokens), _homed_by_automaton(keys, has_home)
    finder, homed = NameFinder(keys), NameFinder(keys, has_home)
    known: dict[int, str] = {}

    def matches(here: slice) -> Iterator[Match]:
        rows = tokens.words[here].tolist()
        known.update((row, lexicon.words[row]) for row in rows if row not in known)
        return iter(finder.find([known[row] for row in rows]))

    return matches, lambda name: homed.find(keys[name].split(" "))


def _by_automaton(
    keys: Strings, lexicon: Lexicon, tokens: TokenTable
) -> Callable[[slice], Iterable[Match]]:
    matcher = NameMatcher(keys)
    codes = np.array([ord(code) for code in matcher.encoder(lexicon.words)], np.uint32)

    def matches(here: slice) -> Iterable[Match]:
        encoded = codes[tokens.words[here]].tobytes().decode("utf-32-le", "surrogatepass")
        return matcher.find_encoded(encoded)

    return matches


def _homed_by_automaton(keys: Strings, has_home: Mask) -> Callable[[int], list[Match]]:
    homed = np.flatnonzero(has_home)
    texts = list(keys)
    matcher = NameMatcher(texts[row] for row in homed)
    known: dict[int, list[Match]] = {}

    def inner(name: int) -> list[Match]:
        if name not in known:
            found = matcher.find(texts[name].split(" "))
            known[name] = [(int(homed[row]), a, b) for row, a, b in found]
        return known[name]

    return inner
