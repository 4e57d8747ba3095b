"""The tree's nodes as they are kept, and the tree as it is put together again from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from graphmem.graph.snapshot import OPEN_END
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Ints
from graphmem.model.ids import Kind, digest
from graphmem.model.summary import Summary

if TYPE_CHECKING:  # where it is used it is imported late, as it loads a compiler
    from graphmem.index.tree import Branch, Tree

_SERIAL_DIGITS: Final = 8


def node_id(namespace: str, serial: int) -> str:
    """A node's id ends with its number, by which the tree is put together again."""
    return f"{Kind.SUMMARY.value}_{digest(namespace)[:-_SERIAL_DIGITS]}{serial:0{_SERIAL_DIGITS}x}"


def serial_of(id_: str) -> int:
    """The number of a node."""
    return int(id_[-_SERIAL_DIGITS:], 16)


def branches_of(summaries: Sequence[Summary]) -> list[Branch]:
    """The kept nodes as the tree takes them."""
    from graphmem.index.tree import Branch

    children: dict[int, list[tuple[int, int | str]]] = {serial_of(s.id): [] for s in summaries}
    for summary in summaries:
        children[serial_of(summary.id)].extend(summary.passages)
        if summary.parent_id is not None:
            children[serial_of(summary.parent_id)].append((summary.place, serial_of(summary.id)))
    return [
        Branch(
            serial=serial_of(summary.id),
            parent=None if summary.parent_id is None else serial_of(summary.parent_id),
            children=tuple(
                child for _, child in sorted(children[serial_of(summary.id)], key=lambda c: c[0])
            ),
        )
        for summary in summaries
    ]


def facts_beneath(summaries: Sequence[Summary]) -> dict[str, list[str]]:
    """The facts beneath each passage of the kept nodes, in order."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for summary in summaries:
        passage_at = dict(summary.passages)
        for place, fact in summary.facts:
            if place in passage_at:  # a passage that was deleted has left its place empty
                found[passage_at[place]].append(fact)
    return dict(found)


def nodes_of(
    namespace: str, tree: Tree, before: Mapping[str, Summary], *, forget: bool
) -> dict[str, Summary]:
    """The tree's nodes as they are kept; a text from before stays, stale if something changed.

    To `forget` is to keep no text of what changed: it may tell of what was deleted.
    """
    touched = tree.take_touched()
    found: dict[str, Summary] = {}
    where: dict[int, tuple[str | None, int, int]] = {}
    for branch in tree.branches():
        id_ = node_id(namespace, branch.serial)
        parent, place, depth = where.pop(branch.serial, (None, 0, 0))
        for at, child in enumerate(branch.children):
            if not isinstance(child, str):
                where[child] = (id_, at, depth + 1)
        leaves = tuple((at, c) for at, c in enumerate(branch.children) if isinstance(c, str))
        old = before.get(id_)
        is_touched = branch.serial in touched
        facts = (
            old.facts
            if old is not None and not is_touched and old.passages == leaves
            else tuple((at, fact) for at, leaf in leaves for fact in tree.facts_of(leaf))
        )
        shape: dict[str, Any] = {"parent_id": parent, "place": place, "depth": depth}
        shape |= {"passages": leaves, "facts": facts}
        stale = old is None or old.stale or is_touched
        if forget and is_touched:
            old = None
        found[id_] = (
            Summary(id=id_, **shape)
            if old is None
            else old.model_copy(update={**shape, "stale": stale})
        )
    return found


def believed_passages(index: PassageIndex) -> Ints:
    """Rows of the passages that are believed now and have a vector, rising."""
    lengths = np.linalg.norm(index.vectors, axis=1)
    living = (index.passages.retired_at == OPEN_END) & (np.abs(lengths - 1) < 0.01)
    return np.flatnonzero(living)


def stated_by(index: PassageIndex, passages: Ints) -> dict[int, list[str]]:
    """Ids of the believed facts that each of these rows of passages states, in the order of its
    text; a fact that several state is of the first."""
    facts = index.facts
    is_held = np.zeros(len(index), np.bool_)
    is_held[passages] = True
    believed = facts.retired_at == OPEN_END
    counts = is_held[facts.evidence_passages] & believed[facts.evidence_facts]
    rows = np.flatnonzero(counts)
    where, which = facts.evidence_passages[rows], facts.evidence_facts[rows]
    starts = facts.evidence_starts[rows]
    order = np.lexsort((starts, where, which))
    _, first = np.unique(which[order], return_index=True)
    chosen = order[first]
    chosen = chosen[np.lexsort((which[chosen], starts[chosen], where[chosen]))]
    found: defaultdict[int, list[str]] = defaultdict(list)
    for passage, fact in zip(where[chosen].tolist(), which[chosen].tolist(), strict=True):
        found[passage].append(facts.ids[fact])
    return found
