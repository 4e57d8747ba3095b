"""Analytics answer alike on every store and engine, and as networkx does on the same projection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pytest
from networkx.algorithms.community import modularity

from graphmem.adapters.analytics import gds
from graphmem.adapters.analytics.igraph import IgraphAnalyst
from graphmem.adapters.bolt import Bolt
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.errors import InvalidInputError
from graphmem.model.analysis import Analysis
from graphmem.model.change import ChangeSet
from graphmem.ports.analytics import Analyst
from graphmem.ports.store import GraphStore

GROUPS, MEMBERS = 4, 9


class World(NamedTuple):
    """A store, what analyses it, and what else there is for a test."""

    store: GraphStore
    analyst: Analyst
    make: Any


@pytest.fixture(params=["igraph on sqlite", "igraph on neo4j", "gds"])
def world(request: pytest.FixtureRequest, tmp_path: Path, make: Any) -> Iterator[World]:
    with ExitStack() as stack:
        if request.param == "igraph on sqlite":
            store = SqliteStore.open(tmp_path / "memory", create=True, clock=lambda: make.at(0))
            stack.enter_context(closing(store))
            yield World(store, IgraphAnalyst(store), make)
            return
        has_gds = request.param == "gds"
        server = request.getfixturevalue("neo4j_with_plugins" if has_gds else "neo4j_server")
        server.empty()
        bolt = stack.enter_context(closing(Bolt(server.url, server.auth)))
        on_server = Neo4jStore.open(bolt, create=True, clock=lambda: make.at(0))
        analyst = gds.GdsAnalyst(bolt) if has_gds else IgraphAnalyst(on_server)
        yield World(on_server, analyst, make)


def told(
    make: Any, members: list[tuple[str, ...]], *, retired: frozenset[int] = frozenset()
) -> ChangeSet:
    """A document that states a fact for each group of members; some are believed no longer."""
    facts = {f"fact {at}": names for at, names in enumerate(members)}
    changes: ChangeSet = make.document("doc:1", {"text": facts})
    return changes.model_copy(
        update={
            "facts": tuple(
                fact.model_copy(update={"retired_at": make.at(1) if at in retired else None})
                for at, fact in enumerate(changes.facts)
            )
        }
    )


def planted(seed: int, *, across: int) -> list[tuple[str, ...]]:
    """Facts of two or three members within groups, and some of two across."""
    random = np.random.default_rng(seed)
    groups = [[f"Member {group}-{at}" for at in range(MEMBERS)] for group in range(GROUPS)]
    found = [
        tuple(random.choice(group, size=random.integers(2, 4), replace=False).tolist())
        for group in groups
        for _ in range(30)
    ]
    for _ in range(across):
        here, there = random.choice(GROUPS, size=2, replace=False)
        found.append((str(random.choice(groups[here])), str(random.choice(groups[there]))))
    return found


def projection(members: list[tuple[str, ...]]) -> nx.Graph:
    """Worked out from what was told, by names."""
    pairs = Counter(
        pair for names in members for pair in combinations(sorted(dict.fromkeys(names)), 2)
    )
    graph: nx.Graph = nx.Graph()
    graph.add_weighted_edges_from((a, b, float(n)) for (a, b), n in pairs.items())
    return graph


def by_name(found: Analysis, field: str) -> dict[str, Any]:
    return {entity.name: getattr(entity, field) for entity in found.entities}


def groups_of(found: Analysis, field: str) -> set[frozenset[str]]:
    labels = by_name(found, field)
    return {frozenset(n for n in labels if labels[n] == label) for label in set(labels.values())}


def test_ranks_degrees_and_groups_are_those_of_networkx(world: World) -> None:
    members = planted(1, across=12)
    members += [("Far One", "Far Two"), ("Lonely",), ("Same", "Same")]
    dropped = frozenset({0, 1, 40})
    world.store.apply(told(world.make, members, retired=dropped))
    believed = [names for at, names in enumerate(members) if at not in dropped]
    graph = projection(believed)
    found = world.analyst.analyse("default")
    assert set(by_name(found, "id").values()) == {world.make.entity(name).id for name in graph}
    expected = nx.pagerank(graph, alpha=0.85, tol=1e-12, max_iter=1000)
    assert by_name(found, "pagerank") == pytest.approx(expected, abs=1e-8)
    assert by_name(found, "degree") == dict(graph.degree(weight="weight"))
    assert groups_of(found, "component") == set(map(frozenset, nx.connected_components(graph)))
    assert by_name(found, "component")["Far One"] == 1
    ranks = [entity.pagerank for entity in found.entities]
    assert ranks == sorted(ranks, reverse=True)
    planted_groups = {
        frozenset(n for n in graph if n.startswith(f"Member {group}-")) for group in range(GROUPS)
    }
    assert groups_of(found, "community") == {*planted_groups, frozenset({"Far One", "Far Two"})}
    assert (found.components, found.communities) == (2, GROUPS + 1)


def test_another_damping_gives_other_ranks(world: World) -> None:
    members = planted(2, across=3)
    world.store.apply(told(world.make, members))
    found = world.analyst.analyse("default", damping=0.5)
    expected = nx.pagerank(projection(members), alpha=0.5, tol=1e-12, max_iter=1000)
    assert by_name(found, "pagerank") == pytest.approx(expected, abs=1e-8)
    for wrong in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(InvalidInputError, match="damping"):
            world.analyst.analyse("default", damping=wrong)


def test_communities_without_clear_borders_are_of_like_modularity(world: World) -> None:
    members = planted(3, across=60)
    world.store.apply(told(world.make, members))
    graph = projection(members)
    first = world.analyst.analyse("default")
    quality = modularity(graph, groups_of(first, "community"))
    best = modularity(graph, nx.community.louvain_communities(graph, seed=1))
    assert quality > best - 0.02
    assert world.analyst.analyse("default") == first


def test_namespaces_are_analysed_apart_and_an_empty_one_has_no_standings(
    world: World, maker: Callable[[str], Any]
) -> None:
    world.store.apply(told(world.make, [("Ann", "Bob"), ("Bob", "Cy")]))
    world.store.apply(told(maker("other"), [("Ann", "Dan")]))
    assert by_name(world.analyst.analyse("default"), "degree") == {"Ann": 1, "Bob": 2, "Cy": 1}
    assert by_name(world.analyst.analyse("other"), "degree") == {"Ann": 1, "Dan": 1}
    nothing = world.analyst.analyse("nowhere")
    assert (nothing.entities, nothing.components, nothing.communities) == ((), 0, 0)
