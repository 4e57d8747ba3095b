"""How a passage was found: the path of facts that led to it, and the shares of its score."""

from __future__ import annotations

import tempfile

from graphmem import Memory, SourceItem

TEXTS = {
    "Heron turbine": "The Heron turbine is a tidal turbine. Samir Okafor designed it in 2012.",
    "Samir Okafor": "Samir Okafor is an inventor. He founded Tidemark Instruments in 1998.",
    "Tidemark Instruments": "Tidemark Instruments makes tide gauges on Mill Quay in Saltmere.",
    "Osprey Shipping": "Osprey Shipping is a ferry company. Harold Whitlock founded it in 1976.",
    "Saltmere": "Saltmere is a coastal town in the county of Wexmoor.",
}


def main(location: str) -> None:
    with Memory.open(location) as memory:
        items = [SourceItem(source=title, title=title, text=text) for title, text in TEXTS.items()]
        for report in memory.add_many(items):
            print(f"{report.added.passages} passages, {report.added.facts} facts")

        question = "What does the company that Samir Okafor founded make?"
        print(f"\n{question}")
        for hit in memory.search(question, k=3, explain=True):
            print(f"  {hit.rank}. {hit.title}: {hit.text}")
            for path in hit.paths[:1]:
                first, *rest = path.steps
                steps = "".join(f" --{step.relation or 'with'}--> {step.name}" for step in rest)
                print(f"     path: {first.name}{steps}")
            best = sorted(hit.signals.items(), key=lambda pair: -pair[1])[:3]
            print("     score: " + ", ".join(f"{name} {share:.2f}" for name, share in best))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder + "/memory")
