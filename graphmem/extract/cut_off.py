"""Cut off: clauses of talk that leave open what they are about, which are told as no fact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graphmem.extract.clauses import Clause, is_caused
from graphmem.extract.gaps import is_infinitive
from graphmem.extract.page import Page
from graphmem.extract.phrases import phrase_of
from graphmem.extract.wording import Slot, governed
from graphmem.model.knowledge import Modality, Polarity

QUANTIFIERS: Final = frozenset("all both most some many others several few each none".split())
"""Words that are a subject of their own: "some came"."""
_POINTING: Final = frozenset(("that", "this", "these", "those"))
_SEEMING: Final = frozenset(("be", "look", "seem", "sound", "feel"))
_KNOWING: Final = frozenset("sure certain aware confident convinced positive".split())


def is_cut_off(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    """Whether a clause of talk would be told without what it is about.

    Nothing is known for who does it or what it is done to ("I told her that"), it is an infinitive
    of nothing ("places to visit"), or it ends where a clause begins ("I'm proud of who I am").
    """
    first = next((slot for slot in slots if slot.position < 0), None)
    is_alone = len(slots) == 1
    return (
        _is_half(page, clause, first)
        or _lacks_object(page, clause, slots)
        or _is_said_of_nobody(page, clause, first)
        or _is_asked_of_self(page, clause, first)
        or _is_only_shown(page, clause)
        or (is_alone and _is_open_ended(page, clause))
        or (len(slots) <= 2 and not clause.objects and _is_led_on(page, clause))
    )


def _is_half(page: Page, clause: Clause, first: Slot | None) -> bool:
    """Whether a clause needs the one above it, or the one below, to say something."""
    parse = page.parse
    above = clause.governor
    if above is not None and any(phrase_of(page, token) is None for token in above.objects):
        return True
    is_bare = parse.tags[clause.verb] == "VB" and clause.group == [clause.verb]
    if is_bare and parse.deps[clause.verb] == "conj" and is_caused(page, parse.heads[clause.verb]):
        return True  # "helps me rest and be creative"
    if is_infinitive(page, clause):
        return _is_on_being(page, clause) or not governed(page, clause, first)
    is_effect = above is not None and is_caused(page, clause.verb)
    if is_effect and not governed(page, clause, first):
        return above is None or parse.tags[above.verb] != "VBG"  # "made me smile": what did?
    content = parse.child(clause.verb, "ccomp")
    return content is not None and content > clause.verb and not is_caused(page, content)


def _lacks_object(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    told = {slot.phrase.head for slot in slots}
    words = page.parse.words
    bare = (words[t].lower() for t in clause.objects if not page.parse.children[t])
    is_one = not {"one", "ones"}.isdisjoint(bare)
    is_unsure = clause.modality is Modality.POSSIBLE and clause.polarity is Polarity.POSITIVE
    heads = list(clause.subjects)
    if is_unsure and not clause.is_question:
        heads += clause.objects  # "if you need any help"
    is_any = any(words[page.parse.left[t]].lower() == "any" for t in heads)
    untold = [t for t in clause.objects if t not in told and phrase_of(page, t) is None]
    is_open = not all(_is_part(page, token) for token in untold)
    return is_open or is_any or (is_one and len(slots) <= 2)


def _is_part(page: Page, token: int) -> bool:
    """Whether a word only says how many of what follows: "some of my plans"."""
    kid = page.parse.child(token, "prep")
    return kid is not None and page.parse.words[kid].lower() == "of"


def _is_open_ended(page: Page, clause: Clause) -> bool:
    """Whether nothing is known for what it is said with: "I talked to him"."""
    parse = page.parse
    led = [parse.child(k, "pobj") for k in parse.children[clause.verb] if parse.deps[k] == "prep"]
    return any(head is not None and parse.pos[head] in ("PRON", "DET") for head in led)


def _is_asked_of_self(page: Page, clause: Clause, first: Slot | None) -> bool:
    """Whether a subject from elsewhere would do it to itself: "I'm here, so ask me" is asked."""
    parse = page.parse
    subject = next(iter(clause.subjects), None)
    if first is None or subject in parse.children[clause.verb]:
        return False
    touched = (*clause.objects, *clause.recipients)
    plain = [t for t in touched if parse.tags[t] == "PRP" and not parse.words[t].endswith("f")]
    return any(
        phrase is not None and phrase.name == first.phrase.name
        for phrase in (phrase_of(page, token) for token in plain)
    )


def _is_said_of_nobody(page: Page, clause: Clause, first: Slot | None) -> bool:
    subject = next(iter(clause.subjects), None)
    if first is not None or subject is None:
        return False
    return page.parse.words[subject].lower() not in QUANTIFIERS


def _is_led_on(page: Page, clause: Clause) -> bool:
    """Whether an adjective says nothing but with what follows: "proud of who I am", "sure that"."""
    parse = page.parse
    for adjective in clause.attributes:
        kids = parse.children[adjective]
        if parse.lemmas[adjective].lower() in _KNOWING and parse.child(adjective, "ccomp"):
            return True
        led = (parse.child(kid, "ccomp", "pcomp") for kid in kids if parse.deps[kid] == "prep")
        if any(clause_below is not None for clause_below in led):
            return True
    return False


def _is_only_shown(page: Page, clause: Clause) -> bool:
    """Whether it is a view on what one can only see: "That picture is cute"."""
    parse = page.parse
    if not clause.subjects or parse.lemmas[clause.verb] not in _SEEMING:
        return False
    subject = clause.subjects[0]
    is_pointed = parse.words[parse.left[subject]].lower() in _POINTING
    is_felt = any(parse.pos[token] == "ADJ" for token in clause.attributes)
    return is_pointed and is_felt and subject not in page.antecedents


def _is_on_being(page: Page, clause: Clause) -> bool:
    """Whether an infinitive is of what something is in: "it is on my list of places to see"."""
    above = clause.governor
    is_bare = above is not None and not above.attributes and len(above.group) == 1
    return above is not None and is_bare and page.parse.lemmas[above.verb] == "be"
