"""Remember conversations: who said what, in which session, and when."""

from __future__ import annotations

import tempfile

from graphmem import Memory

MAY = [
    {"role": "user", "name": "Felix", "content": "Do you still live in Port Kestrel, Nora?"},
    {"role": "user", "name": "Nora", "content": "Yes, I live in a small flat near the harbour."},
    {"role": "user", "name": "Felix", "content": "Ines and I adopted a dog. His name is Biscuit."},
]
OCTOBER = [
    {"role": "user", "name": "Nora", "content": "Big news: I moved to Saltmere on Saturday!"},
    {"role": "user", "name": "Felix", "content": "Why did you leave Port Kestrel?"},
    {"role": "user", "name": "Nora", "content": "Because the bus ride was too long."},
]


def main(location: str) -> None:
    with Memory.open(location) as memory:
        memory.add(MAY, session="may", at="2023-05-08")
        memory.add(OCTOBER, session="october", at="2023-10-02")

        for question, where in (
            ("What is the name of Felix's dog?", {}),
            ("Where does Nora live?", {"since": "2023-09-01"}),
            ("What happened to the flat?", {"speaker": "Nora", "session": "may"}),
        ):
            print(f"\n{question}  {where or ''}")
            for hit in memory.search(question, k=2, where=where):
                said = f"{hit.occurred_at:%d %B %Y}" if hit.occurred_at else "some day"
                print(f"  {said}, {hit.speaker}: {hit.text}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder + "/memory")
