"""Committing a batch: what is new is added, what is held is merged by the rules of a ChangeSet.

New nodes get the next ``nid`` values of their namespace in the order of the batch. All of it runs
inside the caller's transaction, in lists of bounded length that are sorted by the node at which
they meet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final

import neo4j

from graphmem.adapters.bolt import listed, number, rows
from graphmem.adapters.stores.merge import (
    collapse,
    merge_entities,
    merge_episodes,
    merge_facts,
    merge_types,
    unite,
)
from graphmem.adapters.stores.neo4j.namespaces import Namespace
from graphmem.adapters.stores.neo4j.rows import (
    ENTITY_COLUMNS,
    EPISODE_COLUMNS,
    FACT_COLUMNS,
    NO_OFFSET,
    PASSAGE_COLUMNS,
    Row,
    entity_row,
    episode_row,
    fact_row,
    micros,
    passage_row,
)
from graphmem.adapters.stores.neo4j.statements import embedding, statements, with_properties
from graphmem.adapters.stores.neo4j.vectors import Embeddings
from graphmem.errors import InvalidInputError
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.ids import digest
from graphmem.model.knowledge import DiscourseLink, Evidence, Mention
from graphmem.model.source import Depth
from graphmem.ports.store import Vectors

Nids = dict[str, int]

ROWS: Final = 5000
"""Rows that go to the server in one statement."""

PASSAGE_ROWS: Final = 1000
"""Passages in one statement: their vectors make them twenty times as large."""

_OWN: Final = statements("write")
_CREATE_EPISODES: Final = with_properties(_OWN["create_episodes"], EPISODE_COLUMNS)
_CREATE_ENTITIES: Final = with_properties(_OWN["create_entities"], ENTITY_COLUMNS)
_CREATE_FACTS: Final = with_properties(_OWN["create_facts"], FACT_COLUMNS)
_SINGULAR: Final = {
    "episodes": "episode",
    "passages": "passage",
    "entities": "entity",
    "facts": "fact",
}


def write(
    namespace: Namespace,
    changes: ChangeSet,
    vectors: Mapping[str, Vectors],
    *,
    embedder: str | None = None,
) -> Counts:
    """Apply `changes` and return what was new.

    Vectors whose key no passage has are left out.

    Raises
    ------
    InvalidInputError
        A reference to something that the namespace does not hold, an id that another namespace
        holds, an offset below 0, an interval that ends before it starts, a vector that is not
        finite.
    EmbedderMismatchError
        A vector of another embedder, or of another length than the store's.
    """
    batch = _Batch(namespace, changes)
    batch.add_episodes()
    batch.add_passages(vectors, embedder)
    batch.add_entities()
    batch.add_facts()
    batch.add_relations()
    batch.revise()
    batch.retire()
    if changes.checkpoint is not None:
        rows(
            namespace.tx,
            _OWN["checkpoint"],
            key=digest(changes.checkpoint.job),
            job=changes.checkpoint.job,
            position=changes.checkpoint.position,
        )
    added = Counts(**batch.added)
    namespace.changed |= added != Counts()
    namespace.counts += added
    return added


class _Batch:
    """One batch on its way into the store."""

    def __init__(self, namespace: Namespace, changes: ChangeSet) -> None:
        self._namespace = namespace
        self._tx = namespace.tx
        self._changes = changes
        self._wanted = _wanted(changes)
        self._found = _found(self._tx, self._wanted)
        self._held: dict[str, dict[str, Row]] = {}
        self._new: dict[str, Nids] = {}
        self.added: dict[str, int] = {}

    def add_episodes(self) -> None:
        """Also raises the depth of held ones, and revives those that are added again."""
        given = collapse(self._changes.episodes, merge_episodes)
        for episode in given.values():
            if episode.namespace != self._changes.namespace:
                raise InvalidInputError(
                    f"episode {episode.id!r} is of namespace {episode.namespace!r},"
                    f" its batch of {self._changes.namespace!r}"
                )
        held = self._look_up("episodes", given)
        deeper, revived = [], []
        for id_, (_, _, depth, retired_at) in held.items():
            if id_ in given and given[id_].depth is Depth.FULL and depth != Depth.FULL:
                deeper.append(id_)
            if id_ in given and given[id_].retired_at is None and retired_at is not None:
                revived.append(id_)
        self._update("set_depth", ids=deeper, depth=Depth.FULL.value)
        self._update("revive_episodes", ids=revived)
        self._namespace.mark("mark_passages_of", revived)
        made = (episode_row(owner, given[id_]) for id_, owner in self._owners("episodes"))
        self._add("episodes", _CREATE_EPISODES, made)

    def add_passages(self, vectors: Mapping[str, Vectors], embedder: str | None) -> None:
        """With their vectors; new ones are put in the order of their episode."""
        changes = self._changes
        given = collapse(changes.passages, lambda first, _: first)
        self._look_up("passages", given)
        new = [given[id_] for id_ in self._new["passages"]]
        keys = {p.vector_key for p in new}
        embeddings = Embeddings(self._namespace, vectors, keys, embedder=embedder)
        made = (
            passage_row(
                owner,
                self._nid("episodes", given[id_].episode_id),
                given[id_],
                embeddings.of(given[id_].vector_key),
            )
            for id_, owner in self._owners("passages")
        )
        self._add("passages", _create_passages(self._namespace.generation), made)
        embeddings.fill()
        episodes = Counter(passage.episode_id for passage in new)
        older = [id_ for id_ in episodes if id_ in self._held["episodes"]]
        self._run("unlink_order", ids=older)
        # One passage alone has none to follow.
        several = [id_ for id_, number in episodes.items() if number > 1 and id_ not in older]
        self._run("link_order", ids=[*older, *several])

    def add_entities(self) -> None:
        """Also unites the aliases of held ones, and replaces their type while it is OTHER."""
        changes = self._changes
        given = collapse(changes.entities, merge_entities)
        merged = []
        for id_, (_, _, type_, aliases) in self._look_up("entities", given).items():
            if id_ in given:
                update = [
                    str(merge_types(type_, given[id_].type)),
                    list(unite(aliases, given[id_].aliases)),
                ]
                if update != [type_, aliases]:
                    merged.append([id_, *update])
        self._update("merge_entities", rows=merged)
        made = (entity_row(owner, given[id_]) for id_, owner in self._owners("entities"))
        self._add("entities", _CREATE_ENTITIES, made)

    def add_facts(self) -> None:
        """With their roles; also revives held ones that are stated again."""
        changes = self._changes
        given = collapse(changes.facts, merge_facts)
        held = self._look_up("facts", given)
        revived = [
            id_
            for id_, (_, _, retired_at) in held.items()
            if retired_at is not None and id_ in given and given[id_].retired_at is None
        ]
        self._update("revive_facts", ids=revived)
        made = (fact_row(owner, given[id_]) for id_, owner in self._owners("facts"))
        self._add("facts", _CREATE_FACTS, made)

    def add_relations(self) -> None:
        """All that has no id of its own; what is held stays as it is."""
        changes = self._changes
        mentions = {
            (m.passage_id, m.entity_id, m.surface, *_span(m)): m.about
            for m in reversed(changes.mentions)
        }
        evidence = dict.fromkeys((e.passage_id, e.fact_id, *_span(e)) for e in changes.evidence)
        self._drop_held("mentions", mentions, "passages")
        self._drop_held("evidence", evidence, "passages")
        self._connect("mentions", _grouped([*key, about] for key, about in mentions.items()))
        self._connect("evidence", _grouped(map(list, evidence)))
        self._mark("passages", {key[0] for key in mentions})
        self._mark("facts", {key[1] for key in evidence})
        self.added |= {"mentions": len(mentions), "evidence": len(evidence)}
        discourse = dict.fromkeys(map(_link_key, changes.discourse))
        supersessions = {
            (pair.newer_id, pair.older_id): pair.reason for pair in reversed(changes.supersessions)
        }
        same_as = {
            (pair.left_id, pair.right_id, pair.by): pair.score for pair in reversed(changes.same_as)
        }
        self._drop_held("discourse", discourse, "facts")
        self._drop_held("supersessions", supersessions, "facts")
        self._drop_held("same_as", same_as, "entities")
        self._connect("discourse", _ordered(map(list, discourse)))
        self._connect(
            "supersessions", _ordered([*key, more] for key, more in supersessions.items())
        )
        self._connect("same_as", _ordered([*key, more] for key, more in same_as.items()))
        self._mark("facts", {key[0] for key in (*discourse, *supersessions)})
        self._mark("entities", {key[0] for key in same_as})
        self.added |= {
            "discourse": len(discourse),
            "supersessions": len(supersessions),
            "same_as": len(same_as),
        }

    def revise(self) -> None:
        """Retire and reinforce facts by id."""
        retired = self._changes.retired_facts
        self._update("retire_facts", rows=[[id_, micros(retired[id_])] for id_ in sorted(retired)])
        self._update("reinforce_facts", ids=sorted(self._changes.reinforced))

    def retire(self) -> None:
        """Retire episodes in order of time, each with the facts it was the last to support."""
        retired = self._changes.retired_episodes
        for id_ in sorted(retired, key=lambda id_: (retired[id_], id_)):
            moment = micros(retired[id_])
            given = {"id": id_, "moment": moment, "version": self._namespace.next_version}
            if number(self._tx, _OWN["retire_episode"], **given):
                rows(self._tx, _OWN["retire_unsupported"], **given)
                self._namespace.mark("mark_passages_of", [id_])
                self._namespace.changed = True

    def _look_up(self, kind: str, given: Iterable[str]) -> dict[str, Row]:
        """Number what is new of `given`; returns what is held of all that the batch names."""
        wanted = self._wanted[kind]
        held = {row[0]: row[1:] for row in self._found[kind]}
        strangers = [id_ for id_, row in held.items() if row[1] != self._namespace.space]
        if strangers:
            raise InvalidInputError(
                f"{min(strangers)!r} among the {kind} of a batch for namespace"
                f" {self._changes.namespace!r} belongs to another namespace"
            )
        new = [id_ for id_ in given if id_ not in held]
        numbers = self._namespace.next_nids(kind, len(new))
        self._held[kind] = held
        self._new[kind] = dict(zip(new, numbers, strict=True))
        missing = wanted - held.keys() - self._new[kind].keys()
        if missing:
            raise InvalidInputError(
                f"the batch refers to {_SINGULAR[kind]} {min(missing)!r}, which is neither in it"
                f" nor held by namespace {self._changes.namespace!r}"
            )
        return held

    def _nid(self, kind: str, id_: str) -> int:
        held = self._held[kind].get(id_)
        return self._new[kind][id_] if held is None else int(held[0])

    def _owners(self, kind: str) -> Iterable[tuple[str, Row]]:
        return ((id_, self._namespace.owner(nid)) for id_, nid in self._new[kind].items())

    def _drop_held(self, kind: str, given: dict[Any, Any], starts: str) -> None:
        """Leave out what the store holds; only held nodes can have held relationships."""
        ids = sorted({key[0] for key in given} & self._held[starts].keys())
        for part in parts(ids):
            for key in listed(self._tx, _OWN[f"held_{kind}"], ids=part):
                given.pop(tuple(key), None)

    def _add(self, kind: str, statement: str, made: Iterable[Row]) -> None:
        self.added[kind] = len(self._new[kind])
        for part in parts(made, PASSAGE_ROWS if kind == "passages" else ROWS):
            rows(self._tx, statement, rows=part)

    def _connect(self, kind: str, made: Iterable[Row]) -> None:
        for part in parts(made):
            rows(self._tx, _OWN[f"create_{kind}"], rows=part)

    def _mark(self, kind: str, starts: set[str]) -> None:
        """Tell the held nodes that relations were added to; new ones are told as such."""
        self._namespace.mark(f"mark_{kind}", starts & self._held[kind].keys())

    def _update(self, name: str, **parameters: Any) -> None:
        """Change what is held, if there is anything to change."""
        if self._run(name, **parameters, version=self._namespace.next_version):
            self._namespace.changed = True

    def _run(self, name: str, **parameters: Any) -> int:
        """Run a statement over its ``ids`` or ``rows`` in parts; returns how many there are."""
        listing = "rows" if "rows" in parameters else "ids"
        whole = parameters.pop(listing)
        for part in parts(whole):
            rows(self._tx, _OWN[name], **{listing: part}, **parameters)
        return len(whole)


def _create_passages(generation: int) -> str:
    columns = (*PASSAGE_COLUMNS, embedding(generation))
    return with_properties(_OWN["create_passages"], columns)


def _wanted(changes: ChangeSet) -> dict[str, set[str]]:
    """The ids of all nodes that the batch holds or refers to."""
    links, pairs = changes.discourse, changes.supersessions
    return {
        "episodes": {
            *(episode.id for episode in changes.episodes),
            *(passage.episode_id for passage in changes.passages),
            *changes.retired_episodes,
        },
        "passages": {
            *(passage.id for passage in changes.passages),
            *(mention.passage_id for mention in changes.mentions),
            *(evidence.passage_id for evidence in changes.evidence),
            *(link.passage_id for link in links if link.passage_id is not None),
        },
        "entities": {
            *(entity.id for entity in changes.entities),
            *(mention.entity_id for mention in changes.mentions),
            *(member.entity_id for fact in changes.facts for member in fact.members),
            *chain.from_iterable((pair.left_id, pair.right_id) for pair in changes.same_as),
        },
        "facts": {
            *(fact.id for fact in changes.facts),
            *(evidence.fact_id for evidence in changes.evidence),
            *chain.from_iterable((link.source_id, link.target_id) for link in links),
            *chain.from_iterable((pair.newer_id, pair.older_id) for pair in pairs),
            *changes.retired_facts,
            *changes.reinforced,
        },
    }


def _found(tx: neo4j.ManagedTransaction, wanted: Mapping[str, set[str]]) -> dict[str, list[Row]]:
    """Those that are held, of all kinds at once where they are few: a way to the server costs."""
    ids = {kind: sorted(named) for kind, named in wanted.items()}
    if sum(map(len, ids.values())) <= ROWS:
        (found,) = rows(tx, _OWN["held"], **ids)
        return dict(zip(("episodes", "passages", "entities", "facts"), found, strict=True))
    return {
        kind: [row for part in parts(named) for row in listed(tx, _OWN[f"held_{kind}"], ids=part)]
        for kind, named in ids.items()
    }


def parts(made: Iterable[Any], size: int = ROWS) -> Iterator[list[Any]]:
    """Lists of at most `size`."""
    pending = iter(made)
    while part := list(islice(pending, size)):
        yield part


def _grouped(made: Iterable[Row]) -> Iterator[Row]:
    """Rows that begin with the same node, as one: the node is looked up once."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for start, *row in sorted(made, key=lambda row: row[:2]):
        groups[start].append(row)
    return ([start, group] for start, group in groups.items())


def _ordered(made: Iterable[Row]) -> list[Row]:
    return sorted(made, key=lambda row: row[:2])


def _link_key(link: DiscourseLink) -> tuple[Any, ...]:
    return (
        *(link.source_id, link.target_id, link.sense.value, link.connective),
        *(link.passage_id, link.start, link.end),
    )


def _span(value: Mention | Evidence) -> tuple[int, int]:
    """Offsets as they are kept."""
    start, end = value.start, value.end
    if start is None and end is None:
        return NO_OFFSET, NO_OFFSET
    if start is None or end is None or not 0 <= start <= end:
        raise InvalidInputError(
            f"[{start}, {end}) is not a span of characters", remedy="Count from 0, and end later"
        )
    return start, end
