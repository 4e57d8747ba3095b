"""Passages that are dropped recoverably, or found again.

All of it runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphmem.adapters.bolt import listed, rows
from graphmem.adapters.stores.neo4j.namespaces import Namespace
from graphmem.adapters.stores.neo4j.statements import statements
from graphmem.adapters.stores.neo4j.write import parts
from graphmem.model.change import Counts

_OWN: Final = statements("forget")


def forget(namespace: Namespace, ids: Sequence[str], *, moment: int) -> Counts:
    """Drop passages of a namespace at `moment`, with the facts that nothing else states."""
    dropped = _each(namespace, "forget", ids, moment=moment)
    facts = _each(namespace, "now_unsupported", dropped, moment=moment)
    return _changed(namespace, dropped, facts)


def recall(namespace: Namespace, recalls: Mapping[str, int], *, moment: int) -> Counts:
    """Count that passages were found, and the facts that they state."""
    for part in parts([id_, times] for id_, times in sorted(recalls.items())):
        for name in ("recall_passages", "recall_facts"):
            rows(namespace.tx, _OWN[name], rows=part, moment=moment, space=namespace.space)
    return Counts()


def _each(namespace: Namespace, name: str, ids: Sequence[str], **more: Any) -> list[str]:
    """What a statement changed of these nodes, once each."""
    found: dict[str, None] = {}
    for part in parts(dict.fromkeys(ids)):
        given = {"space": namespace.space, "version": namespace.next_version, **more}
        found.update(dict.fromkeys(listed(namespace.tx, _OWN[name], ids=part, **given)))
    return list(found)


def _changed(namespace: Namespace, passages: list[str], facts: list[str]) -> Counts:
    namespace.changed |= bool(passages)
    return Counts(passages=len(passages), facts=len(facts))
