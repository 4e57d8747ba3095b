"""Memories move: exported and imported by command, killed on the way, and searched as before."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import networkx as nx
import numpy as np
import pytest

from graphmem import Memory, Settings
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.cli import main
from graphmem.errors import NotFoundError
from graphmem.model.change import ChangeSet, Counts
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, Evidence, Fact, Member, Mention
from graphmem.model.source import Episode, EpisodeKind, Passage

GRAPHMEM = Path(sys.executable).with_name("graphmem")
NOW = datetime(2024, 5, 1, tzinfo=UTC)
NOTES = {
    "note:acme": "Acme is a company in Aberwyn. Ann Pryce founded Acme in 2011.",
    "note:ann": "Ann Pryce was born in Tallow Bay. She is an engineer.",
    "note:bay": "Tallow Bay is a village on the north coast.",
}


def graphmem(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GRAPHMEM, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def told(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def store_in(folder: Path, *, read_only: bool = False) -> closing[SqliteStore]:
    return closing(
        SqliteStore.open(folder, clock=lambda: NOW, create=not read_only, read_only=read_only)
    )


def fill(folder: Path, *, namespace: str = "default", passages: int) -> Counts:
    """Passages by hand, each with a fact about its number and the one before, and a vector."""
    vectors = np.random.default_rng(7).normal(size=(passages, 64)).astype(np.float32)
    with store_in(folder) as store:
        store.set_embedder("test-embedder", 64)
        entities = [
            Entity(id=content_id(Kind.ENTITY, namespace, str(at)), name=f"Nº {at}")
            for at in range(passages)
        ]
        facts, made, evidence, mentions, episodes = [], [], [], [], []
        for at, entity in enumerate(entities):
            text = f"Number {at} follows."
            if at % 3 == 0:
                source = f"file:{at}"
                episodes.append(
                    Episode(
                        id=content_id(Kind.EPISODE, namespace, source),
                        namespace=namespace,
                        source=source,
                        title="",
                        kind=EpisodeKind.DOCUMENT,
                        occurred_at=None,
                        recorded_at=NOW,
                        digest=source,
                    )
                )
            made.append(
                Passage(
                    id=content_id(Kind.PASSAGE, namespace, text),
                    episode_id=episodes[-1].id,
                    text=text,
                    start=0,
                    end=len(text),
                    ordinal=at % 3,
                    vector_key=Passage.key_of(text),
                )
            )
            members = tuple(
                Member(role=f"role{n}", entity_id=entities[at - n].id, text=str(at - n), ordinal=n)
                for n in (0, 1)
            )
            facts.append(
                Fact(
                    id=content_id(Kind.FACT, namespace, text),
                    text=text,
                    predicate="follow",
                    members=members,
                    recorded_at=NOW,
                )
            )
            evidence.append(
                Evidence(fact_id=facts[-1].id, passage_id=made[-1].id, start=0, end=len(text))
            )
            mentions.append(
                Mention(
                    passage_id=made[-1].id, entity_id=entity.id, surface=str(at), start=7, end=8
                )
            )
        changes = ChangeSet(
            namespace=namespace,
            episodes=tuple(episodes),
            passages=tuple(made),
            entities=tuple(entities),
            mentions=tuple(mentions),
            facts=tuple(facts),
            evidence=tuple(evidence),
        )
        store.apply(
            changes,
            vectors={p.vector_key: vector for p, vector in zip(made, vectors, strict=True)},
        )
        return store.counts(namespace)


def counts_in(folder: Path) -> Counts:
    """What a memory holds now, which another process may be writing."""
    try:
        with store_in(folder, read_only=True) as store:
            return store.counts("default")
    except NotFoundError:
        return Counts()


def test_a_memory_moves_by_command(tmp_path: Path) -> None:
    held = fill(tmp_path / "mem", namespace="acme", passages=30)
    out, moved = tmp_path / "out", tmp_path / "moved"
    written = told(graphmem("export", out, "-m", tmp_path / "mem", "--namespace", "acme", "--json"))
    assert written["written"] == held.model_dump()
    read = told(graphmem("import", out, "-m", moved, "--json"))
    assert (read["namespace"], read["added"]) == ("acme", held.model_dump())
    again = told(
        graphmem("export", tmp_path / "again", "-m", moved, "--namespace", "acme", "--json")
    )
    assert again["digest"] == written["digest"] == read["digest"]
    shown = graphmem("import", out, "-m", moved)
    assert shown.returncode == 0
    assert "nothing new of 10 episodes, 30 passages" in " ".join(shown.stdout.split())


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process; its exit code and what it printed."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return int(ended.value.code or 0), " ".join(capsys.readouterr().out.split())

    return run


def test_other_tools_get_a_file(command: Command, tmp_path: Path) -> None:
    fill(tmp_path / "mem", passages=5)
    graphml, hif = tmp_path / "m.graphml", tmp_path / "m.json"
    code, shown = command("export", graphml, "-m", tmp_path / "mem", "--format", "graphml")
    assert (code, "Exported 2 episodes, 5 passages" in shown) == (0, True)
    assert nx.read_graphml(graphml).number_of_nodes() == 2 + 5 + 5 + 5
    code, shown = command("export", hif, "-m", tmp_path / "mem", "--format=hif", "--json")
    assert (code, json.loads(shown)["bytes"]) == (0, hif.stat().st_size)
    graph = json.loads(hif.read_text())
    assert (len(graph["nodes"]), len(graph["edges"]), len(graph["incidences"])) == (5, 5, 10)


def test_what_is_wrong_is_said_with_a_remedy(command: Command, tmp_path: Path) -> None:
    fill(tmp_path / "mem", passages=3)
    out, moved = tmp_path / "out", tmp_path / "moved"
    export = ("export", out, "-m", tmp_path / "mem", "--json")

    def refused(*arguments: str | Path) -> tuple[int, str]:
        code, shown = command(*arguments)
        return code, " ".join(json.loads(shown).values())

    code, says = refused(*export, "--namespace", "nobody")
    assert (code, "'nobody'" in says, "Name one of default" in says) == (1, True, True)
    assert not out.exists()
    assert command(*export)[0] == 0
    code, says = refused(*export)
    assert (code, "something at" in says) == (2, True)
    code, says = refused("import", out, "-m", moved, "--namespace", "mine", "--json")
    assert (code, "Import it as --namespace 'default'" in says) == (2, True)
    code, says = refused("import", tmp_path / "nowhere", "-m", tmp_path / "no", "--json")
    assert (code, "nothing at" in says) == (1, True)
    assert not (tmp_path / "no").exists()
    with (out / "facts.jsonl").open("ab") as file:
        file.write(b"{}\n")
    code, says = refused("import", out, "-m", moved, "--json")
    assert (code, "facts.jsonl has" in says) == (1, True)
    with store_in(moved, read_only=True) as store:
        assert store.namespaces() == []


def test_an_import_that_is_killed_is_finished_by_running_it_again(tmp_path: Path) -> None:
    held = fill(tmp_path / "mem", passages=4_000)
    out, moved = tmp_path / "out", tmp_path / "moved"
    written = told(graphmem("export", out, "-m", tmp_path / "mem", "--json"))
    killed = []
    for kind in ("episodes", "mentions", "facts"):
        job = subprocess.Popen([GRAPHMEM, "import", out, "-m", moved], stdout=subprocess.DEVNULL)
        while job.poll() is None and not getattr(counts_in(moved), kind):
            time.sleep(0.01)
        job.kill()
        if job.wait() == -signal.SIGKILL:
            killed.append(kind)
            assert counts_in(moved).episodes
    assert killed[:1] == ["episodes"]
    read = told(graphmem("import", out, "-m", moved, "--json"))
    assert read["added"] != held.model_dump()
    again = told(graphmem("export", tmp_path / "again", "-m", moved, "--json"))
    assert again["digest"] == written["digest"]
    with store_in(moved, read_only=True) as store:
        assert store.check() == []


def test_an_export_that_is_killed_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    fill(tmp_path / "mem", passages=6_000)
    out = tmp_path / "out"
    job = subprocess.Popen([GRAPHMEM, "export", out, "-m", tmp_path / "mem"])
    while job.poll() is None and not list(tmp_path.glob(".out.partial-*/made/passages.jsonl")):
        time.sleep(0.01)
    job.kill()
    assert job.wait() == -signal.SIGKILL
    assert not out.exists()
    told(graphmem("export", out, "-m", tmp_path / "mem", "--json"))


PEAKS = """
import sys
from pathlib import Path
from graphmem.cli import main

def run(*arguments):
    try:
        main(arguments)
    except SystemExit as end:
        assert not end.code
    # Unlike getrusage, it leaves out what this process was forked from.
    (line,) = [x for x in Path("/proc/self/status").read_text().split("\\n") if "VmHWM" in x]
    print(int(line.split()[1]) / 1024)

folder = Path(sys.argv[1])
run("export", str(folder / "out"), "-m", str(folder))
run("import", str(folder / "out"), "-m", str(folder / "moved"))
"""


def test_memory_does_not_grow_with_what_is_moved(tmp_path: Path) -> None:
    peaks, sizes = [], []
    for passages in (3_000, 10_000):
        folder = tmp_path / str(passages)
        fill(folder, passages=passages)
        done = subprocess.run(
            [sys.executable, "-c", PEAKS, str(folder)], capture_output=True, text=True, check=True
        )
        lines = done.stdout.splitlines()
        peaks += [float(line) for line in lines if line.replace(".", "").isdigit()]
        sizes.append((folder / "graphmem.sqlite3").stat().st_size / 1e6)
    small_out, small_in, large_out, large_in = peaks
    assert large_out - small_out < 15, f"MB of an export: {small_out:.0f}, then {large_out:.0f}"
    # The store itself keeps some tens of MB of its file at hand.
    cached = sizes[1] - sizes[0]
    assert large_in - small_in < 15 + cached, f"MB: {small_in:.0f}, then {large_in:.0f}"


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "mem", settings=Settings(workers=0)) as memory:
        for source, text in NOTES.items():
            memory.add(text, source=source, title="Tallow Bay" if source == "note:bay" else "")
        yield memory


def test_a_moved_memory_answers_as_before(notes: Memory, tmp_path: Path) -> None:
    question = "Where was the founder of Acme born?"
    written = notes.export(tmp_path / "out")
    assert written.written == notes.stats().counts
    assert written.vectors == written.written.passages
    with Memory.open(tmp_path / "moved", settings=Settings(workers=0)) as moved:
        moved.load(tmp_path / "out")
        assert moved.search(question, explain=True) == notes.search(question, explain=True)
        assert moved.doctor() == []
        assert moved.add(NOTES["note:acme"], source="note:acme").unchanged == 1
        moved.delete_source("note:acme")
        assert moved.load(tmp_path / "out").added.episodes == 1
        found = [hit.id for hit in moved.search(question)]
        assert found == [hit.id for hit in notes.search(question)]
        with pytest.raises(NotFoundError):
            moved.load(tmp_path / "nothing")


def test_the_sdk_makes_graphs_and_files_of_the_same_memory(notes: Memory, tmp_path: Path) -> None:
    counts = notes.stats().counts
    graph, other = notes.to_networkx(), notes.to_igraph()
    nodes = counts.entities + counts.facts + counts.episodes + counts.passages
    assert graph.number_of_nodes() == other.vcount() == nodes
    assert graph.number_of_edges() == other.ecount()
    assert notes.to_networkx(passages=False).number_of_nodes() == counts.entities + counts.facts
    notes.export(tmp_path / "m.graphml", format="graphml")
    root = ET.parse(tmp_path / "m.graphml").getroot()  # noqa: S314
    assert len(root.findall(".//{*}node")) == nodes
    assert len(root.findall(".//{*}edge")) == other.ecount()
