"""Linking: which entities of a batch are held to be one with others, each link with its rule.

What is linked stays two entities and a SAME_AS between them, so that it can be undone exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from graphmem.model.knowledge import Entity, EntityType, Fact, SameAs
from graphmem.resolve.book import NameBook
from graphmem.resolve.conflicts import find_conflict
from graphmem.resolve.likeness import SAME_AT, Described, Likeness, borne_out, compare

BY_HAND: Final = "hand"
FORCED: Final = "hand, forced"
"""What links made by hand name in place of a rule; the second were made against a conflict."""


class Proposal(NamedTuple):
    """Two entities that may be one, the new one first."""

    new: Entity
    old: Entity
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the entities that are proposed: passages and dated facts, by entity id."""

    described: Mapping[str, Described] = field(default_factory=dict)
    facts: Mapping[str, Sequence[Fact]] = field(default_factory=dict)


def propose(book: NameBook, entities: Iterable[Entity]) -> list[Proposal]:
    """Take a batch's entities into the book, and find the names that theirs may be.

    Only an entity that brought a new name is looked at: what was compared once, and what was
    unmerged by hand, is not proposed again.
    """
    return compared(book, [entity.id for entity in entities if book.put(entity)])


def compared(book: NameBook, ids: Iterable[str]) -> list[Proposal]:
    """The names in the book that those of these entities may be; ids that it has not are left out.

    Pairs that are held to be one already are not among them.
    """
    found: dict[tuple[str, str], Proposal] = {}
    for known in filter(None, map(book.get, ids)):
        for other in book.candidates(known):
            pair = min(known.id, other.id), max(known.id, other.id)
            likeness = None if pair in found else compare(known, other)
            if likeness is not None:
                found[pair] = Proposal(known, other, likeness)
    return list(found.values())


def decide(proposals: Sequence[Proposal], book: NameBook, around: Around) -> tuple[SameAs, ...]:
    """Those proposals that hold, best first; the book holds them to be one from then on.

    A name that may be several is left alone; so is a pair of which one is known, itself or by what
    it was linked with before, to be of another type or to have been born or to have died at
    another time.
    """
    scored = [
        proposal._replace(likeness=_looked_at(proposal, around.described)) for proposal in proposals
    ]
    sure = [proposal for proposal in scored if proposal.likeness.score >= SAME_AT]
    rivals = Counter(
        (entity.id, proposal.likeness.by)
        for proposal in sure
        if proposal.likeness.is_weak
        for entity in (proposal.new, proposal.old)
    )
    links = []
    for new, old, likeness in sorted(sure, key=lambda p: (-p.likeness.score, p.new.id, p.old.id)):
        is_ambiguous = (
            likeness.is_weak and max(rivals[new.id, likeness.by], rivals[old.id, likeness.by]) > 1
        )
        if is_ambiguous or new.id in book.one(old.id) or not _fit(new, old, book, around.facts):
            continue
        left, right = sorted((new.id, old.id))
        link = SameAs(left_id=left, right_id=right, score=round(likeness.score, 3), by=likeness.by)
        book.join(link)
        links.append(link)
    return tuple(links)


def broken(book: NameBook, facts: Mapping[str, Sequence[Fact]], ids: Iterable[str]) -> list[SameAs]:
    """Links found by rule that what is known of these entities by now forbids.

    `facts` are the dating ones of all that the entities are held to be one with. Links made by hand
    stay.
    """
    found = {}
    for id in sorted(set(ids)):
        one = book.one(id)
        mine = [(id, fact) for fact in facts.get(id, ())]
        theirs = [(other, fact) for other in one if other != id for fact in facts.get(other, ())]
        if find_conflict(mine, theirs):
            for link in book.links(one):
                if id in (link.left_id, link.right_id) and link.by not in (BY_HAND, FORCED):
                    found[link.left_id, link.right_id, link.by] = link
    return list(found.values())


def needed(proposals: Iterable[Proposal], book: NameBook) -> tuple[list[str], list[str]]:
    """Entities whose facts, and those whose passages, have to be looked up to decide."""
    facts: set[str] = set()
    passages: set[str] = set()
    for new, old, likeness in proposals:
        facts.update(book.one(new.id), book.one(old.id))
        if likeness.is_weak:
            passages.update((new.id, old.id))
    return sorted(facts), sorted(passages)


def _looked_at(proposal: Proposal, described: Mapping[str, Described]) -> Likeness:
    new, old, likeness = proposal
    if not likeness.is_weak:
        return likeness
    return borne_out(
        likeness, described.get(new.id, Described(new)), described.get(old.id, Described(old))
    )


def _fit(new: Entity, old: Entity, book: NameBook, facts: Mapping[str, Sequence[Fact]]) -> bool:
    types = _types(book, new.id) | _types(book, old.id)
    if len(types - {EntityType.OTHER}) > 1:
        return False
    return find_conflict(_facts_of(new, book, facts), _facts_of(old, book, facts)) is None


def _facts_of(
    entity: Entity, book: NameBook, facts: Mapping[str, Sequence[Fact]]
) -> list[tuple[str, Fact]]:
    return [(id, fact) for id in book.one(entity.id) for fact in facts.get(id, ())]


def _types(book: NameBook, id: str) -> set[EntityType]:
    return {entity.type for one in book.one(id) if (entity := book.get(one))}
