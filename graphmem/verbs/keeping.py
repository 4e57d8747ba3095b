"""What a memory keeps: forgetting by policy, taking back, and erasing for good."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.kernels.text import well_formed
from graphmem.maintain.forget import choose, forgotten, purge_before, with_copies
from graphmem.model.change import Counts
from graphmem.model.forgetting import EraseReport, ForgetReport, Policy
from graphmem.model.ids import Kind
from graphmem.ports.store import scanned
from graphmem.stages import merging
from graphmem.stages.consolidating import settle
from graphmem.stages.erasing import erase
from graphmem.stages.learning import forget_learned, states_in
from graphmem.stages.restoring import restore
from graphmem.verbs.bound import Bound

_ALL = 1 << 31


class Keeping(Bound):
    """Methods that forget."""

    def forget(self, policy: Policy, *, dry_run: bool = False) -> ForgetReport:
        """Drop the passages of which least is retained, with the facts that only they state.

        They are found no longer, stay readable by an earlier ``known_at``, and can be taken back by
        :meth:`restore` for as long as the policy keeps them: what was forgotten before that is
        erased now. A `dry_run` only tells.

        Raises
        ------
        InvalidInputError
            The policy says nothing of what to forget.
        """
        self._recalls.flush()
        store, now = self._parts.store, self._parts.clock()
        choice = choose(store, self.namespace, policy, now=now)
        outdated = forgotten(store, self.namespace, before=purge_before(policy, now))
        report = ForgetReport(
            looked_at=choice.looked_at,
            kept=choice.looked_at - len(choice.faded),
            faded=choice.faded,
            erased=Counts(passages=len(outdated)),
            recoverable_until=now + (now - purge_before(policy, now)),
            is_dry_run=dry_run,
        )
        if dry_run:
            return report
        done = store.forget(self.namespace, [faded.id for faded in choice.faded], now)
        erased = self._erase(outdated).removed if outdated else Counts()
        return report.model_copy(update={"forgotten": done, "erased": erased})

    def restore(self, ids: Sequence[str] | None = None) -> Counts:
        """Take back passages that were forgotten, all of them by default, with their facts.

        They come as new ones, with ids of their own: those that were forgotten stay readable by a
        ``known_at`` of before, and in between neither is there.
        """
        return restore(
            self._parts.store,
            self.namespace,
            ids,
            states=states_in(self._parts, self.namespace),
            same=lambda id: self._names.one(id)[0],
            now=self._parts.clock(),
        )

    def erase(
        self,
        source: str | None = None,
        *,
        entity: str | None = None,
        id: str | None = None,
        dry_run: bool = False,
    ) -> EraseReport:
        """Remove for good what a source says, what mentions an entity, or what an id names.

        Gone with the passages are the facts and entities that nothing else supports, the beliefs
        that they brought about, their vectors, and every word of them in facts and names that stay,
        in the search index, the graph, Cypher's view, summaries, and the answers of language models
        that are kept on disk (all of these: whose words they are is not known). Exports that were
        written before are not looked for.

        Raises
        ------
        NotFoundError
            The memory holds nothing of the kind.
        InvalidInputError
            Not exactly one of `source`, `entity` and `id` is given.
        StoreBusyError
            Others still read the memory as it was before, so that its log cannot be emptied yet.
        """
        if sum(given is not None for given in (source, entity, id)) != 1:
            raise InvalidInputError("Erase exactly one of a source, an entity or an id")
        chosen = (
            self._of_source(source)
            if source is not None
            else self._naming(entity)
            if entity is not None
            else with_copies(self._parts.store, self.namespace, self._under(id or ""))
        )
        if not chosen:
            raise NotFoundError(
                f"There is nothing to erase of {source or entity or id!r}"
                f" in namespace {self.namespace!r}",
                remedy="`graphmem stats --sources` lists what is there",
            )
        if dry_run:
            return EraseReport(passages=len(chosen), is_dry_run=True)
        return self._erase(chosen)

    def _erase(self, passage_ids: Sequence[str]) -> EraseReport:
        states = states_in(self._parts, self.namespace)
        # Predicates of theirs are words too; the next consolidation learns from what is left.
        forget_learned(self._parts.store, self.namespace)
        done = erase(
            self._parts.store,
            self.namespace,
            passage_ids,
            states=states,
            same=lambda id: self._names.one(id)[0],
            now=self._parts.clock(),
        )
        if settle(self._parts.store, self._names, self._parts.clock, ()):
            self._parts.store.compact()
        # What was read from the store for speed would otherwise still hold the text.
        self._reading.discard()
        self._walking.discard()
        self._summarising.discard()
        self._parts.runner(self.namespace).discard()
        for empty in self._parts.derived.values():
            empty()
        return EraseReport(
            passages=len(passage_ids),
            removed=done.removed,
            reworded=done.reworded,
            left=done.left,
            places=("search index", "graph", "Cypher view", *self._parts.derived),
        )

    def _of_source(self, source: str) -> list[str]:
        """Passages of a source, and of its fragments ``FILE#...``."""
        store, source = self._parts.store, well_formed(source)
        with store.read(self.namespace, tables=("episodes",)) as reader:
            episodes = [
                id_
                for id_, name in scanned(reader, "episodes", "id", "source")
                if name == source or name.startswith(f"{source}#")
            ]
        return store.passages_of(episodes)

    def _naming(self, entity: str) -> list[str]:
        """Passages that mention an entity, or one that it is held to be one with."""
        found = merging.identity(self._parts.store, self._names, entity)
        ids = [found.entity.id, *(other.id for other in found.same)]
        named = self._parts.store.passages_naming(ids, limit=_ALL)
        stated = [
            item.passage_id
            for held in self._parts.store.facts_with(ids).values()
            for item in self._parts.store.evidence_of(held)
        ]
        return sorted({*(id_ for held in named.values() for id_ in held), *stated})

    def _under(self, id_: str) -> list[str]:
        """Passages of an episode or that state a fact, or the passage itself."""
        store = self._parts.store
        kind = id_.partition("_")[0]
        if kind == Kind.EPISODE:
            return store.passages_of([id_])
        if kind == Kind.FACT:
            return sorted({item.passage_id for item in store.evidence_of([id_])})
        if kind == Kind.ENTITY:
            return self._naming(id_)
        return list(store.passages([id_]))
