"""Prompts: texts of their own, versioned by their name, with a system and a user part."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from string import Template

from graphmem.errors import InvalidInputError
from graphmem.ports.llm import Prompt

_PARTS = re.compile(r"^# system\n(.*?)^# user\n(.*)", re.MULTILINE | re.DOTALL)


def filled(version: str, **values: str) -> Prompt:
    """The prompt of the file ``VERSION.md`` with its ``$names`` filled in.

    Raises
    ------
    InvalidInputError
        There is no such prompt, or a name of it is left without a value.
    """
    system, user = _parts(version)
    try:
        return Prompt(version=version, system=system, user=user.substitute(values))
    except KeyError as cause:
        raise InvalidInputError(f"The prompt {version} needs {cause.args[0]!r}") from cause


@cache
def _parts(version: str) -> tuple[str, Template]:
    file = files(__name__) / f"{version}.md"
    found = _PARTS.search(file.read_text("utf-8")) if file.is_file() else None
    if found is None:
        raise InvalidInputError(f"There is no prompt {version}")
    return found[1].strip(), Template(found[2].strip())
