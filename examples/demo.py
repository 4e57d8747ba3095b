"""The demo: ingest ``corpus/`` as a user would, ask, and show each answer's evidence and its path.

``python examples/demo.py [--memory FOLDER]``. Nothing shown is written down here but what each
question must find; the demo ends with 1 when a question does not find it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from graphmem import Hit, Memory
from graphmem.model.retrieval import FactView

CORPUS = Path(__file__).parent / "corpus"
GRAPHMEM = Path(sys.executable).with_name("graphmem")
SHOWN_HITS = 3
SHOWN_FACTS = 2


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A source that must be among the hits, stating `says`, and in facts that hold `fact`."""

    source: str
    says: str
    fact: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question, and the evidence that answers it, within the first `within` hits.

    `not_said` must stand in no fact shown: what did not hold at the time asked for.
    """

    kind: str
    question: str
    evidence: tuple[Evidence, ...]
    within: int = SHOWN_HITS
    as_of: str | None = None
    not_said: str = ""


ASKS = (
    Ask(
        kind="two hops",
        question="Where was the founder of Brightwater Energy born?",
        evidence=(
            Evidence(source="brightwater-energy.md", says="Mara Ellison founded Brightwater"),
            Evidence(source="mara-ellison.txt", says="She was born on Greywick"),
        ),
    ),
    Ask(
        kind="comparison",
        question="Which company was founded first, Osprey Shipping or Tidemark Instruments?",
        evidence=(
            Evidence(source="osprey-shipping.md", says="founded Osprey Shipping in 1976"),
            Evidence(source="tidemark-instruments.html", says="in 1998"),
        ),
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
        not_said="Mara Ellison was the chief executive",
    ),
    Ask(
        kind="the same, today",
        question="Who is the chief executive of Brightwater Energy?",
        as_of="2024-06-01",
        evidence=(
            Evidence(
                source="brightwater-energy.md",
                says="Ines Calloway has been the chief executive",
                fact="Ines Calloway has been the chief executive",
            ),
        ),
        not_said="Jonas Whitlock was the chief executive",
    ),
    Ask(
        kind="why",
        question="Why did Brightwater Energy move its headquarters to Saltmere?",
        evidence=(
            Evidence(
                source="brightwater-energy.md",
                says="because the harbour flood",
                fact="flood",
            ),
        ),
    ),
    Ask(
        kind="from a chat",
        question="Why did Nora leave Port Kestrel?",
        evidence=(Evidence(source="chat.jsonl", says="the bus ride was too long"),),
    ),
)


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
    console.print(Rule(style="dim"))
    console.print(
        f"{counts.episodes} episodes, {counts.passages} passages, {counts.entities} entities, "
        f"{counts.facts} facts, {counts.discourse} discourse links in [bold]{memory}[/bold]. Go on:"
    )
    for line in (
        f'search "Who designed the Heron turbine?" -m {memory} --explain',
        f"cypher -m {memory}",
    ):
        console.print(f"  [cyan]{GRAPHMEM} {escape(line)}[/cyan]", soft_wrap=True)
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
    command = [str(GRAPHMEM), "ingest", str(CORPUS), "-m", str(memory)]
    shown = f"graphmem ingest {CORPUS.parent.name}/{CORPUS.name} -m {memory}"
    console.print(Rule(f"[bold]{escape(shown)}[/bold]", style="cyan"))
    return subprocess.run(command, check=False).returncode == 0


def show(ask: Ask, memory: Memory, console: Console) -> list[str]:
    """Ask, print what was found, and return what should have been found and was not."""
    started = time.perf_counter()
    hits = memory.search(ask.question, k=ask.within, as_of=ask.as_of, explain=True)
    took = 1000 * (time.perf_counter() - started)
    as_of = f"  [dim](as of {ask.as_of})[/dim]" if ask.as_of else ""
    console.print()
    console.print(Rule(f"[bold cyan]{ask.kind}[/bold cyan]", align="left", style="dim"))
    console.print(f"[bold]{escape(ask.question)}[/bold]{as_of}  [dim]{took:.0f} ms[/dim]")
    for hit in hits[:SHOWN_HITS]:
        console.print(panel(hit, ask))
    missing = [wanted for wanted in ask.evidence if not any(holds(hit, wanted) for hit in hits)]
    stale = [
        fact.text
        for hit in hits
        for fact in hit.facts
        if ask.not_said and ask.not_said in fact.text
    ]
    return [
        *(f"{ask.question} {wanted.source}: {wanted.says!r}" for wanted in missing),
        *(f"{ask.question} shows what did not hold: {text!r}" for text in stale),
    ]


def holds(hit: Hit, wanted: Evidence) -> bool:
    """Whether a hit is the evidence that is wanted; line breaks of the file do not matter."""
    return (
        wanted.source in hit.source
        and wanted.says in " ".join(hit.text.split())
        and (not wanted.fact or any(wanted.fact in fact.text for fact in hit.facts))
    )


def panel(hit: Hit, ask: Ask) -> RenderableType:
    """A hit with its evidence marked, its facts with their valid time, and the path to it."""
    text = Text(" ".join(hit.text.split()))
    for wanted in ask.evidence:
        if wanted.source in hit.source:
            text.highlight_words([wanted.says], style="bold green")
    lines: list[RenderableType] = [text]
    for fact in hit.facts[:SHOWN_FACTS]:
        span = f"characters {hit.start + fact.start} to {hit.start + fact.end}"
        lines.append(
            Text.from_markup(
                f"[green]fact[/green]  {escape(fact.text)}{valid_time(fact)} [dim]{span}[/dim]"
            )
        )
    for path in hit.paths[:1]:
        first, *rest = path.steps
        steps = "".join(
            f" [dim]─ {escape(step.relation or 'named with')} →[/dim] {escape(step.name)}"
            for step in rest
        )
        lines.append(Text.from_markup(f"[cyan]path[/cyan]  {escape(first.name)}{steps}"))
    said = f"{hit.speaker}, {hit.occurred_at:%d %B %Y}" if hit.speaker and hit.occurred_at else ""
    title = f"[bold]{hit.rank}[/bold]  {escape(hit.title or said)}"
    place = f"[dim]{escape(hit.source)} [{hit.start}:{hit.end}][/dim]"
    body = Group(lines[0], *(Padding(line, (0, 0, 0, 2)) for line in lines[1:]))
    return Panel(body, title=title, subtitle=place, title_align="left", subtitle_align="right")


def valid_time(fact: FactView) -> str:
    """When a fact held, as a user reads it; empty where nothing is known of it."""
    if fact.valid_from is None and fact.valid_to is None:
        return ""
    start, end = (f"{t:%Y-%m-%d}" if t else "…" for t in (fact.valid_from, fact.valid_to))
    return f" [yellow]({start} to {end})[/yellow]"


if __name__ == "__main__":
    sys.exit(main())
