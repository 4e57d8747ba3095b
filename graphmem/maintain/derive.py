"""Second-order facts: what stated facts say together, by few rules that hold of the world.

| rule | premises | says |
|---|---|---|
| ``parent of a parent`` | x parent of y, y parent of z | x grandparent of z |
| ``parent of both`` | p parent of x, p parent of y | x sibling of y |
| ``child the other way`` | x child of y | y parent of x |
| ``spouse both ways`` | x married to y | y married to x |
| ``sibling both ways`` | x sibling of y | y sibling of x |
| ``within what is within`` | x in y, y in z | x in z |
| ``owned by what is owned`` | x subsidiary of y, y subsidiary of z | x subsidiary of z |

Premises are stated facts only, asserted and actual, between two names; what is derived derives
nothing further. Two premises meet in a name that tells whom it means: one of several words, or in
one source; a place of one word also where several sources say what it is in. A derived fact holds
while its premises do, is trusted as the least of them, and is attributed to
:data:`graphmem.graph.threads.DERIVED`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Final, NamedTuple

from graphmem.graph.threads import DERIVED
from graphmem.kernels.text import words
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import (
    Entity,
    EntityType,
    Fact,
    FactKind,
    Member,
    Modality,
    Polarity,
)
from graphmem.model.time import WIDTHS, Precision, to_micros

_PARENT, _CHILD, _SPOUSE, _SIBLING = "parent", "child", "spouse", "sibling"
_WITHIN, _OWNED = "within", "owned"
_TOLD: Final[Mapping[str, tuple[str, str]]] = {
    **{f"be {noun} of": (_PARENT, "of") for noun in ("mother", "father", "parent")},
    **{f"be {noun} of": (_CHILD, "of") for noun in ("son", "daughter", "child")},
    **{f"be {noun} of": (_SPOUSE, "of") for noun in ("wife", "husband", "spouse")},
    **{f"be {noun} of": (_SIBLING, "of") for noun in ("brother", "sister", "sibling")},
    "marry": (_SPOUSE, "object"),
    "be married": (_SPOUSE, "to"),
    "be in": (_WITHIN, "place"),
    **{
        f"be {noun} in": (_WITHIN, "place")
        for noun in "city town village island county district municipality suburb region".split()
    },
    "be capital of": (_WITHIN, "of"),
    "be subsidiary of": (_OWNED, "of"),
}
"""What a predicate says of its subject and the first member in a role."""
PREDICATES: Final = tuple(sorted(_TOLD))
"""Predicates of facts that can be premises."""
_NOT_QUITE: Final = re.compile(
    r"\b(?:half|step|in-?law|former|ex|foster|god|great|adopt(?:ed|ive)|late|future|would-be"
    r"|fictional|surrogate|legal)\b|-(?:in-law|half)\b",
    re.IGNORECASE,
)
"""What makes a parent, sibling or spouse another thing than one."""
_NUMERAL: Final = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})|of|the|jr|sr")
_SURE: Final = 0.9
"""How sure a rule is of what it says, given its premises."""


class _Form(NamedTuple):
    """How a relation is said: predicate, role of the second member, and words."""

    predicate: str
    role: str
    text: str
    kind: FactKind = FactKind.ATTRIBUTE


_FORMS: Final = {
    "grandparent": _Form("be grandparent of", "of", "{} is a grandparent of {}."),
    _PARENT: _Form("be parent of", "of", "{} is a parent of {}."),
    _SIBLING: _Form("be sibling of", "of", "{} is a sibling of {}."),
    _SPOUSE: _Form("be spouse of", "of", "{} is the spouse of {}.", FactKind.STATE),
    _WITHIN: _Form("be in", "place", "{} is located in {}."),
    _OWNED: _Form("be subsidiary of", "of", "{} is a subsidiary of {}.", FactKind.STATE),
}


_LASTING: Final = frozenset(
    form.predicate
    for relation, form in _FORMS.items()
    if form.kind is FactKind.STATE or relation == _WITHIN
)
"""Predicates of derived facts that hold for as long as their premises do; others always."""


class Derivation(NamedTuple):
    """A derived fact, the rule that says it, and its premises."""

    fact: Fact
    rule: str
    premises: tuple[Fact, ...]


class _Tie(NamedTuple):
    """A relation between two entities, and the fact that states it."""

    left: str
    right: str
    fact: Fact


def derive(
    facts: Iterable[Fact],
    entities: Mapping[str, Entity],
    *,
    namespace: str,
    recorded_at: datetime,
    episodes: Mapping[str, frozenset[str]],
    one: Mapping[str, str] | None = None,
) -> list[Derivation]:
    """What the facts say together and none of them states, each once, in order of text.

    Parameters
    ----------
    entities
        The members by id: names for the words, and types.
    episodes
        Those that state each fact, by its id.
    one
        The id that stands for all entities held to be one with an id, where that is another.
    """
    ties = _ties(facts, entities, one or {})
    stated = {(relation, tie.left, tie.right) for relation, found in ties.items() for tie in found}
    made: dict[str, Derivation] = {}
    for relation, rule, left, right, premises, middle in _said_together(ties):
        if left == right or (relation, left, right) in stated:
            continue
        if middle and not _meet(relation, entities[middle], premises, episodes):
            continue
        found = _derivation(
            relation,
            rule,
            (entities[left], entities[right]),
            premises,
            namespace=namespace,
            recorded_at=recorded_at,
        )
        if found is not None:
            held = made.get(found.fact.id)
            if held is None or held.fact.confidence < found.fact.confidence:
                made[found.fact.id] = found
    return sorted(made.values(), key=lambda derived: (derived.fact.text, derived.fact.id))


_Said = tuple[str, str, str, str, tuple[Fact, ...], str]


def _said_together(ties: Mapping[str, Sequence[_Tie]]) -> Iterator[_Said]:
    """Relation, rule, both ends, premises, and the entity in which two premises meet."""
    for tie in ties[_CHILD]:
        yield _PARENT, "child the other way", tie.right, tie.left, (tie.fact,), ""
    for relation, rule in ((_SPOUSE, "spouse both ways"), (_SIBLING, "sibling both ways")):
        for tie in ties[relation]:
            yield relation, rule, tie.right, tie.left, (tie.fact,), ""
    parents = [*ties[_PARENT], *(_Tie(tie.right, tie.left, tie.fact) for tie in ties[_CHILD])]
    for first, second in _chained(parents):
        ends = (first.left, second.right)
        yield "grandparent", "parent of a parent", *ends, (first.fact, second.fact), first.right
    children: defaultdict[str, list[_Tie]] = defaultdict(list)
    for tie in parents:
        children[tie.left].append(tie)
    for parent, siblings in children.items():
        for one, other in combinations(sorted(siblings, key=lambda tie: tie.right), 2):
            ends = (one.right, other.right)
            yield _SIBLING, "parent of both", *ends, (one.fact, other.fact), parent
    for relation, rule in (
        (_WITHIN, "within what is within"),
        (_OWNED, "owned by what is owned"),
    ):
        for first, second in _chained(ties[relation]):
            ends = (first.left, second.right)
            yield relation, rule, *ends, (first.fact, second.fact), first.right


def _meet(
    relation: str,
    middle: Entity,
    premises: Sequence[Fact],
    episodes: Mapping[str, frozenset[str]],
) -> bool:
    """Whether two premises mean the same by the name that they share."""
    told = [episodes.get(premise.id, frozenset()) for premise in premises]
    telling = [word for word in words(middle.name) if not _NUMERAL.fullmatch(word)]
    if not told[0].isdisjoint(told[1]) or len(telling) > 1:
        return True
    return relation == _WITHIN and len(told[1]) > 1


def _chained(ties: Sequence[_Tie]) -> Iterator[tuple[_Tie, _Tie]]:
    """Pairs of which the one ends where the other begins."""
    starting: defaultdict[str, list[_Tie]] = defaultdict(list)
    for tie in ties:
        starting[tie.left].append(tie)
    for tie in ties:
        for following in starting.get(tie.right, ()):
            if following.fact is not tie.fact:
                yield tie, following


def _ties(
    facts: Iterable[Fact], entities: Mapping[str, Entity], one: Mapping[str, str]
) -> Mapping[str, list[_Tie]]:
    """The relations that the facts state, each between the ends that its rules speak of."""
    found: defaultdict[str, list[_Tie]] = defaultdict(list)
    for fact in sorted(facts, key=lambda fact: fact.id):
        told = _TOLD.get(fact.predicate)
        if told is None or not _is_premise(fact):
            continue
        relation, role = told
        left = next((m for m in fact.members if m.role == "subject"), None)
        right = next((m for m in fact.members if m.role == role), None)
        if left is None or right is None or not _fit(relation, left, right, entities):
            continue
        ends = (one.get(left.entity_id, left.entity_id), one.get(right.entity_id, right.entity_id))
        if ends[0] != ends[1] and ends[0] in entities and ends[1] in entities:
            found[relation].append(_Tie(*ends, fact))
    return found


def _is_premise(fact: Fact) -> bool:
    return (
        fact.retired_at is None
        and fact.polarity is Polarity.POSITIVE
        and fact.modality is Modality.ACTUAL
        and fact.attribution is None
        and not any(m.role == "attribute" and _NOT_QUITE.search(m.text) for m in fact.members)
        and not _NOT_QUITE.search(fact.text)
    )


def _fit(relation: str, left: Member, right: Member, entities: Mapping[str, Entity]) -> bool:
    """Whether both ends are names, and of the types that the relation is between."""
    types = [entities[m.entity_id].type for m in (left, right) if m.entity_id in entities]
    if len(types) < 2 or not all(type.is_name for type in types):
        return False
    if relation == _WITHIN:
        return all(type is EntityType.PLACE for type in types)
    if relation == _OWNED:
        return EntityType.PERSON not in types and EntityType.PLACE not in types
    return EntityType.PLACE not in types and EntityType.WORK not in types


def _derivation(
    relation: str,
    rule: str,
    ends: tuple[Entity, Entity],
    premises: tuple[Fact, ...],
    *,
    namespace: str,
    recorded_at: datetime,
) -> Derivation | None:
    """The fact that is derived; ``None`` where its premises never held at once."""
    form = _FORMS[relation]
    start, end = times_of(form.predicate, premises)
    if start and end and start >= end:
        return None
    left, right = ends
    members = (
        Member(role="subject", entity_id=left.id, text=left.name, ordinal=0),
        Member(role=form.role, entity_id=right.id, text=right.name, ordinal=1),
    )
    parts = [part for m in sorted(members, key=lambda m: m.role) for part in (m.role, m.entity_id)]
    confidence = _SURE
    for premise in premises:
        confidence *= premise.confidence
    fact = Fact(
        id=content_id(
            Kind.FACT,
            namespace,
            DERIVED,
            form.predicate,
            *map(str, map(to_micros, (start, end))),
            *parts,
        ),
        text=form.text.format(left.name, right.name),
        predicate=form.predicate,
        members=members,
        attribution=DERIVED,
        kind=form.kind,
        confidence=round(confidence, 4),
        trust=min(premise.trust for premise in premises),
        valid_from=start,
        valid_to=end,
        precision=next((p.precision for p in premises if p.precision and (start or end)), None),
        recorded_at=recorded_at,
        topics=tuple(dict.fromkeys(topic for p in premises for topic in p.topics)),
    )
    return Derivation(fact, rule, premises)


def times_of(predicate: str, premises: Iterable[Fact]) -> tuple[datetime | None, datetime | None]:
    """From when until when a derived fact with this predicate holds, by when its premises do."""
    if predicate not in _LASTING:
        return None, None
    held = list(premises)
    start = max((f.valid_from for f in held if f.valid_from), default=None)
    return start, min((end for f in held if (end := _end_of(f))), default=None)


def _end_of(fact: Fact) -> datetime | None:
    """When what a fact tells was over; of a wedding, its own day is not the marriage's end."""
    start, end = fact.valid_from, fact.valid_to
    if fact.predicate != "marry" or start is None or end is None:
        return end
    return end if end - start > WIDTHS[fact.precision or Precision.DAY] else None


def premises_of(rule: str) -> int:
    """How many premises a rule has."""
    return 1 if rule in ("child the other way", "spouse both ways", "sibling both ways") else 2
