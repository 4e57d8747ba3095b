"""What is kept about many passages at once: the nodes of the tree, and communities of entities."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from graphmem.model.base import Value
from graphmem.model.retrieval import Citation


class SummarySource(Value):
    """What bears a sentence of a summary out: characters of a passage, and the fact stated there.

    `sentence` is the line of the summary's text, from 0.
    """

    sentence: int
    passage_id: str
    start: int
    end: int
    fact_id: str | None = None


class Summary(Value):
    """A node of the tree: what its passages, and those of the nodes below it, are about.

    `depth` counts from the root, which is 0. `name` are the words that set it apart. `text` has a
    sentence a line, and is empty until somebody asks for it; `method` is ``facts`` or the language
    model that wrote it. A `stale` text is of what was below the node before. `passages` are its own
    leaves, each with its place among the node's children, as `place` is among the parent's;
    `facts` are beneath those, each with the place of the passage that states it: a fact that
    several state is beneath the first of them.
    """

    id: str
    parent_id: str | None = None
    place: int = 0
    depth: int = 0
    name: str = ""
    text: str = ""
    method: str = ""
    stale: bool = True
    passages: tuple[tuple[int, str], ...] = ()
    facts: tuple[tuple[int, str], ...] = ()
    sources: tuple[SummarySource, ...] = ()


class Community(Value):
    """Entities that share facts among themselves more than with others.

    `level` counts from the coarsest resolution, which is 0; a higher `resolution` makes smaller
    ones. `members` begin with the most central. The text is as in a :class:`Summary`.
    """

    id: str
    level: int = 0
    resolution: float = 1.0
    name: str = ""
    text: str = ""
    method: str = ""
    stale: bool = True
    members: tuple[str, ...] = ()
    sources: tuple[SummarySource, ...] = ()


class Portrait(Value):
    """What is so, and lasts, of an entity: a fact's statement a line, with where it is stated.

    `id` and `name` are the entity's; the text is as in a :class:`Summary`. It is made of the facts
    when it is asked for, and not kept.
    """

    id: str
    name: str
    text: str
    method: str
    sources: tuple[SummarySource, ...] = ()


class Hierarchy(Value):
    """Summaries and communities of a namespace, as a store keeps them.

    `revision` counts the writes of it. `version` is that of the namespace whose passages are in the
    tree, `embedder` whose vectors it was made of, `next_serial` the number that the next node gets;
    `communities_version` is that of the namespace whose facts the communities are drawn from.
    """

    revision: int = 0
    version: int = 0
    embedder: str | None = None
    next_serial: int = 1
    communities_version: int = 0
    summaries: tuple[Summary, ...] = ()
    communities: tuple[Community, ...] = ()


class HierarchyChange(Value):
    """A change of a namespace's hierarchy, worked out against its `revision`.

    Summaries and communities take the place of those under their ids; those that are removed take
    their relations along. What is `None` stays as it is.
    """

    namespace: str
    revision: int
    version: int | None = None
    embedder: str | None = None
    next_serial: int | None = None
    communities_version: int | None = None
    summaries: tuple[Summary, ...] = ()
    communities: tuple[Community, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def state(self) -> Mapping[str, int | str]:
        """What of the hierarchy's own values changes."""
        fields = ("version", "embedder", "next_serial", "communities_version")
        values = {name: getattr(self, name) for name in fields}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def sourced(self) -> tuple[Summary | Community, ...]:
        """All that has a text."""
        return (*self.summaries, *self.communities)


class Overview(Value):
    """What a memory says to a broad question: summaries with their sources, likest first.

    Portraits of the entities that it names come before those. `citations` tell where what their
    sources name stands, one for each passage.

    `weights` tell how much each granularity counted: passages, depths of the tree, communities,
    and for ``graph`` how far the vectors and graph mode agreed. `passages` are ids, best first.
    """

    question: str
    summaries: tuple[Portrait | Summary | Community, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[str, ...] = ()
    weights: Mapping[str, float] = Field(default_factory=dict)
    dropped: int = 0


class TreeShape(Value):
    """How large a tree is: `facts` are beneath its passages, `height` counts the nodes from the
    root to the deepest leaf, `stale` those whose text is not of what is below them now."""

    passages: int
    facts: int
    nodes: int
    height: int
    stale: int
    communities: int
