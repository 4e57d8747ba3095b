"""Cypher on the server: the statement as it is, over a database that may hold many namespaces.

A statement reads in the server's read access mode, which is what refuses writes. Every node has
its namespace in the property `namespace`, and every statement has the parameter ``$namespace``;
where a database holds several, a statement that does not use it is refused, so that none crosses
by accident. (It guards the forgetful and is no wall: who may run Cypher may read the database.)

A writing statement runs in a transaction that is rolled back; what it would have changed in the
namespace becomes an edit of the store, or is refused by name, as on the embedded store.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from datetime import time as clock_time
from types import MappingProxyType
from typing import Any, Final

import neo4j
from neo4j import graph
from neo4j.exceptions import ClientError, DriverError, Neo4jError
from neo4j.time import Date, DateTime, Duration, Time

from graphmem.adapters.bolt import Bolt
from graphmem.adapters.cypher.edits import edits_between, entity_id
from graphmem.adapters.cypher.shape import LABELS, NAMES, NO_OFFSET, RELATIONS
from graphmem.adapters.cypher.statement import checked, keywords, parameters_of
from graphmem.adapters.cypher.values import bound
from graphmem.errors import (
    InvalidInputError,
    QueryError,
    ReadOnlyError,
    StoreBusyError,
    StoreError,
)
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem.ports.store import GraphStore

PROCEDURES: Final = re.compile(
    r"""
      db\.(labels|relationshiptypes|propertykeys)
    | db\.schema\.(visualization|nodetypeproperties|reltypeproperties)
    | db\.index\.(fulltext|vector)\.query(nodes|relationships)
    | gds\.(version|list|graph\.(list|drop))
    | gds\.[a-z.]+\.stream
    | apoc\.(algo|path)\.[a-z]+
    | apoc\.meta\.(schema|stats)
    """,
    re.VERBOSE,
)
"""Procedures that may be called, in lower case: those that only read the graph, and what drops a
projection from the memory of GDS."""

FUNCTIONS: Final = re.compile(
    r"""
      (date|datetime|localdatetime|time|localtime|duration|point|vector)\.[a-z.]+
    | gds\.(version|graph\.(project|exists)|(util|similarity)\.[a-z.]+)
    | apoc\.version
    | apoc\.(agg|any|bitwise|coll|convert|date|diff|label|map|math|node|nodes)\.[a-z0-9_.]+
    | apoc\.(number|rel|temporal|text)\.[a-z0-9_.]+
    """,
    re.VERBOSE,
)
"""Functions with a dot in their name that may be used, in lower case: those that only compute, and
what projects a graph into the memory of GDS. Others of APOC run statements of their own."""

_BEGINNINGS: Final = frozenset(
    (
        *("match", "optional", "unwind", "with", "return", "call", "create", "merge", "foreach"),
        *("explain", "profile", "drop"),
    )
)
_ADMINISTERED: Final = frozenset(
    (
        *("user", "role", "database", "alias", "server", "privilege", "composite", "or"),
        *("immutable", "standard"),
    )
)

_ATTEMPTS: Final = 3
_FETCHED: Final = 1000
_INTERNAL: Final = frozenset(
    (
        *("nid", "space", "changed_in", "source_key", "vector_key", "embedding", "episode_id"),
        "episode_nid",
        *("position", "passage_id"),
    )
)
_QUOTED: Final = re.compile("`([^`]+)`")
_TIMED_OUT: Final = "TransactionTimedOut"
_READ_MODE: Final = "Neo.ClientError.Statement.AccessMode"

# What was there and what the statement made: new nodes have no namespace yet.
_NODES: Final = """
MATCH (n) WHERE n.namespace = $namespace
  OR (n.namespace IS NULL AND NOT n:_Memory AND NOT n:_Namespace AND NOT n:_Job)
RETURN n"""
_RELATIONSHIPS: Final = """
MATCH (n)-[r]->() WHERE n.namespace = $namespace OR n.namespace IS NULL RETURN r"""
_BOOKKEEPING: Final = ("_Memory", "_Namespace", "_Job")
_NAMESPACES: Final = "MATCH (s:_Namespace) RETURN count(s)"


class Neo4jCypher:
    """Runs Cypher on the database of `bolt` for one namespace of `store`, which is in it."""

    def __init__(self, store: GraphStore, namespace: str, bolt: Bolt) -> None:
        self._store = store
        self._namespace = namespace
        self._bolt = bolt

    def run(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        write: bool = False,
        timeout: float = 30.0,
        max_rows: int = 10_000,
    ) -> CypherResult:
        """Run one statement; see :class:`graphmem.ports.cypher.CypherRunner`.

        The server looks for statements that are out of time every few seconds only.
        """
        given = {"namespace": self._namespace, **bound(parameters)}
        text = checked(
            statement,
            may_call=lambda name: bool(PROCEDURES.fullmatch(name)),
            may_use=lambda name: bool(FUNCTIONS.fullmatch(name)),
        )
        _refuse_administration(text)
        options = _Options(_seconds(timeout), _rows(max_rows))
        start = time.perf_counter()
        if write:
            _refuse_schema(text)
            result = self._write(text, given, options)
        else:
            self._refuse_crossing(text)
            result = self._read(text, given, options)
        return result.model_copy(update={"seconds": time.perf_counter() - start})

    def schema(self) -> CypherSchema:
        """Labels and relationship types with their property names, held or not."""
        return CypherSchema(
            labels=dict(LABELS),
            relationships={kind: relation.properties for kind, relation in RELATIONS.items()},
            bookkeeping=_BOOKKEEPING,
        )

    def discard(self) -> None:
        """Nothing of the memory is kept outside the store."""

    def close(self) -> None:
        """Nothing is held; the store closes the connections."""

    def _refuse_crossing(self, text: str) -> None:
        if "namespace" in parameters_of(text) or not re.search(r"\(", text):
            return
        with self._bolt.explained(), self._bolt.session(neo4j.READ_ACCESS) as session:
            ((held,),) = session.run(_NAMESPACES).values()
        if held > 1:
            raise QueryError(
                f"{self._bolt.where} holds {held} namespaces, and the statement does not say which",
                remedy="Begin at nodes of yours: MATCH (e:Entity {namespace: $namespace}) ...;"
                " $namespace is always given",
            )

    def _read(self, text: str, given: dict[str, Any], options: _Options) -> CypherResult:
        with (
            self._session(neo4j.READ_ACCESS) as session,
            self._explained(options),
            session.begin_transaction(timeout=options.timeout) as tx,
        ):
            return self._result(tx.run(text, given), options)[0]

    def _write(self, text: str, given: dict[str, Any], options: _Options) -> CypherResult:
        if self._bolt.read_only:
            raise ReadOnlyError(
                f"{self._bolt.where} was opened for reading", remedy="Open the memory for writing"
            )
        for attempt in range(_ATTEMPTS):
            version = self._store.version(self._namespace)
            with (
                self._session(neo4j.WRITE_ACCESS) as session,
                self._explained(options),
                session.begin_transaction(timeout=options.timeout) as tx,
            ):
                before = _Picture(tx, self._namespace)
                result, stats = self._result(tx.run(text, given), options)
                after = _Picture(tx, self._namespace) if stats else before
                tx.rollback()
            edits = edits_between(
                before,
                after,
                store=self._store,
                namespace=self._namespace,
                version=version,
                stats=stats,
            )
            if edits is None:
                return result
            try:
                self._store.edit(edits)
            except StoreBusyError:
                if attempt == _ATTEMPTS - 1 or self._store.version(self._namespace) == version:
                    raise
                continue
            return result
        raise AssertionError("unreachable")

    def _session(self, access: str) -> neo4j.Session:
        return self._bolt.session(
            access,
            fetch_size=_FETCHED,
            notifications_min_severity=neo4j.NotificationMinimumSeverity.WARNING,
        )

    def _explained(self, options: _Options) -> _Explained:
        return _Explained(self._bolt, options)

    def _result(
        self, found: neo4j.Result, options: _Options
    ) -> tuple[CypherResult, Mapping[str, int] | None]:
        """The rows as plain values, and what the statement changed, ``None`` for nothing."""
        columns = tuple(found.keys())
        records = found.fetch(options.max_rows + 1)
        rows = tuple(
            tuple(_plain(value, self._namespace) for value in record.values())
            for record in records[: options.max_rows]
        )
        summary = found.consume()
        counters = summary.counters
        result = CypherResult(
            columns=columns,
            rows=rows,
            truncated=len(records) > options.max_rows,
            warnings=_warnings(summary),
        )
        changed = counters.contains_updates or counters.contains_system_updates
        if not changed:
            return result, None
        schema = ("indexes_added", "indexes_removed", "constraints_added", "constraints_removed")
        return result, {name: getattr(counters, name) for name in schema}


class _Options:
    """`timeout` in seconds, `max_rows` at least 1."""

    def __init__(self, timeout: float, max_rows: int) -> None:
        self.timeout = timeout
        self.max_rows = max_rows


class _Explained:
    """Turns what a statement raises into errors of the query port."""

    def __init__(self, bolt: Bolt, options: _Options) -> None:
        self._bolt = bolt
        self._options = options

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, cause: BaseException | None, _trace: object) -> None:
        if not isinstance(cause, Neo4jError | DriverError | OSError):
            return
        code = getattr(cause, "code", None) or ""
        said = (getattr(cause, "message", None) or str(cause)).strip()
        if _TIMED_OUT in code:
            raise QueryError(
                f"No answer within {self._options.timeout:g} s",
                remedy="Give it more time, or begin at a node that its id or name picks out",
            ) from cause
        if code == _READ_MODE or "read access mode" in said:
            raise ReadOnlyError(
                "The statement writes",
                remedy="Allow it with write=True, or --write on the console",
            ) from cause
        explained = self._bolt.explanation(cause)
        if isinstance(cause, ClientError) and type(explained) is StoreError:  # nothing more exact
            raise QueryError(f"Neo4j does not run the statement: {said}") from cause
        raise explained from cause


class _Picture:
    """A namespace as a transaction shows it now, in the form that edits are worked out from."""

    def __init__(self, tx: neo4j.Transaction, namespace: str) -> None:
        self._nodes = [
            {"n": {"id": n.element_id, "labels": sorted(n.labels), "properties": _shown(n)}}
            for (n,) in tx.run(_NODES, namespace=namespace).values()
        ]
        self._relationships = [
            {"r": _ends(r)} for (r,) in tx.run(_RELATIONSHIPS, namespace=namespace).values()
        ]

    def cypher(self, text: str, *, timeout_ms: int) -> list[dict[str, Any]]:  # noqa: ARG002
        """All nodes, or all relationships: there is nothing else to ask."""
        return self._relationships if "[r]" in text else self._nodes


def _ends(link: graph.Relationship) -> dict[str, Any]:
    source, target = link.nodes
    assert source is not None
    assert target is not None
    return {
        "type": link.type,
        "start": source.element_id,
        "end": target.element_id,
        "properties": {k: _scalar(v) for k, v in link.items() if k not in _hidden(link.type)},
    }


def _is_internal(name: str) -> bool:
    """Whether a node's property is the store's own; vectors have one for each embedder."""
    return name in _INTERNAL or re.fullmatch(r"embedding_\d+", name) is not None


def _hidden(kind: str) -> frozenset[str]:
    """Properties of a relationship that Cypher is not shown."""
    return _INTERNAL | _HIDDEN.get(kind, frozenset())


_HIDDEN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"ROLE": frozenset(("start", "end")), "DISCOURSE": frozenset(("start", "end"))}
)


def _shown(node: graph.Node) -> dict[str, Any]:
    """The properties of a node that are the model's, and any that a statement made up."""
    return {name: _scalar(value) for name, value in node.items() if not _is_internal(name)}


def _plain(value: Any, namespace: str) -> Any:
    """A value of a result as plain Python; see :func:`graphmem.adapters.cypher.values.plain`."""
    if isinstance(value, list):
        return [_plain(item, namespace) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, namespace) for key, item in value.items()}
    if isinstance(value, graph.Node):
        return _node(value, namespace)
    if isinstance(value, graph.Relationship):
        kept = {k: v for k, v in _ends(value)["properties"].items() if v != NO_OFFSET}
        known = RELATIONS[value.type].properties if value.type in RELATIONS else ()
        names = dict.fromkeys((*known, *kept))
        return {"_type": value.type, **{k: _plain(kept[k], namespace) for k in names if k in kept}}
    if isinstance(value, graph.Path):
        return {
            "_nodes": [_plain(node, namespace) for node in value.nodes],
            "_relationships": [_plain(link, namespace) for link in value.relationships],
        }
    return _scalar(value)


def _node(node: graph.Node, namespace: str) -> dict[str, Any]:
    held = _shown(node)
    labels = tuple(sorted(node.labels))
    if labels == ("Entity",) and "id" not in held and isinstance(held.get("name"), str):
        held["id"] = entity_id(namespace, held["name"])
    own = [name for label in labels for name in LABELS.get(label, ())]
    names = dict.fromkeys((*own, *held))
    return {"_labels": labels, **{k: _plain(held[k], namespace) for k in names if k in held}}


def _scalar(value: Any) -> Any:
    if isinstance(value, DateTime | Date | Time):
        native: datetime | date | clock_time = value.to_native()
        return native
    if isinstance(value, Duration):
        return value.iso_format()
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return tuple(value) if isinstance(value, tuple) else value


def _warnings(summary: neo4j.ResultSummary) -> tuple[str, ...]:
    """The server's warnings but for those about what this memory merely has none of yet."""
    return tuple(_worth_saying(summary))


def _worth_saying(summary: neo4j.ResultSummary) -> Iterator[str]:
    for status in summary.gql_status_objects:
        if not status.is_notification:
            continue
        name = _QUOTED.search(status.status_description)
        if name is None or name.group(1) not in NAMES:
            yield status.status_description


def _refuse_administration(text: str) -> None:
    """Raise `QueryError` for what is said to the server and not to the graph."""
    words = keywords(text)
    first = words[0]
    if first not in _BEGINNINGS:
        raise QueryError(
            f"A statement on a memory does not begin with {(first or text[:1]).upper()!r}",
            remedy="Begin with MATCH, OPTIONAL MATCH, UNWIND, WITH, RETURN, CALL, CREATE, MERGE,"
            " FOREACH, EXPLAIN or PROFILE",
        )
    if first in {"create", "drop"} and len(words) > 1 and words[1] in _ADMINISTERED:
        raise QueryError(
            f"A statement on a memory does not {first} a {words[1]}",
            remedy="Administer the server with its own tools",
        )


def _refuse_schema(text: str) -> None:
    """Raise `InvalidInputError` for a statement that would change indexes or constraints."""
    first, *more = keywords(text)
    if first in {"create", "drop"} and {"index", "constraint"}.intersection(more):
        raise InvalidInputError(
            "A memory has no indexes or constraints to change",
            remedy="Use the server's own tools",
        )


def _seconds(timeout: float) -> float:
    if not (math.isfinite(timeout) and timeout > 0):
        raise InvalidInputError(f"The time-out is {timeout}", remedy="Give seconds above 0")
    return max(0.001, timeout)


def _rows(max_rows: int) -> int:
    if max_rows < 1:
        raise InvalidInputError(f"The cap on rows is {max_rows}", remedy="Give 1 or more")
    return max_rows
