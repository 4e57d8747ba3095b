"""Views of a graph against a copy that is really filtered, and its matrices against plain loops."""

from __future__ import annotations

import tempfile
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.graph.delta import read_delta, updated
from graphmem.graph.hypergraph import Hypergraph
from graphmem.graph.nodes import NodeKind
from graphmem.graph.views import (
    View,
    incidence,
    present_in,
    projection,
    walk_graph,
    whole_graph,
)
from graphmem.kernels.ranking import ABSENT

from .test_hypergraph import changes, worlds
from .world import Key, Reader, World, built, expected

moments = st.none() | st.integers(-1, 10)
views = st.builds(
    View,
    as_of=moments,
    known_at=moments,
    as_of_until=st.none() | st.integers(11, 14),
    known_until=st.none() | st.integers(11, 14),
    types=st.none() | st.just({"person"}),
    namespaces=st.none() | st.just({"b"}),
)


def meets(start: Any, end: Any, moment: int, until: int | None) -> bool:
    """Whether any moment from one to another, or that one alone, is in ``[start, end)``."""
    asked = range(moment, moment + 1 if until is None else until)
    return any((start is None or start <= m) and (end is None or m < end) for m in asked)


def allowed(name: str, kind: NodeKind, row: dict[str, Any], view: View) -> bool:
    """Whether a view holds a node, told from its row."""
    retired = row.get("retired_at")
    if view.known_at is None:
        believed = retired is None
    else:
        believed = meets(row.get("recorded_at"), retired, view.known_at, view.known_until)
    valid = view.as_of is None or meets(
        row.get("valid_from"), row.get("valid_to"), view.as_of, view.as_of_until
    )
    typed = view.types is None or kind != NodeKind.ENTITY or row["type"] in view.types
    return believed and valid and typed and (view.namespaces is None or name in view.namespaces)


def filtered(
    given: dict[str, World], view: View
) -> tuple[set[Key], dict[Key, dict[Key, tuple[float, str]]]]:
    """The nodes that a view holds, and the graph of those alone."""
    kept = {
        (name, kind, nid)
        for name, world in given.items()
        for kind, nid, row in world.nodes()
        if allowed(name, kind, row, view)
    }
    links = expected(given)
    return kept, {
        key: {other: link for other, link in links[key].items() if other in kept} for key in kept
    }


def keys_of(graph: Hypergraph) -> list[Key]:
    nodes = graph.nodes
    names = list(nodes.namespaces)
    columns = zip(nodes.spaces, nodes.kinds, nodes.nids, strict=True)
    return [(names[space], NodeKind(kind), int(nid)) for space, kind, nid in columns]


def a_type_is_known(given: dict[str, World]) -> bool:
    return any(row["type"] == "person" for w in given.values() for row in w.entities.values())


@settings(max_examples=60, deadline=None)
@given(one=worlds(), change=changes(), view=views)
def test_a_view_is_the_graph_of_what_it_holds(
    one: World, change: tuple[World, World, set[tuple[NodeKind, int]]], view: View
) -> None:
    before, after, changed = change
    given = {"a": one, "b": after}
    if not a_type_is_known({"a": one, "b": before}):
        one.entities[99] = {"type": "person"}
    with tempfile.TemporaryDirectory() as folder:
        old = built(Path(folder) / "graph", {"a": one, "b": before})
        graph = updated(old, read_delta(Reader(after, only=changed), "b"))
        assert graph is not None
        keys = keys_of(graph)
        kept, links = filtered(given, view)
        present = present_in(graph, view)
        assert {key for key, there in zip(keys, present, strict=True) if there} == kept

        walk = walk_graph(graph, view)
        assert not graph.n_edges or np.shares_memory(walk.indices, graph.slots.indices)
        matrix = walk.matrix().toarray()
        sums = {key: sum(weight for weight, _ in links[key].values()) for key in kept}
        for row, key in enumerate(keys):
            others = links.get(key, {})
            assert matrix[row].tolist() == [others.get(other, (0.0, ""))[0] for other in keys]
            wanted = sums.get(key, ABSENT)
            assert walk.strengths[row] == pytest.approx(wanted)


@settings(max_examples=40, deadline=None)
@given(world=worlds(), view=views.filter(lambda v: v.namespaces is None))
def test_incidence_and_projection_are_what_the_facts_say(world: World, view: View) -> None:
    world.entities.setdefault(98, {"type": "person"})
    with tempfile.TemporaryDirectory() as folder:
        graph = built(Path(folder) / "graph", {"b": world})
        keys = keys_of(graph)
        kept, links = filtered({"b": world}, view)
        found = incidence(graph, view)
        coo = found.matrix.tocoo()
        shown = {
            (keys[found.entities[e]], keys[found.facts[f]]): (
                float(weight),
                found.role_names[code],
            )
            for e, f, weight, code in zip(
                coo.row, coo.col, found.matrix.data, found.roles, strict=True
            )
        }
        facts = {key for key in kept if key[1] == NodeKind.FACT}
        members = {f: {e: k for e, k in links[f].items() if e[1] == NodeKind.ENTITY} for f in facts}
        assert shown == {(e, f): link for f, held in members.items() for e, link in held.items()}

        pairs = np.zeros((len(keys), len(keys)))
        for held in members.values():
            for one, other in permutations(held, 2):
                share = held[one][0] * held[other][0] / (len(held) - 1)
                pairs[keys.index(one), keys.index(other)] += share
        assert np.allclose(projection(graph, view).matrix().toarray(), pairs)


def test_what_a_view_names_must_be_there(tmp_path: Path) -> None:
    graph = built(tmp_path / "graph", {"a": World(entities={1: {"type": "person"}})})
    with pytest.raises(NotFoundError, match=r"'b'.*holds a"):
        present_in(graph, View(namespaces=["a", "b"]))
    with pytest.raises(InvalidInputError, match=r"'dog'.*person"):
        present_in(graph, View(types=["dog"]))


def test_without_a_filter_nothing_is_copied(tmp_path: Path) -> None:
    world = World(entities={1: {"type": "person"}}, passages={1: {}})
    world.mentions = [{"passage_nid": 1, "entity_nid": 1}]
    graph = built(tmp_path / "graph", {"a": world})
    whole = whole_graph(graph)
    assert walk_graph(graph).strengths.tolist() == whole.strengths.tolist() == [1.0, 1.0]
    assert np.shares_memory(whole.weights, graph.slots.weights)
