"""Members: who and what a fact is about, of which there are few, the core arguments first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from graphmem.extract.lexicon import EVENT_NOUNS, FORCE_NOUNS, PERSON_NOUNS
from graphmem.extract.names import name_key
from graphmem.extract.page import Page, Phrase, Referent
from graphmem.extract.phrases import phrase_of
from graphmem.extract.slots import CLASS
from graphmem.extract.wording import Slot
from graphmem.model.extraction import MemberDraft
from graphmem.model.knowledge import EntityType

MOST_MEMBERS = 6
_ONE_OF_A_KIND: Final = frozenset(
    """world sun moon earth sky sea war time day night year month week century decade season future
    past present former latter first second third last rest one other same following fact case way
    thing reason""".split()
)
_UNOWNED: Final = PERSON_NOUNS | FORCE_NOUNS | EVENT_NOUNS | _ONE_OF_A_KIND
_RANKS: Final = {"subject": 0, "object": 1, "recipient": 2, "attribute": 3}


def grouped(slots: list[Slot]) -> Iterable[list[Slot]]:
    """The slots of one fact, or of several when they are many: each repeats the core arguments.

    Where they are too many for one, descriptions stand back for names and times.
    """
    core = [slot for slot in slots if slot.role in _RANKS or slot.role in ("agent", CLASS)]
    rest = [slot for slot in slots if slot not in core]
    room = max(MOST_MEMBERS - len(core), 2)
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
    if len(unique) > MOST_MEMBERS:
        order = sorted(range(len(unique)), key=lambda i: (_weight(*unique[i]), i))
        unique = [unique[i] for i in sorted(order[:MOST_MEMBERS])]
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


def with_topic(
    page: Page,
    members: tuple[MemberDraft, ...],
    said_of: Phrase | None,
    *,
    is_aside: bool = False,
) -> tuple[tuple[MemberDraft, ...], str]:
    """The members with what the page is about, and how the sentence then begins.

    A statement that does not name what its page is about is still told of that; an aside only where
    its sentence speaks of it. Its sentence says so unless what it is `said_of` is known by name.
    """
    topic = page.topic
    if topic is None or any(_is_named_by(topic, member) for member in members):
        return members, ""
    if is_aside and not _is_spoken_of(page, topic, members):
        return members, ""
    frame = MemberDraft(role="topic", text=topic.shown, name=topic.name, type=topic.type)
    is_known = said_of is not None and (said_of.type.is_name or bool(said_of.parts))
    return (*members, frame), "" if is_known else f"Regarding {topic.shown}, "


def as_known(page: Page, slots: Sequence[Slot]) -> list[Slot]:
    """The slots with the person that the page is about by the name of its title.

    A page on Kate Mulgrew may begin with "Katherine Kiernan Maria Mulgrew"; only what says that
    both are names of one keeps the other one.
    """
    topic = page.topic
    is_alias = any(slot.role == "as" for slot in slots)
    if topic is None or topic.type is not EntityType.PERSON or is_alias:
        return list(slots)
    return [
        slot._replace(phrase=slot.phrase._replace(text=topic.shown, shown=topic.shown))
        if slot.phrase.name == topic.name and slot.phrase.text == slot.phrase.shown
        else slot
        for slot in slots
    ]


def owned_by_topic(page: Page, slots: list[Slot]) -> list[Slot] | None:
    """The slots with a subject that is the topic's: "the production" is "the production of X".

    A definite description that nothing before it explains is a part of what the page is about. That
    is not said of persons, nor of what there is one of in the world.
    """
    topic, subject = page.topic, slots[0]
    phrase = subject.phrase
    lemma = page.parse.lemmas[phrase.head]
    first = page.parse.left[phrase.head]
    if (
        topic is None
        or subject.position >= 0
        or phrase.type is not EntityType.CONCEPT
        or page.parse.words[first].lower() != "the"
        or page.parse.pos[phrase.head] != "NOUN"
        or page.parse.right[phrase.head] != phrase.head
        or lemma in _UNOWNED
        or lemma in name_key(topic.shown).split()
    ):
        return None
    owned = phrase._replace(shown=f"{phrase.shown} of {topic.shown}")
    return [subject._replace(phrase=owned), *slots[1:]]


def extent_of(members: Sequence[MemberDraft], start: int, end: int) -> tuple[int, int]:
    """The characters ``[start, end)`` widened to hold all members."""
    starts = [member.start for member in members if member.start is not None]
    ends = [member.end for member in members if member.end is not None]
    return min([start, *starts]), max([end, *ends])


def _is_spoken_of(page: Page, topic: Referent, members: Sequence[MemberDraft]) -> bool:
    """Whether the sentence of the members names the topic, or has a word that stands for it."""
    start = next((member.start for member in members if member.start is not None), None)
    if start is None:
        return False
    token = page.parse.tokens_in(start, start + 1)[0]
    first, last = next(s for s in page.parse.sentences if token < s[1])
    found = (page.referent(token) for token in range(first, last))
    return any(referent is not None and referent.name == topic.name for referent in found)


def _is_named_by(topic: Referent, member: MemberDraft) -> bool:
    """Whether a member is the topic, under its own name or one that holds that whole."""
    if member.name == topic.name:
        return True
    own, other = set(name_key(topic.shown).split()), set(name_key(member.name).split())
    return member.type.is_name and own <= other


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
