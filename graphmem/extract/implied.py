"""What phrases imply: where a thing stands, what it is part of, what is an example of it.

"Trinity Church in Mattoon" says that the church is located there, "animals such as otters" that
animals include otters; neither has a verb of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from graphmem.extract.lexicon import PERSON_NOUNS, SITED_NOUNS
from graphmem.extract.members import extent_of, members_of, with_topic
from graphmem.extract.page import Named, Page, Phrase
from graphmem.extract.phrases import STANDING, conjuncts, containing_places, object_of, phrase_of
from graphmem.extract.wording import Slot, finished
from graphmem.kernels.text import fold
from graphmem.model.extraction import FactDraft
from graphmem.model.knowledge import EntityType, FactKind

LOCATED: Final = "be in"
_CONFIDENCE: Final = 0.8
_PLACED: Final = frozenset(("in", "at", "on", "near"))
_MOST_EXAMPLES = 5
_WHOLES: Final = (EntityType.PLACE, EntityType.ORGANISATION)


def implied(page: Page) -> Iterator[FactDraft]:
    """Facts that phrases of the page imply: those of its names first, then those of examples."""
    for named in page.names:
        yield from _places_of(page, named)
    for token, word in enumerate(page.parse.words):
        if word.lower() in ("as", "including"):
            yield from _examples(page, token)


def _places_of(page: Page, named: Named) -> Iterator[FactDraft]:
    """Where a named thing stands, and what it is part of, by the phrase right after its name."""
    last = page.parse.tokens_in(named.start, named.end)[1] - 1
    who = phrase_of(page, last)
    if who is None or last in page.antecedents:
        return
    who = who._replace(shown=who.text, parts=())
    place = next(containing_places(page, named), None)
    if place is not None:  # "Sligo, Ireland"
        yield from _said(page, who, "is located in", phrase_of(page, place), LOCATED, "place")
    is_office = bool({fold(part) for part in who.text.split()} & PERSON_NOUNS)
    is_part = who.type in _WHOLES and not is_office and page.parse.tags[last] != "NNPS"
    for word, head in _led(page, named, last):
        what = phrase_of(page, head)
        if what is None or what.name == who.name:
            continue
        if word in _PLACED and _is_sited(named) and _is_place(page, head):
            yield from _said(page, who, f"is located {word}", what, f"be {word}", "place")
        elif word == "of" and is_part and what.type in _WHOLES:
            yield from _said(page, who, "is part of", what, "be part of", "of")


def _led(page: Page, named: Named, last: int) -> Iterator[tuple[str, int]]:
    """The prepositions right after a name, maybe after a comma, with the heads of their objects."""
    parse = page.parse
    following = last + 1
    if following < len(parse) and parse.words[following] == ",":
        following += 1
    if following >= len(parse) or parse.pos[following] != "ADP":
        return
    word = parse.words[following].lower()
    above = parse.heads[following]
    is_own = page.name_at.get(above) is named
    if not is_own and not (following > last + 1 and _is_placed(page, last)):
        return
    inner = object_of(page, following)
    for head in conjuncts(page, inner) if inner is not None else ():
        yield word, head


def _is_placed(page: Page, token: int) -> bool:
    """Whether a name says itself where something is: "in the town of Lincoln, in ..."."""
    parse = page.parse
    for _ in range(4):
        if parse.deps[token] == "pobj" and parse.words[parse.heads[token]].lower() in _PLACED:
            return True
        token = parse.heads[token]
    return False


def _is_sited(named: Named) -> bool:
    """Whether a name is of what stands somewhere: a place, or a "Trinity Church"."""
    if named.referent.type in (EntityType.PERSON, EntityType.WORK, EntityType.EVENT):
        return False
    last = fold(named.referent.shown.split()[-1])
    is_kind = last in SITED_NOUNS and " " in named.referent.shown
    return named.referent.type is EntityType.PLACE or is_kind


def _is_place(page: Page, head: int) -> bool:
    """Whether a phrase is a place, or one described by a place: "the state of Queensland"."""
    named = page.name_at.get(head)
    if page.parse.words[head].lower() in STANDING:
        return False
    if named is not None:
        return named.referent.type is EntityType.PLACE
    return page.parse.lemmas[head] in SITED_NOUNS and any(
        part in page.name_at and page.name_at[part].referent.type is EntityType.PLACE
        for part in getattr(phrase_of(page, head), "parts", ())
    )


def _examples(page: Page, token: int) -> Iterator[FactDraft]:
    """ "Animals such as otters": animals include otters."""
    parse = page.parse
    before = token - 1
    if parse.words[token].lower() == "as":
        if before < 0 or parse.words[before].lower() != "such":
            return
        before -= 1
    elif parse.pos[token] not in ("VERB", "ADP"):
        return
    while before >= 0 and parse.words[before] in (",", "("):
        before -= 1
    inner = parse.child(token, "pobj", "dobj")
    if before < 0 or inner is None or parse.pos[before] not in ("NOUN", "PROPN"):
        return
    whole = phrase_of(page, before)
    found = [phrase_of(page, head) for head in conjuncts(page, inner)]
    parts = [phrase for phrase in found if phrase is not None][:_MOST_EXAMPLES]
    if whole is None or not parts or any(part.name == whole.name for part in parts):
        return
    verb = "include" if parse.tags[before] in ("NNS", "NNPS") else "includes"
    listed = [part.shown for part in parts]
    text = ", ".join(listed[:-1]) + f" and {listed[-1]}" if len(listed) > 1 else listed[0]
    slots = [Slot("subject", whole, -1), *(Slot("object", part, part.head) for part in parts)]
    yield from _fact(page, f"{whole.shown} {verb} {text}", "include", slots)


def _said(
    page: Page, who: Phrase, verb: str, what: Phrase | None, predicate: str, role: str
) -> Iterator[FactDraft]:
    if what is not None:
        slots = [Slot("subject", who, -1), Slot(role, what, what.head)]
        yield from _fact(page, f"{who.shown} {verb} {what.shown}", predicate, slots)


def _fact(page: Page, text: str, predicate: str, slots: Sequence[Slot]) -> Iterator[FactDraft]:
    members = members_of(page, slots)
    if len(members) < 2:
        return
    frame = ""
    if " " not in slots[0].phrase.text:  # "subjects such as": whose?
        members, frame = with_topic(page, members, slots[0].phrase, is_aside=True)
    start, end = extent_of(members, slots[0].phrase.start, slots[0].phrase.end)
    yield FactDraft(
        text=finished(frame + text),
        predicate=predicate,
        members=members,
        start=start,
        end=end,
        kind=FactKind.ATTRIBUTE,
        confidence=_CONFIDENCE,
    )
