"""Threads between sessions: how a later fact goes on from one that was told elsewhere before.

A later fact *extends* an earlier one when it says more of whom and what that was about; it
*transforms* it when it ends or turns it around; it *fulfils* it when what was planned has come
about. A fact is linked to the last one before it on each thread only, so that links grow as facts.

Kim et al. (2025), *Pre-storage reasoning for episodic memory* (PREMem): extension, transformation
and implication between what sessions hold, worked out before anything is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from graphmem.model.knowledge import DiscourseLink, Fact, Modality, Polarity, Sense

DERIVED: Final = "derived"
"""To whom a fact is attributed that was worked out from others, its premises."""
_PLANNED: Final = frozenset((Modality.INTENDED, Modality.POSSIBLE, Modality.NECESSARY))
_ENDING: Final = frozenset(
    """leave quit stop end sell lose divorce resign retire close cancel abandon finish complete
    give break drop cease dissolve move return replace""".split()
)
"""Verbs that end a state of whom and what they are about."""
_EMPTY: Final = frozenset(
    ("be", "have", "do", "get", "go", "make", "say", "tell", "mean", "be photo")
)
"""Predicates that alone say too little to be one thread with another of theirs."""
_CROWD: Final = 12
"""Facts with one subject and object from which on these make no thread: they are everywhere."""
_ASIDE: Final = frozenset(("time", "extent", "attribute"))
"""Roles of members that say how or when, not with what."""


class Thread(StrEnum):
    """How a later fact goes on from an earlier one."""

    EXTENSION = "extension"
    TRANSFORMATION = "transformation"
    IMPLICATION = "implication"


class Scene(NamedTuple):
    """A fact with when it stands (held, or was told) and the episodes that tell it."""

    fact: Fact
    at: datetime
    episodes: frozenset[str]


class Strand(NamedTuple):
    """Two facts of one thread."""

    kind: Thread
    earlier: str
    later: str


def strands(scenes: Iterable[Scene], *, one: Mapping[str, str]) -> list[Strand]:
    """The threads between facts of different episodes, each once, in the order of the later fact.

    Parameters
    ----------
    one
        The id that stands for all entities held to be one with an id, where that is another.
    """
    threads: defaultdict[tuple[str, str], list[Scene]] = defaultdict(list)
    for scene in sorted(scenes, key=lambda scene: (scene.at, scene.fact.id)):
        for key in _keys(scene.fact, one):
            threads[key].append(scene)
    found: dict[tuple[str, str], tuple[datetime, Strand]] = {}
    for told in threads.values():
        if len(told) > _CROWD:
            continue
        for place, later in enumerate(told):
            strand = _strand(told[:place], later)
            if strand is not None:
                held = found.get((strand.earlier, strand.later))
                if held is None or _RANK[strand.kind] < _RANK[held[1].kind]:
                    found[strand.earlier, strand.later] = later.at, strand
    return [strand for _, strand in sorted(found.values(), key=lambda s: (s[0], s[1]))]


def things_of(fact: Fact) -> set[str]:
    """Ids of what a fact is about beside its subjects: what threads run along."""
    return {m.entity_id for m in fact.members if m.role != "subject" and m.role not in _ASIDE}


def link_of(strand: Strand) -> DiscourseLink:
    """A strand as a link to be stored: what says more elaborates, the rest comes after."""
    if strand.kind is Thread.EXTENSION:
        source, target, sense = strand.later, strand.earlier, Sense.ELABORATION
    else:
        source, target, sense = strand.earlier, strand.later, Sense.PRECEDES
    return DiscourseLink(
        source_id=source, target_id=target, sense=sense, connective=strand.kind.value
    )


_RANK: Final = {Thread.TRANSFORMATION: 0, Thread.IMPLICATION: 1, Thread.EXTENSION: 2}


def _keys(fact: Fact, one: Mapping[str, str]) -> set[tuple[str, str]]:
    """Pairs of whom a fact is about and what else is in it: facts with one in common may go on."""
    if fact.attribution == DERIVED:
        return set()
    subjects = {one.get(m.entity_id, m.entity_id) for m in fact.members if m.role == "subject"}
    others = {one.get(id, id) for id in things_of(fact)}
    return {(subject, other) for subject in subjects for other in others - subjects}


def _strand(before: Sequence[Scene], later: Scene) -> Strand | None:
    """The thread from the last fact before that another episode alone tells."""
    for earlier in reversed(before):
        if earlier.at >= later.at or earlier.episodes & later.episodes:
            continue
        kind = _kind(earlier.fact, later.fact)
        if kind is not None:
            return Strand(kind, earlier.fact.id, later.fact.id)
    return None


def _kind(earlier: Fact, later: Fact) -> Thread | None:
    same = _head(earlier.predicate) == _head(later.predicate)
    if same and earlier.polarity is not later.polarity:
        return Thread.TRANSFORMATION
    is_ending = _head(later.predicate) in _ENDING and later.polarity is Polarity.POSITIVE
    if is_ending and not same and later.modality is Modality.ACTUAL:
        return Thread.TRANSFORMATION
    if earlier.modality in _PLANNED and later.modality is Modality.ACTUAL:
        return Thread.IMPLICATION if same and earlier.predicate not in _EMPTY else Thread.EXTENSION
    if earlier.predicate in _EMPTY and later.predicate in _EMPTY:
        return None
    return Thread.EXTENSION


def _head(predicate: str) -> str:
    return predicate.partition(" ")[0]
