"""The library of named queries: one ``.cypher`` file each, with a header that describes it.

A header is comment lines ``// key: value``, continued by lines that are indented after the
slashes::

    // name: about
    // doc: What is known about an entity.
    // param: entity string - its name
    // param: limit integer = 50 - how many facts at most
    // returns: fact, valid_from

A parameter ``as_of`` of the kind ``when`` is a moment, or a range such as ``2019..2021``: what held
at some time of it. The statement has it as ``$as_of`` and, where it is over, ``$as_of_until``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pydantic import ValidationError

from graphmem.errors import InvalidInputError
from graphmem.model.base import Value
from graphmem.model.time import parse_time
from graphmem.stages.inputs import interval_of
from graphmem.terminal import pairs_of


class Kind(StrEnum):
    """What a parameter is."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    WHEN = "when"
    JSON = "json"


_READERS: Final[Mapping[Kind, Callable[[str], Any]]] = {
    Kind.STRING: str,
    Kind.INTEGER: int,
    Kind.NUMBER: float,
    Kind.BOOLEAN: lambda written: {"true": True, "false": False}[written.lower()],
    Kind.TIME: parse_time,
    Kind.WHEN: interval_of,
    Kind.JSON: json.loads,
}


class Parameter(Value):
    """A parameter of a named query; one that is not required has a default."""

    name: str
    kind: Kind
    doc: str = ""
    required: bool = True
    default: Any = None

    @property
    def bound(self) -> tuple[str, ...]:
        """The names under which a statement has its value."""
        return (self.name, f"{self.name}_until") if self.kind is Kind.WHEN else (self.name,)


class NamedQuery(Value):
    """A query of the library."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    returns: str
    statement: str


@cache
def catalogue() -> Mapping[str, NamedQuery]:
    """All queries of the library by name, in the order of their names."""
    folder = files(__package__) / "cypher"
    texts = [entry.read_text() for entry in folder.iterdir() if entry.name.endswith(".cypher")]
    return {query.name: query for query in sorted(map(parse, texts), key=lambda query: query.name)}


def named(name: str) -> NamedQuery:
    """A query of the library; raises `InvalidInputError` with the names that come close."""
    try:
        return catalogue()[name]
    except KeyError as cause:
        close = get_close_matches(name, catalogue(), cutoff=0.5) or list(catalogue())
        raise InvalidInputError(
            f"There is no query {name!r}", remedy=f"Did you mean {' or '.join(close)}?"
        ) from cause


def bind(query: NamedQuery, given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of `query` from what was written for them, and the defaults of the others.

    Raises
    ------
    InvalidInputError
        A parameter that is missing or unknown, or does not read as what it is; named.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in given:
        if name not in known:
            raise InvalidInputError(
                f"The query {query.name} has no parameter {name!r}",
                remedy=f"It has {', '.join(known)}",
            )
    missing = [name for name, p in known.items() if p.required and name not in given]
    if missing:
        raise InvalidInputError(
            f"The query {query.name} needs a value for {' and '.join(missing)}",
            remedy=" ".join(f"--param {name}=..." for name in missing),
        )
    bound: dict[str, Any] = {}
    for name, parameter in known.items():
        if name in given:
            bound |= _bound(name, given[name], parameter.kind)
        elif parameter.kind is Kind.WHEN:
            bound |= dict.fromkeys(parameter.bound)
        else:
            bound[name] = parameter.default
    return bound


def free(given: Mapping[str, str]) -> dict[str, Any]:
    """Parameters of a statement of one's own: ``name`` or ``name:kind`` to what was written.

    Without a kind, what reads as a JSON number, truth value, list, map or null is that, and all
    else is text.

    Raises
    ------
    InvalidInputError
        A kind that there is not, or a value that does not read as what it should be.
    """
    parameters: dict[str, Any] = {}
    for key, value in given.items():
        name, colon, kind = key.partition(":")
        if colon and kind not in set(Kind):
            raise InvalidInputError(
                f"{key}: there is no kind of parameter {kind!r}",
                remedy=f"There is {', '.join(Kind)}",
            )
        parameters |= _bound(name, value, Kind(kind)) if colon else {name: _guessed(value)}
    return parameters


def pairs(written: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping; raises `InvalidInputError` for one without a sign."""
    found = pairs_of(written, option="--param", example="entity='Ann Lee'")
    return {name: values[-1] for name, values in found.items()}


def read(name: str, value: str, kind: Kind) -> Any:
    """What was written for a parameter, as what it is; raises `InvalidInputError` naming it."""
    try:
        return _READERS[kind](value)
    except (ValueError, KeyError, RecursionError) as cause:
        remedy = cause.remedy if isinstance(cause, InvalidInputError) else ""
        raise InvalidInputError(f"{name}={value!r} is not a {kind}", remedy=remedy) from cause


def _bound(name: str, value: str, kind: Kind) -> dict[str, Any]:
    found = read(name, value, kind)
    if kind is Kind.WHEN:
        return {name: found.start, f"{name}_until": found.end}
    return {name: found}


def parse(text: str) -> NamedQuery:
    """A query from the text of its file; raises `InvalidInputError` if its header is none."""
    header: list[tuple[str, str]] = []
    lines = text.splitlines()
    while lines and lines[0].startswith("//"):
        line = lines.pop(0).removeprefix("//")
        if line.startswith("   ") and header:
            key, value = header[-1]
            header[-1] = (key, f"{value} {line.strip()}")
        else:
            key, _, value = line.partition(":")
            header.append((key.strip(), value.strip()))
    fields = {key: value for key, value in header if key != "param"}
    try:
        return NamedQuery.model_validate(
            {
                **fields,
                "parameters": tuple(_parameter(value) for key, value in header if key == "param"),
                "statement": "\n".join(lines).strip(),
            }
        )
    except ValidationError as cause:
        raise InvalidInputError(f"Not the header of a named query: {header}") from cause


def _parameter(text: str) -> Parameter:
    declaration, _, doc = text.partition(" - ")
    declared, sign, default = declaration.partition("=")
    name, _, kind = declared.strip().partition(" ")
    return Parameter(
        name=name,
        kind=Kind(kind.strip()),
        doc=doc.strip(),
        required=not sign,
        default=_guessed(default.strip()) if sign else None,
    )


def _guessed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
