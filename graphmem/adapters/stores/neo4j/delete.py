"""Removing a source with all that nothing else supports.

What goes is collected from the source's episodes outwards, so that the cost follows the source and
not the store: its passages, the facts stated there and nowhere else, the entities named there and
in no other passage or fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from graphmem.adapters.bolt import listed, number
from graphmem.adapters.stores.neo4j.namespaces import Namespace
from graphmem.adapters.stores.neo4j.statements import statements
from graphmem.adapters.stores.neo4j.summaries import forget_members, forget_passages
from graphmem.adapters.stores.neo4j.write import parts
from graphmem.model.change import COUNTED, Counts
from graphmem.model.ids import digest

_OWN: Final = statements("delete")


def delete_source(namespace: Namespace, source: str, *, moment: int) -> Counts:
    """Remove the source and return what went, inside the caller's transaction.

    Facts that stay, but now with no evidence in a living episode, are retired at `moment`
    (microseconds).
    """
    episodes = listed(
        namespace.tx, _OWN["episodes"], space=namespace.space, source_key=digest(source)
    )
    found = _Removal(namespace).collect("passages", episodes)
    return _remove(namespace, episodes, found, moment)


def erase(namespace: Namespace, ids: Sequence[str], *, moment: int) -> Counts:
    """As :func:`delete_source`, for passages, and episodes with no other."""
    removal = _Removal(namespace)
    found = [(nid, id_) for nid, id_ in removal.collect("by_id", list(ids))]
    nids = [nid for nid, _ in found]
    holders = removal.collect("holders", nids)
    of_holder = removal.collect("passages_of", holders)
    left = {holder for holder, nid in of_holder if nid not in set(nids)}
    removed = _remove(namespace, [nid for nid in holders if nid not in left], found, moment)
    # Where one from the middle went, the others follow each other.
    removal.remove("unlink_order", sorted(left))
    removal.remove("link_order", sorted(left))
    return removed


def _remove(
    namespace: Namespace, episodes: list[int], found: list[tuple[int, str]], moment: int
) -> Counts:
    removal = _Removal(namespace)
    passages = [nid for nid, _ in found]
    facts_met = removal.collect("facts_met", passages)
    entities_met = removal.collect("entities_met", passages)
    forget_passages(namespace, passages)
    evidence = removal.remove("evidence", passages)
    mentions = removal.remove("mentions", passages)
    discourse = removal.remove("discourse_in", [id_ for _, id_ in found], listing="ids")
    gone = removal.collect("gone_facts", facts_met)
    entities_met = sorted({*entities_met, *removal.collect("members", gone)})
    discourse += removal.remove("discourse", gone)
    supersessions = removal.remove("supersessions", gone)
    facts = removal.remove("facts", gone)
    lone = removal.collect("gone_entities", entities_met)
    forget_members(namespace, lone)
    same_as = removal.remove("same_as", lone)
    removed = Counts(
        episodes=removal.remove("sources", episodes),
        passages=removal.remove("texts", passages),
        entities=removal.remove("entities", lone),
        mentions=mentions,
        facts=facts,
        evidence=evidence,
        discourse=discourse,
        supersessions=supersessions,
        same_as=same_as,
    )
    left_facts = sorted(set(facts_met) - set(gone))
    removal.remove("retire", left_facts, moment=moment, version=namespace.next_version)
    namespace.changed |= removed != Counts()
    namespace.removed |= removed != Counts()
    left = {name: getattr(namespace.counts, name) - getattr(removed, name) for name in COUNTED}
    namespace.counts = Counts(**left)
    return removed


class _Removal:
    """Statements over lists of nodes of one namespace, in parts."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def collect(self, name: str, nids: list[Any]) -> list[Any]:
        """What a statement finds from these nodes, sorted and once each."""
        found: dict[Any, None] = {}
        for part in parts(nids):
            more = listed(self._namespace.tx, _OWN[name], nids=part, space=self._namespace.space)
            found.update(dict.fromkeys(tuple(m) if isinstance(m, list) else m for m in more))
        return sorted(found)

    def remove(self, name: str, nids: list[Any], listing: str = "nids", **more: Any) -> int:
        """Run a statement over these nodes; how many it was done to."""
        return sum(
            number(
                self._namespace.tx,
                _OWN[name],
                **{listing: part, "space": self._namespace.space},
                **more,
            )
            for part in parts(nids)
        )
