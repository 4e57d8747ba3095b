"""Committing a batch: what is new is added, what is held is merged by the rules of a ChangeSet.

New rows get the next ``nid`` values in the order of the batch, so that the same batches in the
same order make the same store. All of it runs inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Final

from graphmem.adapters.stores.merge import (
    collapse,
    merge_entities,
    merge_episodes,
    merge_facts,
    merge_types,
    unite,
)
from graphmem.adapters.stores.sqlite.rows import (
    ENTITY_COLUMNS,
    EPISODE_COLUMNS,
    FACT_COLUMNS,
    NO_OFFSET,
    PASSAGE_COLUMNS,
    ROLE_COLUMNS,
    Row,
    aliases_json,
    entity_row,
    episode_row,
    fact_row,
    insert,
    micros,
    passage_row,
    select_in,
)
from graphmem.adapters.stores.sqlite.vectors import add_vectors
from graphmem.adapters.stores.sqlite.versions import (
    mark,
    mark_episodes,
    next_version,
    raise_version,
)
from graphmem.errors import InvalidInputError
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.knowledge import Entity, Evidence, Mention
from graphmem.model.source import Depth
from graphmem.ports.store import Vectors

Nids = dict[str, int]

_MENTION: Final = ("passage_nid", "start", "end", "entity_nid", "surface", "about")
_EVIDENCE: Final = ("fact_nid", "passage_nid", "start", "end")
_DISCOURSE: Final = (
    *("source_nid", "target_nid", "sense", "connective", "passage_nid", "start", "end"),
)
_SUPERSESSION: Final = ("newer_nid", "older_nid", "reason")
_SAME_AS: Final = ("left_nid", "right_nid", "by", "score")
_START: Final = {
    "mentions": "passage_nid",
    "evidence": "fact_nid",
    "discourse": "source_nid",
    "supersessions": "newer_nid",
    "same_as": "left_nid",
}

_NOW_UNSUPPORTED: Final = """
    SELECT DISTINCT e.fact_nid
    FROM passages p CROSS JOIN evidence e ON e.passage_nid = p.nid
    CROSS JOIN facts f ON f.nid = e.fact_nid
    WHERE p.episode_nid = ? AND f.retired_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM evidence x CROSS JOIN passages q ON q.nid = x.passage_nid
        CROSS JOIN episodes o ON o.nid = q.episode_nid
        WHERE x.fact_nid = e.fact_nid AND o.retired_at IS NULL AND q.forgotten_at IS NULL
    )"""


def write(
    connection: sqlite3.Connection,
    changes: ChangeSet,
    vectors: Mapping[str, Vectors],
    *,
    embedder: str | None = None,
) -> Counts:
    """Apply `changes` and return what was new; raises the version of each namespace it changed.

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
    batch = _Batch(connection, changes)
    episodes = batch.add_episodes()
    passages = batch.add_passages(episodes)
    entities = batch.add_entities()
    facts = batch.add_facts(entities)
    batch.add_relations(passages, entities, facts)
    batch.revise(facts)
    batch.retire(episodes)
    touched = add_vectors(connection, vectors, embedder=embedder) if vectors else set()
    if batch.changed:
        touched.add(batch.namespace)
    raise_version(connection, touched)
    if changes.checkpoint is not None:
        connection.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)",
            (changes.checkpoint.job, changes.checkpoint.position),
        )
    return Counts(**batch.added)


class _Batch:
    """One batch on its way into the store; `changed` counts rows added and rows updated."""

    def __init__(self, connection: sqlite3.Connection, changes: ChangeSet) -> None:
        self._connection = connection
        self._changes = changes
        self.namespace = _namespace(connection, changes.namespace)
        self._version = next_version(connection, self.namespace)
        self._first_new: dict[str, int] = {}
        self.added: dict[str, int] = {}
        self.changed = 0

    def add_episodes(self) -> Nids:
        """Also raises the depth of held ones, and revives those that are added again."""
        given = collapse(self._changes.episodes, merge_episodes)
        wanted = {
            *given,
            *(passage.episode_id for passage in self._changes.passages),
            *self._changes.retired_episodes,
        }
        for episode in given.values():
            if episode.namespace != self._changes.namespace:
                raise InvalidInputError(
                    f"episode {episode.id!r} is of namespace {episode.namespace!r},"
                    f" its batch of {self._changes.namespace!r}"
                )
        held = self._held("episodes", wanted, ("depth", "retired_at"))
        deeper, revived = [], []
        for id_, (nid, _, depth, retired_at) in held.items():
            if id_ in given and given[id_].depth is Depth.FULL and depth != Depth.FULL:
                deeper.append((Depth.FULL.value, nid))
            if id_ in given and given[id_].retired_at is None and retired_at is not None:
                revived.append((nid,))
        self._update("UPDATE episodes SET depth = ? WHERE nid = ?", deeper)
        self._update("UPDATE episodes SET retired_at = NULL WHERE nid = ?", revived)
        mark(self._connection, "episodes", [nid for _, nid in deeper])
        mark_episodes(self._connection, [nid for (nid,) in revived])
        nids, new = self._number("episodes", held, given)
        rows = (episode_row(nids[id_], self.namespace, given[id_]) for id_ in new)
        self._add_nodes("episodes", EPISODE_COLUMNS, rows)
        return self._complete("episode", nids, wanted)

    def add_passages(self, episodes: Nids) -> Nids:
        changes = self._changes
        given = collapse(changes.passages, lambda first, _: first)
        wanted = {
            *given,
            *(mention.passage_id for mention in changes.mentions),
            *(evidence.passage_id for evidence in changes.evidence),
            *(link.passage_id for link in changes.discourse if link.passage_id is not None),
        }
        nids, new = self._number("passages", self._held("passages", wanted), given)
        rows = (
            passage_row(nids[id_], self.namespace, episodes[given[id_].episode_id], given[id_])
            for id_ in new
        )
        self._add_nodes("passages", PASSAGE_COLUMNS, rows)
        return self._complete("passage", nids, wanted)

    def add_entities(self) -> Nids:
        """Also unites the aliases of held ones, and replaces their type while it is OTHER."""
        changes = self._changes
        given = collapse(changes.entities, merge_entities)
        wanted = {
            *given,
            *(mention.entity_id for mention in changes.mentions),
            *(member.entity_id for fact in changes.facts for member in fact.members),
            *chain.from_iterable((pair.left_id, pair.right_id) for pair in changes.same_as),
        }
        held = self._held("entities", wanted, ("type", "aliases"))
        merged = []
        for id_, (nid, _, type_, aliases) in held.items():
            update = _merged(type_, aliases, given[id_]) if id_ in given else (type_, aliases)
            if update != (type_, aliases):
                merged.append((*update, nid))
        self._update("UPDATE entities SET type = ?, aliases = ? WHERE nid = ?", merged)
        mark(self._connection, "entities", [nid for *_, nid in merged])
        nids, new = self._number("entities", held, given)
        rows = (entity_row(nids[id_], self.namespace, given[id_]) for id_ in new)
        self._add_nodes("entities", ENTITY_COLUMNS, rows)
        return self._complete("entity", nids, wanted)

    def add_facts(self, entities: Nids) -> Nids:
        """With their roles; also revives held ones that are stated again."""
        changes = self._changes
        given = collapse(changes.facts, merge_facts)
        wanted = {
            *given,
            *(evidence.fact_id for evidence in changes.evidence),
            *chain.from_iterable((link.source_id, link.target_id) for link in changes.discourse),
            *chain.from_iterable((pair.newer_id, pair.older_id) for pair in changes.supersessions),
            *changes.retired_facts,
            *changes.reinforced,
        }
        held = self._held("facts", wanted, ("retired_at",))
        revived = [
            (nid,)
            for id_, (nid, _, retired_at) in held.items()
            if retired_at is not None and id_ in given and given[id_].retired_at is None
        ]
        self._update("UPDATE facts SET retired_at = NULL WHERE nid = ?", revived)
        mark(self._connection, "facts", [nid for (nid,) in revived])
        nids, new = self._number("facts", held, given)
        rows = (fact_row(nids[id_], self.namespace, given[id_]) for id_ in new)
        self._add_nodes("facts", FACT_COLUMNS, rows)
        roles = (
            (nids[id_], position, entities[m.entity_id], m.role, m.text, m.ordinal, m.start, m.end)
            for id_ in new
            for position, m in enumerate(given[id_].members)
        )
        self._connection.executemany(insert("roles", ROLE_COLUMNS), roles)
        return self._complete("fact", nids, wanted)

    def add_relations(self, passages: Nids, entities: Nids, facts: Nids) -> None:
        """All that has no id of its own; a row that is held stays as it is."""
        changes = self._changes
        mentions = (
            (passages[m.passage_id], *_span(m), entities[m.entity_id], m.surface, m.about)
            for m in changes.mentions
        )
        evidence = ((facts[e.fact_id], passages[e.passage_id], *_span(e)) for e in changes.evidence)
        discourse = (
            (
                *(facts[link.source_id], facts[link.target_id], link.sense.value, link.connective),
                None if link.passage_id is None else passages[link.passage_id],
                *(link.start, link.end),
            )
            for link in changes.discourse
        )
        supersessions = (
            (facts[pair.newer_id], facts[pair.older_id], pair.reason)
            for pair in changes.supersessions
        )
        same_as = (
            (entities[pair.left_id], entities[pair.right_id], pair.by, pair.score)
            for pair in changes.same_as
        )
        self._relate("mentions", _MENTION, mentions, "passages")
        self._relate("evidence", _EVIDENCE, evidence, "facts")
        self._relate("discourse", _DISCOURSE, discourse, "facts")
        self._relate("supersessions", _SUPERSESSION, supersessions, "facts")
        self._relate("same_as", _SAME_AS, same_as, "entities")

    def revise(self, facts: Nids) -> None:
        """Retire and reinforce facts by id."""
        retired = [
            (micros(moment), facts[id_]) for id_, moment in self._changes.retired_facts.items()
        ]
        again = [(facts[id_],) for id_ in self._changes.reinforced]
        self._update(
            "UPDATE facts SET retired_at = ? WHERE nid = ? AND retired_at IS NULL", retired
        )
        self._update("UPDATE facts SET strength = strength + 1 WHERE nid = ?", again)
        mark(self._connection, "facts", [nid for _, nid in retired])
        mark(self._connection, "facts", [nid for (nid,) in again])

    def retire(self, episodes: Nids) -> None:
        """Retire episodes in order of time, each with the facts it was the last to support."""
        retired = self._changes.retired_episodes
        for id_ in sorted(retired, key=lambda id_: (retired[id_], id_)):
            moment, nid = micros(retired[id_]), episodes[id_]
            before = self._connection.total_changes
            self._update(
                "UPDATE episodes SET retired_at = ? WHERE nid = ? AND retired_at IS NULL",
                [(moment, nid)],
            )
            if self._connection.total_changes > before:
                mark_episodes(self._connection, [nid])
                facts = self._connection.execute(_NOW_UNSUPPORTED, (nid,)).fetchall()
                self._update(
                    "UPDATE facts SET retired_at = ? WHERE nid = ?",
                    [(moment, fact) for (fact,) in facts],
                )
                mark(self._connection, "facts", [fact for (fact,) in facts])

    def _held(self, table: str, ids: set[str], columns: Sequence[str] = ()) -> dict[str, Row]:
        """``nid`` and `columns` of those rows that the store holds, by id."""
        more = "".join(f", {column}" for column in columns)
        statement = f"SELECT id, nid, namespace_nid{more} FROM {table} WHERE id IN ({{keys}})"
        held = {row[0]: row[1:] for row in select_in(self._connection, statement, ids)}
        strangers = [id_ for id_, row in held.items() if row[1] != self.namespace]
        if strangers:
            raise InvalidInputError(
                f"{min(strangers)!r} among the {table} of a batch for namespace"
                f" {self._changes.namespace!r} belongs to another namespace"
            )
        return held

    def _number(
        self, table: str, held: Mapping[str, Row], given: Iterable[str]
    ) -> tuple[Nids, list[str]]:
        """``nid`` of all that is held or given, and the ids that are new, in order."""
        new = [id_ for id_ in given if id_ not in held]
        nids = {id_: row[0] for id_, row in held.items()}
        (last,) = self._connection.execute(f"SELECT ifnull(max(nid), 0) FROM {table}").fetchone()
        self._first_new[table] = last + 1
        nids.update(zip(new, count(last + 1), strict=False))
        return nids, new

    def _complete(self, kind: str, nids: Nids, wanted: set[str]) -> Nids:
        missing = wanted - nids.keys()
        if missing:
            raise InvalidInputError(
                f"the batch refers to {kind} {min(missing)!r}, which is neither in it nor held by"
                f" namespace {self._changes.namespace!r}"
            )
        return nids

    def _add_nodes(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        statement = insert(table, (*columns, "changed_in"))
        self._add(table, statement, ((*row, self._version) for row in rows))

    def _relate(self, table: str, columns: Sequence[str], rows: Iterable[Row], starts: str) -> None:
        """Add relations that are not held, and tell the held nodes of `starts` they start at."""
        made = list(rows)
        self._add(table, insert(table, columns, keep=True), made)
        if self.added[table]:
            start = columns.index(_START[table])
            first_new = self._first_new[starts]
            mark(self._connection, starts, sorted({r[start] for r in made if r[start] < first_new}))

    def _add(self, table: str, statement: str, rows: Iterable[Row]) -> None:
        before = self._connection.total_changes
        self._connection.executemany(statement, rows)
        self.added[table] = self._connection.total_changes - before
        self.changed += self.added[table]

    def _update(self, statement: str, rows: Iterable[Row]) -> None:
        before = self._connection.total_changes
        self._connection.executemany(statement, rows)
        self.changed += self._connection.total_changes - before


def _namespace(connection: sqlite3.Connection, name: str) -> int:
    """``nid`` of the namespace, which is made if it is new."""
    connection.execute("INSERT INTO namespaces (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    (nid,) = connection.execute("SELECT nid FROM namespaces WHERE name = ?", (name,)).fetchone()
    return int(nid)


def _merged(type_: str, aliases: str, again: Entity) -> tuple[str, str]:
    """Type and aliases (JSON) of a held entity once it is stated again."""
    # Most often a name comes with the same aliases again, which shows without reading the JSON.
    if again.aliases and aliases_json(again.aliases) != aliases:
        aliases = aliases_json(unite(json.loads(aliases), again.aliases))
    return merge_types(type_, again.type), aliases


def _span(value: Mention | Evidence) -> tuple[int, int]:
    """Offsets as the tables hold them."""
    start, end = value.start, value.end
    if start is None and end is None:
        return NO_OFFSET, NO_OFFSET
    if start is None or end is None or not 0 <= start <= end:
        raise InvalidInputError(
            f"[{start}, {end}) is not a span of characters", remedy="Count from 0, and end later"
        )
    return start, end
