"""Misspelt names: which words of names a word is like, by how many letters have to change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

_FORGIVEN = ((8, 2), (3, 1))
"""Letters of a word from which on so many may be wrong; two neighbours that changed places count
for one. Fewer than Lucene's fuzzy queries forgive: a wrong name costs more than a missed one."""
_MOST = 50


class Spelling:
    """Finds words of names by a word that is spelt otherwise."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._by_length: defaultdict[int, list[str]] = defaultdict(list)
        for word in sorted({word for key in keys for word in key.split(" ") if word.isalpha()}):
            self._by_length[len(word)].append(word)

    def near(self, word: str) -> list[tuple[str, int]]:
        """Other words that are spelt nearly as a folded word, and by how many letters they differ;
        the nearest first."""
        forgiven = next((n for least, n in _FORGIVEN if len(word) >= least), 0)
        if not forgiven or not word.isalpha():
            return []
        lengths = range(len(word) - forgiven, len(word) + forgiven + 1)
        words = [held for length in lengths for held in self._by_length.get(length, ())]
        found = process.extract(
            word, words, scorer=OSA.distance, score_cutoff=forgiven, limit=_MOST
        )
        return [(held, int(wrong)) for held, wrong, _ in found if wrong]
