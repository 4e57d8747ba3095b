"""The SDK: one memory, opened, written, searched, closed. Runs the stages; holds no algorithm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graphmem import merging
from graphmem.context.answer import answer
from graphmem.context.assemble import assemble
from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.graph.views import NOW, View
from graphmem.inputs import Time, chunked, item_of, query_of
from graphmem.kernels.ranking import CsrGraph
from graphmem.kernels.text import well_formed
from graphmem.known_names import KnownNames
from graphmem.maintain import transfer
from graphmem.maintain.reindex import reindex_memory
from graphmem.model.analysis import Analysis
from graphmem.model.change import AddReport, ChangeSet, Checkpoint, Counts, Problem, Stats
from graphmem.model.ids import Kind
from graphmem.model.knowledge import Entity, Fact, Identity, SameAs
from graphmem.model.retrieval import Answer, Context, Filter, Hit, Mode
from graphmem.model.source import (
    DEFAULT_NAMESPACE,
    DEFAULT_TRUST,
    AttributeValue,
    Depth,
    Episode,
    EpisodeKind,
    Message,
    Passage,
    SourceItem,
)
from graphmem.model.transfer import ExportFormat, ExportReport, ImportReport, ReindexReport
from graphmem.parts import Parts
from graphmem.ports.analytics import DAMPING
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem.ports.store import Clock
from graphmem.reading import Reading
from graphmem.segment.segment import embedded_text
from graphmem.settings import Settings
from graphmem.walking import Walking
from graphmem.writing import write_batches


class Memory:
    """A memory: a store with what reads into it and out of it, bound to one namespace.

    Safe to use from several threads. Open it with :meth:`open`, close it with :meth:`close` or
    ``with``.
    """

    def __init__(self, parts: Parts, *, namespace: str = DEFAULT_NAMESPACE) -> None:
        if not namespace.strip():
            raise InvalidInputError("A namespace needs a name", remedy="Leave it out for 'default'")
        if well_formed(namespace) != namespace:
            # Put right, two names would be one.
            raise InvalidInputError(
                f"The namespace {namespace!r} is not valid Unicode", remedy="Name another"
            )
        self.namespace = namespace
        self._parts = parts
        self._reading = Reading(parts, namespace)
        self._names = KnownNames(parts.store, namespace)
        self._walking = Walking(parts, namespace)
        self._children: dict[str, Memory] = {}

    @classmethod
    def open(
        cls,
        location: str | Path,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        auth: tuple[str, str] | None = None,
        settings: Settings | None = None,
        read_only: bool = False,
        create: bool = True,
        clock: Clock | None = None,
    ) -> Memory:
        """Open the memory at a folder or a URL (``sqlite:///folder``).

        Parameters
        ----------
        location
            A folder, made when it does not exist and `create` is set, or a URL.
        namespace
            Whose memory: reads and writes never leave it.
        auth
            User and password, for stores that ask for them.
        settings
            Instead of those that the environment gives.
        read_only
            Never write; works beside a writer.
        create
            Whether a memory may be made where there is none.
        clock
            Where transaction time comes from; the system's by default.

        Raises
        ------
        NotFoundError
            There is no memory and `create` is not set.
        StoreFormatError
            The folder holds something else, or a memory that is damaged or newer.
        ConfigurationError
            The URL names no known store, or the settings do not hold together.
        """
        from graphmem.build import open_memory

        return open_memory(
            location,
            namespace=namespace,
            auth=auth,
            settings=settings,
            read_only=read_only,
            create=create,
            clock=clock,
        )

    def with_namespace(self, namespace: str) -> Memory:
        """The same memory bound to another namespace; closed together with this one."""
        if namespace == self.namespace:
            return self
        if namespace not in self._children:
            self._children[namespace] = Memory(self._parts, namespace=namespace)
        return self._children[namespace]

    # ------------------------------------------------------------------ writing

    def add(
        self,
        content: str | Sequence[Message | Mapping[str, Any]],
        *,
        source: str | None = None,
        title: str = "",
        at: Time | None = None,
        session: str | None = None,
        kind: EpisodeKind | str | None = None,
        trust: float = DEFAULT_TRUST,
        attributes: Mapping[str, AttributeValue] | None = None,
        replaces: bool = False,
    ) -> AddReport:
        """Remember a text, or the messages of a chat.

        Parameters
        ----------
        content
            A text, or messages ``{"role", "name", "content", "at", "id"}`` of one session.
        source
            Where it comes from; without one, the session or the content names itself.
        at
            When it was written or said: what "yesterday" in it refers to.
        kind
            ``document``, ``chat`` or ``event``; by the content's shape if left out.
        trust
            In [0, 1]; facts of lower trust never retire those of higher.
        replaces
            Whether the source's earlier content is outdated by this.

        Returns
        -------
        AddReport
            What was new; ``unchanged`` is 1 when the memory already held it.

        Raises
        ------
        InvalidInputError
            Nothing to remember, or a field of a message is wrong.
        """
        item = item_of(
            content,
            source=source,
            title=title,
            at=at,
            session=session,
            kind=kind,
            trust=trust,
            attributes=attributes or {},
            replaces=replaces,
        )
        [report] = self.add_batches([([item], None)])
        for failed in report.failed:
            raise InvalidInputError(f"{failed.item}: {failed.error}", remedy=failed.remedy)
        return report

    def add_many(self, items: Iterable[SourceItem], *, batch: int = 64) -> Iterator[AddReport]:
        """Remember a stream of items; yields one report per durable commit of `batch` items.

        Nothing is read or written until the reports are consumed.
        """
        return self.add_batches((chunk, None) for chunk in chunked(items, batch))

    def add_batches(
        self, batches: Iterable[tuple[Sequence[SourceItem], Checkpoint | None]]
    ) -> Iterator[AddReport]:
        """Remember batches, each committed whole together with its checkpoint.

        The next batches are read while one is embedded; reports come in order, after the commit. An
        item that cannot be read is in the report's `failed`; the rest of its batch is kept.
        """
        return write_batches(self._parts, self.namespace, batches, names=self._names)

    def delete_source(self, source: str) -> Counts:
        """Remove a source and all that nothing else supports; returns what was removed.

        A file stands for its records and parts too: those are its fragments, ``FILE#...``.

        Raises
        ------
        NotFoundError
            The memory holds nothing from that source.
        """
        store, source = self._parts.store, well_formed(source)  # as it was ingested
        with store.read(self.namespace, tables=("episodes",)) as reader:
            held = {row[0] for rows in reader.scan("episodes", ("source",)) for row in rows}
        meant = sorted(name for name in held if name == source or name.startswith(f"{source}#"))
        removed = sum((store.delete_source(self.namespace, name) for name in meant), Counts())
        # What was read from the store for speed would otherwise still hold the text.
        self._reading.discard()
        self._walking.discard()
        self._parts.runner(self.namespace).discard()
        if not removed.episodes:
            raise NotFoundError(
                f"Nothing from {source!r} in namespace {self.namespace!r}",
                remedy="`graphmem stats --sources` lists what is there",
            )
        return removed

    def retire_source(self, source: str) -> int:
        """Believe no longer what a source says; it stays readable by ``known_at``.

        Returns how many of its episodes were believed until now, 0 for a source that says nothing.
        """
        store, now = self._parts.store, self._parts.clock()
        source = well_formed(source)
        living = {
            episode.id: now
            for episode in store.episodes_of(self.namespace, source)
            if episode.retired_at is None
        }
        if living:
            store.apply(ChangeSet(namespace=self.namespace, retired_episodes=living))
        return len(living)

    def merge(self, a: str, b: str, *, force: bool = False) -> SameAs | None:
        """Hold two entities, given by id or name, to be one; ``None`` where they are already.

        Both stay as they are, with a link between them that :meth:`unmerge` takes away again.

        Raises
        ------
        NotFoundError
            The namespace holds no such entity.
        ConflictError
            They differ in type, or in what happens once, such as a birth; not with `force`.
        InvalidInputError
            Both are the same entity.
        """
        return merging.merge(self._parts.store, self._names, a, b, force=force)

    def unmerge(self, a: str, b: str) -> tuple[SameAs, ...]:
        """Hold two merged entities apart again; returns the links that were taken away.

        Raises
        ------
        NotFoundError
            The namespace holds no such entity, or they are not merged.
        ConflictError
            They are one only by way of others, which the message names.
        """
        return merging.unmerge(self._parts.store, self._names, a, b)

    # ------------------------------------------------------------------ reading

    def search(
        self,
        question: str,
        *,
        k: int = 10,
        mode: Mode | str = Mode.GRAPH,
        as_of: Time | None = None,
        known_at: Time | None = None,
        where: Filter | Mapping[str, Any] | None = None,
        explain: bool = False,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """The passages that answer best, best first.

        Parameters
        ----------
        k
            How many at most.
        mode
            ``graph``, ``hybrid``, ``dense`` or ``bm25``.
        as_of
            Keep what held at that time; facts shown are those valid then.
        known_at
            What the memory believed at that time.
        where
            A :class:`Filter` or its fields.
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
        return self._reading.search(
            query_of(
                question,
                namespace=self.namespace,
                k=k,
                mode=mode,
                as_of=as_of,
                known_at=known_at,
                where=where,
            ),
            explain=explain,
            rerank=rerank,
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
        as_of: Time | None = None,
        known_at: Time | None = None,
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
        as_of: Time | None = None,
        known_at: Time | None = None,
        where: Filter | Mapping[str, Any] | None = None,
    ) -> Context:
        """Cited text that answers the question within `budget` tokens; see :meth:`search`."""
        if budget < 1:
            raise InvalidInputError(f"A budget of {budget} tokens holds nothing")
        hits = self.search(
            question, k=k, mode=mode, as_of=as_of, known_at=known_at, where=where, explain=True
        )
        return assemble(question, hits, budget=budget, count=self._parts.embedder.count_tokens)

    def ask(
        self,
        question: str,
        *,
        budget: int = 1500,
        k: int = 50,
        mode: Mode | str = Mode.GRAPH,
        as_of: Time | None = None,
        known_at: Time | None = None,
        where: Filter | Mapping[str, Any] | None = None,
    ) -> Answer:
        """Answer a question from what :meth:`context` recalls of it; parameters are the same.

        A language model (``GRAPHMEM_LLM_BASE_URL``) answers in sentences that are held against what
        they cite, or says that it is not known. Without one, the facts that fit best stand as they
        are, which `by` and `note` say.

        Raises
        ------
        InvalidInputError
            As :meth:`context`.
        ConfigurationError
            The model's endpoint refuses the key, or does not know the model.
        """
        found = self.context(
            question, budget=budget, k=k, mode=mode, as_of=as_of, known_at=known_at, where=where
        )
        return answer(found, self._parts.llm)

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

    # ------------------------------------------------------------------ moving

    def export(
        self,
        path: str | Path,
        *,
        format: ExportFormat | str = ExportFormat.JSONL,
        progress: transfer.Progress = transfer.silent,
    ) -> ExportReport:
        """Write this namespace to `path`, as of one moment; whole, or not at all.

        ``jsonl`` makes a folder that holds everything, for :meth:`load`; ``graphml`` and ``hif``
        (facts as hyperedges) make a file for other tools.

        Raises
        ------
        InvalidInputError
            An unknown format, or a `path` that exists or cannot be.
        StoreFullError, StoreError
            It cannot be written.
        """
        return transfer.export_memory(
            self._parts.store, self.namespace, Path(path), format=format, progress=progress
        )

    def load(
        self, path: str | Path, *, progress: transfer.Progress = transfer.silent
    ) -> ImportReport:
        """Add a JSONL export of this namespace, once all of its digests hold.

        What the memory holds already stays; a load that was killed can be run again.

        Raises
        ------
        NotFoundError, StoreFormatError
            No export is there, or it is damaged (the message names the file) or of a newer format.
        InvalidInputError
            It is of another namespace.
        EmbedderMismatchError
            Its vectors are another embedder's than this memory's.
        """
        return transfer.import_memory(
            self._parts.store, Path(path), namespace=self.namespace, progress=progress
        )

    def to_networkx(self, *, passages: bool = True) -> Any:
        """This namespace as a ``networkx.MultiDiGraph``, keyed by id.

        Facts are nodes, with a ``ROLE`` edge to each member. Nodes have ``node_label``
        (``Entity``...), edges ``edge_type``, both the properties that Cypher shows. `passages`
        also takes in episodes and passages. Needs memory for all of it.
        """
        return self._graph("networkx", passages=passages)

    def to_igraph(self, *, passages: bool = True) -> Any:
        """As :meth:`to_networkx`: a directed ``igraph.Graph``; a vertex's ``name`` is its id."""
        return self._graph("igraph", passages=passages)

    def _graph(self, library: str, *, passages: bool) -> Any:
        from graphmem.build import graph_maker

        return transfer.make_graph(
            self._parts.store, self.namespace, graph_maker(library), passages=passages
        )

    # ------------------------------------------------------------------ looking after

    def checkpoint(self, job: str) -> str | None:
        """The position that a job last committed."""
        return self._parts.store.checkpoint(job)

    def clear_checkpoint(self, job: str) -> None:
        """Forget a job's position."""
        self._parts.store.clear_checkpoint(job)

    def sources(self) -> list[tuple[str, int]]:
        """Sources that are there and their number of passages."""
        return self._parts.store.sources(self.namespace)

    def stats(self) -> Stats:
        """What the memory holds."""
        store = self._parts.store
        info = store.info()
        with store.read(self.namespace, tables=("episodes",)) as reader:
            depths = [row[0] for rows in reader.scan("episodes", ("depth",)) for row in rows]
        return Stats(
            location=info.location,
            backend=info.backend,
            namespace=self.namespace,
            namespaces=tuple(store.namespaces()),
            version=store.version(self.namespace),
            schema_version=info.schema_version,
            embedder=info.embedder,
            dimension=info.dimension,
            size_bytes=store.size_bytes(),
            counts=store.counts(self.namespace),
            episodes_without_facts=sum(depth == Depth.FAST for depth in depths),
        )

    def doctor(self) -> list[Problem]:
        """Everything found wrong, with its remedy; empty when all is well."""
        return [*self._parts.store.check(), *self._reading.check()]

    def reindex(
        self,
        embedder: str | None = None,
        *,
        batch: int = 256,
        progress: transfer.Progress = transfer.silent,
    ) -> ReindexReport:
        """Give the memory, in all of its namespaces, the vectors of another embedder.

        `embedder` is named as in the settings, whose it is by default. Searches are answered with
        the old vectors until all new ones are there; a run that was killed can be run again and
        goes on where it was. Open the memory with that embedder afterwards.

        Raises
        ------
        ConfigurationError, ModelUnavailableError
            There is no such embedder.
        StoreBusyError
            Another run, for another embedder, has taken over.
        """
        made = self._parts.other_embedder(embedder)
        report = reindex_memory(
            self._parts.store, made, text_of=embedded_text, batch=batch, progress=progress
        )
        self._parts.use(made)
        return report

    def close(self) -> None:
        """Let go of the store, models and processes; a second call does nothing."""
        for memory in (*self._children.values(), self):
            memory._reading.close()
            memory._walking.close()
        self._children.clear()
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
