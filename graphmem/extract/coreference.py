"""Who "she" is: pronouns, "the company" and "it", by rules over the parse of one passage.

What is meant is the most salient entity (:mod:`graphmem.extract.salience`) that agrees in number
and gender and that the syntax allows: an object is not its clause's subject, a possessive is it
more often than not. In a chat, "I" is the speaker and "you" the addressee.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from graphmem.extract.gestures import gesture_spans
from graphmem.extract.inflection import is_reflexive
from graphmem.extract.lexicon import (
    EVENT_NOUNS,
    FEMALE,
    FORCE_NOUNS,
    GREETINGS,
    PARTNER_PRONOUNS,
    SPEAKER_PRONOUNS,
)
from graphmem.extract.mentions import SUBJECTS, note_name, note_noun, relation, topic_entity
from graphmem.extract.names import name_key
from graphmem.extract.page import Page, Referent
from graphmem.extract.phrases import conjuncts, phrase_of
from graphmem.extract.pleonastic import is_pleonastic, is_sentential
from graphmem.extract.referents import Topic
from graphmem.extract.salience import LEAST_SALIENT, Entity, Scene
from graphmem.extract.spoken import is_talk
from graphmem.kernels.text import fold
from graphmem.model.extraction import ReferenceDraft
from graphmem.model.knowledge import EntityType

_SURE, _DOUBT = 0.9, 0.5
_OWN: Final = {
    "yourself": frozenset(("you", "your", "ya", "u")),
    "yourselves": frozenset(("you", "your")),
    "ourselves": frozenset(("we", "us", "our", "let")),
}
"""What stands before a reflexive of somebody certain."""
_PERSONAL: Final = frozenset("he him his himself she her hers herself".split())
_NEUTER: Final = frozenset("it its itself".split())
_PLURAL: Final = frozenset("they them their theirs themselves".split())
_ALL_OF: Final = ("guys", "two", "all", "both", "folks")
_HITTING: Final = FORCE_NOUNS | EVENT_NOUNS
_SINGULAR: Final = _NEUTER | _PERSONAL


def resolve_pronouns(page: Page, topic: Topic | None, scene: Scene | None = None) -> None:
    """Fill the page's antecedents; `scene` is what was spoken of before, which is added to."""
    parse = page.parse
    scene = Scene() if scene is None else scene
    if topic:
        scene.topic = scene.add(topic_entity(topic))
    shown = gesture_spans(page)
    sentence = scene.sentences - 1
    for first, last in parse.sentences:
        sentence += not _is_exclamation(page, first, last)
        for token in range(first, last):
            tag = parse.tags[token]
            if any(start <= parse.starts[token] < end for start, end in shown):
                continue  # nobody has said these words
            if token in page.name_at:
                note_name(page, token, scene, sentence)
            elif tag in ("WDT", "WP", "WP$", "WRB"):
                _relative(page, token)
            elif tag in ("PRP", "PRP$"):
                _pronoun(page, token, scene, sentence)
            elif parse.pos[token] == "NOUN" and token not in page.time_at:
                if is_talk(page) and _is_of_talk(page, token):
                    continue
                note_noun(page, token, scene, sentence)


def _is_of_talk(page: Page, token: int) -> bool:
    """Whether a noun brings in nothing: "Thanks! They", and "you guys", who are who listens."""
    word, before = (page.parse.words[at].lower() for at in (token, max(token - 1, 0)))
    name = page.context.addressee
    if word in _ALL_OF and before == "you" and name:
        page.antecedents[token] = Referent(name, name, EntityType.PERSON)
        return True
    return word in GREETINGS


def carry_over(page: Page, scene: Scene) -> None:
    """Have a scene go on after a page: descriptions become what they can be called by later."""

    def called(token: int) -> Referent | None:
        phrase = phrase_of(page, token)
        is_list = any(page.parse.deps[kid] == "conj" for kid in page.parse.children[token])
        if phrase is None or is_list:
            return None
        is_owned = page.parse.child(token, "poss") is not None
        shown = phrase.shown if is_owned or phrase.type.is_name else f"the {phrase.text}"
        return Referent(phrase.name, shown, phrase.type)

    spoken = sum(not _is_exclamation(page, *sentence) for sentence in page.parse.sentences)
    scene.carry(spoken, called)


def _is_exclamation(page: Page, first: int, last: int) -> bool:
    """Whether a sentence of talk says nothing that could be referred to: "Oh really?"."""
    is_short = sum(page.parse.words[token][0].isalnum() for token in range(first, last)) <= 2
    return is_talk(page) and is_short


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
    for token, heads in page.several.items():
        for head in heads:
            referent = page.referent(head)
            if referent is not None:
                start, end = parse.starts[token], parse.ends[token]
                yield ReferenceDraft(start=start, end=end, name=referent.name)
    for named in page.names:
        if name_key(page.context.text[named.start : named.end]) != name_key(named.referent.name):
            yield ReferenceDraft(start=named.start, end=named.end, name=named.referent.name)


def _relative(page: Page, token: int) -> None:
    """A relative pronoun stands for the noun that its clause describes."""
    parse = page.parse
    if is_sentential(page, token):
        return
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


def _pronoun(page: Page, token: int, scene: Scene, sentence: int) -> None:
    word = fold(page.parse.words[token])
    if is_talk(page) and word in PARTNER_PRONOUNS:
        name = page.context.speaker if word in SPEAKER_PRONOUNS else page.context.addressee
        if name and not _is_anyone(page, token, word):
            page.antecedents[token] = Referent(name, name, EntityType.PERSON)
        return
    if word in _NEUTER and is_pleonastic(page, token):
        return
    fronted = _subject_after(page, token, word)
    if fronted is not None:
        page.antecedents[token] = fronted
        return
    inside = _heads_above(page, token)
    fits = [(e, fit) for e, fit in _fits(word, scene) if e.meant not in inside]
    entity = _near(page, token, scene, fits, sentence)
    if entity is not None:
        _settle(entity, word)
        page.antecedents[token] = entity.meant
        scene.mention(token, entity, sentence, relation(page, token))
    elif word in _PLURAL:
        both = _named_apart(page, scene, sentence)
        if len(both) == 2 and both[-1].last_token < token:
            page.several[token] = tuple(entity.last_token for entity in both)
            for entity in both:
                entity.mention(sentence, relation(page, token))


def _is_anyone(page: Page, token: int, word: str) -> bool:
    """Whether "yourself" is anybody's self: nothing before it in its sentence says "you"."""
    own = _OWN.get(word)
    if own is None:
        return False
    first = next(first for first, last in page.parse.sentences if token < last)
    return not any(page.parse.words[t].lower() in own for t in range(first, token))


def _named_apart(page: Page, scene: Scene, sentence: int) -> list[Entity]:
    """The persons named in one sentence that a plural may mean: "Ann met Bob. They"."""
    named = [
        entity
        for entity in scene
        if entity.person >= _SURE
        and isinstance(entity.meant, Referent)
        and entity.last_token in page.name_at
        and entity.last_mentioned() >= sentence - 1
    ]
    latest = max((entity.last_mentioned() for entity in named), default=-1)
    both = [entity for entity in named if entity.last_mentioned() == latest]
    return sorted(both, key=lambda entity: entity.last_token)


def _heads_above(page: Page, token: int) -> set[int | Referent]:
    """The nouns that a pronoun describes, none of which it means: "a shelf with books on it"."""
    parse = page.parse
    found: set[int | Referent] = set()
    while parse.pos[token] not in ("VERB", "AUX") and parse.heads[token] != token:
        token = parse.heads[token]
        found.add(token)
    return found


def _settle(entity: Entity, word: str) -> None:
    """What is called "she" is a woman from now on, and what is called "it" nobody."""
    if word in _PERSONAL:
        entity.gender = entity.gender or ("f" if word in FEMALE else "m")
        entity.person, entity.thing = 1.0, 0.0
    elif word in _NEUTER:
        entity.person = 0.0


def _fits(word: str, scene: Scene) -> list[tuple[Entity, float]]:
    if word in _PERSONAL:
        gender = "f" if word in FEMALE else "m"
        # Where a document is about a person, a name of no known kind is hardly another one.
        is_life = scene.topic is not None and scene.topic.person >= 1
        sure = [(e, e.person * (_DOUBT if is_life and e.person < _SURE else 1)) for e in scene]
        return [(entity, fit) for entity, fit in sure if entity.gender in (gender, "")]
    if word in _NEUTER:
        return [(e, e.thing) for e in scene]
    return [(e, e.group) for e in scene] if word in _PLURAL else []


def _near(
    page: Page, token: int, scene: Scene, fits: list[tuple[Entity, float]], sentence: int
) -> Entity | None:
    """The fitting entity that the pronoun's place asks for, or the most salient one."""
    parse = page.parse
    fit = {id(entity): value for entity, value in fits}
    subject = _subject_of_clause(page, token, scene)
    is_fit = subject is not None and fit.get(id(subject), 0.0) > 0
    if parse.tags[token] == "PRP$":
        owner = _owner(page, token, scene, fits, subject, sentence)
        if owner is not None:
            return owner
    elif is_reflexive(parse.words[token]):
        return subject if is_fit else scene.best(fits, sentence, least=LEAST_SALIENT)
    elif parse.deps[token] in SUBJECTS:
        above = parse.deps[parse.heads[token]]
        if is_fit and (above == "ccomp" or (above == "advcl" and _is_of_cause(page, token))):
            return subject
    elif subject is not None:
        others = [subject, *_places_above(page, token, scene)]
        return scene.best(fits, sentence, without=others, least=LEAST_SALIENT)
    return scene.best(fits, sentence, least=LEAST_SALIENT)


def _places_above(page: Page, token: int, scene: Scene) -> list[Entity]:
    """Where one goes to do something with "it", which is something else: "went to X to see it"."""
    parse = page.parse
    verb = parse.heads[token]
    if parse.deps[verb] != "advcl" or parse.child(verb, "aux") is None:
        return []
    led = (kid for kid in parse.children[parse.heads[verb]] if parse.deps[kid] == "prep")
    inner = (parse.child(kid, "pobj") for kid in led if kid < verb)
    found = (scene.at(head) for head in inner if head is not None)
    return [entity for entity in found if entity is not None]


def _is_force(entity: Entity) -> bool:
    """Whether something befalls others, to whom belongs what it hits: "the flood hit its roof"."""
    return isinstance(entity.meant, int) and bool(entity.nouns & _HITTING)


def _owner(
    page: Page,
    token: int,
    scene: Scene,
    fits: list[tuple[Entity, float]],
    subject: Entity | None,
    sentence: int,
) -> Entity | None:
    """Whom the place of a possessive asks for: who is named beside it, or its clause's subject."""
    fit = {id(entity) for entity, value in fits if value > 0}
    neighbour = _joined_with(page, token, scene)
    if neighbour is not None and id(neighbour) in fit:
        return neighbour
    if id(subject) not in fit:
        return subject if _is_only_tagged(page, token, subject, fits, sentence) else None
    if subject is None or not _is_force(subject):
        return subject
    return scene.best(fits, sentence, without=[subject], least=LEAST_SALIENT) or subject


def _is_only_tagged(
    page: Page,
    token: int,
    subject: Entity | None,
    fits: list[tuple[Entity, float]],
    sentence: int,
) -> bool:
    """Whether a tagger alone says that the subject of "its" is a person, and nothing else fits."""
    if subject is None or fold(page.parse.words[token]) not in _NEUTER:
        return False
    is_name = isinstance(subject.meant, Referent) and not subject.is_topic
    if not is_name or subject.gender or subject.nouns or subject.person != 1.0:
        return False
    return not any(fit and entity.last_mentioned() == sentence for entity, fit in fits)


def _joined_with(page: Page, token: int, scene: Scene) -> Entity | None:
    """Whom "his wife" is named beside: "a son of Hugh and his wife"."""
    parse = page.parse
    if token < 2 or parse.words[token - 1].lower() != "and":
        return None
    if token - 2 not in page.name_at and parse.pos[token - 2] != "PROPN":
        return None
    above = token - 2
    for _ in range(5):
        entity = scene.at(above)
        if entity is not None and entity.person > 0:
            return entity if parse.deps[above] in ("pobj", "conj", "appos") else None
        if parse.deps[above] in SUBJECTS or parse.heads[above] == above:
            return None
        above = parse.heads[above]
    return None


def _subject_after(page: Page, token: int, word: str) -> int | None:
    """Whose the first words of a sentence are: "At its height, the Empire covered a quarter"."""
    parse = page.parse
    preposition = parse.heads[parse.heads[token]]
    if parse.tags[token] != "PRP$" or parse.deps[preposition] != "prep":
        return None
    verb = parse.heads[preposition]
    subject = parse.child(verb, *SUBJECTS)
    if subject is None or parse.pos[verb] not in ("VERB", "AUX") or subject < token:
        return None
    named = page.name_at.get(subject)
    is_closed = parse.words[parse.right[preposition] + 1] == ","
    if named is None or not is_closed or word not in _SINGULAR:
        return None
    is_person = named.referent.type is EntityType.PERSON
    return subject if is_person == (word in _PERSONAL) else None


def _is_of_cause(page: Page, token: int) -> bool:
    """Whether "it" is what a cause is about: "the wall broke because it had not been repaired"."""
    parse = page.parse
    verb = parse.heads[token]
    marker = parse.child(verb, "mark")
    is_cause = marker is not None and parse.words[marker].lower() == "because"
    return is_cause and parse.deps[token] == "nsubjpass"


def _subject_of_clause(page: Page, token: int, scene: Scene) -> Entity | None:
    """The entity that the pronoun's clause is about, unless the pronoun is part of its subject."""
    parse = page.parse
    above = token
    for _ in range(8):
        above = parse.heads[above]
        subject = parse.child(above, *SUBJECTS)
        if subject is None and parse.deps[above] == "acl":
            subject = page.described(above)
        if subject is not None and subject < token:
            if _is_inside(page, token, subject):
                return None
            return _entity_of(page, subject, scene)
        if parse.heads[above] == above:
            return None
    return None


def _entity_of(page: Page, token: int, scene: Scene) -> Entity | None:
    meant = page.antecedents.get(token)
    return scene.at(meant if isinstance(meant, int) else token)


def _is_inside(page: Page, token: int, subject: int) -> bool:
    return page.parse.left[subject] <= token <= page.parse.right[subject]
