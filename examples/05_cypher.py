"""The graph itself: Cypher statements, and the named queries that come with graphmem."""

from __future__ import annotations

import tempfile

from graphmem import Memory
from graphmem_queries.catalogue import bind, catalogue, named

STORY = """
Mara Ellison founded Brightwater Energy in 2009.
Jonas Whitlock led Brightwater Energy from 2016 to 2021.
Brightwater Energy acquired Tidemark Instruments in 2018 because it needed better sensors.
Samir Okafor founded Tidemark Instruments in 1998.
"""


def main(location: str) -> None:
    with Memory.open(location) as memory:
        memory.add(STORY, source="story", title="Brightwater Energy")

        statement = """
            MATCH (f:Fact)-[r:ROLE]->(e:Entity)
            WHERE e.type = $type
            RETURN e.name AS name, count(DISTINCT f) AS facts ORDER BY facts DESC, name LIMIT 5
        """
        result = memory.cypher(statement, {"type": "person"})
        print(", ".join(result.columns))
        for row in result.rows:
            print("  ", *row)

        print(f"\nNamed queries: {', '.join(catalogue())}")
        for name, given in (
            ("timeline", {"entity": "Brightwater Energy"}),
            ("path", {"from": "Mara Ellison", "to": "Samir Okafor", "limit": "1"}),
        ):
            query = named(name)
            print(f"\n{name}: {query.doc}")
            for row in memory.cypher(query.statement, bind(query, given)).rows:
                print("  ", *row)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder + "/memory")
