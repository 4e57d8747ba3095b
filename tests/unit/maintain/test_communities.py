"""Communities are drawn by Leiden, keep who they are, and are left alone where nothing changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import igraph
import numpy as np
import pytest

from graphmem import Memory, Settings
from graphmem.adapters.analytics.leiden import leiden
from graphmem.graph.snapshot import Snapshot, read_snapshot
from graphmem.maintain.communities import draw, passages_about, projection

FIRST = ["Ann Lee met Bob Ray in Oslo.", "Bob Ray met Cem Kaya.", "Cem Kaya met Ann Lee."]
SECOND = ["Dee Fox met Eva Lund in Rome.", "Eva Lund met Finn Moe.", "Finn Moe met Dee Fox."]


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory.open(tmp_path / "mem", settings=Settings(workers=0))


def snapshot_of(memory: Memory) -> Snapshot:
    store = memory._parts.store
    with store.read("default") as reader:
        return read_snapshot(reader, dimension=store.info().dimension or 0)


def names(snapshot: Snapshot, members: Sequence[str]) -> set[str]:
    entities = snapshot.entities
    return {entities.names[entities.ids.row_of[id_]] for id_ in members}


def test_who_shares_facts_is_together_and_stays_so(memory: Memory) -> None:
    with memory:
        for text in (*FIRST, *SECOND):
            memory.add(text)
        before = snapshot_of(memory)
        drawn = draw(before, (), leiden, namespace="default")
        coarse = [names(before, c.members) for c in drawn.changed if c.level == 0]
        assert {"Ann Lee", "Bob Ray", "Cem Kaya"} <= coarse[0] | coarse[1]
        assert not any({"Ann Lee", "Dee Fox"} <= group for group in coarse)
        again = draw(before, drawn.changed, leiden, namespace="default")
        assert (set(again.kept), again.changed, again.gone) == (set(drawn.changed), (), ())
        memory.add("Gus Berg met Dee Fox and Eva Lund.")
        after = draw(snapshot_of(memory), drawn.changed, leiden, namespace="default")
    kept = {c.id for c in after.kept}
    ann = [c.id for c in drawn.changed if "Ann Lee" in names(before, c.members)]
    assert set(ann) <= kept  # nothing of theirs has changed
    assert {c.id for c in after.changed if c.level == 0} <= {c.id for c in drawn.changed}


def test_a_community_of_the_same_members_is_stale_once_a_fact_among_them_is_new(
    memory: Memory,
) -> None:
    with memory:
        for text in (*FIRST, *SECOND):
            memory.add(text)
        before = memory.communities(k=10)
        texts = {c.id: (c.members, c.text) for c in before}
        [ann] = [c.id for c in before if "Ann Lee" in c.name]
        memory.add("Ann Lee taught Bob Ray in Oslo.")
        # What is read is what is kept, and only what the new fact is among has no text of now.
        memory._summarising.communities()
        kept = memory._parts.store.hierarchy("default").communities
        assert {c.id for c in kept if c.text and c.stale} == {ann}
        after = {c.id: (c.members, c.text) for c in memory.communities(k=10)}
        assert "taught" in after.pop(ann)[1]
        assert after.items() <= texts.items()


def test_the_projection_counts_the_believed_facts_that_two_share(memory: Memory) -> None:
    with memory:
        for text in FIRST:
            memory.add(text, source=text)
        memory.retire_source(FIRST[2])
        snapshot = snapshot_of(memory)
        weights = projection(snapshot)
        row = {name: at for at, name in enumerate(snapshot.entities.names)}
        wanted = np.zeros(weights.shape)
        for entity_ids in (
            [m.entity_id for m in fact.members]
            for fact in memory._parts.store.facts(list(snapshot.facts.ids)).values()
            if fact.retired_at is None
        ):
            rows = sorted({snapshot.entities.ids.row_of[id_] for id_ in entity_ids})
            for a in rows:
                for b in rows:
                    wanted[a, b] += a != b
    assert np.array_equal(weights.toarray(), wanted)
    assert weights[row["Ann Lee"], row["Bob Ray"]] > 0
    assert weights[row["Ann Lee"], row["Cem Kaya"]] == 0


def test_what_tells_of_a_community_are_the_passages_of_facts_among_it(memory: Memory) -> None:
    with memory:
        for text in (*FIRST, *SECOND):
            memory.add(text)
        snapshot = snapshot_of(memory)
        drawn = draw(snapshot, (), leiden, namespace="default")
        [ann] = [
            c for c in drawn.changed if c.level == 0 and "Ann Lee" in names(snapshot, c.members)
        ]
        found, none = passages_about(snapshot, [ann.members, ann.members[:1]], limit=10)
        texts = {memory.get(id_).text for id_ in found}  # type: ignore[union-attr]
    assert texts == set(FIRST)
    assert none == []  # one entity shares no fact with itself


def test_leiden_finds_planted_groups_and_starts_from_what_it_is_given() -> None:
    graph = igraph.Graph.Full(8) + igraph.Graph.Full(8)
    graph.add_edge(0, 8)
    weights = graph.get_adjacency_sparse().astype(float)
    found = leiden(weights, resolution=1.0)
    assert len(set(found[:8])) == len(set(found[8:])) == 1
    assert found[0] != found[8]
    fine = leiden(weights, resolution=50.0)
    assert len(set(fine.tolist())) == 16
    assert np.array_equal(leiden(weights, resolution=1.0, initial=found * 7 + 3), found)


def test_a_memory_without_facts_has_no_communities(memory: Memory) -> None:
    with memory:
        memory.add("Yes.")
        drawn = draw(snapshot_of(memory), (), leiden, namespace="default")
    assert (drawn.kept, drawn.changed, drawn.gone) == ((), (), ())
