"""How fast the Neo4j store writes and exports, beside a bare driver that moves the same rows.

    python benchmarks/neo4j_rates.py [--facts 6000] [--rounds 5] [--json FILE]
    python benchmarks/neo4j_rates.py --url URL --password-file FILE --empty

Without a URL it runs on a server of its own, in a folder that is removed again; with one, the
database there is emptied, which has to be asked for.

Both sides write the same batches into the same schema and read them back whole: the bare script
with one UNWIND a kind of row and no thought for what is there already, the store with everything
that it promises. They take turns batch by batch (and export by export), each the first of the two
every other time, so that whatever else the machine does falls on both. A round's ratio is that of
its sums; the median over the rounds is held against the bars.

Bars: the store writes at 80% of the bare driver's rate or more, and exports at 70% or more. Ends
with 1 when one is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
from harness import RESULTS, about_run, bar, write

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.servers import neo4j as servers
from graphmem.adapters.stores.neo4j import Neo4jStore
from graphmem.build import load_settings
from graphmem.errors import ConfigurationError
from graphmem.model.change import ChangeSet
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import Entity, EntityType, Evidence, Fact, Member, Mention
from graphmem.model.source import Episode, EpisodeKind, Passage
from graphmem.model.time import to_micros
from graphmem.ports.store import SCANNABLE

WRITE_SHARE = 0.80
EXPORT_SHARE = 0.70
EXPORTS = 3  # of each side in a round
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
        self._version = 0

    def write(self, batch: Batch) -> None:
        changes, vectors = batch
        rows = self._rows(changes, vectors)
        with self._driver.session() as session:
            session.execute_write(self._run, rows)

    def _rows(self, changes: ChangeSet, vectors: dict[str, Any]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        self._version += 1
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
        row["changed_in"] = self._version  # an index holds it, on either side
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


def measure(bolt: Bolt, facts: int, rounds: int) -> list[dict[str, Any]]:
    """What both sides took in each round; one more round before them warms the server up."""
    store = Neo4jStore.open(bolt, clock=lambda: NOW, create=True)
    store.set_embedder("benchmark", DIMENSION)
    return [_round(store, bolt, facts, number) for number in range(rounds + 1)][1:]


def _round(store: Neo4jStore, bolt: Bolt, facts: int, number: int) -> dict[str, Any]:
    bare = Bare(bolt.driver, space=10**6 + number)
    mine, theirs = f"store-{number}", f"bare-{number}"
    written = _in_turns(
        [
            (lambda a=a: store.apply(a[0], vectors=a[1]), lambda b=b: bare.write(b))
            for a, b in zip(
                batches(mine, facts, number), batches(theirs, facts, number), strict=True
            )
        ]
    )
    exported = _in_turns([(lambda: store_export(store, mine), bare.export)] * EXPORTS)
    found = {
        "facts": facts // FACTS_A_PASSAGE * FACTS_A_PASSAGE,
        "write_seconds": written,
        "export_rows": store_export(store, mine),
        "export_seconds": {name: total / EXPORTS for name, total in exported.items()},
    }
    if found["export_rows"] != (other := bare.export()):
        raise AssertionError(f"the store exports {found['export_rows']} rows, the bare one {other}")
    print(found)
    return found


def _in_turns(pairs: Sequence[tuple[Callable[[], Any], Callable[[], Any]]]) -> dict[str, float]:
    """Seconds of the store and of the bare driver, summed over the pairs."""
    seconds = {"store": 0.0, "bare": 0.0}
    for at, pair in enumerate(pairs):
        for name, work in sorted(zip(seconds, pair, strict=True), reverse=bool(at % 2)):
            started = time.perf_counter()
            work()
            seconds[name] += time.perf_counter() - started
    return seconds


def _compared(rounds: Sequence[dict[str, Any]], what: str, amount: str) -> dict[str, Any]:
    """Rates of both sides (medians), and the store's as a share of the bare one's."""
    shares = [r[what]["bare"] / r[what]["store"] for r in rounds]
    return {
        **{
            f"{side}_{amount}_per_s": round(
                statistics.median(r[amount] / r[what][side] for r in rounds)
            )
            for side in ("store", "bare")
        },
        "share": round(statistics.median(shares), 3),
        "share_by_round": [round(share, 3) for share in shares],
    }


@contextmanager
def _connected(options: argparse.Namespace) -> Iterator[Bolt]:
    """The database that was named, emptied, or that of a server of one's own."""
    if options.url is not None:
        if not options.empty or options.password_file is None:
            raise ConfigurationError(
                f"All that {options.url} holds would be deleted",
                remedy="Say --empty, and --password-file FILE",
            )
        auth = (options.user, options.password_file.read_text().strip())
        with closing(Bolt(options.url, auth)) as bolt:
            with bolt.session(neo4j.WRITE_ACCESS) as session:
                session.run(
                    "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
                ).consume()
            yield bolt
        return
    settings = load_settings()
    with tempfile.TemporaryDirectory(prefix="graphmem-bench-") as folder:
        home = Path(folder) / "neo4j"
        try:
            server = servers.start(home, cache_dir=settings.cache_dir, offline=settings.offline)
            auth = (server.user, Path(server.password_file).read_text())
            with closing(Bolt(str(server.url), auth)) as bolt:
                yield bolt
        finally:
            servers.stop(home)


def main() -> int:
    """Measure, write the result file, and say which bars were met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="a server to use instead of one of its own")
    parser.add_argument("--user", default=servers.USER)
    parser.add_argument("--password-file", type=Path)
    parser.add_argument("--empty", action="store_true", help="delete all that the server holds")
    parser.add_argument("--facts", type=int, default=6000, help="written by each side in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=RESULTS / "neo4j_rates.json")
    options = parser.parse_args()
    with _connected(options) as bolt:
        ((version,),) = bolt.read(
            lambda tx: tx.run("CALL dbms.components() YIELD versions RETURN versions[0]").values()
        )
        rounds = measure(bolt, options.facts, options.rounds)
    writes = _compared(rounds, "write_seconds", "facts")
    exports = _compared(rounds, "export_seconds", "export_rows")
    bars = {
        "writes_of_bare": bar(writes["share"], at_least=WRITE_SHARE),
        "exports_of_bare": bar(exports["share"], at_least=EXPORT_SHARE),
    }
    write(
        {
            "neo4j": version,
            "facts": rounds[0]["facts"],
            "batch": BATCH,
            "rounds": len(rounds),
            "bars": bars,
            "writes": writes,
            "exports": exports,
            **about_run(),
        },
        options.json,
    )
    for name, found in bars.items():
        print(f"{name}: {found}")
    return 0 if all(found["met"] for found in bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
