"""What the commands of ``graphmem eval`` share: how a measure is named, and how it tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from graphmem.errors import InvalidInputError
from graphmem.terminal import console, emit

JsonFileOption = Annotated[
    Path | None, typer.Option("--json", help="Write the report to this file, - for stdout.")
]


def _indented(result: dict[str, Any]) -> str:
    return f"{json.dumps(result, indent=2)}\n"


def tell_result(
    result: dict[str, Any],
    table: Table,
    json_file: Path | None,
    *,
    as_text: Callable[[dict[str, Any]], str] = _indented,
) -> None:
    """Print the result as JSON where that is asked for, or else write its file and the table."""
    if json_file == Path("-"):
        emit(result)
        return
    if json_file is not None:
        json_file.write_text(as_text(result), encoding="utf-8")
    console.print(table)


def refuse_nowhere(file: Path | None) -> None:
    """Raise `InvalidInputError` for a file in a folder that is not there."""
    if file is not None and not file.parent.is_dir():
        raise InvalidInputError(f"There is no folder {file.parent} to write {file.name} to")


def whole_numbers(text: str, *, option: str) -> list[int]:
    """Numbers with commas between; raises `InvalidInputError` for anything else."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as cause:
        raise InvalidInputError(
            f"{option} {text!r}", remedy=f"Write whole numbers: {option} 2,5,10"
        ) from cause
