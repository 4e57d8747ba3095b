"""The tree and the communities of one namespace: caught up with what was written, texts when asked.

They are caught up when they are next needed, and not with each write: a write costs nothing, what
was written at once goes in at once, and the order of the leaves is that of the store all the same,
so that the tree is the one that each write would have led to. What is caught up is committed whole
with the state that it is of; after a crash the next reader catches up again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from graphmem.context.abstract import abstract_of
from graphmem.context.summarise import METHOD, digest_of
from graphmem.errors import (
    InvalidInputError,
    LLMError,
    NotFoundError,
    ReadOnlyError,
    StoreBusyError,
)
from graphmem.index.passage_index import PassageIndex
from graphmem.kernels.arrays import Floats
from graphmem.maintain.communities import draw, passages_about
from graphmem.model.retrieval import Query
from graphmem.model.summary import Community, Hierarchy, HierarchyChange, Summary
from graphmem.retrieve.broad import Layer
from graphmem.stages.layers import circles_of, depths_of
from graphmem.stages.parts import Parts
from graphmem.stages.reading import Reading
from graphmem.stages.tree_nodes import (
    believed_passages,
    branches_of,
    facts_beneath,
    node_id,
    nodes_of,
    serial_of,
    stated_by,
)

if TYPE_CHECKING:  # where it is used it is imported late, as it loads a compiler
    from graphmem.index.tree import Tree

_log = logging.getLogger(__name__)
_SHOWN: Final = 24
"""Passages that a summary is made of at most: those that speak for the rest."""
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
                    told=self._told_since(self._held.communities_version) if before else (),
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

    def _told_since(self, version: int) -> set[str]:
        """Ids of the facts that are new, or have changed, since a version of the namespace."""
        with self._parts.store.read(self._namespace, ("facts",), since=version) as reader:
            return {id_ for rows in reader.scan("facts", ("id",)) for (id_,) in rows}

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
                found = (
                    *depths_of(self._namespace, tree, index),
                    circles_of(self.communities(), index),
                )
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
            below.sort(key=lambda id_: -len(tree.leaves_below(serial_of(id_))))
            return tree.speakers(serial_of(root), k), [root, *below][:units]

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
                branches_of(self._held.summaries),
                vectors,
                next_serial=self._held.next_serial,
                facts=facts_beneath(self._held.summaries),
            )
        except InvalidInputError as error:
            _log.warning("The tree of %r is built anew: %s", self._namespace, error.message)
            self._nodes = {}
            self._tree = Tree(dimension, next_serial=self._held.next_serial)

    def _catch_up(self, tree: Tree, index: PassageIndex, embedder: str | None) -> None:
        """Take in what is new in the order of the store, and let go of what is not believed."""
        ids, vectors = index.passages.ids, index.vectors
        living = believed_passages(index)
        names = [ids[row] for row in living.tolist()]
        gone_leaves = sorted(tree.names - set(names))
        for name in gone_leaves:
            tree.remove(name)
        for row, name in zip(living.tolist(), names, strict=True):
            if name not in tree:
                tree.insert(name, vectors[row])
        stated = stated_by(index, living)
        for row, name in zip(living.tolist(), names, strict=True):
            tree.put_beneath(name, stated.get(row, ()))
        before = self._nodes
        now = nodes_of(self._namespace, tree, before, forget=bool(gone_leaves))
        changed = [node for id_, node in now.items() if before.get(id_) != node]
        serials, directions = tree.directions()
        vector_of = dict(
            zip((node_id(self._namespace, int(s)) for s in serials), directions, strict=True)
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
            shown = self._tree.speakers(serial_of(node.id), _SHOWN)
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
