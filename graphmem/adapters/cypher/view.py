"""The view: one namespace of a store as a graph in the Cypher engine's memory, and as a file.

The store is the truth and the file a cache. It begins with a line that says which state of which
memory it shows and what its bytes add up to, so a file that is behind, torn or foreign is never
handed to the engine.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import kglite

from graphmem.adapters.cypher.shape import FINGERPRINT, LABELS, NO_OFFSET, RELATIONS
from graphmem.errors import StoreError
from graphmem.model.ids import digest
from graphmem.model.summary import Community, Hierarchy, Summary
from graphmem.ports.store import SEVERAL, GraphStore, StoreReader

_TABLES: Final = {
    "Episode": "episodes",
    "Passage": "passages",
    "Entity": "entities",
    "Fact": "facts",
}
_ENDS: Final = {
    "MENTIONS": ("mentions", "passage_nid", "entity_nid"),
    "ROLE": ("roles", "fact_nid", "entity_nid"),
    "EVIDENCE": ("evidence", "fact_nid", "passage_nid"),
    "DISCOURSE": ("discourse", "source_nid", "target_nid"),
    "SUPERSEDES": ("supersessions", "newer_nid", "older_nid"),
    "SAME_AS": ("same_as", "left_nid", "right_nid"),
}
_MAGIC: Final = b"graphmem view\n"
_BATCH: Final = 10_000
_TEMPORARY: Final = ".view-"
_ABANDONED_S: Final = 3600.0


class View(NamedTuple):
    """A graph, the version of the namespace and the revision of its summaries that it shows;
    `frozen` is for reading."""

    graph: Any
    frozen: Any
    version: int
    revision: int


class Stamp(NamedTuple):
    """What a view file must show to be taken."""

    memory_id: str
    namespace: str
    version: int
    revision: int

    def header(self, payload: bytes) -> dict[str, Any]:
        """The file's first line."""
        return {
            "memory": self.memory_id,
            "namespace": self.namespace,
            "version": self.version,
            "revision": self.revision,
            "shape": FINGERPRINT,
            "engine": kglite.__version__,
            "digest": blake2b(payload, digest_size=16).hexdigest(),
        }


def build(store: GraphStore, namespace: str) -> View:
    """Read the namespace into a new graph; what it shows is one consistent state.

    Raises
    ------
    StoreError
        The store's relations refer to rows that it does not hold.
    """
    graph = kglite.KnowledgeGraph()
    with store.read(namespace) as reader:
        ids = {label: _add_nodes(graph, reader, label, namespace) for label in _TABLES}
        _add_order(graph, reader, ids["Episode"], ids["Passage"])
        for kind in _ENDS:
            _add_relations(graph, reader, kind, ids)
        version = reader.version
    held = store.hierarchy(namespace)
    _add_hierarchy(graph, held, namespace)
    return View(graph, graph.freeze(), version, held.revision)


def load(folder: Path, stamp: Stamp) -> View | None:
    """The view that `folder` keeps of exactly this state, if it does."""
    try:
        content = file_of(folder, stamp.namespace).read_bytes()
    except OSError:
        return None
    head, _, payload = content.removeprefix(_MAGIC).partition(b"\n")
    if not content.startswith(_MAGIC) or head != _line(stamp.header(payload)):
        return None
    try:
        graph = kglite.from_bytes(payload)
    except kglite.KgError:
        return None
    return View(graph, graph.freeze(), stamp.version, stamp.revision)


def save(view: View, folder: Path, stamp: Stamp) -> bool:
    """Keep the view in `folder`, in one step; returns whether there was a way to."""
    payload = view.graph.to_bytes()
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=_TEMPORARY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + _line(stamp.header(payload)) + b"\n")
            file.write(payload)
        _sweep(folder, Path(temporary).stat().st_mtime)
        Path(temporary).replace(file_of(folder, stamp.namespace))
    except OSError:
        # A cache: without room for it, or leave to write it, the next process builds its own.
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        return False
    return True


def remove(folder: Path, namespace: str) -> None:
    """Remove the view of a namespace from `folder`; raises `StoreError` if it stays."""
    path = file_of(folder, namespace)
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as cause:
        raise StoreError(
            f"{path} cannot be removed ({cause.strerror})", remedy="Remove it; it is a copy"
        ) from cause


def file_of(folder: Path, namespace: str) -> Path:
    """Where the view of a namespace is kept."""
    return folder / f"{digest(namespace)}.view"


def _sweep(folder: Path, now: float) -> None:
    """Remove what killed processes left half-written, an hour old or more at `now`."""
    for left in folder.glob(f"{_TEMPORARY}*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < now - _ABANDONED_S:
                left.unlink()


def _line(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True).encode()


def _add_nodes(graph: Any, reader: StoreReader, label: str, namespace: str) -> dict[int, str]:
    """Add the nodes of a label; returns their ids by `nid`."""
    columns = [name for name in LABELS[label] if name != "namespace"]
    ids: dict[int, str] = {}
    for batch in reader.scan(_TABLES[label], ["nid", *columns], batch=_BATCH):
        rows = [dict(zip(columns, values, strict=True)) for _, *values in batch]
        ids.update((values[0], row["id"]) for values, row in zip(batch, rows, strict=True))
        for row in rows:
            row["namespace"] = namespace
            if label == "Entity":
                row["aliases"] = json.loads(row["aliases"])
            if label == "Fact":
                row.update({name: json.loads(row[name]) or None for name in SEVERAL})
        _create(graph, label, rows)
    return ids


def _create(graph: Any, label: str, rows: list[dict[str, Any]]) -> None:
    properties = [f"`{name}`: row.`{name}`" for name in LABELS[label]]
    if "title" not in LABELS[label]:
        # Without a title of its own the engine would make one up, and call it a name too.
        properties.append("title: null")
    graph.cypher(
        f"UNWIND $rows AS row CREATE (:{label} {{{', '.join(properties)}}})", params={"rows": rows}
    )


def _add_hierarchy(graph: Any, held: Hierarchy, namespace: str) -> None:
    """Summaries and communities; what they refer to and was deleted meanwhile is left out."""
    kinds: Mapping[str, Sequence[Summary | Community]] = {
        "Summary": held.summaries,
        "Community": held.communities,
    }
    for label, nodes in kinds.items():
        own = [name for name in LABELS[label] if name != "namespace"]
        rows = [
            {**{name: getattr(node, name) for name in own}, "namespace": namespace}
            for node in nodes
        ]
        if rows:
            _create(graph, label, rows)
        sources = [
            (node.id, at, source) for node in nodes for at, source in enumerate(node.sources)
        ]
        quoted = (
            (id_, s.passage_id, at, s.sentence, s.start, s.end, s.fact_id) for id_, at, s in sources
        )
        _connect(graph, "QUOTES", quoted, source=label)
        stated = dict.fromkeys((id_, s.fact_id) for id_, _, s in sources if s.fact_id)
        _connect(graph, "SUMMARISES", iter(stated), source=label, target="Fact", properties=())
    below = ((n.parent_id, n.id, n.place) for n in held.summaries if n.parent_id is not None)
    _connect(graph, "SUMMARISES", below, target="Summary")
    leaves = ((node.id, id_, place) for node in held.summaries for place, id_ in node.passages)
    _connect(graph, "SUMMARISES", leaves)
    beneath = ((node.id, id_, place) for node in held.summaries for place, id_ in node.facts)
    _connect(graph, "SUMMARISES", beneath, target="Fact")
    members = ((c.id, id_, place) for c in held.communities for place, id_ in enumerate(c.members))
    _connect(graph, "HAS_MEMBER", members)


def _add_order(
    graph: Any, reader: StoreReader, episodes: dict[int, str], passages: dict[int, str]
) -> None:
    """HAS from episodes to their passages, NEXT from each passage to the one after it."""
    order = sorted(
        row
        for batch in reader.scan("passages", ["episode_nid", "ordinal", "nid"], batch=_BATCH)
        for row in batch
    )
    has = ((_find(episodes, episode, "passages"), passages[nid]) for episode, _, nid in order)
    following = (
        (passages[this], passages[after])
        for (episode, _, this), (other, _, after) in pairwise(order)
        if episode == other
    )
    _connect(graph, "HAS", has)
    _connect(graph, "NEXT", following)


def _add_relations(
    graph: Any, reader: StoreReader, kind: str, ids: dict[str, dict[int, str]]
) -> None:
    table, *ends = _ENDS[kind]
    relation = RELATIONS[kind]
    sources, targets = ids[relation.source], ids[relation.target]
    rows = (
        (
            _find(sources, source, table),
            _find(targets, target, table),
            # Offsets are all that can be missing.
            *(NO_OFFSET if value is None else value for value in values),
        )
        for batch in reader.scan(table, [*ends, *relation.properties], batch=_BATCH)
        for source, target, *values in batch
    )
    _connect(graph, kind, rows)


def _connect(
    graph: Any,
    kind: str,
    rows: Iterator[tuple[Any, ...]],
    *,
    source: str | None = None,
    target: str | None = None,
    properties: Sequence[str] | None = None,
) -> None:
    """Add relationships; a row is the ids of both ends, then the properties.

    Labels at the ends and properties are those of the kind, unless others are given.
    """
    relation = RELATIONS[kind]
    names = relation.properties if properties is None else properties
    listed = [f"`{name}`: row[{at}]" for at, name in enumerate(names, start=2)]
    statement = (
        f"UNWIND $rows AS row MATCH (a:{source or relation.source} {{id: row[0]}}),"
        f" (b:{target or relation.target} {{id: row[1]}})"
        f" CREATE (a)-[:{kind} {{{', '.join(listed)}}}]->(b)"
    )
    while batch := list(islice(rows, _BATCH)):
        graph.cypher(statement, params={"rows": batch})


def _find(ids: dict[int, str], nid: int, table: str) -> str:
    try:
        return ids[nid]
    except KeyError as cause:
        raise StoreError(
            f"The table {table} refers to row {nid}, which is not there",
            remedy="Look for damage with graphmem doctor",
        ) from cause
