"""What a memory says as a whole: its tree of summaries, its communities, overviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.model.retrieval import Citation, Filter, Hit, Mode, Query
from graphmem.model.summary import Community, Overview, Portrait, Summary, TreeShape
from graphmem.stages import broadly
from graphmem.stages.inputs import When, query_of
from graphmem.stages.portraits import portraits_of
from graphmem.verbs.bound import Bound


class Summaries(Bound):
    """Methods about many passages at once."""

    def overview(
        self,
        question: str,
        *,
        k: int = 20,
        as_of: When | None = None,
        known_at: When | None = None,
        where: Filter | Mapping[str, Any] | None = None,
    ) -> Overview:
        """Summaries that answer a broad question, with their sources.

        Of the entities that it names, what lasts is told first, from facts. Nodes of the tree and
        communities are taken that hold most of the `k` passages that answer best; only those of
        their texts that are stale are made anew. Other parameters are those of :meth:`search`.
        """
        query = query_of(
            question,
            namespace=self.namespace,
            k=k,
            mode=Mode.GRAPH,
            as_of=as_of,
            known_at=known_at,
            where=where,
        )
        return broadly.overview(
            self._reading,
            self._summarising,
            query,
            portraits=portraits_of(self._parts.store, self._names, query),
        )

    def summary(self, id: str | None = None) -> Summary | Community:
        """A node of the tree or a community by its id, by default the root: what all is about.

        Its text is of what it holds now.

        Raises
        ------
        NotFoundError
            There is no such summary, or the memory is empty.
        """
        if id is None:
            roots = [node.id for node in self._summarising.tree()[1].values() if not node.depth]
            if not self._summarising.tree()[0]:
                raise NotFoundError(
                    f"Namespace {self.namespace!r} holds nothing to sum up",
                    remedy="Ingest something first",
                )
            [id] = roots
        [found], _ = self._summarising.told([id])
        return found

    def children(self, id: str) -> tuple[Summary, ...]:
        """The nodes right under one of the tree's, in their order; texts may be stale."""
        _, nodes = self._summarising.tree()
        if id not in nodes:
            raise NotFoundError(f"The tree has no node {id!r}")
        below = [node for node in nodes.values() if node.parent_id == id]
        return tuple(sorted(below, key=lambda node: node.place))

    def leaves(self, id: str) -> tuple[Hit, ...]:
        """The passages right under a node of the tree, in their order, with the facts that are
        beneath each; a fact that several passages state is beneath the first."""
        _, nodes = self._summarising.tree()
        if id not in nodes:
            raise NotFoundError(f"The tree has no node {id!r}")
        query = Query(text="leaves", namespace=self.namespace)
        beneath = {fact for _, fact in nodes[id].facts}
        hits = self._reading.hits_of([passage for _, passage in nodes[id].passages], query)
        return tuple(
            hit.model_copy(update={"facts": tuple(f for f in hit.facts if f.id in beneath)})
            for hit in hits
        )

    def citations(self, nodes: Sequence[Portrait | Summary | Community]) -> tuple[Citation, ...]:
        """Where the sources of summaries stand, one for each passage, numbered in the order of
        their sentences."""
        return broadly.cited(
            self._reading, nodes, Query(text="citations", namespace=self.namespace)
        )

    def tree_shape(self) -> TreeShape:
        """How large the tree of summaries is; it is caught up first."""
        communities = self._summarising.communities()
        tree, nodes = self._summarising.tree()
        shape = tree.shape()
        return TreeShape(
            passages=shape.leaves,
            facts=shape.facts,
            nodes=shape.nodes,
            height=shape.height,
            stale=sum(node.stale for node in nodes.values()),
            communities=len(communities),
        )

    def communities(self, *, level: int = 0, k: int = 10) -> tuple[Community, ...]:
        """The `k` largest communities of entities that share facts, with texts of now.

        Parameters
        ----------
        level
            0 for few large ones, up to 2 for many small ones.

        Raises
        ------
        InvalidInputError
            There is no such level, or `k` is below 1.
        """
        if level not in range(3) or k < 1:
            raise InvalidInputError(
                f"{k} communities of level {level}", remedy="Levels are 0, 1 and 2, k at least 1"
            )
        largest = [c.id for c in self._summarising.communities() if c.level == level][:k]
        told, _ = self._summarising.told(largest)
        return tuple(node for node in told if isinstance(node, Community))

    def summarise(self) -> int:
        """Make every text anew that is stale; returns how many those were."""
        return self._summarising.refresh().texts
