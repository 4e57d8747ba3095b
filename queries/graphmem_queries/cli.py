"""``graphmem cypher``: a statement, a named query, statements from a pipe, or the console."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from graphmem.build import load_settings
from graphmem.cli import JsonOption, NamespaceOption, console, emit, open_memory
from graphmem.errors import InvalidInputError, NotFoundError
from graphmem.memory import Memory
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.ports.cypher import CypherResult
from graphmem_queries.catalogue import bind, catalogue, free, named, pairs
from graphmem_queries.console import Repl, Runner, show, statements_of
from graphmem_queries.render import as_json, listing

_PIPE_WIDTH: Final = 200


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("cypher")(cypher)


def cypher(
    statement: Annotated[
        str | None,
        typer.Argument(help="A statement; without one, a console opens or stdin is read."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option("-m", "--memory", help="Folder or URL of the memory.", metavar="MEMORY"),
    ] = None,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    query: Annotated[
        str | None, typer.Option("--named", help="Run a query of the library.", metavar="NAME")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            help="A parameter; NAME:KIND=VALUE says what it is (string, time, ...).",
            metavar="NAME=VALUE",
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the library.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Let statements change things.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds per statement.")] = 30.0,
    max_rows: Annotated[int, typer.Option("--max-rows", help="Rows at most.")] = 1000,
    json: JsonOption = False,
) -> None:
    """Ask the graph in Cypher; read-only unless --write is given."""
    if list_:
        _list(json)
        return
    if memory is None:
        raise InvalidInputError("No memory is named", remedy="Name its folder: -m MEMORY")
    if statement is not None and query is not None:
        raise InvalidInputError("A statement and --named at once", remedy="Give one of the two")
    given = pairs(param or [])
    with open_memory(memory, namespace, read_only=not write) as opened:
        _refuse_unknown(opened, write=write)

        def run(text: str, parameters: Mapping[str, Any]) -> CypherResult:
            return opened.cypher(text, parameters, write=write, timeout=timeout, max_rows=max_rows)

        def answer(text: str, parameters: Mapping[str, Any]) -> None:
            result = run(text, parameters)
            if json:
                emit(as_json(result))
            else:
                show(result, _wide_enough(), max_rows=max_rows)

        if query is not None:
            found = named(query)
            answer(found.statement, bind(found, given))
        elif statement is not None:
            answer(statement, free(given))
        elif sys.stdin.isatty() and not json:
            _open_console(opened, run, free(given), max_rows)
        else:
            for text in _statements_on_stdin():
                answer(text, free(given))


def _statements_on_stdin() -> list[str]:
    try:
        statements = statements_of(sys.stdin.buffer.read().decode())
    except UnicodeDecodeError as cause:
        raise InvalidInputError(
            f"Standard input is not UTF-8: byte {cause.start}", remedy="Convert it first"
        ) from cause
    if not statements:
        raise InvalidInputError(
            "There is no statement on standard input", remedy="Name one, or use --named"
        )
    return statements


def _open_console(
    memory: Memory, run: Runner, parameters: Mapping[str, Any], max_rows: int
) -> None:
    console.print(f"{memory.namespace!r}: :help lists the commands, Ctrl-D leaves.", markup=False)
    Repl(
        run,
        memory.cypher_schema(),
        console=console,
        history=load_settings().cache_dir / "cypher_history",
        parameters=parameters,
        max_rows=max_rows,
    ).loop()


def _wide_enough() -> Console:
    """The terminal, or a console for a file or pipe on which tables need no folding."""
    return console if console.is_terminal else Console(width=max(console.width, _PIPE_WIDTH))


def _list(json: bool) -> None:
    if not json:
        console.print(listing(catalogue()))
        return
    emit({"queries": [query.model_dump(mode="json") for query in catalogue().values()]})


def _refuse_unknown(memory: Memory, *, write: bool) -> None:
    """A namespace that holds nothing answers nothing: say so, rather than show no rows."""
    held = memory.stats().namespaces
    if memory.namespace not in held and not write:
        there_are = ", ".join(held) or "none yet"
        raise NotFoundError(
            f"Namespace {memory.namespace!r} is empty (namespaces: {there_are})",
            remedy="Run `graphmem ingest PATH -m MEMORY` first, or name another --namespace",
        )
