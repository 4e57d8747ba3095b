"""Finding names in sequences of words: leftmost, longest, without overlap.

Two ways to the same matches: an automaton, which takes a while to build and then runs through a
corpus, and a search in the sorted names, which needs no building and suits a question.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import ahocorasick_rs

from graphmem.kernels.arrays import Mask

Match = tuple[int, int, int]
"""A name's row, and the words ``[start, end)`` that it stands on."""


class NameMatcher:
    """Finds names by an Aho-Corasick automaton."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._codes: dict[str, str] = {}
        patterns = ["".join(self._code(word) for word in key.split(" ")) for key in keys]
        self._automaton = ahocorasick_rs.AhoCorasick(
            patterns, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def _code(self, word: str) -> str:
        # One character a word: positions in the encoded text are then positions of words.
        known = self._codes.get(word)
        if known is None:
            number = len(self._codes) + 1
            known = chr(number if number < 0xD800 else number + 0x800)
            self._codes[word] = known
        return known

    def find(self, words: Sequence[str]) -> list[Match]:
        """Matches in `words`."""
        return self.find_encoded("".join(self.encoder(words)))

    def find_encoded(self, encoded: str) -> list[Match]:
        """As :meth:`find`, for text that is encoded by :meth:`encoder`."""
        return list(self._automaton.find_matches_as_indexes(encoded))

    def encoder(self, words: Iterable[str]) -> list[str]:
        """The character of each word of a vocabulary."""
        known = self._codes
        return [known.get(word, "\0") for word in words]


class NameFinder:
    """Finds names by looking them up in `keys`, which rise; only those `among`, if it is given."""

    def __init__(self, keys: Sequence[str], among: Mask | None = None) -> None:
        self._keys = keys
        self._among = among
        self._first: dict[str, int] = {}

    def row(self, key: str) -> int | None:
        """The row of a name."""
        at = bisect_left(self._keys, key)
        return at if at < len(self._keys) and self._keys[at] == key else None

    def find(self, words: Sequence[str]) -> list[Match]:
        """Matches in `words`."""
        found: list[Match] = []
        at = 0
        while at < len(words):
            match = self._longest(words, at)
            if match is None:
                at += 1
            else:
                found.append(match)
                at = match[2]
        return found

    def _longest(self, words: Sequence[str], start: int) -> Match | None:
        longest = None
        prefix, at = words[start], self._start_of(words[start])
        for end in range(start + 1, len(words) + 1):
            key = self._keys[at] if at < len(self._keys) else ""
            if not key.startswith(prefix):
                break
            if key == prefix and (self._among is None or self._among[at]):
                longest = (at, start, end)
            if end < len(words):
                prefix = f"{prefix} {words[end]}"
                at = bisect_left(self._keys, prefix, at)
        return longest

    def _start_of(self, word: str) -> int:
        at = self._first.get(word)
        if at is None:
            at = self._first[word] = bisect_left(self._keys, word)
        return at
