"""The graph of a namespace: built by streaming, brought up to date, compacted; always the same."""

from __future__ import annotations

import copy
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError, StoreError
from graphmem.graph.delta import read_delta, updated, write_compact
from graphmem.graph.hypergraph import (
    Hypergraph,
    build_hypergraph,
    open_hypergraph,
    stored_bytes,
)
from graphmem.graph.nodes import MAX_CODES, NodeKind

from .world import Reader, World, built, expected, shown

ROLES = ("subject", "object", "place")
small = st.integers(1, 6)
times = st.none() | st.integers(0, 9)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few nodes of each kind, and relations that may hold several times."""
    world = World(
        entities={n: {"type": draw(st.sampled_from(["person", "place"]))} for n in _nids(draw)},
        passages={n: _times(draw, "recorded_at", "retired_at") for n in _nids(draw)},
        facts={
            n: _times(draw, "recorded_at", "retired_at", "valid_from", "valid_to")
            for n in _nids(draw)
        },
    )
    _relate(draw, world, world.passages, world.facts)
    return world


def _nids(draw: st.DrawFn) -> set[int]:
    return draw(st.sets(small, min_size=1))


def _times(draw: st.DrawFn, *names: str) -> dict[str, int | None]:
    """Moments in pairs, a start and an end that is later."""
    drawn = {name: draw(times) for name in names}
    for start, end in zip(names[::2], names[1::2], strict=True):
        first, last = drawn[start], drawn[end]
        if first is not None and last is not None and last <= first:
            drawn[end] = first + 1
    return drawn


def _relate(draw: st.DrawFn, world: World, passages: object, facts: object) -> None:
    entities = st.sampled_from(sorted(world.entities))
    for passage in passages:  # type: ignore[attr-defined]
        named = draw(st.lists(entities, max_size=5))
        world.mentions += [{"passage_nid": passage, "entity_nid": e} for e in named]
    for fact in facts:  # type: ignore[attr-defined]
        members = draw(st.lists(st.tuples(entities, st.sampled_from(ROLES)), max_size=4))
        world.roles += [{"fact_nid": fact, "entity_nid": e, "role": role} for e, role in members]
        stating = draw(st.lists(st.sampled_from(sorted(world.passages)), max_size=3))
        world.evidence += [{"fact_nid": fact, "passage_nid": p} for p in stating]


@st.composite
def changes(draw: st.DrawFn) -> tuple[World, World, set[tuple[NodeKind, int]]]:
    """A world, what it becomes, and which nodes the store says have changed."""
    before = draw(worlds())
    after = copy.deepcopy(before)
    changed: set[tuple[NodeKind, int]] = set()
    for nid in draw(st.sets(st.integers(1, 9), max_size=3)):
        after.entities[nid] = {"type": draw(st.sampled_from(["person", "group"]))}
        changed.add((NodeKind.ENTITY, nid))
    passages = draw(st.sets(st.integers(1, 9), max_size=3))
    facts = draw(st.sets(st.integers(1, 9), max_size=3))
    for nid in passages:
        after.passages[nid] = _times(draw, "recorded_at", "retired_at")
    for nid in facts:
        after.facts[nid] = _times(draw, "recorded_at", "retired_at", "valid_from", "valid_to")
    after.mentions = [row for row in after.mentions if row["passage_nid"] not in passages]
    after.roles = [row for row in after.roles if row["fact_nid"] not in facts]
    after.evidence = [row for row in after.evidence if row["fact_nid"] not in facts]
    _relate(draw, after, sorted(passages), sorted(facts))
    # A node may come again unchanged.
    again = draw(st.sets(st.sampled_from(sorted((k, n) for k, n, _ in before.nodes())), max_size=2))
    changed |= {(NodeKind.PASSAGE, n) for n in passages} | {(NodeKind.FACT, n) for n in facts}
    return before, after, changed | again


@settings(max_examples=40, deadline=None)
@given(one=worlds(), two=worlds())
def test_a_graph_is_what_the_tables_say(one: World, two: World) -> None:
    with tempfile.TemporaryDirectory() as folder:
        graph = built(Path(folder) / "graph", {"a": one, "b": two}, a=3, b=7)
        assert shown(graph) == expected({"a": one, "b": two})
        assert graph.versions == {"a": 3, "b": 7}
        assert graph.n_edges == sum(map(len, shown(graph).values()))


def test_roles_beyond_the_number_that_a_graph_holds_are_told_as_none(tmp_path: Path) -> None:
    world = World(
        entities={n: {"type": "person"} for n in range(1, 301)},
        passages={1: {"recorded_at": None, "retired_at": None}},
        facts={1: dict.fromkeys(("recorded_at", "retired_at", "valid_from", "valid_to"))},
    )
    world.roles = [{"fact_nid": 1, "entity_nid": n, "role": f"role {n}"} for n in range(1, 301)]
    graph = built(tmp_path / "graph", {"a": world})
    told = sorted({role for links in shown(graph).values() for _, role in links.values()})
    assert told == sorted(["", *(f"role {n}" for n in range(1, MAX_CODES))])
    assert graph.n_edges == 600


@settings(max_examples=60, deadline=None)
@given(change=changes(), other=worlds())
def test_a_graph_brought_up_to_date_is_the_one_built_anew(
    change: tuple[World, World, set[tuple[NodeKind, int]]], other: World
) -> None:
    before, after, changed = change
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = built(folder / "old", {"a": other, "b": before})
        seen = shown(old)
        delta = read_delta(Reader(after, version=2, only=changed), "b")
        new = updated(old, delta)
        assert new is not None
        assert shown(new) == expected({"a": other, "b": after})
        assert shown(old) == seen
        assert new.versions == {"a": 1, "b": 2}

        again = updated(new, delta)
        assert again is not None
        assert shown(again) == shown(new)
        assert again.slots.used == new.slots.used

        (folder / "compact").mkdir()
        write_compact(new, folder / "compact")
        fresh = built(folder / "fresh", {"a": other, "b": after}, b=2)
        assert_same_arrays(open_hypergraph(folder / "compact"), fresh)


def assert_same_arrays(one: Hypergraph, other: Hypergraph) -> None:
    for name, column in one.nodes.columns().items():
        if name != "types":
            assert np.array_equal(column, other.nodes.columns()[name]), name
    assert [one.nodes.type_names[c] for c in one.nodes.types] == [
        other.nodes.type_names[c] for c in other.nodes.types
    ]
    for name in ("starts", "ends", "strengths"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    used = one.slots.used
    assert used == other.slots.used
    for name in ("indices", "weights"):
        assert np.array_equal(getattr(one.slots, name)[:used], getattr(other.slots, name)[:used]), (
            name
        )
    assert [one.role_names[c] for c in one.slots.roles[:used]] == [
        other.role_names[c] for c in other.slots.roles[:used]
    ]
    assert one.versions == other.versions


def test_a_delta_that_finds_no_room_says_so(tmp_path: Path) -> None:
    world = World(entities={n: {"type": "person"} for n in range(9)}, passages={1: {}})
    graph = built(tmp_path / "graph", {"a": world})
    world.mentions = [{"passage_nid": 1, "entity_nid": n} for n in range(9)]
    delta = read_delta(Reader(world, only={(NodeKind.PASSAGE, 1)}), "a")
    full = graph.slots.room // 18  # nine links, both ways
    for _ in range(full):
        world.mentions.reverse()
        assert updated(graph, delta) is not None
    assert updated(graph, delta) is None


def test_an_empty_namespace_has_an_empty_graph(tmp_path: Path) -> None:
    graph = built(tmp_path / "graph", {"a": World()})
    assert len(graph) == 0
    assert graph.n_edges == 0


def test_a_link_to_nothing_is_an_error_that_names_it(tmp_path: Path) -> None:
    world = World(passages={4: {}}, mentions=[{"passage_nid": 4, "entity_nid": 77}])
    with pytest.raises(StoreError, match="entity_nid 77"):
        built(tmp_path / "graph", {"a": world})
    assert not list((tmp_path / "graph").glob("spool*"))


def test_a_number_too_large_for_a_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=str(2**31)):
        built(tmp_path / "graph", {"a": World(passages={2**31: {}})})


def test_a_damaged_graph_is_noticed(tmp_path: Path) -> None:
    world = World(entities={1: {"type": "person"}}, passages={1: {}})
    world.mentions = [{"passage_nid": 1, "entity_nid": 1}]
    built(tmp_path / "graph", {"a": world})
    cut = tmp_path / "graph" / "slots.weights.npy"
    cut.write_bytes(cut.read_bytes()[:140])
    with pytest.raises((OSError, ValueError)):
        open_hypergraph(tmp_path / "graph")


class Stream:
    """A reader over so many mentions that are made as they are read."""

    version = 1
    removed = False

    def __init__(self, mentions: int) -> None:
        self._mentions = mentions

    def scan(
        self, table: str, columns: tuple[str, ...], *, batch: int = 10_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        if table in {"entities", "passages"}:
            blank = "person" if table == "entities" else None
            yield [(nid, *[blank] * (len(columns) - 1)) for nid in range(1000)]
        if table == "mentions":
            a_passage = self._mentions // 1000
            for start in range(0, self._mentions, min(batch, 5000)):
                rows = range(start, min(start + min(batch, 5000), self._mentions))
                yield [(row // a_passage, row % a_passage % 1000) for row in rows]


def test_memory_does_not_follow_the_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.graph.slots._CHUNK", 10_000)
    peaks = []
    for mentions in (20_000, 200_000):
        folder = tmp_path / str(mentions)
        folder.mkdir()
        tracemalloc.start()
        build_hypergraph({"a": Stream(mentions)}, folder)  # type: ignore[dict-item]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert open_hypergraph(folder).n_edges == 2 * mentions
    assert peaks[1] - peaks[0] < 500_000  # of 3.2 MB of slots


def test_a_graph_of_many_edges_takes_twelve_bytes_an_edge(tmp_path: Path) -> None:
    build_hypergraph({"a": Stream(20_000)}, tmp_path)  # type: ignore[dict-item]
    assert stored_bytes(tmp_path) <= 12 * 40_000 + 4096 * len(list(tmp_path.iterdir()))
