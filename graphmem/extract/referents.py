"""What names mean: the document's subject, a longer name of the same passage, or themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from graphmem.extract.lexicon import (
    EVENT_NOUNS,
    FIRM_NOUNS,
    NOT_A_HEAD,
    ORGANISATION_NOUNS,
    PERSON_NOUNS,
    PLACE_NOUNS,
    WORK_NOUNS,
)
from graphmem.extract.names import NameSpan, name_key
from graphmem.extract.page import Named, Referent
from graphmem.kernels.text import fold, words
from graphmem.model.extraction import PassageContext
from graphmem.model.knowledge import EntityType
from graphmem.model.source import EpisodeKind

_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
_ASIDE = re.compile(r"\([^()]*\)")
_FIRST_PRONOUN = re.compile(r"(?:^|[.!?]\s+)(She|He)\b")
_WHERE = re.compile(r"\b(?:in|at|near|to|from|of)\s$")
_IS_A = re.compile(
    r"\b(?:is|was|are|were)(?:\s+(?:also|originally|an?|the|one of the))*(\s+[^.;:()]{2,120})"
)
_NOUN_END = re.compile(
    r"\s(?:of|by|in|from|for|who|which|that|and|with|at|on|to|based|located|directed|written"
    r"|released|published|produced|founded|best|known|born|created|developed|owned|set)\b"
)
_KINDS: Final = (
    (PERSON_NOUNS, EntityType.PERSON),
    (WORK_NOUNS, EntityType.WORK),
    (ORGANISATION_NOUNS, EntityType.ORGANISATION),
    (PLACE_NOUNS, EntityType.PLACE),
    (EVENT_NOUNS, EntityType.EVENT),
)
_ENDINGS: Final = (*_KINDS[1:], (FIRM_NOUNS, EntityType.ORGANISATION))
_GENERIC: Final = {
    EntityType.WORK: frozenset(
        """film movie album song single book novel series show game play episode magazine
        journal""".split()
    ),
    EntityType.ORGANISATION: frozenset(
        """company band group team club university college school organisation organization
        firm""".split()
    ),
    EntityType.PLACE: frozenset("city town village river lake island county".split()),
    EntityType.EVENT: frozenset("war battle festival tournament election".split()),
}
_SURNAMES: Final = frozenset(
    """park lake church castle bridge street road forest bay port canal sea mountain valley street
    race match war story king""".split()
)
_SHORTEST_NAME, _TWO_WORDS = 3, 2
_SUFFIXES: Final = frozenset("i ii iii iv v vi vii viii jr sr".split())


class Topic(NamedTuple):
    """What a document is about: its title with the nouns that its first sentence says it is."""

    referent: Referent
    nouns: frozenset[str] = frozenset()
    gender: str = ""


def topic_of(
    context: PassageContext, title: str, names: Sequence[NameSpan], heard: Sequence[str]
) -> Topic | None:
    """What a passage of a document is about; `heard` are its words, folded."""
    if not title or context.kind is EpisodeKind.CHAT:
        return None
    opening_text = _ASIDE.sub("", context.text[:600])
    said = _IS_A.search(opening_text[:400]) if context.ordinal == 0 else None
    nouns = frozenset(words(_first_listed(said[1]))) if said else frozenset()
    female, male = heard.count("she") + heard.count("her"), heard.count("he") + heard.count("his")
    hint = re.search(r"\(([^()]*)\)\s*$", context.title)
    opening = re.match(r"\s*The (\w+) (?:was|is|were|are|has|had|\w+ed)\b", context.text)
    if hint:
        nouns |= frozenset(words(hint[1]))
    if opening and opening[1] in WORK_NOUNS | ORGANISATION_NOUNS | PLACE_NOUNS | EVENT_NOUNS:
        nouns |= {opening[1]}
    neuters = heard.count("it") + heard.count("its")
    kind = _kind_of(context, title, names, nouns, persons=female + male, things=neuters)
    nouns |= _definite_nouns(kind, heard)
    gender = ""
    if kind is EntityType.PERSON:
        first = _FIRST_PRONOUN.search(context.text)
        if first:
            gender = "f" if first[1] == "She" else "m"
        elif female != male:
            gender = "f" if female > male else "m"
    return Topic(Referent(title, shown_title(title), kind), nouns, gender)


def _first_listed(said: str) -> str:
    """What something is said to be, up to what is said of that; a list of it is kept whole."""
    listed = _NOUN_END.split(f"{said} ")[0]
    rest = said[len(listed) :]
    if not re.match(r"\s(?:and|or)\b", rest):
        return listed.partition(",")[0]
    return listed + _NOUN_END.split(f"{rest[4:]} ")[0].partition(",")[0]


def shown_title(title: str) -> str:
    """A title as it reads in a sentence: without what tells it from others of the same name."""
    base = _PARENTHESIS.sub("", title).strip() or title
    return base.partition(",")[0].strip() or base


def short_forms(names: Sequence[Referent]) -> dict[str, Referent]:
    """Single words that stand for one longer name among these: a last or a first name.

    Only for names of persons, and only where no two names share the word.
    """
    found: dict[str, Referent | None] = {}
    for referent in dict.fromkeys(names):
        parts = name_key(referent.shown).split(" ")
        while parts and parts[-1] in _SUFFIXES:
            parts.pop()
        if referent.type is not EntityType.PERSON or len(parts) < 2:
            continue
        for part in {parts[-1], parts[0]}:
            other = found.setdefault(part, referent)
            if other is not None and other.name != referent.name:
                found[part] = None
    return {part: referent for part, referent in found.items() if referent}


def _other_short_forms(topic: Referent) -> list[str]:
    """Words that may stand for a document's subject: inside a person's name, or first of a firm's.

    A person's are those that a first family name may be; a firm's its first, unless that is one of
    many ("National", "University").
    """
    parts = topic.shown.split()
    if topic.type is EntityType.PERSON:
        found = [p for p in parts[1:-1] if len(p) > _SHORTEST_NAME and p[0].isupper()]
    elif topic.type is EntityType.ORGANISATION and len(parts) == _TWO_WORDS:
        found = [p for p in parts[:1] if fold(p) not in NOT_A_HEAD | ORGANISATION_NOUNS]
    else:
        found = []
    return [name_key(part) for part in found]


def _is_place(text: str, name: NameSpan) -> bool:
    """Whether a word of a title is the place that it comes from: "died in Dillenburg"."""
    return (
        name.type is EntityType.PLACE
        and _WHERE.search(text[max(0, name.start - 8) : name.start]) is not None
    )


def referents(names: Sequence[NameSpan], text: str, topic: Topic | None) -> list[Named]:
    """What each name refers to: the title, a longer name of the same passage, or itself."""
    titles = {name_key(topic.referent.name), name_key(topic.referent.shown)} if topic else set()
    plain = [
        topic.referent
        if topic and (name.title is not None or _bare_key(text, name) in titles)
        else _plain(text, name)
        for name in names
    ]
    short = short_forms(plain)
    if topic:
        short.update(short_forms([topic.referent]))
        for part in _other_short_forms(topic.referent):
            short.setdefault(part, topic.referent)
    short.update(_acronyms(names, plain, text))
    found = []
    for name, referent in zip(names, plain, strict=True):
        meant = referent
        longer = short.get(fold(text[name.start : name.end]))
        if name.title is not None:
            meant = _as_written(text, name, referent)
        elif longer and _may_be_short(referent, longer, topic) and not _is_place(text, name):
            meant = longer
        found.append(Named(name.start, name.end, meant))
    return found


def _kind_of(
    context: PassageContext,
    title: str,
    names: Sequence[NameSpan],
    nouns: frozenset[str],
    *,
    persons: int,
    things: int,
) -> EntityType:
    """Of what type the title is; `persons` counts "he" and "she" in the passage, `things` "it"."""
    tagged = [n.type for n in names if n.title is not None and n.type is not EntityType.OTHER]
    for known, kind in _KINDS:
        if nouns & known:
            return kind
    if re.match(r"[^.(]{2,60}\(\s*(?:born|b\.|died|d\.)", context.text):
        return EntityType.PERSON
    last = frozenset(words(_PARENTHESIS.sub("", title))[-1:]) - _SURNAMES
    for known, kind in _ENDINGS:
        if known & last:
            return kind
    if persons > 1 and context.text[:400].count(" his ") + persons > 2:
        return EntityType.PERSON
    if tagged and not (tagged[0] is EntityType.PERSON and nouns and things > persons):
        return tagged[0]
    return EntityType.PERSON if persons > (things if nouns else 0) else EntityType.OTHER


def _definite_nouns(kind: EntityType, heard: Sequence[str]) -> frozenset[str]:
    """Nouns that mean the title after "the": of its kind, and never brought in by "a"."""
    generic = _GENERIC.get(kind, frozenset())
    brought_in = {
        word
        for position, word in enumerate(heard)
        if word in generic and {"a", "an"} & set(heard[max(0, position - 3) : position])
    }
    return generic - brought_in


def _may_be_short(referent: Referent, longer: Referent, topic: Topic | None) -> bool:
    if topic is not None and longer.name == topic.referent.name:
        return True
    is_last = longer.type is EntityType.PERSON and longer.shown.endswith(referent.shown)
    same = referent.type is longer.type or referent.type is EntityType.OTHER
    return same or referent.shown.isupper() or (is_last and referent.type is not EntityType.PLACE)


def _acronyms(
    names: Sequence[NameSpan], referents: Sequence[Referent], text: str
) -> dict[str, Referent]:
    """Acronyms that are introduced in parentheses: "Recording Industry Association (RIA)"."""
    found: dict[str, Referent] = {}
    for (name, following), referent in zip(pairwise(names), referents, strict=False):
        written = text[following.start : following.end]
        if text[name.end : following.start] not in ("(", " (") or not written.isupper():
            continue
        if shortens(fold(written), fold(referent.shown)):
            found[fold(written)] = referent
    return found


def shortens(short: str, name: str) -> bool:
    """Whether the letters of an acronym come in their order in a name, from its first one on."""
    letters = [letter for letter in short if letter.isalpha()]
    rest = iter(letter for letter in name if letter.isalpha())
    return len(letters) > 1 and short[0] == name[:1] and all(letter in rest for letter in letters)


def _bare_key(text: str, name: NameSpan) -> str:
    return name_key(text[name.start : name.end]).removeprefix("the ")


def _plain(text: str, name: NameSpan) -> Referent:
    written = " ".join(text[name.start : name.end].split())
    return Referent(written, written, name.type)


def _as_written(text: str, name: NameSpan, referent: Referent) -> Referent:
    """The title under an alias that is no part of it is shown as it is written."""
    written = " ".join(text[name.start : name.end].split())
    if set(name_key(written).split(" ")) <= set(name_key(referent.shown).split(" ")):
        return referent
    return referent._replace(shown=written)
