"""Notes on entities that evolve: keywords, tags, who they are told of with, and what stands now.

When something new is told of an entity, its note is written anew from all
of its facts, and so are those of its neighbours. Same facts, same note.

Xu et al. (2025), *A-MEM: agentic memory for LLM agents*: notes with keywords, tags, a context and
links, which new neighbours change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from graphmem.extract.lexicon import STOP
from graphmem.graph.threads import DERIVED
from graphmem.kernels.text import words
from graphmem.model.knowledge import Entity, Fact, FactKind, Modality, Polarity

_MOST_KEYWORDS, _MOST_TAGS, _MOST_LINKS, _MOST_FACTS = 8, 3, 5, 3
_START: Final = datetime.min.replace(tzinfo=UTC)
_FILLING: Final = frozenset(
    "regarding image photo make made take took get got go went know think feel want".split()
)


def note_of(
    entity: Entity,
    facts: Sequence[Fact],
    entities: Mapping[str, Entity],
    *,
    tags: Iterable[str] = (),
) -> str:
    """What is to be known of an entity at a glance; empty where nothing is told of it.

    Parameters
    ----------
    facts
        All that are believed and have it as a member.
    entities
        The other members, by id.
    tags
        Of the passages that tell of it, as often as they do.
    """
    told = [fact for fact in facts if fact.polarity is Polarity.POSITIVE]
    if not told:
        return ""
    own = set(words(entity.name))
    keywords = Counter(
        word
        for fact in told
        for word in dict.fromkeys(words(fact.text))
        if len(word) > 2 and not word.isdigit() and word not in STOP | own | _FILLING
    )
    links = Counter(
        other.name
        for fact in told
        for id in {member.entity_id for member in fact.members}
        if id != entity.id and (other := entities.get(id)) is not None and other.type.is_name
    )
    parts = (
        ("", _standing(told)),
        ("Keywords: ", _most(keywords, _MOST_KEYWORDS)),
        ("Tags: ", _most(Counter(tags), _MOST_TAGS)),
        ("With: ", [f"{name} ({n})" for name, n in _ranked(links)[:_MOST_LINKS]]),
    )
    return " · ".join(f"{label}{', '.join(items)}" for label, items in parts if items)


def _standing(facts: Sequence[Fact]) -> list[str]:
    """What is so of it, and lasts: the latest and surest first."""
    lasting = [
        fact
        for fact in facts
        if fact.kind is not FactKind.EVENT
        and fact.modality is Modality.ACTUAL
        and fact.valid_to is None
        and fact.attribution != DERIVED
    ]
    lasting.sort(
        key=lambda f: (f.valid_from or _START, f.strength, f.confidence, f.id), reverse=True
    )
    return [" ".join(dict.fromkeys(fact.text for fact in lasting[:_MOST_FACTS]))] if lasting else []


def _most(counted: Counter[str], most: int) -> list[str]:
    return [word for word, _ in _ranked(counted)[:most]]


def _ranked(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
