"""Callings: what persons are said to be, where that tells two of one name apart.

An English painter and an American senator called John Smith are two. A calling alone says little,
as many have several, and so does a people; both together have to differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from graphmem.kernels.text import words
from graphmem.model.change import ChangeSet
from graphmem.model.knowledge import EntityType, Fact, Modality, Polarity

_FIELDS: Final = {
    "artist": """painter sculptor illustrator architect photographer artist composer musician
    singer songwriter rapper guitarist drummer pianist violinist bassist vocalist conductor actor
    actress comedian dancer filmmaker screenwriter cinematographer writer novelist poet playwright
    dramatist author""",
    "athlete": """footballer cricketer swimmer boxer wrestler athlete cyclist golfer jockey skier
    goalkeeper midfielder defender striker rower sprinter""",
    "politician": """politician senator congressman congresswoman minister mayor governor diplomat
    statesman chancellor legislator ambassador premier""",
    "scientist": """physicist chemist biologist mathematician botanist zoologist astronomer
    geologist engineer scientist physician surgeon economist""",
    "cleric": "bishop archbishop priest cardinal monk theologian missionary rabbi nun",
}
_FIELD_OF: Final = {word: field for field, listed in _FIELDS.items() for word in listed.split()}
_PEOPLES: Final = (
    "american", "british english scottish welsh irish", "german austrian swiss prussian bavarian",
    "russian soviet ukrainian belarusian georgian", "czech slovak czechoslovak bohemian",
    "serbian croatian bosnian slovenian yugoslav", "spanish catalan basque", "portuguese",
    "french", "dutch flemish belgian", "swedish norwegian danish icelandic", "finnish", "polish",
    "hungarian", "greek cypriot", "turkish ottoman", "indian pakistani bangladeshi", "iranian",
    "chinese taiwanese", "japanese", "korean", "australian", "canadian", "mexican", "brazilian",
    "argentine argentinian", "italian", "romanian", "bulgarian", "israeli", "egyptian", "nigerian",
)  # fmt: skip
_PEOPLE_OF: Final = {word: listed for listed in _PEOPLES for word in listed.split()}
CALLED: Final = frozenset(
    {"be", *(f"be {word} {lead}" for word in _FIELD_OF for lead in ("from", "in", "of", "for"))}
)
"""Predicates of facts that tell callings."""


class Calling(NamedTuple):
    """The fields that somebody is said to work in, and the peoples to belong to."""

    fields: frozenset[str]
    peoples: frozenset[str]


def called_persons(changes: ChangeSet) -> list[str]:
    """Ids of the persons whose calling a batch tells, sorted."""
    persons = {e.id for e in changes.entities if e.type is EntityType.PERSON}
    told: dict[str, list[Fact]] = {}
    for fact in changes.facts:
        for id in persons.intersection(_called(fact)):
            told.setdefault(id, []).append(fact)
    return sorted(id for id, facts in told.items() if calling_of(id, facts).fields)


def calling_of(id: str, facts: Iterable[Fact]) -> Calling:
    """What somebody is said to be by these facts."""
    said = {
        word
        for fact in facts
        if id in _called(fact)
        for member in fact.members
        if member.role == "attribute"
        for word in words(member.text)
    }
    return Calling(
        frozenset(_FIELD_OF[word] for word in said if word in _FIELD_OF),
        frozenset(_PEOPLE_OF[word] for word in said if word in _PEOPLE_OF),
    )


def other_calling(held: Calling, told: Calling) -> str | None:
    """What the one that is told of is called, where that is another one than is held."""
    if not all((held.fields, held.peoples, told.fields, told.peoples)):
        return None
    is_other = held.fields.isdisjoint(told.fields) and held.peoples.isdisjoint(told.peoples)
    return min(told.fields) if is_other else None


def _called(fact: Fact) -> list[str]:
    """Of whom a fact tells a calling, as something that is so."""
    is_so = fact.polarity is Polarity.POSITIVE and fact.modality is Modality.ACTUAL
    if fact.predicate not in CALLED or not is_so or fact.retired_at is not None:
        return []
    return [member.entity_id for member in fact.members if member.role == "subject"]
