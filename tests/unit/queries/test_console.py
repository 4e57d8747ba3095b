"""The console, typed into key by key through prompt_toolkit's own input."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from graphmem.errors import QueryError
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem_queries.completion import StatementCompleter
from graphmem_queries.console import COMMANDS, Repl, is_finished, statements_of

SCHEMA = CypherSchema(
    labels={"Entity": ("id", "name", "type"), "Fact": ("id", "text", "valid_from")},
    relationships={"ROLE": ("role", "ordinal"), "EVIDENCE": ("start", "end")},
)
CTRL_C, CTRL_D, TAB, ENTER, UP = "\x03", "\x04", "\t", "\r", "\x1b[A"


class Told:
    """Runs nothing: remembers what it was told to run, and answers with one row."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, statement: str, parameters: Mapping[str, Any]) -> CypherResult:
        self.runs.append((statement, dict(parameters)))
        if "WRONG" in statement:
            raise QueryError("No such thing as WRONG")
        if "STOP" in statement:
            raise KeyboardInterrupt
        return CypherResult(columns=("answer",), rows=((f"row {len(self.runs)}",),))

    @property
    def statements(self) -> list[str]:
        return [" ".join(statement.split()) for statement, _ in self.runs]


def type_in(*keys: str, history: Path | None = None) -> tuple[Told, str]:
    """What a console runs and shows when `keys` are typed into it, and Ctrl-D at last.

    Between the parts of `keys` is time for completions, which come in a thread of their own.
    """
    told = Told()
    console = Console(file=io.StringIO(), width=160)
    with create_pipe_input() as terminal:

        def type_on() -> None:
            for part in keys[:-1]:
                terminal.send_text(part)
                time.sleep(0.3)
            terminal.send_text(keys[-1] + CTRL_D)

        fingers = threading.Thread(target=type_on)
        fingers.start()
        Repl(
            told,
            SCHEMA,
            console=console,
            history=history,
            parameters={"given": 1},
            max_rows=10,
            terminal_input=terminal,
            terminal_output=DummyOutput(),
        ).loop()
        fingers.join()
    assert isinstance(console.file, io.StringIO)
    return told, console.file.getvalue()


def test_a_statement_runs_at_its_semicolon_and_is_shown_as_a_table() -> None:
    told, shown = type_in(f"RETURN 1;{ENTER}")
    assert told.runs == [("RETURN 1", {"given": 1})]
    assert "answer" in shown
    assert "row 1" in shown
    assert "1 row in" in shown


def test_a_statement_goes_over_lines_until_a_semicolon_or_a_blank_line() -> None:
    told, _ = type_in(
        f"MATCH (n){ENTER}RETURN n{ENTER};{ENTER}MATCH (m){ENTER}RETURN ';'{ENTER}{ENTER}"
    )
    assert told.statements == ["MATCH (n) RETURN n", "MATCH (m) RETURN ';'"]


def test_several_statements_on_a_line_run_in_order() -> None:
    told, _ = type_in(f"RETURN 1; RETURN 2;{ENTER}")
    assert told.statements == ["RETURN 1", "RETURN 2"]


def test_an_error_is_shown_and_the_console_goes_on() -> None:
    told, shown = type_in(f"WRONG;{ENTER}:nonsense{ENTER}:run nobody{ENTER}RETURN 1;{ENTER}")
    assert told.statements == ["WRONG", "RETURN 1"]
    assert "error: No such thing as WRONG" in shown
    assert "There is no command :nonsense" in shown
    assert "There is no query 'nobody'" in shown
    assert "row 2" in shown


def test_ctrl_c_drops_the_line_and_stops_a_statement_but_not_the_console() -> None:
    told, shown = type_in(f"MATCH (n){ENTER}RETU{CTRL_C}STOP;{ENTER}RETURN 1;{ENTER}")
    assert told.statements == ["STOP", "RETURN 1"]
    assert "Cancelled" in shown


@pytest.mark.parametrize("leave", [":quit", ":exit"])
def test_leaving_by_command(leave: str) -> None:
    told, _ = type_in(f"RETURN 1;{ENTER}{leave}{ENTER}RETURN 2;{ENTER}")
    assert told.statements == ["RETURN 1"]


def test_empty_lines_do_nothing() -> None:
    told, shown = type_in(ENTER * 3 + f";{ENTER}// only a comment;{ENTER}{ENTER}")
    assert told.runs == []
    assert "error" not in shown


def test_a_named_query_runs_with_its_parameters() -> None:
    told, _ = type_in(f":run about entity='Ann Lee' limit=3{ENTER}:run about{ENTER}")
    ((statement, parameters),) = told.runs
    assert "MATCH (named:Entity" in statement
    times = dict.fromkeys(("as_of", "as_of_until", "known_at", "known_at_until"))
    assert parameters == {"entity": "Ann Lee", "limit": 3, **times}


def test_parameters_are_kept_for_later_statements() -> None:
    told, shown = type_in(f":param who='Ann Lee' n=3{ENTER}RETURN $who;{ENTER}")
    assert told.runs == [("RETURN $who", {"given": 1, "who": "Ann Lee", "n": 3})]
    assert "$who = 'Ann Lee'" in shown


def test_help_list_and_schema_show_what_there_is() -> None:
    _, shown = type_in(f":help{ENTER}:list{ENTER}:schema{ENTER}")
    assert all(command in shown for command in COMMANDS)
    assert "contradictions" in shown
    assert "(:Fact)" in shown


def test_unclosed_quotes_of_a_command_are_an_error() -> None:
    _, shown = type_in(f":run about entity='Ann{ENTER}")
    assert "does not end its quotes" in shown


def test_history_outlives_the_console(tmp_path: Path) -> None:
    history = tmp_path / "cache" / "cypher_history"
    type_in(f"RETURN 1;{ENTER}RETURN 2;{ENTER}", history=history)
    assert history.stat().st_mode & 0o077 == 0
    told, _ = type_in(f"{UP}{UP}{ENTER}", history=history)
    assert told.statements == ["RETURN 1"]


def test_history_that_cannot_be_kept_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told, _ = type_in(f"RETURN 1;{ENTER}", history=tmp_path / "file" / "history")
    assert told.statements == ["RETURN 1"]


def test_tab_completes() -> None:
    told, _ = type_in(f"MATCH (f:Fac{TAB}", f") RETURN f.valid{TAB}", f";{ENTER}")
    assert told.statements == ["MATCH (f:Fact) RETURN f.valid_from"]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("MATCH (", []),
        ("MATCH (e:", ["Entity", "Fact"]),
        ("MATCH (e:en", ["Entity"]),
        ("MATCH (e) WHERE e:F", ["Fact"]),
        ("MATCH (e)-[:", ["ROLE", "EVIDENCE"]),
        ("MATCH (e)-[r:ROLE|E", ["EVIDENCE"]),
        ("MATCH (e)<-[x : r", ["ROLE"]),
        ("MATCH (f:Fact) WHERE f.", ["id", "text", "valid_from"]),
        ("MATCH (f:Fact)-[r:EVIDENCE]->() RETURN r.", ["start", "`end`"]),
        ("MATCH (x) RETURN x.na", ["name"]),
        ("MATCH (e:Entity {na", ["name"]),
        ("MATCH (e:Entity {name: 'x', ty", ["type"]),
        ("MATCH (f)-[:ROLE {", ["role", "ordinal"]),
        ("opt", ["OPTIONAL MATCH"]),
        ("MATCH (n) RETU", ["RETURN"]),
        (":l", [":list"]),
        (":run ab", ["about"]),
        (":run about ", ["entity=", "limit="]),
        (":run about entity=x li", ["limit="]),
        (":run nobody ", []),
    ],
)
def test_what_can_stand_next_is_offered(before: str, expected: list[str]) -> None:
    completer = StatementCompleter(
        SCHEMA, queries={"about": ("entity", "limit")}, commands=COMMANDS
    )
    offered = completer.get_completions(Document(before), CompleteEvent())
    found = [completion.text for completion in offered]
    if expected or before.startswith(":"):
        assert found == expected
    else:
        assert "MATCH" in found


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("", True),
        ("RETURN 1", False),
        ("RETURN 1;", True),
        ("RETURN 1; // done", True),
        ("RETURN ';", False),
        ("RETURN 1; RETURN", False),
        ("RETURN 1\n", True),
        ("RETURN 1\n  ", True),
        (":help", True),
    ],
)
def test_enter_runs_what_is_finished(text: str, finished: bool) -> None:
    assert is_finished(text) is finished


def test_the_last_statement_of_a_text_needs_no_semicolon() -> None:
    assert statements_of("RETURN 1;\n// x\nRETURN 2") == ["RETURN 1", "RETURN 2"]
    assert statements_of(" ;; ") == []
