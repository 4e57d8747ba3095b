"""Statements that say the same, or the same and more: of a named subject, in one form of words.

Two statements are alike that have the same verb, polarity, modality and attribution, and the same
members beside those that say where or when. "Works for Acme" and "worked for Acme" have one form, a
preposition being a part of the predicate or a role. One that says where or when says more than
another that leaves it open; places and times that differ are two matters. What happened may happen
again: two tellings of it on different days are alike only if a time says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

from graphmem.kernels.text import normalise_name
from graphmem.model.history import Retelling
from graphmem.model.knowledge import Fact, FactKind

_WHERE: Final = frozenset("place in at on near".split())
"""Roles of members that say more of what is said without them too."""
_WHEN: Final = frozenset(("time", "extent", "during"))
_PREPOSITIONS: Final = frozenset("at by for from in into of on to under with".split())
_VERBS: Final[Mapping[str, str]] = {
    **dict.fromkeys("is are was were been being am".split(), "be"),
    **dict.fromkeys("has had having".split(), "have"),
    **dict.fromkeys("does did done".split(), "do"),
}
_ENDINGS: Final = ("ing", "ied", "ies", "ed", "es", "s", "d", "y", "e")
_SHORTEST: Final = 3
"""Letters of a word that are left when its ending is taken off, at least."""


class Form(NamedTuple):
    """What statements that are alike share, and in `details` what one of them may say more.

    `core` are the entities that all of them have as members.
    """

    kernel: tuple[object, ...]
    details: frozenset[tuple[str, str]]
    core: tuple[str, ...]


class Telling(NamedTuple):
    """A statement in its form, and the days on which it was told, where these are known."""

    fact: Fact
    form: Form
    days: frozenset[date]


def form_of(fact: Fact, names: Mapping[str, str]) -> Form | None:
    """The form of a statement; ``None`` for one that is of nobody named, or only of one thing."""
    verb, preposition = _plain(fact.predicate)
    core, details = [], []
    for member in fact.members:
        is_object = preposition and member.role == "object"
        pair = (preposition if is_object else member.role, member.entity_id)
        if member.role in _WHERE:
            details.append(pair)
        elif member.role not in _WHEN:
            core.append(pair)
    subjects = [id for role, id in core if role == "subject"]
    is_named = bool(subjects) and all(names.get(id, "")[:1].isupper() for id in subjects)
    if not is_named or len(core) + len(details) < 2:
        return None
    if preposition in _WHERE:
        # "Lives in Oslo" of a ready-made triple is what "lives" with a place is.
        details += [pair for pair in core if pair[0] == preposition]
        core = [pair for pair in core if pair[0] != preposition]
    if len(core) < 2:  # where somebody is, is then all that is said
        core, details = [*core, *(("where", id) for _, id in details)], []
    of = (verb, fact.polarity, fact.modality, fact.attribution)
    said_more = frozenset(("where", id) for _, id in details)
    return Form((*of, *sorted(core)), said_more, tuple(sorted({id for _, id in core})))


def relation(new: Telling, known: Telling) -> Retelling | None:
    """How a new statement stands to a known one; ``None`` where they are two matters."""
    if new.form.kernel != known.form.kernel or new.fact.id == known.fact.id:
        return None
    where = _more(new.form.details, known.form.details)
    when = _later_said(new, known)
    if where is None or when is None or {where, when} == {Retelling.MORE, Retelling.LESS}:
        return None
    return where if when is Retelling.SAME else when


def _more(new: frozenset[object], known: frozenset[object]) -> Retelling | None:
    if new == known:
        return Retelling.SAME
    return Retelling.MORE if new > known else Retelling.LESS if new < known else None


def _later_said(new: Telling, known: Telling) -> Retelling | None:
    """Which of two says more of when it was, if both can be of one time."""
    ours, theirs = (_dates(each.fact) for each in (new, known))
    if ours == theirs:
        return Retelling.SAME if any(ours) or _is_one_time(new, known) else None
    if any(ours) and any(theirs):
        return _within(new.fact, known.fact)
    dated = new if any(ours) else known
    is_happening = dated.fact.kind is FactKind.EVENT
    # Who liked it in 2010 may like it now; who has liked it since 2010 does.
    if dated.fact.valid_to is not None and not is_happening:
        return None
    if is_happening and not _is_one_time(new, known):
        return None
    return Retelling.MORE if dated is new else Retelling.LESS


def _is_one_time(new: Telling, known: Telling) -> bool:
    is_happening = FactKind.EVENT in (new.fact.kind, known.fact.kind)
    return not is_happening or not (new.days and known.days) or bool(new.days & known.days)


def _within(new: Fact, known: Fact) -> Retelling | None:
    """Which of two spans lies in the other, if one does and both ends of both are known."""
    (start, end), (first, last) = _dates(new), _dates(known)
    if start is None or end is None or first is None or last is None:
        return None
    if first <= start and end <= last:
        return Retelling.MORE
    return Retelling.LESS if start <= first and last <= end else None


def _dates(fact: Fact) -> tuple[datetime | None, datetime | None]:
    return fact.valid_from, fact.valid_to


def _plain(predicate: str) -> tuple[str, str]:
    """The words of a predicate without their endings, and the preposition that it ends in."""
    words = normalise_name(predicate).split()
    preposition = words.pop() if len(words) > 1 and words[-1] in _PREPOSITIONS else ""
    return " ".join(map(_stem, words)), preposition


def _stem(word: str) -> str:
    if word in _VERBS:
        return _VERBS[word]
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= _SHORTEST), "")
    return word.removesuffix(ending)


def spellings(fact: Fact) -> set[str]:
    """Predicates with which the same may be said: as it is read in a text, and in triples."""
    predicate = fact.predicate
    verb, _, rest = predicate.partition(" ")
    found = {predicate, verb}
    if verb in _VERBS:
        found.add(f"{_VERBS[verb]} {rest.rpartition(' ')[0]}".strip())
    if verb.endswith("s"):
        found |= {verb.removesuffix("s"), verb.removesuffix("es")}
    for member in fact.members:
        role = "in" if member.role == "place" else member.role
        if role in _PREPOSITIONS:
            be = predicate.removeprefix("be ")
            found |= {f"{predicate}s {role}", f"is {be} {role}", f"was {be} {role}"}
        elif role == "object":
            found.add(f"{predicate}s")
    return found
