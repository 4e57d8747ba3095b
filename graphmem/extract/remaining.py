"""What no fact of its sentence holds yet, told with the clause that it stands in.

A parser's slip, a long list or a deep phrase leaves nouns that are no argument of any verb. In a
document those after a verb are told in its own words, from the verb's subject up to the last of
them. One before its verb, and each in talk, is said after the core of its clause, led by the words
on the way to it: "the basic research is still used | in the manufacture of | glass facades".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from graphmem.extract.clauses import Clause
from graphmem.extract.facts import fact_of
from graphmem.extract.members import MOST_MEMBERS
from graphmem.extract.page import Page, Phrase
from graphmem.extract.phrases import phrase_of, written
from graphmem.extract.prepositions import is_fixed, preposition_of
from graphmem.extract.quoting import LONGEST_QUOTE
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


class _Left(NamedTuple):
    """A noun that no fact holds, and the tokens from a clause's verb down to it."""

    way: Sequence[int]
    phrase: Phrase


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
    quoted: dict[int, list[_Left]] = {}
    for token in range(len(parse)):
        is_noun = parse.pos[token] in ("NOUN", "PROPN", "NUM") and parse.deps[token] not in _INSIDE
        if not is_noun or token in held or parse.deps[token] in _OWN_CLAUSE:
            continue
        is_exclaimed = parse.deps[token] == "dep" and token < parse.heads[token]
        if is_exclaimed or is_fixed(page, parse.heads[token], token):
            continue  # "Big news: I moved" moves nothing
        if is_talk(page) and any(parse.deps[kid] in _OF_IT for kid in parse.children[token]):
            continue  # "the strength to go on" is told as a whole
        left = _left(page, token, by_verb)
        if left is None:
            continue
        if not is_talk(page) and token > left.way[0]:
            quoted.setdefault(left.way[0], []).append(left)
            continue
        fact = _told_of(page, by_verb[left.way[0]], left)
        if fact is not None:
            held.update(_held(page, [fact]))
            yield fact
    for verb, nouns in quoted.items():
        yield from _quoted(page, by_verb[verb], nouns, held)


def _quoted(
    page: Page, clause: Clause, nouns: Sequence[_Left], held: set[int]
) -> Iterator[FactDraft]:
    """Facts in the words of the text, each up to the last of some nouns that are left."""
    attribute = next(iter(clause.attributes), None)
    core = _core(page, clause)
    names = {slot.phrase.name for slot in core}
    room = max(MOST_MEMBERS - len(core), 2)
    if all(slot.position >= 0 for slot in core):
        return
    slots = [_slot(page, left) for left in nouns if left.phrase.name not in names]
    while slots := [slot for slot in slots if slot.position not in held]:
        part, slots = slots[:room], slots[room:]
        part = [slot for slot in part if slot.position - clause.verb < LONGEST_QUOTE]
        if not part:
            return
        last = page.parse.tokens_in(0, max(slot.phrase.end for slot in part))[1]
        fact = fact_of(page, clause, [*core, *part], attribute, quoted_to=last)
        if fact is not None:
            held.update(_held(page, [fact]))
            yield fact.model_copy(update={"confidence": _CONFIDENCE})


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


def _told_of(page: Page, clause: Clause, left: _Left) -> FactDraft | None:
    """What is said of a noun, after the core of its clause."""
    way, token = left.way[1:-1], left.way[-1]
    if page.context.speaker and any(page.parse.pos[t] in ("VERB", "AUX") for t in way):
        return None  # what lies between in talk is a sentence of its own
    passed = set(left.way)
    core = [slot for slot in _core(page, clause) if slot.phrase.head not in passed]
    slot = _slot(page, left)
    if not is_talk(page):
        if not slot.lead or any(page.parse.pos[t] in ("VERB", "AUX") for t in way):
            return None  # it stands before the verb, and in a clause of its own
        slot = slot._replace(position=len(page.parse) + token)
    is_told = any(slot.role == "attribute" for slot in core)
    if (
        all(slot.position >= 0 for slot in core)
        or (is_told and not slot.lead)
        or any(s.phrase.name == slot.phrase.name for s in core)
    ):
        return None
    fact = fact_of(page, clause, [*core, slot], next(iter(clause.attributes), None))
    if fact is None or token not in _held(page, [fact]) - page.antecedents.keys():
        return None
    return fact.model_copy(update={"confidence": _CONFIDENCE})


def _core(page: Page, clause: Clause) -> list[Slot]:
    """The first subject, object and the like of a clause."""
    slots = slots_of(
        page,
        clause,
        next(iter(clause.subjects), None),
        next(iter(clause.agents), None),
        next(iter(clause.objects), None),
        next(iter(clause.attributes), None),
    )
    return [slot for slot in slots if slot.role in _CORE]


def _slot(page: Page, left: _Left) -> Slot:
    """A noun that is left with its role, and the words that lead to it."""
    lead, role = _lead(page, left.way[1:])
    role = "time" if left.phrase.type is EntityType.DATE else role
    return Slot(role, left.phrase, left.way[-1], lead)


def _left(page: Page, token: int, by_verb: Mapping[int, Clause]) -> _Left | None:
    way = _way_up(page, token, by_verb)
    phrase = phrase_of(page, token)
    return _Left([*reversed(way), token], phrase) if way and phrase is not None else None


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
            role = preposition_of(page, token)
            pieces.append(role)
        elif parse.deps[below] not in _BESIDE:
            first = max(parse.left[token], token - _LONGEST_LEFT)
            pieces.append(written(page, first, token + 1))
            if parse.deps[below] not in _BELOW:
                pieces.append(",")
    return " ".join(pieces), role
