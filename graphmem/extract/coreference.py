"""Who "she" is: pronouns and "the company", by simple rules over one passage.

A pronoun goes to the clause's subject (possessives), or else to the last fitting subject, or else
to what the document is about. In a chat, "I" is the speaker and "you" the addressee.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from graphmem.extract.lexicon import FEMALE, MALE, PERSON_NOUNS
from graphmem.extract.names import name_key
from graphmem.extract.page import Page, Referent
from graphmem.extract.phrases import conjuncts, phrase_of
from graphmem.extract.referents import Topic
from graphmem.kernels.text import fold
from graphmem.model.extraction import ReferenceDraft
from graphmem.model.knowledge import EntityType
from graphmem.model.source import EpisodeKind

_SPEAKER: Final = frozenset("i me my mine myself we us our ours ourselves".split())
_ADDRESSEE: Final = frozenset("you your yours yourself".split())
_PERSONAL: Final = frozenset("he him his himself she her hers herself".split())
_NEUTER: Final = frozenset("it its itself".split())
_PLURAL: Final = frozenset("they them their theirs themselves".split())
_CLAUSAL: Final = frozenset("ccomp csubj".split())
_NOT_PERSONS: Final = frozenset(
    (EntityType.ORGANISATION, EntityType.PLACE, EntityType.WORK, EntityType.EVENT)
)
_THINGS: Final = _NOT_PERSONS | {EntityType.PRODUCT, EntityType.GROUP}


@dataclass
class _Heard:
    """The subjects so far, the last one last, and the gender that names were used with."""

    topic: Topic | None
    persons: list[int] = field(default_factory=list)
    things: list[int] = field(default_factory=list)
    plurals: list[int] = field(default_factory=list)
    genders: dict[str, str] = field(default_factory=dict)


def resolve_pronouns(page: Page, topic: Topic | None) -> None:
    """Fill the page's antecedents."""
    parse = page.parse
    heard = _Heard(topic)
    if topic:
        heard.genders[topic.referent.name] = topic.gender
    is_chat = page.context.kind is EpisodeKind.CHAT
    for first, last in parse.sentences:
        for token in range(first, last):
            tag = parse.tags[token]
            if token in page.name_at:
                pass
            elif tag in ("WDT", "WP", "WP$", "WRB"):
                _relative(page, token)
            elif tag in ("PRP", "PRP$"):
                _personal(page, token, heard, is_chat=is_chat)
            elif topic and parse.pos[token] == "NOUN" and parse.words[token].lower() in topic.nouns:
                _definite(page, token, topic)
            if parse.deps[token] in ("nsubj", "nsubjpass") and tag[:1] != "W":
                _note_subject(page, token, heard)


def references(page: Page) -> Iterator[ReferenceDraft]:
    """What was resolved: pronouns and descriptions, and names that stand for a longer one."""
    parse = page.parse
    for token, antecedent in page.antecedents.items():
        if parse.tags[token][:1] == "W":
            continue
        if isinstance(antecedent, Referent):
            names = [antecedent.name]
        else:
            phrases = (phrase_of(page, head) for head in conjuncts(page, token))
            names = [phrase.name for phrase in phrases if phrase]
        for name in names:
            yield ReferenceDraft(start=parse.starts[token], end=parse.ends[token], name=name)
    for named in page.names:
        if name_key(page.context.text[named.start : named.end]) != name_key(named.referent.name):
            yield ReferenceDraft(start=named.start, end=named.end, name=named.referent.name)


def _relative(page: Page, token: int) -> None:
    """A relative pronoun stands for the noun that its clause describes."""
    parse = page.parse
    verb = token
    for _ in range(6):
        if parse.deps[verb] in ("relcl", "acl"):
            head = parse.heads[verb]
            if head < token:
                meant = page.described(verb)
                page.antecedents[token] = page.antecedents.get(meant, meant)
            return
        if parse.heads[verb] == verb:
            return
        verb = parse.heads[verb]


def _personal(page: Page, token: int, heard: _Heard, *, is_chat: bool) -> None:
    parse = page.parse
    word = fold(parse.words[token])
    found: int | Referent | None = None
    if is_chat and word in _SPEAKER | _ADDRESSEE:
        name = page.context.speaker if word in _SPEAKER else page.context.addressee
        found = Referent(name, name, EntityType.PERSON) if name else None
    elif word in _PERSONAL:
        found = _person(page, token, word, heard)
    elif word in _NEUTER:
        found = _thing(page, token, heard)
    elif word in _PLURAL:
        found = _they(page, token, heard)
    if isinstance(found, int):
        found = page.antecedents.get(found, found)
    if found is not None:
        page.antecedents[token] = found


def _person(page: Page, token: int, word: str, heard: _Heard) -> int | Referent | None:
    gender = "f" if word in FEMALE else "m"
    fitting = [
        subject
        for subject in heard.persons
        if heard.genders.get(_name_at(page, subject), gender) in (gender, "")
    ]
    own = _own_subject(page, token, fitting) if page.parse.tags[token] == "PRP$" else None
    clause_subject = _subject_of_clause(page, token)
    others = [subject for subject in fitting if subject != clause_subject]
    if heard.topic and heard.topic.referent.type is EntityType.PERSON:
        # A tagger's single-word "person" loses to the person that the document is about.
        others = [subject for subject in others if _is_sure(page, subject, heard)]
        fitting = others
    found: int | Referent | None = own if own is not None else _last(others or fitting, token)
    if found is None and heard.topic:
        topic = heard.topic
        if topic.referent.type not in _NOT_PERSONS and topic.gender in (gender, ""):
            found = topic.referent
    if found is None:
        found = _last_person(page, token, gender)
    if found is not None:
        name = found.name if isinstance(found, Referent) else _name_at(page, found)
        heard.genders.setdefault(name, gender)
        heard.genders[name] = heard.genders[name] or gender
    return found


def _is_sure(page: Page, subject: int, heard: _Heard) -> bool:
    name = _name_at(page, subject)
    return " " in name or bool(heard.genders.get(name)) or subject in page.antecedents


def _last_person(page: Page, token: int, gender: str) -> int | Referent | None:
    """The last person before a pronoun, named or described, who is not taking part in the chat."""
    parse = page.parse
    partners = (page.context.speaker, page.context.addressee)
    other = MALE if gender == "f" else FEMALE
    for before in range(token - 1, -1, -1):
        referent = page.referent(before)
        if referent:
            if referent.type is EntityType.PERSON and referent.name not in partners:
                return referent
        elif parse.pos[before] == "NOUN" and parse.lemmas[before] in PERSON_NOUNS - other:
            return before
    return None


def _thing(page: Page, token: int, heard: _Heard) -> int | Referent | None:
    parse = page.parse
    governor = parse.heads[token]
    is_empty = parse.deps[token] == "expl" or (
        parse.deps[token] in ("nsubj", "nsubjpass")
        and any(kid > governor and parse.deps[kid] in _CLAUSAL for kid in parse.children[governor])
    )
    if is_empty:
        return None
    found = _own_subject(page, token, heard.things) if parse.tags[token] == "PRP$" else None
    if found is None:
        found = _last(heard.things, token)
    if found is None and heard.topic and heard.topic.referent.type is not EntityType.PERSON:
        return heard.topic.referent
    return found


def _they(page: Page, token: int, heard: _Heard) -> int | Referent | None:
    found = _own_subject(page, token, heard.plurals)
    if found is None:
        found = _last(heard.plurals, token)
    if found is None and heard.topic and heard.topic.referent.type is EntityType.ORGANISATION:
        return heard.topic.referent
    return found


def _definite(page: Page, token: int, topic: Topic) -> None:
    """ "The film" is the document's subject where that is said to be a film."""
    parse = page.parse
    kids = parse.children[token]
    before = [kid for kid in kids if parse.deps[kid] != "case"]
    if before == [token - 1] and parse.words[token - 1].lower() in ("the", "this"):
        page.antecedents[token] = topic.referent


def _note_subject(page: Page, token: int, heard: _Heard) -> None:
    parse = page.parse
    referent = page.referent(token)
    if any(parse.deps[kid] == "conj" for kid in parse.children[token]):
        heard.plurals.append(token)
    elif referent is None:
        if parse.tags[token] in ("NNS", "NNPS"):
            heard.plurals.append(token)
        else:
            _note_description(page, token, heard)
    elif referent.type in _THINGS:
        heard.things.append(token)
    elif referent.name in (page.context.speaker, page.context.addressee):
        pass
    elif referent.type is EntityType.PERSON:
        heard.persons.append(token)
        _note_gender(page, token, referent, heard)
    else:
        is_title = heard.topic is not None and referent.name == heard.topic.referent.name
        if is_title or heard.topic is None or heard.topic.referent.type is not EntityType.PERSON:
            heard.persons.append(token)
        heard.things.append(token)


def _note_description(page: Page, token: int, heard: _Heard) -> None:
    """A described thing is remembered as a main clause's subject, or where nothing is the topic."""
    parse = page.parse
    is_main = parse.deps[parse.heads[token]] in ("ROOT", "conj") or heard.topic is None
    if is_main and parse.pos[token] == "NOUN" and parse.lemmas[token] not in PERSON_NOUNS:
        heard.things.append(token)


def _note_gender(page: Page, token: int, referent: Referent, heard: _Heard) -> None:
    """What a name is said to be ("was a queen") tells its gender."""
    attribute = page.parse.child(page.parse.heads[token], "attr")
    noun = page.parse.words[attribute].lower() if attribute is not None else ""
    gender = "f" if noun in FEMALE else "m" if noun in MALE else ""
    if gender:
        heard.genders[referent.name] = heard.genders.get(referent.name) or gender


def _own_subject(page: Page, token: int, fitting: Sequence[int]) -> int | None:
    """The subject of the pronoun's own clause, if it stands before it and fits."""
    subject = _subject_of_clause(page, token)
    if subject is None or subject >= token:
        return None
    antecedent = page.antecedents.get(subject, subject)
    name = _name_at(page, subject)
    for other in fitting:
        if other in (subject, antecedent) or (name and _name_at(page, other) == name):
            return subject
    return None


def _subject_of_clause(page: Page, token: int) -> int | None:
    parse = page.parse
    above = token
    for _ in range(8):
        above = parse.heads[above]
        subject = parse.child(above, "nsubj", "nsubjpass")
        if subject is not None and subject != token and not _is_inside(page, token, subject):
            return subject
        if parse.heads[above] == above:
            return None
    return None


def _is_inside(page: Page, token: int, subject: int) -> bool:
    return page.parse.left[subject] <= token <= page.parse.right[subject]


def _last(subjects: Sequence[int], token: int) -> int | None:
    return next((subject for subject in reversed(subjects) if subject < token), None)


def _name_at(page: Page, token: int) -> str:
    referent = page.referent(token)
    return referent.name if referent else ""
