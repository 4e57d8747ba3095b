"""From a statement that wrote on the view to changes of the store.

The graph before and the graph after are compared node by node and relationship by relationship;
what differs becomes values of the model, or is refused by name. So nothing that a statement can do
slips through, whatever words it used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import ValidationError

from graphmem.adapters.cypher.shape import LABELS, RELATIONS
from graphmem.adapters.cypher.values import properties_of
from graphmem.errors import InvalidInputError
from graphmem.kernels.text import normalise_name
from graphmem.model.base import Value
from graphmem.model.change import EditSet
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import DiscourseLink, Entity, Fact, SameAs, Supersession
from graphmem.model.time import from_micros, parse_time
from graphmem.ports.store import GraphStore

EDITABLE: Final[Mapping[str, frozenset[str]]] = {
    "Episode": frozenset(),
    "Passage": frozenset(),
    "Entity": frozenset(("type", "aliases", "profile")),
    "Fact": frozenset(
        ("confidence", "valid_from", "valid_to", "precision", "retired_at", "strength")
    ),
    "Summary": frozenset(),
    "Community": frozenset(),
}
"""The properties that a statement may set."""

_TIMES: Final = frozenset(("valid_from", "valid_to", "retired_at"))
_LINKS: Final = frozenset(("DISCOURSE", "SUPERSEDES", "SAME_AS"))
_REMEDY: Final = (
    "A statement may set type, aliases and profile of an Entity; confidence, valid_from, valid_to,"
    " precision, retired_at and strength of a Fact; create an Entity; create and delete SAME_AS,"
    " DISCOURSE and SUPERSEDES; and delete a Fact"
)

V = TypeVar("V", bound=Value)
Properties = dict[str, Any]


class Node(NamedTuple):
    """A label and an id."""

    label: str
    id: str


class Link(NamedTuple):
    """A relationship: its type, its ends, and its properties in the order of their names."""

    kind: str
    source: Node
    target: Node
    properties: tuple[tuple[str, Any], ...]


class Graph(NamedTuple):
    """All nodes with their properties, and how often each relationship is there."""

    nodes: dict[Node, Properties]
    links: Counter[Link]


def edits_between(
    before: Any,
    after: Any,
    *,
    store: GraphStore,
    namespace: str,
    version: int,
    stats: Mapping[str, int] | None,
) -> EditSet | None:
    """What to change in `store` so that it holds what the graph `after` shows.

    `before` and `after` run Cypher, `stats` is what the engine counted. ``None`` when nothing
    differs.

    Raises
    ------
    InvalidInputError
        A difference that the model cannot hold; nothing was changed.
    """
    if stats is None:
        return None
    if any(count for name, count in stats.items() if name.startswith(("indexes", "constraints"))):
        raise InvalidInputError("A memory has no indexes or constraints to change", remedy=_REMEDY)
    old, new = _dump(before), _dump(after, namespace=namespace)
    created, changed, removed = _compare(old.nodes, new.nodes)
    gone = {node.id for node in removed}
    added, dropped = new.links - old.links, old.links - new.links
    for link in (*added, *(link for link in dropped if not _falls_with(link, gone))):
        if link.kind not in _LINKS:
            raise InvalidInputError(
                f"The statement would change {link.kind} relationships of {link.source.id}",
                remedy=_REMEDY,
            )
    edits = EditSet(
        namespace=namespace,
        version=version,
        entities=(
            *(_new_entity(node, fields, namespace) for node, fields in created.items()),
            *_edited(changed, "Entity", store.entities, Entity),
        ),
        facts=tuple(map(_in_order, _edited(changed, "Fact", store.facts, Fact))),
        removed_facts=tuple(node.id for node in removed),
        **_links(added, ""),
        **_links((link for link in dropped if not _falls_with(link, gone)), "removed_"),
    )
    return None if edits == EditSet(namespace=namespace, version=version) else edits


def _dump(graph: Any, namespace: str | None = None) -> Graph:
    """The whole graph; `namespace` addresses nodes that the statement created.

    Raises
    ------
    InvalidInputError
        Nodes or relationships that are none of the model's.
    """
    nodes: dict[Node, Properties] = {}
    rows: dict[int, Node] = {}
    for row in graph.cypher("MATCH (n) RETURN n", timeout_ms=0):
        labels, properties = row["n"]["labels"], properties_of(row["n"])
        node = _node(labels, properties, namespace)
        if node in nodes:
            raise InvalidInputError(
                f"The memory holds {_described(node, properties)} already",
                remedy="Names that differ in case or punctuation only are one; MATCH it instead",
            )
        nodes[node] = properties
        rows[row["n"]["id"]] = node
    links: Counter[Link] = Counter()
    for row in graph.cypher("MATCH ()-[r]->() RETURN r", timeout_ms=0):
        link = row["r"]
        properties = {k: _hashable(v) for k, v in link["properties"].items() if v is not None}
        links[
            Link(
                link["type"],
                rows[link["start"]],
                rows[link["end"]],
                tuple(sorted(properties.items())),
            )
        ] += 1
    return Graph(nodes, links)


def _node(labels: list[str], properties: Properties, namespace: str | None) -> Node:
    if len(labels) != 1 or labels[0] not in LABELS:
        raise InvalidInputError(
            f"A node labelled {':'.join(labels)} is none of a memory's",
            remedy=f"A node has one label of {', '.join(LABELS)}",
        )
    (label,) = labels
    given = properties.get("id")
    if isinstance(given, str):
        return Node(label, given)
    name = properties.get("name")
    # The engine makes up a name from the number that it gives.
    named = isinstance(name, str) and name.strip() and name != f"{label}_{given}"
    if namespace is None or label != "Entity" or not named:
        raise InvalidInputError(
            f"The statement would create a {label}"
            + (" without a name" if label == "Entity" else ""),
            remedy=_REMEDY,
        )
    properties["id"] = entity_id(namespace, str(name))
    return Node(label, properties["id"])


def _compare(
    old: Mapping[Node, Properties], new: Mapping[Node, Properties]
) -> tuple[dict[Node, Properties], dict[Node, Properties], list[Node]]:
    """Nodes created, properties set (``None`` for those taken away), and nodes removed."""
    created = {node: new[node] for node in new if node not in old}
    removed = [node for node in old if node not in new]
    for node in removed:
        if node.label != "Fact":
            raise InvalidInputError(
                f"The statement would delete {_described(node, old[node])}", remedy=_REMEDY
            )
    changed = {}
    for node, properties in new.items():
        before = old.get(node)
        if before is None or before == properties:
            continue
        names = {
            name for name in (*before, *properties) if before.get(name) != properties.get(name)
        }
        if names - EDITABLE[node.label]:
            raise InvalidInputError(
                f"{', '.join(sorted(names - EDITABLE[node.label]))} of"
                f" {_described(node, before)} may not be set",
                remedy=_REMEDY,
            )
        changed[node] = {name: properties.get(name) for name in names}
    return created, changed, removed


def _new_entity(node: Node, properties: Properties, namespace: str) -> Entity:
    if node.label != "Entity":
        raise InvalidInputError(f"The statement would create a {node.label}", remedy=_REMEDY)
    fields = dict(properties)
    if fields.pop("namespace", namespace) != namespace:
        raise InvalidInputError(
            f"The statement would create an Entity in another namespace than {namespace!r}",
            remedy="Leave its namespace out",
        )
    entity = _valid(Entity, fields, node)
    if node.id != entity_id(namespace, entity.name):
        raise InvalidInputError(
            f"{node.id!r} is not the id of an Entity by the name of {entity.name!r}",
            remedy="Leave the id of a new Entity out; it comes from its name",
        )
    return entity


def _edited(changed: Mapping[Node, Properties], label: str, read: Any, model: type[V]) -> list[V]:
    """The store's values of a label with the changed fields put in."""
    wanted = {node: fields for node, fields in changed.items() if node.label == label}
    held = read([node.id for node in wanted])
    edited = []
    for node, fields in wanted.items():
        for name in _TIMES & fields.keys():
            fields[name] = _moment(fields[name], name)
        # A property taken away has its default again.
        given = {
            name: model.model_fields[name].get_default() if value is None else value
            for name, value in fields.items()
        }
        edited.append(_valid(model, {**held[node.id].model_dump(), **given}, node))
    return edited


def entity_id(namespace: str, name: str) -> str:
    """The id that an entity by this name has."""
    return content_id(Kind.ENTITY, namespace, normalise_name(name))


def addressed(value: Any, namespace: str) -> Any:
    """A value of a result in which new entities have their ids in place of the engine's numbers."""
    if isinstance(value, list):
        return [addressed(item, namespace) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("_labels") == ("Entity",) and isinstance(value.get("id"), int):
        return {**value, "id": entity_id(namespace, value["name"])}
    return {key: addressed(item, namespace) for key, item in value.items()}


def _in_order(fact: Fact) -> Fact:
    if (
        fact.valid_from is not None
        and fact.valid_to is not None
        and fact.valid_to <= fact.valid_from
    ):
        raise InvalidInputError(
            f"The fact {fact.id} would end at {fact.valid_to} and begin at {fact.valid_from}"
        )
    return fact


def _links(links: Iterable[Link], prefix: str) -> dict[str, tuple[Value, ...]]:
    """Values of the relationships, by the field of an :class:`EditSet`."""
    found: dict[str, list[Value]] = {"discourse": [], "supersessions": [], "same_as": []}
    for link in links:
        fields = dict(link.properties)
        ends = (link.source.id, link.target.id)
        relation = RELATIONS[link.kind]
        unknown = fields.keys() - set(relation.properties)
        if unknown or (link.source.label, link.target.label) != (relation.source, relation.target):
            raise InvalidInputError(
                f"A {link.kind} goes from {relation.source} to {relation.target}"
                f" and has {', '.join(relation.properties)}, not {', '.join(sorted(unknown))}"
                if unknown
                else f"A {link.kind} goes from {relation.source} to {relation.target}"
            )
        if ends[0] == ends[1]:
            raise InvalidInputError(f"A {link.kind} from {ends[0]} to itself says nothing")
        if link.kind == "DISCOURSE":
            value = {"source_id": ends[0], "target_id": ends[1], **fields}
            found["discourse"].append(_valid(DiscourseLink, value, link.source))
        elif link.kind == "SUPERSEDES":
            value = {"newer_id": ends[0], "older_id": ends[1], "reason": "by hand", **fields}
            found["supersessions"].append(_valid(Supersession, value, link.source))
        else:
            value = {"left_id": ends[0], "right_id": ends[1], "score": 1.0, "by": "hand", **fields}
            found["same_as"].append(_valid(SameAs, value, link.source))
    return {f"{prefix}{name}": tuple(values) for name, values in found.items()}


def _falls_with(link: Link, gone: set[str]) -> bool:
    """Whether an end of the link is a fact that is removed."""
    return link.source.id in gone or link.target.id in gone


def _valid(model: type[V], fields: Mapping[str, Any], node: Node) -> V:
    try:
        return model.model_validate(fields)
    except ValidationError as cause:
        first = cause.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise InvalidInputError(
            f"{name} = {first['input']!r} does not fit {node.label} {node.id}: {first['msg']}"
        ) from cause


def _moment(value: Any, name: str) -> datetime | None:
    """A time as a statement may write it: microseconds, a date or time value, or a text."""
    if isinstance(value, str | date):
        return parse_time(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        try:
            return from_micros(value)
        except OverflowError as cause:
            raise InvalidInputError(
                f"{name} = {value} is beyond the calendar", remedy="Give microseconds since 1970"
            ) from cause
    raise InvalidInputError(f"{name} = {value!r} is not a time")


def _described(node: Node, properties: Properties) -> str:
    said = properties.get("name") or properties.get("text")
    return f"the {node.label} {said!r}" if said else f"the {node.label} {node.id}"


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
