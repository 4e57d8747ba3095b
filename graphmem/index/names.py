"""The dictionary of names: every title, alias and entity name, found wherever it stands.

A name is a sequence of folded words. Its *homes* are the passages about what it names, with a
weight. Names are found by an Aho-Corasick automaton, longest match first, in passages and in
questions alike, so that a name is linked also where no recogniser saw it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ahocorasick_rs
import numpy as np

from graphmem.graph.columns import Strings
from graphmem.graph.snapshot import Category, Entities, Mentions, Snapshot
from graphmem.index.lexical import FUNCTION_WORDS, Lexicon, TokenTable, content_words
from graphmem.kernels.arrays import Floats, Ints, Rows, compress, ragged
from graphmem.kernels.text import words as words_of
from graphmem.model.knowledge import EntityType

MAX_WORDS = 12
CAPITAL_SHARE = 0.6
"""Share of a match's content words that must be capitalised for it to be a name."""
_CALENDAR = frozenset(
    """january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow am pm
    """.split()
)


@dataclass(frozen=True, slots=True)
class NameTable:
    """Names, shape (n,), and their homes by name: ``home_indptr[i]:home_indptr[i + 1]``.

    `keys` are the folded words joined by a space, `labels` the name as first written, `entities`
    the row of an entity that bears it, `types` its type.
    """

    keys: Strings
    labels: Strings
    entities: Rows
    types: Category
    home_indptr: Ints
    home_passages: Rows
    home_weights: Floats


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Names in passages, sorted by passage and position; `starts` and `ends` count words in it."""

    indptr: Ints
    names: Rows
    starts: Rows
    ends: Rows


class NameMatcher:
    """Finds names in sequences of words."""

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

    def find(self, words: Sequence[str]) -> list[tuple[int, int, int]]:
        """Matches as (name, start, end) in words: leftmost, longest, without overlap."""
        known = self._codes
        encoded = "".join([known.get(word, "\0") for word in words])
        return self.find_encoded(encoded)

    def find_encoded(self, encoded: str) -> list[tuple[int, int, int]]:
        """As :meth:`find`, for text that is encoded by :meth:`encoder`."""
        return list(self._automaton.find_matches_as_indexes(encoded))

    def encoder(self, words: Iterable[str]) -> list[str]:
        """The character of each word of a vocabulary."""
        known = self._codes
        return [known.get(word, "\0") for word in words]


def build_names(snapshot: Snapshot) -> NameTable:
    """The dictionary of a namespace, from its entities' names and from what passages are about."""
    rows: dict[str, int] = {}
    labels: list[str] = []
    bearers: list[int] = []

    def row_of(surface: str, entity: int) -> int | None:
        parts = words_of(surface)
        if not _is_name(parts):
            return None
        key = " ".join(parts)
        if key not in rows:
            rows[key] = len(rows)
            labels.append(surface)
            bearers.append(entity)
        return rows[key]

    for entity, surface in _names_of(snapshot.entities):
        row_of(surface, entity)
    homes: dict[tuple[int, int], float] = {}
    for passage, entity, surface, about in _abouts(snapshot.mentions):
        name = row_of(surface, entity)
        if name is not None:
            homes[name, passage] = max(homes.get((name, passage), 0.0), about)
    ordered = sorted(homes)
    types = snapshot.entities.types
    return NameTable(
        keys=Strings.of(rows),
        labels=Strings.of(labels),
        entities=np.array(bearers, np.int32),
        types=Category(types.codes[np.array(bearers, np.int64)], types.values),
        home_indptr=compress(np.array([name for name, _ in ordered], np.int64), len(rows)),
        home_passages=np.array([passage for _, passage in ordered], np.int32),
        home_weights=np.array([homes[pair] for pair in ordered], np.float32),
    )


def _names_of(entities: Entities) -> Iterable[tuple[int, str]]:
    unnamed = {kind.value for kind in EntityType if not kind.is_name}
    is_name = np.array([value not in unnamed for value in entities.types.values], np.bool_)
    aliases = [json.loads(value) if value else [] for value in entities.aliases.values]
    for row, name in enumerate(entities.names):
        if is_name[entities.types.codes[row]]:
            yield row, name
            for alias in aliases[entities.aliases.codes[row]]:
                yield row, alias


def _abouts(mentions: Mentions) -> Iterable[tuple[int, int, str, float]]:
    for position in np.flatnonzero(mentions.about > 0):
        yield (
            int(mentions.passages[position]),
            int(mentions.entities[position]),
            mentions.surfaces.values[int(mentions.surfaces.codes[position])],
            float(mentions.about[position]),
        )


def _is_name(parts: Sequence[str]) -> bool:
    if not 0 < len(parts) <= MAX_WORDS:
        return False
    if all(part in _CALENDAR or part.isdigit() for part in parts):
        return False
    return len(parts) > 1 or (len(parts[0]) > 1 and parts[0] not in FUNCTION_WORDS)


def find_occurrences(
    names: NameTable, matcher: NameMatcher, lexicon: Lexicon, tokens: TokenTable
) -> Occurrences:
    """Every name in every passage; where a name without a home holds names with one, those too."""
    codes = np.array([ord(code) for code in matcher.encoder(lexicon.words)], np.uint32)
    encoded = (
        codes[tokens.words].tobytes().decode("utf-32-le", "surrogatepass") if len(codes) else ""
    )
    content = content_words(lexicon)[tokens.words]
    capital = tokens.capitals & content
    capital_sums = np.concatenate(([0], np.cumsum(capital)))
    content_sums = np.concatenate(([0], np.cumsum(content)))
    inner = _InnerNames(names)
    found: list[tuple[int, int, int, int]] = []
    ends = tokens.indptr
    for passage in range(len(ends) - 1):
        base = int(ends[passage])
        for name, start, end in matcher.find_encoded(encoded[base : int(ends[passage + 1])]):
            n_content = content_sums[base + end] - content_sums[base + start]
            n_capital = capital_sums[base + end] - capital_sums[base + start]
            if n_capital < CAPITAL_SHARE * max(n_content, 1):
                continue
            found.append((passage, name, start, end))
            found.extend((passage, held, start + a, start + b) for held, a, b in inner.of(name))
    table = np.array(sorted(found, key=lambda row: (row[0], row[2], -row[3])), np.int32).reshape(
        -1, 4
    )
    return Occurrences(
        indptr=compress(table[:, 0], len(ends) - 1),
        names=table[:, 1].copy(),
        starts=table[:, 2].copy(),
        ends=table[:, 3].copy(),
    )


class _InnerNames:
    """Names with a home inside names without one."""

    def __init__(self, names: NameTable) -> None:
        self._keys = names.keys
        self._has_home = np.diff(names.home_indptr) > 0
        self._homed = np.flatnonzero(self._has_home)
        keys = list(names.keys)
        self._matcher = NameMatcher(keys[row] for row in self._homed)
        self._known: dict[int, list[tuple[int, int, int]]] = {}

    def of(self, name: int) -> list[tuple[int, int, int]]:
        """(name, start, end) of the homed names inside; none for a name that has a home itself."""
        if self._has_home[name]:
            return []
        if name not in self._known:
            found = self._matcher.find(self._keys[name].split(" "))
            self._known[name] = [(int(self._homed[row]), a, b) for row, a, b in found]
        return self._known[name]


@dataclass(frozen=True, slots=True)
class Incidence:
    """Names by passage and passages by name, one entry per pair.

    `weights` are ``ln(1 + count + 2 * home) * eidf``; `order` lists the entries by name, and
    `name_indptr` cuts that list. `eidf` is ``ln((N + 1) / (df + 0.5))``, shape (n_names,).
    """

    indptr: Ints
    names: Rows
    counts: Rows
    weights: Floats
    passages: Rows
    order: Ints
    name_indptr: Ints
    eidf: Floats


def build_incidence(names: NameTable, occurrences: Occurrences, *, n_passages: int) -> Incidence:
    """Count names in passages; homes are incident too, also where the name is not in the text."""
    n_names = len(names.keys)
    standing = np.repeat(np.arange(n_passages), np.diff(occurrences.indptr))
    home_names = np.repeat(np.arange(n_names), np.diff(names.home_indptr))
    keys = np.concatenate(
        (
            standing * max(n_names, 1) + occurrences.names,
            names.home_passages.astype(np.int64) * max(n_names, 1) + home_names,
        )
    )
    unique, inverse = np.unique(keys, return_inverse=True)
    counts = np.bincount(inverse[: len(standing)], minlength=len(unique))
    home = np.bincount(inverse[len(standing) :], weights=names.home_weights, minlength=len(unique))
    passages, columns = np.divmod(unique, max(n_names, 1))
    frequency = np.bincount(columns, minlength=n_names)
    eidf = np.log((n_passages + 1) / (frequency + 0.5)).astype(np.float32)
    order = np.argsort(columns, kind="stable")
    return Incidence(
        indptr=compress(passages, n_passages),
        names=columns.astype(np.int32),
        counts=counts.astype(np.int32),
        weights=(np.log1p(counts + 2.0 * home) * eidf[columns]).astype(np.float32),
        passages=passages.astype(np.int32),
        order=order,
        name_indptr=compress(columns[order], n_names),
        eidf=eidf,
    )


def passages_of(incidence: Incidence, names: Rows | Ints) -> tuple[Rows, Ints, Ints]:
    """Passages that hold the names, which of `names` each comes from, and the entry's position."""
    positions, owner = ragged(incidence.name_indptr, names)
    entries = incidence.order[positions]
    return incidence.passages[entries], owner, entries
