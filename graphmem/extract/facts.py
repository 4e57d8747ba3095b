"""Facts: each clause becomes n-ary statements, one for each of its conjoined subjects and objects.

The predicate is in lemma form and the roles are logical ones, so that "Ann founded Acme" and "Acme
was founded by Ann" have the same predicate with the same members in the same roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import Final

from graphmem.extract.clauses import (
    Clause,
    Role,
    class_of,
    governor,
    has_content,
    is_empty,
    is_speech,
    roles_under,
)
from graphmem.extract.lexicon import EVENT_NOUNS, PERSON_NOUNS, SITED_NOUNS, WORK_NOUNS
from graphmem.extract.names import name_key
from graphmem.extract.page import Page, Phrase, Referent
from graphmem.extract.phrases import conjuncts, is_stray, phrase_of
from graphmem.extract.tense import interval_by_tense
from graphmem.extract.wording import Slot, finished, sentence_of, verb_text
from graphmem.model.extraction import FactDraft, MemberDraft
from graphmem.model.knowledge import EntityType, FactKind, Modality
from graphmem.model.time import Interval

_MOST_MEMBERS = 6
_MOST_SPLITS = 24
_FRONTED = 1000
_FIRST = -1
_RANKS: Final = {"subject": 0, "object": 1, "recipient": 2, "attribute": 3}
_PLACE_PREPOSITIONS: Final = frozenset(("in", "at", "on", "near"))
_TAKEN: Final = frozenset(("place", "part", "care", "advantage", "control", "over"))
_BARE: Final = frozenset(
    """be have do go get make let see know come take say think find choose agree look mean keep
    start begin try continue guess hope wonder tell ask realize realise reflect love like want
    need feel bet believe remember understand use work help give put call show seem happen
    include""".split()
)
_STATES: Final = frozenset(
    """be have live know like love own belong contain include consist remain stay want need hate
    prefer believe think mean exist reside lie hold border comprise cover feature feel seem appear
    resemble cost weigh measure depend involve keep serve""".split()
)
_QUANTIFIERS: Final = frozenset("all both most some many others several few each none".split())
_UNSITED_NOUNS: Final = PERSON_NOUNS | WORK_NOUNS | EVENT_NOUNS
_CLASS = "class"
"""The role of "film" in "X is a film directed by Y": it is said, but in a fact of its own."""
_QUESTION_CONFIDENCE = 0.3
_RESOLVED_CONFIDENCE = 0.8


def read_facts(page: Page, clauses: Sequence[Clause]) -> tuple[list[FactDraft], dict[int, int]]:
    """Facts of the clauses, in their order, and each verb's first fact by position."""
    facts: list[FactDraft] = []
    first_of: dict[int, int] = {}
    places: dict[object, int] = {}
    for clause in clauses:
        if is_speech(page, clause) or is_empty(page, clause):
            continue
        for fact in _facts_of(page, clause):
            place = places.setdefault(content_of(fact), len(facts))
            first_of.setdefault(clause.verb, place)
            if place == len(facts):
                facts.append(fact)
    return facts, first_of


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
        slots = _slots(page, clause, subject, agent, object_, attribute)
        for group in _groups(slots):
            fact = _fact(page, clause, group, attribute)
            if fact:
                yield fact


def _groups(slots: list[Slot]) -> Iterable[list[Slot]]:
    """The slots of one fact, or of several when they are many: each repeats the core arguments.

    Where they are too many for one, descriptions stand back for names and times.
    """
    core = [slot for slot in slots if slot.role in _RANKS or slot.role in ("agent", _CLASS)]
    rest = [slot for slot in slots if slot not in core]
    room = max(_MOST_MEMBERS - len(core), 2)
    if len(rest) <= room:
        return [slots]
    named = [slot for slot in rest if _weight(slot.role, slot.phrase) < 2]
    if len(named) < room:
        others = [slot for slot in rest if slot not in named][: room - len(named)]
        return [[slot for slot in slots if slot in core or slot in named or slot in others]]
    parts = -(-len(named) // room)
    size = -(-len(named) // parts)
    leads = [slot.lead for slot in named]
    for place in range(1, len(leads)):
        if leads[place] in ("and", ","):
            leads[place] = leads[place - 1]
    groups = []
    for first in range(0, len(named), size):
        opening = named[first]._replace(lead=leads[first])
        groups.append([*core, opening, *named[first + 1 : first + size]])
    return groups


def _all_conjuncts(page: Page, heads: Sequence[int]) -> list[int | None]:
    return [token for head in heads for token in conjuncts(page, head)] or [None]


def _strays(page: Page, attribute: int) -> Iterable[int]:
    """Attributes that the parse has put under the name before them."""
    parse = page.parse
    for role in roles_under(page, attribute, with_of=True):
        for kid in parse.children[role.head]:
            if parse.deps[kid] == "conj" and is_stray(page, role.head, kid):
                yield from conjuncts(page, kid)


def _slots(
    page: Page,
    clause: Clause,
    subject: int | None,
    agent: int | None,
    object_: int | None,
    attribute: int | None,
) -> list[Slot]:
    verb = clause.verb
    class_noun = class_of(page, clause)
    passive_role = "recipient" if object_ is not None else "object"
    heads = [
        (passive_role if clause.is_passive else "subject", subject, _FIRST, ""),
        ("subject" if clause.is_passive else "agent", agent, None, "by"),
        ("object", object_, None, ""),
        ("attribute", attribute, None, ""),
        *(("recipient", head, None, "") for head in clause.recipients),
        *(("time", head, None, "") for head in clause.times),
        *(("extent", head, None, "") for head in clause.extents),
    ]
    slots: list[Slot] = []
    if clause.is_elided and page.topic is not None:
        slots.append(Slot(heads[0][0], _elided(page, page.topic, verb), _FIRST))
    roles = list(clause.roles)
    if class_noun is not None:
        heads.append((_CLASS, class_noun, 0, ""))
    for role, head, position, lead in heads:
        if head is None:
            continue
        is_attribute = role == "attribute" and page.parse.pos[head] != "NUM"
        if head != class_noun:
            roles += roles_under(page, head, with_of=is_attribute)
        phrase = phrase_of(page, head, with_of=not is_attribute)
        if phrase:
            slots.append(Slot(role, phrase, _position(role, head, verb, position), lead))
    for argument in roles:
        slots += role_slots(page, argument, verb)
    if clause.bearer is not None and subject is not None:
        slots += _borne(page, clause.bearer, subject)
    if _may_be_sited(page, clause, attribute, slots):
        _place(slots)
    return list({slot.phrase[1:7]: slot for slot in reversed(slots)}.values())[::-1]


def _borne(page: Page, clause: Clause, noun: int) -> Iterable[Slot]:
    """Of what clause the described noun is the object: "a prize that Ann won"."""
    bearer = phrase_of(page, clause.subjects[0])
    if bearer is not None and bearer.head != noun:
        shown = f"that {bearer.shown} {verb_text(page, clause)}"
        yield Slot("bearer", bearer._replace(shown=shown), _FIRST)


def _elided(page: Page, topic: Referent, verb: int) -> Phrase:
    """The subject that is left out before a verb."""
    start = page.parse.starts[verb]
    return Phrase(verb, topic.shown, topic.shown, topic.name, topic.type, start, start)


def _may_be_sited(page: Page, clause: Clause, attribute: int | None, slots: Sequence[Slot]) -> bool:
    """Whether "is ... in" a place tells where a thing stands."""
    if page.parse.lemmas[clause.verb] != "be" or not slots:
        return False
    lemma = "" if attribute is None else page.parse.lemmas[attribute]
    if lemma in SITED_NOUNS:
        return True
    is_thing = slots[0].phrase.type is not EntityType.PERSON and lemma not in _UNSITED_NOUNS
    first = next((slot for slot in slots if slot.lead in _PLACE_PREPOSITIONS), None)
    return is_thing and first is not None and first.phrase.type is EntityType.PLACE


def _place(slots: list[Slot]) -> None:
    """ "A village in Kent" is located there, which the sentence then says."""
    for place, slot in enumerate(slots):
        if slot.role != "time" and slot.lead in _PLACE_PREPOSITIONS:
            slots[place] = slot._replace(role="place", lead=f"located {slot.lead}")
            return


def _position(role: str, head: int, verb: int, given: int | None) -> int:
    """Where a member goes into the sentence: one from before the verb comes right after it."""
    if given is not None or head > verb:
        return head if given is None else given
    return verb + 1 if role != "time" else verb + _FRONTED + head


def role_slots(page: Page, role: Role, verb: int) -> Iterable[Slot]:
    lead = role.word
    heads = conjuncts(page, role.head)
    deps, children = page.parse.deps, page.parse.children
    is_list = any(deps[kid] == "cc" for head in heads for kid in children[head])
    for head in heads:
        phrase = phrase_of(page, head)
        if phrase is None:
            continue
        name = role.word
        if phrase.type is EntityType.DATE:
            name = "time"
        elif phrase.type is EntityType.PLACE and role.word in _PLACE_PREPOSITIONS:
            name = "place"
        position = head if role.preposition > verb else verb + _FRONTED + head
        yield Slot(name, phrase, position, lead)
        lead = "and" if is_list else ","


def _fact(page: Page, clause: Clause, slots: list[Slot], attribute: int | None) -> FactDraft | None:
    if not slots or not _has_subject(page, clause, slots):
        return None
    predicate, is_member = _predicate(page, clause, attribute)
    members = members_of(
        page, [slot for slot in slots if _is_member(slot, slots, predicate, is_member)]
    )
    if not _says_something(page, clause, members, predicate):
        return None
    members, frame = with_topic(page, members)
    kind = _kind(page, clause, attribute)
    interval = _valid(page, slots) or _by_tense(page, clause, kind)
    attribution = phrase_of(page, clause.attribution) if clause.attribution is not None else None
    start, end = extent_of(members, page.parse.starts[clause.verb], page.parse.ends[clause.verb])
    return FactDraft(
        text=finished(frame + _said_by(page, clause) + sentence_of(page, clause, slots)),
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


def _said_by(page: Page, clause: Clause) -> str:
    """ "Ann says that" where somebody does, for the sentence to begin with."""
    verb = governor(page, clause)
    speaker = None if clause.attribution is None else phrase_of(page, clause.attribution)
    if verb is None or speaker is None:
        return ""
    group = [kid for kid in page.parse.children[verb] if page.parse.deps[kid] in ("aux", "neg")]
    words = [page.parse.words[token] for token in sorted([*group, verb])]
    return f"{speaker.shown} {' '.join(words)} that "


def with_topic(page: Page, members: tuple[MemberDraft, ...]) -> tuple[tuple[MemberDraft, ...], str]:
    """The members with what the page is about, and how the sentence then begins.

    A statement that does not name what its page is about is still told of that.
    """
    topic = page.topic
    if topic is None or any(_is_named_by(topic, member) for member in members):
        return members, ""
    frame = MemberDraft(role="topic", text=topic.shown, name=topic.name, type=topic.type)
    return (*members, frame), f"Regarding {topic.shown}, "


def _is_named_by(topic: Referent, member: MemberDraft) -> bool:
    """Whether a member is the topic, under its own name or one that holds that whole."""
    if member.name == topic.name:
        return True
    own, other = set(name_key(topic.shown).split()), set(name_key(member.name).split())
    return member.type.is_name and own <= other


def _has_subject(page: Page, clause: Clause, slots: Sequence[Slot]) -> bool:
    """Whether it is said of something: neither "who" nor the "it" of "it is so" is known."""
    if any(slot.position < 0 for slot in slots):
        return True
    is_asking = any(page.parse.tags[subject][:1] == "W" for subject in clause.subjects)
    words = [page.parse.words[subject].lower() for subject in clause.subjects]
    is_counting = bool(words) and words[0] in _QUANTIFIERS
    return bool(words) and not is_asking and (is_counting or not clause.attributes)


def extent_of(members: Sequence[MemberDraft], start: int, end: int) -> tuple[int, int]:
    """The characters ``[start, end)`` widened to hold all members."""
    starts = [member.start for member in members if member.start is not None]
    ends = [member.end for member in members if member.end is not None]
    return min([start, *starts]), max([end, *ends])


def _is_member(slot: Slot, slots: Sequence[Slot], predicate: str, is_attribute: bool) -> bool:
    """Whether a slot is a member: not "place" in "take place", nor an adjective among others."""
    if slot.role == _CLASS:
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
    if lemma == "bear" and clause.is_passive and not clause.agents:
        return "be born", True
    if lemma == "take" and clause.objects:
        thing = parse.words[clause.objects[0]].lower()
        return (f"take {thing}" if thing in _TAKEN else lemma), True
    if attribute is None or attribute in page.name_at:
        return lemma, True
    if parse.pos[attribute] == "ADJ":
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


def members_of(page: Page, slots: Sequence[Slot]) -> tuple[MemberDraft, ...]:
    """The members of a fact, names before descriptions, with the names inside them."""
    found: list[tuple[str, Phrase]] = [(slot.role, slot.phrase) for slot in slots]
    for slot in slots:
        for part in slot.phrase.parts:
            phrase = phrase_of(page, part)
            if phrase:
                found.append((_part_role(slot, phrase), phrase))
    seen: set[str] = set()
    unique: list[tuple[str, Phrase]] = []
    for role, phrase in found:
        key = name_key(phrase.name)
        if role == "as" and unique and name_key(unique[0][1].name) == key:
            _tell_apart(unique, phrase)
        elif key not in seen:
            seen.add(key)
            unique.append((role, phrase))
    if len(unique) > _MOST_MEMBERS:
        order = sorted(range(len(unique)), key=lambda i: (_weight(*unique[i]), i))
        unique = [unique[i] for i in sorted(order[:_MOST_MEMBERS])]
    unique.sort(key=lambda pair: _RANKS.get(pair[0], len(_RANKS)))
    return tuple(
        MemberDraft(
            role=role,
            text=phrase.text,
            name=phrase.name,
            type=phrase.type,
            start=phrase.start if phrase.end > phrase.start else None,
            end=phrase.end if phrase.end > phrase.start else None,
        )
        for role, phrase in unique
    )


def _tell_apart(unique: list[tuple[str, Phrase]], alias: Phrase) -> None:
    """Another name of what the first member is becomes a member of its own, as a name."""
    role, first = unique[0]
    if name_key(alias.text) != name_key(first.name):
        alias = alias._replace(name=alias.text, type=EntityType.OTHER)
    elif name_key(first.text) != name_key(first.name):
        unique[0] = role, first._replace(name=first.text, type=EntityType.OTHER)
    else:
        return
    unique.append(("as", alias))


def _part_role(slot: Slot, part: Phrase) -> str:
    if part.type is EntityType.DATE:
        return "time"
    return "place" if part.type is slot.phrase.type is EntityType.PLACE else "of"


def _weight(role: str, phrase: Phrase) -> int:
    if role in _RANKS:
        return 0
    return 1 if phrase.type.is_name or role == "time" else 2


def _says_something(
    page: Page, clause: Clause, members: Sequence[MemberDraft], predicate: str
) -> bool:
    if len(members) > 1:
        return True
    is_there = page.parse.child(clause.verb, "expl") is not None
    if not members or (predicate in _BARE and not is_there) or has_content(page, clause):
        return False
    if page.topic is not None:
        return members[0].role in ("subject", "object")
    return members[0].type.is_name and members[0].role == (
        "object" if clause.is_passive else "subject"
    )


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
