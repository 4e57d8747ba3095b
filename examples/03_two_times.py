"""Two times: what held in the world (`as_of`), and what the memory believed (`known_at`)."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime

from graphmem import Memory


def main(location: str) -> None:
    with Memory.open(location) as memory:
        memory.add(
            "Mara Ellison was the chief executive of Brightwater Energy from 2009 to 2016.",
            source="minutes:1",
        )
        memory.add(
            "Jonas Whitlock was the chief executive of Brightwater Energy from 2016 to 2021.",
            source="minutes:2",
        )
        question = "Who was the chief executive of Brightwater Energy?"
        for moment in ("2012", "2018-06-01"):
            [hit] = memory.search(question, k=1, as_of=moment)
            print(f"In {moment}: {hit.text}")

        memory.add("The office of Brightwater Energy is in Port Kestrel.", source="card")
        before = datetime.now(UTC)
        memory.add("The office of Brightwater Energy is in Saltmere.", source="card", replaces=True)
        question = "Where is the office of Brightwater Energy?"
        [now] = memory.search(question, k=1, where={"source": "card"})
        [then] = memory.search(question, k=1, where={"source": "card"}, known_at=before)
        print(f"Believed now: {now.text}")
        print(f"Believed before: {then.text}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder + "/memory")
