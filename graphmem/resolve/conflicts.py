"""Facts that two entities cannot share if they are one: two births, two deaths, a death first, or
what one of them did to the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from graphmem.model.knowledge import Fact, FactKind, Modality, Polarity

_ONCE: Final = {
    "be born": ("born", ("object", "subject")),
    "bear": ("born", ("object",)),
    "die": ("died", ("subject",)),
    "be found": ("founded", ("object", "subject")),
    "found": ("founded", ("object",)),
    "be establish": ("founded", ("object",)),
    "establish": ("founded", ("object",)),
}
"""What happens once, by predicate: what it is called, and the roles of whom it happens to."""

_TOWARDS: Final = frozenset(("object", "recipient", "agent", "with", "to", "by"))
"""Roles of whom a subject does something to, or with."""
_NAMING: Final = frozenset("be call know name rename become nickname dub style title sign".split())
"""Verbs of facts that say by which other name somebody goes."""
DATING: Final = frozenset(_ONCE)
"""Predicates of facts that can keep two entities apart."""


class Once(NamedTuple):
    """Something that happens to an entity once, and the fact that dates it."""

    what: str
    fact: Fact


class Conflict(NamedTuple):
    """Two facts that keep two entities apart."""

    left: Fact
    right: Fact

    def __str__(self) -> str:
        return f"{self.left.text!r} and {self.right.text!r}"


def is_functional(fact: Fact) -> bool:
    """Whether a fact dates something that happens once."""
    return (
        fact.predicate in _ONCE
        and fact.retired_at is None
        and fact.polarity is Polarity.POSITIVE
        and fact.modality is Modality.ACTUAL
        and (fact.valid_from is not None or fact.valid_to is not None)
    )


def between(facts: Iterable[Fact], left: Collection[str], right: Collection[str]) -> Fact | None:
    """The first fact in which one entity does something to the other, or with it.

    Nobody marries, meets or hires himself; a fact that says by which name somebody goes is none.
    """
    for fact in facts:
        is_told = fact.retired_at is None and fact.polarity is Polarity.POSITIVE
        is_event = fact.kind is FactKind.EVENT and fact.modality is Modality.ACTUAL
        if not (is_told and is_event) or fact.predicate.partition(" ")[0] in _NAMING:
            continue
        doing = {m.entity_id for m in fact.members if m.role == "subject"}
        towards = {m.entity_id for m in fact.members if m.role in _TOWARDS}
        for one, other in ((left, right), (right, left)):
            if not doing.isdisjoint(one) and not towards.isdisjoint(other):
                return fact
    return None


def find_conflict(
    left: Iterable[tuple[str, Fact]], right: Iterable[tuple[str, Fact]]
) -> Conflict | None:
    """The first two facts that cannot be of one entity; each comes with its entity's id."""
    once = list(_once(right))
    for what, fact in _once(left):
        for other_what, other in once:
            if _exclude(what, fact, other_what, other):
                return Conflict(fact, other)
    return None


def _once(facts: Iterable[tuple[str, Fact]]) -> Iterator[Once]:
    for entity_id, fact in facts:
        if not is_functional(fact):
            continue
        what, roles = _ONCE[fact.predicate]
        if any(m.entity_id == entity_id and m.role in roles for m in fact.members):
            yield Once(what, fact)


def _exclude(what: str, fact: Fact, other_what: str, other: Fact) -> bool:
    if what == other_what:
        return fact.id != other.id and not fact.valid.overlaps(other.valid)
    if {what, other_what} == {"born", "died"}:
        born, died = (fact, other) if what == "born" else (other, fact)
        return (
            died.valid_to is not None
            and born.valid_from is not None
            and died.valid_to <= born.valid_from
        )
    return False
