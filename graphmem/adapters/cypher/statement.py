"""What no statement may ask for.

The engine decides whether a statement writes. What it would let through to the machine beneath
it, reading files above all, is refused here on the tokens, so that neither comments nor quoting
hide it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from graphmem.errors import QueryError
from graphmem.kernels.statements import Token, split_statements, tokens_of
from graphmem.kernels.text import well_formed

PROCEDURES: Final[frozenset[str]] = frozenset(
    (
        *("pagerank", "betweenness", "degree", "closeness", "louvain", "leiden"),
        *("label_propagation", "connected_components", "k_core", "clustering_coefficient"),
        *("triangle_count", "db.labels", "db.relationshiptypes", "db.propertykeys", "db.schema"),
        *("db.schema.nodetypeproperties", "db.schema.reltypeproperties", "db.graph_stats"),
    )
)
"""Procedures that may be called, in lower case: those that only read the graph."""


def checked(
    text: str,
    *,
    may_call: Callable[[str], bool] = PROCEDURES.__contains__,
    may_use: Callable[[str], bool] = lambda _: True,
) -> str:
    """The one statement of `text`, without comments.

    `may_call` says of a procedure's name, `may_use` of a function's that has a dot in it, both in
    lower case, whether a statement may have it.

    Raises
    ------
    QueryError
        None or several statements, or one that reads files, writes CSV, or has a procedure or a
        function that it may not.
    """
    statements, rest = split_statements(well_formed(text))
    if rest:
        statements.append(rest)
    if len(statements) != 1:
        raise QueryError(
            "The statement is empty" if not statements else f"{len(statements)} statements in one",
            remedy="Run one statement at a time",
        )
    tokens = _solid(statements[0])
    _refuse_unsafe(tokens, may_call)
    _refuse_functions(tokens, may_use)
    return statements[0]


def keywords(text: str) -> list[str | None]:
    """What stands at the beginning of a statement: names in lower case, ``None`` for the rest."""
    return [token.name for token in _solid(text)[:4]]


def parameters_of(text: str) -> set[str]:
    """The names that follow a dollar sign, in lower case."""
    tokens = _solid(text)
    return {
        name
        for dollar, token in pairwise(tokens)
        if dollar.text == "$" and (name := token.name) is not None
    }


def _refuse_unsafe(tokens: list[Token], may_call: Callable[[str], bool]) -> None:
    for at, token in enumerate(tokens):
        following = tokens[at + 1].name if at + 1 < len(tokens) else None
        if token.name == "load" and following == "csv":
            raise QueryError("LOAD CSV reads files", remedy="Ingest them: graphmem ingest FILE")
        if token.name == "format" and following == "csv":
            raise QueryError("FORMAT CSV is not understood", remedy="Ask for JSON instead")
        # A parameter, a property or a label may well be named "call".
        is_keyword = token.kind == "word" and (not at or tokens[at - 1].text not in "$.:")
        if is_keyword and token.name == "call" and following is not None:
            procedure = _dotted(tokens[at + 1 :])
            if not may_call(procedure):
                raise QueryError(
                    f"The procedure {procedure} may not be called",
                    remedy="Those may that only read the graph, such as db.labels",
                )


def _refuse_functions(tokens: list[Token], may_use: Callable[[str], bool]) -> None:
    for at, token in enumerate(tokens):
        begins = token.name is not None and (not at or tokens[at - 1].text != ".")
        if not begins or (at and tokens[at - 1].name == "call"):
            continue
        name = _dotted(tokens[at:])
        end = at + 2 * name.count(".") + 1
        is_function = "." in name and end < len(tokens) and tokens[end].text == "("
        if is_function and not may_use(name):
            raise QueryError(
                f"The function {name} may not be used",
                remedy="Those may that only compute from their arguments, such as apoc.coll.sum",
            )


def _dotted(tokens: list[Token]) -> str:
    """The name that `tokens` begin with: identifiers joined by dots."""
    parts = [tokens[0].name or ""]
    for dot, part in zip(tokens[1::2], tokens[2::2], strict=False):
        if dot.text != "." or part.name is None:
            break
        parts.append(part.name)
    return ".".join(parts)


def _solid(text: str) -> list[Token]:
    return [token for token in tokens_of(text) if token.kind not in {"space", "comment"}]
