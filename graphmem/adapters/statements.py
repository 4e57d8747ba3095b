"""Statements kept in files of Cypher: each under a line ``// name: NAME``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_NAME: Final = "// name: "


@cache
def read_statements(package: str, file: str) -> Mapping[str, str]:
    """The statements of ``cypher/FILE.cypher`` in `package`, by name, in the order of the file."""
    text = (files(package) / "cypher" / f"{file}.cypher").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line.startswith(_NAME):
            current = found.setdefault(line.removeprefix(_NAME), [])
        elif not line.startswith("//"):
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}
