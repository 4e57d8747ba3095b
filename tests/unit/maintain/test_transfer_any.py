"""Whatever a memory holds, and wherever an import stops, a round trip changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.maintain.restore import import_memory
from graphmem.maintain.transfer import export_memory, silent
from graphmem.model.change import ChangeSet, Counts
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

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
times = st.datetimes(timezones=st.just(UTC))
maybe_times = st.none() | times
shares = st.floats(0, 1)
spans = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)
NAMESPACE = "n"


@st.composite
def hypergraphs(draw: st.DrawFn) -> tuple[ChangeSet, dict[str, Any]]:
    """A change set in which everything refers to something, in any order, and its vectors."""

    def some(kind: st.SearchStrategy[Any], size: int) -> tuple[Any, ...]:
        return tuple(draw(st.lists(kind, max_size=size)))

    episodes = tuple(
        Episode(
            id=f"ep_{at}",
            namespace=NAMESPACE,
            source=draw(texts),
            title=draw(texts),
            kind=draw(st.sampled_from(EpisodeKind)),
            occurred_at=draw(maybe_times),
            recorded_at=draw(times),
            retired_at=draw(maybe_times),
            digest=draw(texts),
            trust=draw(shares),
            depth=draw(st.sampled_from(Depth)),
        )
        for at in draw(st.permutations(range(draw(st.integers(1, 3)))))
    )
    attributes = st.dictionaries(
        texts,
        st.booleans() | st.integers() | texts | st.floats(allow_nan=False, allow_infinity=False),
        max_size=3,
    )
    passages = tuple(
        Passage(
            id=f"pa_{at}",
            episode_id=draw(st.sampled_from(episodes)).id,
            text=draw(texts),
            start=at,
            end=at + 1,
            ordinal=at,
            speaker=draw(st.none() | texts),
            occurred_at=draw(maybe_times),
            attributes=draw(attributes),
            vector_key=draw(st.sampled_from(["k1", "k2", "k3"])),
        )
        for at in draw(st.permutations(range(draw(st.integers(1, 4)))))
    )
    entities = tuple(
        Entity(
            id=f"en_{at}",
            name=draw(texts),
            type=draw(st.sampled_from(EntityType)),
            aliases=some(texts, 3),
            profile=draw(texts),
        )
        for at in draw(st.permutations(range(draw(st.integers(1, 4)))))
    )
    entity = st.sampled_from([value.id for value in entities])
    passage = st.sampled_from([value.id for value in passages])
    member = st.builds(Member, role=texts, entity_id=entity, text=texts, ordinal=st.integers(0, 3))
    facts = tuple(
        Fact(
            id=f"fa_{at}",
            text=draw(texts),
            predicate=draw(texts),
            members=some(member, 4),
            confidence=draw(shares),
            valid_from=draw(maybe_times),
            recorded_at=draw(times),
            retired_at=draw(maybe_times),
            strength=draw(st.floats(allow_nan=False)),
            recalls=draw(st.integers(0, 2**62)),
        )
        for at in draw(st.permutations(range(draw(st.integers(1, 4)))))
    )
    fact = st.sampled_from([value.id for value in facts])
    changes = ChangeSet(
        namespace=NAMESPACE,
        episodes=episodes,
        passages=passages,
        entities=entities,
        mentions=some(
            st.builds(
                lambda span, **fields: Mention(start=span[0], end=span[1], **fields),
                spans | st.just([None, None]),
                passage_id=passage,
                entity_id=entity,
                surface=texts,
                about=shares,
            ),
            6,
        ),
        facts=facts,
        evidence=some(
            st.builds(
                lambda span, **fields: Evidence(start=span[0], end=span[1], **fields),
                spans,
                fact_id=fact,
                passage_id=passage,
            ),
            6,
        ),
        discourse=some(
            st.builds(
                DiscourseLink,
                source_id=fact,
                target_id=fact,
                sense=st.sampled_from(Sense),
                connective=texts,
                passage_id=st.none() | passage,
            ),
            4,
        ),
        supersessions=some(st.builds(Supersession, newer_id=fact, older_id=fact, reason=texts), 3),
        same_as=some(st.builds(SameAs, left_id=entity, right_id=entity, score=shares, by=texts), 3),
    )
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    keys = draw(st.sets(st.sampled_from([value.vector_key for value in passages])))
    vectors = {key: np.array([draw(number), draw(number)], np.float32) for key in sorted(keys)}
    return changes, vectors


def opened(folder: Path) -> closing[SqliteStore]:
    return closing(
        SqliteStore.open(folder, clock=lambda: datetime(2024, 1, 1, tzinfo=UTC), create=True)
    )


class Killed(BaseException):
    """The import's process ends here."""


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(graph=hypergraphs(), data=st.data())
def test_any_memory_comes_back_equal_wherever_its_import_was_killed(
    told: Callable[..., dict[str, Any]],
    graph: tuple[ChangeSet, dict[str, Any]],
    data: st.DataObject,
) -> None:
    changes, vectors = graph
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with opened(folder / "a") as store, opened(folder / "b") as target:
            store.apply(changes, vectors=vectors)
            written = export_memory(store, NAMESPACE, folder / "out")
            lasts = data.draw(st.integers(0, 12), "commits before the import is killed")
            rows = data.draw(st.integers(1, 3), "rows of a batch")
            killed = _import_until(target, folder / "out", commits=lasts, rows=rows)
            report = import_memory(target, folder / "out", namespace=NAMESPACE, progress=silent)
            assert report.read == store.counts(NAMESPACE) == target.counts(NAMESPACE)
            assert killed or report.added == Counts()
            assert told(target, NAMESPACE) == told(store, NAMESPACE)
            again = export_memory(target, NAMESPACE, folder / "again")
            assert again.digest == written.digest


def _import_until(store: SqliteStore, folder: Path, *, commits: int, rows: int) -> bool:
    """Whether the import was ended by force after so many commits."""
    left = commits

    def stop(stage: str, done: int, total: int) -> None:
        nonlocal left
        if stage != "verify":
            left -= 1
        if left < 0:
            raise Killed

    try:
        import_memory(store, folder, namespace=NAMESPACE, progress=stop, rows=rows)
    except Killed:
        return True
    return False
