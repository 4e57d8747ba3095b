"""Between Python's values and the engine's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from graphmem.adapters.cypher.shape import LABELS, NAMES, NO_OFFSET
from graphmem.errors import InvalidInputError
from graphmem.kernels.text import well_formed
from graphmem.model.time import parse_time, to_micros

_NODE: Final = {"id", "labels", "properties"}
_RELATIONSHIP: Final = {"id", "start", "end", "type", "properties"}
_PATH: Final = {"nodes", "relationships"}
_NOWHERE: Final = {("start", NO_OFFSET), ("end", NO_OFFSET)}
_INT64: Final = range(-(2**63), 2**63)
_QUOTED = re.compile("'([^']+)'")


def bound(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Parameters as the engine takes them: a time becomes microseconds, as times are stored.

    Raises
    ------
    InvalidInputError
        A value that Cypher has no counterpart for; names the parameter.
    """
    return {name: _bound(name, value) for name, value in (parameters or {}).items()}


def _bound(name: str, value: Any) -> Any:
    if isinstance(value, datetime | date):
        return to_micros(parse_time(value))
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, Mapping):
        return {str(key): _bound(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_bound(name, item) for item in value]
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and value in _INT64:
        return value
    raise InvalidInputError(
        f"The parameter {name} is {value!r}, which Cypher cannot hold",
        remedy="Give text, a number, a truth value, a time, a list or a map",
    )


def plain(value: Any) -> Any:
    """A value of a result as plain Python.

    A node is a mapping of its properties with ``_labels``, a relationship one of its properties
    with ``_type``, a path a mapping of ``_nodes`` and ``_relationships``.
    """
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = value.keys()
    if keys == _NODE:
        return {"_labels": tuple(value["labels"]), **properties_of(value)}
    if keys == _RELATIONSHIP:
        kept = {k: v for k, v in _known(value["properties"]).items() if (k, v) not in _NOWHERE}
        return {"_type": value["type"], **kept}
    if keys == _PATH:
        return {f"_{part}": plain(value[part]) for part in ("nodes", "relationships")}
    return {key: plain(item) for key, item in value.items()}


def properties_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node's own properties: the engine adds a title and a type to those that have none.

    In the model's order, whatever else there is after.
    """
    held = _known(node["properties"])
    own = [name for label in node["labels"] for name in LABELS.get(label, ())]
    made_up = {"title", "type"}.difference(own) if own else set()
    if held.get("type") in node["labels"]:
        made_up.add("type")
    names = dict.fromkeys((*own, *held))
    return {name: held[name] for name in names if name in held and name not in made_up}


def _known(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in properties.items() if value is not None}


def worth_saying(warnings: Iterable[str]) -> tuple[str, ...]:
    """The engine's warnings but for those about what this memory merely has none of yet."""
    kept = []
    for warning in warnings:
        name = _QUOTED.search(warning)
        if (name and name.group(1) in NAMES) or "row_limit" in warning:
            continue
        kept.append(warning)
    return tuple(kept)
