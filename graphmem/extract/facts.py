"""Facts: each clause becomes n-ary statements, one for each of its conjoined subjects and objects.

The predicate is in lemma form and the roles are logical ones, so that "Ann founded Acme" and "Acme
was founded by Ann" have the same predicate with the same members in the same roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import Final

from graphmem.extract.clauses import Clause, activity_of, class_of
from graphmem.extract.cut_off import QUANTIFIERS, is_cut_off
from graphmem.extract.governing import governor, has_content, is_empty, is_speech
from graphmem.extract.inflection import is_reflexive
from graphmem.extract.members import (
    as_known,
    extent_of,
    grouped,
    members_of,
    owned_by_topic,
    with_topic,
)
from graphmem.extract.names import name_key
from graphmem.extract.page import Page
from graphmem.extract.phrases import conjuncts, is_stray, phrase_of
from graphmem.extract.prepositions import roles_under
from graphmem.extract.questions import asking_lead, is_granted
from graphmem.extract.quoting import end_of, is_left_out, quoted_sentence
from graphmem.extract.slots import CLASS, sited, slots_of
from graphmem.extract.spoken import is_aside, is_talk
from graphmem.extract.tense import interval_by_tense
from graphmem.extract.wording import (
    GOVERNOR,
    Slot,
    finished,
    governing_text,
    sentence_of,
)
from graphmem.model.extraction import FactDraft, MemberDraft
from graphmem.model.knowledge import FactKind, Modality, Polarity
from graphmem.model.time import Interval

_MOST_SPLITS = 24
_TAKEN: Final = frozenset(("place", "part", "care", "advantage", "control", "over"))
_BARE: Final = frozenset(
    """be have do go get make let see know come take say think find choose agree look mean keep
    start begin try continue guess hope wonder tell ask realize realise reflect love like want
    need feel bet believe remember understand use work help give put call show seem happen
    include talk chat speak""".split()
)
_STATES: Final = frozenset(
    """be have live know like love own belong contain include consist remain stay want need hate
    prefer believe think mean exist reside lie hold border comprise cover feature feel seem appear
    resemble cost weigh measure depend involve keep serve""".split()
)
_DEFINITE: Final = frozenset(("the", "this", "that", "these", "those"))
_SUBJECTS: Final = ("nsubj", "nsubjpass")
_QUESTION_CONFIDENCE = 0.3
_RESOLVED_CONFIDENCE = 0.8


def read_facts(page: Page, clauses: Sequence[Clause]) -> tuple[list[FactDraft], dict[int, int]]:
    """Facts of the clauses, in their order, and each verb's first fact by position."""
    facts: list[FactDraft] = []
    first_of: dict[int, int] = {}
    places: dict[object, int] = {}
    worded: dict[str, int] = {}
    completed = {
        clause.governor.verb: clause.verb
        for clause in clauses
        if clause.governor is not None and _completes(page, clause, clause.governor)
    }
    for clause in clauses:
        if (
            clause.verb in completed
            or is_speech(page, clause)
            or is_empty(page, clause)
            or is_granted(page, clause)
            or is_aside(page, clause)
        ):
            continue
        for fact in _facts_of(page, clause):
            place = places.setdefault(content_of(fact), len(facts))
            place = worded.setdefault(fact.text, place)
            first_of.setdefault(clause.verb, place)
            if place == len(facts):
                facts.append(fact)
            elif len(fact.members) > len(facts[place].members):
                facts[place] = fact  # in the same words, with more of what they are about
    for verb, infinitive in completed.items():
        if infinitive in first_of:
            first_of.setdefault(verb, first_of[infinitive])
    return facts, first_of


def _completes(page: Page, clause: Clause, above: Clause) -> bool:
    """Whether a clause says all that the one above does: "reminds Ann to rest", "is sure to rest".

    What it is a part of is then no fact of its own: "That reminds Ann."
    """
    parse = page.parse
    more = (*above.roles, *above.times, *above.extents, *above.agents, *above.recipients)
    head, dep = parse.heads[clause.verb], parse.deps[clause.verb]
    is_below = head == above.verb or head in above.attributes
    is_inner = dep in ("xcomp", "ccomp")
    if is_talk(page) and dep in ("acl", "relcl") and head in above.objects:
        is_below = is_inner = True  # "the strength to go on"
    adjectives = all(parse.pos[token] == "ADJ" for token in above.attributes)
    is_asked = above.is_question and not is_talk(page)
    return is_below and is_inner and not more and adjectives and not is_asked


def content_of(fact: FactDraft) -> tuple[str, str, frozenset[str]]:
    """What makes two facts of one passage the same: predicate, polarity and members."""
    members = frozenset(name_key(member.name) for member in fact.members)
    return fact.predicate, fact.polarity, members


def _facts_of(page: Page, clause: Clause) -> Iterable[FactDraft]:
    subjects = _all_conjuncts(page, clause.subjects)
    objects = _all_conjuncts(page, clause.objects)
    attributes = _all_conjuncts(page, clause.attributes)
    attributes += [token for head in clause.attributes for token in _strays(page, head)]
    agents = _all_conjuncts(page, clause.agents)
    choices = islice(product(subjects, agents, objects, attributes), _MOST_SPLITS)
    for subject, agent, object_, attribute in choices:
        slots = slots_of(page, clause, subject, agent, object_, attribute)
        for group in grouped(slots):
            fact = fact_of(page, clause, group, attribute)
            if fact:
                yield fact


def _all_conjuncts(page: Page, heads: Sequence[int]) -> list[int | None]:
    return [token for head in heads for token in conjuncts(page, head)] or [None]


def _strays(page: Page, attribute: int) -> Iterable[int]:
    """Attributes that the parse has put under the name before them."""
    parse = page.parse
    for role in roles_under(page, attribute, with_of=True):
        for kid in parse.children[role.head]:
            if parse.deps[kid] == "conj" and is_stray(page, role.head, kid):
                yield from conjuncts(page, kid)


def fact_of(
    page: Page,
    clause: Clause,
    slots: list[Slot],
    attribute: int | None,
    *,
    quoted_to: int | None = None,
) -> FactDraft | None:
    """What a clause says with these of its arguments; nothing where that is too little.

    What follows its verb is told in the text's own words up to a token `quoted_to`, if given.
    """
    if not slots or not _has_subject(page, clause, slots) or _is_unsaid(page, clause, slots):
        return None
    if clause.is_question and page.context.speaker is None:
        return None
    if is_cut_off(page, clause, slots) if is_talk(page) else _is_of_itself(page, slots):
        return None
    slots = as_known(page, sited(page, clause, attribute, slots))
    predicate, is_member = _predicate(page, clause, attribute)
    members = members_of(
        page, [slot for slot in slots if _is_member(slot, slots, predicate, is_member)]
    )
    has_more = any(slot.position >= 0 for slot in slots)
    if not _says_something(page, clause, members, predicate, has_more=has_more):
        return None
    is_short = len(members) == 1 or is_left_out(page, clause, slots)
    if quoted_to is None and is_short and not is_talk(page):
        quoted_to = end_of(page, clause)
        is_bare = quoted_to is None and class_of(page, clause) is not None  # "a film written"
        if is_bare or (quoted_to is not None and page.parse.tags[quoted_to - 1] == "IN"):
            return None
    said_of = next((slot.phrase for slot in slots if slot.position < 0), None)
    members, frame = with_topic(page, members, said_of)
    owned = owned_by_topic(page, slots) if frame else None
    if owned is not None:
        slots, frame = owned, ""
    kind = _kind(page, clause, attribute)
    interval = _valid(page, slots) or _by_tense(page, clause, kind)
    attribution = phrase_of(page, clause.attribution) if clause.attribution is not None else None
    frame += _said_by(page, clause)
    if clause.is_question:
        frame, slots = asking_lead(page, clause, slots)
    start, end = extent_of(members, page.parse.starts[clause.verb], page.parse.ends[clause.verb])
    if quoted_to is None:
        sentence = sentence_of(page, clause, slots)
    else:
        sentence = quoted_sentence(page, clause, slots, quoted_to)
    return FactDraft(
        text=finished(frame + sentence),
        predicate=predicate,
        members=members,
        start=start,
        end=end,
        polarity=clause.polarity,
        modality=Modality.POSSIBLE if clause.is_question else clause.modality,
        attribution=attribution.name if attribution else None,
        kind=kind,
        confidence=_confidence(page, clause),
        valid_from=interval.start if interval else None,
        valid_to=interval.end if interval else None,
        precision=interval.precision if interval else None,
    )


def _is_of_itself(page: Page, slots: Sequence[Slot]) -> bool:
    """Whether an object is its own subject without a "himself", which tells of a wrong reading."""
    done = next((slot.phrase for slot in slots if slot.role == "object"), None)
    doer = next((slot.phrase for slot in slots if slot.role == "subject"), None)
    if done is None or doer is None or done.name != doer.name:
        return False
    return not is_reflexive(page.parse.words[done.head])


def _said_by(page: Page, clause: Clause) -> str:
    """ "Ann says that" where somebody does, for the sentence to begin with."""
    verb = governor(page, clause)
    speaker = None if clause.attribution is None else phrase_of(page, clause.attribution)
    if verb is None or speaker is None or clause.attribution is None:
        return ""
    return f"{speaker.shown} {governing_text(page, verb, subject=clause.attribution)} that "


def _has_subject(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    """Whether it is said of something: neither "who" nor the "it" of "it is so" is known."""
    if any(slot.position < 0 for slot in slots):
        return True
    is_asking = any(page.parse.tags[subject][:1] == "W" for subject in clause.subjects)
    words = [page.parse.words[subject].lower() for subject in clause.subjects]
    is_counting = bool(words) and words[0] in QUANTIFIERS
    if "it" in words and clause.subjects[0] not in page.parse.children[clause.verb]:
        return False  # "it is great to see": who sees it is not said
    return bool(words) and not is_asking and (is_counting or not clause.attributes)


def _is_unsaid(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    """Whether what would make it a statement is a word that nothing is known for.

    Such are "it" and "there" where they are left open, and the "us" of "let's go".
    """
    parse = page.parse
    words = [parse.words[token].lower() for token in clause.subjects]
    if set(words) & {"'s", "’s"}:
        return True
    if words == ["we"] and any(parse.tags[token] == "NNS" for token in clause.attributes):
        return True  # "we are neighbours" is said of two
    if sum(slot.role != GOVERNOR for slot in slots) > 1:
        return False
    is_open = any(parse.tags[token] == "PRP" for token in clause.objects)
    kids = (parse.words[kid].lower() for kid in parse.children[clause.verb])
    return is_open or (page.context.speaker is not None and "there" in kids)


def _is_member(slot: Slot, slots: Sequence[Slot], predicate: str, is_attribute: bool) -> bool:
    """Whether a slot is a member: not "place" in "take place", nor an adjective among others."""
    if slot.role == CLASS:
        return False
    if slot.role == "attribute":
        return is_attribute or len(slots) <= 2
    return slot.role != "object" or predicate != f"take {slot.phrase.text}"


def _valid(page: Page, slots: Sequence[Slot]) -> Interval | None:
    """The interval of the first time among the members."""
    times = (page.time_at.get(slot.phrase.head) for slot in slots if slot.role == "time")
    return next((time.interval for time in times if time), None)


def _by_tense(page: Page, clause: Clause, kind: FactKind) -> Interval | None:
    said_at = page.context.occurred_at
    if said_at is None or clause.is_question:
        return None
    is_state = kind is not FactKind.EVENT
    return interval_by_tense(page.parse, clause.group, said_at=said_at, is_state=is_state)


def _predicate(page: Page, clause: Clause, attribute: int | None) -> tuple[str, bool]:
    """The predicate, and whether the attribute is a member beside it."""
    parse = page.parse
    lemma = parse.lemmas[clause.verb].lower()
    particle = parse.child(clause.verb, "prt")
    if particle is not None:
        lemma = f"{lemma} {parse.words[particle].lower()}"
    activity = activity_of(page, clause.verb)
    if activity is not None:
        lemma = f"{lemma} {parse.words[activity].lower()}"
    if lemma == "bear" and clause.is_passive and not clause.agents:
        return "be born", True
    if lemma == "take" and clause.objects:
        thing = parse.words[clause.objects[0]].lower()
        return (f"take {thing}" if thing in _TAKEN else lemma), True
    if attribute is None or attribute in page.name_at:
        return lemma, True
    is_noun = parse.child(attribute, "det", "compound", "poss") is not None  # "an ice hockey pro"
    if parse.pos[attribute] == "ADJ" and not is_noun:
        return f"{lemma} {parse.lemmas[attribute].lower()}", False
    return described_as(page, lemma, attribute), True


def described_as(page: Page, verb: str, noun: int) -> str:
    """The predicate of "is director of": the verb alone unless the noun relates to something."""
    parse = page.parse
    if parse.pos[noun] not in ("NOUN", "PROPN"):
        return verb
    lemma = parse.lemmas[noun].lower()
    for kid in parse.children[noun]:
        if parse.deps[kid] == "prep" and kid > noun:
            return f"{verb} {lemma} {parse.words[kid].lower()}"
    return f"{verb} {lemma} of" if parse.child(noun, "poss") is not None else verb


def _says_something(
    page: Page,
    clause: Clause,
    members: Sequence[MemberDraft],
    predicate: str,
    *,
    has_more: bool,
) -> bool:
    if _is_embedded_question(page, clause):
        return False
    if len(members) > 1 and (has_more or predicate not in _BARE):
        return True
    if any(is_reflexive(page.parse.words[token]) for token in clause.objects):
        return False  # "expressed herself" needs more to be told
    is_there = page.parse.child(clause.verb, "expl") is not None
    if not members or (predicate in _BARE and not is_there) or has_content(page, clause):
        return False
    is_denied = is_there and clause.polarity is Polarity.NEGATIVE  # "there is no wind"
    if page.topic is not None or is_denied:
        return members[0].role in ("subject", "object")
    is_of = members[0].role == ("object" if clause.is_passive else "subject")
    return is_of and (members[0].type.is_name or _is_definite(page, clause))


def _is_definite(page: Page, clause: Clause) -> bool:
    """Whether the subject is a certain thing: "the dam", "my car"."""
    parse = page.parse
    if not clause.subjects:
        return False
    words = {parse.words[kid].lower() for kid in parse.children[clause.subjects[0]]}
    return bool(words & _DEFINITE) or parse.child(clause.subjects[0], "poss") is not None


def _is_embedded_question(page: Page, clause: Clause) -> bool:
    """Whether a clause below another asks for its own object: "what it means", "where it goes"."""
    parse = page.parse
    if parse.deps[clause.verb] not in ("ccomp", "pcomp", "csubj"):
        return False
    kids = parse.children[clause.verb]
    if _is_reason(page, clause):
        return False
    below = [
        *kids,
        *(kid for above in kids if above < clause.verb for kid in parse.children[above]),
    ]
    return any(
        parse.tags[kid] in ("WP", "WRB", "WDT")
        and parse.deps[kid] not in _SUBJECTS
        and kid < clause.verb
        for kid in below
    )


def _is_reason(page: Page, clause: Clause) -> bool:
    """Whether a clause tells what is so for a reason given: "That's why she sold it"."""
    parse = page.parse
    above = parse.heads[clause.verb]
    shown = parse.child(above, "nsubj")
    is_shown = shown is not None and parse.words[shown].lower() in ("that", "this", "which")
    words = (parse.words[kid].lower() for kid in parse.children[clause.verb])
    return is_shown and parse.lemmas[above] == "be" and "why" in words


def _kind(page: Page, clause: Clause, attribute: int | None) -> FactKind:
    lemma = page.parse.lemmas[clause.verb].lower()
    if attribute is not None and lemma == "be":
        return FactKind.ATTRIBUTE
    return FactKind.STATE if lemma in _STATES else FactKind.EVENT


def _confidence(page: Page, clause: Clause) -> float:
    if clause.is_question:
        return _QUESTION_CONFIDENCE
    subject = clause.subjects[0] if clause.subjects else clause.verb
    is_resolved = subject in page.antecedents
    is_inherited = subject not in page.parse.children[clause.verb]
    return _RESOLVED_CONFIDENCE if is_resolved or is_inherited else 1.0
