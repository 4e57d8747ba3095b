"""Facts without a verb: appositions, and descriptions before a name."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.extract.facts import described_as
from graphmem.extract.lexicon import GREETINGS, ORGANISATION_NOUNS, PERSON_NOUNS, PLACE_NOUNS
from graphmem.extract.members import extent_of, members_of, with_topic
from graphmem.extract.page import Named, Page, Phrase
from graphmem.extract.phrases import (
    conjuncts,
    described,
    phrase_of,
    with_indefinite,
    written,
)
from graphmem.extract.prepositions import roles_under
from graphmem.extract.slots import role_slots
from graphmem.extract.spoken import is_talk
from graphmem.extract.wording import Slot, finished
from graphmem.model.extraction import FactDraft
from graphmem.model.knowledge import EntityType, FactKind

_CONFIDENCE = 0.8
_WHERE = frozenset("north south east west northeast northwest southeast southwest".split())
_THINGS = PLACE_NOUNS | ORGANISATION_NOUNS | {"part", "subsidiary", "division", "affiliate"}
_LABELS = frozenset("name word term title address number nickname phrase letter".split())
_OF_TIME = frozenset("after before during since until following".split())
_DETERMINED = frozenset("a an the this that his her its their my our your one".split())


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
        for noun in _nouns_before(page, named):
            fact = _described_name(page, named, noun)
            if fact:
                yield fact


def _apposed(page: Page, head: int, token: int) -> FactDraft | None:
    head = _nearest_name(page, head, token)
    is_no_thing = token in page.time_at or page.parse.pos[token] == "ADJ"
    if is_no_thing or _is_denied(page, token) or _is_greeting(page, head):
        return None
    if any(_is_bare_label(page, at) for at in (head, token)) or _is_no_apposition(
        page, head, token
    ):
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


def _is_no_apposition(page: Page, head: int, token: int) -> bool:
    """Whether a description only follows a name: "gave Ann a book", "in Oslo, stateless until".

    It stands after a pause; that of a place begins with an article or goes on, as none of a
    direction does ("Kent, north of London").
    """
    parse = page.parse
    if token in page.name_at:
        return False
    if parse.words[token].lower() in _WHERE or parse.tags[token] == "FW":  # "etc."
        return True
    named = page.name_at.get(head)
    if named is None:
        return False
    pause = parse.words[parse.left[token] - 1]
    is_bare = parse.child(token, "det", "poss", "compound", "amod", "nummod", "prep") is None
    is_place = named.referent.type is EntityType.PLACE
    is_close = parse.deps[token] == "appos" and pause.isalnum()
    return token > head and (is_close or (is_place and is_bare))


def _is_denied(page: Page, token: int) -> bool:
    """Whether it is what something is not: "a part of my life, not just a hobby"."""
    first = page.parse.left[token]
    return any(page.parse.words[at].lower() == "not" for at in range(max(first - 1, 0), token))


def _is_greeting(page: Page, token: int) -> bool:
    """Whether a word only greets or thanks who listens: "Thanks Ann"."""
    return is_talk(page) and page.parse.words[token].lower() in GREETINGS


def _is_bare_label(page: Page, token: int) -> bool:
    """Whether a noun only leads to what it is called: "under the name Ann", "the word gauge"."""
    parse = page.parse
    is_owned = parse.child(token, "poss", "prep", "amod", "relcl", "acl") is not None
    return token not in page.name_at and parse.lemmas[token] in _LABELS and not is_owned


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
    if not is_description or before <= head or before not in page.name_at:
        return head
    is_thing = page.name_at[before].referent.type in (EntityType.PLACE, EntityType.ORGANISATION)
    is_of_thing = is_thing and parse.lemmas[token] in _THINGS
    return before if head not in page.name_at or is_of_thing else head


def _being(page: Page, subject: int, description: int) -> FactDraft | None:
    who = phrase_of(page, subject)
    what = _singular(page, description)
    if who is None or what is None or what.type in (EntityType.DATE, EntityType.NUMBER):
        return None
    tags = page.parse.tags
    is_one_of_many = tags[subject] == "NNS" and tags[description] in ("NN", "NNP")
    is_one_of_many |= "number" in (page.parse.lemmas[subject], page.parse.lemmas[description])
    if len(what.text) < 3 or (is_one_of_many and subject not in page.name_at):
        return None
    if is_talk(page) and _is_speaker(page, who):
        return None
    slots = [Slot("subject", who, -1), Slot("attribute", what, description)]
    is_named = description in page.name_at
    predicate = "be" if is_named else described_as(page, "be", description)
    for argument in roles_under(page, description, with_of=True):
        if description < subject < argument.preposition:
            continue  # "my sister Hanna on Fridays" tells when something else is so
        slots += role_slots(page, argument, -1)
    shown = what.shown if is_named else with_article(page, description, what.shown)
    rest = [f"{slot.lead} {slot.phrase.shown}" for slot in slots[2:]]
    text = finished(" ".join([who.shown, "is", shown, *rest]))
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


def _nouns_before(page: Page, named: Named) -> Iterator[int]:
    """The nouns that lead up to a name: "the singer and bassist Jon Harvey"."""
    parse = page.parse
    first, last = parse.tokens_in(named.start, named.end)
    noun = first - 1
    while noun >= 0 and parse.pos[noun] == "NOUN" and first <= parse.heads[noun] < last:
        if parse.deps[noun] not in ("compound", "nmod", "appos") or parse.words[noun] in _WHERE:
            return
        if _is_greeting(page, noun):
            return
        yield noun
        if noun < 2 or parse.deps[noun - 1] != "cc":
            return
        noun -= 2


def _described_name(page: Page, named: Named, noun: int) -> FactDraft | None:
    """A description that leads up to a name: "film producer Amy Hobby", "his brother Boso"."""
    parse = page.parse
    if _is_bare_label(page, noun) or _is_time_before(page, named, noun):
        return None
    first, last = parse.tokens_in(named.start, named.end)
    who = phrase_of(page, last - 1) or phrase_of(page, first)
    begin = noun
    head = parse.heads[noun]
    while begin > 0 and parse.deps[begin - 1] != "cc":
        if parse.heads[begin - 1] not in (head, noun) and not _leads(page, begin, head, noun):
            break
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
    rest = f"{text} of {owner.text}" if owner else with_article(page, noun, text)
    slots = [Slot("subject", who, -1), Slot("attribute", what, noun)]
    return _fact(page, finished(f"{who.shown} is {rest}"), predicate, slots)


def _is_time_before(page: Page, named: Named, noun: int) -> bool:
    """Whether a noun ends a phrase of time that a subject follows: "After the flood Acme moved"."""
    parse = page.parse
    if noun < 2 or parse.words[noun - 2].lower() not in _OF_TIME:
        return False
    after = parse.tokens_in(named.start, named.end)[1]
    return after < len(parse) and parse.tags[after] in ("VBD", "VBZ", "VBP", "MD")


def with_article(page: Page, noun: int, text: str) -> str:
    """What one of a kind is, with the article that it has not where it leads up to a name."""
    parse = page.parse
    is_one = parse.tags[noun] in ("NN", "NNS") and text[-1:].islower()
    is_plural = text.rpartition(" ")[2] == parse.words[noun] and parse.tags[noun] == "NNS"
    first, second = (*text.lower().split(), "")[:2]
    is_determined = first in _DETERMINED or second in _DETERMINED  # "now the leader"
    if not is_one or is_plural or is_determined or "'" in text:
        return text
    return with_indefinite(text)


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
    members, frame = with_topic(page, members, slots[0].phrase, is_aside=True)
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
