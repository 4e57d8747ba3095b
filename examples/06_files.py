"""Files as ``graphmem ingest`` reads them: what is new, what was edited, what cannot be read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from graphmem import Memory
from graphmem_ingest.job import ingest
from graphmem_ingest.report import Report


def main(folder: Path) -> None:
    notes = folder / "notes"
    notes.mkdir()
    ferry = notes / "kittiwake.md"
    ferry.write_text("# Kittiwake\n\nThe Kittiwake carries 220 passengers.\n")
    (notes / "saltmere.txt").write_text("Saltmere is a coastal town in the county of Wexmoor.\n")
    (notes / "chat.jsonl").write_text(
        '{"session": "1", "time": "2023-10-02", "id": "a", "speaker": "Nora", "text": "I moved!"}\n'
    )
    (notes / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")

    with Memory.open(folder / "memory") as memory:
        tell("first", ingest(memory, [str(notes)]))
        tell("again", ingest(memory, [str(notes)]))
        (notes / "kittiwake.md").write_text(
            "# Kittiwake\n\nThe Kittiwake carries 250 passengers.\n"
        )
        tell("edited", ingest(memory, [str(notes)]))
        [hit] = memory.search("How many passengers does the Kittiwake carry?", k=1)
        print(f"{Path(hit.source).name}: {' '.join(hit.text.split())}")


def tell(run: str, report: Report) -> None:
    print(f"{run}: {report.new} new, {report.unchanged} unchanged, {report.replaced} replaced")
    for failed in report.failed:
        print(f"   failed {Path(failed.item).name}: {failed.error}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
