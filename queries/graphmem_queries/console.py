"""The console: statements over many lines, history, completion, and tables.

A statement ends with a semicolon or a blank line; a line that begins with a colon is a command.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output
from rich.console import Console
from rich.text import Text

from graphmem.errors import GraphMemError, InvalidInputError
from graphmem.kernels.statements import split_statements
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem_queries.catalogue import bind, catalogue, free, named, pairs
from graphmem_queries.completion import StatementCompleter
from graphmem_queries.render import footer, listing, schema, table

COMMANDS: Final[Mapping[str, str]] = {
    ":help": "this list",
    ":list": "the named queries",
    ":run": "run a named query: :run about entity='Ann Lee'",
    ":param": "set parameters of statements, or show them: :param since:time=2024-05",
    ":schema": "labels, relationship types and properties",
    ":quit": "leave (so does Ctrl-D)",
}
_PROMPT: Final = "cypher> "
_CONTINUED: Final = "   ...> "


Runner = Callable[[str, Mapping[str, Any]], CypherResult]
"""Runs a statement with its parameters."""


class Repl:
    """Reads statements until it is told to stop; an error ends a statement and never the console.

    Parameters
    ----------
    run
        Runs a statement.
    shape
        What there is to match, for completion.
    console
        Where results are shown.
    history
        The file that keeps what was typed; ``None`` for none.
    parameters
        What statements may refer to from the start.
    max_rows
        The cap that `run` applies, for saying so.
    terminal_input, terminal_output
        For :mod:`prompt_toolkit`; its own choice where they are left out.
    """

    def __init__(
        self,
        run: Runner,
        shape: CypherSchema,
        *,
        console: Console,
        history: Path | None,
        parameters: Mapping[str, Any],
        max_rows: int,
        terminal_input: Input | None = None,
        terminal_output: Output | None = None,
    ) -> None:
        self._run = run
        self._shape = shape
        self._console = console
        self._max_rows = max_rows
        self._parameters = dict(parameters)
        self._session: PromptSession[str] = PromptSession(
            _PROMPT,
            multiline=True,
            prompt_continuation=_CONTINUED,
            completer=StatementCompleter(
                shape,
                queries={
                    name: tuple(p.name for p in query.parameters)
                    for name, query in catalogue().items()
                },
                commands=COMMANDS,
            ),
            complete_while_typing=False,
            history=_history(history),
            key_bindings=_keys(),
            input=terminal_input,
            output=terminal_output,
        )
        self._commands: Mapping[str, Callable[[str], None]] = {
            ":help": self._help,
            ":list": lambda _: self._console.print(listing(catalogue())),
            ":run": self._run_named,
            ":param": self._param,
            ":schema": lambda _: self._console.print(schema(self._shape)),
        }

    def loop(self) -> None:
        """Read and run until :quit or the end of the input."""
        while True:
            try:
                text = self._session.prompt()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if text.strip() in {":quit", ":exit"}:
                return
            try:
                self._handle(text)
            except GraphMemError as error:
                self._console.print(Text.assemble(("error: ", "bold red"), str(error)))
            except KeyboardInterrupt:
                self._console.print("[yellow]Cancelled.[/yellow]")

    def _handle(self, text: str) -> None:
        if text.strip().startswith(":"):
            name, _, rest = text.strip().partition(" ")
            if name not in self._commands:
                raise InvalidInputError(
                    f"There is no command {name}", remedy=f"There is {', '.join(COMMANDS)}"
                )
            self._commands[name](rest.strip().removesuffix(";"))
            return
        for statement in statements_of(text):
            self._show(self._run(statement, self._parameters))

    def _show(self, result: CypherResult) -> None:
        show(result, self._console, max_rows=self._max_rows)

    def _help(self, _: str) -> None:
        for name, what in COMMANDS.items():
            self._console.print(Text.assemble((f"{name:9}", "bold cyan"), what))
        self._console.print(
            "A statement ends with ; or a blank line. Tab completes, Ctrl-C drops the line.\n"
            "Times are microseconds since 1970 (UTC) and shown as dates:"
            " f.valid_from >= datetime('2020-01-01').epochSeconds * 1000000",
            markup=False,
            highlight=False,
        )

    def _run_named(self, rest: str) -> None:
        name, *given = _words(rest)
        query = named(name)
        self._show(self._run(query.statement, bind(query, pairs(given))))

    def _param(self, rest: str) -> None:
        if rest:
            self._parameters |= free(pairs(_words(rest)))
        for name, value in self._parameters.items():
            self._console.print(Text(f"${name} = {value!r}"))


def statements_of(text: str) -> list[str]:
    """All statements of a text, the last one finished or not."""
    statements, rest = split_statements(text)
    return [*statements, rest] if rest else statements


def is_finished(text: str) -> bool:
    """Whether what was typed is to be run: a command, or statements that end as they should."""
    last = text.rpartition("\n")[2]
    if text.lstrip().startswith(":") or not last.strip():
        return True
    statements, rest = split_statements(text)
    return bool(statements) and not rest


def show(result: CypherResult, console: Console, *, max_rows: int) -> None:
    """Print a result as a table with what there is to say about it."""
    if result.rows and result.columns:
        console.print(table(result, width=console.width))
    console.print(footer(result, max_rows=max_rows))


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as cause:
        raise InvalidInputError(f"{text!r} does not end its quotes") from cause
    if not words:
        raise InvalidInputError("No query is named", remedy=":list shows what there is")
    return words


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter", filter=Condition(lambda: is_finished(get_app().current_buffer.text)))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


def _history(path: Path | None) -> History:
    """What was typed before; kept only as long as the console where the file cannot be written."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)
