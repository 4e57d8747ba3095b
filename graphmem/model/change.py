"""What goes into a store, and what is known before: the write path's values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain

from pydantic import Field

from graphmem.model.base import UtcTime, Value
from graphmem.model.knowledge import (
    DiscourseLink,
    Entity,
    Evidence,
    Fact,
    Mention,
    SameAs,
    Supersession,
)
from graphmem.model.source import Episode, Passage
from graphmem.model.usage import Tally


class Operation(StrEnum):
    """What a statement does to what is known.

    ADD: new; UPDATE: known, with more detail or a better known time; SUPERSEDE: another value
    begins, so the known one ends; RETIRE: the known one was wrong; NOOP: known already.
    """

    ADD = "ADD"
    UPDATE = "UPDATE"
    SUPERSEDE = "SUPERSEDE"
    RETIRE = "RETIRE"
    NOOP = "NOOP"


class Revision(Value):
    """What the statement `by` did to the belief `fact_id`: by which rule, and in whose words.

    `version_id` is the belief that stands in its place, ``None`` where there is none.
    """

    operation: Operation
    rule: str
    fact_id: str
    by: str
    reason: str = ""
    version_id: str | None = None


class Checkpoint(Value):
    """How far a job has come; committed together with the batch that it stands for."""

    job: str
    position: str


class ChangeSet(Value):
    """One batch of changes to one namespace; a store takes all of it or nothing.

    Rows are ordered so that what is referred to comes first. Whatever the store already holds under
    the same id stays as it is, but for: an entity's aliases, which are united; its type, which is
    replaced while it is ``OTHER``; an episode's and a fact's `retired_at`, which is cleared when it
    comes again; an episode's `depth`, which rises.
    """

    namespace: str
    episodes: tuple[Episode, ...] = ()
    passages: tuple[Passage, ...] = ()
    entities: tuple[Entity, ...] = ()
    mentions: tuple[Mention, ...] = ()
    facts: tuple[Fact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    discourse: tuple[DiscourseLink, ...] = ()
    supersessions: tuple[Supersession, ...] = ()
    same_as: tuple[SameAs, ...] = ()
    retired_episodes: Mapping[str, UtcTime] = Field(default_factory=dict)
    retired_facts: Mapping[str, UtcTime] = Field(default_factory=dict)
    reinforced: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None


class EditSet(Value):
    """Changes made by hand to one namespace, where a :class:`ChangeSet` comes from reading.

    `version` is the namespace's change counter that they were worked out against. `entities` are
    new, or take the place of the type, aliases and profile under their id; `facts` take the place
    of the confidence, valid time, precision, `retired_at` and strength under theirs. Links are
    added, in the place of one under the same key. A removed fact takes its roles, evidence and
    links along; a removed link takes along what reads alike: the same ends and sense and
    connective, or the same ends and `by`.
    """

    namespace: str
    version: int
    entities: tuple[Entity, ...] = ()
    facts: tuple[Fact, ...] = ()
    discourse: tuple[DiscourseLink, ...] = ()
    supersessions: tuple[Supersession, ...] = ()
    same_as: tuple[SameAs, ...] = ()
    removed_facts: tuple[str, ...] = ()
    removed_discourse: tuple[DiscourseLink, ...] = ()
    removed_supersessions: tuple[Supersession, ...] = ()
    removed_same_as: tuple[SameAs, ...] = ()

    @property
    def removes(self) -> bool:
        """Whether the edits take something away."""
        return bool(
            self.removed_facts
            or self.removed_discourse
            or self.removed_supersessions
            or self.removed_same_as
        )

    @property
    def entity_ids(self) -> set[str]:
        """Entities that the edits name."""
        pairs = (*self.same_as, *self.removed_same_as)
        return {
            *(entity.id for entity in self.entities),
            *chain.from_iterable((pair.left_id, pair.right_id) for pair in pairs),
        }

    @property
    def fact_ids(self) -> set[str]:
        """Facts that the edits name."""
        links = (*self.discourse, *self.removed_discourse)
        pairs = (*self.supersessions, *self.removed_supersessions)
        return {
            *(fact.id for fact in self.facts),
            *self.removed_facts,
            *chain.from_iterable((link.source_id, link.target_id) for link in links),
            *chain.from_iterable((pair.newer_id, pair.older_id) for pair in pairs),
        }


class Counts(Value):
    """How many of each kind: added by a commit, removed by a deletion, or held in all."""

    episodes: int = 0
    passages: int = 0
    entities: int = 0
    mentions: int = 0
    facts: int = 0
    evidence: int = 0
    discourse: int = 0
    supersessions: int = 0
    same_as: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in COUNTED})


COUNTED: tuple[str, ...] = tuple(Counts.model_fields)


class Neighbourhood(Value):
    """What the resolver may know of the store, fetched before it runs; read-only.

    `entities` by id, for the ids that the batch could refer to.
    """

    entities: Mapping[str, Entity] = Field(default_factory=dict)


class FailedItem(Value):
    """An item that was not ingested, and why."""

    item: str
    error: str
    remedy: str = ""


class AddReport(Value):
    """What one call of ``add`` did. `unchanged` counts items that the memory already held.

    `revisions` are what its statements did to what was known, or what was known did to them;
    `operations` count all of its statements by what they did, the strongest for each.
    """

    items: int = 0
    unchanged: int = 0
    replaced: int = 0
    added: Counts = Counts()
    episode_ids: tuple[str, ...] = ()
    failed: tuple[FailedItem, ...] = ()
    reading: Tally = Tally()
    revisions: tuple[Revision, ...] = ()
    operations: Mapping[Operation, int] = Field(default_factory=dict)
    seconds: float = 0.0

    def __add__(self, other: AddReport) -> AddReport:
        return AddReport(
            items=self.items + other.items,
            unchanged=self.unchanged + other.unchanged,
            replaced=self.replaced + other.replaced,
            added=self.added + other.added,
            episode_ids=self.episode_ids + other.episode_ids,
            failed=self.failed + other.failed,
            reading=self.reading + other.reading,
            revisions=self.revisions + other.revisions,
            operations={
                operation: self.operations.get(operation, 0) + other.operations.get(operation, 0)
                for operation in Operation
                if operation in self.operations or operation in other.operations
            },
            seconds=self.seconds + other.seconds,
        )


class StoreInfo(Value):
    """What a store says of itself."""

    backend: str
    location: str
    schema_version: int
    memory_id: str
    created_at: UtcTime
    embedder: str | None
    dimension: int | None


class Problem(Value):
    """Something that ``doctor`` found wrong, and what to do about it."""

    check: str
    detail: str
    remedy: str = ""


class Stats(Value):
    """What a memory holds and where. `episodes_without_facts` were read at depth ``fast`` only."""

    location: str
    backend: str
    namespace: str
    namespaces: tuple[str, ...]
    version: int
    schema_version: int
    embedder: str | None
    dimension: int | None
    size_bytes: int
    counts: Counts
    episodes_without_facts: int = 0
