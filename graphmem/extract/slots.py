"""Slots: the arguments of a clause as phrases, each with its role and its place in the sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from graphmem.extract.clauses import Clause, class_of
from graphmem.extract.lexicon import (
    EVENT_NOUNS,
    PERSON_NOUNS,
    PLACE_NOUNS,
    SITED_NOUNS,
    WORK_NOUNS,
)
from graphmem.extract.page import Page, Phrase, Referent
from graphmem.extract.phrases import conjuncts, is_deed, phrase_of, with_indefinite
from graphmem.extract.prepositions import Role, roles_under
from graphmem.extract.spoken import left_out
from graphmem.extract.wording import GOVERNOR, Slot, verb_text
from graphmem.model.knowledge import EntityType

_FRONTED = 1000
_FIRST = -1
_PLACE_PREPOSITIONS: Final = frozenset(("in", "at", "on", "near"))
_UNSITED_NOUNS: Final = PERSON_NOUNS | WORK_NOUNS | EVENT_NOUNS
CLASS = "class"
"""The role of "film" in "X is a film directed by Y": it is said, but in a fact of its own."""


def slots_of(
    page: Page,
    clause: Clause,
    subject: int | None,
    agent: int | None,
    object_: int | None,
    attribute: int | None,
) -> list[Slot]:
    """All arguments of a clause, with one of its conjoined subjects, agents, objects, attributes.

    Each of the four is a token, or None where the clause has none.
    """
    verb = clause.verb
    class_noun = class_of(page, clause)
    passive_role = "recipient" if object_ is not None else "object"
    heads = [
        (passive_role if clause.is_passive else "subject", subject, _FIRST, ""),
        ("subject" if clause.is_passive else "agent", agent, None, "by"),
        ("object", object_, None, ""),
        ("attribute", attribute, None, ""),
        *(("recipient", head, None, _lead_of(page, head)) for head in clause.recipients),
        *(("time", head, None, "") for head in clause.times),
        *(("extent", head, None, "") for head in clause.extents),
    ]
    slots: list[Slot] = []
    unwritten = left_out(page) if clause.is_elided else None
    if unwritten is not None:
        slots.append(Slot(heads[0][0], _elided(page, unwritten, verb), _FIRST))
    roles = list(clause.roles)
    if class_noun is not None:
        heads.append((CLASS, class_noun, 0, ""))
    for role, head, position, lead in heads:
        if head is None:
            continue
        is_attribute = role == "attribute" and page.parse.pos[head] != "NUM"
        if head != class_noun and not is_deed(page, head):
            roles += roles_under(page, head, with_of=is_attribute)
        phrase = phrase_of(page, head, with_of=not is_attribute)
        if phrase and is_attribute:
            phrase = _one_of_them(page, clause, head, _with_article(page, head, phrase))
        if phrase:
            slots.append(Slot(role, phrase, _position(role, head, verb, position), lead))
    for argument in roles:
        slots += role_slots(page, argument, verb)
    if clause.bearer is not None and subject is not None:
        slots += _borne(page, clause.bearer, subject)
    if clause.governor is not None:
        slots += _governing(page, clause.governor, clause)
    return list({slot.phrase[1:7]: slot for slot in reversed(slots)}.values())[::-1]


def _lead_of(page: Page, recipient: int) -> str:
    """The "to" of "gave it to Ann", which "gave Ann a book" has not."""
    preposition = page.parse.heads[recipient]
    is_led = page.parse.deps[recipient] == "pobj"
    if page.parse.deps[recipient] == "dobj":  # "the joy it gives us"
        return "to"
    return page.parse.words[preposition].lower() if is_led else ""


def _with_article(page: Page, noun: int, phrase: Phrase) -> Phrase:
    """One of several things that something is, with the article that only the first has."""
    parse = page.parse
    first = noun
    while parse.deps[first] == "conj" and parse.pos[parse.heads[first]] == "NOUN":
        first = parse.heads[first]
    article = parse.child(first, "det")
    is_bare = (
        first != noun and parse.tags[noun] == "NN" and parse.child(noun, "det", "poss") is None
    )
    if not is_bare or article is None or parse.words[article].lower() not in ("a", "an"):
        return phrase
    return phrase._replace(shown=with_indefinite(phrase.shown))


def _one_of_them(page: Page, clause: Clause, noun: int, phrase: Phrase) -> Phrase:
    """What several are, of one of them: "Ann and Bob are members of" is "a member of"."""
    is_several = any(len(conjuncts(page, subject)) > 1 for subject in clause.subjects)
    is_plain = phrase.shown.split(" ")[-1] == page.parse.words[noun]
    if not is_several or page.parse.tags[noun] != "NNS" or not is_plain:
        return phrase
    shown = f"{phrase.shown[: -len(page.parse.words[noun])]}{page.parse.lemmas[noun]}"
    if page.parse.child(noun, "det", "poss", "nummod") is None:
        shown = with_indefinite(shown)
    return phrase._replace(shown=shown)


def role_slots(page: Page, role: Role, verb: int) -> Iterable[Slot]:
    """The conjoined objects of a preposition, of which those of time and place say so."""
    lead = role.word
    heads = conjuncts(page, role.head)
    deps, children = page.parse.deps, page.parse.children
    is_list = any(deps[kid] == "cc" for head in heads for kid in children[head])
    for head in heads:
        phrase = phrase_of(page, head)
        if phrase is None:
            continue
        name = role.name or role.word
        if phrase.type is EntityType.DATE:
            name = "time"
        elif phrase.type is EntityType.PLACE and role.word in _PLACE_PREPOSITIONS:
            name = "place"
        place = max(head, role.preposition)  # what a pronoun means stands further up
        position = place if role.preposition > verb else verb + _FRONTED + place
        yield Slot(name, phrase, position, lead)
        lead = "and" if is_list else ","


def _borne(page: Page, clause: Clause, noun: int) -> Iterable[Slot]:
    """Of what clause the described noun is the object: "a prize that Ann won"."""
    bearer = phrase_of(page, clause.subjects[0])
    if bearer is not None and bearer.head != noun:
        shown = f"that {bearer.shown} {verb_text(page, clause)}"
        yield Slot("bearer", bearer._replace(shown=shown), _FIRST)


def _governing(page: Page, above: Clause, clause: Clause) -> Iterable[Slot]:
    """Who makes somebody do a thing: "Ann asked Bob to leave"; the sentence says it by itself."""
    phrase = phrase_of(page, above.subjects[0]) if above.subjects else None
    if phrase is not None and above.subjects != clause.subjects:
        yield Slot(GOVERNOR, phrase, 0)


def _elided(page: Page, who: Referent, verb: int) -> Phrase:
    """The subject that is left out before a verb."""
    start = page.parse.starts[verb]
    return Phrase(verb, who.shown, who.shown, who.name, who.type, start, start)


def sited(
    page: Page, clause: Clause, attribute: int | None, slots: Sequence[Slot]
) -> Sequence[Slot]:
    """The slots of one fact; where it says what is in a place, that it is located there.

    "A village in Kent" is located there, which the sentence then says.
    """
    if page.parse.lemmas[clause.verb] != "be" or not slots:
        return slots
    lemma = "" if attribute is None else page.parse.lemmas[attribute]
    if attribute is not None and page.parse.pos[attribute] == "ADJ":
        return slots  # "the sand near Greywick is fine"
    at = next((n for n, s in enumerate(slots) if s.lead in _PLACE_PREPOSITIONS), None)
    if at is None or slots[at].role == "time":
        return slots
    is_thing = slots[0].phrase.type is not EntityType.PERSON and lemma not in _UNSITED_NOUNS
    if lemma not in SITED_NOUNS and not (is_thing and _is_place(page, slots[at].phrase)):
        return slots
    placed = slots[at]._replace(role="place", lead=f"located {slots[at].lead}")
    return [*slots[:at], placed, *slots[at + 1 :]]


def _is_place(page: Page, phrase: Phrase) -> bool:
    """Whether a phrase is a place: "Kent", "the town of Lincoln"."""
    if phrase.type is EntityType.PLACE:
        return True
    return page.parse.lemmas[phrase.head] in PLACE_NOUNS and any(
        part in page.name_at and page.name_at[part].referent.type is EntityType.PLACE
        for part in phrase.parts
    )


def _position(role: str, head: int, verb: int, given: int | None) -> int:
    """Where a member goes into the sentence: one from before the verb comes right after it."""
    if given is not None or head > verb:
        return head if given is None else given
    return verb + 1 if role != "time" else verb + _FRONTED + head
