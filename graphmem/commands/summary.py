"""The commands about many passages at once: ``overview``, ``tree``, ``communities``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.panel import Panel

from graphmem.build import open_memory
from graphmem.model.retrieval import Citation, Hit
from graphmem.model.source import DEFAULT_NAMESPACE
from graphmem.model.summary import Community, Portrait, Summary
from graphmem.terminal import (
    AsOfOption,
    JsonOption,
    KnownAtOption,
    MemoryOption,
    NamespaceOption,
    console,
    emit,
    shortened,
)

_FACTS: Final = 3
"""Facts that are shown of a passage."""


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
        console.print(_panel(node, found.citations))
    if not found.summaries:
        console.print("There is nothing to sum up.")
    if found.dropped:
        console.print(f"[yellow]note[/yellow] {found.dropped} sentences that nothing bore out")
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
        leaves = opened.leaves(node.id) if isinstance(node, Summary) else ()
        cited = opened.citations([node])
        shape = opened.tree_shape()
    if as_json:
        told = {"node": node, "citations": cited, "children": below, "leaves": leaves}
        emit({"shape": shape, "renewed": renewed, **told})
        return
    console.print(_panel(node, cited))
    for child in below:
        named = escape(child.name) or "[dim]not summed up yet[/dim]"
        console.print(f"  {child.id}  {named}", soft_wrap=True)
    for leaf in leaves:
        _show_leaf(leaf)
    console.print(
        f"[dim]{shape.passages:,} passages and {shape.facts:,} facts under {shape.nodes:,} nodes,"
        f" {shape.height} deep; {shape.stale:,} without a text of now;"
        f" {shape.communities:,} communities[/dim]",
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
        cited = opened.citations(found)
    if as_json:
        emit({"communities": found, "citations": cited})
        return
    for community in found:
        console.print(_panel(community, cited))
    if not found:
        console.print("No three entities share facts.")


def _panel(node: Portrait | Summary | Community, cited: Sequence[Citation]) -> Panel:
    """A summary, each sentence with the numbers of its sources, which stand below."""
    by_passage = {citation.passage_id: citation for citation in cited}
    lines = []
    for place, sentence in enumerate(node.text.split("\n") if node.text else ()):
        sources = dict.fromkeys(s.passage_id for s in node.sources if s.sentence == place)
        numbers = " ".join(by_passage[id_].marker for id_ in sources if id_ in by_passage)
        lines.append(f"{escape(sentence)} [cyan]{escape(numbers)}[/cyan]")
    shown = dict.fromkeys(s.passage_id for s in node.sources if s.passage_id in by_passage)
    for citation in map(by_passage.__getitem__, shown):
        where = " · ".join(dict.fromkeys(filter(None, (citation.title, citation.source))))
        lines.append(f"[dim]{escape(citation.marker)} {escape(where)}[/dim]")
    if isinstance(node, Portrait):
        held = "from facts"
    elif isinstance(node, Community):
        held = f"{len(node.members)} entities · by {node.method}"
    else:
        held = f"depth {node.depth} · by {node.method}"
    return Panel(
        "\n".join(lines) or "[dim]no sentence stands by itself[/dim]",
        title=escape(node.name),
        subtitle=f"{node.id} · {escape(held)}",
        title_align="left",
        subtitle_align="left",
    )


def _show_leaf(leaf: Hit) -> None:
    """A passage of the tree, and the first of the facts beneath it."""
    console.print(f"  {leaf.id}  {escape(shortened(leaf.title or leaf.text))}", soft_wrap=True)
    for fact in leaf.facts[:_FACTS]:
        console.print(f"    [green]fact[/green] {escape(fact.text)}", soft_wrap=True)
    if len(leaf.facts) > _FACTS:
        console.print(f"    [dim]{len(leaf.facts) - _FACTS} more facts[/dim]")
