"""Results for people, as tables, and for programs, as plain values for JSON.

Tables show times as dates, nodes and relationships in Cypher's own notation, and cut what is long;
JSON keeps all, with times in microseconds as the memory holds them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from graphmem.errors import InvalidInputError
from graphmem.model.time import from_micros
from graphmem.ports.cypher import CypherResult, CypherSchema
from graphmem_queries.catalogue import NamedQuery, Parameter

MAX_CELL: Final = 240
"""Characters of a cell in a table."""

_MAX_VALUE: Final = 48
_MAX_NARROW: Final = 20
_TIME = re.compile(r"_(?:from|to|at)$")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_DAY: Final = 86_400_000_000


def table(result: CypherResult, *, width: int) -> Table:
    """Rows as a table `width` characters wide at most, or as records one below the other.

    Text that came from documents cannot steer the terminal.
    """
    rows = [
        [cell(name, value) for name, value in zip(result.columns, row, strict=True)]
        for row in result.rows
    ]
    needs = [
        max(_header_width(name), min(_MAX_NARROW, max(len(row[at]) for row in rows)))
        for at, name in enumerate(result.columns)
    ]
    if sum(needs) + 3 * len(needs) + 1 > width:
        return _records(result.columns, rows)
    is_long = [any(len(row[at]) > _MAX_NARROW for row in rows) for at in range(len(needs))]
    lines = any(len(value) > MAX_CELL // 4 for row in rows for value in row)
    shown = Table(header_style="bold", show_lines=lines)
    for name, need, wraps in zip(result.columns, needs, is_long, strict=True):
        shown.add_column(Text(_printable(name)), min_width=need, no_wrap=not wraps, overflow="fold")
    for row in rows:
        shown.add_row(*row)
    return shown


def cell(column: str, value: Any) -> Text:
    """A value as it stands in a table, under the name of its column."""
    if value is None:
        return Text("-", style="dim")
    style = "cyan" if isinstance(value, int | float) and not isinstance(value, bool) else ""
    return Text(_cut(_printable(_written(column, value)), MAX_CELL), style=style)


def footer(result: CypherResult, *, max_rows: int) -> Text:
    """How many rows there are and how long they took, and what to know about them."""
    rows = len(result.rows)
    text = Text(f"{rows:,} row{'' if rows == 1 else 's'} in {result.seconds:.3g} s", style="dim")
    if result.truncated:
        text.append(f"\nThere are more rows than {max_rows:,}: see --max-rows", style="yellow")
    for warning in result.warnings:
        text.append(f"\n{_printable(warning)}", style="yellow")
    return text


def as_json(result: CypherResult) -> dict[str, Any]:
    """The result with each row as an object; numbers that JSON has no word for become null."""
    return {
        "columns": list(result.columns),
        "rows": [
            {name: _json(value) for name, value in zip(result.columns, row, strict=True)}
            for row in result.rows
        ],
        "truncated": result.truncated,
        "seconds": result.seconds,
        "warnings": list(result.warnings),
    }


def listing(queries: Mapping[str, NamedQuery]) -> Table:
    """The library as a table."""
    shown = Table("name", "what it answers", "parameters", header_style="bold", show_lines=True)
    for query in queries.values():
        parameters = Text("\n").join(map(_described, query.parameters))
        shown.add_row(Text(query.name, style="bold cyan"), Text(query.doc), parameters)
    return shown


def schema(shape: CypherSchema) -> Table:
    """Labels and relationship types with their properties, as a table."""
    shown = Table("pattern", "properties", header_style="bold")
    for label, names in shape.labels.items():
        shown.add_row(Text(f"(:{label})"), Text(", ".join(names)))
    for kind, names in shape.relationships.items():
        shown.add_row(Text(f"[:{kind}]"), Text(", ".join(names)))
    if shape.bookkeeping:
        own = ", ".join(f":{label}" for label in shape.bookkeeping)
        shown.caption = Text(f"Without a label, (n) meets the store's own nodes too: {own}")
    return shown


def _described(parameter: Parameter) -> Text:
    default = "" if parameter.required else f" = {json.dumps(parameter.default)}"
    return Text.assemble(
        (parameter.name, "bold"), (f" ({parameter.kind}{default})", "dim"), f": {parameter.doc}"
    )


def _records(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    """One field per line, for what has more columns than fit beside each other."""
    shown = Table(show_header=False)
    shown.add_column(style="bold", no_wrap=True)
    shown.add_column(overflow="fold")
    for row in rows:
        for name, value in zip(columns, row, strict=True):
            shown.add_row(Text(_cut(_printable(name), _MAX_VALUE)), value)
        shown.add_section()
    return shown


def _header_width(name: str) -> int:
    """Headers wrap between words, so the longest word is what must fit."""
    return min(_MAX_NARROW, max(map(len, name.split()), default=1))


def _written(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and _TIME.search(name):
        return _as_time(value)
    if isinstance(value, str | int | float | date | time):
        return value.isoformat() if isinstance(value, date | time) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_inner(name, item) for item in value)}]"
    if isinstance(value, Mapping):
        return _pattern(value)
    return str(value)


def _pattern(value: Mapping[str, Any]) -> str:
    """A node, a relationship, a path or a map in the notation of Cypher."""
    if value.keys() == {"_nodes", "_relationships"}:
        nodes = [_inner("", node) for node in value["_nodes"]]
        kinds = [link["_type"] for link in value["_relationships"]]
        return nodes[0] + "".join(
            f" -[:{kind}]- {node}" for kind, node in zip(kinds, nodes[1:], strict=True)
        )
    fields = ", ".join(
        f"{name}: {_inner(name, item)}" for name, item in value.items() if not name.startswith("_")
    )
    if "_labels" in value:
        labels = "".join(f":{label}" for label in value["_labels"])
        return f"({labels} {{{fields}}})"
    return f"[:{value['_type']} {{{fields}}}]" if "_type" in value else f"{{{fields}}}"


def _inner(name: str, value: Any) -> str:
    """A value within another: shorter, and a node by what it is called."""
    if isinstance(value, Mapping) and "_labels" in value:
        called = value.get("name") or value.get("text") or value.get("title") or value.get("id")
        labels = "".join(f":{label}" for label in value["_labels"])
        return f"({labels} {_cut(str(called), _MAX_VALUE)})"
    written = "null" if value is None else _written(name, value)
    return _cut(written, _MAX_VALUE) if isinstance(value, str) else written


def _as_time(micros: int) -> str:
    """Microseconds as a date, with the clock time where there is one."""
    try:
        moment = from_micros(micros)
    except OverflowError:
        return str(micros)
    assert moment is not None
    if micros % _DAY == 0:
        return moment.date().isoformat()
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _cut(text: str, length: int) -> str:
    """`text` cut between words to at most `length` characters, with a mark where it was."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    at = head.rfind(" ")
    return f"{head[:at] if at > length // 2 else head}…"


def _printable(text: str) -> str:
    """Control characters, which a terminal would obey, as spaces."""
    return _CONTROL.sub(" ", text)


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InvalidInputError(f"{value!r} has no form in JSON", remedy="Return a part of it")
