"""The tree and the communities of one namespace: caught up with what was written, texts when asked.

They are caught up when they are next needed, and not with each write: a write costs nothing, what
was written at once goes in at once, and the order of the leaves is that of the store all the same,
so that the tree is the one that each write would have led to. What is caught up is committed whole
with the state that it is of; after a crash the next reader catches up again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from graphmem.context.abstract import abstract_of
from graphmem.context.summarise import METHOD, digest_of
from graphmem.errors import (
    InvalidInputError,
    LLMError,
    NotFoundError,
    ReadOnlyError,
    StoreBusyError,
)
from graphmem.graph.snapshot import OPEN_END
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Floats
from graphmem.maintain.communities import draw, passages_about
from graphmem.model.ids import Kind, digest
from graphmem.model.retrieval import Query
from graphmem.model.summary import Community, Hierarchy, HierarchyChange, Summary
from graphmem.retrieve.broad import Layer
from graphmem.stages.parts import Parts
from graphmem.stages.reading import Reading

if TYPE_CHECKING:  # where it is used it is imported late, as it loads a compiler
    from graphmem.index.tree import Branch, Tree

_log = logging.getLogger(__name__)
_SHOWN: Final = 24
"""Passages that a summary is made of at most: those that speak for the rest."""
_OF_CIRCLE: Final = 50
"""Passages that a community is compared by at most."""
_SERIAL_DIGITS: Final = 8
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: texts made anew, and sentences of a model's that nothing bore out."""

    texts: int = 0
    dropped: int = 0


class Summarising:
    """Keeps the hierarchy of a namespace; safe to use from several threads."""

    def __init__(self, parts: Parts, namespace: str, reading: Reading) -> None:
        self._parts = parts
        self._namespace = namespace
        self._reading = reading
        self._lock = threading.RLock()
        self._tree: Tree | None = None
        self._held = Hierarchy()
        self._nodes: dict[str, Summary] = {}
        self._layers: tuple[int, list[Layer], dict[str, list[str]]] | None = None

    def discard(self) -> None:
        """Forget what was read, after a deletion."""
        with self._lock:
            self._tree = self._layers = None

    def tree(self) -> tuple[Tree, Mapping[str, Summary]]:
        """The tree of all passages that are believed now, and its nodes by id."""
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    return self._caught_up()
                except StoreBusyError:
                    self._tree = None
            return self._caught_up()

    def communities(self) -> tuple[Community, ...]:
        """The communities of the entities that share facts now, the coarsest and largest first."""
        with self._lock:
            self.tree()
            index = self._reading.index()
            if self._held.communities_version != index.version:
                # Whoever deleted something has taken texts out of those in the store.
                before = self._parts.store.hierarchy(self._namespace).communities
                drawn = draw(
                    index.columns.snapshot,
                    before,
                    self._parts.partitioner(),
                    namespace=self._namespace,
                )
                communities = (*drawn.kept, *drawn.changed)
                change = HierarchyChange(
                    namespace=self._namespace,
                    revision=self._held.revision,
                    communities=drawn.changed,
                    removed=drawn.gone,
                    communities_version=index.version,
                )
                self._keep_if_current(change)
                self._held = self._held.model_copy(
                    update={"communities": communities, "communities_version": index.version}
                )
            return tuple(
                sorted(self._held.communities, key=lambda c: (c.level, -len(c.members), c.id))
            )

    def told(self, ids: Sequence[str]) -> tuple[list[Summary | Community], Refreshed]:
        """Summaries and communities by id, their texts of what is there now.

        Only those that are stale are made anew; of a language model's sentences, those that nothing
        bears out are dropped and counted. Where the model fails, the passages' own sentences stand.

        Raises
        ------
        NotFoundError
            There is no such summary.
        """
        with self._lock:
            self.tree()
            known: dict[str, Summary | Community] = {
                **self._nodes,
                **{community.id: community for community in self._held.communities},
            }
            missing = [id_ for id_ in ids if id_ not in known]
            if missing:
                raise NotFoundError(f"There is no summary {missing[0]!r}")
            made: dict[str, Summary | Community] = {}
            dropped = 0
            for id_ in dict.fromkeys(ids):
                if known[id_].stale or not known[id_].text:
                    made[id_], lost = self._written(known[id_])
                    dropped += lost
            self._keep_texts(list(made.values()))
            return [made.get(id_, known[id_]) for id_ in ids], Refreshed(len(made), dropped)

    def refresh(self, *, most: int | None = None) -> Refreshed:
        """Make every stale text anew, or as many as `most`."""
        with self._lock:
            tree, nodes = self.tree()
            communities = self.communities()
            every: list[Summary | Community] = [*nodes.values(), *communities]
            stale = [node.id for node in every if node.stale and len(tree)][:most]
            done = Refreshed()
            for at in range(0, len(stale), 64):
                _, part = self.told(stale[at : at + 64])
                done = Refreshed(done.texts + part.texts, done.dropped + part.dropped)
            return done

    def layers(self) -> tuple[list[Layer], dict[str, list[str]]]:
        """Granularities above passages, by rows of the index, and the ids of the units of each."""
        with self._lock:
            tree, _ = self.tree()
            index = self._reading.index()
            if self._layers is None or self._layers[0] != index.version:
                found = (*self._depths(tree, index), self._circles(index))
                self._layers = (
                    index.version,
                    [layer for layer, ids in found if ids],
                    {layer.name: ids for layer, ids in found if ids},
                )
            return self._layers[1:]

    def speakers(self, k: int, *, units: int) -> tuple[list[str], list[str]]:
        """Passages that speak for all there are, the nearest to the middle of the largest parts
        first, and the root with the largest nodes under it, `units` in all."""
        with self._lock:
            tree, nodes = self.tree()
            if not len(tree):
                return [], []
            [root] = [node.id for node in nodes.values() if not node.depth]
            below = [node.id for node in nodes.values() if node.parent_id == root]
            below.sort(key=lambda id_: -len(tree.leaves_below(_serial(id_))))
            return tree.speakers(_serial(root), k), [root, *below][:units]

    def _depths(self, tree: Tree, index: PassageIndex) -> Iterator[tuple[Layer, list[str]]]:
        """The tree's nodes, a layer per depth, the root left out."""
        row_of = index.passages.ids.row_of
        serials, directions = tree.directions()
        at = {int(serial): place for place, serial in enumerate(serials)}
        depths: dict[int, int] = {}
        parents: dict[int, int] = {}
        for branch in tree.branches():
            above = branch.parent
            depths[branch.serial] = 0 if above is None else depths[above] + 1
            parents[branch.serial] = -1 if above is None else above
        place: dict[int, int] = {}
        for depth in range(1, max(depths.values(), default=0) + 1):
            units = [serial for serial, own in depths.items() if own == depth]
            held = [[row_of[name] for name in tree.leaves_below(serial)] for serial in units]
            above_units = [place.get(parents[serial], 0) for serial in units]
            place = {serial: unit for unit, serial in enumerate(units)}
            yield (
                Layer(
                    name=f"depth {depth}",
                    vectors=directions[[at[serial] for serial in units]],
                    members=np.array([row for rows in held for row in rows], np.int64),
                    owners=np.repeat(np.arange(len(units)), [len(rows) for rows in held]),
                    above=np.array(above_units, np.int64),
                ),
                [_id(self._namespace, serial) for serial in units],
            )

    def _circles(self, index: PassageIndex) -> tuple[Layer, list[str]]:
        """Communities, each with the passages that tell most of it."""
        row_of = index.passages.ids.row_of
        ids: list[str] = []
        vectors, members, owners = [], [], []
        held = self.communities()
        about = passages_about(
            index.columns.snapshot, [community.members for community in held], limit=_OF_CIRCLE
        )
        for community, found in zip(held, about, strict=True):
            rows = [row_of[id_] for id_ in found]
            if not rows:
                continue
            middle = index.vectors[rows].mean(axis=0)
            owners += [len(ids)] * len(rows)
            members += rows
            ids.append(community.id)
            vectors.append(middle / max(float(np.linalg.norm(middle)), 1e-9))
        shape = (0, index.vectors.shape[1])
        return Layer(
            name="communities",
            vectors=np.array(vectors, np.float32) if vectors else np.empty(shape, np.float32),
            members=np.array(members, np.int64),
            owners=np.array(owners, np.int64),
        ), ids

    def _caught_up(self) -> tuple[Tree, Mapping[str, Summary]]:
        index = self._reading.index()
        embedder = self._parts.store.info().embedder
        if self._tree is None or embedder != self._held.embedder:
            self._load(index, embedder)
        assert self._tree is not None
        if self._held.version != index.version or self._tree.has_changed:
            self._catch_up(self._tree, index, embedder)
        return self._tree, self._nodes

    def _load(self, index: PassageIndex, embedder: str | None) -> None:
        """The tree as it was kept; an empty one where another embedder made its vectors."""
        from graphmem.index.tree import Tree

        store = self._parts.store
        self._held = store.hierarchy(self._namespace)
        dimension = index.vectors.shape[1]
        if self._held.embedder != embedder:
            self._nodes = {}
            self._tree = Tree(dimension, next_serial=self._held.next_serial)
            return
        self._nodes = {node.id: node for node in self._held.summaries}
        row_of = index.passages.ids.row_of
        names = [id_ for node in self._held.summaries for _, id_ in node.passages]
        vectors = {id_: index.vectors[row_of[id_]] for id_ in names if id_ in row_of}
        try:
            self._tree = Tree.restored(
                dimension,
                _branches(self._held.summaries),
                vectors,
                next_serial=self._held.next_serial,
            )
        except InvalidInputError as error:
            _log.warning("The tree of %r is built anew: %s", self._namespace, error.message)
            self._nodes = {}
            self._tree = Tree(dimension, next_serial=self._held.next_serial)

    def _catch_up(self, tree: Tree, index: PassageIndex, embedder: str | None) -> None:
        """Take in what is new in the order of the store, and let go of what is not believed."""
        ids, vectors = index.passages.ids, index.vectors
        living = np.flatnonzero(
            (index.passages.retired_at == OPEN_END)
            & (np.abs(np.linalg.norm(vectors, axis=1) - 1) < 0.01)
        )
        names = [ids[int(row)] for row in living]
        gone_leaves = sorted(tree.names - set(names))
        for name in gone_leaves:
            tree.remove(name)
        for row, name in zip(living.tolist(), names, strict=True):
            if name not in tree:
                tree.insert(name, vectors[row])
        before = self._nodes
        now = _nodes_of(self._namespace, tree, before, forget=bool(gone_leaves))
        changed = [node for id_, node in now.items() if before.get(id_) != node]
        serials, directions = tree.directions()
        vector_of = dict(
            zip((_id(self._namespace, int(s)) for s in serials), directions, strict=True)
        )
        gone = {node.id for node in self._held.summaries} - now.keys()
        if changed or gone or self._held.version != index.version:
            self._keep(
                HierarchyChange(
                    namespace=self._namespace,
                    revision=self._held.revision,
                    version=index.version,
                    embedder=embedder,
                    next_serial=tree.next_serial,
                    summaries=tuple(changed),
                    removed=tuple(sorted(gone)),
                ),
                {node.id: vector_of[node.id] for node in changed if node.id in vector_of},
            )
        self._nodes = now
        self._held = self._held.model_copy(
            update={
                "version": index.version,
                "embedder": embedder,
                "summaries": tuple(now.values()),
            }
        )

    def _keep(self, change: HierarchyChange, vectors: Mapping[str, Floats]) -> None:
        try:
            self._parts.store.keep_hierarchy(change, vectors)
        except ReadOnlyError:
            # Whoever only reads works it out for itself; the next writer keeps it.
            return
        self._held = self._held.model_copy(update={"revision": change.revision + 1})

    def _keep_if_current(self, change: HierarchyChange) -> None:
        """Keep what can be worked out again; not if somebody else has kept something meanwhile."""
        try:
            self._keep(change, {})
        except StoreBusyError:
            self._tree = None

    def _keep_texts(self, made: Sequence[Summary | Community]) -> None:
        if not made:
            return
        summaries = tuple(node for node in made if isinstance(node, Summary))
        communities = tuple(node for node in made if isinstance(node, Community))
        self._keep_if_current(
            HierarchyChange(
                namespace=self._namespace,
                revision=self._held.revision,
                summaries=summaries,
                communities=communities,
            )
        )
        self._nodes.update({node.id: node for node in summaries})
        texts = {community.id: community for community in communities}
        self._held = self._held.model_copy(
            update={
                "summaries": tuple(self._nodes.values()),
                "communities": tuple(texts.get(c.id, c) for c in self._held.communities),
            }
        )

    def _written(self, node: Summary | Community) -> tuple[Summary | Community, int]:
        """The node with a text of what it holds now, and how many sentences were dropped."""
        index = self._reading.index()
        if isinstance(node, Summary):
            assert self._tree is not None
            shown = self._tree.speakers(_serial(node.id), _SHOWN)
        else:
            [shown] = passages_about(index.columns.snapshot, [node.members], limit=_SHOWN)
        hits = self._reading.hits_of(shown, Query(text="summary", namespace=self._namespace))
        made = digest_of(hits)
        method, dropped, llm = METHOD, 0, self._parts.llm
        name = made.name if isinstance(node, Summary) else self._names_of(node, index)
        if llm is not None and hits:
            try:
                told, dropped = abstract_of(hits, name, llm)
            except LLMError as error:
                _log.warning("%s summed nothing up (%s): sentences stand", llm.name, error.reason)
            else:
                if told.sentences:
                    made, method = told, llm.name
        update = {
            "name": name,
            "text": made.text,
            "method": method,
            "stale": False,
            "sources": made.sources,
        }
        return node.model_copy(update=update), dropped

    def _names_of(self, community: Community, index: PassageIndex) -> str:
        """A community is called by its most central members."""
        entities = index.columns.snapshot.entities
        row_of = entities.ids.row_of
        return ", ".join(
            entities.names[row_of[id_]] for id_ in community.members[:3] if id_ in row_of
        )


def _id(namespace: str, serial: int) -> str:
    """A node's id ends with its number, by which the tree is put together again."""
    return f"{Kind.SUMMARY.value}_{digest(namespace)[:-_SERIAL_DIGITS]}{serial:0{_SERIAL_DIGITS}x}"


def _serial(id_: str) -> int:
    return int(id_[-_SERIAL_DIGITS:], 16)


def _branches(summaries: Sequence[Summary]) -> list[Branch]:
    """The kept nodes as the tree takes them."""
    from graphmem.index.tree import Branch

    children: dict[int, list[tuple[int, int | str]]] = {_serial(s.id): [] for s in summaries}
    for summary in summaries:
        children[_serial(summary.id)].extend(summary.passages)
        if summary.parent_id is not None:
            children[_serial(summary.parent_id)].append((summary.place, _serial(summary.id)))
    return [
        Branch(
            serial=_serial(summary.id),
            parent=None if summary.parent_id is None else _serial(summary.parent_id),
            children=tuple(
                child for _, child in sorted(children[_serial(summary.id)], key=lambda c: c[0])
            ),
        )
        for summary in summaries
    ]


def _nodes_of(
    namespace: str, tree: Tree, before: Mapping[str, Summary], *, forget: bool
) -> dict[str, Summary]:
    """The tree's nodes as they are kept; a text from before stays, stale if something changed.

    To `forget` is to keep no text of what changed: it may tell of what was deleted.
    """
    touched = tree.take_touched()
    found: dict[str, Summary] = {}
    where: dict[int, tuple[str | None, int, int]] = {}
    for branch in tree.branches():
        id_ = _id(namespace, branch.serial)
        parent, place, depth = where.pop(branch.serial, (None, 0, 0))
        for at, child in enumerate(branch.children):
            if not isinstance(child, str):
                where[child] = (id_, at, depth + 1)
        leaves = tuple((at, c) for at, c in enumerate(branch.children) if isinstance(c, str))
        old = before.get(id_)
        stale = old is None or old.stale or branch.serial in touched
        shape = {"parent_id": parent, "place": place, "depth": depth, "passages": leaves}
        if forget and branch.serial in touched:
            old = None
        found[id_] = (
            Summary(id=id_, **shape)
            if old is None
            else old.model_copy(update={**shape, "stale": stale})
        )
    return found
