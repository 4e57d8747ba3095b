"""What a memory is asked: passages, contexts, answers, statements, graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphmem.context.answer import answer, from_times
from graphmem.context.assemble import MANY, assemble
from graphmem.context.worked import Worked
from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.graph.views import NOW, View
from graphmem.kernels.ranking import CsrGraph
from graphmem.model.analysis import Analysis
from graphmem.model.ids import Kind
from graphmem.model.knowledge import Entity, Fact, Identity
from graphmem.model.retrieval import Answer, Context, Filter, Hit, Mode, Query, QuestionView
from graphmem.model.source import Episode, Passage
from graphmem.ports.analytics import DAMPING
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem.stages import merging
from graphmem.stages.broadly import asks_broadly, broad_evidence, search_broadly
from graphmem.stages.inputs import When, query_of
from graphmem.stages.marking import with_superseded
from graphmem.stages.telling import worked_out
from graphmem.verbs.bound import Bound


class Reads(Bound):
    """Methods that read."""

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        mode: Mode | str = Mode.GRAPH,
        as_of: When | None = None,
        known_at: When | None = None,
        where: Filter | Mapping[str, Any] | None = None,
        weigh: Mapping[str, float] | None = None,
        explain: bool = False,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """The passages that answer best, best first.

        Parameters
        ----------
        k
            How many at most.
        mode
            ``graph``, ``hybrid``, ``dense`` or ``bm25``. In ``graph``, a question that asks for an
            overview is compared with summaries too, and not explained; the hits' `note` says so.
        as_of
            Keep what held at that time, or at some time of a range (``"2019..2021"``); facts shown
            are those valid then.
        known_at
            What the memory believed at that time, or at some time of a range.
        where
            A :class:`Filter` or its fields.
        weigh
            What scores are multiplied by for kinds of memory, such as ``{"procedural": 2}``; of a
            passage with several the highest, 1 for those not named. Broad questions are then
            ranked as others are.
        explain
            Whether hits carry their paths and the shares of their score.
        rerank
            Whether the reranker of the settings judges the best hits again; by default if there is
            one. Where it fails, the order stays as it was, and the hits' `note` says why.

        Raises
        ------
        InvalidInputError
            The question is empty, or an option is out of range.
        ConfigurationError
            There is no reranker and `rerank` is set, or it lacks its package or its key.
        ModelUnavailableError
            The reranker's model is not there.
        """
        query = query_of(
            question,
            namespace=self.namespace,
            k=k,
            mode=mode,
            as_of=as_of,
            known_at=known_at,
            where=where,
            weigh=weigh,
        )
        if asks_broadly(query) and not query.weigh:
            return search_broadly(self._reading, self._summarising, query)
        hits = self._reading.search(query, explain=explain, rerank=rerank)
        self._recalls.note(hit.id for hit in hits)
        return hits

    def understand(self, question: str, *, as_of: When | None = None) -> QuestionView:
        """What a question is read as: its names, times, what it seeks, and how it is put.

        `as_of` is the moment that "last year" is told from, by default now.
        """
        return self._reading.understood(
            query_of(question, namespace=self.namespace, as_of=as_of, known_at=None)
        )

    @property
    def reranker(self) -> str | None:
        """What the settings call the reranker that searches use, ``None`` where there is none."""
        found = self._parts.reranking
        return None if found is None else found.name

    def lookup(
        self,
        question: str,
        *,
        k: int = 10,
        as_of: When | None = None,
        known_at: When | None = None,
        where: Filter | Mapping[str, Any] | None = None,
    ) -> list[Hit]:
        """As :meth:`search`, by the store's own means: vectors and words, filters before the cut.

        Builds no index, so it suits one question of a large memory on a server; it follows no
        names and facts as ``graph`` does. The ``type`` and ``entity`` of a filter are asked of the
        mentions that were read in a passage.
        """
        return self._reading.lookup(
            query_of(
                question,
                namespace=self.namespace,
                k=k,
                mode=Mode.HYBRID,
                as_of=as_of,
                known_at=known_at,
                where=where,
            )
        )

    def context(
        self,
        question: str,
        *,
        budget: int = 1500,
        k: int = 50,
        mode: Mode | str = Mode.GRAPH,
        as_of: When | None = None,
        known_at: When | None = None,
        where: Filter | Mapping[str, Any] | None = None,
        weigh: Mapping[str, float] | None = None,
    ) -> Context:
        """Cited text that answers the question within `budget` tokens; see :meth:`search`.

        What a question asks of times and counts ("the third time that", "what changed since", "how
        long") is worked out from the facts and stands first, with what tells them among the items.
        What a newer fact supersedes says by what.
        """
        query = query_of(
            question,
            namespace=self.namespace,
            k=k,
            mode=mode,
            as_of=as_of,
            known_at=known_at,
            where=where,
            weigh=weigh,
        )
        return self._recalled(query, budget)[0]

    def _recalled(self, query: Query, budget: int) -> tuple[Context, Worked | None]:
        """The context of a question, and what was worked out for it."""
        if budget < 1:
            raise InvalidInputError(f"A budget of {budget} tokens holds nothing")
        embedder = self._parts.embedder
        if asks_broadly(query) and not query.weigh:
            broad = with_superseded(
                self._parts.store,
                broad_evidence(self._reading, self._summarising, query),
                query,
            )
            count = embedder.count_tokens
            return assemble(query.text, broad, budget=budget, count=count, spread=MANY), None
        hits = self._reading.search(query, explain=True)
        worked = worked_out(
            self._parts.store, self._names, query, hits, embed_words=embedder.embed_words
        )
        if worked is not None:
            told = [place.passage_id for entry in worked.entries for place in entry.places]
            first = self._reading.hits_of(list(dict.fromkeys(told)), query)
            hits = [*first, *(hit for hit in hits if hit.id not in {h.id for h in first})]
        found = assemble(
            query.text,
            with_superseded(self._parts.store, hits, query),
            budget=budget,
            count=embedder.count_tokens,
            worked_out=worked.text if worked else "",
        )
        return found, worked

    def ask(
        self,
        question: str,
        *,
        budget: int = 1500,
        k: int = 50,
        mode: Mode | str = Mode.GRAPH,
        as_of: When | None = None,
        known_at: When | None = None,
        where: Filter | Mapping[str, Any] | None = None,
        weigh: Mapping[str, float] | None = None,
    ) -> Answer:
        """Answer a question from what :meth:`context` recalls of it; parameters are the same.

        A language model (``GRAPHMEM_LLM_BASE_URL``) answers in sentences that are held against what
        they cite, or says that it is not known. Without one, what times and counts tell stands with
        the facts that it rests on, or else the facts and sentences that fit best as they are; `by`
        and `note` say which.

        Raises
        ------
        InvalidInputError
            As :meth:`context`.
        ConfigurationError
            The model's endpoint refuses the key, or does not know the model.
        """
        query = query_of(
            question,
            namespace=self.namespace,
            k=k,
            mode=mode,
            as_of=as_of,
            known_at=known_at,
            where=where,
            weigh=weigh,
        )
        found, worked = self._recalled(query, budget)
        if worked is not None and self._parts.llm is None:
            return from_times(query.text, worked)
        embedder = self._parts.embedder
        return answer(
            found,
            self._parts.llm,
            lambda asked, texts: embedder.embed_queries(asked) @ embedder.embed(texts).T,
        )

    def get(self, id: str) -> Episode | Passage | Entity | Fact:
        """What an id names; raises `NotFoundError` where nothing has it."""
        store = self._parts.store
        readers: dict[str, Any] = {
            Kind.EPISODE: store.episodes,
            Kind.PASSAGE: store.passages,
            Kind.ENTITY: store.entities,
            Kind.FACT: store.facts,
        }
        read = readers.get(id.partition("_")[0])
        found: dict[str, Episode | Passage | Entity | Fact] = read([id]) if read else {}
        if id not in found:
            raise NotFoundError(f"Nothing has the id {id!r}")
        return found[id]

    def identity(self, entity: str) -> Identity:
        """An entity by its id or name, with all that it is held to be one with, and why.

        Raises
        ------
        NotFoundError
            The namespace holds no such entity.
        """
        return merging.identity(self._parts.store, self._names, entity)

    def cypher(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        write: bool = False,
        timeout: float = 30.0,
        max_rows: int = 10_000,
    ) -> CypherResult:
        """Run a Cypher statement over this namespace; see :class:`CypherRunner` for the errors."""
        return self._parts.runner(self.namespace).run(
            statement, parameters, write=write, timeout=timeout, max_rows=max_rows
        )

    def cypher_schema(self) -> CypherSchema:
        """Labels, relationship types and properties that a statement can name."""
        return self._parts.runner(self.namespace).schema()

    def analyse(self, *, damping: float = DAMPING, engine: str | None = None) -> Analysis:
        """How central each entity is by the facts that it shares, and with whom it belongs.

        Computed by Graph Data Science where the store's server has it, else by igraph here; an
        `engine` (``gds``, ``igraph``) chooses. `damping` is the probability to follow an edge.

        Raises
        ------
        InvalidInputError
            A damping that is not in (0, 1).
        ConfigurationError
            There is no such engine here.
        """
        return self._parts.analyst(engine).analyse(self.namespace, damping=damping)

    def walk_graph(self, view: View = NOW) -> CsrGraph:
        """Passages, entities and facts as a graph to rank, memory-mapped, at the present version.

        A fact is a node tied to its members and to the passages that state it. `view` says what
        held and what was known; it shares the edges with all other views.
        """
        return self._walking.graph(view)
