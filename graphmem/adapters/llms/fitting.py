"""Fitting: what a model answered as a value of the schema, less the items that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from graphmem.ports.llm import Reply

T = TypeVar("T", bound=BaseModel)
_NOT_STRICT: Final = frozenset(("default", "title", "minLength", "minItems"))


def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema as strict decoders want it: every field required, and no others.

    Bounds that some decoders do not know are left out; answers are held against `schema` anyway.
    """
    found = schema.model_json_schema()
    for part in (found, *found.get("$defs", {}).values()):
        if "properties" in part:
            part["required"] = list(part["properties"])
            part["additionalProperties"] = False
            for field in part["properties"].values():
                for keyword in _NOT_STRICT & field.keys():
                    del field[keyword]
    return found


def fitted(schema: type[T], answer: object) -> Reply[T]:
    """`answer` as a value of `schema`.

    An item of a list that does not fit is dropped and counted. An answer inside another object is
    taken out of it.

    Raises
    ------
    ValueError
        It is no such value: not an object, the schema itself, or without a field that must be.
    """
    data = _inner(schema, answer)
    dropped = 0
    while True:
        try:
            return Reply(schema.model_validate(data), dropped)
        except ValidationError as error:
            bad = _bad_items(error)
            if not bad:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise ValueError(f"{where}: {first['msg']}") from error
            for field, positions in bad.items():
                data[field] = [item for n, item in enumerate(data[field]) if n not in positions]
                dropped += len(positions)


def _inner(schema: type[BaseModel], answer: object) -> dict[str, Any]:
    """The fields of an answer, from inside an object around it if need be."""
    fields = schema.model_fields.keys()
    if not isinstance(answer, Mapping):
        raise ValueError(f"not an object but {type(answer).__name__}")  # noqa: TRY004 - its content is wrong
    if fields & answer.keys():
        return dict(answer)
    inside = [v for v in answer.values() if isinstance(v, Mapping) and fields & v.keys()]
    if not inside:
        raise ValueError(f"none of the fields {', '.join(fields)}")
    if any(_is_definition(inside[0][name]) for name in fields & inside[0].keys()):
        raise ValueError("the schema itself instead of an answer")
    return dict(inside[0])


def _is_definition(value: object) -> bool:
    return isinstance(value, Mapping) and bool({"type", "$ref", "anyOf", "items"} & value.keys())


def _bad_items(error: ValidationError) -> dict[str, set[int]]:
    """Positions of items that do not fit, by field; nothing where more than items is wrong."""
    found: dict[str, set[int]] = {}
    for detail in error.errors():
        match detail["loc"]:
            case (str() as field, int() as position, *_):
                found.setdefault(field, set()).add(position)
            case _:
                return {}
    return found
