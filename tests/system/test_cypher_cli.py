"""``graphmem cypher`` as a process: statements, pipes, the library, the console on a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphmem import Memory
from graphmem.adapters.stores.sqlite import SqliteStore
from graphmem.model.change import ChangeSet

DATA = Path(__file__).parent.parent / "data" / "cypher_memory.json"
COMMAND = "from graphmem.cli import main; main()"
PROMPT = "cypher>"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    folder = tmp_path / "memory"
    store = SqliteStore.open(folder, clock=lambda: datetime(2024, 6, 1, tzinfo=UTC), create=True)
    with closing(store):
        store.apply(ChangeSet.model_validate_json(DATA.read_text()))
    return folder


def environment(memory: Path) -> Mapping[str, str]:
    """Nothing is read or embedded here, so no model is needed."""
    cache = str(memory.parent / "cache")
    return {**os.environ, "GRAPHMEM_DEPTH": "fast", "XDG_CACHE_HOME": cache, "TERM": "xterm"}


def cypher(memory: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "cypher", *arguments],
        env=environment(memory),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def asked(memory: Path, *arguments: str) -> list[dict[str, Any]]:
    """Rows of what is asked with --json."""
    done = cypher(memory, *arguments, "-m", str(memory), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    return rows


def test_a_statement_prints_a_table(memory: Path) -> None:
    done = cypher(
        memory, "MATCH (f:Fact) RETURN f.text, f.valid_from ORDER BY f.id", "-m", str(memory)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Acme is based in Berlin." in done.stdout
    assert "2015-01-01" in done.stdout
    assert "9 rows" in done.stdout


def test_a_statement_prints_json_with_all_of_it(memory: Path) -> None:
    rows = asked(memory, "MATCH (f:Fact {id: 'fa_sold'}) RETURN f, f.valid_from AS since")
    assert rows[0]["since"] == 1577836800000000
    assert rows[0]["f"]["_labels"] == ["Fact"]
    assert rows[0]["f"]["text"] == "Acme was sold to Globex."


def test_parameters_are_values_of_their_kind(memory: Path) -> None:
    statement = (
        "MATCH (e:Entity {name: $who})<-[:ROLE]-(f:Fact) WHERE f.valid_from >= $since"
        " RETURN f.id AS id ORDER BY id LIMIT $n"
    )
    given = ["--param", "who=Ann Lee", "--param", "since:time=2021", "--param", "n=1"]
    assert asked(memory, statement, *given) == [{"id": "fa_initech"}]


def test_a_named_query_answers(memory: Path) -> None:
    rows = asked(memory, "--named", "path", "--param", "from=berlin", "--param", "to=Bob")
    assert rows[0]["path"] == [
        "Berlin",
        "Acme is based in Berlin.",
        "Acme",
        "Bob does not like Acme.",
        "Bob",
    ]
    done = cypher(memory, "--named", "about", "--param", "entity=annie", "-m", str(memory))
    assert "Ann Lee works for Globex." in done.stdout


def test_the_library_is_listed_without_a_memory(memory: Path) -> None:
    queries = {q["name"] for q in json.loads(cypher(memory, "--list", "--json").stdout)["queries"]}
    assert queries >= {
        *("about", "timeline", "path", "changes", "contradictions", "sources", "central"),
        *("neighbourhood", "why"),
    }
    shown = cypher(memory, "--list").stdout
    assert all(name in shown for name in queries)


def test_statements_from_a_pipe_run_in_order(memory: Path) -> None:
    script = "// first\nMATCH (e:Entity) RETURN count(e) AS n;\n\nRETURN ';' AS n"
    done = cypher(memory, "-m", str(memory), "--json", stdin=script)
    decoder, rest, found = json.JSONDecoder(), done.stdout.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value["rows"])
        rest = rest[end:].strip()
    assert found == [[{"n": 8}], [{"n": ";"}]]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["MATCH (e:Entity) SET e.type = 'group'"], 1, "--write"),
        (["MATCH (e"], 1, "syntax error"),
        (["LOAD CSV FROM '/etc/passwd' AS row RETURN row"], 1, "reads files"),
        (["RETURN 1", "--timeout", "0"], 2, "time-out"),
        (["RETURN 1", "--param", "x"], 2, "NAME=VALUE"),
        (["RETURN 1", "--named", "about"], 2, "at once"),
        (["--named", "abuot"], 2, "about"),
        (["--named", "path", "--param", "from=Ann"], 2, "needs a value for to"),
        (["RETURN 1", "--namespace", "nobody"], 1, "'nobody' is empty"),
    ],
)
def test_what_is_wrong_is_said_and_the_exit_code_tells_whose_fault_it_is(
    memory: Path, arguments: list[str], code: int, said: str
) -> None:
    done = cypher(memory, *arguments, "-m", str(memory))
    assert said in " ".join(CONTROL.sub("", done.stderr).split())
    assert done.returncode == code
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("stdin", [b"", b" ;; // nothing", b"RETURN '\xff'"])
def test_a_pipe_without_a_statement_is_an_error(memory: Path, stdin: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "cypher", "-m", str(memory)],
        env=environment(memory),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert b"standard input" in done.stderr.lower()
    assert b"Traceback" not in done.stderr


def test_no_memory_is_an_error(memory: Path) -> None:
    assert cypher(memory, "RETURN 1").returncode == 2
    missing = cypher(memory, "RETURN 1", "-m", str(memory / "nowhere"))
    assert missing.returncode == 1
    assert "nowhere" in missing.stderr


def test_an_error_is_json_for_programs(memory: Path) -> None:
    done = cypher(memory, "MATCH (e:Entity) SET e.type = 'group'", "-m", str(memory), "--json")
    assert done.returncode == 1
    assert set(json.loads(done.stdout)) == {"error", "remedy"}


def test_rows_stop_at_the_cap(memory: Path) -> None:
    done = cypher(
        memory, "MATCH (n) RETURN n.id AS id", "-m", str(memory), "--max-rows", "3", "--json"
    )
    result = json.loads(done.stdout)
    assert (len(result["rows"]), result["truncated"]) == (3, True)


def test_writing_takes_the_option_and_is_kept(memory: Path) -> None:
    asked(memory, "CREATE (e:Entity {name: 'Dora Day', type: 'person'})", "--write")
    asked(memory, "MATCH (f:Fact {id: 'fa_likes'}) DETACH DELETE f", "--write")
    people = asked(memory, "MATCH (e:Entity {name: 'Dora Day'}) RETURN e.type AS type")
    assert people == [{"type": "person"}]
    assert asked(memory, "MATCH (f:Fact {id: 'fa_likes'}) RETURN f") == []


def test_the_sdk_asks_the_same(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_DEPTH", "fast")
    with Memory.open(memory) as opened:
        statement = "MATCH (e:Entity {name: $name}) RETURN e.type"
        assert opened.cypher(statement, {"name": "Berlin"}).rows == (("place",),)
        assert "Fact" in opened.cypher_schema().labels
        opened.cypher("MATCH (e:Entity {name: 'Bob'}) SET e.type = 'group'", write=True)
        assert opened.cypher(statement, {"name": "Bob"}).rows == (("group",),)


def test_who_was_created_by_hand_is_who_is_read_about(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHMEM_DEPTH", "fast")
    with Memory.open(memory) as opened:
        opened.cypher("CREATE (:Entity {name: 'Dora Day', profile: 'A friend'})", write=True)
        opened.add("Dora Day moved to Oslo. Ann Lee visited Dora Day.", source="note:dora")
        found = opened.cypher(
            "MATCH (e:Entity)<-[:MENTIONS]-(p:Passage) WHERE e.name CONTAINS 'Dora'"
            " RETURN DISTINCT e.name, e.profile"
        )
        assert found.rows == (("Dora Day", "A friend"),)


class Terminal:
    """The console on a terminal of its own."""

    def __init__(self, memory: Path) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            arguments = [sys.executable, "-c", COMMAND, "cypher", "-m", str(memory), "--write"]
            os.execvpe(sys.executable, arguments, dict(environment(memory)))  # noqa: S606
        size = struct.pack("HHHH", 40, 120, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def type_in(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def read_until(self, *expected: str, pressing: str = "", seconds: float = 60.0) -> str:
        """All that is shown until `expected` are, in this order, control sequences left out.

        `pressing` is typed again and again meanwhile, as an impatient person would.
        """
        shown = ""
        pattern = re.compile(".*?".join(map(re.escape, expected)), re.DOTALL)
        deadline = time.monotonic() + seconds
        while not pattern.search(shown):
            assert time.monotonic() < deadline, f"no {expected!r} in {shown!r}"
            if not select.select([self._terminal], [], [], 0.5)[0]:
                self.type_in(pressing)
                continue
            part = os.read(self._terminal, 65536).decode(errors="replace")
            if "\x1b[6n" in part:
                self.type_in("\x1b[1;1R")
            shown += CONTROL.sub("", part)
        return shown

    def end(self, *, seconds: float = 10.0) -> int:
        """The exit code, once the process has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        raise AssertionError("the console goes on")

    def close(self) -> None:
        os.close(self._terminal)


@pytest.fixture
def terminal(memory: Path) -> Iterator[Terminal]:
    opened = Terminal(memory)
    try:
        yield opened
    finally:
        try:
            os.kill(opened.pid, signal.SIGKILL)
            os.waitpid(opened.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        opened.close()


def test_the_console_on_a_terminal(terminal: Terminal, memory: Path) -> None:
    terminal.read_until(PROMPT)
    terminal.type_in("MATCH (e:Entity)\rRETURN count(e) AS entities\r;\r")
    assert "8" in terminal.read_until("1 row", PROMPT)
    terminal.type_in("MATCH (e:Ent\t")
    # Only what is new is drawn.
    terminal.read_until("ity")
    terminal.type_in(" {name: 'Bob'}) SET e.type = 'group';\r")
    terminal.read_until("0 rows", PROMPT)
    terminal.type_in("RETURN nonsense(1);\r")
    terminal.read_until("error:", PROMPT)
    terminal.type_in("MATCH p = (a)-[*1..14]-(b) RETURN count(p);\r")
    terminal.read_until("count(p);")
    terminal.read_until("Cancelled", PROMPT, pressing="\x03")
    terminal.type_in(":run about entity=annie\r")
    terminal.read_until("Globex", "3 rows", PROMPT)
    terminal.type_in("\x04")
    assert terminal.end() == 0
    history = (memory.parent / "cache" / "graphmem" / "cypher_history").read_text()
    assert "+MATCH (e:Entity)\n+RETURN count(e) AS entities\n" in history
    assert asked(memory, "MATCH (e:Entity {name: 'Bob'}) RETURN e.type AS type") == [
        {"type": "group"}
    ]
