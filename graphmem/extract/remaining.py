"""What no fact of its sentence holds yet, told with the clause that it stands in.

A parser's slip, a long list or a deep phrase leaves nouns that are no argument of any verb. Each of
them is said once, after the core of its clause, led by the words on the way to it: "the basic
research is still used | in the manufacture of | glass facades".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from graphmem.extract.clauses import Clause
from graphmem.extract.facts import fact_of
from graphmem.extract.page import Page
from graphmem.extract.phrases import phrase_of, written
from graphmem.extract.prepositions import is_fixed
from graphmem.extract.slots import CLASS, slots_of
from graphmem.extract.spoken import is_talk
from graphmem.extract.wording import Slot
from graphmem.model.extraction import FactDraft
from graphmem.model.knowledge import EntityType

_CONFIDENCE: Final = 0.6
_CORE: Final = frozenset(("subject", "object", "recipient", "attribute", CLASS))
_INSIDE: Final = frozenset(
    "compound nmod amod poss nummod det quantmod npadvmod advmod predet".split()
)
_OWN_CLAUSE: Final = frozenset(("nsubj", "nsubjpass", "ROOT", "expl"))
_BESIDE: Final = ("conj", "appos")
_BELOW: Final = ("prep", "pobj", "pcomp", "dobj", "agent", "dative", "acl", "attr")
_OF_IT: Final = ("acl", "relcl")
_LONGEST_WAY, _LONGEST_LEFT = 8, 3


def remaining(
    page: Page,
    clauses: Sequence[Clause],
    first_of: Mapping[int, int],
    told: Sequence[FactDraft],
) -> Iterator[FactDraft]:
    """Facts of the nouns that `told` leaves out; `first_of` are the verbs that facts are of."""
    parse = page.parse
    by_verb = {clause.verb: clause for clause in clauses if clause.verb in first_of}
    held = _held(page, told) | _in_parentheses(page)
    for token in range(len(parse)):
        is_noun = parse.pos[token] in ("NOUN", "PROPN", "NUM") and parse.deps[token] not in _INSIDE
        if not is_noun or token in held or parse.deps[token] in _OWN_CLAUSE:
            continue
        is_exclaimed = parse.deps[token] == "dep" and token < parse.heads[token]
        if is_exclaimed or is_fixed(page, parse.heads[token], token):
            continue  # "Big news: I moved" moves nothing
        if is_talk(page) and any(parse.deps[kid] in _OF_IT for kid in parse.children[token]):
            continue  # "the strength to go on" is told as a whole
        fact = _told_of(page, token, by_verb)
        if fact is not None:
            held.update(_held(page, [fact]))
            yield fact


def _in_parentheses(page: Page) -> set[int]:
    """The tokens of asides, which are told by themselves."""
    found: set[int] = set()
    depth = 0
    for token, word in enumerate(page.parse.words):
        depth = max(depth + (word in ("(", "[")) - (word in (")", "]")), 0)
        if depth:
            found.add(token)
    return found


def _held(page: Page, facts: Iterable[FactDraft]) -> set[int]:
    """The tokens that facts have in their members, or that stand for one of them."""
    found = set(page.antecedents)
    for fact in facts:
        for member in fact.members:
            if member.start is not None and member.end is not None:
                found.update(range(*page.parse.tokens_in(member.start, member.end)))
    return found


def _told_of(page: Page, token: int, by_verb: Mapping[int, Clause]) -> FactDraft | None:
    way = _way_up(page, token, by_verb)
    phrase = phrase_of(page, token)
    if not way or phrase is None:
        return None
    clause = by_verb[way.pop()]
    if page.context.speaker and any(page.parse.pos[t] in ("VERB", "AUX") for t in way):
        return None  # what lies between in talk is a sentence of its own
    attribute = next(iter(clause.attributes), None)
    slots = slots_of(
        page,
        clause,
        next(iter(clause.subjects), None),
        next(iter(clause.agents), None),
        next(iter(clause.objects), None),
        attribute,
    )
    passed = {slot.phrase.head for slot in slots} & {token, *way}
    core = [slot for slot in slots if slot.role in _CORE and slot.phrase.head not in passed]
    lead, role = _lead(page, [*reversed(way), token])
    if phrase.type is EntityType.DATE:
        role = "time"
    is_told = any(slot.role == "attribute" for slot in core)
    if (
        all(slot.position >= 0 for slot in core)
        or (is_told and not lead)
        or any(s.phrase.name == phrase.name for s in core)
    ):
        return None
    fact = fact_of(page, clause, [*core, Slot(role, phrase, token, lead)], attribute)
    if fact is None or token not in _held(page, [fact]) - page.antecedents.keys():
        return None
    return fact.model_copy(update={"confidence": _CONFIDENCE})


def _way_up(page: Page, token: int, by_verb: Mapping[int, Clause]) -> list[int]:
    """The tokens above one, up to a verb that facts are of; nothing where that is far or none."""
    heads = page.parse.heads
    way: list[int] = []
    while heads[token] != token and len(way) < _LONGEST_WAY:
        token = heads[token]
        way.append(token)
        if token in by_verb:
            return way
    return []


def _lead(page: Page, way: Sequence[int]) -> tuple[str, str]:
    """The words that lead from a verb to the last token of the way, and the role that gives it."""
    parse = page.parse
    pieces: list[str] = []
    role = "other"
    for token, below in pairwise(way):
        if parse.pos[token] == "ADP" or parse.deps[token] == "prep":
            role = parse.words[token].lower()
            pieces.append(role)
        elif parse.deps[below] not in _BESIDE:
            first = max(parse.left[token], token - _LONGEST_LEFT)
            pieces.append(written(page, first, token + 1))
            if parse.deps[below] not in _BELOW:
                pieces.append(",")
    return " ".join(pieces), role
