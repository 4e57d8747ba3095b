"""Files of states: the one that comes with graphmem, and one of one's own.

Whatever in a file is of another form than ``states.toml`` is refused by its line.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NoReturn

from graphmem.errors import ConfigurationError
from graphmem.resolve.states import Effect, Pattern, States

_OWN: Final = "states.toml"
_STATE: Final[Mapping[str, str]] = {
    "name": "text",
    **{effect.value: "texts" for effect in Effect},
    "not_of": "texts",
    "is_mutual": "true or false",
}
_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "learned": {"never": "texts"},
    "office": {"titles": "lists of texts"},
    "attribute": {"nouns": "texts", "prefixes": "texts", "changes": "texts"},
    "adjectives": {"families": "lists of texts", "participles": "texts by text"},
    "places": {"regions": "texts"},
}
"""What stands in which table, beside the states; each may be left out."""
_PATTERN: Final = 'A pattern is "predicate | role of whose it is | roles of its value"'
_SHAPE: Final = 'A shape is "predicate | role of whose it is | role of its value"'


@lru_cache(maxsize=8)
def load_states(extra: Path | None = None) -> States:
    """The states that come with graphmem, and those of a file of one's own.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or is not of the form of ``states.toml``; names file and line.
    """
    own = (files("graphmem.resolve") / _OWN).read_text("utf-8")
    read = [_File(_OWN, own)]
    if extra is not None:
        try:
            read.append(_File(str(extra), extra.read_text("utf-8")))
        except (OSError, ValueError) as cause:
            raise ConfigurationError(
                f"The states of {extra} cannot be read: {cause}",
                remedy="Write it as graphmem/resolve/states.toml, or unset GRAPHMEM_STATES",
            ) from cause
    return _states(read)


class _File:
    """The tables of a file, once each is of the form that it is to have."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines = text.splitlines()
        self.tables: Mapping[str, Any] = tomllib.loads(text)
        for key, value in self.tables.items():
            if key in ("state", "once"):
                for state in value if isinstance(value, list) else [value]:
                    self._check(f"[[{key}]]", state, _STATE, is_list=isinstance(value, list))
                    if not state.get("name"):
                        self.refuse(f"[[{key}]]", f"a [[{key}]] has no name", 'Write name = "..."')
            elif key in _TABLES:
                self._check(f"[{key}]", value, _TABLES[key])
            else:
                known = ", ".join(("[[state]]", "[[once]]", *(f"[{name}]" for name in _TABLES)))
                self.refuse(key, f"there is no {key!r}", f"There is {known}")

    def triple(self, written: str, remedy: str, *, ends_open: bool = False) -> tuple[str, str, str]:
        """The three parts of a pattern; the last may be empty where its end is open."""
        parts = [part.strip() for part in written.split("|")]
        if len(parts) != 3 or not all(parts[:2]) or not (parts[2] or ends_open):
            self.refuse(written, f"{written!r} is no pattern", remedy)
        predicate, holder, value = parts
        return predicate, holder, value

    def refuse(self, written: str, what: str, remedy: str) -> NoReturn:
        """Raise what is wrong with something that stands in the file."""
        numbered = list(enumerate(self._lines, 1))
        quoted = [str(at) for at, text in numbered if f'"{written}"' in text]
        lines = quoted or [str(at) for at, text in numbered if written in text]
        where = f", line{'s' * (len(lines) > 1)} {', '.join(lines)}" if lines else ""
        raise ConfigurationError(f"{self._name}{where}: {what}", remedy=remedy)

    def _check(
        self, title: str, table: Any, known: Mapping[str, str], *, is_list: bool = True
    ) -> None:
        if not isinstance(table, dict) or not is_list:
            name = title.strip("[]")
            self.refuse(name, f"{name!r} is no table", f"Write it as {title}")
        for key, value in table.items():
            if key not in known:
                listed = ", ".join(known)
                self.refuse(key, f"{title} has no {key!r}", f"It may have {listed}")
            if not _is_of(known[key], value):
                self.refuse(key, f"{key!r} is not {known[key]}", f"See {key} in {_OWN}")


def _is_of(form: str, value: Any) -> bool:
    if form == "text":
        return isinstance(value, str)
    if form == "true or false":
        return isinstance(value, bool)
    if form == "texts by text":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    each = "text" if form == "texts" else "texts"
    return isinstance(value, list) and all(_is_of(each, item) for item in value)


def _states(read: Sequence[_File]) -> States:
    patterns: defaultdict[str, list[Pattern]] = defaultdict(list)
    not_of: dict[str, frozenset[str]] = {}
    mutual = set()
    titles: dict[str, tuple[str, ...]] = {}
    adjectives: dict[str, str] = {}
    participles: dict[str, str] = {}
    never: set[tuple[str, str, str]] = set()
    for file in read:
        table = file.tables
        for is_once, kind in ((False, "state"), (True, "once")):
            for state in table.get(kind, ()):
                for effect in Effect:
                    for written in state.get(effect.value, ()):
                        predicate, holder, value = file.triple(written, _PATTERN, ends_open=True)
                        patterns[predicate].append(
                            Pattern(
                                state["name"],
                                effect,
                                tuple(holder.split()),
                                tuple(value.split()),
                                is_once,
                            )
                        )
                not_of[state["name"]] = frozenset(state.get("not_of", ()))
                if state.get("is_mutual"):
                    mutual.add(state["name"])
        for same in table.get("office", {}).get("titles", ()):
            titles.update((title, tuple(same)) for title in same)
        for family in table.get("adjectives", {}).get("families", ()):
            adjectives.update((word, family[0]) for word in family)
        participles.update(table.get("adjectives", {}).get("participles", {}))
        never.update(file.triple(w, _SHAPE) for w in table.get("learned", {}).get("never", ()))
    tables = [file.tables for file in read]
    of_attribute = [table.get("attribute", {}) for table in tables]
    return States(
        patterns={predicate: tuple(found) for predicate, found in patterns.items()},
        mutual=frozenset(mutual),
        not_of=not_of,
        titles=titles,
        nouns=_all(of_attribute, "nouns"),
        prefixes=_all(of_attribute, "prefixes"),
        changes=_all(of_attribute, "changes"),
        adjectives=adjectives,
        participles=participles,
        regions=_all([table.get("places", {}) for table in tables], "regions"),
        never_learned=frozenset(never),
    )


def _all(tables: Iterable[Mapping[str, Any]], key: str) -> frozenset[str]:
    return frozenset(word for table in tables for word in table.get(key, ()))
