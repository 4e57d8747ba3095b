"""All that retrieval reads of a namespace, in arrays; rebuildable, kept beside the store."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from graphmem.graph.columns import load_table, save_table
from graphmem.graph.growth import grow
from graphmem.graph.snapshot import OPEN_END, Passages, Snapshot
from graphmem.index.fact_stems import FactStems
from graphmem.index.lexical import (
    LexicalIndex,
    Words,
    build_lexical,
    content_words,
    extend_lexical,
)
from graphmem.index.matching import NameFinder
from graphmem.index.names import (
    Incidence,
    NameTable,
    build_incidence,
    build_names,
    extend_names,
)
from graphmem.index.occurrences import Occurrences, Sought, extend_occurrences, find_occurrences
from graphmem.index.spelling import Spelling
from graphmem.index.synonyms import meanings_of, with_meanings
from graphmem.index.traits import facts_of
from graphmem.index.turns import Turns, turns_of
from graphmem.index.word_space import EmbedWords, WordSpace
from graphmem.index.years import Years
from graphmem.kernels.arrays import Doubles, Floats, Ints, Mask, Rows, compress
from graphmem.kernels.ranking import CsrGraph
from graphmem.kernels.similarity import products
from graphmem.model.retrieval import FactFilter
from graphmem.ports.store import StoreReader

FORMAT = 6
"""Raised whenever the files below mean something else; older ones are then rebuilt."""
_KEPT = 8
"""Views of the walk's graph that are kept, a number for each node each, and choices of facts."""
_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Walk:
    """The walk's graph in CSR, symmetric: passages first, then names, then facts."""

    indptr: Ints
    indices: Rows
    weights: Floats
    strengths: Doubles


@dataclass(frozen=True, slots=True)
class Columns:
    """What is kept on disk.

    `names` and `occurrences` are as written; `meanings` are the names that names stand for, by
    which the others are made.
    """

    snapshot: Snapshot
    lexical: LexicalIndex
    names: NameTable
    occurrences: Occurrences
    meanings: Rows
    incidence: Incidence
    walk: Walk


class PassageIndex:
    """A namespace at one version, with what is derived from its columns when first needed."""

    def __init__(self, columns: Columns, *, version: int) -> None:
        self.version = version
        self.passages = columns.snapshot.passages
        self.facts = columns.snapshot.facts
        self.traits = columns.snapshot.traits
        self.vectors = columns.snapshot.vectors
        self.lexical = columns.lexical
        self.names = with_meanings(columns.names, columns.meanings)
        self.occurrences = _meant(columns.occurrences, columns.meanings)
        self.meanings = columns.meanings
        self.incidence = columns.incidence
        self.columns = columns
        self._word_space: WordSpace | None = None
        self._graphs: dict[Hashable, CsrGraph] = {}
        self._chosen: dict[FactFilter, Mask] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.passages.ids)

    @cached_property
    def words(self) -> Words:
        """Looks words up."""
        return Words(self.lexical.lexicon)

    @cached_property
    def matcher(self) -> NameFinder:
        """Finds names in a question."""
        return NameFinder(self.names.keys)

    @cached_property
    def spelling(self) -> Spelling:
        """Finds names that a question misspells."""
        return Spelling(self.names.keys)

    @cached_property
    def years(self) -> Years:
        """Years that passages write."""
        return Years.of(self.lexical)

    def graph_among(self, key: Hashable, present: Callable[[], Mask]) -> CsrGraph:
        """Where the walk goes among the nodes that are `present`, shape (n_nodes,).

        Those that were asked for last are kept by their `key`: rankers know a graph by its arrays.
        """

        def view() -> CsrGraph:
            nodes = present()
            return self.graph if nodes.all() else self.graph.view(nodes)

        with self._lock:
            return _recalled(self._graphs, key, view)

    def facts_of(self, wanted: FactFilter) -> Mask:
        """Facts that satisfy a filter, shape (n_facts,); the last ones asked for are kept."""
        with self._lock:
            return _recalled(
                self._chosen,
                wanted,
                lambda: facts_of(wanted, self.traits, self.facts, self.passages),
            )

    @cached_property
    def graph(self) -> CsrGraph:
        """Where the walk goes; passages first, then names, then facts."""
        walk = self.columns.walk
        return CsrGraph(walk.indptr, walk.indices, walk.weights, walk.strengths, is_symmetric=True)

    @cached_property
    def content(self) -> Mask:
        """Which words are no function words."""
        return content_words(self.lexical.lexicon)

    def word_space(self, embed: EmbedWords) -> WordSpace:
        """Likeness of its words by the vectors that `embed` gives; kept from the first call on."""
        if self._word_space is None:
            self._word_space = WordSpace(self.lexical.lexicon.words, embed)
        return self._word_space

    @cached_property
    def usual_likeness(self) -> tuple[float, float]:
        """Mean and standard deviation of the cosine of two passages, whichever: of 256 of them."""
        some = np.asarray(self.vectors[:: max(len(self) // 256, 1)][:256])
        cosines = products(some, some)[np.triu_indices(len(some), 1)]
        return (float(cosines.mean()), float(cosines.std())) if len(cosines) else (0.0, 1.0)

    @cached_property
    def turns(self) -> Turns:
        """What was said, and is believed now."""
        return turns_of(self.passages, self.vectors, self.passages.retired_at == OPEN_END)

    @cached_property
    def n_homes(self) -> Ints:
        """Homes per name."""
        return np.asarray(np.diff(self.names.home_indptr), np.int64)

    @cached_property
    def evidence_by_passage(self) -> tuple[Ints, Ints]:
        """Entries of evidence by passage, in the order of its text, as (indptr, entries)."""
        facts = self.facts
        order = np.lexsort((facts.evidence_ends, facts.evidence_starts, facts.evidence_passages))
        return compress(facts.evidence_passages, len(self)), order

    @cached_property
    def fact_stems(self) -> FactStems:
        """Which content words facts have."""
        return FactStems(self.facts, *self.evidence_by_passage)

    @cached_property
    def home_of_passage(self) -> tuple[Ints, Rows]:
        """Names at home in a passage, as (indptr, names)."""
        names = np.repeat(np.arange(len(self.n_homes)), self.n_homes)
        order = np.argsort(self.names.home_passages, kind="stable")
        return compress(self.names.home_passages, len(self)), names[order].astype(np.int32)


def _recalled(kept: dict[_Key, _Made], key: _Key, make: Callable[[], _Made]) -> _Made:
    """What is kept under the key, or else made; of all keys the last ones asked for stay."""
    found = kept.pop(key) if key in kept else make()
    kept[key] = found
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]
    return found


def build_index(snapshot: Snapshot, *, version: int) -> PassageIndex:
    """Build the index of a snapshot."""
    passages = snapshot.passages
    lexical = build_lexical(_heads(passages, 0), list(passages.texts))
    names = build_names(snapshot)
    occurrences = find_occurrences(_sought(names), lexical.lexicon, lexical.tokens)
    return _completed(snapshot, lexical, names, occurrences, version=version)


def refresh_index(index: PassageIndex, reader: StoreReader) -> PassageIndex:
    """The index of what `reader` shows, a view since the version of `index`: as if built anew.

    Raises
    ------
    CannotGrowError
        The changes are not of that kind; the index has to be built anew.
    """
    growth = grow(index.columns.snapshot, reader)
    snapshot, first = growth.snapshot, growth.n_passages
    texts = snapshot.passages.texts
    new_texts = [texts[row] for row in range(first, len(texts))]
    lexical = extend_lexical(index.lexical, _heads(snapshot.passages, first), new_texts)
    grown = extend_names(index.columns.names, growth)
    occurrences = extend_occurrences(
        index.columns.occurrences,
        grown.moved,
        grown.unsettled,
        _sought(grown.table),
        lexical,
    )
    return _completed(snapshot, lexical, grown.table, occurrences, version=reader.version)


def _sought(names: NameTable) -> Sought:
    return Sought(names.keys, np.diff(names.home_indptr) > 0, names.is_person)


def _completed(
    snapshot: Snapshot,
    lexical: LexicalIndex,
    names: NameTable,
    occurrences: Occurrences,
    *,
    version: int,
) -> PassageIndex:
    meanings = meanings_of(snapshot, names)
    incidence = build_incidence(
        with_meanings(names, meanings),
        _meant(occurrences, meanings),
        n_passages=len(snapshot.passages.ids),
    )
    columns = Columns(
        snapshot=snapshot,
        lexical=lexical,
        names=names,
        occurrences=occurrences,
        meanings=meanings,
        incidence=incidence,
        walk=_walk(snapshot, names, meanings, incidence),
    )
    return PassageIndex(columns, version=version)


def _meant(occurrences: Occurrences, meanings: Rows) -> Occurrences:
    """The occurrences, each of the name that is stood for."""
    return replace(occurrences, names=meanings[occurrences.names])


def _heads(passages: Passages, first: int) -> list[str]:
    """What is above the text of each passage from row `first` on: its title, or its speaker."""
    titles, speakers = passages.titles, passages.speakers
    rows = range(first, len(passages.ids))
    return [f"{titles[row]} {speakers[row]}".strip() for row in rows]


FACT_SHARE = 0.3
"""What a fact weighs in the walk beside a passage, for the same names."""


def _walk(snapshot: Snapshot, names: NameTable, meanings: Rows, incidence: Incidence) -> Walk:
    """Passages and facts are hyperedges over names; a fact is tied to its passages."""
    n_passages, n_names = len(snapshot.passages.ids), len(names.keys)
    facts = snapshot.facts
    n_facts = len(facts.ids)
    name_of_entity = np.full(len(snapshot.entities.ids), -1, np.int64)
    name_of_entity[names.entities[::-1]] = meanings[::-1]
    members = name_of_entity[facts.members]
    owners = np.repeat(np.arange(n_facts), np.diff(facts.member_indptr))
    is_named = members >= 0
    first_name, first_fact = n_passages, n_passages + n_names
    rows = np.concatenate(
        (incidence.passages, first_fact + owners[is_named], first_fact + facts.evidence_facts)
    )
    columns = np.concatenate(
        (first_name + incidence.names, first_name + members[is_named], facts.evidence_passages)
    )
    weights = np.concatenate(
        (
            incidence.weights,
            FACT_SHARE * incidence.eidf[members[is_named]],
            np.full(len(facts.evidence_facts), FACT_SHARE),
        )
    ).astype(np.float64)
    n = n_passages + n_names + n_facts
    half = sp.csr_matrix((weights, (rows, columns)), shape=(n, n))
    graph = CsrGraph.from_matrix(half + half.T)
    weighed = np.ones(graph.n_edges, np.float32) if graph.weights is None else graph.weights
    return Walk(graph.indptr, graph.indices, weighed, graph.strengths)


# ---------------------------------------------------------------------- on disk


def save_index(index: PassageIndex, folder: Path, *, memory_id: str) -> None:
    """Keep the index in `folder`, in place of what stood there; whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        numbers = save_table(temporary, index.columns)
        manifest = {
            "format": FORMAT,
            "memory_id": memory_id,
            "version": index.version,
            "numbers": numbers,
        }
        (temporary / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        if folder.exists():
            folder.rename(temporary / "replaced")
        temporary.rename(folder)
        shutil.rmtree(folder / "replaced", ignore_errors=True)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def load_index(folder: Path, *, memory_id: str) -> PassageIndex | None:
    """The index kept in `folder`, at whatever version; ``None`` when missing or damaged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        wanted = {"format": FORMAT, "memory_id": memory_id}
        if {name: manifest[name] for name in wanted} != wanted:
            return None
        columns = load_table(Columns, folder, manifest["numbers"])
        return PassageIndex(columns, version=int(manifest["version"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
