"""Mentions: what each name and noun brings onto the scene, and which earlier one it means.

"The film" is what was said to be one, or the last work that was named.
"""

from __future__ import annotations

from typing import Final

from graphmem.extract.lexicon import (
    ANIMAL_NOUNS,
    EVENT_NOUNS,
    FEMALE,
    MALE,
    ORGANISATION_NOUNS,
    PERSON_NOUNS,
    PLACE_NOUNS,
    STOP,
    WORK_NOUNS,
)
from graphmem.extract.page import Named, Page, Referent
from graphmem.extract.referents import Topic
from graphmem.extract.salience import LEAST_SALIENT, Entity, Scene
from graphmem.kernels.text import fold, words
from graphmem.model.knowledge import EntityType

SUBJECTS: Final = ("nsubj", "nsubjpass")
_COLLECTIVE: Final = frozenset(
    """band team group club company party government parliament council committee family couple duo
    trio quartet police army crew cast choir orchestra squad staff public crowd board court jury
    label studio firm agency association union league network""".split()
)
_VAGUE: Final = frozenset(
    """year day time month week hour part way lot kind sort number fact case thing one age name
    member example addition order end beginning death birth rest top role mid century decade
    season first second third form variety term""".split()
)
_FEMALE_TITLES: Final = FEMALE | {"lady", "mrs", "ms", "miss", "dame"}
_MALE_TITLES: Final = MALE | {"sir", "lord", "mr", "pope"}
_KINDS: Final = (
    (WORK_NOUNS, EntityType.WORK),
    (ORGANISATION_NOUNS, EntityType.ORGANISATION),
    (PLACE_NOUNS, EntityType.PLACE),
    (EVENT_NOUNS, EntityType.EVENT),
)
_THING_NOUNS: Final = frozenset().union(*(nouns for nouns, _ in _KINDS)) | {"colony", "dynasty"}
_KNOWN: Final = PERSON_NOUNS.union(*(nouns for nouns, _ in _KINDS))
_THINGS: Final = frozenset(
    (
        EntityType.ORGANISATION,
        EntityType.PLACE,
        EntityType.WORK,
        EntityType.EVENT,
        EntityType.PRODUCT,
    )
)
_QUOTES: Final = frozenset("\"'“”‘’`")
_UNSURE, _UNLIKELY = 0.6, 0.3


def topic_entity(topic: Topic) -> Entity:
    nouns = {*topic.nouns, *_own_nouns(topic.referent)}
    entity = Entity(topic.referent, gender=topic.gender, nouns=nouns, is_topic=True)
    _set_fits(entity, topic.referent.type)
    if topic.referent.type is EntityType.OTHER:
        entity.person = _UNLIKELY if topic.nouns else 1.0
        entity.group = max(entity.group, _UNLIKELY)  # "the barn spider ... they"
    return entity


def note_name(page: Page, token: int, scene: Scene, sentence: int) -> None:
    """Note a name, once, at the token that heads it."""
    parse = page.parse
    named = page.name_at[token]
    if page.name_at.get(parse.heads[token]) is named and parse.heads[token] != token:
        return
    referent = named.referent
    if referent.name in (page.context.speaker, page.context.addressee):
        return
    entity = scene.named(referent.name) or _opening(page, token, scene, sentence)
    if entity is None:
        entity = _equated(page, token, scene) or scene.add(Entity(referent))
        if isinstance(entity.meant, int):
            scene.rename(entity, referent)
        else:
            _set_fits(entity, referent.type)
            entity.nouns |= _own_nouns(referent)
    if not entity.gender and not entity.is_topic:
        entity.gender = _gender_of({fold(word) for word in referent.shown.split()[:2]})
        if entity.gender and entity.person:
            entity.person, entity.thing = 1.0, 0.0
    _note_nouns(page, token, named, entity)
    dep = relation(page, token)
    if any(parse.deps[kid] == "conj" for kid in parse.children[token]):
        _note_several(token, scene, sentence, dep)
    scene.mention(token, entity, sentence, dep)


def note_noun(page: Page, token: int, scene: Scene, sentence: int) -> None:
    """Resolve a definite description, or note a thing that is described."""
    parse = page.parse
    dep = parse.deps[token]
    if dep in ("compound", "nmod", "amod", "npadvmod"):
        return
    entity = _opening(page, token, scene, sentence) or _definite(page, token, scene, sentence)
    if entity is not None:
        page.antecedents[token] = entity.meant
    elif _is_said_of_subject(page, token):
        return
    elif any(parse.deps[kid] == "conj" for kid in parse.children[token]):
        _note_several(token, scene, sentence, relation(page, token))
        return
    else:
        entity = _described(page, token)
        if entity is None:
            return
        scene.add(entity)
    scene.mention(token, entity, sentence, relation(page, token))


def relation(page: Page, token: int) -> str:
    """What a mention is in its clause: the subject of a lesser clause is a lesser one."""
    parse = page.parse
    if parse.deps[token] == "appos":
        token = parse.heads[token]
    above = parse.heads[token]
    if parse.deps[above] in ("relcl", "acl", "advcl"):
        if parse.deps[token] in SUBJECTS:
            return "lesser"
        if parse.deps[token] == "dobj":
            return "pobj"
    return "agent" if parse.deps[above] == "agent" else parse.deps[token]


def _set_fits(entity: Entity, kind: EntityType) -> None:
    entity.person = float(kind is EntityType.PERSON)
    entity.thing = float(kind in _THINGS)
    entity.group = 0.7 * (kind is EntityType.ORGANISATION)
    if kind is EntityType.GROUP:
        entity.group = 1.0
    elif kind is EntityType.OTHER:
        entity.person, entity.thing = _UNSURE, 1.0


def _own_nouns(referent: Referent) -> set[str]:
    """What a name itself says it is: "Battle of Cedar Creek", "Plymouth Colony"."""
    if referent.type is EntityType.PERSON:
        return set()
    words_of = [fold(word) for word in referent.shown.split()]
    head = next((n for n, word in enumerate(words_of) if word in ("of", "for")), len(words_of))
    return set(words_of[head - 1 : head]) & _THING_NOUNS


def _equated(page: Page, token: int, scene: Scene) -> Entity | None:
    """The description that a name is of: "his mother was Constance", "a dog called Max"."""
    parse = page.parse
    verb = parse.heads[token]
    if parse.deps[verb] == "acl" and parse.lemmas[verb] in ("call", "name"):
        entity = scene.at(parse.heads[verb])
        return entity if entity is not None and isinstance(entity.meant, int) else None
    subject = parse.child(verb, *SUBJECTS) if parse.deps[token] == "attr" else None
    if subject is None or parse.lemmas[verb] != "be":
        return None
    if parse.child(subject, "poss") is None and parse.lemmas[subject] not in PERSON_NOUNS:
        return None
    entity = scene.at(subject)
    return entity if entity is not None and isinstance(entity.meant, int) else None


def _note_several(token: int, scene: Scene, sentence: int, dep: str) -> None:
    several = scene.add(Entity(token, group=1.0))
    several.mention(sentence, dep)


def _note_nouns(page: Page, token: int, named: Named, entity: Entity) -> None:
    """What a name is said to be: "was a queen", "his wife, Ann", "the band Queen"."""
    parse = page.parse
    said = []
    verb = parse.heads[token]
    if parse.deps[token] in SUBJECTS and parse.lemmas[verb] == "be":
        said.append(parse.child(verb, "attr"))
    elif parse.deps[token] == "attr":
        said.append(parse.child(verb, *SUBJECTS))
    elif parse.deps[token] == "appos":
        said.append(verb)
    said.append(parse.child(token, "appos"))
    said.append(_noun_before(page, named))
    for noun in said:
        if noun is None or page.name_at.get(noun) is named:
            continue
        if parse.pos[noun] == "NOUN" or parse.words[noun] in _COLLECTIVE:
            entity.nouns.add(parse.lemmas[noun])
    entity.gender = entity.gender or _gender_of(entity.nouns)
    if entity.nouns & PERSON_NOUNS and not entity.nouns & (WORK_NOUNS | ORGANISATION_NOUNS):
        entity.person = max(entity.person, 0.9)
    if entity.nouns & _COLLECTIVE:
        entity.group = max(entity.group, 0.9)


def _noun_before(page: Page, named: Named) -> int | None:
    """The noun right before a name: "the band Queen"."""
    first = page.parse.tokens_in(named.start, named.end)[0]
    if first > 1 and page.parse.words[first - 1] in _QUOTES:
        first -= 1
    return first - 1 if first > 0 else None


def _is_before_name(page: Page, token: int) -> bool:
    following = token + 1
    if following + 1 < len(page.parse) and page.parse.words[following] in _QUOTES:
        following += 1
    return following in page.name_at


def _gender_of(nouns: set[str]) -> str:
    if nouns & _FEMALE_TITLES:
        return "f"
    return "m" if nouns & _MALE_TITLES else ""


def _is_said_of_subject(page: Page, token: int) -> bool:
    """Whether a noun brings in nothing new: "is an actor", "is an actor and director"."""
    parse = page.parse
    while parse.deps[token] == "conj" and parse.pos[parse.heads[token]] == "NOUN":
        token = parse.heads[token]
    return parse.deps[token] == "attr" and parse.child(parse.heads[token], *SUBJECTS) is not None


def _opening(page: Page, token: int, scene: Scene, sentence: int) -> Entity | None:
    """What the first sentence of a document is about, where it shares a word with the title."""
    parse = page.parse
    topic = scene.topic
    if topic is None or sentence or page.context.ordinal or topic.last_mentioned() >= 0:
        return None
    if parse.deps[token] not in SUBJECTS or parse.deps[parse.heads[token]] != "ROOT":
        return None
    subject = parse.slice(parse.left[token], token + 1)
    shared = set(words(subject)) & set(words(page.context.title)) - STOP
    return topic if shared else None


def _definite(page: Page, token: int, scene: Scene, sentence: int) -> Entity | None:
    """ "The film": what was said to be one, or else the last name of a work."""
    parse = page.parse
    before = [kid for kid in parse.children[token] if parse.deps[kid] not in ("case", "punct")]
    if before[1:] and parse.deps[before[-1]] == "relcl" and parse.words[token + 1] == ",":
        before.pop()
    if before != [token - 1] or parse.words[token - 1].lower() not in ("the", "this"):
        return None
    if parse.tags[token] == "NNS":
        return None
    word, lemma = parse.words[token].lower(), parse.lemmas[token]
    own = _own_subject(page, token, scene)
    said = [
        (entity, 1.0)
        for entity in scene
        if {word, lemma} & entity.nouns and (entity.thing or entity.person)  # not several
    ]
    found = scene.best(said, sentence, without=own, least=LEAST_SALIENT)
    if found is not None:
        return found
    kind = next((kind for nouns, kind in _KINDS if lemma in nouns), None)
    if kind is None or lemma in ("sea", "ocean"):
        return None
    alike = [
        (entity, 1.0 if entity.meant.type is kind else _UNSURE)
        for entity in scene
        if isinstance(entity.meant, Referent)
        and entity.meant.type in (kind, EntityType.OTHER)
        and entity.thing
        and (not entity.nouns or _is_of_no_kind(entity))
        and (entity.is_topic or sentence - entity.last_mentioned() <= 2)
    ]
    found = scene.best(alike, sentence, without=own, least=LEAST_SALIENT)
    return None if found is None or _is_newer(scene, found, kind) else found


def _is_newer(scene: Scene, found: Entity, kind: EntityType) -> bool:
    """Whether something else of the kind was described since: "I saw a film. The story was ..."."""
    nouns = next(nouns for nouns, named in _KINDS if named is kind)
    last = found.last_mentioned()
    return any(
        entity.nouns & nouns and isinstance(entity.meant, int) and entity.last_mentioned() > last
        for entity in scene
    )


def _own_subject(page: Page, token: int, scene: Scene) -> list[Entity]:
    """What the clause of a description is about: an object of it is something else."""
    parse = page.parse
    above = token
    while parse.pos[above] not in ("VERB", "AUX"):
        if parse.deps[above] in SUBJECTS or parse.heads[above] == above:
            return []
        above = parse.heads[above]
    subject = parse.child(above, *SUBJECTS)
    if subject is None or subject >= token:
        return []
    meant = page.antecedents.get(subject)
    entity = scene.at(meant if isinstance(meant, int) else subject)
    return [] if entity is None else [entity]


def _is_of_no_kind(entity: Entity) -> bool:
    """Whether what a document is about was said to be something of no kind that is known here."""
    is_unknown = isinstance(entity.meant, Referent) and entity.meant.type is EntityType.OTHER
    return entity.is_topic and is_unknown and not entity.nouns & _KNOWN


def _described(page: Page, token: int) -> Entity | None:
    parse = page.parse
    lemma = parse.lemmas[token]
    apposed = parse.child(token, "appos")
    if lemma in _VAGUE or (apposed is not None and apposed in page.name_at):
        return None  # the name is noted when it comes
    if parse.tags[token] != "NNS" and _is_before_name(page, token):
        return None
    if parse.tags[token] == "NNS":
        return Entity(token, group=1.0, nouns={lemma})
    is_person = lemma in PERSON_NOUNS
    return Entity(
        token,
        person=_UNSURE if lemma in ANIMAL_NOUNS else float(is_person),
        thing=0.0 if is_person else 0.8,
        group=0.7 if lemma in _COLLECTIVE else 0.0,
        gender=_gender_of({lemma}),
        nouns={lemma},
    )
