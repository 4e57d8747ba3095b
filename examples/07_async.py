"""The same memory in async code: every call runs in a thread, and searches run side by side."""

from __future__ import annotations

import asyncio
import tempfile

from graphmem import AsyncMemory, Memory

QUESTIONS = ("Who founded Osprey Shipping?", "Where was Ines Calloway born?")


async def main(location: str) -> None:
    async with AsyncMemory(Memory.open(location)) as memory:
        await memory.add("Harold Whitlock founded Osprey Shipping in 1976.", source="note:1")
        await memory.add("Ines Calloway was born in Saltmere in 1981.", source="note:2")
        answers = await asyncio.gather(*(memory.search(asked, k=1) for asked in QUESTIONS))
        for question, hits in zip(QUESTIONS, answers, strict=True):
            print(f"{question} {hits[0].text}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(folder + "/memory"))
