"""The names that a memory knows, kept at the store's version, and a batch's links to them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np

from graphmem.model.change import ChangeSet, Checkpoint, EditSet
from graphmem.model.knowledge import Entity, EntityType, Fact, Mention, SameAs
from graphmem.ports.store import GraphStore, StoreReader, Vectors, scanned
from graphmem.resolve.book import NameBook
from graphmem.resolve.conflicts import DATING
from graphmem.resolve.dictionary import mentions_of, with_known_names
from graphmem.resolve.homonyms import TELLING, kept_apart, told_persons
from graphmem.resolve.likeness import Described
from graphmem.resolve.linking import Around, broken, compared, decide, needed, propose

_APART: Final = "apart"
"""Under what is kept beside the graph which entities were unmerged by hand."""
_LOOKED_FOR: Final = "looked-for"
"""Under what is kept up to which version names were looked for in older passages."""
_PASSAGES: Final = 6
"""Passages of an entity that are looked at, at most."""


class KnownNames:
    """One namespace's name book; read once, then kept up to date by what is committed."""

    def __init__(self, store: GraphStore, namespace: str) -> None:
        self.namespace = namespace
        self._store = store
        self._book = NameBook()
        self._ids: dict[int, str] = {}
        self._seen = 0  # the version that the store was read at; what was written here is ahead
        self._version: int | None = None
        self._lock = threading.Lock()

    @contextmanager
    def linked(self, changes: ChangeSet, vectors: Mapping[str, Vectors]) -> Iterator[ChangeSet]:
        """The changes with what is known of their names, to be committed inside the block.

        Homonyms become entities of their own, known names mentions; names that may be one are
        linked.

        Until the block has ended well, the book is ahead of the store, and read anew if it is not.
        """
        with self._lock:
            before = self._update()
            self._version = None
            known: dict[str, list[Fact]] = {}
            for entity_id, fact in self._told(told_persons(changes), sorted(TELLING)):
                known.setdefault(entity_id, []).append(fact)
            changes = kept_apart(changes, known)
            proposals = propose(self._book, changes.entities)
            if proposals:
                around = self._around(changes, vectors, *needed(proposals, self._book))
                links = decide(proposals, self._book, around)
                changes = changes.model_copy(update={"same_as": (*changes.same_as, *links)})
            yield with_known_names(self._book, changes)
            self._part(changes)
            after = self._store.version(self.namespace)
            self._version = after if after <= before + 1 else before

    def relinked(self, ids: Sequence[str]) -> list[SameAs]:
        """Links that hold for these entities by what is known by now, and are not there yet.

        They are to be committed. What was unmerged by hand is not linked again.
        """
        with self._lock:
            self._version = self._update()
            apart = self.apart()
            proposals = [
                proposal
                for proposal in compared(self._book, ids)
                if _pair(proposal.new.id, proposal.old.id) not in apart
            ]
            if not proposals:
                return []
            nothing = ChangeSet(namespace=self.namespace)
            around = self._around(nothing, {}, *needed(proposals, self._book))
            links = list(decide(proposals, self._book, around))
            if links:
                self._version = None  # the book is ahead of the store until they are committed
            return links

    def look_back(self) -> tuple[int, int]:
        """Find names that became known since the last time in the passages of before.

        Returns how many names were looked for, and how many mentions of them were added.
        """
        job = f"{_LOOKED_FOR}:{self.namespace}"
        since = int(self._store.checkpoint(job) or 0)
        with self._store.read(self.namespace, ("entities",), since=since) as reader:
            until = reader.version
            fresh = {id for (id,) in scanned(reader, "entities", "id")}
        if not fresh:
            return 0, 0
        with self._lock:
            self._version = self._update()
            wanted = {id for id in fresh if self._book.get(id) is not None}
            found = tuple(self._mentions_of(wanted)) if wanted else ()
        checkpoint = Checkpoint(job=job, position=str(until))
        self._store.apply(
            ChangeSet(namespace=self.namespace, mentions=found, checkpoint=checkpoint)
        )
        return len(wanted), len(found)

    def _mentions_of(self, wanted: set[str]) -> Iterator[Mention]:
        with self._store.read(self.namespace, ("passages", "mentions")) as reader:
            held = scanned(reader, "passages", "nid", "id", "text")
            passages = {nid: (id, text) for nid, id, text in held}
            taken: dict[str, list[tuple[int, int]]] = {}
            for nid, start, end in scanned(reader, "mentions", "passage_nid", "start", "end"):
                if start is not None and end is not None:
                    taken.setdefault(passages[nid][0], []).append((start, end))
        yield from mentions_of(self._book, wanted, passages.values(), taken)

    def apart(self) -> set[tuple[str, str]]:
        """Pairs of entities that were unmerged by hand."""
        held = self._store.checkpoint(f"{_APART}:{self.namespace}")
        return {(left, right) for left, right in json.loads(held or "[]")}

    def keep_apart(self, left: str, right: str, *, keep: bool) -> None:
        """Remember that two entities were unmerged by hand, or with `keep` unset, forget it."""
        before = self.apart()
        pairs = before | {_pair(left, right)} if keep else before - {_pair(left, right)}
        if pairs != before:
            position = json.dumps(sorted(pairs))
            checkpoint = Checkpoint(job=f"{_APART}:{self.namespace}", position=position)
            self._store.apply(ChangeSet(namespace=self.namespace, checkpoint=checkpoint))

    def _part(self, changes: ChangeSet) -> None:
        """Take away links found by rule that what was just committed forbids."""
        told = {
            member.entity_id
            for fact in changes.facts
            if fact.predicate in DATING
            for member in fact.members
            if len(self._book.one(member.entity_id)) > 1
        }
        if not told:
            return
        facts: dict[str, list[Fact]] = {}
        for entity_id, fact in self.dated(sorted({o for id in told for o in self._book.one(id)})):
            facts.setdefault(entity_id, []).append(fact)
        gone = broken(self._book, facts, told)
        if gone:
            self._store.edit(
                EditSet(
                    namespace=self.namespace,
                    version=self._store.version(self.namespace),
                    removed_same_as=tuple(gone),
                )
            )

    def same(self, id: str) -> list[str]:
        """As :meth:`one`, for whoever is inside the block of :meth:`linked`: the ids alone."""
        return self._book.one(id)

    def one(self, id: str) -> tuple[list[str], list[SameAs]]:
        """All entities held to be one with this one, itself included, and the links between."""
        with self._lock:
            self._version = self._update()
            ids = self._book.one(id)
            return ids, self._book.links(ids)

    def standing_for(self, ids: Iterable[str]) -> dict[str, str]:
        """For ids of entities held to be one with others, the one id that stands for all of them.

        Those that stand for themselves are left out.
        """
        with self._lock:
            self._version = self._update()
            first = {id: min(self._book.one(id)) for id in set(ids)}
        return {id: one for id, one in first.items() if id != one}

    def named(self, name: str) -> list[str]:
        """Ids of the named entities of this name or alias, sorted."""
        with self._lock:
            self._version = self._update()
            return self._book.named(name)

    def near(self, name: str, *, limit: int = 5) -> list[str]:
        """Names that look like this one, the likest first."""
        with self._lock:
            self._version = self._update()
            return self._book.near(name, limit=limit)

    def dated(self, ids: Sequence[str]) -> list[tuple[str, Fact]]:
        """Facts of these entities that date what happens once, each with its entity."""
        return self._told(ids, sorted(DATING))

    def _told(self, ids: Sequence[str], predicates: Sequence[str]) -> list[tuple[str, Fact]]:
        held = self._store.facts_with(ids, predicates=predicates)
        facts = self._store.facts([id for found in held.values() for id in found])
        return [(entity_id, facts[id]) for entity_id, found in held.items() for id in found]

    def _update(self) -> int:
        """Bring the book to the store's version, and return that."""
        version = self._store.version(self.namespace)
        if self._version == version:
            return version
        tables = ("entities", "same_as")
        if self._version is not None and self._version < version:
            with self._store.read(self.namespace, tables, since=self._seen) as reader:
                if not reader.removed:
                    return self._take_in(reader)
        with self._store.read(self.namespace, tables) as reader:
            self._book, self._ids = NameBook(), {}
            return self._take_in(reader)

    def _take_in(self, reader: StoreReader) -> int:
        """Put what a view shows into the book; returns the view's version."""
        entities = scanned(reader, "entities", "nid", "id", "name", "type", "aliases")
        for nid, id, name, type, aliases in entities:
            self._ids[nid] = id
            self._book.put(
                Entity.model_construct(
                    id=id,
                    name=name,
                    type=EntityType(type),
                    aliases=tuple(json.loads(aliases)) if aliases != "[]" else (),
                    profile="",
                )
            )
        links = scanned(reader, "same_as", "left_nid", "right_nid", "score", "by")
        for left, right, score, by in links:
            ends = {"left_id": self._ids[left], "right_id": self._ids[right]}
            self._book.join(SameAs(**ends, score=score, by=by))
        self._seen = reader.version
        return reader.version

    def _around(
        self,
        changes: ChangeSet,
        vectors: Mapping[str, Vectors],
        dated: Sequence[str],
        mentioned: Sequence[str],
    ) -> Around:
        """Facts and passages of the entities that are proposed, of the store and of the batch."""
        stated = _stated(changes.facts, set(dated))
        for entity_id, fact in self.dated(dated):
            stated.setdefault(entity_id, []).append(fact)
        return Around(self._described(changes, vectors, mentioned), stated)

    def _described(
        self, changes: ChangeSet, vectors: Mapping[str, Vectors], ids: Sequence[str]
    ) -> dict[str, Described]:
        where = self._store.passages_naming(ids, limit=_PASSAGES)
        passages = self._store.passages([id for held in where.values() for id in held])
        passages.update({passage.id: passage for passage in changes.passages})
        wanted = set(ids)
        for mention in changes.mentions:
            if mention.entity_id in wanted:
                here = where.setdefault(mention.entity_id, [])
                if mention.passage_id not in here and len(here) < _PASSAGES:
                    here.append(mention.passage_id)
        keys = {passages[id].vector_key for held in where.values() for id in held}
        known = {**self._store.vectors_of(sorted(keys - vectors.keys())), **vectors}
        described = {}
        for entity_id, held in where.items():
            entity = self._book.get(entity_id)
            shown = [passages[id] for id in held if passages[id].vector_key in known]
            if entity is not None and shown:
                described[entity_id] = Described(
                    entity,
                    [passage.text for passage in shown],
                    np.stack([known[passage.vector_key] for passage in shown]),
                )
        return described


def _pair(left: str, right: str) -> tuple[str, str]:
    return min(left, right), max(left, right)


def _stated(facts: Iterable[Fact], entities: set[str]) -> dict[str, list[Fact]]:
    """A batch's dating facts by the entities that are members of them."""
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.predicate in DATING:
            for entity_id in {member.entity_id for member in fact.members} & entities:
                found.setdefault(entity_id, []).append(fact)
    return found
