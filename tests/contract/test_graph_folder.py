"""The graph that is kept beside a store: always the one that would be built anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphmem.graph.delta import write_compact
from graphmem.graph.folder import TABLES, GraphFolder
from graphmem.graph.hypergraph import Hypergraph, build_hypergraph, open_hypergraph
from graphmem.graph.nodes import NodeKind
from graphmem.graph.views import View, present_in, walk_graph, whole_graph
from graphmem.model.time import to_micros
from graphmem.ports.store import GraphStore

ANN = {"Ann knows Bob": {"Ann knows Bob": ("Ann", "Bob")}}
BOB = {
    "Bob left Acme, says Ann": {"Bob left Acme": ("Bob", "Acme"), "Ann says so": ("Ann",)},
    "Cem stays": {"Cem stays": ("Cem", "Acme")},
}
MORE = {"Ann knows Bob, still": {"Ann knows Bob": ("Ann", "Bob"), "Dee came": ("Dee",)}}


def columns(graph: Hypergraph, folder: Path) -> dict[str, Any]:
    """All that a graph says, in the order in which a fresh one would have it."""
    folder.mkdir()
    write_compact(graph, folder)
    tidy = open_hypergraph(folder)
    used = tidy.slots.used
    return {
        **{n: c.tolist() for n, c in tidy.nodes.columns().items() if n != "types"},
        "types": [tidy.nodes.type_names[code] for code in tidy.nodes.types],
        "indices": tidy.slots.indices[:used].tolist(),
        "weights": tidy.slots.weights[:used].tolist(),
        "roles": [tidy.role_names[code] for code in tidy.slots.roles[:used]],
        "starts": tidy.starts.tolist(),
        "strengths": tidy.strengths.tolist(),
        "versions": tidy.versions,
    }


class Judge:
    """Says whether a graph is the store's."""

    def __init__(self, store: GraphStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._count = 0

    def __call__(self, graph: Hypergraph, *namespaces: str) -> None:
        self._count += 1
        made = self._folder / f"fresh-{self._count}"
        made.mkdir(parents=True)
        views = [(name, self._store.read(name, TABLES)) for name in namespaces or ("default",)]
        readers = {name: view.__enter__() for name, view in views}
        build_hypergraph(readers, made)
        for _, view in views:
            view.__exit__(None, None, None)
        fresh = columns(open_hypergraph(made), self._folder / f"expected-{self._count}")
        assert columns(graph, self._folder / f"found-{self._count}") == fresh


@pytest.fixture
def judge(store: GraphStore, tmp_path: Path) -> Judge:
    return Judge(store, tmp_path / "judge")


def test_the_graph_follows_the_store(
    store: GraphStore, make: Any, judge: Judge, tmp_path: Path
) -> None:
    kept = GraphFolder(tmp_path / "graph", store, ["default"])
    judge(kept.graph())
    store.apply(make.document("doc:1", ANN))
    judge(kept.graph())
    generation = (tmp_path / "graph" / "CURRENT").read_text()
    store.apply(make.document("doc:2", BOB))
    store.apply(make.document("doc:3", MORE))
    judge(kept.graph())
    # Retired, not removed: what was believed can still be walked.
    episode = store.episodes_of("default", "doc:2")[0]
    store.apply(make.document("doc:2", ANN, retires={episode.id: make.at(5)}))
    judge(kept.graph())
    assert (tmp_path / "graph" / "CURRENT").read_text() == generation  # no rebuild until now
    store.delete_source("default", "doc:3")
    judge(kept.graph())
    assert (tmp_path / "graph" / "CURRENT").read_text() != generation
    assert [path.name[:6] for path in (tmp_path / "graph").glob("graph-*")] == ["graph-"]


def test_a_retired_fact_is_walked_only_when_it_was_known(
    store: GraphStore, make: Any, tmp_path: Path
) -> None:
    store.apply(make.document("doc:1", BOB))
    episode = store.episodes_of("default", "doc:1")[0]
    store.apply(make.document("doc:1", ANN, retires={episode.id: make.at(5)}))
    graph = GraphFolder(tmp_path / "graph", store, ["default"]).graph()
    facts = graph.nodes.of_kind(NodeKind.FACT)
    assert int((present_in(graph) & facts).sum()) == 1
    then = View(known_at=to_micros(make.at(3)))
    assert int((present_in(graph, then) & facts).sum()) == 4
    assert walk_graph(graph).strengths.sum() < walk_graph(graph, then).strengths.sum()


def test_namespaces_stand_side_by_side_and_never_touch(
    store: GraphStore, maker: Any, judge: Judge, tmp_path: Path
) -> None:
    for name, documents in (("a", ANN), ("b", BOB), ("c", MORE)):
        store.apply(maker(name).document("doc:1", documents))
    kept = GraphFolder(tmp_path / "graph", store, ["b", "a"])
    judge(kept.graph(), "b", "a")
    store.apply(maker("a").document("doc:2", BOB))
    graph = kept.graph()
    judge(graph, "b", "a")
    walk, spaces = walk_graph(graph, View(namespaces=["a"])), graph.nodes.spaces
    assert np.all((walk.strengths >= 0) == (spaces == 1))
    rows = np.repeat(np.arange(len(graph)), graph.ends - graph.starts)
    packed = walk.packed()
    assert np.all(spaces[rows] == spaces[packed.indices])


def test_another_process_finds_it_and_reads_only_what_is_new(
    store: GraphStore, make: Any, judge: Judge, tmp_path: Path
) -> None:
    store.apply(make.document("doc:1", ANN))
    GraphFolder(tmp_path / "graph", store, ["default"]).graph()
    generation = (tmp_path / "graph" / "CURRENT").read_text()
    store.apply(make.document("doc:2", BOB))
    judge(GraphFolder(tmp_path / "graph", store, ["default"]).graph())
    assert (tmp_path / "graph" / "CURRENT").read_text() == generation


@pytest.mark.parametrize("what", ["nothing", "{}", "lost"])
def test_a_graph_that_is_damaged_is_built_anew(
    store: GraphStore, make: Any, judge: Judge, tmp_path: Path, what: str
) -> None:
    store.apply(make.document("doc:1", ANN))
    GraphFolder(tmp_path / "graph", store, ["default"]).graph()
    current = tmp_path / "graph" / "CURRENT"
    if what == "lost":
        (tmp_path / "graph" / json.loads(current.read_text())["generation"]).rename(tmp_path / "x")
    else:
        current.write_text(what)
    judge(GraphFolder(tmp_path / "graph", store, ["default"]).graph())


def test_compaction_keeps_what_came_meanwhile_and_who_reads(
    store: GraphStore,
    make: Any,
    judge: Judge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.apply(make.document("doc:1", ANN))
    kept = GraphFolder(tmp_path / "graph", store, ["default"])
    kept.graph()
    store.apply(make.document("doc:2", BOB))
    old = kept.graph()
    seen = whole_graph(old).matrix().toarray().tolist()

    def write_with_news(graph: Hypergraph, folder: Path) -> None:
        write_compact(graph, folder)
        store.apply(make.document("doc:3", MORE))
        assert kept.graph().versions != graph.versions

    monkeypatch.setattr("graphmem.graph.folder.write_compact", write_with_news)
    kept.compact_in_background()
    kept.close()
    assert whole_graph(old).matrix().toarray().tolist() == seen
    graph = kept.graph()
    assert graph.slots is not old.slots
    judge(graph)


def test_rows_that_fill_the_spare_slots_are_compacted_on_the_way(
    store: GraphStore, make: Any, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphmem.graph.slots.SPARE_LEAST", 40)
    store.apply(make.document("doc:0", ANN))
    kept = GraphFolder(tmp_path / "graph", store, ["default"], compact_at=2.0)
    kept.graph()
    first = (tmp_path / "graph" / "CURRENT").read_text()
    for number in range(6):
        store.apply(make.document(f"doc:{number}", {f"{number}: {t}": f for t, f in BOB.items()}))
        judge(kept.graph())
    assert (tmp_path / "graph" / "CURRENT").read_text() != first


def test_threads_see_one_history(
    store: GraphStore, make: Any, judge: Judge, tmp_path: Path
) -> None:
    kept = GraphFolder(tmp_path / "graph", store, ["default"], compact_at=0.0)

    def follow(_: int) -> list[int]:
        return [kept.graph().versions["default"] for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        followed = [pool.submit(follow, at) for at in range(4)]
        for number in range(5):
            store.apply(make.document(f"doc:{number}", MORE if number % 2 else BOB))
        for found in followed:
            assert found.result() == sorted(found.result())
    judge(kept.graph())
    kept.close()
    judge(kept.graph())


KILLED = """
import sys
from pathlib import Path
from graphmem.graph.folder import GraphFolder
from graphmem.adapters.stores.sqlite import SqliteStore
from datetime import UTC, datetime
clock = lambda: datetime.now(UTC)
store = SqliteStore.open(Path(sys.argv[1]), create=False, read_only=True, clock=clock)
kept = GraphFolder(Path(sys.argv[2]), store, ["default"])
kept.graph()
print("on", flush=True)
while True:
    kept.compact()
"""


def test_a_compaction_that_is_killed_leaves_the_graph_as_it_was(
    opener: Callable[..., GraphStore], make: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = opener()
    if store.info().backend != "sqlite":
        pytest.skip("the graph's folder is the same whatever the store; one is killed")
    store.apply(make.document("doc:1", BOB))
    folder = tmp_path / "graph"
    for pause in (0.0, 0.05, 0.1):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "memory"), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ.copy(),
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "on\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        generation = json.loads((folder / "CURRENT").read_text())["generation"]
        found = open_hypergraph(folder / generation)
        Judge(store, tmp_path / f"judge-{pause}")(found)
    old = time.time() - 2 * 86_400
    for path in folder.glob(".partial-*"):
        os.utime(path, (old, old))
    GraphFolder(folder, store, ["default"]).compact()
    assert len(list(folder.iterdir())) == 2  # the generation, and the name of it
