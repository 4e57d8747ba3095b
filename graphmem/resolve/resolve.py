"""Resolution: what was read in a batch becomes one change set, each row once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graphmem.model.change import ChangeSet, Neighbourhood
from graphmem.model.extraction import Extraction, FactDraft, LinkDraft, MentionDraft
from graphmem.model.ids import Kind, content_id
from graphmem.model.knowledge import (
    DiscourseLink,
    Evidence,
    Fact,
    Member,
    Mention,
    Polarity,
    Sense,
)
from graphmem.model.source import Episode, EpisodeKind, Passage
from graphmem.model.time import to_micros
from graphmem.resolve.claims import begins, sentence_at
from graphmem.resolve.entities import EntityBook, referred_entities
from graphmem.resolve.replies import Turn, reply_links
from graphmem.resolve.short_forms import with_full_names
from graphmem.resolve.states import Part, States
from graphmem.resolve.states_file import load_states

__all__ = ["fact_id", "referred_entities", "resolve"]


@dataclass(slots=True)
class _Rows:
    """The rows of a change set, each under what makes it the same row."""

    book: EntityBook
    states: States
    mentions: dict[tuple[object, ...], Mention] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    evidence: dict[tuple[str, str, int, int], Evidence] = field(default_factory=dict)
    links: dict[tuple[str, str, Sense], DiscourseLink] = field(default_factory=dict)


def resolve(
    episodes: Sequence[Episode],
    passages: Sequence[Passage],
    extractions: Sequence[Extraction],
    *,
    namespace: str,
    recorded_at: datetime,
    known: Neighbourhood,
    states: States | None = None,
) -> ChangeSet:
    """Give a batch durable ids, and put it together for the store.

    Facts that state the same are one fact with evidence in each passage, at the highest trust and
    confidence among them. In a chat, the facts of a turn are linked to what it replies to.

    Parameters
    ----------
    passages, extractions
        In parallel; a session's turns in their order.
    known
        What the store holds of :func:`referred_entities`.
    states
        What begins a state, so that it has no end of its own; by default what comes with graphmem.
    """
    by_id = {episode.id: episode for episode in episodes}
    rows = _Rows(EntityBook(namespace), states or load_states())
    unique: dict[str, Passage] = {}
    before: Turn | None = None
    for passage, extraction in zip(passages, with_full_names(passages, extractions), strict=True):
        if passage.id in unique:
            continue
        unique[passage.id] = _with_attributes(passage, extraction)
        episode = by_id[passage.episode_id]
        for mention in extraction.mentions:
            _add_mention(rows, passage.id, mention)
        ids = [
            _add_fact(rows, passage, draft, namespace, recorded_at, episode.trust)
            for draft in extraction.facts
        ]
        for link in extraction.links:
            _add_link(rows, passage.id, link, ids)
        if episode.kind is EpisodeKind.CHAT:
            turn = Turn(passage, extraction.facts, ids, extraction.openings)
            for reply in reply_links(before, turn) if before else ():
                rows.links.setdefault((reply.source_id, reply.target_id, reply.sense), reply)
            before = turn
    return ChangeSet(
        namespace=namespace,
        episodes=tuple(by_id.values()),
        passages=tuple(unique.values()),
        entities=rows.book.entities(known.entities),
        mentions=tuple(rows.mentions.values()),
        facts=tuple(rows.facts.values()),
        evidence=tuple(rows.evidence.values()),
        discourse=tuple(rows.links.values()),
    )


def _with_attributes(passage: Passage, extraction: Extraction) -> Passage:
    """The passage with what was mined; what its owner has said of it stays."""
    if not extraction.attributes:
        return passage
    attributes = {**extraction.attributes, **passage.attributes}
    return passage.model_copy(update={"attributes": attributes})


def fact_id(draft: FactDraft | Fact, members: Sequence[Member], *, namespace: str) -> str:
    """Addressed by what is stated and when it holds, not by its wording."""
    roles = sorted((member.role, member.entity_id) for member in members)
    return content_id(
        Kind.FACT,
        namespace,
        draft.predicate,
        draft.polarity,
        draft.modality,
        draft.attribution or "",
        str(to_micros(draft.valid_from)),
        str(to_micros(draft.valid_to)),
        *(part for role in roles for part in role),
    )


def _add_mention(rows: _Rows, passage_id: str, draft: MentionDraft) -> None:
    entity_id = rows.book.note(draft.name, draft.type)
    rows.book.alias(entity_id, draft.surface, draft.about)
    key = (passage_id, entity_id, draft.surface, draft.start, draft.end)
    held = rows.mentions.get(key)
    if held is None or held.about < draft.about:
        rows.mentions[key] = Mention(
            passage_id=passage_id,
            entity_id=entity_id,
            surface=draft.surface,
            start=draft.start,
            end=draft.end,
            about=draft.about,
        )


def _add_fact(
    rows: _Rows,
    passage: Passage,
    draft: FactDraft,
    namespace: str,
    recorded_at: datetime,
    trust: float,
) -> str:
    members = _members(rows.book, draft)
    draft = _opened(rows, draft, passage.text)
    id = fact_id(draft, members, namespace=namespace)
    held = rows.facts.get(id)
    if held is None:
        rows.facts[id] = Fact(
            id=id,
            text=draft.text,
            predicate=draft.predicate,
            members=members,
            polarity=draft.polarity,
            modality=draft.modality,
            attribution=draft.attribution,
            kind=draft.kind,
            confidence=draft.confidence,
            trust=trust,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
            precision=draft.precision,
            recorded_at=recorded_at,
            keywords=draft.keywords,
            topics=draft.topics,
            tags=draft.tags,
            event_types=draft.event_types,
            intent=draft.intent,
        )
    elif held.trust < trust or held.confidence < draft.confidence:
        rows.facts[id] = held.model_copy(
            update={
                "trust": max(held.trust, trust),
                "confidence": max(held.confidence, draft.confidence),
            }
        )
    rows.evidence.setdefault(
        (id, passage.id, draft.start, draft.end),
        Evidence(fact_id=id, passage_id=passage.id, start=draft.start, end=draft.end),
    )
    return id


def _opened(rows: _Rows, draft: FactDraft, text: str) -> FactDraft:
    """A dated beginning of a state, such as a move, without an end: the state goes on after it."""
    if draft.valid_from is None or draft.valid_to is None:
        return draft
    parts = [Part(member.role, member.name, "") for member in draft.members]
    has_begun = begins(sentence_at(text, draft.start, draft.end))
    if draft.polarity is Polarity.POSITIVE and rows.states.opens(
        draft.predicate, parts, has_begun=has_begun
    ):
        return draft.model_copy(update={"valid_to": None})
    return draft


def _members(book: EntityBook, draft: FactDraft) -> tuple[Member, ...]:
    """The members in order, each entity once in a role."""
    found: dict[tuple[str, str], Member] = {}
    for member in draft.members:
        entity_id = book.note(member.name, member.type)
        key = (member.role, entity_id)
        if key not in found:
            found[key] = Member(
                role=member.role,
                entity_id=entity_id,
                text=member.text,
                ordinal=len(found),
                start=member.start,
                end=member.end,
            )
    return tuple(found.values())


def _add_link(rows: _Rows, passage_id: str, link: LinkDraft, ids: Sequence[str]) -> None:
    source, target = ids[link.source], ids[link.target]
    if source != target:
        rows.links.setdefault(
            (source, target, link.sense),
            DiscourseLink(
                source_id=source,
                target_id=target,
                sense=link.sense,
                connective=link.connective,
                passage_id=passage_id,
                start=link.start,
                end=link.end,
            ),
        )
