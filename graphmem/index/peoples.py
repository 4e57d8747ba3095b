"""Adjectives of places: "Norwegian" is of Norway, "Parisian" of Paris.

Those of countries come from a table (countryinfo), others from how they are made: the place's word
with an ending in the place of its last letters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Final

from graphmem.index.names import NameTable
from graphmem.kernels.text import normalise_name
from graphmem.model.knowledge import EntityType

_ENDINGS: Final = ("ian", "ean", "ese", "ish", "ine", "an", "ic", "er", "n", "i")
_SHORTEST, _MOST_LEFT = 4, 3
"""Letters that the two must share at least, and that the place may have besides."""
_NEIGHBOURS = 50


def place_of(word: str, names: NameTable) -> int | None:
    """The row of the place that a folded word is the adjective of, if that has a name."""
    place = names.types.values.row_of.get(EntityType.PLACE.value)
    for key in _countries().get(word, ()):
        row = bisect_left(names.keys, key)
        if row < len(names.keys) and names.keys[row] == key and names.types.codes[row] == place:
            return row
    return _place_like(word, names, place)


def _place_like(word: str, names: NameTable, place: int | None) -> int | None:
    """The place of one word that the adjective is made from, with least letters besides."""
    best: tuple[int, int] | None = None
    for ending in _ENDINGS:
        base = word.removesuffix(ending)
        if base == word or len(base) < _SHORTEST:
            continue
        first = bisect_left(names.keys, base)
        for row in islice(range(first, len(names.keys)), _NEIGHBOURS):
            key = names.keys[row]
            if not key.startswith(base):
                break
            left = len(key) - len(base)
            if " " not in key and left <= _MOST_LEFT and names.types.codes[row] == place:
                best = min(best or (left, row), (left, row))
    return None if best is None else best[1]


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    """Names of countries by adjective, all folded; of several countries the one of most people
    comes first."""
    from countryinfo import all_countries  # reads a file a country

    held: defaultdict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for country in all_countries():
        known = country.info()
        names = [known["name"], *(known.get("altSpellings") or ())]
        keys = [normalise_name(name) for name in names]
        for adjective in (known.get("demonym") or "").replace("/", ",").split(","):
            if adjective.strip() and len(words := normalise_name(adjective).split(" ")) == 1:
                held[words[0]].append((-int(known.get("population") or 0), keys))
    return {
        adjective: tuple(dict.fromkeys(key for _, keys in sorted(countries) for key in keys))
        for adjective, countries in held.items()
    }
