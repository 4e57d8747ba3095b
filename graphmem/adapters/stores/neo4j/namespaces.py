"""One writer at a time per namespace, and each write exactly once.

The node ``_Namespace`` is the lock: the first statement of a write sets it, and the server keeps
other writers of the namespace waiting until the transaction ends. The node also keeps the token
and the outcome of the last write: when the answer to a commit got lost and the driver runs the
work again, the outcome is returned and nothing is written twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import neo4j

from graphmem.adapters.bolt import Bolt, rows
from graphmem.adapters.stores.neo4j.statements import statements
from graphmem.model.change import Counts
from graphmem.model.ids import digest

KINDS = ("episodes", "passages", "entities", "facts")


@dataclass
class Namespace:
    """A namespace that is locked by `tx`.

    `version` is the one before this write; what the write adds or changes is marked with the
    `next_version`, which is the namespace's transaction time, counted in commits. A relation is
    told by the node that it starts at, and of what is removed only that something was.

    `numbered` is the last ``nid`` given out per kind, `counts` what the namespace holds: kept up to
    date by whoever writes, so that they are told at once and never half. `generation` is that of
    the vectors in use, which does not change while a namespace is locked.
    """

    tx: neo4j.ManagedTransaction
    name: str
    space: int
    version: int
    numbered: dict[str, int]
    counts: Counts
    generation: int
    changed: bool = field(default=False)
    removed: bool = field(default=False)

    @property
    def next_version(self) -> int:
        """The version that this write makes, if it changes something."""
        return self.version + 1

    def mark(self, name: str, ids: Iterable[str]) -> None:
        """Say that nodes were changed by this write, by the statement of that name."""
        told = sorted(ids)
        if told:
            rows(self.tx, statements("write")[name], ids=told, version=self.next_version)

    def next_nids(self, kind: str, count: int) -> range:
        """So many numbers that nothing of this kind has had before."""
        first = self.numbered[kind] + 1
        self.numbered[kind] += count
        return range(first, first + count)

    def owner(self, nid: int) -> list[object]:
        """What the rows of all nodes begin with, after the id."""
        return [nid, self.space, self.name, self.next_version]


def write_once(bolt: Bolt, name: str, token: str, work: Callable[[Namespace], Counts]) -> Counts:
    """Run `work` on the locked namespace in one transaction, and return what it returned.

    Raises the namespace's version if `work` says that it changed. `token` names this write.
    """
    own = statements("write")
    with bolt.explained():
        key = digest(name)

    def run(tx: neo4j.ManagedTransaction) -> Counts:
        rows(tx, own["lock"], key=key, name=name, token=token)
        ((space, version, last, outcome, held, generation, *numbered),) = rows(
            tx, own["state"], key=key
        )
        if last == token:
            return Counts(**json.loads(outcome))
        if space is None:
            # Nobody who changes the generation could have waited for a namespace that is new.
            ((space, generation),) = rows(tx, own["new_space"], key=key)
        last_nids = dict(zip(KINDS, numbered, strict=True))
        counts = Counts(**json.loads(held)) if held else Counts()
        namespace = Namespace(tx, name, space, version, last_nids, counts, generation)
        done = work(namespace)
        rows(
            tx,
            own["finish"],
            key=key,
            version=version + namespace.changed,
            removed=namespace.removed,
            token=token,
            outcome=done.model_dump_json(),
            counts=namespace.counts.model_dump_json(),
            numbered=namespace.numbered,
        )
        return done

    return bolt.write(run)


def touch(tx: neo4j.ManagedTransaction, spaces: Iterable[int]) -> dict[int, int]:
    """Raise the version of other namespaces that this write changes; returns them by space."""
    raised = rows(tx, statements("write")["touch"], spaces=sorted(spaces))
    return {int(space): int(version) for space, version in raised}
