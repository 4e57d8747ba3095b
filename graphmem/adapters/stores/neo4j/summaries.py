"""The tree of summaries, and communities: derived nodes that are replaced, and that forget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from graphmem.adapters.bolt import Bolt, listed, rows
from graphmem.adapters.stores.neo4j.namespaces import Namespace
from graphmem.adapters.stores.neo4j.statements import statements
from graphmem.adapters.stores.neo4j.write import parts
from graphmem.errors import StoreBusyError
from graphmem.model.change import Counts
from graphmem.model.ids import digest
from graphmem.model.summary import Community, Hierarchy, HierarchyChange, Summary, SummarySource
from graphmem.ports.store import Vectors

_OWN: Final = statements("summaries")
_HELD: Final = statements("write")
_STATE: Final = ("revision", "version", "embedder", "next_serial", "communities_version")


def hierarchy(bolt: Bolt, namespace: str) -> Hierarchy:
    """All that is kept for the namespace."""
    with bolt.explained():
        key = digest(namespace)

    def read(tx: Any) -> Hierarchy:
        found = rows(tx, _OWN["state"], key=key)
        if not found or found[0][0] is None:
            return Hierarchy()
        ((space, *state),) = found
        told = {
            name: sorted(listed(tx, _OWN[name], space=space), key=lambda row: row[:2])
            for name in ("passages", "members", "sources")
        }
        told["facts"] = sorted(listed(tx, _OWN["facts"], space=space), key=lambda row: row[:3])
        passages: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for id_, place, passage in told["passages"]:
            passages[id_].append((place, passage))
        facts: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for id_, place, _, fact in told["facts"]:
            facts[id_].append((place, fact))
        members: defaultdict[str, list[str]] = defaultdict(list)
        for id_, _, entity in told["members"]:
            members[id_].append(entity)
        sources: defaultdict[str, list[SummarySource]] = defaultdict(list)
        for id_, _, sentence, passage, start, end, fact in told["sources"]:
            sources[id_].append(
                SummarySource(
                    sentence=sentence, passage_id=passage, start=start, end=end, fact_id=fact
                )
            )
        own = ("id", "parent_id", "place", "depth", "name", "text", "method", "stale")
        theirs = ("id", "level", "resolution", "name", "text", "method", "stale")
        return Hierarchy(
            **dict(zip(_STATE, state, strict=True)),
            summaries=tuple(
                Summary(
                    **dict(zip(own, row, strict=True)),
                    passages=tuple(passages[row[0]]),
                    facts=tuple(facts[row[0]]),
                    sources=tuple(sources[row[0]]),
                )
                for row in sorted(listed(tx, _OWN["summaries"], space=space))
            ),
            communities=tuple(
                Community(
                    **dict(zip(theirs, row, strict=True)),
                    members=tuple(members[row[0]]),
                    sources=tuple(sources[row[0]]),
                )
                for row in sorted(listed(tx, _OWN["communities"], space=space))
            ),
        )

    return bolt.read(read)


def revision(bolt: Bolt, namespace: str) -> int:
    """How often the hierarchy was written."""
    with bolt.explained():
        key = digest(namespace)
    found = bolt.read(lambda tx: rows(tx, _OWN["state"], key=key))
    return int(found[0][1]) if found else 0


def vectors(bolt: Bolt, namespace: str) -> dict[str, Vectors]:
    """Of the tree's nodes, by id."""
    with bolt.explained():
        key = digest(namespace)

    def read(tx: Any) -> list[Any]:
        found = rows(tx, _OWN["state"], key=key)
        space = found[0][0] if found else None
        return [] if space is None else sorted(listed(tx, _OWN["vectors"], space=space))

    return {id_: np.array(vector, np.float32) for id_, vector in bolt.read(read)}


def keep(namespace: Namespace, change: HierarchyChange, vectors: Mapping[str, Vectors]) -> Counts:
    """Put a change in place, inside the caller's transaction; nothing that is counted changes.

    Raises
    ------
    StoreBusyError
        The hierarchy is no longer at the revision that the change was worked out against.
    """
    key = digest(namespace.name)
    ((_, revision, *_),) = rows(namespace.tx, _OWN["state"], key=key)
    if revision != change.revision:
        raise StoreBusyError(
            f"The summaries of {change.namespace!r} were written by somebody else meanwhile",
            remedy="Read them again and repeat the change",
        )
    state = {f"summaries_{name}": value for name, value in change.state.items()}
    rows(namespace.tx, _OWN["claim"], key=key, revision=revision + 1, state=state)
    work = _Change(namespace)
    work.rows("put_summaries", [_row(node, node.place, node.depth) for node in change.summaries])
    work.rows(
        "put_communities", [_row(node, node.level, node.resolution) for node in change.communities]
    )
    work.ids("part", [node.id for node in change.sourced])
    work.ids("part_from_above", [node.id for node in change.summaries])
    work.rows(
        "hang",
        [[n.id, n.parent_id, n.place] for n in change.summaries if n.parent_id is not None],
    )
    _relate(work, change)
    work.rows("set_vectors", [[id_, vector.tolist()] for id_, vector in sorted(vectors.items())])
    work.ids("blank", work.late)
    work.ids("remove", change.removed)
    return Counts()


def forget_passages(namespace: Namespace, nids: list[int]) -> None:
    """Take passages out of the tree, and every text made of them."""
    for part in parts(nids):
        rows(namespace.tx, _OWN["forget_passages"], nids=part, space=namespace.space)
        rows(namespace.tx, _OWN["forget_stated"], nids=part, space=namespace.space)


def forget_members(namespace: Namespace, nids: list[int]) -> None:
    """Have communities forget what they say where they hold these entities."""
    for part in parts(nids):
        rows(namespace.tx, _OWN["forget_members"], nids=part, space=namespace.space)


class _Change:
    """Statements over lists, in parts; `late` are nodes whose text is of what is gone by now."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self.late: list[str] = []

    def rows(self, name: str, found: list[list[Any]]) -> None:
        for part in parts(found):
            rows(
                self._namespace.tx,
                _OWN[name],
                rows=part,
                space=self._namespace.space,
                namespace=self._namespace.name,
            )

    def ids(self, name: str, ids: Iterable[str]) -> None:
        for part in parts(sorted(set(ids))):
            rows(self._namespace.tx, _OWN[name], ids=part)

    def held(self, kind: str, ids: Iterable[str]) -> set[str]:
        """Those that the namespace holds."""
        found: set[str] = set()
        for part in parts(sorted(set(ids))):
            held = listed(self._namespace.tx, _HELD[f"held_{kind}"], ids=part)
            found.update(row[0] for row in held if row[2] == self._namespace.space)
        return found


def _row(node: Summary | Community, *where: float) -> list[Any]:
    return [node.id, *where, node.name, node.text, node.method, node.stale]


def _relate(work: _Change, change: HierarchyChange) -> None:
    """Give the nodes their passages, members and sources; those that they had are gone."""
    leaves: list[list[Any]] = [
        [node.id, place, id_] for node in change.summaries for place, id_ in node.passages
    ]
    sources: list[list[Any]] = [
        [node.id, place, s.sentence, s.passage_id, s.start, s.end, s.fact_id]
        for node in change.sourced
        for place, s in enumerate(node.sources)
    ]
    passages = work.held("passages", [row[2] for row in leaves] + [row[3] for row in sources])
    # Whose passage was deleted since the text was made must not bring it back.
    work.late = sorted({row[0] for row in sources if row[3] not in passages})
    quoted = [row for row in sources if row[0] not in set(work.late)]
    work.ids("take_passages", [row[2] for row in leaves])
    work.rows("hold_passages", [row for row in leaves if row[2] in passages])
    work.ids("take_facts", [id_ for node in change.summaries for _, id_ in node.facts])
    work.rows(
        "hold_facts",
        [
            [node.id, place, ordinal, id_]
            for node in change.summaries
            for ordinal, (place, id_) in enumerate(node.facts)
        ],
    )
    work.rows(
        "hold_members",
        [
            [community.id, place, id_]
            for community in change.communities
            for place, id_ in enumerate(dict.fromkeys(community.members))
        ],
    )
    work.rows("quote", quoted)
    work.rows("state_facts", [row for row in quoted if row[6] is not None])
