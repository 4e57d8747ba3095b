"""What a memory takes in, holds to be one, and gives up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.kernels.text import well_formed
from graphmem.model.change import AddReport, ChangeSet, Checkpoint, Counts
from graphmem.model.knowledge import SameAs
from graphmem.model.source import DEFAULT_TRUST, AttributeValue, EpisodeKind, Message, SourceItem
from graphmem.stages import merging
from graphmem.stages.consolidating import noted_in, settle
from graphmem.stages.inputs import Time, chunked, item_of
from graphmem.stages.learning import states_in
from graphmem.stages.revising import revise
from graphmem.stages.writing import write_batches
from graphmem.verbs.bound import Bound


class Writes(Bound):
    """Methods that write."""

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
        for name in meant:
            # What it ended or denied is believed again.
            self._retire(name, only_if_revised=True)
        noted = noted_in(store, self.namespace, meant)
        removed = sum((store.delete_source(self.namespace, name) for name in meant), Counts())
        if removed.facts:
            settle(store, self._names, self._parts.clock, noted)
        # What was read from the store for speed would otherwise still hold the text.
        self._reading.discard()
        self._walking.discard()
        self._summarising.discard()
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
        return self._retire(well_formed(source), only_if_revised=False)

    def _retire(self, source: str, *, only_if_revised: bool) -> int:
        """Retire a source's episodes, and believe again what only they spoke against."""
        store, now = self._parts.store, self._parts.clock()
        living = {
            episode.id: now
            for episode in store.episodes_of(self.namespace, source)
            if episode.retired_at is None
        }
        revised = revise(
            store,
            ChangeSet(namespace=self.namespace, retired_episodes=living),
            states=states_in(self._parts, self.namespace),
            same=lambda id: self._names.one(id)[0],
            now=now,
        )
        changes = revised.changes
        if living and (changes.facts or changes.retired_facts or not only_if_revised):
            store.apply(changes)
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
