"""How fast the Neo4j store writes and exports, beside a bare driver that moves the same rows.

    python benchmarks/neo4j_rates.py URL --password-file FILE [--facts 20000] [--json FILE]

The database is emptied. Both sides write the same batches into the same schema and read them
back whole: the bare script with one UNWIND a kind of row and no thought for what is there
already, the store with everything that it promises. They take turns, and the medians count.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import neo4j
import numpy as np

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.model.change import ChangeSet
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType, Evidence, Fact, Member, Mention
from graphmem.model.source import Episode, EpisodeKind, Passage
from graphmem.model.time import to_micros
from graphmem.ports.store import SCANNABLE

NOW = datetime(2024, 5, 1, tzinfo=UTC)
DIMENSION = 384
FACTS_A_PASSAGE = 3
ENTITIES = 2000
BATCH = 64
Batch = tuple[ChangeSet, dict[str, Any]]

NODES = {
    "Episode": "episodes",
    "Passage": "passages",
    "Entity": "entities",
    "Fact": "facts",
}


def batches(namespace: str, facts: int, seed: int) -> Iterator[Batch]:
    """Documents of one passage, three facts and a vector each; entities come again."""
    random = np.random.default_rng(seed)
    passages = facts // FACTS_A_PASSAGE
    for start in range(0, passages, BATCH):
        yield _batch(namespace, range(start, min(start + BATCH, passages)), random)


def _batch(namespace: str, numbers: range, random: np.random.Generator) -> Batch:
    found: dict[str, dict[str, Any]] = {name: {} for name in NODES.values()}
    mentions, evidence, vectors = [], [], {}
    for number in numbers:
        source = f"doc:{number}"
        text = f"Passage {number} of the benchmark. " * 12
        episode = Episode(
            id=content_id(Kind.EPISODE, namespace, source),
            namespace=namespace,
            source=source,
            title=f"Document {number}",
            kind=EpisodeKind.DOCUMENT,
            occurred_at=None,
            recorded_at=NOW,
            digest=source,
        )
        passage = Passage(
            id=content_id(Kind.PASSAGE, episode.id),
            episode_id=episode.id,
            text=text,
            start=0,
            end=len(text),
            ordinal=0,
            vector_key=content_id(Kind.PASSAGE, namespace, text),
        )
        found["episodes"][episode.id], found["passages"][passage.id] = episode, passage
        vector = random.normal(size=DIMENSION).astype(np.float32)
        vectors[passage.vector_key] = vector / np.linalg.norm(vector)
        for at in range(FACTS_A_PASSAGE):
            # Few are named often, most seldom.
            names = [f"Entity {int(n)}" for n in random.zipf(1.5, size=2) % ENTITIES]
            entities = [
                Entity(
                    id=content_id(Kind.ENTITY, namespace, name), name=name, type=EntityType.PERSON
                )
                for name in names
            ]
            found["entities"].update((entity.id, entity) for entity in entities)
            fact = Fact(
                id=content_id(Kind.FACT, namespace, str(number), str(at)),
                text=f"{names[0]} met {names[1]} in passage {number}, {at}",
                predicate="meet",
                members=tuple(
                    Member(role=role, entity_id=entity.id, text=entity.name, ordinal=place)
                    for place, (role, entity) in enumerate(
                        zip(("subject", "object"), entities, strict=True)
                    )
                ),
                recorded_at=NOW,
            )
            found["facts"][fact.id] = fact
            evidence.append(Evidence(fact_id=fact.id, passage_id=passage.id, start=at, end=at + 20))
            mentions += [
                Mention(
                    passage_id=passage.id, entity_id=e.id, surface=e.name, start=at * 9, end=at * 9
                )
                for e in dict.fromkeys(entities)
            ]
    changes = ChangeSet(
        namespace=namespace,
        **{name: tuple(held.values()) for name, held in found.items()},
        mentions=tuple(dict.fromkeys(mentions)),
        evidence=tuple(evidence),
    )
    return changes, vectors


class Bare:
    """The driver alone: the rows as they are, as maps, in one transaction a batch."""

    def __init__(self, driver: neo4j.Driver, space: int) -> None:
        self._driver = driver
        self._space = space
        self._seen: set[str] = set()
        self._nid = 0

    def write(self, batch: Batch) -> None:
        changes, vectors = batch
        rows = self._rows(changes, vectors)
        with self._driver.session() as session:
            session.execute_write(self._run, rows)

    def _rows(self, changes: ChangeSet, vectors: dict[str, Any]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for label, kind in NODES.items():
            fresh = [v for v in getattr(changes, kind) if v.id not in self._seen]
            self._seen.update(value.id for value in fresh)
            found[label] = [self._row(v, changes.namespace, vectors) for v in fresh]
        found["HAS"] = [{"a": p.episode_id, "b": p.id, "p": {}} for p in changes.passages]
        found["ROLE"] = [
            {"a": f.id, "b": m.entity_id, "p": {"role": m.role, "text": m.text, "ordinal": at}}
            for f in changes.facts
            for at, m in enumerate(f.members)
        ]
        found["MENTIONS"] = [
            {
                "a": m.passage_id,
                "b": m.entity_id,
                "p": {"surface": m.surface, "start": m.start, "end": m.end, "about": m.about},
            }
            for m in changes.mentions
        ]
        found["EVIDENCE"] = [
            {"a": e.fact_id, "b": e.passage_id, "p": {"start": e.start, "end": e.end}}
            for e in changes.evidence
        ]
        return found

    def _row(self, value: Any, namespace: str, vectors: dict[str, Any]) -> dict[str, Any]:
        self._nid += 1
        row = {k: _plain(v) for k, v in value if k not in {"members", "attributes"}}
        row |= {"namespace": namespace, "space": self._space, "nid": self._nid}
        if isinstance(value, Passage):
            row["embedding"] = vectors[value.vector_key].tolist()
        return row

    @staticmethod
    def _run(tx: neo4j.ManagedTransaction, rows: dict[str, list[Any]]) -> None:
        for label in NODES:
            tx.run(f"UNWIND $rows AS row CREATE (n:{label}) SET n = row", rows=rows[label])
        ends = {
            "HAS": ("Episode", "Passage"),
            "ROLE": ("Fact", "Entity"),
            "MENTIONS": ("Passage", "Entity"),
            "EVIDENCE": ("Fact", "Passage"),
        }
        for kind, (source, target) in ends.items():
            tx.run(
                f"UNWIND $rows AS row MATCH (a:{source} {{id: row.a}}), (b:{target} {{id: row.b}})"
                f" CREATE (a)-[r:{kind}]->(b) SET r = row.p",
                rows=rows[kind],
            )

    def export(self) -> int:
        """Every column that the store scans, row by row as a driver gives them."""
        count = 0
        with self._driver.session(fetch_size=10_000) as session:
            for query in _exports():
                result = session.run(query, space=self._space)
                count += sum(1 for _ in map(tuple, result.values()))
        return count


def _exports() -> Iterator[str]:
    mine = "WHERE n.space = $space AND n.nid > 0"  # by the index that the store has, too
    nodes = {kind: label for label, kind in NODES.items()}
    ends = {
        "mentions": ("Passage", "MENTIONS", "Entity"),
        "roles": ("Fact", "ROLE", "Entity"),
        "evidence": ("Fact", "EVIDENCE", "Passage"),
    }
    for table, columns in SCANNABLE.items():
        if table in nodes:
            own = ", ".join(f"n.`{column}`" for column in columns)
            yield f"MATCH (n:{nodes[table]}) {mine} RETURN {own}"
        elif table in ends:
            source, kind, target = ends[table]
            own = ", ".join(f"r.`{column}`" for column in columns if not column.endswith("nid"))
            yield (f"MATCH (n:{source})-[r:{kind}]->(e:{target}) {mine} RETURN n.nid, e.nid, {own}")
    yield f"MATCH (n:Passage) {mine} RETURN n.nid, n.embedding"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_micros(value)
    return list(value) if isinstance(value, tuple) else getattr(value, "value", value)


def store_export(store: Neo4jStore, namespace: str) -> int:
    """As a snapshot reads it: every column of every table, and the vectors."""
    count = 0
    with store.read(namespace) as view:
        for table, columns in SCANNABLE.items():
            count += sum(len(rows) for rows in view.scan(table, columns))
        count += sum(len(nids) for nids, _ in view.vectors())
    return count


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it returned."""
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


def measure(bolt: Bolt, facts: int, rounds: int) -> dict[str, Any]:
    """Rates of both sides, in facts written and rows read a second."""
    with bolt.session("WRITE") as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
    store = Neo4jStore.open(bolt, clock=lambda: NOW, create=True)
    store.set_embedder("benchmark", DIMENSION)
    seconds: dict[str, list[float]] = {}
    rates: dict[str, list[float]] = {}
    for number in range(rounds + 1):  # the first one warms up
        bare = Bare(bolt.driver, space=10**6 + number)
        own = [*batches(f"store-{number}", facts, number)]
        other = [*batches(f"bare-{number}", facts, number)]
        for name, made, write in (
            ("store", own, lambda b: store.apply(b[0], vectors=b[1])),
            ("bare", other, bare.write),
        ):
            took = sum(timed(lambda b=b, write=write: write(b))[0] for b in made)  # type: ignore[misc]
            seconds.setdefault(name, []).append(took)
            rates.setdefault(f"{name}_writes_facts_per_s", []).append(facts / took)
        for name, read in (
            ("store", lambda n=number: store_export(store, f"store-{n}")),
            ("bare", bare.export),
        ):
            took, count = timed(read)
            rates.setdefault(f"{name}_exports_rows_per_s", []).append(count / took)
    medians = {name: statistics.median(values[1:]) for name, values in rates.items()}
    return {
        "facts": facts,
        "rounds": rounds,
        **{name: round(value) for name, value in medians.items()},
        "writes_of_bare": medians["store_writes_facts_per_s"] / medians["bare_writes_facts_per_s"],
        "exports_of_bare": medians["store_exports_rows_per_s"] / medians["bare_exports_rows_per_s"],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--user", default="neo4j")
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--facts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    bolt = Bolt(options.url, (options.user, options.password_file.read_text().strip()))
    try:
        found = measure(bolt, options.facts, options.rounds)
    finally:
        bolt.close()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    report = {
        **found,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "commit": commit,
    }
    text = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
