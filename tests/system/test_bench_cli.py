"""``graphmem bench rank``: what it prints and writes, on made graphs and on a memory's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory, Settings

RUN = "import sys; from graphmem.cli import main; main(sys.argv[1:])"
FEW = ("--questions", "2", "--rounds", "1", "--seconds", "1", "--backends", "scipy")


def bench(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, "bench", "rank", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **(environment or {})},
    )


def report(*arguments: str) -> Any:
    done = bench(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_back_end_is_measured_beside_igraph(tmp_path: Path) -> None:
    file = tmp_path / "rank.json"
    done = bench(
        *("--nodes", "1000", "--edges", "5000", "--seeds", "4", "--questions", "3"),
        *("--rounds", "1", "--batch", "8", "--json", str(file)),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert found["graph"]["nodes"] == 1000
    assert found["graph"]["stored_edges"] == 10_000
    assert found["graph"]["bytes_per_stored_edge"] < 12
    assert {"igraph", "scipy", "networkx"} <= found["backends"].keys()
    for name, backend in found["backends"].items():
        assert name in done.stdout
        assert 0 < backend["median_ms"] <= backend["p95_ms"]
        assert backend["top100_recall"] > 0.9, name
        assert backend["touched_edges"] > 0
        assert backend["peak_mb"] >= 0
        assert backend["of_igraph"]["median"] == pytest.approx(
            backend["median_ms"] / found["backends"]["igraph"]["median_ms"], rel=1e-3
        )
    for name, reason in found["absent"].items():
        assert f"{name}: {reason[:20]}" in done.stdout


def test_a_sweep_is_written_and_drawn(tmp_path: Path) -> None:
    plot = tmp_path / "cost.png"
    found = report("--sizes", "4e3,2e3", "--seeds", "3", "--plot", str(plot), *FEW)
    assert [part["graph"]["edges"] for part in found["sweep"]] == [2000, 4000]
    assert found["backends"] == found["sweep"][-1]["backends"]
    assert found["growth"].keys() == {"igraph", "scipy"} == found["in_turn"].keys()
    for name, grown in found["in_turn"].items():
        small, large = grown["median_ms"]
        assert found["growth"][name] == grown["growth"] == pytest.approx(large / small, rel=1e-2)
        spread = grown["growth_by_round"]
        assert 0 < spread["least"] <= spread["median"] <= spread["most"]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_what_there_was_no_time_for_is_told() -> None:
    found = report(
        *("--nodes", "3000", "--edges", "20000", "--questions", "5", "--batch", "64"),
        *("--seconds", "1e-4", "--backends", "power"),
    )
    power, igraph = found["backends"]["power"], found["backends"]["igraph"]
    assert power["questions"] == igraph["questions"] == 1  # and that of the hubs
    assert power["batch"]["size"] == 1
    assert power["left_out"] == "4 of 6 questions and 63 of 64 in a batch, after 0.0001 seconds"
    assert igraph["left_out"] == "4 of 6 questions, after 0.0001 seconds"


def test_a_memory_has_a_graph_of_its_own(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        memory.add("Ann Lee founded Acme in Rome. Bob Ray joined Acme.", source="note:1")
        nodes = memory.walk_graph().n_nodes
    found = report("-m", str(tmp_path / "mem"), "--seeds", "2", *FEW)
    assert found["graph"]["kind"] == "memory"
    assert found["graph"]["nodes"] == nodes > 5
    assert found["backends"]["igraph"]["top100_recall"] == 1.0


def test_the_same_seed_asks_the_same(tmp_path: Path) -> None:
    one, other = (report("--nodes", "300", "--edges", "900", *FEW) for _ in range(2))
    assert one["graph"]["max_degree"] == other["graph"]["max_degree"]
    assert one["backends"]["igraph"]["touched_edges"] == 1800


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--backends", "igraf"), "no back end 'igraf'"),
        (("--nodes", "10", "--edges", "1000"), "No graph of 10 nodes"),
        (("--sizes", "many"), "--sizes 'many'"),
        (("--plot", "x.png"), "--sizes"),
        (("-m", "there", "--nodes", "5"), "its own graph"),
        (("--seeds", "0", "--nodes", "300", "--edges", "900"), "1 or more"),
        (("--json", "no/such/folder/x.json"), "no folder"),
    ],
)
def test_what_means_nothing_is_refused(arguments: tuple[str, ...], said: str) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_graph_data_science_takes_part_where_a_server_has_it(neo4j_with_plugins: Any) -> None:
    password = str(neo4j_with_plugins.home / "password")
    done = bench(
        *("--nodes", "400", "--edges", "1500", "--neo4j", neo4j_with_plugins.url, "--json", "-"),
        *FEW,
        environment={"GRAPHMEM_NEO4J_PASSWORD_FILE": password},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["backends"]["neo4j-gds"]
    assert found["top100_recall"] == 1.0
    assert found["max_error"] < 1e-6
