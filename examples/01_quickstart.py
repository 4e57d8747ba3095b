"""Remember a few sentences, ask a question that takes two of them, and get cited context."""

from __future__ import annotations

import tempfile

from graphmem import Memory


def main(location: str) -> None:
    with Memory.open(location) as memory:
        memory.add(
            "Mara Ellison founded Brightwater Energy in Port Kestrel in 2009.", source="note:1"
        )
        memory.add("Mara Ellison was born on Greywick in 1968.", source="note:2")
        memory.add("Osprey Shipping owns the ferry Kittiwake.", source="note:3")
        memory.add("Greywick Lighthouse was automated in 2003.", source="note:4")

        again = memory.add("Osprey Shipping owns the ferry Kittiwake.", source="note:3")
        print(f"Told twice: {again.unchanged} unchanged, {again.added.passages} added")

        question = "Where was the founder of Brightwater Energy born?"
        print(f"\n{question}")
        for hit in memory.search(question, k=2):
            print(f"  {hit.rank}. {hit.text}  ({hit.source}, characters {hit.start} to {hit.end})")

        context = memory.context(question, budget=80)
        print(f"\nFor a reader, {context.tokens} of {context.budget} tokens:\n{context.text}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder + "/memory")
