"""The read path: keep the index at the store's version, rank, then put hits together."""

from __future__ import annotations

import logging
import shutil
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphmem.errors import ConfigurationError, EmbedderMismatchError
from graphmem.graph.growth import CannotGrowError
from graphmem.graph.snapshot import read_snapshot
from graphmem.index.lexical import FUNCTION_WORDS, content_stems
from graphmem.index.passage_index import (
    PassageIndex,
    build_index,
    load_index,
    refresh_index,
    save_index,
)
from graphmem.kernels.arrays import Floats, top_rows
from graphmem.kernels.fusion import reciprocal_rank_fusion
from graphmem.kernels.text import tokenise
from graphmem.model.change import Problem
from graphmem.model.ids import digest
from graphmem.model.knowledge import Evidence, Fact
from graphmem.model.retrieval import FactView, Hit, Query, QuestionView
from graphmem.model.source import Episode, Passage
from graphmem.ports.reranker import Reranker
from graphmem.retrieve.asking import Asking
from graphmem.retrieve.explain import leads_to, to_path
from graphmem.retrieve.filters import allowed_passages
from graphmem.retrieve.hits import FACTS_PER_HIT, hits_of, most_alike
from graphmem.retrieve.pool import Pool, Ranking
from graphmem.retrieve.rerank import reranked
from graphmem.retrieve.search import pools, rank
from graphmem.retrieve.seeds import seeds_of
from graphmem.retrieve.viewing import view_of
from graphmem.stages.choosing import holding
from graphmem.stages.parts import Parts

_log = logging.getLogger(__name__)
_LOOKUP_DEPTH = 50
"""How many a lookup asks the store for, by vector and by words."""
_TABLES = (
    *("passages", "entities", "mentions", "facts", "roles", "evidence", "same_as"),
    "vectors",
)
_LAST = 50
"""Passages by which an index is known to be of the store."""
_KEEP_SHARE, _CLOSE_SHARE = 0.1, 0.01
"""How much an index has to grow to be kept again: while it is in use, and when it is closed."""


class Reading:
    """Searches one namespace; the index follows the store by what has changed since."""

    def __init__(self, parts: Parts, namespace: str) -> None:
        self._parts = parts
        self._namespace = namespace
        self._index: PassageIndex | None = None
        self._kept: int | None = None
        self._embedder: str | None = None
        self._lock = threading.Lock()

    def index(self) -> PassageIndex:
        """The index at the store's present version."""
        with self._lock:
            version = self._parts.store.version(self._namespace)
            if self._index is None:
                self._index = self._load()
            if self._index is None or self._index.version != version:
                self._embedder = self._parts.store.info().embedder
            if self._index is None or self._index.version > version:
                self._index = self._built()  # there was none, or the store is one of before
            elif self._index.version < version:
                self._index = self._followed(self._index)
            self._keep(self._index, _KEEP_SHARE)
            return self._index

    def discard(self) -> None:
        """Remove what is kept of the namespace outside the store, after a deletion."""
        with self._lock:
            self._index = self._kept = None
            self._remove()

    def close(self) -> None:
        """Keep what the index has grown by, if that is worth it, for whoever opens it next."""
        with self._lock:
            if self._index is not None:
                self._keep(self._index, _CLOSE_SHARE)
            self._index = self._kept = None

    def _folder(self) -> Path | None:
        index_dir = self._parts.index_dir
        return None if index_dir is None else index_dir / digest(self._namespace)

    def _remove(self) -> None:
        folder = self._folder()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _load(self) -> PassageIndex | None:
        """The index that was kept, at the version that it was kept at."""
        folder = self._folder()
        if folder is None:
            return None
        kept = load_index(folder, memory_id=self._parts.store.info().memory_id)
        if kept is not None and not self._is_of_store(kept):
            kept = None
        self._kept = None if kept is None else len(kept)
        return kept

    def _is_of_store(self, index: PassageIndex) -> bool:
        """Whether the store has what came last into the index.

        It has not where it was restored from an older copy and then written to: its versions count
        on from there, and may come to that of the index.
        """
        ids = index.passages.ids
        last = [ids[row] for row in range(max(len(ids) - _LAST, 0), len(ids))]
        return len(self._parts.store.passages(last)) == len(last)

    def _followed(self, index: PassageIndex) -> PassageIndex:
        """The index with what changed since, built anew where that does not tell."""
        store = self._parts.store
        if index.vectors.shape[1] == (store.info().dimension or 0) and self._is_of_store(index):
            try:
                with store.read(self._namespace, _TABLES, since=index.version) as reader:
                    return refresh_index(index, reader)
            except CannotGrowError:
                _log.info("The search index of %r is built anew", self._namespace)
        return self._built()

    def _built(self) -> PassageIndex:
        store = self._parts.store
        with store.read(self._namespace, _TABLES) as reader:
            snapshot = read_snapshot(reader, dimension=store.info().dimension or 0)
            version = reader.version
        self._kept = None
        return build_index(snapshot, version=version)

    def _keep(self, index: PassageIndex, share: float) -> None:
        """Keep the index on disk if it has grown by that share since it was."""
        folder = self._folder()
        if folder is None or (self._kept is not None and len(index) <= self._kept * (1 + share)):
            return
        try:
            save_index(index, folder, memory_id=self._parts.store.info().memory_id)
        except OSError as error:
            # The index is a copy: a memory on a full or read-only disk still answers.
            _log.warning("The search index could not be kept in %s: %s", folder, error)
        self._kept = len(index)
        # Whoever deleted something in between removed an index that was not there yet.
        with self._parts.store.read(self._namespace, (), since=index.version) as reader:
            if reader.removed:
                self._remove()

    def search(self, query: Query, *, explain: bool, rerank: bool | None = None) -> list[Hit]:
        """Rank and put the hits together; with `explain`, each with its paths and signals."""
        reranker = self._reranker(rerank)
        index = self.index()
        if not len(index):
            return []
        ranking = self._ranked(index, query, reranker)
        hits = hits_of(index, ranking, query)
        return self._explained(index, query, ranking, hits) if explain else hits

    def _explained(
        self, index: PassageIndex, query: Query, ranking: Ranking, hits: Sequence[Hit]
    ) -> list[Hit]:
        """The hits with their paths, seeds and signals, as the ranking has them."""
        ways = [leads_to(index, ranking, position) for position in range(len(hits))]
        rows = sorted({row for found in ways for way in found for row in way.passages})
        ids = index.passages.ids
        stated = self._facts_in([ids[row] for row in rows], query, members=True)
        facts = {row: [fact for fact, _ in stated[ids[row]]] for row in rows}
        return [
            hit.model_copy(
                update={
                    "paths": tuple(to_path(index, way, facts) for way in ways[position]),
                    "seeds": seeds_of(index, query, ranking, position, ways[position]),
                    "signals": {
                        name: float(part[position]) for name, part in ranking.shares.items()
                    },
                }
            )
            for position, hit in enumerate(hits)
        ]

    def _reranker(self, wanted: bool | None) -> Reranker | None:
        """What judges the ranking again; ``None`` for `wanted` is as the settings say."""
        if wanted is False:
            return None
        reranker = self._parts.reranker
        if wanted and reranker is None:
            raise ConfigurationError(
                "There is no reranker",
                remedy="Set GRAPHMEM_RERANKER to llm or cross-encoder:MODEL_OR_FOLDER",
            )
        return reranker

    def _ranked(self, index: PassageIndex, query: Query, reranker: Reranker | None) -> Ranking:
        reranking = self._parts.reranking
        if reranker is None or reranking is None:
            return rank(index, query, self._asking(index))
        deep = query.model_copy(update={"k": max(query.k, reranking.depth)})
        ranking = rank(index, deep, self._asking(index))
        return reranked(
            index,
            query.text,
            ranking,
            reranker,
            depth=reranking.depth,
            weight=reranking.weight,
        ).cut(query.k)

    def lookup(self, query: Query) -> list[Hit]:
        """What the store itself finds, by vector and by words, fused by rank; needs no index."""
        store = self._parts.store
        with self._lock:
            self._embedder = store.info().embedder
        deep = query.model_copy(update={"k": max(query.k, _LOOKUP_DEPTH)})
        found = {
            "dense": store.nearest(deep, self._embed([query.text])[0]),
            "bm25": store.find_text(deep, _content_words(query.text)),
        }
        ids = list(dict.fromkeys(id_ for part in found.values() for id_, _ in part))
        row_of = {id_: row for row, id_ in enumerate(ids)}
        shares = {
            name: reciprocal_rank_fusion(
                [np.array([row_of[id_] for id_, _ in part], np.int64)], len(ids)
            )
            for name, part in found.items()
        }
        scores = shares["dense"] + shares["bm25"]
        rows = top_rows(scores, query.k)
        passages = store.passages([ids[row] for row in rows])
        episodes = store.episodes([passage.episode_id for passage in passages.values()])
        stated = self._facts_in(list(passages), query, members=False)
        hits: list[Hit] = []
        for row in rows:
            passage = passages.get(ids[row])
            # What was deleted since it was found is left out.
            if passage is not None and passage.episode_id in episodes:
                hits.append(
                    _hit_of(
                        passage,
                        episodes[passage.episode_id],
                        rank=len(hits) + 1,
                        score=float(scores[row]),
                        facts=tuple(_fact_views(stated[passage.id], query)),
                        signals={name: float(part[row]) for name, part in shares.items()},
                    )
                )
        return hits

    def hits_of(self, passage_ids: Sequence[str], query: Query) -> list[Hit]:
        """These passages as hits, whatever their rank; those that are gone are left out."""
        store = self._parts.store
        passages = store.passages(passage_ids)
        episodes = store.episodes([passage.episode_id for passage in passages.values()])
        stated = self._facts_in(list(passages), query, members=False)
        return [
            _hit_of(
                passage,
                episodes[passage.episode_id],
                rank=rank,
                score=0.0,
                facts=tuple(_fact_views(stated[passage.id], query)),
            )
            for rank, passage in enumerate(passages.values(), 1)
            if passage.episode_id in episodes
        ]

    def understood(self, query: Query) -> QuestionView:
        """What the question of a query is read as."""
        return view_of(self.index(), query, now=self._parts.clock())

    def candidates(self, query: Query) -> tuple[PassageIndex, list[Pool]]:
        """What graph mode weighs for a query: what its weights are fitted on."""
        index = self.index()
        return index, pools(index, query, self._asking(index), allowed_passages(index, query))

    def _asking(self, index: PassageIndex) -> Asking:
        embedder = self._parts.embedder
        return Asking(
            self._embed,
            self._parts.ranker,
            embedder.embed_variants,
            index.word_space(embedder.embed_words),
            learned=self._parts.learned_fusion,
            now=self._parts.clock(),
            threads=self._parts.threads,
        )

    def _embed(self, texts: Sequence[str]) -> Floats:
        embedder = self._parts.embedder
        if self._embedder not in (None, embedder.name):
            raise EmbedderMismatchError(
                f"the memory's vectors are of {self._embedder} now, not {embedder.name}"
            )
        return embedder.embed_queries(texts)

    def _facts_in(
        self, passage_ids: Sequence[str], query: Query, *, members: bool
    ) -> Mapping[str, list[tuple[Fact, Evidence]]]:
        """Facts that the passages state and that hold for the query, in the order of the text;
        their members are for those who look at paths."""
        store = self._parts.store
        evidence = store.evidence_in(passage_ids)
        held = store.facts(list({item.fact_id for item in evidence}), members=members)
        facts = {fact.id: fact for fact in holding(store, held.values(), query)}
        found: defaultdict[str, list[tuple[Fact, Evidence]]] = defaultdict(list)
        for item in evidence:
            fact = facts.get(item.fact_id)
            if fact is not None:
                found[item.passage_id].append((fact, item))
        return found

    def embedded(self, question: str) -> Floats:
        """The vector of a question, as those of the index."""
        vector: Floats = self._embed([question])[0]
        return vector

    def check(self) -> list[Problem]:
        """What is wrong on the read side."""
        problems = []
        info = self._parts.store.info()
        try:
            embedder = self._parts.embedder
        except EmbedderMismatchError as error:
            problems.append(Problem(check="embedder", detail=error.message, remedy=error.remedy))
        else:
            if info.dimension and embedder.dimension != info.dimension:
                detail = f"vectors of {info.dimension}, embedder of {embedder.dimension} dimensions"
                problems.append(Problem(check="embedder", detail=detail))
        return problems


def _content_words(text: str) -> list[str]:
    """Words of a question as written, function words left out unless there are no others."""
    tokens = tokenise(text)
    content = [token for token in tokens if token.text not in FUNCTION_WORDS]
    return [text[token.start : token.end] for token in content or tokens]


def _hit_of(passage: Passage, episode: Episode, **more: Any) -> Hit:
    """A hit of a passage as the store gives it."""
    return Hit(
        id=passage.id,
        text=passage.text,
        title=episode.title,
        source=episode.source,
        start=passage.start,
        end=passage.end,
        speaker=passage.speaker,
        session=passage.session,
        occurred_at=passage.occurred_at,
        external_id=passage.external_id,
        attributes=passage.attributes,
        **more,
    )


def _fact_views(stated: Sequence[tuple[Fact, Evidence]], query: Query) -> list[FactView]:
    """Facts of a passage, those that share most words with the question first."""
    texts = [fact.text for fact, _ in stated]
    best = most_alike(texts, content_stems(query.text), FACTS_PER_HIT)
    return [
        FactView(
            id=fact.id,
            text=fact.text,
            valid_from=fact.valid_from,
            valid_to=fact.valid_to,
            start=evidence.start,
            end=evidence.end,
        )
        for fact, evidence in (stated[position] for position in best)
    ]
