"""The adapters that the behaviour suite of the storage port runs on, and what they are fed.

Another store joins with one entry in ``ADAPTERS``: from the request of a test to the function that
opens its memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.model.change import ChangeSet, Checkpoint
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import (
    DiscourseLink,
    Entity,
    EntityType,
    Evidence,
    Fact,
    Member,
    Mention,
    SameAs,
    Sense,
    Supersession,
)
from graphmem.model.source import Depth, Episode, EpisodeKind, Passage
from graphmem.ports.store import GraphStore, Vectors

START = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=UTC)
Opener = Callable[..., GraphStore]


def _open_sqlite(
    folder: Path, *, read_only: bool = False, clock: Callable[[], datetime]
) -> GraphStore:
    return SqliteStore.open(folder / "memory", create=True, read_only=read_only, clock=clock)


def _on_neo4j(request: pytest.FixtureRequest) -> Opener:
    server = request.getfixturevalue("neo4j_server")
    emptied: set[Path] = set()

    def open_memory(
        folder: Path, *, read_only: bool = False, clock: Callable[[], datetime]
    ) -> GraphStore:
        # One database stands for all folders of a test, which uses one at a time.
        if folder not in emptied:
            server.empty()
            emptied.add(folder)
        bolt = Bolt(server.url, server.auth, read_only=read_only)
        try:
            return Neo4jStore.open(bolt, create=True, clock=clock)
        except BaseException:
            bolt.close()
            raise

    return open_memory


ADAPTERS: Mapping[str, Callable[[pytest.FixtureRequest], Opener]] = {
    "sqlite": lambda _: _open_sqlite,
    "neo4j": _on_neo4j,
}


@pytest.fixture(params=ADAPTERS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the memory of this test, as often as asked; closes all of them after it."""
    adapter = ADAPTERS[request.param](request)
    with ExitStack() as stack:

        def open_memory(
            *,
            at: Path = tmp_path,
            read_only: bool = False,
            clock: Callable[[], datetime] = lambda: START,
        ) -> GraphStore:
            return stack.enter_context(closing(adapter(at, read_only=read_only, clock=clock)))

        yield open_memory


@pytest.fixture
def store(opener: Opener) -> GraphStore:
    return opener()


class Maker:
    """Builds values by hand, with ids that follow from content and namespace."""

    def __init__(self, namespace: str = "default") -> None:
        self.namespace = namespace

    def at(self, days: float) -> datetime:
        """A moment so many days after the start."""
        return START + timedelta(days=days)

    def episode(self, source: str, text: str = "", **fields: Any) -> Episode:
        values: dict[str, Any] = {
            "id": content_id(Kind.EPISODE, self.namespace, source, text),
            "namespace": self.namespace,
            "source": source,
            "title": f"title of {source}",
            "kind": EpisodeKind.DOCUMENT,
            "occurred_at": None,
            "recorded_at": START,
            "digest": text,
        }
        return Episode(**{**values, **fields})

    def passage(self, episode: Episode, text: str, ordinal: int = 0, **fields: Any) -> Passage:
        values: dict[str, Any] = {
            "id": content_id(Kind.PASSAGE, episode.id, str(ordinal), text),
            "episode_id": episode.id,
            "text": text,
            "start": 0,
            "end": len(text),
            "ordinal": ordinal,
            "vector_key": Passage.key_of(text),
        }
        return Passage(**{**values, **fields})

    def entity(self, name: str, **fields: Any) -> Entity:
        values = {"id": content_id(Kind.ENTITY, self.namespace, name), "name": name}
        return Entity(**{**values, **fields})

    def fact(self, text: str, names: Sequence[str], **fields: Any) -> Fact:
        values: dict[str, Any] = {
            "id": content_id(Kind.FACT, self.namespace, text),
            "text": text,
            "predicate": "says",
            "members": tuple(
                Member(role=f"role{at}", entity_id=self.entity(name).id, text=name, ordinal=at)
                for at, name in enumerate(names)
            ),
            "recorded_at": START,
            "keywords": (text.lower(), 'a "quoted" one'),
            "topics": ("work",) if "works" in text else (),
            "event_types": ("meeting", "residence") if "knows" in text else (),
            "tags": ("née",) if "Bob" in names else (),
            "intent": "plan" if "Ann" in names else None,
        }
        return Fact(**{**values, **fields})

    def document(
        self,
        source: str,
        passages: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        depth: Depth = Depth.FULL,
        retires: Mapping[str, datetime] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> ChangeSet:
        """A document whose passages state facts, each given with the names of its members.

        Every member is mentioned in the passage, and consecutive facts of a passage are linked.
        """
        episode = self.episode(source, repr(passages), depth=depth)
        made = [self.passage(episode, text, at) for at, text in enumerate(passages)]
        facts, evidence, mentions, links = [], [], [], []
        for passage, stated in zip(made, passages.values(), strict=True):
            here = [self.fact(text, names) for text, names in stated.items()]
            facts += here
            evidence += [
                Evidence(fact_id=fact.id, passage_id=passage.id, start=0, end=len(passage.text))
                for fact in here
            ]
            names = dict.fromkeys(name for members in stated.values() for name in members)
            mentions += [
                Mention(passage_id=passage.id, entity_id=self.entity(n).id, surface=n)
                for n in names
            ]
            links += [
                DiscourseLink(
                    source_id=first.id,
                    target_id=second.id,
                    sense=Sense.CAUSE,
                    connective="so",
                    passage_id=passage.id,
                    start=0,
                    end=1,
                )
                for first, second in pairwise(here)
            ]
        everyone = dict.fromkeys(
            name for stated in passages.values() for members in stated.values() for name in members
        )
        return ChangeSet(
            namespace=self.namespace,
            episodes=(episode,),
            passages=tuple(made),
            entities=tuple(self.entity(name, type=EntityType.PERSON) for name in everyone),
            mentions=tuple(mentions),
            facts=tuple(facts),
            evidence=tuple(evidence),
            discourse=tuple(links),
            retired_episodes=retires or {},
            checkpoint=checkpoint,
        )

    def supersession(self, newer: str, older: str) -> Supersession:
        """Between facts of these texts."""
        return Supersession(
            newer_id=self.fact(newer, ()).id, older_id=self.fact(older, ()).id, reason="newer"
        )

    def same_as(self, left: str, right: str) -> SameAs:
        """Between entities of these names."""
        return SameAs(
            left_id=self.entity(left).id, right_id=self.entity(right).id, score=0.75, by="test"
        )

    def vectors(self, changes: ChangeSet, dimension: int = 4) -> dict[str, Vectors]:
        """A unit vector per passage that follows from its key."""
        made = {}
        for passage in changes.passages:
            seed = int(passage.vector_key[:8], 16)
            vector = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
            made[passage.vector_key] = vector / np.linalg.norm(vector)
        return made


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture
def maker() -> type[Maker]:
    """For tests with more than one namespace."""
    return Maker


Contents = dict[str, Any]


def _contents(store: GraphStore, namespace: str) -> Contents:
    """All that a namespace holds, told in ids, as scanning and looking up show it."""
    with store.read(namespace) as view:

        def rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
            return [row for batch in view.scan(table, columns, batch=3) for row in batch]

        ids = {
            table: dict(rows(table, "nid", "id"))
            for table in ("episodes", "passages", "entities", "facts")
        }
        en, fa, pa = ids["entities"], ids["facts"], ids["passages"]
        shown = {
            "mentions": {
                (pa[p], en[e], *more)
                for p, e, *more in rows(
                    "mentions", "passage_nid", "entity_nid", "surface", "start", "end", "about"
                )
            },
            "evidence": {
                (fa[f], pa[p], *more)
                for f, p, *more in rows("evidence", "fact_nid", "passage_nid", "start", "end")
            },
            "discourse": sorted(
                (fa[s], fa[t], *more)
                for s, t, *more in rows(
                    "discourse", "source_nid", "target_nid", "sense", "connective"
                )
            ),
            "supersessions": {
                (fa[n], fa[o], reason)
                for n, o, reason in rows("supersessions", "newer_nid", "older_nid", "reason")
            },
            "same_as": {
                (en[left], en[right], *more)
                for left, right, *more in rows("same_as", "left_nid", "right_nid", "score", "by")
            },
            "vectors": {
                pa[nid]: tuple(vector.tolist())
                for nids, matrix in view.vectors(batch=2)
                for nid, vector in zip(nids, matrix, strict=True)
            },
        }
    return {
        **shown,
        "episodes": store.episodes(list(ids["episodes"].values())),
        "passages": store.passages(list(pa.values())),
        "entities": store.entities(list(en.values())),
        "facts": store.facts(list(fa.values())),
    }


@pytest.fixture
def contents() -> Callable[[GraphStore, str], Contents]:
    """Reads all that a namespace of a store holds, in a form that compares."""
    return _contents
