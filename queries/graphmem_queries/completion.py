"""What can stand next in a statement: labels, relationship types, properties, keywords."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from graphmem.ports.cypher import CypherSchema

KEYWORDS: Final = (
    *("MATCH", "OPTIONAL MATCH", "WHERE", "RETURN", "WITH", "UNWIND", "ORDER BY", "LIMIT", "SKIP"),
    *("DISTINCT", "AS", "AND", "OR", "NOT", "IN", "IS NULL", "IS NOT NULL", "CONTAINS"),
    *("STARTS WITH", "ENDS WITH", "CASE", "WHEN", "THEN", "ELSE", "END", "UNION ALL", "CALL"),
    *("YIELD", "EXISTS", "CREATE", "MERGE", "SET", "REMOVE", "DELETE", "DETACH DELETE", "DESC"),
    *("EXPLAIN", "PROFILE", "shortestPath(", "allShortestPaths(", "count(", "collect(", "nodes("),
    *("relationships(", "labels(", "type(", "coalesce(", "toLower(", "size(", "min(", "max("),
    *("datetime(", "substring(", "length(", "any(", "all(", "none("),
)
RESERVED: Final = frozenset(("end", "by"))
"""Property names that are keywords too, and so stand in backticks."""

_COMMAND = re.compile(r"^\s*(:\w*)$")
_RUN = re.compile(r"^\s*:run\s+(\w*)$")
_RUN_PARAMETER = re.compile(r"^\s*:run\s+(\w+)\s(?:.*\s)?(\w*)$")
_TYPE = re.compile(r"\[\s*\w*\s*:\s*(?:\w+\s*\|\s*)*(\w*)$")
_LABEL = re.compile(r"(?:\(\s*\w*|\w)\s*:\s*(\w*)$")
_PROPERTY = re.compile(r"(\w+)\.`?(\w*)$")
_KEY = re.compile(r":\s*(\w+)[^{}()\[\]]*\{(?:[^{}]*,)?\s*`?(\w*)$")
_WORD = re.compile(r"(\w*)$")


Offer = Callable[[re.Match[str]], Sequence[str]]


class StatementCompleter(Completer):
    """Completes by what stands before the cursor; `queries` maps named queries to parameters."""

    def __init__(
        self,
        schema: CypherSchema,
        *,
        queries: dict[str, tuple[str, ...]],
        commands: Iterable[str],
    ) -> None:
        self._schema = schema
        self._queries = queries
        self._commands = tuple(commands)
        self._of = {**schema.labels, **schema.relationships}
        self._places: tuple[tuple[re.Pattern[str], Offer], ...] = (
            (_COMMAND, lambda _: self._commands),
            (_RUN, lambda _: tuple(self._queries)),
            (_RUN_PARAMETER, lambda m: [f"{name}=" for name in self._queries.get(m[1], ())]),
            (_TYPE, lambda _: tuple(self._schema.relationships)),
            (_KEY, lambda m: self._of.get(m[1], ())),
            (_LABEL, lambda _: tuple(self._schema.labels)),
            (_PROPERTY, lambda m: self._properties_of(m[1], m.string)),
            (_WORD, lambda _: KEYWORDS),
        )

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002  the base class names it
    ) -> Iterator[Completion]:
        """What begins with the word at the cursor, whatever its case."""
        typed, candidates = self.candidates(document.text_before_cursor)
        for candidate in candidates:
            if candidate.lower().startswith(typed.lower()) and candidate != typed:
                text = f"`{candidate}`" if candidate in RESERVED else candidate
                yield Completion(text, start_position=-len(typed), display=candidate)

    def candidates(self, before: str) -> tuple[str, Sequence[str]]:
        """The word that is being typed, and all that could stand in its place."""
        for place, offer in self._places:
            if match := place.search(before):
                return match[match.re.groups], offer(match)
        raise AssertionError("a word, if an empty one, is everywhere")

    def _properties_of(self, variable: str, before: str) -> tuple[str, ...]:
        """Properties of what the statement binds the variable to; all where it does not say."""
        bound = re.search(rf"[(\[]\s*{re.escape(variable)}\s*:\s*(\w+)", before)
        if bound and bound[1] in self._of:
            return self._of[bound[1]]
        return tuple(sorted({name for names in self._of.values() for name in names}))
