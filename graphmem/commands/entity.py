"""The commands ``graphmem entity``, ``merge`` and ``unmerge``: what is held to be one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from graphmem.build import open_memory
from graphmem.model.knowledge import SameAs
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.terminal import JsonOption, MemoryOption, NamespaceOption, console, emit

EntityArgument = Annotated[str, typer.Argument(help="Its name or id.", show_default=False)]


def entity(
    name: EntityArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Show an entity, and all that it is held to be one with."""
    with open_memory(memory, namespace=namespace, read_only=True, create=False) as opened:
        found = opened.identity(name)
    if as_json:
        emit(found)
        return
    table = Table("name", "type", "aliases")
    table.add_column("id", overflow="fold")
    for one in (found.entity, *found.same):
        aliases = escape(", ".join(one.aliases))
        table.add_row(escape(one.name), one.type.value, aliases, one.id)
    console.print(table)
    names = {one.id: one.name for one in (found.entity, *found.same)}
    for link in found.links:
        left, right = escape(names[link.left_id]), escape(names[link.right_id])
        console.print(f"{left} = {right} [dim]by {escape(link.by)}, {link.score:.2f}[/dim]")


def merge(
    left: EntityArgument,
    right: EntityArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    force: Annotated[
        bool, typer.Option("--force", help="Also where types or dates keep them apart.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Hold two entities to be one; unmerge undoes it."""
    with open_memory(memory, namespace=namespace, create=False) as opened:
        link = opened.merge(left, right, force=force)
    if as_json:
        emit({"left": left, "right": right, "merged": link is not None, "links": _listed(link)})
    elif link is None:
        console.print(f"{escape(left)} and {escape(right)} were one already.")
    else:
        console.print(f"{escape(left)} and {escape(right)} are one now.")


def unmerge(
    left: EntityArgument,
    right: EntityArgument,
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_json: JsonOption = False,
) -> None:
    """Hold two merged entities apart again."""
    with open_memory(memory, namespace=namespace, create=False) as opened:
        links = opened.unmerge(left, right)
    if as_json:
        emit({"left": left, "right": right, "links": _listed(*links)})
        return
    console.print(
        f"{escape(left)} and {escape(right)} are two again; they were one by"
        f" {', '.join(escape(link.by) for link in links)}."
    )


def _listed(*links: SameAs | None) -> list[dict[str, object]]:
    return [link.model_dump(mode="json") for link in links if link is not None]
