"""The demo: ingest ``corpus/`` as a user would, ask, and show each answer's evidence and its path.

``python examples/demo.py [--memory FOLDER]``. Nothing shown is written down here but what each
question must find; the demo ends with 1 when a question does not find it.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from graphmem import Hit, Memory
from graphmem.model.retrieval import FactView

CORPUS = Path(__file__).parent / "corpus"
GRAPHMEM = Path(sys.executable).with_name("graphmem")
SHOWN_FACTS = 2
EXCERPT_CHARS = 150


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What must be found: words of a source, and of a fact that it states or that is linked."""

    source: str
    says: str
    fact: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question, and the evidence that answers it, within the first `within` hits.

    `not_said` must stand in no fact of the first hit: what did not hold at the time asked for.
    """

    kind: str
    question: str
    evidence: tuple[Evidence, ...]
    within: int = 3
    as_of: str | None = None
    not_said: str = ""


ASKS = (
    Ask(
        kind="two hops",
        question="Who founded the company that acquired Tidemark Instruments?",
        evidence=(
            Evidence(source="tidemark-instruments.html", says="Brightwater Energy acquired"),
            Evidence(source="brightwater-energy.md", says="Mara Ellison founded Brightwater"),
        ),
    ),
    Ask(
        kind="comparison",
        question="Which company was founded first, Osprey Shipping or Tidemark Instruments?",
        evidence=(
            Evidence(source="osprey-shipping.md", says="founded Osprey Shipping in 1976"),
            Evidence(source="tidemark-instruments.html", says="in 1998"),
        ),
        within=4,
    ),
    Ask(
        kind="as of 2018",
        question="Who was the chief executive of Brightwater Energy?",
        as_of="2018-06-01",
        evidence=(
            Evidence(
                source="brightwater-energy.md",
                says="Jonas Whitlock was the chief executive",
                fact="Jonas Whitlock was the chief executive",
            ),
        ),
        not_said="from 2009 to 2016",
    ),
    Ask(
        kind="the same, in 2024",
        question="Who is the chief executive of Brightwater Energy?",
        as_of="2024-06-01",
        evidence=(
            Evidence(
                source="brightwater-energy.md",
                says="Ines Calloway has been the chief executive",
                fact="Ines Calloway has been the chief executive",
            ),
        ),
        not_said="from 2016 to 2021",
    ),
    Ask(
        kind="why",
        question="Why did Brightwater Energy move its headquarters to Saltmere?",
        evidence=(
            Evidence(
                source="brightwater-energy.md",
                says="because the harbour flood",
                fact="moved",
                link="flood",
            ),
        ),
    ),
    Ask(
        kind="from a chat",
        question="Why did Nora leave Port Kestrel?",
        evidence=(Evidence(source="chat.jsonl", says="Why did you leave", link="bus ride"),),
    ),
)

LINKED = """
    MATCH (f:Fact {id: $fact})<-[link:DISCOURSE]-(other:Fact)-[at:EVIDENCE]->(p:Passage)
    MATCH (p)<-[:HAS]-(e:Episode)
    WHERE link.sense IN ['cause', 'purpose', 'condition', 'answer']
    RETURN DISTINCT link.sense AS sense, other.text AS text, e.source AS source,
      p.start + at.start AS start, p.start + at.`end` AS end
    ORDER BY source, start
"""


class Link(NamedTuple):
    """A fact that is the cause (purpose, condition, answer) of one shown, and where it stands."""

    sense: str
    text: str
    source: str
    start: int
    end: int


def main() -> int:
    """Run the demo; 1 when evidence is missing or the ingestion fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--memory", type=Path, default=Path("demo-memory"), help="made anew")
    memory = parser.parse_args().memory
    console = Console(highlight=False)
    make_room(memory)
    if not ingest(memory, console):
        return 1
    missing: list[str] = []
    with Memory.open(memory, read_only=True) as opened:
        for ask in ASKS:
            missing += show(ask, opened, console)
        counts = opened.stats().counts
    console.print()
    console.print(Rule(style="cyan"))
    console.print(
        f"{counts.episodes} episodes, {counts.passages} passages, {counts.entities} entities, "
        f"{counts.facts} facts and {counts.discourse} links between facts are in "
        f"[bold]{escape(str(memory))}[/bold]. Go on with:"
    )
    script, place = map(shlex.quote, (nearest(GRAPHMEM), str(memory)))
    for line in ('search "Who designed the Heron turbine?" --explain', "cypher"):
        console.print(f"  [cyan]{script} {line} -m {escape(place)}[/cyan]", soft_wrap=True)
    for what in missing:
        console.print(f"[bold red]missing:[/bold red] {escape(what)}")
    return 1 if missing else 0


def make_room(memory: Path) -> None:
    """Remove an earlier demo's memory; anything else in its place is left alone."""
    if (memory / "graphmem.sqlite3").is_file():
        shutil.rmtree(memory)
    elif memory.exists() and (not memory.is_dir() or any(memory.iterdir())):
        sys.exit(f"{memory} is in the way and is not a memory: name another by --memory")


def ingest(memory: Path, console: Console) -> bool:
    """Ingest the corpus by the command line, as ``graphmem ingest`` shows it."""
    arguments = ["ingest", nearest(CORPUS), "-m", str(memory)]
    shown = escape(shlex.join(["graphmem", *arguments]))
    console.print(Rule(f"[bold]{shown}[/bold]", style="cyan"))
    return subprocess.run([GRAPHMEM, *arguments], check=False).returncode == 0


def nearest(path: Path) -> str:
    """A path as one would type it here: relative where it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def show(ask: Ask, memory: Memory, console: Console) -> list[str]:
    """Ask, print what was found, and return what should have been found and was not."""
    started = time.perf_counter()
    hits = memory.search(ask.question, k=ask.within, as_of=ask.as_of, explain=True)
    took = 1000 * (time.perf_counter() - started)
    as_of = f" [dim](as of {ask.as_of})[/dim]" if ask.as_of else ""
    console.print()
    console.print(Rule(f"[bold cyan]{ask.kind}[/bold cyan]", align="left", style="cyan"))
    console.print(f"[bold]{escape(ask.question)}[/bold]{as_of} [dim]{took:.0f} ms[/dim]")
    links = {hit.id: links_of(hit, memory) for hit in hits}
    for hit in hits:
        console.print(panel(hit, links[hit.id]))
    missing = [
        f"{ask.question} {wanted.source}: {wanted.link or wanted.fact or wanted.says!r}"
        for wanted in ask.evidence
        if not any(holds(hit, links[hit.id], wanted) for hit in hits)
    ]
    stale = [fact.text for fact in hits[0].facts if ask.not_said and ask.not_said in fact.text]
    return [*missing, *(f"{ask.question} shows what did not hold: {text}" for text in stale)]


def holds(hit: Hit, links: Sequence[Link], wanted: Evidence) -> bool:
    """Whether a hit is the evidence that is wanted; line breaks of the file do not matter."""
    return (
        wanted.source in hit.source
        and wanted.says in " ".join(hit.text.split())
        and any(wanted.fact in fact.text for fact in hit.facts)
        and (not wanted.link or any(wanted.link in link.text for link in links))
    )


def links_of(hit: Hit, memory: Memory) -> list[Link]:
    """What the facts shown of a hit are explained or answered by, anywhere in the memory."""
    return [
        Link(*row)
        for fact in hit.facts[:SHOWN_FACTS]
        for row in memory.cypher(LINKED, {"fact": fact.id}).rows
    ]


def panel(hit: Hit, links: Sequence[Link]) -> Panel:
    """A hit with where it stands, its facts with their valid time, and the path to it."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right")
    lines.add_row("", Text(excerpt(hit), style="italic"))
    for fact in hit.facts[:SHOWN_FACTS]:
        place = f"[dim]{hit.start + fact.start}:{hit.start + fact.end}[/dim]"
        lines.add_row("[green]fact", f"{escape(fact.text)}{valid_time(fact)} {place}")
    for link in links:
        place = f"[dim]{escape(Path(link.source).name)} {link.start}:{link.end}[/dim]"
        lines.add_row(f"[magenta]{link.sense}", f"{escape(link.text)} {place}")
    for path in hit.paths[:1]:
        first, *rest = path.steps
        steps = "".join(
            f" [dim]─ {escape(step.relation or 'named with')} →[/dim] {escape(step.name)}"
            for step in rest
        )
        lines.add_row("[cyan]path", f"{escape(first.name)}{steps}")
    said = f"{hit.speaker}, {hit.occurred_at:%d %B %Y}" if hit.speaker and hit.occurred_at else ""
    title = f"[bold]{hit.rank}[/bold]  {escape(hit.title or said or Path(hit.source).stem)}"
    place = f"[dim]{escape(hit.source)} {hit.start}:{hit.end}[/dim]"
    return Panel(lines, title=title, subtitle=place, title_align="left", subtitle_align="right")


def excerpt(hit: Hit) -> str:
    """The passage from its most telling fact on, cut to two lines."""
    start = hit.facts[0].start if hit.facts else 0
    lead = "… " if start else ""
    return lead + textwrap.shorten(hit.text[start:], EXCERPT_CHARS, placeholder=" …")


def valid_time(fact: FactView) -> str:
    """When a fact held, as a user reads it; empty where nothing is known of it."""
    if fact.valid_from is None and fact.valid_to is None:
        return ""
    start, end = (f"{t:%Y-%m-%d}" if t else "…" for t in (fact.valid_from, fact.valid_to))
    return f" [yellow]({start} to {end})[/yellow]"


if __name__ == "__main__":
    sys.exit(main())
