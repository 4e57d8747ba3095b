"""The commands ``graphmem neo4j start|stop|status``: a Neo4j of one's own, without Docker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from graphmem.build import load_settings
from graphmem.cli import JsonOption, console, emit, errors

if TYPE_CHECKING:
    from graphmem.adapters.servers.neo4j import ServerStatus

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Folder of the server and its data; by default GRAPHMEM_NEO4J_HOME.",
        metavar="FOLDER",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True, help="Run a Neo4j of your own on this machine, without Docker."
    )
    group.command()(start)
    group.command()(stop)
    group.command()(status)
    app.add_typer(group, name="neo4j")


def start(
    home: HomeOption = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Where it answers; by default a free one.")
    ] = None,
    heap: Annotated[str, typer.Option("--heap", help="Memory of its Java heap.")] = "1g",
    plugins: Annotated[
        str | None,
        typer.Option(
            "--plugins",
            help="gds, apoc or both with a comma, fetched the first time; by default as before.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start it, and wait until it answers; the first time fetches it (130 MB)."""
    from graphmem.adapters.servers import neo4j as servers

    settings = load_settings()
    folder = home or settings.neo4j_home
    with errors.status(f"Starting Neo4j in {escape(str(folder))}"):
        started = servers.start(
            folder,
            cache_dir=settings.cache_dir,
            port=port,
            heap=heap,
            plugins=None if plugins is None else [n.strip() for n in plugins.split(",") if n],
            offline=settings.offline,
        )
    _show(started, as_json=as_json)


def stop(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Stop it; its data stays."""
    from graphmem.adapters.servers import neo4j as servers

    _show(servers.stop(home or load_settings().neo4j_home), as_json=as_json)


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say whether it runs, and where."""
    from graphmem.adapters.servers import neo4j as servers

    _show(servers.status(home or load_settings().neo4j_home), as_json=as_json)


def _show(server: ServerStatus, *, as_json: bool) -> None:
    if as_json:
        emit(server)
        return
    if not server.running:
        console.print(f"No Neo4j runs in {escape(server.home)}.")
        return
    console.print(
        f"Neo4j {server.version} answers at [bold]{server.url}[/bold] (process {server.pid}),"
        f" plugins: {', '.join(server.plugins) or 'none'}.\n"
        f"Its user is {server.user}; the password is in {escape(server.password_file)}:\n"
        f"  export GRAPHMEM_NEO4J_PASSWORD_FILE={escape(server.password_file)}\n"
        f"  graphmem ingest PATH -m {server.url}",
        soft_wrap=True,
        highlight=False,
    )
