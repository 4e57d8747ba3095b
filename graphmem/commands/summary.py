"""The commands about many passages at once: ``overview``, ``tree``, ``communities``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.panel import Panel

from graphmem.build import open_memory
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.model.summary import Community, Summary
from graphmem.terminal import (
    AsOfOption,
    JsonOption,
    KnownAtOption,
    MemoryOption,
    NamespaceOption,
    console,
    emit,
)


def overview(
    question: Annotated[str, typer.Argument(help="A broad question.", show_default=False)],
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a broad question from summaries, with the passages that they rest on."""
    with open_memory(memory, namespace=namespace, create=False) as opened:
        found = opened.overview(question, as_of=as_of, known_at=known_at)
    if as_json:
        emit(found)
        return
    for node in found.summaries:
        console.print(_panel(node))
    if not found.summaries:
        console.print("There is nothing to sum up.")
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in found.weights.items())
    console.print(f"[dim]weighed by: {escape(weights)}[/dim]", soft_wrap=True)


def tree(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    of: Annotated[
        str | None, typer.Option("--of", help="A node's id; the root if left out.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Make every stale text anew first.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a summary of the tree, and those below it."""
    with open_memory(memory, namespace=namespace, create=False) as opened:
        renewed = opened.summarise() if refresh else 0
        node = opened.summary(of)
        below = opened.children(node.id) if isinstance(node, Summary) else ()
        shape = opened.tree_shape()
    if as_json:
        emit({"shape": shape, "renewed": renewed, "node": node, "children": below})
        return
    console.print(_panel(node))
    for child in below:
        named = escape(child.name) or "[dim]not summed up yet[/dim]"
        console.print(f"  {child.id}  {named}", soft_wrap=True)
    console.print(
        f"[dim]{shape.passages:,} passages under {shape.nodes:,} nodes, {shape.height} deep;"
        f" {shape.stale:,} without a text of now; {shape.communities:,} communities[/dim]",
        soft_wrap=True,
    )


def communities(
    memory: MemoryOption,
    namespace: NamespaceOption = DEFAULT_NAMESPACE,
    level: Annotated[
        int, typer.Option("--level", help="0 for few large ones, 2 for many.", min=0, max=2)
    ] = 0,
    k: Annotated[int, typer.Option("-k", help="How many at most.", min=1)] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show the communities of entities that share facts, the largest first."""
    with open_memory(memory, namespace=namespace, create=False) as opened:
        found = opened.communities(level=level, k=k)
    if as_json:
        emit({"communities": found})
        return
    for community in found:
        console.print(_panel(community))
    if not found:
        console.print("No three entities share facts.")


def _panel(node: Summary | Community) -> Panel:
    """A summary with its sources: passages by id, and the lines that each bears out."""
    lines = []
    for place, sentence in enumerate(node.text.split("\n") if node.text else ()):
        sources = dict.fromkeys(s.passage_id for s in node.sources if s.sentence == place)
        lines.append(f"{escape(sentence)} [dim]{escape(' '.join(sources))}[/dim]")
    held = f"{len(node.members)} entities" if isinstance(node, Community) else f"depth {node.depth}"
    return Panel(
        "\n".join(lines) or "[dim]no sentence stands by itself[/dim]",
        title=escape(node.name),
        subtitle=f"{node.id} · {held} · by {escape(node.method)}",
        title_align="left",
        subtitle_align="left",
    )
