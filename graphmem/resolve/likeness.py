"""Whether two names stand for one entity: by spelling, alias, parts of a person's name, acronym.

Each rule has a score of its own. A rule that says too little by itself has to be borne out by the
passages that the two names stand in: by what follows the name there, or by their vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from graphmem.kernels.arrays import Floats
from graphmem.kernels.text import words
from graphmem.model.knowledge import Entity, EntityType
from graphmem.resolve.forms import (
    NameForm,
    form_of,
    given_name,
    initials,
    is_acronym,
    person_words,
)

SAME_AT: Final = 0.75
"""The score from which two entities are held to be one."""
_ALIKE: Final = 0.6
"""Cosine of the passages' vectors that says nothing either way."""
_PULL: Final = 0.6
"""What a cosine further from that adds to a score, or takes from it."""
_LEAST: Final = 3
"""Characters that the key of a name has, at least, to tell it by its spelling."""
_AROUND: Final = 80
"""Characters around a name that are looked at for what it is told apart by."""


@dataclass(frozen=True, slots=True)
class Described:
    """An entity with passages that mention it, and their vectors, shape (n, dimension)."""

    entity: Entity
    texts: Sequence[str] = ()
    vectors: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))


class Likeness(NamedTuple):
    """How surely two entities are one by a rule; `is_weak` where passages have to bear it out."""

    score: float
    by: str
    is_weak: bool = False


def may_be_one(left: EntityType, right: EntityType) -> bool:
    """Whether entities of these types can be one: the same type, or one that nobody knows."""
    return left is right or EntityType.OTHER in (left, right)


def compare(left: Entity, right: Entity) -> Likeness | None:
    """The best rule by which two names are one name, if there is any."""
    one, other = form_of(left.name), form_of(right.name)
    if one.qualifier != other.qualifier and one.qualifier and other.qualifier:
        return None
    if one.qualifier != other.qualifier:
        return Likeness(0.7, "qualifier", True) if one.words == other.words else None
    found = (
        _by_spelling(left, right, one, other)
        or _by_alias(left, right)
        or _by_tail(one, other)
        or _by_person(left, right, one, other)
        or _by_acronym(left, right, one, other)
    )
    return found if found and may_be_one(left.type, right.type) else None


def borne_out(likeness: Likeness, left: Described, right: Described) -> Likeness:
    """A weak likeness after a look at the passages of both."""
    if likeness.by in ("tail", "qualifier"):
        told = _is_told(left, right) or _is_told(right, left)
        return likeness._replace(score=0.85 if told else 0.0)
    cosine = _cosine(left, right)
    if cosine is None:
        return likeness
    score = likeness.score + _PULL * (cosine - _ALIKE)
    return likeness._replace(score=min(max(score, 0.0), 1.0))


def _cosine(left: Described, right: Described) -> float | None:
    """Of the two nearest passages; one that mentions both says nothing."""
    if not left.vectors.size or not right.vectors.size:
        return None
    cosines = left.vectors @ right.vectors.T
    shared = np.array([[one == other for other in right.texts] for one in left.texts])
    apart = cosines[~shared]
    return float(apart.max()) if apart.size else None


def _by_spelling(left: Entity, right: Entity, one: NameForm, other: NameForm) -> Likeness | None:
    if one.words != other.words:
        return None
    if one.is_legal != other.is_legal:
        firms = {left.type, right.type} <= {EntityType.ORGANISATION, EntityType.OTHER}
        surely = EntityType.ORGANISATION in (left.type, right.type) or len(one.words) > 1
        return Likeness(0.9, "legal form") if firms and surely else None
    if len(one.key) < _LEAST:
        return None
    if one.is_titled != other.is_titled and not one.numbers:
        return Likeness(0.78, "title of honour", True)
    return Likeness(0.95, "spelling")


def _by_alias(left: Entity, right: Entity) -> Likeness | None:
    """A name of several words that surely means the one is the other's name or alias."""
    own = {form_of(left.name).key, form_of(right.name).key}
    shared = telling_aliases(left) & telling_aliases(right)
    # One spelling of both names is the first rule's to judge.
    return Likeness(0.9, "alias") if shared and (shared - own or len(own) > 1) else None


def telling_aliases(entity: Entity) -> set[str]:
    """Keys of an entity's name and of those aliases that others would hardly be called by.

    Such an alias has several words that are not a part of the name, four of them with a numeral,
    and shares one with the name unless the entity is a person.
    """
    own = form_of(entity.name)
    keys = set() if own.qualifier else {own.key}
    for alias in entity.aliases:
        form = form_of(alias)
        is_long = len(form.words) > (3 if form.numbers else 1)
        is_part = set(form.words) <= set(own.words)
        is_near = entity.type is EntityType.PERSON or not set(form.words).isdisjoint(own.words)
        if is_long and is_near and not is_part:
            keys.add(form.key)
    return keys


def _by_tail(one: NameForm, other: NameForm) -> Likeness | None:
    """ "Rotrou III" and "Rotrou III, Count of Perche"."""
    longer, shorter = (one, other) if one.tail else (other, one)
    if shorter.tail or not longer.tail:
        return None
    head = longer.words[: len(longer.words) - len(longer.tail)]
    return Likeness(0.7, "tail", True) if head == shorter.words else None


def _by_person(left: Entity, right: Entity, one: NameForm, other: NameForm) -> Likeness | None:
    if EntityType.PERSON not in (left.type, right.type):
        return None
    a, b = person_words(one), person_words(other)
    if not a or not b or a[-1] != b[-1]:
        return None
    shorter, longer = sorted((a[:-1], b[:-1]), key=len)
    n_initials = sum(len(part) == 1 for part in (*shorter, *longer))
    if not _is_given(shorter[0], longer[0]) or not _in_order(shorter[1:], longer[1:]):
        return None
    if len(shorter[0]) == 1 or len(longer[0]) == 1:
        both = len(shorter) == len(longer) > 1
        return Likeness(0.85, "initials") if both else Likeness(0.72, "initials", True)
    if len(shorter) == len(longer):
        return Likeness(0.9, "initials") if n_initials else Likeness(0.72, "nickname", True)
    is_nickname = shorter[0] != longer[0]
    left_out_initial = n_initials > 0
    return Likeness(0.7 if is_nickname else 0.78 if left_out_initial else 0.74, "middle name", True)


def _is_given(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == 1:
        return longer.startswith(shorter)
    return one == other or given_name(one) == given_name(other)


def _in_order(shorter: Sequence[str], longer: Iterable[str]) -> bool:
    """Whether every middle name of the shorter is one of the longer, or its initial, in order."""
    rest = iter(longer)
    return all(any(_is_initial_of(part, other) for other in rest) for part in shorter)


def _is_initial_of(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return shorter == longer or (len(shorter) == 1 and longer.startswith(shorter))


def _by_acronym(left: Entity, right: Entity, one: NameForm, other: NameForm) -> Likeness | None:
    for short, form in ((left, other), (right, one)):
        letters = "".join(c.lower() for c in short.name if c.isalpha())
        if is_acronym(short.name) and len(form.words) > 2 and initials(form) == letters:
            types = {left.type, right.type} - {EntityType.OTHER}
            if types <= {EntityType.ORGANISATION}:
                return Likeness(0.78, "acronym", True)
    return None


def _is_told(bare: Described, longer: Described) -> bool:
    """Whether the bare name's passages say what tells the longer one from others of its name.

    A tail has to follow the name; each word of a qualifier has to stand near it. Half of the
    passages must do so.
    """
    form = form_of(longer.entity.name)
    own = form_of(bare.entity.name)
    if own.qualifier or own.tail:
        return False
    texts = [text for text in bare.texts if text]
    told = sum(
        _follows(form.tail, bare.entity.name, text)
        if form.tail
        else _stands_near(form.qualifier.split(), bare.entity.name, text)
        for text in texts
    )
    return bool(texts) and 2 * told >= len(texts)


def _follows(tail: Sequence[str], name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        after = form_of(text[at + len(name) : at + len(name) + _AROUND]).spelt
        if after[: len(tail)] == tuple(tail):
            return True
        at = text.find(name, at + 1)
    return False


def _stands_near(qualifier: Sequence[str], name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        near = words(text[max(0, at - _AROUND) : at] + " " + text[at + len(name) :][:_AROUND])
        if all(any(_is_kin(word, other) for other in near) for word in qualifier):
            return True
        at = text.find(name, at + 1)
    return False


def _is_kin(one: str, other: str) -> bool:
    """One word, or two of one stem: "director" and "directed"."""
    return one == other or (min(len(one), len(other)) > 5 and one[:6] == other[:6])
