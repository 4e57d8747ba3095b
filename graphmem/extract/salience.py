"""What a text is talking about: everything mentioned so far, and how much each is on one's mind.

Every mention makes its referent more salient, a subject more than an object, and a sentence later
half of that is left (after Lappin and Leass 1994, *An Algorithm for Pronominal Anaphora
Resolution*). What a document is about stays salient throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from graphmem.extract.page import Referent

_SUBJECT = 80.0
_WEIGHTS: Final = {
    "nsubj": _SUBJECT,
    "nsubjpass": _SUBJECT,
    "csubj": _SUBJECT,
    "ROOT": 60.0,
    "lesser": 50.0,
    "dobj": 50.0,
    "dative": 50.0,
    "attr": 45.0,
    "agent": 45.0,
    "oprd": 40.0,
    "conj": 40.0,
    "poss": 35.0,
    "pobj": 30.0,
    "appos": 25.0,
}
_LEAST_WEIGHT = 20.0
_KEPT_PER_SENTENCE = 0.5
_FORGOTTEN_AFTER = 6
TOPIC, UNNAMED_TOPIC = 100.0, 39.0
"""What a document's subject has at any time: on top of its mentions, or without one so far."""

LEAST_SALIENT = 8.0
"""What is less on one's mind is not meant by a pronoun."""


@dataclass(slots=True)
class Entity:
    """Something mentioned. The fits are how well "he or she", "it" and "they" go with it, 0 to 1.

    `meant` is a name's referent, or the head of a description. `nouns` are what it was said to be;
    `last_token` mentioned it last, -1 where that was in an earlier turn.
    """

    meant: int | Referent
    person: float = 0.0
    thing: float = 0.0
    group: float = 0.0
    gender: str = ""
    nouns: set[str] = field(default_factory=set)
    is_topic: bool = False
    last_token: int = -1
    _weights: dict[int, float] = field(default_factory=dict)

    def mention(self, sentence: int, dep: str) -> None:
        """It is mentioned in a sentence, in a relation of the parse."""
        weight = _WEIGHTS.get(dep, _LEAST_WEIGHT)
        self._weights[sentence] = max(self._weights.get(sentence, 0.0), weight)

    def salience(self, sentence: int) -> float:
        """How much it is on one's mind in a sentence."""
        heard: float = sum(
            weight * _KEPT_PER_SENTENCE ** (sentence - at)
            for at, weight in self._weights.items()
            if sentence - at < _FORGOTTEN_AFTER
        )
        if not self.is_topic:
            return heard
        return heard + (TOPIC if self._weights else UNNAMED_TOPIC)

    def last_mentioned(self) -> int:
        """The last sentence that mentions it, -1 for none."""
        return max(self._weights, default=-1)


class Scene:
    """All entities of a passage, by the tokens that mention them."""

    def __init__(self) -> None:
        self.entities: list[Entity] = []
        self.sentences = 0
        self.topic: Entity | None = None
        self._by_name: dict[str, Entity] = {}
        self._by_token: dict[int, Entity] = {}

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.entities)

    def at(self, token: int) -> Entity | None:
        """The entity that a token mentions."""
        return self._by_token.get(token)

    def named(self, name: str) -> Entity | None:
        """The entity of a name."""
        return self._by_name.get(name)

    def add(self, entity: Entity) -> Entity:
        """Take an entity in."""
        self.entities.append(entity)
        if isinstance(entity.meant, Referent):
            self._by_name[entity.meant.name] = entity
        return entity

    def rename(self, entity: Entity, referent: Referent) -> None:
        """What was only described turns out to have a name."""
        entity.meant = referent
        self._by_name[referent.name] = entity

    def mention(self, token: int, entity: Entity, sentence: int, dep: str) -> None:
        """A token of a sentence mentions an entity."""
        self._by_token[token] = entity
        entity.last_token = token
        entity.mention(sentence, dep)

    def carry(self, sentences: int, meant: Callable[[int], Referent | None]) -> None:
        """Go on in another text, with what was described so far as far as it can be called so."""
        self.sentences += sentences
        self._by_token.clear()
        kept: list[Entity] = []
        for entity in self.entities:
            entity.last_token = -1
            referent = meant(entity.meant) if isinstance(entity.meant, int) else entity.meant
            if referent is not None:
                entity.meant = referent
                kept.append(entity)
        self.entities = kept

    def best(
        self,
        fits: Iterable[tuple[Entity, float]],
        sentence: int,
        *,
        without: Collection[Entity] = (),
        least: float,
    ) -> Entity | None:
        """The most salient of some entities, each with how well it fits; the later one on a tie."""
        found, highest = None, least
        for entity, fit in fits:
            if fit > 0 and not any(entity is other for other in without):
                score = fit * entity.salience(sentence)
                if score >= highest:
                    found, highest = entity, score
        return found
