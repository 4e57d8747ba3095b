"""Mending what a small parser often gets wrong, where the rest of its parse tells better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from graphmem.extract.parse import Parse

_LINKS = ("PUNCT", "CCONJ")


class _Change(NamedTuple):
    token: int
    head: int
    dep: str


def repaired(parse: Parse) -> Parse:
    """The parse with misplaced heads moved; itself where there is nothing to mend."""
    heads, deps = list(parse.heads), list(parse.deps)
    is_changed = False
    for rule in (_off_links, _agents, _lists, _named):
        for token, head, dep in rule(parse, heads, deps):
            heads[token], deps[token] = head, dep
            is_changed = True
    return replace(parse, heads=heads, deps=deps) if is_changed else parse


def _off_links(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """What hangs on a comma, a semicolon or an "and" belongs to what that belongs to."""
    for token, head in enumerate(heads):
        if parse.pos[head] not in _LINKS or deps[token] == "punct" or head == token:
            continue
        above = head
        while parse.pos[above] in _LINKS and heads[above] != above:
            above = heads[above]
        if deps[token] == "prep" and deps[above] in ("prep", "agent"):
            above = heads[above]  # "by A; by B": the second is beside the first, not inside it
        if above not in (token, head):
            yield _Change(token, above, deps[token])


def _agents(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A later "by" of a verb that has an agent tells another agent."""
    with_agent = {heads[token] for token, dep in enumerate(deps) if dep == "agent"}
    for token, dep in enumerate(deps):
        if dep == "prep" and heads[token] in with_agent and parse.words[token].lower() == "by":
            yield _Change(token, heads[token], "agent")


def _named(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A name that comes right after a noun is that noun's: "owned by rancher Joe Jess"."""
    for token, dep in enumerate(deps):
        before = parse.left[token] - 1
        if dep != "npadvmod" or parse.pos[token] != "PROPN" or not 0 <= before != heads[token]:
            continue
        if parse.tags[before] == "NN" and deps[before] in ("pobj", "dobj", "conj", "attr"):
            yield _Change(token, before, "appos")


def _lists(parse: Parse, heads: list[int], deps: list[str]) -> Iterator[_Change]:
    """A noun after a comma in a list is conjoined, whatever its relation: "a poet, critic and"."""
    listed = {heads[token] for token, dep in enumerate(deps) if dep == "conj"}
    for token, dep in enumerate(deps):
        head = heads[token]
        if token not in listed or head > token or token == 0:
            continue
        is_after_comma = parse.words[parse.left[token] - 1] == ","
        kinds = (parse.pos[head], parse.pos[token])
        is_noun = dep in ("amod", "npadvmod") and set(kinds) <= {"NOUN", "ADJ", "PROPN"}
        is_name = dep == "appos" and kinds == ("PROPN", "PROPN")
        if is_after_comma and (is_noun or is_name):
            yield _Change(token, head, "conj")
