"""Facts without a verb: appositions, and descriptions before a name."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.extract.facts import described_as
from graphmem.extract.lexicon import PERSON_NOUNS
from graphmem.extract.members import extent_of, members_of, with_topic
from graphmem.extract.page import Named, Page, Phrase
from graphmem.extract.phrases import (
    conjuncts,
    containing_places,
    described,
    phrase_of,
    written,
)
from graphmem.extract.prepositions import roles_under
from graphmem.extract.slots import role_slots
from graphmem.extract.wording import Slot, finished
from graphmem.model.extraction import FactDraft
from graphmem.model.knowledge import EntityType, FactKind
from graphmem.model.source import EpisodeKind

_CONFIDENCE = 0.8
_LOCATED = "be in"


def appositions(page: Page) -> Iterator[FactDraft]:
    """ "Marozia, the widow of Guy" and "Guy's brother Boso" as facts with the predicate "be"."""
    parse = page.parse
    for token in range(len(parse)):
        if parse.deps[token] == "appos":
            for description in conjuncts(page, token):
                fact = _apposed(page, parse.heads[token], description)
                if fact:
                    yield fact
    for named in page.names:
        for fact in (_described_name(page, named), _located(page, named)):
            if fact:
                yield fact


def _apposed(page: Page, head: int, token: int) -> FactDraft | None:
    head = _nearest_name(page, head, token)
    if page.parse.pos[token] == "ADJ" or _is_denied(page, token):
        return None
    if head not in page.name_at:
        head = page.said_of(head)
    elif _is_misplaced(page, head, token):
        subject = _subject_above(page, head)
        if subject is None:
            return None
        head = subject
    left, right = page.name_at.get(head), page.name_at.get(token)
    if left and right:
        if _is_office(right):
            return _being(page, head, token)
        return None
    if right and not left:
        head, token = token, head
    return _being(page, head, token)


def _is_denied(page: Page, token: int) -> bool:
    """Whether it is what something is not: "a part of my life, not just a hobby"."""
    first = page.parse.left[token]
    return any(page.parse.words[at].lower() == "not" for at in range(max(first - 1, 0), token))


def _is_misplaced(page: Page, head: int, token: int) -> bool:
    """Whether a place is said to be a person: "born in Norway, the only child of ..."."""
    is_person = page.parse.lemmas[token] in PERSON_NOUNS and token not in page.name_at
    return is_person and page.name_at[head].referent.type is EntityType.PLACE


def _subject_above(page: Page, token: int) -> int | None:
    parse = page.parse
    while parse.heads[token] != token:
        token = parse.heads[token]
        subject = parse.child(token, "nsubj", "nsubjpass")
        if subject is not None:
            return subject
    return None


def _located(page: Page, named: Named) -> FactDraft | None:
    """ "Sligo, Ireland": the one is in the other."""
    place = next(containing_places(page, named), None)
    if place is None:
        return None
    last = page.parse.tokens_in(named.start, named.end)[1] - 1
    return _being(page, last, place, predicate=_LOCATED, role="place")


def _is_office(named: Named) -> bool:
    """Whether a capitalised run is an office: "King of Italy"."""
    first, _, rest = named.referent.shown.partition(" ")
    return first.lower() in PERSON_NOUNS and rest.startswith("of ")


def _nearest_name(page: Page, head: int, token: int) -> int:
    """The head of an apposition, or the name right before it: "daughter of Lothair, the king"."""
    parse = page.parse
    named = page.name_at.get(token)
    before = parse.left[token] - 1
    while before > head and parse.words[before] == ",":
        before -= 1
    is_description = named is None or _is_office(named)
    if is_description and before > head and before in page.name_at and head not in page.name_at:
        return before
    return head


def _being(
    page: Page, subject: int, description: int, *, predicate: str = "", role: str = "attribute"
) -> FactDraft | None:
    who = phrase_of(page, subject)
    what = _singular(page, description)
    if who is None or what is None or what.type in (EntityType.DATE, EntityType.NUMBER):
        return None
    if len(what.text) < 3:
        return None
    if page.context.kind is EpisodeKind.CHAT and _is_speaker(page, who):
        return None
    slots = [Slot("subject", who, -1), Slot(role, what, description)]
    if not predicate:
        is_named = description in page.name_at
        predicate = "be" if is_named else described_as(page, "be", description)
        for argument in roles_under(page, description, with_of=True):
            slots += role_slots(page, argument, -1)
    verb = "is located in" if role == "place" else "is"
    rest = [f"{slot.lead} {slot.phrase.shown}" for slot in slots[1:]]
    text = finished(" ".join([who.shown, verb, *rest]))
    return _fact(page, text, predicate, slots)


def _is_speaker(page: Page, who: Phrase) -> bool:
    """Whether somebody is addressed here, not described: "Yep, Caroline"."""
    return who.name in (page.context.speaker, page.context.addressee)


def _singular(page: Page, description: int) -> Phrase | None:
    """What one of the things is: of "two sons" each is a son."""
    if page.name_at.get(description):
        return phrase_of(page, description)
    what = described(page, description, with_of=False)
    if what is None or page.parse.tags[description] != "NNS":
        return what
    lemma = page.parse.lemmas[description]
    return what._replace(text=lemma, shown=lemma, name=lemma, parts=())


def _described_name(page: Page, named: Named) -> FactDraft | None:
    """A description that leads up to a name: "film producer Amy Hobby", "his brother Boso"."""
    parse = page.parse
    first, last = parse.tokens_in(named.start, named.end)
    noun = first - 1
    if noun < 0 or parse.pos[noun] != "NOUN" or not first <= parse.heads[noun] < last:
        return None
    if parse.deps[noun] not in ("compound", "nmod", "appos"):
        return None
    who = phrase_of(page, last - 1) or phrase_of(page, first)
    begin = noun
    head = parse.heads[noun]
    while (begin > 0 and parse.heads[begin - 1] in (head, noun)) or _leads(page, begin, head, noun):
        begin -= 1
    parts = tuple(t for t in range(begin, noun) if parse.deps[t] == "poss" and page.referent(t))
    while begin < noun and parse.tags[begin] in ("DT", "PRP$", "POS", ",", "IN", "CC"):
        begin += 1
    text = written(page, begin, noun + 1)
    if who is None or not text:
        return None
    what = Phrase(
        noun,
        text,
        text,
        text,
        EntityType.CONCEPT,
        parse.starts[begin],
        parse.ends[noun],
        parts,
    )
    owner = phrase_of(page, parts[0]) if parts else None
    predicate = f"be {parse.lemmas[noun].lower()} of" if owner else "be"
    rest = f"{text} of {owner.text}" if owner else text
    slots = [Slot("subject", who, -1), Slot("attribute", what, noun)]
    return _fact(page, finished(f"{who.shown} is {rest}"), predicate, slots)


def _leads(page: Page, begin: int, head: int, noun: int) -> bool:
    """Whether the token before `begin` belongs to a possessor of the name ("Guy 's brother X")."""
    parse = page.parse
    if begin == 0:
        return False
    above = parse.heads[begin - 1]
    return parse.deps[above] == "poss" and parse.heads[above] in (head, noun)


def _fact(page: Page, text: str, predicate: str, slots: list[Slot]) -> FactDraft | None:
    members = members_of(page, slots)
    if len(members) < 2:
        return None
    if predicate != _LOCATED:  # where a place is has little to do with the page
        members, frame = with_topic(page, members, is_aside=True)
        text = finished(frame + text)
    start, end = extent_of(members, slots[0].phrase.start, slots[0].phrase.end)
    return FactDraft(
        text=text,
        predicate=predicate,
        members=members,
        start=start,
        end=end,
        kind=FactKind.ATTRIBUTE,
        confidence=_CONFIDENCE,
    )
