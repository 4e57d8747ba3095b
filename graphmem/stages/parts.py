"""The adapters that a memory runs on; models are loaded when they are first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from graphmem.ports.analytics import Analyst, Partitioner
from graphmem.ports.cypher import CypherRunner
from graphmem.ports.llm import LLM
from graphmem.ports.models import Embedder, Extractor
from graphmem.ports.ranker import Ranker
from graphmem.ports.reranker import Reranker
from graphmem.ports.reviser import Reviser
from graphmem.ports.store import Clock, GraphStore
from graphmem.resolve.states import States
from graphmem.resolve.states_file import load_states


@dataclass(frozen=True, slots=True)
class Reranking:
    """How rankings are judged again: by what `make` makes, the best `depth` of each.

    `name` is what the settings call it. `weight` is what the best judgement counts for, in ranges
    of the scores that are judged.
    """

    name: str
    make: Callable[[], Reranker]
    depth: int
    weight: float


class Parts:
    """A store, an embedder, an extractor, a language model, a ranker and a Cypher runner per
    namespace.

    `embedder` makes the one of a name, for ``None`` that of the settings; `analyst` takes the name
    of an engine, ``None`` for the best that there is; `partitioner` makes what draws communities.
    `index_dir` is where retrieval keeps its rebuildable files, ``None`` for in memory only. With
    two `threads` or more, models run beside the rest of a search. `derived` are other places that
    hold words of what was ingested, by name, each with what empties it: an erasure calls all.
    """

    def __init__(
        self,
        *,
        store: GraphStore,
        extractor: Extractor,
        embedder: Callable[[str | None], Embedder],
        runner: Callable[[str], CypherRunner],
        analyst: Callable[[str | None], Analyst],
        ranker: Ranker,
        partitioner: Callable[[], Partitioner],
        index_dir: Path | None,
        clock: Clock,
        llm: LLM | None = None,
        reranking: Reranking | None = None,
        states: Callable[[], States] = load_states,
        reviser: Reviser | None = None,
        derived: Mapping[str, Callable[[], None]] | None = None,
        learned_fusion: bool = True,
        learns_states: bool = True,
        threads: int = 1,
    ) -> None:
        self.store = store
        self.extractor = extractor
        self.llm = llm
        self.reranking = reranking
        self.learned_fusion = learned_fusion
        self.learns_states = learns_states
        self.threads = threads
        self.ranker = ranker
        self.index_dir = index_dir
        self.clock = clock
        self.analyst = analyst
        self.reviser = reviser
        self.derived = dict(derived or {})
        self._load_states = states
        self.partitioner = partitioner
        self._make_embedder = embedder
        self._make_runner = runner
        self._runners: dict[str, CypherRunner] = {}
        self._lock = threading.Lock()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder; raises `EmbedderMismatchError` if the store remembers another one."""
        with self._lock:
            embedder = self._make_embedder(None)
            self.store.set_embedder(embedder.name, embedder.dimension)
        return embedder

    @property
    def states(self) -> States:
        """What can be said to change, and by which words."""
        return self._load_states()

    @cached_property
    def reranker(self) -> Reranker | None:
        """What judges rankings again, ``None`` where nothing is to."""
        with self._lock:
            return None if self.reranking is None else self.reranking.make()

    def other_embedder(self, name: str | None) -> Embedder:
        """The embedder of that name, or that of the settings, whichever the store remembers."""
        return self._make_embedder(name)

    def use(self, embedder: Embedder) -> None:
        """Embed by this one from now on: the store has come to remember it."""
        self.__dict__["embedder"] = embedder

    def runner(self, namespace: str) -> CypherRunner:
        """The Cypher runner of a namespace."""
        with self._lock:
            if namespace not in self._runners:
                self._runners[namespace] = self._make_runner(namespace)
            return self._runners[namespace]

    def close(self) -> None:
        """Close all of them; a second call does nothing."""
        with self._lock:
            for runner in self._runners.values():
                runner.close()
            self._runners.clear()
        self.extractor.close()
        if self.llm is not None:
            self.llm.close()
        self.store.close()
