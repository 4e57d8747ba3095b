"""Mending: the JSON value in what a language model wrote, though it is framed, cut off or sloppy.

Only the form is mended, and nothing is made up: of a text that was cut off, what was complete is
kept, of a list the items that were.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

_THOUGHTS: Final = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<colon>:)
    |(?P<scalar>[^\s{}\[\],:"]+)|(?P<cut>")""",
    re.VERBOSE | re.DOTALL,
)
_LITERALS: Final = {"True": "true", "False": "false", "None": "null", "NaN": "null"}
_CLOSERS: Final = {"{": "}", "[": "]"}
_DEEPEST = 200
_TRIES = 5


class Mended(NamedTuple):
    """A value, whether it was not plain JSON, and whether its end is missing."""

    value: Any
    is_mended: bool = False
    is_cut: bool = False


def mended(text: str) -> Mended:
    """The JSON object or array in `text`.

    Read through: thoughts before the answer, code fences, words before and behind the value, commas
    too many or missing, Python's literals, line breaks in strings, an end that is missing.

    Raises
    ------
    ValueError
        There is no value in it, or it cannot be told what was meant.
    """
    try:
        return Mended(_only_containers(json.loads(text)))
    except (ValueError, RecursionError):
        pass
    bare = _THOUGHTS.sub("", text.lstrip("\ufeff"))
    reason = ValueError("no JSON in it")
    for begin in _beginnings(bare):
        try:
            closed, is_cut = _closed(bare[begin:])
            return Mended(json.loads(closed, strict=False), is_mended=True, is_cut=is_cut)
        except (ValueError, RecursionError) as error:
            reason = ValueError(f"not JSON: {error}")
    raise reason


def _only_containers(value: Any) -> Any:
    if isinstance(value, dict | list):
        return value
    if isinstance(value, str):  # JSON in a JSON string
        return _only_containers(json.loads(value))
    raise ValueError(f"not an object but {value!r:.40}")


def _beginnings(text: str) -> Iterator[int]:
    """Where the value may begin: braces in the words before it are tried in vain."""
    found = [match.start() for match in re.finditer(r"\{|\[", text)]
    yield from found[:_TRIES]


class _Value:
    """The tokens of a value as far as it has been read, and its last state that was complete."""

    def __init__(self) -> None:
        self._tokens: list[str] = []
        self._closers: list[str] = []
        self._keeps = 0
        self._keeps_closers: tuple[str, ...] = ()
        self._is_after_value = False

    @property
    def is_complete(self) -> bool:
        """Whether its last bracket is closed."""
        return bool(self._tokens) and not self._closers

    def open(self, bracket: str) -> None:
        """An object or an array begins."""
        self._begin()
        if len(self._closers) >= _DEEPEST:
            raise ValueError("nested too deep")
        self._closers.append(_CLOSERS[bracket])
        self._tokens.append(bracket)
        self._keep()

    def close(self, bracket: str) -> None:
        """An object or an array ends, and with it what was left open inside."""
        if bracket not in self._closers:
            return
        if self._tokens[-1] == ",":
            self._tokens.pop()
        while True:
            closer = self._closers.pop()
            self._tokens.append(closer)
            if closer == bracket:
                break
        self._is_after_value = True
        self._keep()

    def scalar(self, token: str) -> None:
        """A string or a literal."""
        self._begin()
        self._tokens.append(_LITERALS.get(token, token))
        self._is_after_value = True

    def comma(self) -> None:
        """One value ends and another follows."""
        if self._is_after_value:
            self._keep()
            self._tokens.append(",")
            self._is_after_value = False

    def colon(self) -> None:
        """The value of a key follows."""
        self._tokens.append(":")
        self._is_after_value = False

    def text(self) -> str:
        """The value; one that was cut off ends where it was last complete."""
        if not self.is_complete:
            del self._tokens[self._keeps :]
            self._tokens.extend(reversed(self._keeps_closers))
        return "".join(self._tokens)

    def _begin(self) -> None:
        """Put the comma that is missing before a value."""
        if self._is_after_value:
            self.comma()
        self._is_after_value = False

    def _keep(self) -> None:
        # An item of a list is whole or not there: what it lacks could be what turns it around.
        is_inside_item = "]" in self._closers[:-1]
        if not is_inside_item:
            self._keeps, self._keeps_closers = len(self._tokens), tuple(self._closers)


def _closed(text: str) -> tuple[str, bool]:
    """The first value of `text`, which begins with it, and whether its end was missing."""
    value = _Value()
    for match in _TOKEN.finditer(text):
        token = match.group()
        if match.lastgroup == "cut":
            break
        if match.lastgroup == "open":
            value.open(token)
        elif match.lastgroup == "close":
            value.close(token)
        elif match.lastgroup == "comma":
            value.comma()
        elif match.lastgroup == "colon":
            value.colon()
        else:
            value.scalar(token)
        if value.is_complete:
            break
    return value.text(), not value.is_complete
