"""Gaps: what a relative clause describes, in the place that the clause leaves open for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphmem.extract.page import Page
from graphmem.extract.prepositions import Role
from graphmem.extract.spoken import is_talk
from graphmem.model.knowledge import EntityType

if TYPE_CHECKING:
    from graphmem.extract.clauses import Clause

_SITES: Final = ("in", "at", "on", "to", "near")
_GIVING: Final = frozenset("give show tell bring send teach offer lend".split())
_SITED: Final = (EntityType.PLACE, EntityType.ORGANISATION, EntityType.OTHER)
_MANNERS: Final = ("way", "reason")


def is_infinitive(page: Page, clause: Clause) -> bool:
    """Whether a clause begins with "to"."""
    return page.parse.tags[clause.group[0]] == "TO"


def fill_gap(page: Page, clause: Clause) -> None:
    """Give a relative clause the noun that it describes, in the place that its pronoun has."""
    parse = page.parse
    verb = clause.verb
    noun = page.described(verb)
    adverb = parse.child(verb, "advmod")
    if adverb is not None and parse.tags[adverb] == "WRB":
        place = _place_before(page, noun) if noun in page.time_at else _site(page, verb, noun)
        if parse.words[adverb].lower() == "where" and place is not None:
            clause.roles.append(Role("in", adverb, place))
        return
    _hand_over(page, clause)
    reached = [*clause.subjects, *clause.objects, *(role.head for role in clause.roles)]
    if parse.deps[verb] != "relcl" or noun in reached:
        return
    if any(page.antecedents.get(token) == noun for token in reached):
        return
    hanging = [k for k in parse.children[verb] if parse.deps[k] == "prep" and not parse.children[k]]
    possessed = any(parse.tags[kid] == "WP$" for head in reached for kid in parse.children[head])
    if hanging:
        clause.roles.append(Role(parse.words[hanging[0]].lower(), hanging[0], noun))
    elif parse.lemmas[noun] in _MANNERS or _passes_gap(page, clause):
        return
    elif clause.subjects and not clause.objects and not possessed and not clause.is_passive:
        clause.objects.append(noun)


def _hand_over(page: Page, clause: Clause) -> None:
    """ "The joy it gives us": who is given something is no object, which is the joy."""
    parse = page.parse
    if not is_talk(page) or parse.lemmas[clause.verb] not in _GIVING or clause.recipients:
        return
    is_gap = parse.deps[clause.verb] == "relcl" and len(clause.objects) == 1
    if is_gap and parse.tags[clause.objects[0]] == "PRP":
        clause.recipients, clause.objects = clause.objects, []


def _passes_gap(page: Page, clause: Clause) -> bool:
    """Whether what is described is no object of a clause: "the power to go", "what I like to do".

    An infinitive below it has the object, if any has.
    """
    parse = page.parse
    below = parse.child(clause.verb, "xcomp")
    if is_infinitive(page, clause):
        above = clause.governor
        return below is not None or (
            above is not None and parse.heads[clause.verb] in above.objects
        )
    return below is not None and parse.child(below, "aux") is not None


def take_gap(page: Page, clause: Clause, above: Clause) -> None:
    """Give an infinitive the noun that the clause above it describes: "what I want to read"."""
    parse = page.parse
    if parse.deps[above.verb] != "relcl" or not is_infinitive(page, clause):
        return
    noun = page.described(above.verb)
    kids = {parse.deps[kid] for kid in parse.children[clause.verb]}
    is_whole = bool(kids & {"dobj", "xcomp", "ccomp", "acomp", "attr", "prep", "prt"})
    is_open = parse.lemmas[noun] not in _MANNERS and noun not in page.time_at
    is_who = any(page.antecedents.get(token) == noun for token in above.subjects)
    is_subject = is_who or noun in above.subjects
    if not is_whole and is_open and not is_subject and not above.objects:
        clause.objects = [noun]


def _site(page: Page, verb: int, noun: int) -> int | None:
    """What "where" is: the noun above it, or the name right before it; no person is a place."""
    parse = page.parse
    before = parse.left[verb] - 1
    while before > 0 and parse.words[before] == ",":
        before -= 1
    if not page.is_person(noun):
        named = page.name_at.get(before)
        return before if named is not None and named.referent.type in _SITED else noun
    first = max(first for first, _ in parse.sentences if first <= verb)
    for token in range(parse.left[noun] - 1, first - 1, -1):
        named = page.name_at.get(token)
        if named is not None and named.referent.type in _SITED[:2]:
            return token
    return None


def _place_before(page: Page, time: int) -> int | None:
    """The place that "where" is, which is told before a time: "in X since 2021, where"."""
    parse = page.parse
    verb = parse.heads[parse.heads[time]]
    for kid in reversed(parse.children[verb]):
        place = parse.child(kid, "pobj") if parse.deps[kid] == "prep" and kid < time else None
        if place is not None and place in page.name_at and parse.words[kid].lower() in _SITES:
            return place
    return None
